/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A mutex, a condition variable and a stack of idle connections: what people
 * write by hand. Last in first out keeps caches warm; a release signals only
 * when someone waits, and after the unlock, so that the woken thread does not
 * run into the mutex. Whoever locks first gets the connection, woken or not.
 */
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>

#include "conn_set.h"
#include "monotonic.h"
#include "variant.h"

struct lifo_pool {
	pthread_mutex_t mutex;
	pthread_cond_t returned;
	unsigned idle_count; /* under mutex, as the next two */
	unsigned waiters;
	unsigned *idle; /* the stack of slots */
	int64_t timeout_ns;
	struct bench_conn_set set;
};

static void lifo_destroy(void *pool)
{
	struct lifo_pool *lifo = pool;

	if (lifo == NULL)
		return;
	bench_conn_set_close(&lifo->set);
	(void)pthread_cond_destroy(&lifo->returned);
	(void)pthread_mutex_destroy(&lifo->mutex);
	free(lifo->idle);
	free(lifo);
}

static int lifo_create(void **pool, const struct pool_setup *setup, char *problem,
                       size_t problem_size)
{
	void *idle = NULL;
	struct lifo_pool *lifo;
	int rc = bench_alloc_pool(pool, sizeof(*lifo), problem, problem_size);

	if (rc != 0)
		return rc;
	lifo = *pool;
	(void)pthread_mutex_init(&lifo->mutex, NULL);
	bench_cond_init(&lifo->returned);
	lifo->timeout_ns = setup->acquire_timeout_ns;
	rc = bench_alloc_pool(&idle, setup->conns_max * sizeof(*lifo->idle), problem, problem_size);
	lifo->idle = idle;
	if (rc == 0)
		rc = bench_conn_set_open(&lifo->set, setup, setup->conns_max, problem, problem_size);
	if (rc != 0) {
		lifo_destroy(lifo);
		*pool = NULL;
		return rc;
	}
	for (unsigned i = 0; i < setup->conns_max; i++)
		lifo->idle[i] = i;
	lifo->idle_count = setup->conns_max;
	return 0;
}

/* Wait until the stack has a slot or the timeout has passed; holds the mutex. */
static bool lifo_wait_locked(struct lifo_pool *lifo)
{
	const struct timespec deadline = bench_deadline_in(lifo->timeout_ns);
	int rc = 0;

	lifo->waiters++;
	while (lifo->idle_count == 0 && rc != ETIMEDOUT)
		rc = pthread_cond_timedwait(&lifo->returned, &lifo->mutex, &deadline);
	lifo->waiters--;
	return lifo->idle_count > 0;
}

static int lifo_acquire(void *pool, unsigned thread, struct pool_lease *lease)
{
	struct lifo_pool *lifo = pool;
	unsigned slot = 0;
	bool got;

	(void)thread;
	(void)pthread_mutex_lock(&lifo->mutex);
	got = lifo->idle_count > 0 || lifo_wait_locked(lifo);
	if (got)
		slot = lifo->idle[--lifo->idle_count];
	(void)pthread_mutex_unlock(&lifo->mutex);
	if (got) {
		lease->conn = lifo->set.conns[slot];
		lease->own[0] = slot;
	}
	return got ? 0 : -1;
}

static void lifo_release(void *pool, unsigned thread, struct pool_lease *lease)
{
	struct lifo_pool *lifo = pool;
	bool wake;

	(void)thread;
	lease->conn = NULL;
	(void)pthread_mutex_lock(&lifo->mutex);
	lifo->idle[lifo->idle_count++] = (unsigned)lease->own[0];
	wake = lifo->waiters > 0;
	(void)pthread_mutex_unlock(&lifo->mutex);
	if (wake)
		(void)pthread_cond_signal(&lifo->returned);
}

const struct pool_under_test bench_variant_mutex_lifo = {
	.size = sizeof(struct pool_under_test),
	.version = POOL_UNDER_TEST_VERSION,
	.name = "mutex-lifo",
	.doc = "mutex, condition variable and a stack of idle connections",
	.create = lifo_create,
	.destroy = lifo_destroy,
	.acquire = lifo_acquire,
	.release = lifo_release,
};
