/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Made-up results for the tests of what weir-bench makes of results.
 */
#ifndef WEIR_TESTS_BENCH_FIXTURE_H
#define WEIR_TESTS_BENCH_FIXTURE_H

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "result.h"

#define FIXTURE_PROCESSORS 2

static inline enum bench_standing fixture_standing(const char *pool)
{
	if (strncmp(pool, "weir", 4) == 0)
		return BENCH_STANDING_WEIR;
	return strcmp(pool, "none") == 0 || strcmp(pool, "raw-1") == 0 ||
	               strcmp(pool, "group-of-32") == 0
	           ? BENCH_STANDING_LIMIT
	           : BENCH_STANDING_BASELINE;
}

static inline struct bench_row *add_row(struct bench_results *results, const char *scenario,
                                        const char *pool, unsigned threads, unsigned conns)
{
	struct bench_row *row = &results->rows[results->rows_count++];

	(void)snprintf(row->scenario, sizeof(row->scenario), "%s", scenario);
	(void)snprintf(row->hold, sizeof(row->hold), "none");
	row->kind = BENCH_KIND_LEASES;
	row->standing = fixture_standing(pool);
	row->pool = pool;
	row->driver = "stub";
	row->threads = threads;
	row->conns = conns;
	row->seconds = 1.0;
	return row;
}

/* One second of so many operations; all four waits are wait_ns. */
static inline struct bench_sample make_sample(double ops, double wait_ns, double fairness,
                                              uint64_t timeouts)
{
	const struct bench_waits waits = {wait_ns, wait_ns, wait_ns, wait_ns};
	const struct bench_waits none = {NAN, NAN, NAN, NAN};

	return (struct bench_sample){
		.seconds = 1.0,
		.ops = {[BENCH_ROLE_LEASE] = (uint64_t)ops},
		.fairness = {[BENCH_ROLE_LEASE] = fairness, [BENCH_ROLE_WRITE] = NAN},
		.timeouts = timeouts,
		.cpu_s = 0.5,
		.ctx_switches = 10,
		.waits = {[BENCH_ROLE_LEASE] = waits, [BENCH_ROLE_WRITE] = none},
		.waits_all = waits,
	};
}

/* A repetition whose timeouts all happened in the throughput pass. */
static inline void add_rep(struct bench_row *row, double ops, double wait_ns, double fairness,
                           uint64_t timeouts)
{
	const struct bench_sample throughput = make_sample(ops, NAN, fairness, timeouts);
	const struct bench_sample wait = make_sample(ops, wait_ns, fairness, 0);

	bench_row_add(row, &throughput, &wait, NULL, FIXTURE_PROCESSORS);
}

#endif
