/* SPDX-License-Identifier: BSD-2-Clause
 *
 * libzdb's ConnectionPool. It opens what a database URL names and nothing else, so
 * its connections are SQLite's in memory, which nobody uses; with each goes one
 * of the scenario's source, in pairs that stay as they are.
 *
 * All connections are open from the beginning: how many there are is not for the
 * scenario's source to count, so it claims neither to grow nor to heal.
 *
 * A pool with every connection out answers NULL, at once. What to do then is left to
 * the caller, and callers in the field sleep and ask again; so does this one.
 */
#include <sqlite3.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <zdb.h>

#include "monotonic.h"
#include "pool_under_test.h"

#define URL_TEXT "sqlite:///:memory:"
#define ASK_AGAIN_NS INT64_C(1000000)

struct zdb_pair {
	Connection_T own;
	void *conn;
};

struct zdb_pool {
	const struct pool_setup *setup;
	URL_T url;
	ConnectionPool_T pool;
	size_t pairs_size;      /* a power of two, at least twice what is in it */
	struct zdb_pair *pairs; /* open addressing by own; constant once all are in */
};

/* The pair of a connection, or the place for it. */
static struct zdb_pair *find_pair(const struct zdb_pool *zdb, Connection_T own)
{
	size_t at = (size_t)(((uint64_t)(uintptr_t)own * UINT64_C(0x9E3779B97F4A7C15)) >> 32);

	while (zdb->pairs[at & (zdb->pairs_size - 1)].own != own &&
	       zdb->pairs[at & (zdb->pairs_size - 1)].own != NULL)
		at++;
	return &zdb->pairs[at & (zdb->pairs_size - 1)];
}

static void zdb_destroy(void *opaque)
{
	struct zdb_pool *const zdb = opaque;

	if (zdb == NULL)
		return;
	if (zdb->pool != NULL)
		ConnectionPool_free(&zdb->pool);
	if (zdb->url != NULL)
		URL_free(&zdb->url);
	for (size_t i = 0; zdb->pairs != NULL && i < zdb->pairs_size; i++)
		if (zdb->pairs[i].conn != NULL)
			zdb->setup->source->close(zdb->pairs[i].conn);
	free(zdb->pairs);
	free(zdb);
}

/* Start the pool; NULL: libzdb's word for what went wrong is in problem. */
static ConnectionPool_T start(URL_T url, int size, char *problem, size_t problem_size)
{
	ConnectionPool_T volatile pool = ConnectionPool_new(url);

	ConnectionPool_setInitialConnections(pool, size);
	ConnectionPool_setMaxConnections(pool, size);
	TRY
	{
		ConnectionPool_start(pool);
	}
	ELSE
	{
		ConnectionPool_T failed = pool;

		(void)snprintf(problem, problem_size, "%s", Exception_frame.message);
		ConnectionPool_free(&failed);
		pool = NULL;
	}
	END_TRY;
	/* It turns this on for the whole process, and weir's scenarios on SQLite are in
	 * it, too. */
	(void)sqlite3_enable_shared_cache(0);
	return pool;
}

/* Give each of its connections one of the scenario's. */
static int pair_all(struct zdb_pool *zdb, char *problem, size_t problem_size)
{
	const struct pool_source *const source = zdb->setup->source;
	const unsigned count = zdb->setup->conns_max;
	Connection_T *const out = calloc(count, sizeof(Connection_T));
	unsigned taken = 0;
	int rc = out != NULL ? 0 : -1;

	for (; rc == 0 && taken < count; taken++) {
		struct zdb_pair *pair;

		out[taken] = ConnectionPool_getConnection(zdb->pool);
		if (out[taken] == NULL) {
			rc = -1;
			break;
		}
		pair = find_pair(zdb, out[taken]);
		pair->own = out[taken];
		rc = source->open(source->self, bench_now() + zdb->setup->open_timeout_ns, &pair->conn);
	}
	for (unsigned i = 0; i < taken; i++)
		ConnectionPool_returnConnection(zdb->pool, out[i]);
	free(out);
	if (rc != 0)
		(void)snprintf(problem, problem_size, "connection %u of %u did not open", taken, count);
	return rc;
}

static int zdb_create(void **out, const struct pool_setup *setup, char *problem,
                      size_t problem_size)
{
	struct zdb_pool *const zdb = calloc(1, sizeof(*zdb));

	*out = NULL;
	if (zdb == NULL || setup->source == NULL) {
		(void)snprintf(problem, problem_size, "no memory, or nothing to open");
		free(zdb);
		return -1;
	}
	zdb->setup = setup;
	zdb->pairs_size = 4;
	while (zdb->pairs_size < (size_t)setup->conns_max * 2)
		zdb->pairs_size *= 2;
	zdb->pairs = calloc(zdb->pairs_size, sizeof(*zdb->pairs));
	zdb->url = URL_new(URL_TEXT);
	if (zdb->pairs != NULL && zdb->url != NULL)
		zdb->pool = start(zdb->url, (int)setup->conns_max, problem, problem_size);
	if (zdb->pool == NULL || pair_all(zdb, problem, problem_size) != 0) {
		zdb_destroy(zdb);
		return -1;
	}
	*out = zdb;
	return 0;
}

static int zdb_acquire(void *opaque, unsigned thread, struct pool_lease *lease)
{
	static const struct timespec ask_again = {.tv_nsec = ASK_AGAIN_NS};
	const struct zdb_pool *const zdb = opaque;
	Connection_T own = ConnectionPool_getConnection(zdb->pool);

	(void)thread;
	if (own == NULL) {
		const int64_t give_up_ns = bench_now() + zdb->setup->acquire_timeout_ns;

		do {
			if (bench_now() >= give_up_ns)
				return -1;
			(void)nanosleep(&ask_again, NULL);
			own = ConnectionPool_getConnection(zdb->pool);
		} while (own == NULL);
	}
	lease->own[0] = (uint64_t)(uintptr_t)own;
	lease->conn = find_pair(zdb, own)->conn;
	return 0;
}

static void zdb_release(void *opaque, unsigned thread, struct pool_lease *lease)
{
	const struct zdb_pool *const zdb = opaque;

	(void)thread;
	lease->conn = NULL;
	ConnectionPool_returnConnection(zdb->pool, (Connection_T)(uintptr_t)lease->own[0]);
}

const struct pool_under_test *pool_under_test_entry(void)
{
	static char doc[96];
	static struct pool_under_test table = {
		.size = sizeof(table),
		.version = POOL_UNDER_TEST_VERSION,
		.name = "libzdb",
		.doc = doc,
		.extra_work = "pings at every acquire, on SQLite in memory; answers NULL when all are "
					  "out, and the caller sleeps 1 ms and asks again",
		.create = zdb_create,
		.destroy = zdb_destroy,
		.acquire = zdb_acquire,
		.release = zdb_release,
	};

	/* Its version comes with a copyright behind it. */
	(void)snprintf(doc, sizeof(doc), "%.*s: one mutex around an array that it searches",
	               (int)strcspn(ConnectionPool_version(), " "), ConnectionPool_version());
	return &table;
}
