/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A SQLite connection and the two operations on it. See sql_conn.h.
 */
#include "sql_conn.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "monotonic.h"
#include "sql_meter.h"

#define PRAGMAS_MAX 256

/* With the cache in KiB. */
static const char pragmas_format[] = "PRAGMA journal_mode=WAL; PRAGMA synchronous=%s;"
									 " PRAGMA foreign_keys=ON; PRAGMA mmap_size=0;"
									 " PRAGMA cache_size=-%d;";

const char bench_sql_read_text[] = "SELECT value FROM kv WHERE id = ?1";
const char bench_sql_write_text[] = "UPDATE kv SET value = ?2 WHERE id = ?1";

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

enum weir_code bench_sql_prepare(struct bench_sql_conn *conn, sqlite3 *db, struct weir_error *err)
{
	int rc;

	memset(conn, 0, sizeof(*conn));
	conn->db = db;
	bench_sql_value_begin(conn->value);
	rc = sqlite3_prepare_v3(db, bench_sql_read_text, -1, SQLITE_PREPARE_PERSISTENT, &conn->read,
	                        NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_prepare_v3(db, bench_sql_write_text, -1, SQLITE_PREPARE_PERSISTENT,
		                        &conn->write, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_bind_blob(conn->write, 2, conn->value, sizeof(conn->value), SQLITE_STATIC);
	if (rc == SQLITE_OK)
		return WEIR_OK;
	bench_sql_finalize(conn);
	return weir_fail(err, WEIR_ERR_DRIVER_SQL, "bench.sql", rc, "cannot prepare: %s",
	                 sqlite3_errmsg(db));
}

void bench_sql_finalize(struct bench_sql_conn *conn)
{
	(void)sqlite3_finalize(conn->read);
	(void)sqlite3_finalize(conn->write);
	*conn = (struct bench_sql_conn){0};
}

static enum bench_sql_outcome outcome_of(int rc)
{
	if (rc == SQLITE_OK)
		return BENCH_SQL_DONE;
	return (rc & 0xff) == SQLITE_BUSY ? BENCH_SQL_BUSY : BENCH_SQL_FAILED;
}

enum bench_sql_outcome bench_sql_read(struct bench_sql_conn *conn, int64_t key)
{
	enum bench_sql_outcome outcome;
	bool whole;
	int rc;

	(void)sqlite3_bind_int64(conn->read, 1, key);
	rc = sqlite3_step(conn->read);
	whole = rc == SQLITE_ROW && sqlite3_column_blob(conn->read, 0) != NULL &&
	        sqlite3_column_bytes(conn->read, 0) == BENCH_SQL_VALUE_BYTES;
	outcome = outcome_of(sqlite3_reset(conn->read));
	/* A row that is missing or short is no outcome of a contest. */
	return outcome == BENCH_SQL_DONE && !whole ? BENCH_SQL_FAILED : outcome;
}

void bench_sql_value_begin(unsigned char value[BENCH_SQL_VALUE_BYTES])
{
	static _Atomic uint64_t callers;
	const uint64_t origin[2] = {(uint64_t)bench_now(), atomic_fetch_add(&callers, 1)};

	memset(value, 0, BENCH_SQL_VALUE_BYTES);
	memcpy(value + sizeof(uint64_t), origin, sizeof(origin));
}

void bench_sql_value_next(unsigned char value[BENCH_SQL_VALUE_BYTES])
{
	uint64_t version;

	memcpy(&version, value, sizeof(version));
	version++;
	memcpy(value, &version, sizeof(version));
}

enum bench_sql_outcome bench_sql_run(struct bench_sql_conn *conn, const char *sql)
{
	return outcome_of(sqlite3_exec(conn->db, sql, NULL, NULL, NULL));
}

enum bench_sql_outcome bench_sql_write(struct bench_sql_conn *conn, int64_t key)
{
	bench_sql_value_next(conn->value);
	(void)sqlite3_bind_int64(conn->write, 1, key);
	(void)sqlite3_step(conn->write);
	return outcome_of(sqlite3_reset(conn->write));
}
