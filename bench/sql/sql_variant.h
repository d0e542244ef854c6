/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A SQL variant: one way for threads to share a SQLite database.
 */
#ifndef BENCH_SQL_VARIANT_H
#define BENCH_SQL_VARIANT_H

#include <weir/config.h>

#include "sql_conn.h"
#include "standing.h"

struct bench_sql_setup {
	const char *path;
	struct bench_sql_settings settings;
	unsigned threads; /* callers, numbered from 0 */
	unsigned conns;   /* for variants that share connections */
};

/* Since the pool was made, and only of what it has committed. */
struct bench_sql_counts {
	uint64_t writes;  /* operations */
	uint64_t commits; /* transactions they shared */
	int64_t stall_ns; /* the longest checkpoint; -1: not known */
};

struct bench_sql_variant {
	const char *name;
	const char *doc; /* one line, for `weir-bench list` */
	enum bench_standing standing;
	unsigned rows_per_write; /* 0: one */
	bool alone;              /* one caller, however many the scenario has */
	bool single;             /* only in scenarios with one caller */

	/* Open everything. *pool is NULL on failure. */
	enum weir_code (*create)(void **pool, const struct bench_sql_setup *setup,
	                         struct weir_error *err);

	/* Close everything. Nobody uses the pool. NULL is accepted. */
	void (*destroy)(void *pool);

	/* One operation of thread number thread, from call to outcome. */
	enum bench_sql_outcome (*read)(void *pool, unsigned thread, int64_t key);
	enum bench_sql_outcome (*write)(void *pool, unsigned thread, int64_t key);

	/* Keep a read transaction open from begin to end, on one thread; NULL: this
	 * variant cannot. */
	enum bench_sql_outcome (*hold_begin)(void *pool, unsigned thread);
	void (*hold_end)(void *pool, unsigned thread);

	/* What the pool knows of its own transactions; NULL: each write is one. */
	void (*counts)(void *pool, struct bench_sql_counts *counts);
};

/* Its place in the table below; a number survives the way to another process. */
enum bench_sql_pool {
	BENCH_SQL_WEIR = 0,
	BENCH_SQL_WEIR_POOL,
	BENCH_SQL_BUSY_TIMEOUT,
	BENCH_SQL_MUTEX_WRITER,
	BENCH_SQL_SHARED_CONN,
	BENCH_SQL_GROUP_OF_32,
	BENCH_SQL_RAW_1,
	BENCH_SQL_POOLS
};

/* The configuration of weir's variants: what the others have, set by hand. */
enum weir_code bench_sql_configure(struct weir_config *config, const struct bench_sql_setup *setup,
                                   struct weir_error *err);

/* Zeroed memory for a pool, aligned to a cache line; free() takes it back. */
enum weir_code bench_sql_alloc(void **memory, size_t bytes, struct weir_error *err);

/* All of them; static storage. */
const struct bench_sql_variant *bench_sql_variant_of(enum bench_sql_pool pool);

extern const struct bench_sql_variant bench_sql_weir;
extern const struct bench_sql_variant bench_sql_weir_pool;
extern const struct bench_sql_variant bench_sql_busy_timeout;
extern const struct bench_sql_variant bench_sql_mutex_writer;
extern const struct bench_sql_variant bench_sql_shared_conn;
extern const struct bench_sql_variant bench_sql_group_of_32;
extern const struct bench_sql_variant bench_sql_raw_1;

#endif
