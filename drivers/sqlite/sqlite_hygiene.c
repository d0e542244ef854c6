/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What keeps a connection fit for the next borrower: reset, validate, close.
 *
 * A borrower who only used weir's statements can have left an open transaction, a
 * statement that still runs, or what the authorizer noticed; three looks tell
 * that there is nothing to do, which is the rule. One who had SQLite's handle can
 * have done anything: then every callback and limit is made the driver's again.
 * What can be seen and not be undone (settings, attached databases, temporary
 * tables) is a taint: the reset fails, and the pool closes the connection.
 */
#include "sqlite_internal.h"

#include <stdio.h>
#include <stdlib.h>

static const char where[] = "sqlite.reset";

/* A statement that was stepped and not reset keeps a read transaction open,
 * though SQLite calls that "autocommit": the WAL could never be restarted. */
static void reset_statements(sqlite3 *db)
{
	for (sqlite3_stmt *stmt = sqlite3_next_stmt(db, NULL); stmt != NULL;
	     stmt = sqlite3_next_stmt(db, stmt)) {
		if (sqlite3_stmt_busy(stmt))
			sqlite3_reset(stmt);
	}
}

/* Undo what the handle allows, as far as SQLite tells or takes it. */
static void restore(struct weir__sqlite_conn *conn)
{
	weir__sqlite_watch(conn);
	for (int id = 0; id < WEIR__SQLITE_LIMITS; id++)
		(void)sqlite3_limit(conn->db, id, conn->limits[id]);
	/* Meanwhile a reader could have taken leave to write. In a bare pool whoever
	 * brings an authorizer answers for what it let pass. */
	if (!weir__sqlite_authorize(conn) && conn->role != WEIR_ROLE_ANY && conn->taint[0] == '\0')
		(void)snprintf(conn->taint, sizeof(conn->taint), "an authorizer of the borrower's own");
	conn->exposed = false;
}

static enum weir_code end_transaction(struct weir__sqlite_conn *conn, struct weir_error *err)
{
	sqlite3 *const db = conn->db;

	reset_statements(db);
	if (conn->engine.in_txn) {
		const enum weir_code code = weir__sqlite_roll_back(conn, err);

		weir__sqlite_begin_work(conn, conn->deadline); /* which that has ended */
		return code;
	}
	if (sqlite3_get_autocommit(db) == 0) {
		const int rc = sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);

		if (rc != SQLITE_OK)
			return weir__sqlite_fail(db, rc, where, err);
	}
	if (sqlite3_get_autocommit(db) == 0 || sqlite3_txn_state(db, NULL) != SQLITE_TXN_NONE)
		return weir_fail(err, WEIR_ERR_DRIVER_BROKEN, where, SQLITE_BUSY,
		                 "a transaction cannot be ended: a backup into the connection holds it");
	return WEIR_OK;
}

/* What was suspected, and the statement that has a row if it is still so. */
static const struct {
	uint32_t bit;
	const char *sql;
	const char *taint;
} suspicions[] = {
	{WEIR__SQLITE_SUSPECT_ATTACHED, "SELECT 1 FROM pragma_database_list WHERE seq > 1 LIMIT 1",
     "an attached database"},
	{WEIR__SQLITE_SUSPECT_TEMPORARY, "SELECT 1 FROM sqlite_temp_master LIMIT 1",
     "a temporary table, view, index or trigger"},
};

static bool has_row(sqlite3 *db, const char *sql)
{
	sqlite3_stmt *stmt = NULL;
	/* What cannot be looked at may be there. */
	bool found = true;

	if (sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) == SQLITE_OK)
		found = sqlite3_step(stmt) != SQLITE_DONE;
	(void)sqlite3_finalize(stmt);
	return found;
}

static void look_after_suspicions(struct weir__sqlite_conn *conn)
{
	for (size_t i = 0; i < sizeof(suspicions) / sizeof(suspicions[0]); i++) {
		if (conn->taint[0] == '\0' && (conn->suspect & suspicions[i].bit) != 0 &&
		    has_row(conn->db, suspicions[i].sql))
			(void)snprintf(conn->taint, sizeof(conn->taint), "%s", suspicions[i].taint);
	}
}

static enum weir_code clean(struct weir__sqlite_conn *conn, struct weir_error *err)
{
	const enum weir_code code = end_transaction(conn, err);

	if (code != WEIR_OK)
		return code;
	sqlite3_set_last_insert_rowid(conn->db, 0);
	/* A database in memory is gone with its connection. */
	if (conn->engine.is_private)
		return WEIR_OK;
	look_after_suspicions(conn);
	if (conn->taint[0] != '\0')
		return weir_fail(err, WEIR_ERR_DRIVER_BROKEN, where, SQLITE_MISUSE,
		                 "tainted: the borrower left %s", conn->taint);
	return WEIR_OK;
}

/* Last of all: one that comes meanwhile was meant for the last borrower, too. */
static void forget_cancel(struct weir__sqlite_conn *conn)
{
	atomic_store_explicit(&conn->cancelled, false, memory_order_relaxed);
}

static enum weir_code reset_fully(struct weir__sqlite_conn *conn, struct weir_time deadline,
                                  struct weir_error *err)
{
	/* Of a job that ended its thread: nobody else ends it. */
	enum weir_code code = weir__sqlite_script_end(conn, err);

	weir__sqlite_begin_work(conn, deadline);
	if (conn->exposed)
		restore(conn);
	if (code == WEIR_OK)
		code = clean(conn, err);
	weir__sqlite_end_work(conn);
	forget_cancel(conn);
	return code;
}

enum weir_code weir__sqlite_reset(void *opaque, struct weir_time deadline, struct weir_error *err)
{
	struct weir__sqlite_conn *const conn = opaque;
	sqlite3 *const db = conn->db;

	if (conn->script.on || conn->exposed || conn->suspect != 0 || conn->taint[0] != '\0' ||
	    sqlite3_get_autocommit(db) == 0 || sqlite3_txn_state(db, NULL) != SQLITE_TXN_NONE)
		return reset_fully(conn, deadline, err);
	sqlite3_set_last_insert_rowid(db, 0);
	forget_cancel(conn);
	return WEIR_OK;
}

/* Ask the file, not only the connection: one whose file was replaced would go on
 * reading and writing what nobody else can see. */
static enum weir_code probe(struct weir__sqlite_conn *conn, struct weir_error *err)
{
	sqlite3 *const db = conn->db;
	int moved = 0;

	if (sqlite3_file_control(db, "main", SQLITE_FCNTL_HAS_MOVED, &moved) == SQLITE_OK && moved != 0)
		return weir_fail(err, WEIR_ERR_DRIVER_BROKEN, "sqlite.validate", SQLITE_READONLY_DBMOVED,
		                 "%s: the file was moved, replaced or deleted",
		                 weir__sqlite_show(sqlite3_db_filename(db, "main")).text);

	const int rc = sqlite3_exec(db, "PRAGMA schema_version", NULL, NULL, NULL);

	if (rc == SQLITE_OK)
		return WEIR_OK;
	if (weir_now().ns >= conn->deadline.ns)
		return weir_fail(err, WEIR_ERR_DRIVER_DEADLINE, "sqlite.validate",
		                 weir__sqlite_extended(db, rc), "no answer before the deadline");
	return weir__sqlite_fail(db, rc, "sqlite.validate", err);
}

enum weir_code weir__sqlite_validate(void *opaque, struct weir_time deadline,
                                     struct weir_error *err)
{
	struct weir__sqlite_conn *const conn = opaque;

	if (weir_now().ns >= deadline.ns)
		return weir_fail(err, WEIR_ERR_DRIVER_DEADLINE, "sqlite.validate", 0, "no time left");
	weir__sqlite_begin_work(conn, deadline);

	const enum weir_code code = probe(conn, err);

	weir__sqlite_end_work(conn);
	forget_cancel(conn);
	return code;
}

/*
 * Finalize what the borrower prepared by SQLite's handle and forgot: it would keep
 * the connection, and its locks, alive behind our back. Virtual tables have
 * statements among those, which they finalize themselves when the last one that
 * uses them goes: with any such table nothing is touched.
 */
static void finalize_forgotten(struct weir__sqlite_conn *conn)
{
	sqlite3 *const db = conn->db;

	reset_statements(db);
	if (conn->suspect != 0 ||
	    has_row(db, "SELECT 1 FROM sqlite_schema WHERE sql LIKE 'CREATE VIRTUAL%' LIMIT 1"))
		return;
	for (sqlite3_stmt *stmt = sqlite3_next_stmt(db, NULL); stmt != NULL;
	     stmt = sqlite3_next_stmt(db, NULL))
		sqlite3_finalize(stmt);
}

static void close_database(struct weir__sqlite_conn *conn)
{
	sqlite3 *const db = conn->db;

	weir__sqlite_begin_work(conn, weir_deadline_in(WEIR_SECONDS(1)));
	weir__sqlite_drop_statements(conn);
	for (size_t i = 0; i < WEIR__SQLITE_OWN; i++)
		sqlite3_finalize(conn->engine.own[i]);
	if (conn->role != WEIR_ROLE_ANY)
		weir__sqlite_engine_close(conn);
	if (sqlite3_next_stmt(db, NULL) != NULL)
		finalize_forgotten(conn);
	/* The callbacks point to what is freed below. */
	sqlite3_progress_handler(db, 0, NULL, NULL);
	sqlite3_busy_handler(db, NULL, NULL);
	sqlite3_set_authorizer(db, NULL, NULL);
	sqlite3_commit_hook(db, NULL, NULL);
	sqlite3_rollback_hook(db, NULL, NULL);
	sqlite3_wal_hook(db, NULL, NULL);
	/* Refused while a borrower's backup reads from it, or a statement is left: the
	 * end of that closes it then. */
	if (sqlite3_close(db) != SQLITE_OK)
		(void)sqlite3_close_v2(db);
}

void weir__sqlite_close(void *opaque)
{
	struct weir__sqlite_conn *const conn = opaque;

	if (conn->db != NULL)
		close_database(conn);
	weir__sqlite_timed_end(conn->timed);
	free(conn);
}
