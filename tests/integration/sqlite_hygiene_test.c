/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What a borrower does with the raw handle, and what the next one sees of it.
 */
#include "sqlite_fixture.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void *open_with_table(const struct fixture *fixture)
{
	void *const conn = open_one(fixture);

	run(fixture, conn, "CREATE TABLE IF NOT EXISTS t (x)");
	return conn;
}

/* ---- callbacks ---- */

/* Where a borrower's hooks count; it stands for memory that is gone later. */
struct hooks {
	unsigned calls;
};

static int on_commit(void *hooks)
{
	((struct hooks *)hooks)->calls++;
	return 0;
}

static void on_rollback(void *hooks)
{
	((struct hooks *)hooks)->calls++;
}

static void on_update(void *hooks, int operation, const char *database, const char *table,
                      sqlite3_int64 row)
{
	(void)operation;
	(void)database;
	(void)table;
	(void)row;
	((struct hooks *)hooks)->calls++;
}

static int on_authorize(void *hooks, int action, const char *first, const char *second,
                        const char *database, const char *trigger)
{
	(void)action;
	(void)first;
	(void)second;
	(void)database;
	(void)trigger;
	((struct hooks *)hooks)->calls++;
	return SQLITE_OK;
}

static int on_trace(unsigned kind, void *hooks, void *statement, void *detail)
{
	(void)kind;
	(void)statement;
	(void)detail;
	((struct hooks *)hooks)->calls++;
	return 0;
}

static int on_wal(void *hooks, sqlite3 *db, const char *database, int pages)
{
	(void)db;
	(void)database;
	(void)pages;
	((struct hooks *)hooks)->calls++;
	return SQLITE_OK;
}

static int on_progress(void *hooks)
{
	((struct hooks *)hooks)->calls++;
	return 0;
}

static void on_collation(void *hooks, sqlite3 *db, int encoding, const char *collation)
{
	(void)db;
	(void)encoding;
	(void)collation;
	((struct hooks *)hooks)->calls++;
}

static void write_and_roll_back(const struct fixture *fixture, void *conn)
{
	run(fixture, conn, "INSERT INTO t VALUES (1)");
	run(fixture, conn, "BEGIN");
	run(fixture, conn, "INSERT INTO t VALUES (2)");
	run(fixture, conn, "ROLLBACK");
	(void)try_run(fixture, conn, "SELECT * FROM t ORDER BY x COLLATE unheard_of", NULL);
}

static void reset_removes_every_hook(void **state)
{
	const struct fixture *const fixture = *state;
	void *const conn = open_with_table(fixture);
	sqlite3 *const db = handle_of(conn);
	struct hooks hooks = {0};

	sqlite3_commit_hook(db, on_commit, &hooks);
	sqlite3_rollback_hook(db, on_rollback, &hooks);
	sqlite3_update_hook(db, on_update, &hooks);
	sqlite3_set_authorizer(db, on_authorize, &hooks);
	sqlite3_trace_v2(db, SQLITE_TRACE_STMT, on_trace, &hooks);
	sqlite3_wal_hook(db, on_wal, &hooks);
	sqlite3_progress_handler(db, 1, on_progress, &hooks);
	sqlite3_collation_needed(db, &hooks, on_collation);
	write_and_roll_back(fixture, conn);
	assert_true(hooks.calls > 8);
	reset(fixture, conn);
	hooks.calls = 0;
	write_and_roll_back(fixture, conn);
	assert_int_equal(hooks.calls, 0);
	assert_int_equal(ask(fixture, conn, "PRAGMA wal_autocheckpoint"), 1000);
	fixture->driver->close(conn);
}

/* ---- transactions and statements ---- */

/* Between statements SQLite says "autocommit" and still holds a snapshot. */
static void a_statement_left_running_does_not_pin_the_wal(void **state)
{
	const struct fixture *const fixture = *state;
	void *const conn = open_with_table(fixture);
	void *const other = open_one(fixture);
	sqlite3 *const db = handle_of(conn);
	sqlite3_stmt *stmt = NULL;

	run(fixture, conn, "INSERT INTO t VALUES (1), (2)");
	assert_int_equal(sqlite3_prepare_v2(db, "SELECT x FROM t", -1, &stmt, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
	assert_true(sqlite3_get_autocommit(db) != 0);
	assert_int_equal(sqlite3_txn_state(db, NULL), SQLITE_TXN_READ);
	run(fixture, other, "INSERT INTO t VALUES (3)");
	/* Busy (its first column) while the snapshot is held, and not after. */
	run(fixture, other, "PRAGMA busy_timeout=0");
	assert_int_equal(ask(fixture, other, "PRAGMA wal_checkpoint(TRUNCATE)"), 1);
	reset(fixture, conn);
	assert_int_equal(sqlite3_txn_state(db, NULL), SQLITE_TXN_NONE);
	assert_int_equal(ask(fixture, other, "PRAGMA wal_checkpoint(TRUNCATE)"), 0);
	/* It is still the borrower's statement, ready to run again. */
	assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
	assert_int_equal(sqlite3_finalize(stmt), SQLITE_OK);
	fixture->driver->close(other);
	fixture->driver->close(conn);
}

static void a_savepoint_left_open_is_rolled_back(void **state)
{
	const struct fixture *const fixture = *state;
	void *const conn = open_with_table(fixture);

	run(fixture, conn, "SAVEPOINT s");
	run(fixture, conn, "INSERT INTO t VALUES (1)");
	run(fixture, conn, "ROLLBACK TO s");
	run(fixture, conn, "INSERT INTO t VALUES (2)");
	reset(fixture, conn);
	assert_int_equal(sqlite3_get_autocommit(handle_of(conn)), 1);
	assert_int_equal(ask(fixture, conn, "SELECT count(*) FROM t"), 0);
	fixture->driver->close(conn);
}

static void the_last_row_id_is_forgotten(void **state)
{
	const struct fixture *const fixture = *state;
	void *const conn = open_with_table(fixture);

	run(fixture, conn, "INSERT INTO t VALUES (1)");
	assert_int_equal(ask(fixture, conn, "SELECT last_insert_rowid()"), 1);
	reset(fixture, conn);
	assert_int_equal(ask(fixture, conn, "SELECT last_insert_rowid()"), 0);
	fixture->driver->close(conn);
}

static void the_extended_code_survives_a_borrower(void **state)
{
	const struct fixture *const fixture = *state;
	void *const conn = open_one(fixture);
	struct weir_error err = WEIR_ERROR_INIT;

	run(fixture, conn, "CREATE TABLE u (x INTEGER NOT NULL)");
	sqlite3_extended_result_codes(handle_of(conn), 0);
	assert_int_equal(try_run(fixture, conn, "INSERT INTO u VALUES (NULL)", &err),
	                 WEIR_ERR_DRIVER_SQL);
	assert_int_equal(err.driver_code, SQLITE_CONSTRAINT_NOTNULL);
	fixture->driver->close(conn);
}

/* ---- what cannot be undone ---- */

/* A backup into the connection holds a write transaction that is no statement's
 * and no BEGIN's: only the borrower can end it. */
static void a_backup_left_running_fails_the_reset(void **state)
{
	const struct fixture *const fixture = *state;
	void *const conn = open_with_table(fixture);
	struct weir_error err = WEIR_ERROR_INIT;
	sqlite3 *source = NULL;

	assert_int_equal(sqlite3_open(":memory:", &source), SQLITE_OK);
	run_foreign(source, "PRAGMA page_size=4096; CREATE TABLE s (x);"
	                    "INSERT INTO s VALUES (randomblob(100000))");

	sqlite3_backup *const backup = sqlite3_backup_init(handle_of(conn), "main", source, "main");

	assert_non_null(backup);
	assert_int_equal(sqlite3_backup_step(backup, 1), SQLITE_OK);
	assert_int_equal(fixture->driver->reset(conn, soon(), &err), WEIR_ERR_DRIVER_BROKEN);
	assert_string_equal(err.where, "sqlite.reset");
	assert_non_null(strstr(err.message, "backup"));
	assert_int_equal(sqlite3_backup_finish(backup), SQLITE_OK);
	assert_int_equal(fixture->driver->reset(conn, soon(), NULL), WEIR_OK);
	fixture->driver->close(conn);
	assert_int_equal(sqlite3_close(source), SQLITE_OK);
}

/* A backup from the connection keeps it alive until its owner ends it, and then
 * both are gone: the leak check tells. */
static void a_backup_outlives_the_close(void **state)
{
	const struct fixture *const fixture = *state;
	void *const conn = open_with_table(fixture);
	sqlite3 *copy = NULL;

	run(fixture, conn, "INSERT INTO t VALUES (randomblob(100000))");
	assert_int_equal(sqlite3_open(":memory:", &copy), SQLITE_OK);

	sqlite3_backup *const backup = sqlite3_backup_init(copy, "main", handle_of(conn), "main");

	assert_int_equal(sqlite3_backup_step(backup, 1), SQLITE_OK);
	fixture->driver->close(conn);
	assert_int_equal(sqlite3_backup_step(backup, -1), SQLITE_DONE);
	assert_int_equal(sqlite3_backup_finish(backup), SQLITE_OK);
	run_foreign(copy, "SELECT length(x) FROM t");
	assert_int_equal(sqlite3_close(copy), SQLITE_OK);
}

/* ---- validate ---- */

static void assert_moved(const struct fixture *fixture, void *conn)
{
	struct weir_error err = WEIR_ERROR_INIT;

	assert_int_equal(fixture->driver->validate(conn, soon(), &err), WEIR_ERR_DRIVER_BROKEN);
	assert_int_equal(err.driver_code, SQLITE_READONLY_DBMOVED);
	assert_non_null(strstr(err.message, "test.db: the file was moved"));
}

static void validate_notices_another_file_at_the_path(void **state)
{
	const struct fixture *const fixture = *state;
	void *const conn = open_with_table(fixture);
	char aside[256];

	(void)snprintf(aside, sizeof(aside), "%s/aside.db", fixture->folder);
	assert_int_equal(fixture->driver->validate(conn, soon(), NULL), WEIR_OK);
	assert_int_equal(rename(fixture->path, aside), 0);
	assert_moved(fixture, conn);
	write_file(fixture, "test.db", "", 0);
	assert_moved(fixture, conn);
	assert_int_equal(rename(aside, fixture->path), 0);
	assert_int_equal(fixture->driver->validate(conn, soon(), NULL), WEIR_OK);
	fixture->driver->close(conn);
}

static void validate_forgets_a_cancel(void **state)
{
	const struct fixture *const fixture = *state;
	void *const conn = open_one(fixture);
	const char count[] = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x+1 FROM c WHERE "
						 "x < 20000) SELECT count(*) FROM c";
	struct weir_error err = WEIR_ERROR_INIT;

	fixture->driver->cancel(conn);
	assert_int_equal(try_run(fixture, conn, count, &err), WEIR_ERR_DRIVER_CANCELLED);
	assert_int_equal(err.driver_code, SQLITE_INTERRUPT);
	assert_int_equal(fixture->driver->validate(conn, soon(), NULL), WEIR_OK);
	assert_int_equal(ask(fixture, conn, count), 20000);
	fixture->driver->close(conn);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(reset_removes_every_hook),
		FIXTURE_TEST(a_statement_left_running_does_not_pin_the_wal),
		FIXTURE_TEST(a_savepoint_left_open_is_rolled_back),
		FIXTURE_TEST(the_last_row_id_is_forgotten),
		FIXTURE_TEST(the_extended_code_survives_a_borrower),
		FIXTURE_TEST(a_backup_left_running_fails_the_reset),
		FIXTURE_TEST(a_backup_outlives_the_close),
		FIXTURE_TEST(validate_notices_another_file_at_the_path),
		FIXTURE_TEST(validate_forgets_a_cancel),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
