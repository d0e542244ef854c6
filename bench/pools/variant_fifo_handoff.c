/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A mutex and a queue: strict first come, first served. A release gives its
 * slot to the oldest waiter by name, so an idle slot means that nobody waits
 * and no newcomer can pass. Each waiter parks on a word of its own, so a release
 * wakes exactly the thread it serves. The price is a context switch for each
 * lease as soon as a queue has formed.
 */
#include <linux/futex.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <errno.h>

#include "conn_set.h"
#include "monotonic.h"
#include "variant.h"

/* One for each thread, for as long as the pool lives: a wake that arrives late
 * must find the word still there. */
struct handoff_waiter {
	_Alignas(BENCH_CACHE_LINE) _Atomic uint32_t granted;
	unsigned slot;               /* set before granted */
	struct handoff_waiter *next; /* under mutex, as previous */
	struct handoff_waiter *previous;
};

struct handoff_pool {
	pthread_mutex_t mutex;
	unsigned idle_count; /* under mutex, as the next three; 0 while anybody waits */
	unsigned *idle;
	struct handoff_waiter *oldest;
	struct handoff_waiter *newest;
	struct handoff_waiter *waiters;
	int64_t timeout_ns;
	struct bench_conn_set set;
};

static void handoff_destroy(void *pool)
{
	struct handoff_pool *handoff = pool;

	if (handoff == NULL)
		return;
	bench_conn_set_close(&handoff->set);
	(void)pthread_mutex_destroy(&handoff->mutex);
	free(handoff->waiters);
	free(handoff->idle);
	free(handoff);
}

static int handoff_create(void **pool, const struct pool_setup *setup, char *problem,
                          size_t problem_size)
{
	void *idle = NULL;
	void *waiters = NULL;
	struct handoff_pool *handoff;
	int rc = bench_alloc_pool(pool, sizeof(*handoff), problem, problem_size);

	if (rc != 0)
		return rc;
	handoff = *pool;
	(void)pthread_mutex_init(&handoff->mutex, NULL);
	handoff->timeout_ns = setup->acquire_timeout_ns;
	rc = bench_alloc_pool(&idle, setup->conns_max * sizeof(*handoff->idle), problem, problem_size);
	handoff->idle = idle;
	if (rc == 0)
		rc = bench_alloc_pool(&waiters, setup->threads * sizeof(*handoff->waiters), problem,
		                      problem_size);
	handoff->waiters = waiters;
	if (rc == 0)
		rc = bench_conn_set_open(&handoff->set, setup, setup->conns_max, problem, problem_size);
	if (rc != 0) {
		handoff_destroy(handoff);
		*pool = NULL;
		return rc;
	}
	for (unsigned i = 0; i < setup->conns_max; i++)
		handoff->idle[i] = i;
	handoff->idle_count = setup->conns_max;
	return 0;
}

static void enqueue_locked(struct handoff_pool *handoff, struct handoff_waiter *waiter)
{
	atomic_store_explicit(&waiter->granted, 0, memory_order_relaxed);
	waiter->next = NULL;
	waiter->previous = handoff->newest;
	*(handoff->newest != NULL ? &handoff->newest->next : &handoff->oldest) = waiter;
	handoff->newest = waiter;
}

static void unlink_locked(struct handoff_pool *handoff, struct handoff_waiter *waiter)
{
	*(waiter->previous != NULL ? &waiter->previous->next : &handoff->oldest) = waiter->next;
	*(waiter->next != NULL ? &waiter->next->previous : &handoff->newest) = waiter->previous;
}

/* Park until the grant or the timeout; false if there is no grant. */
static bool handoff_wait(struct handoff_pool *handoff, struct handoff_waiter *waiter)
{
	const struct timespec deadline = bench_deadline_in(handoff->timeout_ns);
	bool granted;

	while (atomic_load_explicit(&waiter->granted, memory_order_acquire) == 0) {
		if (syscall(SYS_futex, &waiter->granted, FUTEX_WAIT_BITSET_PRIVATE, 0, &deadline, NULL,
		            FUTEX_BITSET_MATCH_ANY) == 0 ||
		    errno != ETIMEDOUT)
			continue;
		(void)pthread_mutex_lock(&handoff->mutex);
		granted = atomic_load_explicit(&waiter->granted, memory_order_acquire) != 0;
		if (!granted)
			unlink_locked(handoff, waiter);
		(void)pthread_mutex_unlock(&handoff->mutex);
		return granted;
	}
	return true;
}

static int handoff_acquire(void *pool, unsigned thread, struct pool_lease *lease)
{
	struct handoff_pool *handoff = pool;
	struct handoff_waiter *waiter = &handoff->waiters[thread];
	unsigned slot;

	(void)pthread_mutex_lock(&handoff->mutex);
	if (handoff->idle_count > 0) {
		slot = handoff->idle[--handoff->idle_count];
		(void)pthread_mutex_unlock(&handoff->mutex);
	} else {
		enqueue_locked(handoff, waiter);
		(void)pthread_mutex_unlock(&handoff->mutex);
		if (!handoff_wait(handoff, waiter))
			return -1;
		slot = waiter->slot;
	}
	lease->conn = handoff->set.conns[slot];
	lease->own[0] = slot;
	return 0;
}

static void handoff_release(void *pool, unsigned thread, struct pool_lease *lease)
{
	struct handoff_pool *handoff = pool;
	struct handoff_waiter *waiter;

	(void)thread;
	lease->conn = NULL;
	(void)pthread_mutex_lock(&handoff->mutex);
	waiter = handoff->oldest;
	if (waiter != NULL) {
		unlink_locked(handoff, waiter);
		waiter->slot = (unsigned)lease->own[0];
		atomic_store_explicit(&waiter->granted, 1, memory_order_release);
	} else {
		handoff->idle[handoff->idle_count++] = (unsigned)lease->own[0];
	}
	(void)pthread_mutex_unlock(&handoff->mutex);
	if (waiter != NULL)
		(void)syscall(SYS_futex, &waiter->granted, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

const struct pool_under_test bench_variant_fifo_handoff = {
	.size = sizeof(struct pool_under_test),
	.version = POOL_UNDER_TEST_VERSION,
	.name = "fifo-handoff",
	.doc = "mutex and a queue; a release hands its slot to the oldest waiter",
	.create = handoff_create,
	.destroy = handoff_destroy,
	.acquire = handoff_acquire,
	.release = handoff_release,
};
