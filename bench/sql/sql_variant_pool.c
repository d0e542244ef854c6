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
	const struct bench_statement *statements;
	unsigned statements_count;
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
	leases->statements = setup->statements;
	leases->statements_count = setup->statements_count;
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

static enum pool_outcome pool_execute(void *pool, unsigned thread,
                                      const struct bench_statement *statement,
                                      const struct pool_value *values)
{
	const struct lease_pool *const leases = pool;
	struct weir_lease lease = {0};
	struct bench_sql_conn *conn;
	enum pool_outcome outcome = POOL_FAILED;
	sqlite3 *db;

	(void)thread;
	if (weir_acquire(leases->pool, &lease, NULL) != WEIR_OK)
		return POOL_TIMEOUT;
	conn = &leases->by_slot[lease.slot];
	db = weir_sqlite_handle(&lease);
	/* A slot's first lease, or its connection is a new one: that has no
	 * statements, even if it lies where the old one did. */
	if ((conn->db == db && sqlite3_next_stmt(db, NULL) != NULL) ||
	    bench_sql_prepare(conn, db, leases->statements, leases->statements_count, NULL) == WEIR_OK)
		outcome = bench_sql_execute(conn, statement, values);
	return weir_release(&lease, NULL) == WEIR_OK ? outcome : POOL_FAILED;
}

const struct bench_sql_variant bench_sql_weir_pool = {
	.name = "weir-pool",
	.doc = "weir's bare pool over SQLite; a lease for each operation",
	.create = pool_create,
	.destroy = pool_destroy,
	.execute = pool_execute,
	.counts = pool_counts,
};
