/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What people write by hand once the pool has to grow and to heal: mutex-lifo with
 * a count of the connections that there are. Who finds none idle opens one more,
 * outside the lock, as long as there may be more; a broken one is closed, and its
 * place is free. Whoever gives up a place wakes a waiter, who may open in it.
 */
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

#include "conn_set.h"
#include "monotonic.h"
#include "variant.h"

struct grow_pool {
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	unsigned idle_count; /* under mutex, as the next two */
	unsigned places;     /* taken: by connections, and by those that are being opened */
	unsigned waiters;
	void **idle; /* the stack of connections */
	unsigned places_max;
	int64_t timeout_ns;
	int64_t open_timeout_ns;
	const struct pool_source *source;
};

static void grow_destroy(void *opaque)
{
	struct grow_pool *const pool = opaque;

	if (pool == NULL)
		return;
	for (unsigned i = 0; i < pool->idle_count; i++)
		pool->source->close(pool->idle[i]);
	(void)pthread_cond_destroy(&pool->changed);
	(void)pthread_mutex_destroy(&pool->mutex);
	free(pool->idle);
	free(pool);
}

/* The connections of a set become the pool's own. */
static int open_first(struct grow_pool *pool, const struct pool_setup *setup, char *problem,
                      size_t problem_size)
{
	struct bench_conn_set set;
	const int rc = bench_conn_set_open(&set, setup, setup->conns_min, problem, problem_size);

	if (rc != 0)
		return rc;
	for (unsigned i = 0; i < set.count; i++)
		pool->idle[i] = set.conns[i];
	pool->idle_count = set.count;
	pool->places = set.count;
	free(set.conns);
	return 0;
}

static int grow_create(void **out, const struct pool_setup *setup, char *problem,
                       size_t problem_size)
{
	void *idle = NULL;
	struct grow_pool *pool;
	int rc = bench_alloc_pool(out, sizeof(*pool), problem, problem_size);

	if (rc != 0)
		return rc;
	pool = *out;
	(void)pthread_mutex_init(&pool->mutex, NULL);
	bench_cond_init(&pool->changed);
	pool->places_max = setup->conns_max;
	pool->timeout_ns = setup->acquire_timeout_ns;
	pool->open_timeout_ns = setup->open_timeout_ns;
	pool->source = setup->source;
	rc = bench_alloc_pool(&idle, setup->conns_max * sizeof(*pool->idle), problem, problem_size);
	pool->idle = idle;
	if (rc == 0)
		rc = open_first(pool, setup, problem, problem_size);
	if (rc != 0) {
		grow_destroy(pool);
		*out = NULL;
	}
	return rc;
}

/* Give up a place; the mutex is free. */
static void free_place(struct grow_pool *pool)
{
	bool wake;

	(void)pthread_mutex_lock(&pool->mutex);
	pool->places--;
	wake = pool->waiters > 0;
	(void)pthread_mutex_unlock(&pool->mutex);
	if (wake)
		(void)pthread_cond_signal(&pool->changed);
}

/* Open in the place that this caller has taken. */
static int open_one(struct grow_pool *pool, int64_t deadline_ns, void **conn)
{
	const int64_t open_deadline_ns = bench_now() + pool->open_timeout_ns;
	const int rc = pool->source->open(
		pool->source->self, open_deadline_ns < deadline_ns ? open_deadline_ns : deadline_ns, conn);

	if (rc != 0)
		free_place(pool);
	return rc;
}

static bool has_something_locked(const struct grow_pool *pool)
{
	return pool->idle_count > 0 || pool->places < pool->places_max;
}

/* Wait until there is a connection or a place; holds the mutex. */
static bool wait_locked(struct grow_pool *pool, int64_t deadline_ns)
{
	const struct timespec deadline = bench_timespec(deadline_ns);
	int rc = 0;

	pool->waiters++;
	while (!has_something_locked(pool) && rc != ETIMEDOUT)
		rc = pthread_cond_timedwait(&pool->changed, &pool->mutex, &deadline);
	pool->waiters--;
	return has_something_locked(pool);
}

static int grow_acquire(void *opaque, unsigned thread, struct pool_lease *lease)
{
	struct grow_pool *const pool = opaque;
	int64_t deadline_ns = INT64_MAX;
	void *conn = NULL;
	bool open = false;

	(void)thread;
	(void)pthread_mutex_lock(&pool->mutex);
	/* A clock only for who has to wait, or to open. */
	if (pool->idle_count == 0)
		deadline_ns = bench_now() + pool->timeout_ns;
	if (has_something_locked(pool) || wait_locked(pool, deadline_ns)) {
		open = pool->idle_count == 0;
		if (open)
			pool->places++;
		else
			conn = pool->idle[--pool->idle_count];
	}
	(void)pthread_mutex_unlock(&pool->mutex);
	if (open && open_one(pool, deadline_ns, &conn) != 0)
		conn = NULL;
	if (conn == NULL)
		return -1;
	lease->conn = conn;
	return 0;
}

static void grow_release(void *opaque, unsigned thread, struct pool_lease *lease)
{
	struct grow_pool *const pool = opaque;
	void *const conn = lease->conn;
	bool wake;

	(void)thread;
	lease->conn = NULL;
	if (lease->broken) {
		pool->source->close(conn);
		free_place(pool);
		return;
	}
	(void)pthread_mutex_lock(&pool->mutex);
	pool->idle[pool->idle_count++] = conn;
	wake = pool->waiters > 0;
	(void)pthread_mutex_unlock(&pool->mutex);
	if (wake)
		(void)pthread_cond_signal(&pool->changed);
}

const struct pool_under_test bench_variant_mutex_grow = {
	.size = sizeof(struct pool_under_test),
	.version = POOL_UNDER_TEST_VERSION,
	.name = "mutex-grow",
	.doc = "mutex-lifo that opens on demand and replaces broken connections",
	.abilities = POOL_GROWS | POOL_HEALS,
	.create = grow_create,
	.destroy = grow_destroy,
	.acquire = grow_acquire,
	.release = grow_release,
};
