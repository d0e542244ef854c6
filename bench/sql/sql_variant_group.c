/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The limit of shared transactions: one thread that commits 32 rows at a time,
 * with nothing around SQLite's own calls and nobody to wait for or to wake. It is
 * no way to share a database: its one caller always has 32 rows at hand.
 */
#include <stdlib.h>

#include "random.h"
#include "sql_variant.h"

#define GROUP 32

struct group_pool {
	struct bench_sql_conn conn;
	struct bench_random keys;
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
	pool->keys = bench_random_init(1, 0);
	code = bench_sql_open(&db, setup->path, BENCH_SQL_NOMUTEX, &setup->settings, err);
	if (code == WEIR_OK)
		code = bench_sql_prepare(&pool->conn, db, err);
	if (code != WEIR_OK) {
		(void)sqlite3_close(db);
		free(pool);
		*out = NULL;
	}
	return code;
}

static enum bench_sql_outcome group_read(void *opaque, unsigned thread, int64_t key)
{
	struct group_pool *pool = opaque;

	(void)thread;
	return bench_sql_read(&pool->conn, key);
}

/* The row of key, and others drawn at random. */
static enum bench_sql_outcome group_write(void *opaque, unsigned thread, int64_t key)
{
	struct group_pool *pool = opaque;
	enum bench_sql_outcome outcome = bench_sql_run(&pool->conn, "BEGIN IMMEDIATE");

	(void)thread;
	if (outcome != BENCH_SQL_DONE)
		return outcome;
	for (int i = 0; i < GROUP && outcome == BENCH_SQL_DONE; i++) {
		outcome = bench_sql_write(&pool->conn, key);
		key = 1 + (int64_t)bench_random_below(&pool->keys, BENCH_SQL_ROWS);
	}
	if (outcome == BENCH_SQL_DONE)
		return bench_sql_run(&pool->conn, "COMMIT");
	(void)bench_sql_run(&pool->conn, "ROLLBACK");
	return outcome;
}

const struct bench_sql_variant bench_sql_group_of_32 = {
	.name = "group-of-32",
	.doc = "SQLite alone: one thread commits 32 rows at a time; the limit of a group",
	.standing = BENCH_STANDING_LIMIT,
	.rows_per_write = GROUP,
	.alone = true,
	.create = group_create,
	.destroy = group_destroy,
	.read = group_read,
	.write = group_write,
};
