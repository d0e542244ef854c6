/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Keeping every other writer out: the turnstile, where weir's processes queue in
 * the order they came, and then SQLite's write lock, which is the authority. A
 * process that goes without the turnstile loses its place in the queue and
 * nothing else.
 *
 * The turnstile is entered before BEGIN IMMEDIATE and left after the transaction
 * has ended. Against strangers there is only asking again, in pauses of a
 * millisecond at most: with SQLite's own pauses, which grow to 100, whoever has
 * waited longest asks most seldom.
 */
#include "sqlite_internal.h"

#include <stdio.h>
#include <string.h>

#include "turnstile.h"

/* ---- life ---- */

bool weir__sqlite_is_private(const struct weir_config *config)
{
	const char *const path = config->path;

	return strcmp(path[0] == '/' ? path + 1 : path, ":memory:") == 0;
}

/* A WAL file longer than this is cut when SQLite begins it anew; only after a
 * checkpoint was kept from finishing does it become that long. */
#define CEILINGS_KEPT 4

static int limit_wal_file(struct weir__sqlite_conn *conn)
{
	const int64_t frame_size = 24;
	int64_t page_size = 4096;
	sqlite3_stmt *stmt = NULL;
	char sql[80];
	int rc = sqlite3_prepare_v2(conn->db, "PRAGMA page_size", -1, &stmt, NULL);

	if (rc == SQLITE_OK && sqlite3_step(stmt) == SQLITE_ROW)
		page_size = sqlite3_column_int64(stmt, 0);
	(void)sqlite3_finalize(stmt);
	(void)snprintf(sql, sizeof(sql), "PRAGMA journal_size_limit=%lld",
	               (long long)((page_size + frame_size) * CEILINGS_KEPT * conn->engine.ceiling));
	return rc == SQLITE_OK ? sqlite3_exec(conn->db, sql, NULL, NULL, NULL) : rc;
}

enum weir_code weir__sqlite_engine_open(struct weir__sqlite_conn *conn,
                                        const struct weir_open_request *request,
                                        struct weir_error *err)
{
	struct weir__sqlite_engine *const engine = &conn->engine;
	const struct weir_config *const config = request->config;

	engine->is_private = weir__sqlite_is_private(config);
	engine->synchronous = config->driver_values[WEIR__SQLITE_SYNCHRONOUS];
	engine->synchronous_now = engine->synchronous;
	engine->ceiling = WEIR__SQLITE_CEILING(config);
	engine->is_writer = request->role == WEIR_ROLE_WRITER;
	if (!engine->is_writer)
		return WEIR_OK;
	weir__sqlite_engine_watch(conn);

	const int rc = engine->is_private ? SQLITE_OK : limit_wal_file(conn);

	return rc == SQLITE_OK ? WEIR_OK : weir__sqlite_fail(conn->db, rc, "sqlite.open", err);
}

void weir__sqlite_let_in(struct weir__sqlite_engine *engine)
{
	if (engine->in_turn)
		weir__turnstile_leave(engine->turnstile);
	engine->in_turn = false;
}

void weir__sqlite_engine_close(struct weir__sqlite_conn *conn)
{
	weir__sqlite_let_in(&conn->engine);
	weir__turnstile_close(conn->engine.turnstile);
	conn->engine.turnstile = NULL;
}

/* ---- keeping the others out ---- */

/* At the first transaction and not at open: a writer that never writes need not
 * leave a file behind. */
static void open_turnstile(struct weir__sqlite_conn *conn)
{
	struct weir__sqlite_engine *const engine = &conn->engine;
	const char *const path = sqlite3_db_filename(conn->db, "main");
	struct weir_error why = WEIR_ERROR_INIT;

	engine->turnstile_tried = true;
	if (engine->is_private || path == NULL || path[0] == '\0')
		return;
	if (weir__turnstile_open(&engine->turnstile, path, &why) == WEIR_OK)
		return;
	engine->turnstile = NULL;
	(void)snprintf(engine->turnstile_note, sizeof(engine->turnstile_note), "%.150s", why.message);
}

static bool enter_turnstile(struct weir__sqlite_conn *conn, struct weir_time deadline)
{
	struct weir__sqlite_engine *const engine = &conn->engine;

	if (!engine->turnstile_tried)
		open_turnstile(conn);
	if (engine->turnstile == NULL)
		return true;
	switch (weir__turnstile_enter(engine->turnstile, deadline.ns)) {
	case WEIR__PASS_ENTERED:
		engine->in_turn = true;
		return true;
	case WEIR__PASS_TIMED_OUT:
		return false;
	default:
		weir__turnstile_close(engine->turnstile);
		engine->turnstile = NULL;
		(void)snprintf(engine->turnstile_note, sizeof(engine->turnstile_note), "%s",
		               "its file was damaged");
		return true;
	}
}

enum weir_code weir__sqlite_fail_busy(int rc, struct weir_error *err)
{
	return weir_fail(err, WEIR_ERR_DRIVER_BUSY, "sqlite.begin", rc,
	                 "another process held the write lock until the deadline");
}

enum weir_code weir__sqlite_fail_late(int rc, struct weir_error *err)
{
	return weir_fail(err, WEIR_ERR_DRIVER_DEADLINE, "sqlite.begin", rc,
	                 "the deadline passed before the write lock was asked for");
}

/* BEGIN IMMEDIATE. The busy handler waits for the lock, but is not asked when
 * another process is joining or recovering the WAL. */
static enum weir_code lock(struct weir__sqlite_conn *conn, struct weir_time deadline,
                           struct weir_error *err)
{
	int rc = weir__sqlite_own(conn, WEIR__SQLITE_BEGIN);

	while (weir__sqlite_code(rc) == WEIR_ERR_DRIVER_BUSY && weir__sqlite_nap(conn, deadline))
		rc = weir__sqlite_own(conn, WEIR__SQLITE_BEGIN);
	if (rc == SQLITE_OK)
		return WEIR_OK;

	enum weir_code code;

	if ((rc & 0xff) == SQLITE_INTERRUPT)
		code = weir__sqlite_fail_late(rc, err);
	else if (weir__sqlite_code(rc) == WEIR_ERR_DRIVER_BUSY)
		code = weir__sqlite_fail_busy(rc, err);
	else
		code = weir__sqlite_fail(conn->db, rc, "sqlite.begin", err);

	/* The deadline can also pass in the instant after the lock was taken. */
	if (sqlite3_get_autocommit(conn->db) == 0) {
		weir__sqlite_begin_work(conn, (struct weir_time){WEIR_TIME_NEVER_NS});
		(void)weir__sqlite_own(conn, WEIR__SQLITE_ROLLBACK);
	}
	return code;
}

/* A file that was deleted or replaced would take commits that nobody finds again.
 * Asked before each transaction: it is one look at the directory. */
static enum weir_code check_place(const struct weir__sqlite_conn *conn, struct weir_error *err)
{
	int moved = 0;

	if (conn->engine.is_private ||
	    sqlite3_file_control(conn->db, "main", SQLITE_FCNTL_HAS_MOVED, &moved) != SQLITE_OK ||
	    moved == 0)
		return WEIR_OK;
	return weir_fail(err, WEIR_ERR_DRIVER_BROKEN, "sqlite.begin", SQLITE_READONLY_DBMOVED,
	                 "%s: the file was moved, replaced or deleted",
	                 weir__sqlite_show(sqlite3_db_filename(conn->db, "main")).text);
}

enum weir_code weir__sqlite_shut(struct weir__sqlite_conn *conn, struct weir_time deadline,
                                 struct weir_error *err)
{
	if (check_place(conn, err) != WEIR_OK)
		return WEIR_ERR_DRIVER_BROKEN;
	if (!enter_turnstile(conn, deadline))
		return weir__sqlite_fail_busy(SQLITE_BUSY, err);
	weir__sqlite_begin_work(conn, deadline);

	const enum weir_code code = lock(conn, deadline, err);

	weir__sqlite_end_work(conn);
	if (code != WEIR_OK) {
		weir__sqlite_let_in(&conn->engine);
		return code;
	}
	conn->engine.gone = false;
	conn->engine.in_txn = true;
	weir__sqlite_look_for_writes(conn);
	return WEIR_OK;
}
