/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Series: the values of one figure, as a benchmark printed them. The only thing
 * that the gate knows of benchmarks.
 */
#ifndef BENCH_SERIES_H
#define BENCH_SERIES_H

#include <stdbool.h>
#include <stddef.h>

#define BENCH_SERIES_NAME_MAX 128
/* 512 rows of weir-bench, with 20 figures each, and room for more. */
#define BENCH_SERIES_MAX 12288

/* What a figure is called. */
struct bench_figure {
	char scenario[BENCH_SERIES_NAME_MAX];
	char pool[BENCH_SERIES_NAME_MAX]; /* "": the benchmark knows no pools */
	char metric[BENCH_SERIES_NAME_MAX];
	char unit[16];
	bool higher_is_better;
	bool gated;      /* decides unless the user chooses others */
	bool shown_only; /* of what is not under test: never decides */
};

struct bench_series {
	struct bench_figure figure;
	double *values; /* NAN: not measured */
	size_t count;
};

struct bench_series_set {
	struct bench_series *items;
	size_t count;
};

void bench_series_set_free(struct bench_series_set *set);

/* Add a series without values; NULL without memory, or when there are too many. */
struct bench_series *bench_series_add(struct bench_series_set *set,
                                      const struct bench_figure *figure);

/* Add a value; false without memory. */
bool bench_series_append(struct bench_series *series, double value);

/* The series of the same scenario, pool and metric, or NULL. */
struct bench_series *bench_series_find(const struct bench_series_set *set,
                                       const struct bench_figure *figure);

/* The middle of the measured values; NAN if there are none. */
double bench_series_median(const struct bench_series *series);

/* Whether there is a measured value. */
bool bench_series_measured(const struct bench_series *series);

/* "churn weir ops_per_s": what messages call it, cut at a character where it does not
 * fit, as in a sentence of which more has to be seen. */
#define BENCH_FIGURE_TEXT_MAX (3 * BENCH_SERIES_NAME_MAX + 4)
#define BENCH_FIGURE_SHORT_MAX 201
void bench_figure_text(const struct bench_figure *figure, char *text, size_t text_size);

#endif
