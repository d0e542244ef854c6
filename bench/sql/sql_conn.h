/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A SQLite connection with a scenario's statements prepared once, and their
 * execution on it. Every variant that has connections of SQLite's own runs exactly
 * this; they differ only in how a thread comes by one.
 */
#ifndef BENCH_SQL_CONN_H
#define BENCH_SQL_CONN_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

#include <weir/error.h>

#include "sql_statement.h"

/* Equal on every side, spelled out so that no default of a driver decides. */
#define BENCH_SQL_AUTOCHECKPOINT_PAGES 1000
#define BENCH_SQL_BUSY_TIMEOUT_MS 5000

/* What differs between scenarios, equal on every side. */
struct bench_sql_settings {
	bool visible; /* synchronous=NORMAL; else FULL: a commit survives a power cut */
	int cache_kib;
};

struct bench_sql_conn {
	sqlite3 *db;
	unsigned count;
	sqlite3_stmt *prepared[BENCH_STATEMENTS_MAX]; /* by the statement's index */
};

/* Open path with SQLite's own means, one connection for one thread at a time
 * (NOMUTEX) or, serialized, for several at once. *db is NULL on failure. */
enum bench_sql_threading { BENCH_SQL_NOMUTEX = 0, BENCH_SQL_SERIALIZED = 1 };
enum weir_code bench_sql_open(sqlite3 **db, const char *path, enum bench_sql_threading threading,
                              const struct bench_sql_settings *settings, struct weir_error *err);

/* Prepare count statements of conn on db. On failure none is left. */
enum weir_code bench_sql_prepare(struct bench_sql_conn *conn, sqlite3 *db,
                                 const struct bench_statement *statements, unsigned count,
                                 struct weir_error *err);

/* Finalize them. A zeroed conn is accepted. */
void bench_sql_finalize(struct bench_sql_conn *conn);

/* Run a statement with values, in a transaction of its own unless one is open. FAILED
 * too when a row that has to be there is not. */
enum pool_outcome bench_sql_execute(struct bench_sql_conn *conn,
                                    const struct bench_statement *statement,
                                    const struct pool_value *values);

/* Run one statement that yields no rows. */
enum pool_outcome bench_sql_run(struct bench_sql_conn *conn, const char *sql);

#endif
