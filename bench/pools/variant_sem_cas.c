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
#include <stdlib.h>
#include <time.h>

#include "conn_set.h"
#include "monotonic.h"

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

static enum weir_code sem_pool_create(void **pool, const struct bench_setup *setup,
                                      struct weir_error *err)
{
	void *slots = NULL;
	void *hints = NULL;
	struct sem_pool *sem;
	enum weir_code code = bench_alloc_pool(pool, sizeof(*sem), err);

	if (code != WEIR_OK)
		return code;
	sem = *pool;
	(void)sem_init(&sem->idle, 0, setup->conns);
	sem->timeout_ns = setup->config->acquire_timeout;
	code = bench_alloc_pool(&slots, setup->conns * sizeof(*sem->slots), err);
	sem->slots = slots;
	if (code == WEIR_OK)
		code = bench_alloc_pool(&hints, setup->threads * sizeof(*sem->hints), err);
	sem->hints = hints;
	if (code == WEIR_OK)
		code = bench_conn_set_open(&sem->set, setup, setup->conns, err);
	if (code != WEIR_OK) {
		sem_pool_destroy(sem);
		*pool = NULL;
		return code;
	}
	for (unsigned i = 0; i < setup->threads; i++)
		sem->hints[i].last = i % setup->conns;
	return WEIR_OK;
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

static bool sem_pool_acquire(void *pool, unsigned thread, struct weir_lease *lease)
{
	struct sem_pool *sem = pool;
	unsigned slot = sem->hints[thread].last;

	if (sem_trywait(&sem->idle) != 0 && !sem_pool_wait(sem))
		return false;
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
	lease->slot = slot;
	return true;
}

static void sem_pool_release(void *pool, unsigned thread, struct weir_lease *lease)
{
	struct sem_pool *sem = pool;

	(void)thread;
	lease->conn = NULL;
	atomic_store_explicit(&sem->slots[lease->slot].leased, false, memory_order_release);
	(void)sem_post(&sem->idle);
}

const struct bench_variant bench_variant_sem_cas = {
	.name = "sem-cas",
	.doc = "POSIX semaphore, then a CAS over the slots from the thread's last one",
	.create = sem_pool_create,
	.destroy = sem_pool_destroy,
	.acquire = sem_pool_acquire,
	.release = sem_pool_release,
};
