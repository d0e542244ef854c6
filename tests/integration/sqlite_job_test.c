/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What a job of a group can do to the transaction that it shares, and how the
 * SQLite driver finds out.
 */
#include "engine_fixture.h"

#include <stdatomic.h>
#include <string.h>

static int make_job_fixture(void **state)
{
	const int rc = make_engine_fixture(state);
	sqlite3 *const db = open_foreign(*state);

	run_foreign(db, "CREATE TABLE k (id INTEGER PRIMARY KEY);"
	                "INSERT INTO k VALUES (1);"
	                "CREATE TABLE child (k REFERENCES k DEFERRABLE INITIALLY DEFERRED);"
	                "CREATE TRIGGER refuse BEFORE INSERT ON child WHEN new.k < 0"
	                " BEGIN SELECT RAISE(ROLLBACK, 'below zero'); END;");
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	return rc;
}

#define JOB_TEST(test) cmocka_unit_test_setup_teardown(test, make_job_fixture, drop_fixture)

/* Asks to stop after so many looks. */
struct stop {
	atomic_int looks_left;
};

static bool is_stopped(const void *token)
{
	return atomic_fetch_sub(&((struct stop *)(uintptr_t)token)->looks_left, 1) <= 0;
}

/* A write and a read that take a million steps. */
#define LONG_WRITE                                                                                 \
	"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000) "           \
	"INSERT INTO t SELECT i FROM n"
#define LONG_READ                                                                                  \
	"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000) "           \
	"SELECT count(*) FROM n"

struct job_case {
	const char *sql; /* after a row was put into t */
	bool stopped;    /* soon after it begins */
	enum weir_code code;
	enum weir_job_end end;
	int32_t driver_code; /* of the end */
};

static const struct job_case job_cases[] = {
	{"INSERT INTO t VALUES (2)", false, WEIR_OK, WEIR_JOB_SOUND, 0},
	{"INSERT INTO k VALUES (1)", false, WEIR_ERR_DRIVER_SQL, WEIR_JOB_SOUND, 0},
	{"INSERT OR FAIL INTO k VALUES (1)", false, WEIR_ERR_DRIVER_SQL, WEIR_JOB_SOUND, 0},
	{"INSERT OR ROLLBACK INTO k VALUES (1)", false, WEIR_ERR_DRIVER_SQL, WEIR_JOB_LOST,
     SQLITE_ABORT_ROLLBACK},
	{"INSERT INTO child VALUES (-1)", false, WEIR_ERR_DRIVER_SQL, WEIR_JOB_LOST,
     SQLITE_ABORT_ROLLBACK},
	{"INSERT INTO child VALUES (1)", false, WEIR_OK, WEIR_JOB_SOUND, 0},
	{"INSERT INTO child VALUES (7)", false, WEIR_OK, WEIR_JOB_REFUSED,
     SQLITE_CONSTRAINT_FOREIGNKEY},
	{"COMMIT", false, WEIR_ERR_DRIVER_SQL, WEIR_JOB_SOUND, 0},
	{"END", false, WEIR_ERR_DRIVER_SQL, WEIR_JOB_SOUND, 0},
	{"ROLLBACK", false, WEIR_ERR_DRIVER_SQL, WEIR_JOB_SOUND, 0},
	{"BEGIN", false, WEIR_ERR_DRIVER_SQL, WEIR_JOB_SOUND, 0},
	{"SAVEPOINT a", false, WEIR_ERR_DRIVER_SQL, WEIR_JOB_SOUND, 0},
	{"RELEASE weir", false, WEIR_ERR_DRIVER_SQL, WEIR_JOB_SOUND, 0},
	{"ROLLBACK TO weir", false, WEIR_ERR_DRIVER_SQL, WEIR_JOB_SOUND, 0},
	{"PRAGMA defer_foreign_keys=1", false, WEIR_ERR_DRIVER_SQL, WEIR_JOB_SOUND, 0},
	{LONG_WRITE, true, WEIR_ERR_DRIVER_CANCELLED, WEIR_JOB_LOST, SQLITE_ABORT_ROLLBACK},
	{LONG_READ, true, WEIR_ERR_DRIVER_CANCELLED, WEIR_JOB_SOUND, 0},
};

static void the_end_of_a_job_says_what_became_of_the_transaction(void **state)
{
	const struct fixture *const fixture = *state;
	void *const writer = open_role(fixture, WEIR_ROLE_WRITER);

	for (size_t i = 0; i < sizeof(job_cases) / sizeof(job_cases[0]); i++) {
		const struct job_case *const c = &job_cases[i];
		struct weir_error err = WEIR_ERROR_INIT;
		struct stop stop = {c->stopped ? 50 : INT32_MAX};
		const struct weir_job_guard guard = {{WEIR_TIME_NEVER_NS}, is_stopped, &stop};

		begin_now(writer, WEIR_DURABILITY_DEFAULT);
		run(fixture, writer, "INSERT INTO t VALUES (1)"); /* a neighbour's */
		assert_int_equal(engine()->savepoint(writer, NULL), WEIR_OK);
		engine()->job_begin(writer, &guard);

		const enum weir_code code = try_run(fixture, writer, c->sql, &err);
		struct weir_error why = WEIR_ERROR_INIT;
		const enum weir_job_end end = engine()->job_end(writer, &why);

		if (code != c->code || end != c->end || why.driver_code != c->driver_code)
			fail_msg("%s: code 0x%x (%s), end %d, %d (%s)", c->sql, (unsigned)code, err.message,
			         (int)end, why.driver_code, why.message);
		if (end == WEIR_JOB_LOST) {
			struct weir_error lost = WEIR_ERROR_INIT;

			assert_int_not_equal(engine()->commit(writer, &lost), WEIR_OK);
		} else {
			assert_int_equal(engine()->savepoint_undo(writer, NULL), WEIR_OK);
			assert_int_equal(ask(fixture, writer, "SELECT count(*) FROM t"), 1);
			commit_now(writer);
			write_now(fixture, writer, "DELETE FROM t");
		}
		assert_int_equal(ask(fixture, writer, "SELECT count(*) FROM t"), 0);
		assert_int_equal(ask(fixture, writer, "SELECT count(*) FROM k"), 1);
		assert_int_equal(ask(fixture, writer, "SELECT count(*) FROM child"), 0);
	}
	fixture->driver->close(writer);
}

/* The budget ends what runs, and with a write the transaction. */
static void a_job_over_its_budget_is_stopped(void **state)
{
	const struct fixture *const fixture = *state;
	void *const writer = open_role(fixture, WEIR_ROLE_WRITER);
	struct weir_error err = WEIR_ERROR_INIT;

	begin_now(writer, WEIR_DURABILITY_DEFAULT);

	const struct weir_job_guard guard = {weir_deadline_in(WEIR_MILLISECONDS(2)), NULL, NULL};

	engine()->job_begin(writer, &guard);
	assert_int_equal(try_run(fixture, writer, LONG_WRITE, &err), WEIR_ERR_DRIVER_DEADLINE);
	assert_int_equal(engine()->job_end(writer, &err), WEIR_JOB_LOST);
	roll_back_now(writer);
	/* The next one has nothing of it. */
	write_now(fixture, writer, LONG_WRITE);
	assert_int_equal(ask(fixture, writer, "SELECT count(*) FROM t"), 1000000);
	fixture->driver->close(writer);
}

/* ---- with the handle in hand ---- */

/* In a job of weir_db, where the handle can be had. */
struct raw {
	const char *sql;
	bool unhooked; /* the authorizer is taken away first */
	bool unended;  /* one step, and then left */
};

static int run_raw(struct weir_tx *tx, void *arg)
{
	const struct raw *const raw = arg;
	sqlite3 *const db = weir_sqlite_tx_handle(tx);
	sqlite3_stmt *stmt = NULL;

	if (raw->unhooked)
		sqlite3_set_authorizer(db, NULL, NULL);
	if (sqlite3_exec(db, "INSERT INTO t VALUES (1)", NULL, NULL, NULL) != SQLITE_OK)
		return 1;
	if (!raw->unended) {
		(void)sqlite3_exec(db, raw->sql, NULL, NULL, NULL);
		return 0;
	}
	if (sqlite3_prepare_v2(db, raw->sql, -1, &stmt, NULL) != SQLITE_OK)
		return 1;
	(void)sqlite3_step(stmt);
	return 0;
}

struct raw_case {
	struct raw raw;
	enum weir_outcome outcome;
	int64_t rows;
};

static const struct raw_case raw_cases[] = {
	{{"INSERT INTO t VALUES (2)", false, false}, WEIR_COMMITTED, 2},
	{{"INSERT INTO t VALUES (2), (3) RETURNING x", false, true}, WEIR_COMMITTED, 3},
	{{"SELECT x FROM t UNION ALL SELECT 7", false, true}, WEIR_COMMITTED, 1},
	{{"COMMIT", false, false}, WEIR_COMMITTED, 1}, /* refused, and the job does not mind */
	{{"COMMIT", true, false}, WEIR_FAILED, 0},
	{{"ROLLBACK", true, false}, WEIR_FAILED, 0},
	{{"ROLLBACK; BEGIN IMMEDIATE; INSERT INTO t VALUES (8)", true, false}, WEIR_FAILED, 0},
};

static int add_row(struct weir_tx *tx, void *arg)
{
	(void)arg;
	return weir_tx_exec(tx, "INSERT INTO t VALUES (9)", NULL, 0, NULL, NULL) != WEIR_OK;
}

static void a_job_with_the_handle_is_found_out(void **state)
{
	struct fixture *const fixture = *state;
	sqlite3 *const db = open_foreign(fixture);
	struct weir_error err = WEIR_ERROR_INIT;
	struct weir_db *weir = NULL;

	assert_int_equal(weir_db_create(&weir, fixture->driver, &fixture->config, NULL, &err), WEIR_OK);
	for (size_t i = 0; i < sizeof(raw_cases) / sizeof(raw_cases[0]); i++) {
		const struct raw_case *const c = &raw_cases[i];
		struct raw raw = c->raw;
		struct weir_write_result result = {.size = sizeof(result)};
		int rows = -1;
		sqlite3_stmt *stmt = NULL;

		run_foreign(db, "DELETE FROM t");

		const enum weir_code code = weir_db_run(weir, run_raw, &raw, NULL, &result, &err);

		assert_int_equal(code == WEIR_OK, c->outcome == WEIR_COMMITTED);
		assert_int_equal(result.outcome, c->outcome);
		assert_int_equal(sqlite3_prepare_v2(db, "SELECT count(*) FROM t", -1, &stmt, NULL), 0);
		assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
		rows = sqlite3_column_int(stmt, 0);
		sqlite3_finalize(stmt);
		assert_int_equal(rows, c->rows);
		/* Nothing of it is left on the writer. */
		assert_int_equal(weir_db_run(weir, add_row, NULL, NULL, NULL, &err), WEIR_OK);
		assert_int_equal(locks_of(fixture) & LOCK_WRITE, 0);
	}
	assert_int_equal(weir_db_close(weir, NULL), WEIR_OK);
	weir_db_destroy(weir);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		JOB_TEST(the_end_of_a_job_says_what_became_of_the_transaction),
		JOB_TEST(a_job_over_its_budget_is_stopped),
		JOB_TEST(a_job_with_the_handle_is_found_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
