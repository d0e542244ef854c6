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
	const struct bench_statement *statements;
	unsigned statements_count;
	unsigned threads;                     /* callers, numbered from 0 */
	unsigned conns;                       /* for variants that share connections */
	const struct pool_under_test *plugin; /* the variant's */
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
	const struct pool_under_test *plugin; /* what is behind it, or NULL */
	const char *extra_work;               /* as pool_under_test has it */
	unsigned rows_per_write;              /* 0: one */
	bool alone;                           /* one caller, however many the scenario has */
	bool single;                          /* only in scenarios with one caller */

	/* Open everything. *pool is NULL on failure. */
	enum weir_code (*create)(void **pool, const struct bench_sql_setup *setup,
	                         struct weir_error *err);

	/* Close everything. Nobody uses the pool. NULL is accepted. */
	void (*destroy)(void *pool);

	/* One operation of thread number thread, from call to outcome. */
	enum pool_outcome (*execute)(void *pool, unsigned thread,
	                             const struct bench_statement *statement,
	                             const struct pool_value *values);

	/* Around so many operations of one thread as rows_per_write says; NULL: it is 1. */
	enum pool_outcome (*group_begin)(void *pool);
	enum pool_outcome (*group_end)(void *pool, bool commit);

	/* Keep a read transaction open from begin to end, on one thread, in which the
	 * statement has read; NULL: this variant cannot. */
	enum pool_outcome (*hold_begin)(void *pool, unsigned thread,
	                                const struct bench_statement *statement,
	                                const struct pool_value *values);
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

/* All of them, those below first; static storage. */
unsigned bench_sql_variants_count(void);
const struct bench_sql_variant *bench_sql_variant_of(unsigned index);

/* Let a pool that can execute take part, before anything runs; false: it cannot, or
 * there are too many. pool stays valid. */
bool bench_sql_variant_add(const struct pool_under_test *pool, enum bench_standing standing);

/* Forget those that were added. */
void bench_sql_variants_clear(void);

/* A pool as a variant. See sql_variant_plugin.c. */
struct bench_sql_variant bench_sql_plugin(const struct pool_under_test *pool,
                                          enum bench_standing standing);

extern const struct bench_sql_variant bench_sql_weir;
extern const struct bench_sql_variant bench_sql_weir_pool;
extern const struct bench_sql_variant bench_sql_busy_timeout;
extern const struct bench_sql_variant bench_sql_mutex_writer;
extern const struct bench_sql_variant bench_sql_shared_conn;
extern const struct bench_sql_variant bench_sql_group_of_32;
extern const struct bench_sql_variant bench_sql_raw_1;

#endif
