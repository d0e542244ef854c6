/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What a borrower leaves in a connection that cannot be undone, and how it is
 * noticed; what a job may not do; what a reset after SQLite's handle costs.
 */
#include "sqlite_fixture.h"

#include <string.h>

/* ---- which statements taint ---- */

static const struct {
	const char *sql[3];
	const char *taint; /* NULL: the connection goes on */
} leftovers[] = {
	/* Settings of the connection. */
	{{"PRAGMA foreign_keys=OFF"}, "PRAGMA foreign_keys"},
	{{"PRAGMA main.synchronous=OFF"}, "PRAGMA synchronous"},
	{{"PRAGMA Cache_Size(100)"}, "PRAGMA Cache_Size"},
	{{"PRAGMA case_sensitive_like=1"}, "PRAGMA case_sensitive_like"},
	{{"PRAGMA ignore_check_constraints=1"}, "PRAGMA ignore_check_constraints"},
	{{"PRAGMA read_uncommitted=1"}, "PRAGMA read_uncommitted"},
	{{"PRAGMA recursive_triggers=1"}, "PRAGMA recursive_triggers"},
	{{"PRAGMA reverse_unordered_selects=1"}, "PRAGMA reverse_unordered_selects"},
	{{"PRAGMA query_only=1"}, "PRAGMA query_only"},
	{{"PRAGMA temp_store=MEMORY"}, "PRAGMA temp_store"},
	{{"PRAGMA mmap_size=1000000"}, "PRAGMA mmap_size"},
	{{"PRAGMA locking_mode=EXCLUSIVE"}, "PRAGMA locking_mode"},
	{{"PRAGMA writable_schema=1"}, "PRAGMA writable_schema"},
	{{"PRAGMA journal_mode=DELETE"}, "PRAGMA journal_mode"},
	{{"PRAGMA analysis_limit=10"}, "PRAGMA analysis_limit"},
	{{"PRAGMA a_pragma_of_the_future=1"}, "PRAGMA a_pragma_of_the_future"},
	/* Things beside the database. */
	{{"ATTACH ':memory:' AS m"}, "an attached database"},
	{{"CREATE TEMP TABLE v (x)"}, "a temporary table"},
	{{"CREATE TABLE temp.v (x)"}, "a temporary table"},
	{{"CREATE TEMP VIEW v AS SELECT 1"}, "a temporary table"},
	{{"CREATE VIEW temp.v AS SELECT 1"}, "a temporary table"},
	{{"CREATE TRIGGER temp.v AFTER INSERT ON t BEGIN SELECT 1; END"}, "a temporary table"},
	{{"CREATE TEMP TRIGGER v AFTER INSERT ON t BEGIN SELECT 1; END"}, "a temporary table"},
	/* What is gone again, or never came. */
	{{"ATTACH ':memory:' AS m", "DETACH m"}, NULL},
	{{"CREATE TEMP TABLE v (x)", "INSERT INTO v VALUES (1)", "DROP TABLE v"}, NULL},
	{{"BEGIN", "CREATE TEMP TABLE v (x)"}, NULL},
	{{"VACUUM"}, NULL},
	/* What only asks, or changes the database and not the connection. */
	{{"PRAGMA foreign_keys"}, NULL},
	{{"PRAGMA synchronous"}, NULL},
	{{"PRAGMA table_info(t)"}, NULL},
	{{"PRAGMA table_xinfo(t)"}, NULL},
	{{"PRAGMA index_list(t)"}, NULL},
	{{"PRAGMA foreign_key_list(t)"}, NULL},
	{{"PRAGMA foreign_key_check(t)"}, NULL},
	{{"PRAGMA integrity_check(1)"}, NULL},
	{{"PRAGMA quick_check(t)"}, NULL},
	{{"SELECT * FROM pragma_table_info('t')"}, NULL},
	{{"PRAGMA optimize(0xfffe)"}, NULL},
	{{"PRAGMA user_version=3"}, NULL},
	{{"PRAGMA wal_checkpoint(PASSIVE)"}, NULL},
	{{"BEGIN", "PRAGMA defer_foreign_keys=1", "INSERT INTO t VALUES (1)"}, NULL},
	{{"BEGIN", "SAVEPOINT s", "INSERT INTO t VALUES (1)"}, NULL},
	/* What replaces a callback of the driver's. */
	{{"PRAGMA busy_timeout=0"}, NULL},
	{{"PRAGMA wal_autocheckpoint=1"}, NULL},
};

#define LEFTOVERS (sizeof(leftovers) / sizeof(leftovers[0]))

static void leave(const struct fixture *fixture, void *conn, size_t which)
{
	for (size_t i = 0; i < 3 && leftovers[which].sql[i] != NULL; i++)
		run(fixture, conn, leftovers[which].sql[i]);
}

static void what_cannot_be_undone_fails_the_reset(void **state)
{
	const struct fixture *const fixture = *state;
	void *const first = open_one(fixture);

	run(fixture, first, "CREATE TABLE t (x)");
	fixture->driver->close(first);
	for (size_t i = 0; i < LEFTOVERS; i++) {
		struct weir_error err = WEIR_ERROR_INIT;
		void *const conn = open_one(fixture);
		const char *const taint = leftovers[i].taint;

		leave(fixture, conn, i);

		const enum weir_code code = fixture->driver->reset(conn, soon(), &err);

		if (code != (taint == NULL ? WEIR_OK : WEIR_ERR_DRIVER_BROKEN))
			fail_msg("%s: %s %s", leftovers[i].sql[0], weir_error_name(code), err.message);
		if (taint != NULL &&
		    (strncmp(err.message, "tainted: ", 9) != 0 || strstr(err.message, taint) == NULL))
			fail_msg("%s: %s", leftovers[i].sql[0], err.message);
		fixture->driver->close(conn);
	}
}

/* Once is not enough to trust it: the statement that did it may be kept. */
static void a_kept_statement_is_noticed_later(void **state)
{
	const struct fixture *const fixture = *state;
	void *const conn = open_one(fixture);
	sqlite3_stmt *stmt = NULL;

	assert_int_equal(sqlite3_prepare_v3(handle_of(conn), "ATTACH ':memory:' AS m", -1,
	                                    SQLITE_PREPARE_PERSISTENT, &stmt, NULL),
	                 SQLITE_OK);
	reset(fixture, conn);
	assert_int_equal(sqlite3_step(stmt), SQLITE_DONE);
	assert_int_equal(sqlite3_finalize(stmt), SQLITE_OK);
	assert_int_equal(fixture->driver->reset(conn, soon(), NULL), WEIR_ERR_DRIVER_BROKEN);
	fixture->driver->close(conn);
}

static void a_tainted_connection_never_meets_the_next_borrower(void **state)
{
	const struct fixture *const fixture = *state;
	struct weir_config config = fixture->config;
	struct weir_pool_stats stats = {.size = sizeof(stats)};
	struct weir_pool *pool = NULL;
	struct weir_lease lease = {0};

	config.max_size = 1;
	assert_int_equal(weir_pool_create(&pool, fixture->driver, NULL, &config, NULL), WEIR_OK);
	assert_int_equal(weir_acquire(pool, &lease, NULL), WEIR_OK);
	run(fixture, lease.conn, "CREATE TEMP TABLE private (x)");
	run(fixture, lease.conn, "PRAGMA foreign_keys=OFF");
	assert_int_equal(weir_release(&lease, NULL), WEIR_OK);
	assert_int_equal(weir_acquire(pool, &lease, NULL), WEIR_OK);
	assert_int_equal(ask(fixture, lease.conn, "SELECT count(*) FROM sqlite_temp_master"), 0);
	assert_int_equal(ask(fixture, lease.conn, "PRAGMA foreign_keys"), 1);
	assert_int_equal(weir_release(&lease, NULL), WEIR_OK);
	assert_int_equal(weir_pool_read_stats(pool, &stats), WEIR_OK);
	assert_int_equal(stats.closed[WEIR_CLOSE_RESET], 1);
	assert_int_equal(weir_pool_close(pool, NULL), WEIR_OK);
	weir_pool_destroy(pool);
}

/* ---- jobs ---- */

static const struct {
	const char *sql;
	const char *reason; /* NULL: it may */
} in_jobs[] = {
	{"BEGIN", "a job may not begin or end transactions"},
	{"COMMIT", "a job may not begin or end transactions"},
	{"END", "a job may not begin or end transactions"},
	{"ROLLBACK", "a job may not begin or end transactions"},
	{"SAVEPOINT s", "a job may not set savepoints"},
	{"RELEASE s", "a job may not set savepoints"},
	{"ROLLBACK TO s", "a job may not set savepoints"},
	{"RELEASE weir", "weir's own"},
	{"ATTACH ':memory:' AS m", "may not attach"},
	{"PRAGMA foreign_keys=OFF", "may not change settings"},
	{"PRAGMA synchronous=OFF", "may not change settings"},
	{"PRAGMA defer_foreign_keys=1", "may not change settings"},
	{"PRAGMA busy_timeout=0", "may not change settings"},
	{"PRAGMA wal_checkpoint", "call weir_db_checkpoint"},
	{"PRAGMA user_version=9", NULL},
	{"PRAGMA foreign_keys", NULL},
	{"PRAGMA table_info(t)", NULL},
	{"INSERT INTO t VALUES (2)", NULL},
	{"CREATE TABLE IF NOT EXISTS u (x)", NULL},
	{"ANALYZE", NULL},
};

static void a_job_does_not_touch_what_others_share(void **state)
{
	const struct fixture *const fixture = *state;
	const struct weir_engine *const engine = fixture->driver->engine;
	const struct weir_job_guard guard = {.deadline = {WEIR_TIME_NEVER_NS}};
	void *const writer = open_role(fixture, WEIR_ROLE_WRITER);

	run(fixture, writer, "CREATE TABLE t (x)");
	assert_int_equal(engine->begin(writer, WEIR_DURABILITY_DEFAULT, soon(), NULL), WEIR_OK);
	for (size_t i = 0; i < sizeof(in_jobs) / sizeof(in_jobs[0]); i++) {
		struct weir_error err = WEIR_ERROR_INIT;

		engine->job_begin(writer, &guard);

		const enum weir_code code = try_run(fixture, writer, in_jobs[i].sql, &err);
		const char *const reason = in_jobs[i].reason;

		if (code != (reason == NULL ? WEIR_OK : WEIR_ERR_DRIVER_SQL) ||
		    (reason != NULL && strstr(err.message, reason) == NULL))
			fail_msg("%s: %s %s", in_jobs[i].sql, weir_error_name(code), err.message);
		if (engine->job_end(writer, &err) != WEIR_JOB_SOUND)
			fail_msg("%s: %s", in_jobs[i].sql, err.message);
	}
	assert_int_equal(engine->commit(writer, NULL), WEIR_OK);
	assert_int_equal(ask(fixture, writer, "PRAGMA user_version"), 9);
	reset(fixture, writer);
	fixture->driver->close(writer);
}

/* Some modules set savepoints of their own while a statement runs. */
static void a_module_may_nest_inside_a_job(void **state)
{
	const struct fixture *const fixture = *state;
	const struct weir_engine *const engine = fixture->driver->engine;
	const struct weir_job_guard guard = {.deadline = {WEIR_TIME_NEVER_NS}};
	void *const writer = open_role(fixture, WEIR_ROLE_WRITER);

	if (try_run(fixture, writer, "CREATE VIRTUAL TABLE f USING fts4(x)", NULL) != WEIR_OK) {
		fixture->driver->close(writer);
		skip();
	}
	assert_int_equal(engine->begin(writer, WEIR_DURABILITY_DEFAULT, soon(), NULL), WEIR_OK);
	engine->job_begin(writer, &guard);
	run(fixture, writer, "INSERT INTO f VALUES ('one'), ('two')");
	run(fixture, writer, "INSERT INTO f(f) VALUES ('optimize')");
	assert_int_equal(engine->job_end(writer, NULL), WEIR_JOB_SOUND);
	assert_int_equal(engine->commit(writer, NULL), WEIR_OK);
	fixture->driver->close(writer);
}

/* ---- SQLite's handle ---- */

static void limits_come_back(void **state)
{
	const struct fixture *const fixture = *state;
	void *const conn = open_one(fixture);
	sqlite3 *const db = handle_of(conn);
	const int before = sqlite3_limit(db, SQLITE_LIMIT_SQL_LENGTH, 100);

	reset(fixture, conn);
	assert_int_equal(sqlite3_limit(db, SQLITE_LIMIT_SQL_LENGTH, -1), before);
	fixture->driver->close(conn);
}

/* A new authorizer would make SQLite compile every statement again. */
static void a_reset_does_not_cost_the_statements(void **state)
{
	const struct fixture *const fixture = *state;
	void *const conn = open_one(fixture);
	sqlite3_stmt *stmt = NULL;

	run(fixture, conn, "CREATE TABLE t (x)");
	assert_int_equal(sqlite3_prepare_v2(handle_of(conn), "SELECT count(*) FROM t", -1, &stmt, NULL),
	                 SQLITE_OK);
	for (int i = 0; i < 3; i++) {
		(void)handle_of(conn);
		assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
		reset(fixture, conn);
	}
	assert_int_equal(sqlite3_stmt_status(stmt, SQLITE_STMTSTATUS_REPREPARE, 0), 0);
	assert_int_equal(sqlite3_finalize(stmt), SQLITE_OK);
	fixture->driver->close(conn);
}

/* ---- close ---- */

/* The statements of a virtual table are its own, and it finalizes them. */
static void virtual_tables_survive_a_close(void **state)
{
	const struct fixture *const fixture = *state;
	void *const conn = open_one(fixture);
	sqlite3_stmt *stmt = NULL;

	if (try_run(fixture, conn, "CREATE VIRTUAL TABLE f USING fts4(x)", NULL) != WEIR_OK) {
		fixture->driver->close(conn);
		skip();
	}
	run(fixture, conn, "INSERT INTO f VALUES ('one'), ('two')");
	/* One that the borrower forgot, in the middle: it ends the connection later. */
	assert_int_equal(sqlite3_prepare_v2(handle_of(conn), "SELECT * FROM f", -1, &stmt, NULL),
	                 SQLITE_OK);
	assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
	fixture->driver->close(conn);
	assert_int_equal(sqlite3_finalize(stmt), SQLITE_OK);
}

static void forgotten_statements_do_not_keep_the_file_open(void **state)
{
	const struct fixture *const fixture = *state;
	const size_t descriptors = count_descriptors();
	void *const conn = open_one(fixture);
	sqlite3_stmt *raw = NULL;
	void *stmt = NULL;
	size_t tail = 0;

	run(fixture, conn, "CREATE TABLE t (x)");
	assert_int_equal(sqlite3_prepare_v2(handle_of(conn),
	                                    "SELECT * FROM pragma_table_info('t'), sqlite_schema", -1,
	                                    &raw, NULL),
	                 SQLITE_OK);
	assert_int_equal(sqlite3_step(raw), SQLITE_ROW);
	assert_int_equal(fixture->driver->sql->prepare(conn, "SELECT 1", 8, &stmt, &tail, NULL),
	                 WEIR_OK);
	fixture->driver->close(conn);
	assert_int_equal(count_descriptors(), descriptors);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(what_cannot_be_undone_fails_the_reset),
		FIXTURE_TEST(a_kept_statement_is_noticed_later),
		FIXTURE_TEST(a_tainted_connection_never_meets_the_next_borrower),
		FIXTURE_TEST(a_job_does_not_touch_what_others_share),
		FIXTURE_TEST(a_module_may_nest_inside_a_job),
		FIXTURE_TEST(limits_come_back),
		FIXTURE_TEST(a_reset_does_not_cost_the_statements),
		FIXTURE_TEST(virtual_tables_survive_a_close),
		FIXTURE_TEST(forgotten_statements_do_not_keep_the_file_open),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
