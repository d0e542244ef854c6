/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A POSIX semaphore counts the idle slots, and a CAS takes one of them. Each
 * thread looks first at the slot it had last. Whoever passed the semaphore is
 * owed a slot, so the search ends: at any time there are at least as many idle
 * slots as threads that look for one.
 */
#include <errno.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>

#include "conn_set.h"
#include "monotonic.h"
#include "variant.h"

struct sem_slot {
	_Alignas(BENCH_CACHE_LINE) _Atomic bool leased;
};

struct sem_hint {
	_Alignas(BENCH_CACHE_LINE) unsigned last; /* written by its thread only */
};

struct sem_pool {
	sem_t idle;
	_Alignas(BENCH_CACHE_LINE) struct sem_slot *slots; /* constant from here on */
	struct sem_hint *hints;
	int64_t timeout_ns;
	struct bench_conn_set set;
};

static void sem_pool_destroy(void *pool)
{
	struct sem_pool *sem = pool;

	if (sem == NULL)
		return;
	bench_conn_set_close(&sem->set);
	(void)sem_destroy(&sem->idle);
	free(sem->hints);
	free(sem->slots);
	free(sem);
}

static int sem_pool_create(void **pool, const struct pool_setup *setup, char *problem,
                           size_t problem_size)
{
	void *slots = NULL;
	void *hints = NULL;
	struct sem_pool *sem;
	int rc = bench_alloc_pool(pool, sizeof(*sem), problem, problem_size);

	if (rc != 0)
		return rc;
	sem = *pool;
	(void)sem_init(&sem->idle, 0, setup->conns_max);
	sem->timeout_ns = setup->acquire_timeout_ns;
	rc = bench_alloc_pool(&slots, setup->conns_max * sizeof(*sem->slots), problem, problem_size);
	sem->slots = slots;
	if (rc == 0)
		rc = bench_alloc_pool(&hints, setup->threads * sizeof(*sem->hints), problem, problem_size);
	sem->hints = hints;
	if (rc == 0)
		rc = bench_conn_set_open(&sem->set, setup, setup->conns_max, problem, problem_size);
	if (rc != 0) {
		sem_pool_destroy(sem);
		*pool = NULL;
		return rc;
	}
	for (unsigned i = 0; i < setup->threads; i++)
		sem->hints[i].last = i % setup->conns_max;
	return 0;
}

static bool sem_pool_wait(struct sem_pool *sem)
{
	const struct timespec deadline = bench_deadline_in(sem->timeout_ns);
	int rc;

	do
		rc = sem_clockwait(&sem->idle, CLOCK_MONOTONIC, &deadline);
	while (rc != 0 && errno == EINTR);
	return rc == 0;
}

static int sem_pool_acquire(void *pool, unsigned thread, struct pool_lease *lease)
{
	struct sem_pool *sem = pool;
	unsigned slot = sem->hints[thread].last;

	if (sem_trywait(&sem->idle) != 0 && !sem_pool_wait(sem))
		return -1;
	for (;; slot = slot + 1 == sem->set.count ? 0 : slot + 1) {
		bool expected = false;

		/* The load first: a failed CAS would take the line from its owner. */
		if (!atomic_load_explicit(&sem->slots[slot].leased, memory_order_relaxed) &&
		    atomic_compare_exchange_strong_explicit(&sem->slots[slot].leased, &expected, true,
		                                            memory_order_acquire, memory_order_relaxed))
			break;
	}
	sem->hints[thread].last = slot;
	lease->conn = sem->set.conns[slot];
	lease->own[0] = slot;
	return 0;
}

static void sem_pool_release(void *pool, unsigned thread, struct pool_lease *lease)
{
	struct sem_pool *sem = pool;

	(void)thread;
	lease->conn = NULL;
	atomic_store_explicit(&sem->slots[lease->own[0]].leased, false, memory_order_release);
	(void)sem_post(&sem->idle);
}

const struct pool_under_test bench_variant_sem_cas = {
	.size = sizeof(struct pool_under_test),
	.version = POOL_UNDER_TEST_VERSION,
	.name = "sem-cas",
	.doc = "POSIX semaphore, then a CAS over the slots from the thread's last one",
	.create = sem_pool_create,
	.destroy = sem_pool_destroy,
	.acquire = sem_pool_acquire,
	.release = sem_pool_release,
};
