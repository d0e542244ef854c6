/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Progress of a run, on stderr: a bar with the time left on a terminal, one
 * line for each scenario anywhere else.
 */
#ifndef BENCH_PROGRESS_H
#define BENCH_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct bench_progress {
	bool terminal;
	int64_t started_ns;
	int64_t drawn_ns; /* when the bar was last drawn */
	double total_s;   /* planned */
	double done_s;    /* of the plan */
	int64_t step_started_ns;
	char step[96]; /* what runs now */
	char scenario[32];
};

void bench_progress_start(struct bench_progress *progress, double total_s);

/* Say what begins now. */
void bench_progress_show(struct bench_progress *progress, const char *scenario, const char *pool,
                         unsigned rep, unsigned reps);

/* So much of the plan is done. */
void bench_progress_add(struct bench_progress *progress, double planned_s);

/* Redraw the bar: a struct bench_pass_spec's tick, with the progress as its
 * context. */
void bench_progress_tick(void *progress);

/* Remove the bar, so that something else can be printed. */
void bench_progress_clear(struct bench_progress *progress);

#endif
