/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The limit of shared transactions: one thread that commits 32 rows at a time,
 * with nothing around SQLite's own calls and nobody to wait for or to wake. It is
 * no way to share a database: its one caller always has 32 rows at hand.
 */
#include <stdlib.h>

#include "sql_variant.h"

#define GROUP 32

struct group_pool {
	struct bench_sql_conn conn;
};

static void group_destroy(void *opaque)
{
	struct group_pool *pool = opaque;

	if (pool == NULL)
		return;

	sqlite3 *const db = pool->conn.db;

	bench_sql_finalize(&pool->conn);
	(void)sqlite3_close(db);
	free(pool);
}

static enum weir_code group_create(void **out, const struct bench_sql_setup *setup,
                                   struct weir_error *err)
{
	struct group_pool *pool;
	sqlite3 *db = NULL;
	enum weir_code code = bench_sql_alloc(out, sizeof(*pool), err);

	if (code != WEIR_OK)
		return code;
	pool = *out;
	code = bench_sql_open(&db, setup->path, BENCH_SQL_NOMUTEX, &setup->settings, err);
	if (code == WEIR_OK)
		code = bench_sql_prepare(&pool->conn, db, setup->statements, setup->statements_count, err);
	if (code != WEIR_OK) {
		(void)sqlite3_close(db);
		free(pool);
		*out = NULL;
	}
	return code;
}

static enum pool_outcome group_execute(void *opaque, unsigned thread,
                                       const struct bench_statement *statement,
                                       const struct pool_value *values)
{
	struct group_pool *pool = opaque;

	(void)thread;
	return bench_sql_execute(&pool->conn, statement, values);
}

static enum pool_outcome group_begin(void *opaque)
{
	struct group_pool *pool = opaque;

	return bench_sql_run(&pool->conn, "BEGIN IMMEDIATE");
}

static enum pool_outcome group_end(void *opaque, bool commit)
{
	struct group_pool *pool = opaque;

	return bench_sql_run(&pool->conn, commit ? "COMMIT" : "ROLLBACK");
}

const struct bench_sql_variant bench_sql_group_of_32 = {
	.name = "group-of-32",
	.doc = "SQLite alone: one thread commits 32 rows at a time; the limit of a group",
	.standing = BENCH_STANDING_LIMIT,
	.rows_per_write = GROUP,
	.alone = true,
	.create = group_create,
	.destroy = group_destroy,
	.execute = group_execute,
	.group_begin = group_begin,
	.group_end = group_end,
};
