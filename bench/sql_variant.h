/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A SQL variant: one way for threads to share a SQLite database.
 */
#ifndef BENCH_SQL_VARIANT_H
#define BENCH_SQL_VARIANT_H

#include "sql_conn.h"

struct bench_sql_setup {
	const char *path;
	unsigned threads; /* callers, numbered from 0 */
	unsigned conns;   /* for variants that share connections */
};

struct bench_sql_variant {
	const char *name;
	const char *doc; /* one line, for `weir-bench list` */

	/* Open everything. *pool is NULL on failure. */
	enum weir_code (*create)(void **pool, const struct bench_sql_setup *setup,
	                         struct weir_error *err);

	/* Close everything. Nobody uses the pool. NULL is accepted. */
	void (*destroy)(void *pool);

	/* One operation of thread number thread, from call to outcome. */
	enum bench_sql_outcome (*read)(void *pool, unsigned thread, int64_t key);
	enum bench_sql_outcome (*write)(void *pool, unsigned thread, int64_t key);
};

extern const struct bench_sql_variant bench_sql_weir_lease;
extern const struct bench_sql_variant bench_sql_busy_timeout;
extern const struct bench_sql_variant bench_sql_mutex_writer;
extern const struct bench_sql_variant bench_sql_shared_conn;
extern const struct bench_sql_variant bench_sql_mutex_lifo;

#endif
