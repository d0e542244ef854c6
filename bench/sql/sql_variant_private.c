/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What programs do without a pool. Three ways, and the limit of one caller:
 *   busy-timeout  a connection for each thread; writers meet SQLite's lock and
 *                 its busy timeout. For reads this is the limit: no sharing.
 *   mutex-writer  the same for reads; all writes through one more connection,
 *                 behind a mutex, so that no two meet at SQLite's lock
 *   shared-conn   one serialized connection for everybody, each thread with
 *                 statements of its own on it
 */
#include <pthread.h>
#include <stdlib.h>

#include "sql_variant.h"

struct private_pool {
	pthread_mutex_t mutex;        /* mutex-writer: guards writer */
	struct bench_sql_conn writer; /* mutex-writer only */
	sqlite3 *shared;              /* shared-conn only */
	unsigned threads;
	struct bench_sql_conn *conns; /* by thread */
};

static void close_conn(struct bench_sql_conn *conn)
{
	sqlite3 *db = conn->db;

	bench_sql_finalize(conn);
	(void)sqlite3_close(db);
}

static void private_destroy(void *opaque)
{
	struct private_pool *pool = opaque;

	if (pool == NULL)
		return;
	for (unsigned i = 0; i < pool->threads; i++) {
		if (pool->shared != NULL)
			bench_sql_finalize(&pool->conns[i]);
		else
			close_conn(&pool->conns[i]);
	}
	close_conn(&pool->writer);
	(void)sqlite3_close(pool->shared);
	(void)pthread_mutex_destroy(&pool->mutex);
	free(pool->conns);
	free(pool);
}

static enum weir_code open_conn(struct bench_sql_conn *conn, const struct bench_sql_setup *setup,
                                struct weir_error *err)
{
	sqlite3 *db = NULL;
	enum weir_code code =
		bench_sql_open(&db, setup->path, BENCH_SQL_NOMUTEX, &setup->settings, err);

	if (code == WEIR_OK)
		code = bench_sql_prepare(conn, db, setup->statements, setup->statements_count, err);
	if (code != WEIR_OK)
		(void)sqlite3_close(db);
	return code;
}

enum sharing { PRIVATE = 0, PRIVATE_READERS = 1, SHARED = 2 };

static enum weir_code private_create(void **out, const struct bench_sql_setup *setup,
                                     enum sharing sharing, struct weir_error *err)
{
	void *conns = NULL;
	struct private_pool *pool;
	enum weir_code code = bench_sql_alloc(out, sizeof(*pool), err);

	if (code != WEIR_OK)
		return code;
	pool = *out;
	(void)pthread_mutex_init(&pool->mutex, NULL);
	code = bench_sql_alloc(&conns, setup->threads * sizeof(*pool->conns), err);
	pool->conns = conns;
	if (code == WEIR_OK && sharing == SHARED)
		code =
			bench_sql_open(&pool->shared, setup->path, BENCH_SQL_SERIALIZED, &setup->settings, err);
	if (code == WEIR_OK && sharing == PRIVATE_READERS)
		code = open_conn(&pool->writer, setup, err);
	for (unsigned i = 0; i < setup->threads && code == WEIR_OK; i++) {
		code = sharing == SHARED
		           ? bench_sql_prepare(&pool->conns[i], pool->shared, setup->statements,
		                               setup->statements_count, err)
		           : open_conn(&pool->conns[i], setup, err);
		pool->threads = i + 1;
	}
	if (code != WEIR_OK) {
		private_destroy(pool);
		*out = NULL;
	}
	return code;
}

static enum weir_code busy_timeout_create(void **pool, const struct bench_sql_setup *setup,
                                          struct weir_error *err)
{
	return private_create(pool, setup, PRIVATE, err);
}

static enum weir_code mutex_writer_create(void **pool, const struct bench_sql_setup *setup,
                                          struct weir_error *err)
{
	return private_create(pool, setup, PRIVATE_READERS, err);
}

static enum weir_code shared_conn_create(void **pool, const struct bench_sql_setup *setup,
                                         struct weir_error *err)
{
	return private_create(pool, setup, SHARED, err);
}

static enum pool_outcome own_execute(void *opaque, unsigned thread,
                                     const struct bench_statement *statement,
                                     const struct pool_value *values)
{
	const struct private_pool *pool = opaque;

	return bench_sql_execute(&pool->conns[thread], statement, values);
}

static enum pool_outcome own_hold_begin(void *opaque, unsigned thread,
                                        const struct bench_statement *statement,
                                        const struct pool_value *values)
{
	struct private_pool *pool = opaque;
	const enum pool_outcome outcome = bench_sql_run(&pool->conns[thread], "BEGIN");

	/* The snapshot is taken by the first read. */
	return outcome == POOL_DONE ? bench_sql_execute(&pool->conns[thread], statement, values)
	                            : outcome;
}

static void own_hold_end(void *opaque, unsigned thread)
{
	struct private_pool *pool = opaque;

	(void)bench_sql_run(&pool->conns[thread], "COMMIT");
}

static enum pool_outcome mutex_execute(void *opaque, unsigned thread,
                                       const struct bench_statement *statement,
                                       const struct pool_value *values)
{
	struct private_pool *pool = opaque;
	enum pool_outcome outcome;

	if (!statement->call.writes)
		return bench_sql_execute(&pool->conns[thread], statement, values);
	(void)pthread_mutex_lock(&pool->mutex);
	outcome = bench_sql_execute(&pool->writer, statement, values);
	(void)pthread_mutex_unlock(&pool->mutex);
	return outcome;
}

/* The limit: nobody to share with, and nothing around SQLite's own calls. */
const struct bench_sql_variant bench_sql_raw_1 = {
	.name = "raw-1",
	.doc = "SQLite alone: one thread, one connection; the limit of one caller",
	.standing = BENCH_STANDING_LIMIT,
	.single = true,
	.create = busy_timeout_create,
	.destroy = private_destroy,
	.execute = own_execute,
};

const struct bench_sql_variant bench_sql_busy_timeout = {
	.name = "busy-timeout",
	.doc = "a connection for each thread; writers wait in SQLite's busy timeout",
	.standing = BENCH_STANDING_BASELINE,
	.create = busy_timeout_create,
	.destroy = private_destroy,
	.execute = own_execute,
	.hold_begin = own_hold_begin,
	.hold_end = own_hold_end,
};

const struct bench_sql_variant bench_sql_mutex_writer = {
	.name = "mutex-writer",
	.doc = "a connection for each reader; one writer connection behind a mutex",
	.standing = BENCH_STANDING_BASELINE,
	.create = mutex_writer_create,
	.destroy = private_destroy,
	.execute = mutex_execute,
	.hold_begin = own_hold_begin,
	.hold_end = own_hold_end,
};

const struct bench_sql_variant bench_sql_shared_conn = {
	.name = "shared-conn",
	.doc = "one serialized connection for all threads",
	.standing = BENCH_STANDING_BASELINE,
	.create = shared_conn_create,
	.destroy = private_destroy,
	.execute = own_execute,
};
