/* SPDX-License-Identifier: BSD-2-Clause
 *
 * weir's bare pool over SQLite: connections that are all alike, each operation on
 * a lease of its own, and writers that meet SQLite's lock. What weir_db adds to a
 * pool is what it has over this row.
 */
#include <stdlib.h>

#include <weir/sqlite.h>

#include "sql_meter.h"
#include "sql_variant.h"

/* Statements live on a connection; whoever holds the lease of a slot has its
 * entry to himself. */
struct lease_pool {
	struct weir_pool *pool;
	struct bench_sql_conn *by_slot;
};

static void pool_destroy(void *pool)
{
	struct lease_pool *leases = pool;

	if (leases == NULL)
		return;
	/* Closing a connection finalizes its statements. */
	weir_pool_destroy(leases->pool);
	free(leases->by_slot);
	free(leases);
}

static void pool_counts(void *pool, struct bench_sql_counts *counts)
{
	(void)pool;
	/* Each write is a commit; SQLite makes its checkpoints inside, unseen. */
	*counts = (struct bench_sql_counts){.stall_ns = -1};
}

static enum weir_code pool_create(void **pool, const struct bench_sql_setup *setup,
                                  struct weir_error *err)
{
	void *by_slot = NULL;
	struct lease_pool *leases;
	struct weir_config config;
	enum weir_code code = bench_sql_alloc(pool, sizeof(*leases), err);

	if (code != WEIR_OK)
		return code;
	leases = *pool;
	code = bench_sql_alloc(&by_slot, setup->conns * sizeof(*leases->by_slot), err);
	leases->by_slot = by_slot;
	if (code == WEIR_OK && bench_sql_meter_install() != SQLITE_OK)
		code = weir_fail(err, WEIR_ERR_DRIVER, "bench.sql", 0, "cannot register a VFS");
	if (code == WEIR_OK)
		code = bench_sql_configure(&config, setup, err);
	if (code == WEIR_OK)
		code = weir_pool_create(&leases->pool, weir_sqlite_driver(), NULL, &config, err);
	if (code != WEIR_OK) {
		pool_destroy(leases);
		*pool = NULL;
	}
	return code;
}

typedef enum bench_sql_outcome (*operation)(struct bench_sql_conn *conn, int64_t key);

static enum bench_sql_outcome pool_run(struct lease_pool *leases, operation operate, int64_t key)
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

static enum bench_sql_outcome pool_read(void *pool, unsigned thread, int64_t key)
{
	(void)thread;
	return pool_run(pool, bench_sql_read, key);
}

static enum bench_sql_outcome pool_write(void *pool, unsigned thread, int64_t key)
{
	(void)thread;
	return pool_run(pool, bench_sql_write, key);
}

const struct bench_sql_variant bench_sql_weir_pool = {
	.name = "weir-pool",
	.doc = "weir's bare pool over SQLite; a lease for each operation",
	.create = pool_create,
	.destroy = pool_destroy,
	.read = pool_read,
	.write = pool_write,
	.counts = pool_counts,
};
