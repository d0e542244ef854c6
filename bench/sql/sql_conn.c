/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A SQLite connection and the execution of statements on it. See sql_conn.h.
 */
#include "sql_conn.h"

#include <stdio.h>
#include <string.h>

#include "sql_meter.h"

#define PRAGMAS_MAX 256

/* With the cache in KiB. */
static const char pragmas_format[] = "PRAGMA journal_mode=WAL; PRAGMA synchronous=%s;"
									 " PRAGMA foreign_keys=ON; PRAGMA mmap_size=0;"
									 " PRAGMA cache_size=-%d;";

enum weir_code bench_sql_open(sqlite3 **db, const char *path, enum bench_sql_threading threading,
                              const struct bench_sql_settings *settings, struct weir_error *err)
{
	const int mutex = threading == BENCH_SQL_NOMUTEX ? SQLITE_OPEN_NOMUTEX : SQLITE_OPEN_FULLMUTEX;
	enum weir_code code = WEIR_OK;
	char pragmas[PRAGMAS_MAX];
	int rc = bench_sql_meter_install();

	*db = NULL;
	if (rc == SQLITE_OK)
		rc = sqlite3_open_v2(
			path, db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_PRIVATECACHE | mutex,
			NULL);
	if (rc == SQLITE_OK) {
		(void)sqlite3_busy_timeout(*db, BENCH_SQL_BUSY_TIMEOUT_MS);
		(void)snprintf(pragmas, sizeof(pragmas), pragmas_format,
		               settings->visible ? "NORMAL" : "FULL", settings->cache_kib);
		rc = sqlite3_exec(*db, pragmas, NULL, NULL, NULL);
	}
	if (rc == SQLITE_OK)
		bench_sql_meter_checkpoint(*db, BENCH_SQL_AUTOCHECKPOINT_PAGES);
	if (rc != SQLITE_OK) {
		code = weir_fail(err, WEIR_ERR_DRIVER_OPEN, "bench.sql", rc, "cannot open the database: %s",
		                 *db != NULL ? sqlite3_errmsg(*db) : sqlite3_errstr(rc));
		(void)sqlite3_close(*db);
		*db = NULL;
	}
	return code;
}

enum weir_code bench_sql_prepare(struct bench_sql_conn *conn, sqlite3 *db,
                                 const struct bench_statement *statements, unsigned count,
                                 struct weir_error *err)
{
	memset(conn, 0, sizeof(*conn));
	conn->db = db;
	for (; conn->count < count; conn->count++) {
		const int rc = sqlite3_prepare_v3(db, statements[conn->count].call.sql, -1,
		                                  SQLITE_PREPARE_PERSISTENT, &conn->prepared[conn->count],
		                                  NULL);

		if (rc == SQLITE_OK)
			continue;
		bench_sql_finalize(conn);
		return weir_fail(err, WEIR_ERR_DRIVER_SQL, "bench.sql", rc, "cannot prepare: %s",
		                 sqlite3_errmsg(db));
	}
	return WEIR_OK;
}

void bench_sql_finalize(struct bench_sql_conn *conn)
{
	for (unsigned i = 0; i < conn->count; i++)
		(void)sqlite3_finalize(conn->prepared[i]);
	*conn = (struct bench_sql_conn){0};
}

static enum pool_outcome outcome_of(int rc)
{
	if (rc == SQLITE_OK)
		return POOL_DONE;
	return (rc & 0xff) == SQLITE_BUSY ? POOL_BUSY : POOL_FAILED;
}

/* The values stay where they are until the statement is reset. */
static void bind(sqlite3_stmt *stmt, int mark, const struct pool_value *value)
{
	switch (value->type) {
	case POOL_VALUE_NULL:
		(void)sqlite3_bind_null(stmt, mark);
		return;
	case POOL_VALUE_INT64:
		(void)sqlite3_bind_int64(stmt, mark, value->as.int64);
		return;
	case POOL_VALUE_REAL:
		(void)sqlite3_bind_double(stmt, mark, value->as.real);
		return;
	case POOL_VALUE_TEXT:
		(void)sqlite3_bind_text(stmt, mark, value->as.data, (int)value->length, SQLITE_STATIC);
		return;
	case POOL_VALUE_BLOB:
		(void)sqlite3_bind_blob(stmt, mark, value->as.data, (int)value->length, SQLITE_STATIC);
		return;
	}
}

enum pool_outcome bench_sql_execute(struct bench_sql_conn *conn,
                                    const struct bench_statement *statement,
                                    const struct pool_value *values)
{
	sqlite3_stmt *const stmt = conn->prepared[statement->call.index];
	enum pool_outcome outcome;
	bool missing;
	int rc;

	for (unsigned i = 0; i < statement->parameters_count; i++)
		bind(stmt, (int)i + 1, &values[i]);
	rc = sqlite3_step(stmt);
	missing = statement->one_row && rc != SQLITE_ROW;
	while (rc == SQLITE_ROW && !statement->one_row)
		rc = sqlite3_step(stmt);
	outcome = outcome_of(sqlite3_reset(stmt));
	/* A row that is missing is no outcome of a contest. */
	return outcome == POOL_DONE && missing ? POOL_FAILED : outcome;
}

enum pool_outcome bench_sql_run(struct bench_sql_conn *conn, const char *sql)
{
	return outcome_of(sqlite3_exec(conn->db, sql, NULL, NULL, NULL));
}
