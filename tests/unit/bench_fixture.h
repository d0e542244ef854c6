/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Made-up results for the tests of what weir-bench makes of results.
 */
#ifndef WEIR_TESTS_BENCH_FIXTURE_H
#define WEIR_TESTS_BENCH_FIXTURE_H

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
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

/* So many waits, each twice as long for every tenth of them left. */
static inline void add_waits(struct bench_row *row, uint64_t count, int64_t shortest_ns)
{
	static struct bench_histogram waits[BENCH_ROLES];

	memset(waits, 0, sizeof(waits));
	for (uint64_t left = count; left > 0; left /= 10, shortest_ns *= 2)
		for (uint64_t i = left / 10; i < left; i++)
			bench_histogram_record(&waits[BENCH_ROLE_LEASE], shortest_ns);
	(void)bench_row_add_waits(row, waits);
}

/* A second before, one of an outage, one after, and a sample each millisecond. */
static inline void add_timeline(struct bench_row *row, unsigned samples)
{
	struct bench_timeline *const timeline = calloc(1, sizeof(*timeline));
	static const char *const names[] = {"steady", "outage", "recovery"};

	timeline->samples = calloc(samples, sizeof(*timeline->samples));
	timeline->opens = 12;
	timeline->open_failures = 3;
	for (unsigned i = 0; i < 3; i++) {
		struct bench_timeline_phase *const phase = &timeline->phases[timeline->phases_count++];

		(void)snprintf(phase->name, sizeof(phase->name), "%s", names[i]);
		phase->begin_s = i;
		phase->end_s = i + 1.0;
		phase->down = i == 1;
		phase->ops = 100 * i;
		phase->waits = (struct bench_waits){1e3, 2e3, 3e3, 4e3};
		phase->response = (struct bench_waits){1e4, 2e4, 3e4, NAN};
	}
	for (unsigned i = 0; i < samples; i++)
		timeline->samples[timeline->samples_count++] = (struct bench_timeline_sample){
			.t_s = 3.0 * i / samples,
			.open = i % 5,
			.in_use = i % 3,
			.waiting = i % 7,
		};
	row->timeline = timeline;
}

#endif
