/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Threads for tests, and the one that tests need most: a caller that waits for a
 * lease. A thread that does not come back ends the process with a message, since
 * nothing after that could be trusted.
 */
#ifndef WEIR_UNIT_THREAD_H
#define WEIR_UNIT_THREAD_H

#include <pthread.h>
#include <stdatomic.h>

#include <weir/lease.h>

struct unit_thread {
	pthread_t id;
	void (*run)(void *argument);
	void *argument;
};

/* Start and join; both abort when they cannot. */
void unit_start(struct unit_thread *thread, void (*run)(void *argument), void *argument);
void unit_join(struct unit_thread *thread);

/* A caller of acquire in a thread of its own. */
struct unit_caller {
	struct unit_thread thread;
	struct weir_pool *pool;
	int64_t timeout_ns;
	_Atomic bool done;

	/* Valid once done, or joined. */
	enum weir_code code;
	struct weir_lease lease;
	struct weir_error err;
	int64_t returned_ns;
};

void unit_call(struct unit_caller *caller, struct weir_pool *pool, int64_t timeout_ns);

/* Wait until the caller is back, and return what it got. */
enum weir_code unit_answer(struct unit_caller *caller);

/* Wait until any of count callers is back, and return its place; callers that were
 * returned before (done is false again) are passed over. */
uint32_t unit_answer_any(struct unit_caller *callers, uint32_t count);

/*
 * Group setup and teardown: wait, some seconds at most, until the threads that tests
 * have begun are gone. A helper of a pool that is destroyed may still be leaving with
 * the last reference, which a leak checker at the end of the process takes for a leak.
 */
int unit_count_threads(void **state);
int unit_await_threads(void **state);

/* The seed of a test with random draws: WEIR_TEST_SEED, or a new one. Printed, so
 * that a failure can be replayed. */
uint64_t unit_seed(void);

/* The next number of a sequence that starts with any seed. */
uint64_t unit_random(uint64_t *state);

#endif
