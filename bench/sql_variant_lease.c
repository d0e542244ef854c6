/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A pool of SQLite connections, all alike, each operation on a lease of its own:
 * weir over its SQLite driver, and the mutex stack over the same connections
 * opened by hand.
 */
#include <stdio.h>
#include <stdlib.h>

#include <weir/sqlite.h>

#include "conn_set.h"
#include "sql_variant.h"
#include "variant.h"

/* ---- weir ---- */

/* What bench_sql_open sets by hand: cache in KiB, checkpoint in pages, busy
 * timeout in milliseconds. */
static const char settings_format[] = "synchronous=full foreign_keys=on mmap_size=0B "
									  "cache_size=%dKiB wal_autocheckpoint=%d busy_timeout=%dms";

#define SETTINGS_MAX 256

/* Statements live on a connection; whoever holds the lease of a slot has its
 * entry to himself. */
struct weir_lease_pool {
	struct weir_pool *pool;
	struct bench_sql_conn *by_slot;
};

static void weir_lease_destroy(void *pool)
{
	struct weir_lease_pool *leases = pool;

	if (leases == NULL)
		return;
	/* Closing a connection finalizes its statements. */
	weir_pool_destroy(leases->pool);
	free(leases->by_slot);
	free(leases);
}

static enum weir_code configure(struct weir_config *config, const struct bench_sql_setup *setup,
                                struct weir_error *err)
{
	char settings[SETTINGS_MAX];

	weir_config_init(config, weir_sqlite_driver());
	(void)snprintf(config->path, sizeof(config->path), "%s", setup->path);
	config->max_size = setup->conns;
	config->min_idle = setup->conns;
	(void)snprintf(settings, sizeof(settings), settings_format, BENCH_SQL_CACHE_KIB,
	               BENCH_SQL_AUTOCHECKPOINT_PAGES, BENCH_SQL_BUSY_TIMEOUT_MS);
	return weir_config_apply_pairs(config, weir_sqlite_driver(), settings, NULL, err);
}

static enum weir_code weir_lease_create(void **pool, const struct bench_sql_setup *setup,
                                        struct weir_error *err)
{
	void *by_slot = NULL;
	struct weir_lease_pool *leases;
	struct weir_config config;
	enum weir_code code = bench_alloc_pool(pool, sizeof(*leases), err);

	if (code != WEIR_OK)
		return code;
	leases = *pool;
	code = bench_alloc_pool(&by_slot, setup->conns * sizeof(*leases->by_slot), err);
	leases->by_slot = by_slot;
	if (code == WEIR_OK)
		code = configure(&config, setup, err);
	if (code == WEIR_OK)
		code = weir_pool_create(&leases->pool, weir_sqlite_driver(), NULL, &config, err);
	if (code != WEIR_OK) {
		weir_lease_destroy(leases);
		*pool = NULL;
	}
	return code;
}

typedef enum bench_sql_outcome (*operation)(struct bench_sql_conn *conn, int64_t key);

static enum bench_sql_outcome weir_lease_run(struct weir_lease_pool *leases, operation operate,
                                             int64_t key)
{
	struct weir_lease lease = {0};
	struct bench_sql_conn *conn;
	enum bench_sql_outcome outcome = BENCH_SQL_FAILED;
	sqlite3 *db;

	if (weir_acquire(leases->pool, &lease, NULL) != WEIR_OK)
		return BENCH_SQL_TIMEOUT;
	conn = &leases->by_slot[lease.slot];
	db = weir_sqlite_handle(&lease);
	/* A slot's first lease, or its connection is a new one: that has no
	 * statements, even if it lies where the old one did. */
	if ((conn->db == db && sqlite3_next_stmt(db, NULL) != NULL) ||
	    bench_sql_prepare(conn, db, NULL) == WEIR_OK)
		outcome = operate(conn, key);
	return weir_release(&lease, NULL) == WEIR_OK ? outcome : BENCH_SQL_FAILED;
}

static enum bench_sql_outcome weir_lease_read(void *pool, unsigned thread, int64_t key)
{
	(void)thread;
	return weir_lease_run(pool, bench_sql_read, key);
}

static enum bench_sql_outcome weir_lease_write(void *pool, unsigned thread, int64_t key)
{
	(void)thread;
	return weir_lease_run(pool, bench_sql_write, key);
}

const struct bench_sql_variant bench_sql_weir_lease = {
	.name = "weir-lease",
	.doc = "weir over its SQLite driver; a lease for each operation",
	.create = weir_lease_create,
	.destroy = weir_lease_destroy,
	.read = weir_lease_read,
	.write = weir_lease_write,
};

/* ---- the mutex stack ---- */

/* A driver that does what a program without weir does: open, prepare, close. */
static enum weir_code hand_open(const struct weir_open_request *request, void **out,
                                struct weir_error *err)
{
	struct bench_sql_conn *conn = bench_alloc(sizeof(*conn));
	sqlite3 *db = NULL;
	enum weir_code code;

	if (conn == NULL)
		return weir_fail(err, WEIR_ERR_NO_MEMORY, "bench.sql", 0, "no memory for a connection");
	code = bench_sql_open(&db, request->config->path, BENCH_SQL_NOMUTEX, err);
	if (code == WEIR_OK)
		code = bench_sql_prepare(conn, db, err);
	if (code != WEIR_OK) {
		(void)sqlite3_close(db);
		free(conn);
		return code;
	}
	*out = conn;
	return WEIR_OK;
}

static void hand_close(void *opaque)
{
	struct bench_sql_conn *conn = opaque;
	sqlite3 *db = conn->db;

	bench_sql_finalize(conn);
	(void)sqlite3_close(db);
	free(conn);
}

static const struct weir_driver hand_driver = {
	.abi = WEIR_DRIVER_ABI,
	.size = sizeof(hand_driver),
	.name = "sqlite",
	.open = hand_open,
	.close = hand_close,
};

static enum weir_code mutex_lifo_create(void **pool, const struct bench_sql_setup *setup,
                                        struct weir_error *err)
{
	struct weir_config config;
	const struct bench_setup lifo = {
		.driver = &hand_driver,
		.config = &config,
		.threads = setup->threads,
		.conns = setup->conns,
	};

	weir_config_init(&config, &hand_driver);
	(void)snprintf(config.path, sizeof(config.path), "%s", setup->path);
	return bench_variant_mutex_lifo.create(pool, &lifo, err);
}

static enum bench_sql_outcome mutex_lifo_run(void *pool, unsigned thread, operation operate,
                                             int64_t key)
{
	struct weir_lease lease = {0};
	enum bench_sql_outcome outcome;

	if (!bench_variant_mutex_lifo.acquire(pool, thread, &lease))
		return BENCH_SQL_TIMEOUT;
	outcome = operate(lease.conn, key);
	bench_variant_mutex_lifo.release(pool, thread, &lease);
	return outcome;
}

static enum bench_sql_outcome mutex_lifo_read(void *pool, unsigned thread, int64_t key)
{
	return mutex_lifo_run(pool, thread, bench_sql_read, key);
}

static enum bench_sql_outcome mutex_lifo_write(void *pool, unsigned thread, int64_t key)
{
	return mutex_lifo_run(pool, thread, bench_sql_write, key);
}

static void mutex_lifo_destroy(void *pool)
{
	bench_variant_mutex_lifo.destroy(pool);
}

const struct bench_sql_variant bench_sql_mutex_lifo = {
	.name = "mutex-lifo",
	.doc = "a mutex, a condition variable and a stack of SQLite connections",
	.create = mutex_lifo_create,
	.destroy = mutex_lifo_destroy,
	.read = mutex_lifo_read,
	.write = mutex_lifo_write,
};
