/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The load of scenarios with several roles, open loops or phases: every thread does
 * what its role does, phase after phase without a break, while the server goes down
 * and comes back and somebody else looks how many connections and waiters there are.
 *
 * An operation belongs to the phase in which it was due. One that is under way when
 * the run ends counts with the time it took; one that was due by then and had not
 * begun counts as unserved, with the time that it had waited.
 */
#ifndef BENCH_LOAD_PHASES_H
#define BENCH_LOAD_PHASES_H

#include "pass.h"
#include "pool_under_test.h"
#include "scenario.h"
#include "source.h"
#include "timeline.h"

/* No run keeps more samples: it takes them less often instead. */
#define BENCH_SAMPLES_MAX 20000

struct bench_phases_load {
	const struct pool_under_test *variant;
	void *pool;
	struct bench_source *source; /* that the pool was made with */
	unsigned roles_count;
	const struct bench_scenario_role *roles; /* with their threads, holds calibrated */
	unsigned phases_count;
	const struct bench_scenario_phase *phases;
	int64_t sample_ns;
	uint64_t seed;
	/* As in struct bench_pass_spec. */
	void (*tick)(void *tick_context);
	void *tick_context;
	struct bench_histogram *merged; /* receives the waits; may be NULL */
};

/* Run it once. *timeline: to be freed, with its samples; NULL unless DONE. */
enum bench_outcome bench_load_phases(const struct bench_phases_load *load,
                                     struct bench_timeline **timeline, struct bench_sample *sample,
                                     struct weir_error *err);

void bench_timeline_free(struct bench_timeline *timeline);

#endif
