/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The kinds of pictures, each as a script for gnuplot. A function writes one and
 * returns the picture's height, or 0, and nothing has to be drawn, where results
 * have no figures for it.
 */
#ifndef BENCH_PLOT_KINDS_H
#define BENCH_PLOT_KINDS_H

#include <stdio.h>

#include "result.h"

unsigned bench_plot_latency(FILE *script, const struct bench_results *results,
                            const char *scenario);
unsigned bench_plot_fairness(FILE *script, const struct bench_results *results,
                             const char *scenario);
unsigned bench_plot_timeline(FILE *script, const struct bench_results *results,
                             const char *scenario);

/* scenario: without the size at its end. */
unsigned bench_plot_threads(FILE *script, const struct bench_results *results,
                            const char *scenario);

/* "16 threads, 2 connections, hold work:2us" */
#define BENCH_PLOT_SUBTITLE_MAX 200
void bench_plot_subtitle(char *text, size_t text_size, const struct bench_row *row);

#endif
