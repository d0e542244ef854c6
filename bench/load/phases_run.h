/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A run of a load with phases from inside: what its threads share.
 */
#ifndef BENCH_PHASES_RUN_H
#define BENCH_PHASES_RUN_H

#include <pthread.h>
#include <stdatomic.h>

#include "aligned.h"
#include "load_phases.h"

/* What a caller is doing: each says so itself, so that no pool is asked. */
enum bench_caller_state {
	BENCH_CALLER_IDLE = 0,
	BENCH_CALLER_WAITING = 1, /* inside acquire */
	BENCH_CALLER_USING = 2,   /* between acquire and release */
};

/* Of one phase; first of one thread's, then of all. */
struct bench_phase_figures {
	uint64_t ops;
	uint64_t timeouts;
	uint64_t failures;
	uint64_t unserved;
	struct bench_histogram waits;
	struct bench_histogram response;
};

struct bench_phases_run {
	const struct bench_phases_load *load;
	_Atomic int64_t start_ns;           /* of the first phase; 0: not everybody is there yet */
	int64_t end_ns;                     /* of the last; constant once start_ns is there */
	_Atomic bool stop;                  /* the user wants it, or a thread could not start */
	pthread_mutex_t mutex;              /* held, too, until every thread has been created */
	struct bench_phase_figures *phases; /* under mutex */
};

struct bench_phases_worker {
	_Alignas(BENCH_CACHE_LINE) _Atomic int state; /* read by the sampler */

	/* This thread's own. */
	_Alignas(BENCH_CACHE_LINE) struct bench_phases_run *run;
	const struct bench_scenario_role *role;
	unsigned index; /* among all */
	unsigned place; /* among its role's */
	struct bench_random random;
	struct pool_lease lease;
	uint64_t ops;
	uint64_t due; /* operations of open loops, and those that came due while it was busy */
	uint64_t behind;
	struct bench_histogram *late;
	struct bench_phase_figures figures; /* of the phase under way */
};

/* A phase as one thread sees it. */
struct bench_stretch {
	const struct bench_scenario_phase *phase;
	unsigned number;
	unsigned active; /* threads of the role */
	int64_t begin_ns;
	int64_t end_ns;
};

void *bench_phases_worker_main(void *worker);

/* Add what a thread did in a phase to the phase's figures, and clear it. */
void bench_phases_add(struct bench_phases_run *run, unsigned phase,
                      struct bench_phase_figures *figures);

#endif
