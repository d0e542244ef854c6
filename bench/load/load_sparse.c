/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The sparse load: one idle slot among many. See load.h.
 */
#include <math.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "aligned.h"
#include "load.h"
#include "monotonic.h"

enum turn { TURN_RETURNER = 0, TURN_ACQUIRER = 1 };

struct sparse {
	const struct bench_load *load;
	struct pool_lease *leases;
	_Alignas(BENCH_CACHE_LINE) _Atomic int turn; /* hands index and leases over */
	uint32_t index;                              /* written by whoever has the turn */
};

static inline void pause_cpu(void)
{
#if defined(__x86_64__)
	__builtin_ia32_pause();
#else
	__asm__ volatile("yield");
#endif
}

/*
 * Wait for this thread's turn; false if the pass ended first. Two threads with a
 * processor each spin: yielding would hand it to whatever else wants to run, for
 * milliseconds. On one processor the other thread must get it.
 */
static bool wait_turn(struct sparse *sparse, const struct bench_worker *worker, enum turn turn,
                      bool pinned)
{
	while (atomic_load_explicit(&sparse->turn, memory_order_acquire) != (int)turn) {
		if (bench_phase(worker) == BENCH_PHASE_STOP)
			return false;
		if (pinned)
			pause_cpu();
		else
			(void)sched_yield();
	}
	return true;
}

static void pass_turn(struct sparse *sparse, enum turn turn)
{
	atomic_store_explicit(&sparse->turn, (int)turn, memory_order_release);
}

/* Take a processor for this thread, another for each index; false if there are
 * not two. */
static bool pin(unsigned index)
{
	cpu_set_t allowed;
	cpu_set_t one;

	if (sched_getaffinity(0, sizeof(allowed), &allowed) != 0 || CPU_COUNT(&allowed) < 2)
		return false;
	CPU_ZERO(&one);
	for (size_t cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET(cpu, &allowed) && index-- == 0) {
			CPU_SET(cpu, &one);
			return sched_setaffinity(0, sizeof(one), &one) == 0;
		}
	return false;
}

static void returner(struct bench_worker *worker, struct sparse *sparse, bool pinned)
{
	const struct bench_load *load = sparse->load;

	while (wait_turn(sparse, worker, TURN_RETURNER, pinned)) {
		sparse->index = bench_random_below(&worker->random, load->conns);
		load->variant->release(load->pool, worker->index, &sparse->leases[sparse->index]);
		pass_turn(sparse, TURN_ACQUIRER);
	}
}

/* Acquire into the place that was emptied; false on a timeout. */
static bool acquire_one(struct bench_worker *worker, struct sparse *sparse)
{
	const struct bench_load *load = sparse->load;
	struct pool_lease *lease = &sparse->leases[sparse->index];
	int64_t start;
	bool got;

	if (worker->waits == NULL)
		return load->variant->acquire(load->pool, worker->index, lease) == 0;
	start = bench_now();
	got = load->variant->acquire(load->pool, worker->index, lease) == 0;
	bench_record_wait(worker, BENCH_ROLE_LEASE, bench_now() - start);
	return got;
}

static void acquirer(struct bench_worker *worker, struct sparse *sparse, bool pinned)
{
	while (wait_turn(sparse, worker, TURN_ACQUIRER, pinned)) {
		if (!acquire_one(worker, sparse)) {
			bench_count(&worker->timeouts);
			continue;
		}
		bench_count(&worker->ops[BENCH_ROLE_LEASE]);
		pass_turn(sparse, TURN_RETURNER);
	}
}

static void sparse_body(struct bench_worker *worker)
{
	const bool pinned = pin(worker->index);

	if (worker->index == 0)
		returner(worker, worker->context, pinned);
	else
		acquirer(worker, worker->context, pinned);
}

enum bench_outcome bench_load_sparse(const struct bench_load *load, struct bench_sample *sample,
                                     struct weir_error *err)
{
	struct sparse sparse = {.load = load, .turn = TURN_RETURNER};
	struct bench_pass_spec spec = load->pass;
	enum bench_outcome outcome = BENCH_DONE;

	sparse.leases = bench_alloc(load->conns * sizeof(*sparse.leases));
	if (sparse.leases == NULL) {
		(void)weir_fail(err, WEIR_ERR_NO_MEMORY, "bench.sparse", 0, "no memory for %u leases",
		                load->conns);
		return BENCH_FAILED;
	}
	for (unsigned i = 0; i < load->conns && outcome == BENCH_DONE; i++) {
		if (load->variant->acquire(load->pool, TURN_ACQUIRER, &sparse.leases[i]) != 0) {
			(void)weir_fail(err, WEIR_ERR_ACQUIRE_TIMEOUT, "bench.sparse", 0,
			                "%s gave %u of its %u connections only", load->variant->name, i,
			                load->conns);
			outcome = BENCH_FAILED;
		}
	}
	spec.body = sparse_body;
	spec.context = &sparse;
	spec.threads = 2;
	if (outcome == BENCH_DONE)
		outcome = bench_pass_run(&spec, sample, err);
	/* Two threads that take turns do not compete. */
	if (outcome == BENCH_DONE)
		sample->fairness[BENCH_ROLE_LEASE] = NAN;
	for (unsigned i = 0; i < load->conns; i++)
		if (sparse.leases[i].conn != NULL)
			load->variant->release(load->pool, TURN_RETURNER, &sparse.leases[i]);
	free(sparse.leases);
	return outcome;
}
