/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Runs scenarios: every variant of one scenario in turn, repetition by
 * repetition, in this process, so that whatever else the machine does meets all
 * of them alike. Each repetition begins with another variant.
 */
#ifndef BENCH_RUNNER_H
#define BENCH_RUNNER_H

#include "field.h"
#include "progress.h"
#include "result.h"

#define BENCH_SELECTED_MAX 64
#define BENCH_POOLS_MAX 32

struct bench_run {
	unsigned selections_count;
	struct bench_selection selections[BENCH_SELECTED_MAX];
	unsigned reps;
	unsigned pools_count; /* 0: all */
	const char *pools[BENCH_POOLS_MAX];
	uint64_t seed;
	const char *dir; /* for database files */
	/* Scenarios that were read from files, to be freed when the run is over. */
	unsigned loaded_count;
	struct bench_scenario *loaded[BENCH_SELECTED_MAX];
};

/* How long run will take, in seconds. */
double bench_run_seconds(const struct bench_run *run);

/* Whether any field has a pool of that name. */
bool bench_pool_exists(const char *pool);

/* How many of the pools that run asks for take part in a selection. */
unsigned bench_run_pools(const struct bench_run *run, const struct bench_selection *selection);

/* Who was asked for and does not run in a selection, and why; "" if there is nobody. */
void bench_run_left_out(const struct bench_run *run, const struct bench_selection *selection,
                        char *text, size_t text_size);

/* Run one selection and add its rows to results. */
enum bench_outcome bench_run_selection(const struct bench_run *run,
                                       const struct bench_selection *selection,
                                       struct bench_progress *progress,
                                       struct bench_results *results, struct weir_error *err);

#endif
