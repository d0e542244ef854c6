/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The pictures of a run: which there are, drawn. Without gnuplot there are none.
 */
#ifndef BENCH_PLOTS_H
#define BENCH_PLOTS_H

#include <stdbool.h>

#include "result.h"

enum bench_plot_kind {
	BENCH_PLOT_LATENCY = 0,  /* of a scenario: latency by percentile */
	BENCH_PLOT_FAIRNESS = 1, /* of a scenario: a bar for each pool */
	BENCH_PLOT_TIMELINE = 2, /* of a scenario: queue length and pool size over time */
	BENCH_PLOT_THREADS = 3,  /* of a scenario's sizes: throughput against threads */
	BENCH_PLOT_KINDS
};

#define BENCH_PLOT_NAME_MAX 96

struct bench_plot {
	enum bench_plot_kind kind;
	char name[BENCH_PLOT_NAME_MAX]; /* of its file, without ".svg"; the same for every run */
	char scenario[BENCH_SCENARIO_NAME_MAX]; /* THREADS: without the size at its end */
	char alt[160];                          /* in words */
	char *svg;
};

struct bench_plots {
	unsigned count;
	struct bench_plot *items;
	bool no_gnuplot; /* it was not found */
	bool failed;     /* it was, and could not draw one; the others are there */
};

/* Draw every picture that results have figures for. prefix: begins the names of
 * files, to keep the pictures of two runs apart. false without memory. */
bool bench_plots_make(struct bench_plots *plots, const struct bench_results *results,
                      const char *prefix);
void bench_plots_free(struct bench_plots *plots);

/* The picture of that kind and scenario, or NULL. plots may be NULL. */
const struct bench_plot *bench_plots_find(const struct bench_plots *plots,
                                          enum bench_plot_kind kind, const char *scenario);

/* The thread count at the end of a scenario's name, if it is one of several sizes
 * of the same scenario; 0: it is not. base receives the name before it. */
unsigned bench_scenario_size(const struct bench_results *results, const char *scenario,
                             char base[BENCH_SCENARIO_NAME_MAX]);

#endif
