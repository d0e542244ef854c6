/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What keeps a connection fit for the next borrower: reset, validate, close.
 *
 * A reset undoes statements that still run, an open transaction, the last
 * insert's row id, and every callback. It leaves what it cannot undo cheaply or
 * at all: pragmas, attached databases, temporary tables, functions.
 */
#include "sqlite_internal.h"

#include <stdlib.h>

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

static enum weir_code clean(sqlite3 *db, struct weir_error *err)
{
	reset_statements(db);
	if (sqlite3_get_autocommit(db) == 0) {
		const int rc = sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);

		if (rc != SQLITE_OK)
			return weir__sqlite_fail(db, rc, "sqlite.reset", err);
	}
	if (sqlite3_get_autocommit(db) == 0 || sqlite3_txn_state(db, NULL) != SQLITE_TXN_NONE)
		return weir_fail(err, WEIR_ERR_DRIVER_BROKEN, "sqlite.reset", SQLITE_BUSY,
		                 "a transaction cannot be ended: a backup into the connection holds it");
	sqlite3_set_last_insert_rowid(db, 0);
	return WEIR_OK;
}

enum weir_code weir__sqlite_reset(void *opaque, struct weir_time deadline, struct weir_error *err)
{
	struct weir__sqlite_conn *const conn = opaque;

	weir__sqlite_begin_work(conn, deadline);
	weir__sqlite_watch(conn);

	const enum weir_code code = clean(conn->db, err);

	weir__sqlite_end_work(conn);
	return code;
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
	return code;
}

void weir__sqlite_close(void *opaque)
{
	struct weir__sqlite_conn *const conn = opaque;
	sqlite3 *const db = conn->db;

	if (db != NULL) {
		/* Whatever a borrower prepared would keep the connection, and its locks,
		 * alive behind our back. */
		for (sqlite3_stmt *stmt = sqlite3_next_stmt(db, NULL); stmt != NULL;
		     stmt = sqlite3_next_stmt(db, NULL))
			sqlite3_finalize(stmt);
		/* The callbacks point to what is freed below. */
		sqlite3_progress_handler(db, 0, NULL, NULL);
		sqlite3_busy_handler(db, NULL, NULL);
		/* Refused while a borrower's backup reads from it: the end of the backup
		 * closes it then. */
		if (sqlite3_close(db) != SQLITE_OK)
			(void)sqlite3_close_v2(db);
	}
	free(conn);
}
