/* SPDX-License-Identifier: BSD-2-Clause
 *
 * One scenario while it runs: the pool under test, the pretended server, the
 * callers, and what is asserted.
 *
 * Whether a slot has two owners is asked without the pool's help: each caller
 * writes itself into a word of its own table for the slot, and finds it empty or
 * has found a bug. A plain word beside it lets ThreadSanitizer see a lease that
 * does not order memory.
 */
#ifndef STRESS_WORLD_H
#define STRESS_WORLD_H

#include <pthread.h>
#include <stdalign.h>
#include <stdatomic.h>

#include <weir/stub.h>
#include <weir/weir.h>

#include "stress_judge.h"
#include "stress_scenario.h"

#define STRESS_SLOTS_MAX 4096
#define STRESS_THREADS_MAX 256
#define STRESS_BAG_MAX 1024
#define STRESS_PASSED_MAX 64

/* How long a call may go on past its deadline, or for ever, before it counts as
 * forgotten. Far more than a scheduler on a busy machine takes. */
#define STRESS_MARGIN_NS WEIR_SECONDS(20)

struct stress_place {
	alignas(64) _Atomic uint32_t owner;
	uint64_t uses; /* plain on purpose; the owner's */
};

struct stress_tally {
	uint64_t calls; /* acquires begun */
	uint64_t got;
	uint64_t timed_out;
	uint64_t exhausted;
	uint64_t refused;
	uint64_t open_failed;
	uint64_t unhealthy;
	uint64_t closed;
	uint64_t discarded;
	int64_t wait_ns_max;
};

struct stress_worker {
	struct stress_world *world;
	pthread_t thread;
	uint32_t number; /* from 1 on */
	uint64_t random;
	struct stress_tally tally;
	struct stress_recorder *recorder;
	struct weir_lease bag[STRESS_BAG_MAX];
	uint32_t held;

	/* For the watchdog: the call under way, NULL for none, and when it must be over. */
	_Atomic(const char *) call;
	_Atomic int64_t due_ns;
};

/* A thread that ends leases for others. It never acquires: were it a caller, it
 * could wait for the very lease that was passed to it. */
struct stress_returner {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct weir_lease passed[STRESS_PASSED_MAX];
	uint32_t count;
	bool stop;
};

struct stress_world {
	const struct stress_scenario *scenario;
	uint64_t seed;
	uint64_t random; /* of the thread that runs the scenario */
	uint32_t threads;
	uint32_t bag;
	struct weir_stub *stub;
	struct weir_pool *pool;
	uint32_t size;
	uint32_t slots;            /* places in all: those of leaks that are written off, too */
	uint64_t got_besides;      /* leases of this pool that no caller got, … */
	uint64_t timeouts_besides; /* … and timeouts that none had */
	_Atomic bool stop;         /* the callers shall end */
	_Atomic uint64_t failures; /* broken invariants; each was printed, and … */
	char found[STRESS_FOUND_MAX][STRESS_FOUND_TEXT]; /* … the first of them kept */
	struct stress_place places[STRESS_SLOTS_MAX];
	struct stress_worker workers[STRESS_THREADS_MAX];
	struct stress_returner returner;
	struct stress_recorder recorders[STRESS_THREADS_MAX + STRESS_RECORDERS_BESIDE];
	struct stress_history history; /* the last one that was checked */
	uint64_t judged;               /* operations in histories that were checked */
	uint64_t windows;              /* pieces of them that were searched */
	uint64_t rounds;               /* pools begun, or children forked */
	/* Of pools that are gone: */
	uint64_t opened;
	uint64_t closed;
	uint64_t waits;
	uint64_t handoffs;
	struct stress_tally past;
};

/* Print a broken invariant, with the scenario and its seed, and count it. */
void stress_broken(struct stress_world *world, const char *format, ...) WEIR_PRINTF(2, 3);

/* Print the pool's figures and what every caller is doing. */
void stress_dump(struct stress_world *world);

/* Begin and end one pool and its server; end asserts that every connection was
 * closed once. */
bool stress_pool_begin(struct stress_world *world, const char *more_settings);
void stress_pool_end(struct stress_world *world);

/* The second half of it, when the pool is destroyed already. */
void stress_server_end(struct stress_world *world);

/* Add the figures of this pool and its callers to those of the scenario. */
void stress_remember(struct stress_world *world);

/* Make a caller as new. */
void stress_worker_init(struct stress_world *world, uint32_t index);

/* Let the callers run (false: none runs), and wait for them. */
bool stress_workers_start(struct stress_world *world);
void stress_workers_join(struct stress_world *world);

/* Nobody uses the pool any more: does everything add up, and is every slot there? */
void stress_check_rest(struct stress_world *world);

/* Mark a lease as used by that caller, and as used no more. */
void stress_use_begin(struct stress_world *world, const struct weir_lease *lease, uint32_t who);
void stress_use_end(struct stress_world *world, const struct weir_lease *lease, uint32_t who);

/* The thread that runs the scenario acquires and releases; as weir_acquire_for with a
 * timeout (0: try) and weir_release, but recorded. */
enum weir_code stress_acquire(struct stress_world *world, struct weir_lease *lease,
                              int64_t timeout_ns, struct weir_error *err);
enum weir_code stress_release(struct stress_world *world, struct weir_lease *lease,
                              struct weir_error *err);

/* Do a call under the watchdog's eyes; end with a NULL name. */
void stress_watch(struct stress_worker *worker, const char *call, int64_t due_ns);

/* No cancellation point: ThreadSanitizer loses track of a thread that is cancelled in a
 * call that it has wrapped. */
void stress_sleep(int64_t ns);

/* What all callers did on this pool. */
struct stress_tally stress_tally_sum(const struct stress_world *world);

#endif
