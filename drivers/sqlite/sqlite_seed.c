/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A first frame for an empty WAL.
 *
 * While the WAL has no frame, SQLite does not know the size of the database from
 * it, and asks the file system at the beginning of every read: on a machine where
 * a read by key takes 0.9 microseconds, that is as much again. A program that
 * begins with reads would pay it until its first write. So the writer, when it is
 * opened on an empty WAL, commits one page: the header, with the user_version that
 * it has. It does not wait for anybody: whoever writes at that moment leaves a
 * frame just as well.
 */
#include "sqlite_internal.h"

#include <inttypes.h>
#include <stdio.h>

static bool is_empty(sqlite3 *db)
{
	sqlite3_file *wal = NULL;
	sqlite3_int64 size = 0;

	return sqlite3_file_control(db, "main", SQLITE_FCNTL_JOURNAL_POINTER, &wal) == SQLITE_OK &&
	       wal != NULL && wal->pMethods != NULL &&
	       wal->pMethods->xFileSize(wal, &size) == SQLITE_OK && size == 0;
}

static bool read_version(sqlite3 *db, int64_t *version)
{
	sqlite3_stmt *stmt = NULL;
	bool found = false;

	if (sqlite3_prepare_v2(db, "PRAGMA user_version", -1, &stmt, NULL) == SQLITE_OK &&
	    sqlite3_step(stmt) == SQLITE_ROW) {
		*version = sqlite3_column_int64(stmt, 0);
		found = true;
	}
	return sqlite3_finalize(stmt) == SQLITE_OK && found;
}

void weir__sqlite_seed(struct weir__sqlite_conn *conn)
{
	sqlite3 *const db = conn->db;
	int64_t version = 0;
	char sql[96];

	if (!is_empty(db))
		return;
	(void)sqlite3_busy_handler(db, NULL, NULL);
	if (sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL) == SQLITE_OK) {
		if (read_version(db, &version)) {
			(void)snprintf(sql, sizeof(sql), "PRAGMA user_version=%" PRId64 "; COMMIT", version);
			(void)sqlite3_exec(db, sql, NULL, NULL, NULL);
		}
		/* Still open: it failed, and nothing depends on it. */
		if (sqlite3_get_autocommit(db) == 0)
			(void)sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
	}
	weir__sqlite_watch(conn);
}
