/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Opening a connection: the file, the proof that it is a database, WAL, and the
 * settings that SQLite keeps per connection.
 *
 * SQLite opens lazily and would report a file that is no database at the first
 * statement of some borrower; here it is found out before the pool gets it.
 *
 * What the deadline bounds: waiting for locks, the switch to WAL, reading the
 * schema. What it cannot bound: single calls into a file system that hangs, the
 * replay of a WAL after a crash, and the up to ten seconds for which SQLite
 * itself retries to join a WAL that other processes are changing.
 */
#include "sqlite_internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char where[] = "sqlite.open";

/* What one step of an open works on. */
struct opening {
	struct weir__sqlite_conn *conn;
	const struct weir_open_request *request;
	const struct weir_config *config;
	const char *path;
	struct weir_time deadline;
	bool is_memory; /* no file, no WAL */
};

/* Pragmas that take the value of a setting, per connection. */
struct pragma {
	enum weir__sqlite_setting setting;
	const char *name;
	int64_t divisor; /* from the setting's unit to the pragma's */
	bool certain;    /* read it back: a build without the feature says nothing */
};

static const struct pragma pragmas[] = {
	{WEIR__SQLITE_CACHE_SIZE, "cache_size", -1024, false}, /* negative: in KiB, not in pages */
	{WEIR__SQLITE_FOREIGN_KEYS, "foreign_keys", 1, true},
	{WEIR__SQLITE_MMAP_SIZE, "mmap_size", 1, false},
	{WEIR__SQLITE_SYNCHRONOUS, "synchronous", 1, true},
	{WEIR__SQLITE_TEMP_STORE, "temp_store", 1, false},
};

/* Fail for a reason of SQLite's, or for the deadline if that was behind it. */
static enum weir_code fail(const struct opening *opening, int rc, struct weir_error *err)
{
	sqlite3 *const db = opening->conn->db;
	const int kind = rc & 0xff;
	const bool waited = kind == SQLITE_BUSY || kind == SQLITE_INTERRUPT;
	/* The file itself was looked at before: what is wrong is beside it. */
	const bool beside = kind == SQLITE_CANTOPEN || kind == SQLITE_READONLY;
	enum weir_code code = WEIR_ERR_DRIVER_OPEN;
	char reason[WEIR__SQLITE_REASON_MAX];

	if (kind == SQLITE_NOMEM)
		code = WEIR_ERR_NO_MEMORY;
	if (waited && weir_now().ns >= opening->deadline.ns)
		code = WEIR_ERR_DRIVER_DEADLINE;
	weir__sqlite_reason(db, rc, reason);
	return weir_fail(err, code, where, weir__sqlite_extended(db, rc), "%s: %s%s",
	                 weir__sqlite_show(opening->path).text, reason,
	                 beside ? "; SQLite must be able to make -wal and -shm beside it" : "");
}

/* Run a statement and copy the first column of its first row, "" without one. */
static int ask(sqlite3 *db, const char *sql, char *answer, size_t answer_size)
{
	sqlite3_stmt *stmt = NULL;
	const int rc = sqlite3_prepare_v2(db, sql, -1, &stmt, NULL);

	answer[0] = '\0';
	if (rc != SQLITE_OK)
		return rc;
	if (sqlite3_step(stmt) == SQLITE_ROW) {
		const char *const text = (const char *)sqlite3_column_text(stmt, 0);

		(void)snprintf(answer, answer_size, "%s", text != NULL ? text : "");
	}
	return sqlite3_finalize(stmt); /* reports what step failed with, in full */
}

/*
 * The first statement: it reads the header and the schema, so a file that is no
 * database is found out here. The switch reads before it writes, and SQLite
 * calls no busy handler for a lock that is asked for on top of another: a writer
 * that still works in the old mode, or another open at the same moment, would
 * make it fail at once.
 */
static enum weir_code switch_to_wal(const struct opening *opening, struct weir_error *err)
{
	char mode[16];
	int rc = ask(opening->conn->db, "PRAGMA journal_mode=WAL", mode, sizeof(mode));

	while ((rc & 0xff) == SQLITE_BUSY && weir__sqlite_nap(opening->conn, opening->deadline))
		rc = ask(opening->conn->db, "PRAGMA journal_mode=WAL", mode, sizeof(mode));
	if (rc != SQLITE_OK)
		return fail(opening, rc, err);
	if (strcmp(mode, "wal") != 0)
		return weir_fail(err, WEIR_ERR_DRIVER_OPEN, where, SQLITE_CANTOPEN,
		                 "%s: its journal mode stays \"%s\" where WAL was asked for",
		                 weir__sqlite_show(opening->path).text, mode);
	return WEIR_OK;
}

#define TEMP_STORE_MEMORY 2

/* What a pragma is to be set to. */
static int64_t value_of(const struct opening *opening, const struct pragma *pragma)
{
	const int64_t value = opening->config->driver_values[pragma->setting] / pragma->divisor;

	/* The journals of savepoints and statements would go to a file once they are
	 * longer than 64 KiB: system calls in the middle of a group. */
	if (pragma->setting == WEIR__SQLITE_TEMP_STORE && value == 0 &&
	    opening->conn->role == WEIR_ROLE_WRITER)
		return TEMP_STORE_MEMORY;
	return value;
}

static enum weir_code apply_pragma(const struct opening *opening, const struct pragma *pragma,
                                   struct weir_error *err)
{
	sqlite3 *const db = opening->conn->db;
	const int64_t value = value_of(opening, pragma);
	char sql[64];
	char answer[32];

	(void)snprintf(sql, sizeof(sql), "PRAGMA %s=%" PRId64, pragma->name, value);

	int rc = ask(db, sql, answer, sizeof(answer));

	if (rc == SQLITE_OK && pragma->certain) {
		(void)snprintf(sql, sizeof(sql), "PRAGMA %s", pragma->name);
		rc = ask(db, sql, answer, sizeof(answer));
		if (rc == SQLITE_OK && strtoll(answer, NULL, 10) != value)
			return weir_fail(err, WEIR_ERR_DRIVER_OPEN, where, SQLITE_ERROR,
			                 "%s: this build of SQLite ignores PRAGMA %s",
			                 weir__sqlite_show(opening->path).text, pragma->name);
	}
	return rc == SQLITE_OK ? WEIR_OK : fail(opening, rc, err);
}

static enum weir_code apply_pragmas(const struct opening *opening, struct weir_error *err)
{
	enum weir_code code = WEIR_OK;

	for (size_t i = 0; i < sizeof(pragmas) / sizeof(pragmas[0]) && code == WEIR_OK; i++)
		code = apply_pragma(opening, &pragmas[i], err);
	return code;
}

/*
 * What a role of weir_db adds.
 *
 * Reader: opened like the others, and then told to refuse writes. One opened
 * READONLY could not join the WAL after a crash, nor make -shm while no writer is
 * there. The authorizer keeps borrowers from taking query_only back.
 *
 * No role but the writer copies the WAL when it is closed as the last one: that
 * belongs to whoever has the gate. The writer may: SQLite does it under the
 * exclusive lock of the file, which means that no other connection of any process
 * is there to commit.
 *
 * The writer, which is opened first, reads once, and so makes -wal and -shm before
 * anybody else needs them; and it leaves a first frame (sqlite_seed.c).
 */
static enum weir_code take_role(const struct opening *opening, struct weir_error *err)
{
	struct weir__sqlite_conn *const conn = opening->conn;
	const char *const sql = conn->role == WEIR_ROLE_READER ? "PRAGMA query_only=1"
	                                                       : "PRAGMA schema_version";
	char answer[32];
	int rc = SQLITE_OK;

	if (conn->role == WEIR_ROLE_ANY)
		return WEIR_OK;
	if (conn->role != WEIR_ROLE_WRITER)
		rc = sqlite3_db_config(conn->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	if (rc == SQLITE_OK)
		rc = ask(conn->db, sql, answer, sizeof(answer));
	if (rc != SQLITE_OK)
		return fail(opening, rc, err);

	const enum weir_code code = weir__sqlite_engine_open(conn, opening->request, err);

	if (code == WEIR_OK && conn->role == WEIR_ROLE_WRITER && !opening->is_memory)
		weir__sqlite_seed(conn);
	return code;
}

/* A private cache and no mutex: the lease is the lock, and one cache shared by
 * connections brings locks on tables, which no busy handler waits for. */
static const int open_flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX |
                              SQLITE_OPEN_PRIVATECACHE | SQLITE_OPEN_EXRESCODE;

static void note_limits(struct weir__sqlite_conn *conn)
{
	for (int id = 0; id < WEIR__SQLITE_LIMITS; id++)
		conn->limits[id] = sqlite3_limit(conn->db, id, -1);
}

/* Everything after the allocation; conn->db is left open on failure. */
static enum weir_code open_database(const struct opening *opening, struct weir_error *err)
{
	struct weir__sqlite_conn *const conn = opening->conn;
	/* A reader finds what the writer has made. */
	const int create = conn->role == WEIR_ROLE_READER ? 0 : SQLITE_OPEN_CREATE;

	if (opening->request->synced != NULL && !opening->is_memory) {
		conn->timed = weir__sqlite_timed_begin(opening->request);
		if (conn->timed == NULL)
			return weir_fail(err, WEIR_ERR_NO_MEMORY, where, 0, "no memory for a connection");
	}

	const int rc = sqlite3_open_v2(opening->path, &conn->db, open_flags | create,
	                               weir__sqlite_timed_name(conn->timed));

	weir__sqlite_timed_opened(conn->timed);
	if (rc != SQLITE_OK)
		return fail(opening, rc, err);
	/* SQLite falls back to reading where it may not write, and says nothing. */
	if (sqlite3_db_readonly(conn->db, "main") != 0)
		return weir_fail(err, WEIR_ERR_DRIVER_OPEN, where, SQLITE_READONLY,
		                 "%s: cannot be written, which WAL needs even to read",
		                 weir__sqlite_show(opening->path).text);
	weir__sqlite_watch(conn);
	note_limits(conn);
	weir__sqlite_begin_work(conn, opening->deadline);
	(void)weir__sqlite_authorize(conn);

	enum weir_code code = opening->is_memory ? WEIR_OK : switch_to_wal(opening, err);

	if (code == WEIR_OK)
		code = apply_pragmas(opening, err);
	if (code == WEIR_OK)
		code = take_role(opening, err);
	weir__sqlite_end_work(conn);
	return code;
}

static struct weir__sqlite_conn *make_conn(const struct weir_open_request *request)
{
	const int64_t *const values = request->config->driver_values;
	struct weir__sqlite_conn *const conn = malloc(sizeof(*conn));

	if (conn == NULL)
		return NULL;
	*conn = (struct weir__sqlite_conn){
		.role = request->role,
		.asked = request->cancelled,
		.token = request->token,
		.busy_timeout_ns = values[WEIR__SQLITE_BUSY_TIMEOUT],
		/* Any odd number that differs between connections will do. */
		.random = ((uint32_t)weir_now().ns ^ (request->slot << 16)) | 1,
	};
	/* In weir_db the gate says when the WAL is copied. */
	if (conn->role == WEIR_ROLE_ANY)
		conn->wal_autocheckpoint = (int)values[WEIR__SQLITE_WAL_AUTOCHECKPOINT];
	return conn;
}

static enum weir_code open_checked(const struct weir_open_request *request, void **out,
                                   struct weir_error *err)
{
	const struct weir_config *const config = request->config;
	char path[WEIR_PATH_MAX];

	if (weir_now().ns >= request->deadline.ns)
		return weir_fail(err, WEIR_ERR_DRIVER_DEADLINE, where, 0, "%s: no time left to open it",
		                 weir__sqlite_show(config->path).text);
	if (sqlite3_threadsafe() == 0)
		return weir_fail(err, WEIR_ERR_DRIVER_OPEN, where, SQLITE_MISUSE,
		                 "this SQLite was built without thread safety; use another");

	enum weir_code code = weir__sqlite_path(config, request->role, path, err);

	if (code != WEIR_OK)
		return code;

	struct weir__sqlite_conn *const conn = make_conn(request);

	if (conn == NULL)
		return weir_fail(err, WEIR_ERR_NO_MEMORY, where, 0, "no memory for a connection");
	code = open_database(
		&(struct opening){
			.conn = conn,
			.request = request,
			.config = config,
			.path = path,
			.deadline = request->deadline,
			.is_memory = path[0] == ':',
		},
		err);
	if (code != WEIR_OK) {
		weir__sqlite_close(conn);
		return code;
	}
	*out = conn;
	return WEIR_OK;
}

enum weir_code weir__sqlite_open(const struct weir_open_request *request, void **out,
                                 struct weir_error *err)
{
	struct weir_open_request whole = {0};

	/* Whoever asks may be older, and know less. */
	memcpy(&whole, request, request->size < sizeof(whole) ? request->size : sizeof(whole));
	return open_checked(&whole, out, err);
}
