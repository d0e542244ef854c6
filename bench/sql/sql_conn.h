/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A SQLite connection with its two statements prepared once, and the two
 * operations of the SQL scenarios on it. Every variant, weir's too, runs exactly
 * these; they differ only in how a thread comes by a connection.
 */
#ifndef BENCH_SQL_CONN_H
#define BENCH_SQL_CONN_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

#include <weir/error.h>

#define BENCH_SQL_ROWS 100000
#define BENCH_SQL_VALUE_BYTES 100

/* Equal on every side, spelled out so that no default of a driver decides. */
#define BENCH_SQL_AUTOCHECKPOINT_PAGES 1000
#define BENCH_SQL_BUSY_TIMEOUT_MS 5000

/* What differs between scenarios, equal on every side. */
struct bench_sql_settings {
	bool visible; /* synchronous=NORMAL; else FULL: a commit survives a power cut */
	int cache_kib;
};

enum bench_sql_outcome {
	BENCH_SQL_DONE = 0,
	BENCH_SQL_BUSY = 1,    /* SQLite gave up waiting for a lock */
	BENCH_SQL_TIMEOUT = 2, /* no connection within acquire_timeout */
	BENCH_SQL_FAILED = 3,  /* anything else: the run is worth nothing */
};

struct bench_sql_conn {
	sqlite3 *db;
	sqlite3_stmt *read;
	sqlite3_stmt *write;
	unsigned char value[BENCH_SQL_VALUE_BYTES]; /* bound to write */
};

/* Open path with SQLite's own means, one connection for one thread at a time
 * (NOMUTEX) or, serialized, for several at once. *db is NULL on failure. */
enum bench_sql_threading { BENCH_SQL_NOMUTEX = 0, BENCH_SQL_SERIALIZED = 1 };
enum weir_code bench_sql_open(sqlite3 **db, const char *path, enum bench_sql_threading threading,
                              const struct bench_sql_settings *settings, struct weir_error *err);

/* Prepare the statements of conn on db. On failure none is left. */
enum weir_code bench_sql_prepare(struct bench_sql_conn *conn, sqlite3 *db, struct weir_error *err);

/* Finalize them. A zeroed conn is accepted. */
void bench_sql_finalize(struct bench_sql_conn *conn);

/* Select the row of a key, from 1 to BENCH_SQL_ROWS. */
enum bench_sql_outcome bench_sql_read(struct bench_sql_conn *conn, int64_t key);

/* Change the row of a key, in a transaction of its own unless one is open. */
enum bench_sql_outcome bench_sql_write(struct bench_sql_conn *conn, int64_t key);

/* Run one statement that yields no rows. */
enum bench_sql_outcome bench_sql_run(struct bench_sql_conn *conn, const char *sql);

/* The two statements, for whoever runs them by other means. */
extern const char bench_sql_read_text[];
extern const char bench_sql_write_text[];

/*
 * The values that one caller writes: begin with one that no other caller, pool or
 * repetition has, then make each the next. SQLite leaves a row alone that is
 * given the value it has, and the draws of all variants are the same: without
 * this, whoever comes second would be asked to change nothing.
 */
void bench_sql_value_begin(unsigned char value[BENCH_SQL_VALUE_BYTES]);
void bench_sql_value_next(unsigned char value[BENCH_SQL_VALUE_BYTES]);

#endif
