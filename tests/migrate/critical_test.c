/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The critical section: kept, undone, refused, and the connection as it was.
 */
#include "history_fixture.h"

static enum weir_code insert(void *arg, const struct weir__session *session, struct weir_error *err)
{
	const enum weir_code *const ends = arg;
	const enum weir_code code =
		weir__session_exec(session, "INSERT INTO t VALUES (1)", NULL, 0, err);

	if (code != WEIR_OK || *ends == WEIR_OK)
		return code;
	return weir_fail(err, *ends, "test", 7, "the body's own reason");
}

static void it_commits(void **state)
{
	struct weir_db *const db = db_make(*state, NULL);
	enum weir_code ends = WEIR_OK;

	db_exec(db, "CREATE TABLE t (v)");
	assert_code(in_section(db, insert, &ends, true, NULL), WEIR_OK);
	assert_int_equal(db_file_number(*state, "SELECT count(*) FROM t"), 1);
	db_end(db);
}

static void it_undoes_what_shall_not_be_kept(void **state)
{
	struct weir_db *const db = db_make(*state, NULL);
	enum weir_code ends = WEIR_OK;

	db_exec(db, "CREATE TABLE t (v)");
	assert_code(in_section(db, insert, &ends, false, NULL), WEIR_OK);
	assert_int_equal(db_file_number(*state, "SELECT count(*) FROM t"), 0);
	db_end(db);
}

static void a_failure_undoes_it_and_is_told(void **state)
{
	struct weir_db *const db = db_make(*state, NULL);
	struct weir_error err = WEIR_ERROR_INIT;
	enum weir_code ends = WEIR_ERR_MIGRATE_DRIFT;

	db_exec(db, "CREATE TABLE t (v)");
	assert_code(in_section(db, insert, &ends, true, &err), WEIR_ERR_MIGRATE_DRIFT);
	assert_string_equal(err.message, "the body's own reason");
	assert_string_equal(err.where, "test");
	assert_int_equal(err.driver_code, 7);
	assert_code(in_section(db, insert, &ends, true, NULL), WEIR_ERR_MIGRATE_DRIFT);
	assert_int_equal(db_file_number(*state, "SELECT count(*) FROM t"), 0);
	db_end(db);
}

static enum weir_code break_reference(void *arg, const struct weir__session *session,
                                      struct weir_error *err)
{
	(void)arg;
	return weir__session_exec(session, "INSERT INTO child VALUES (9)", NULL, 0, err);
}

static void references_are_enforced_again_behind_it(void **state)
{
	struct weir_db *const db = db_make(*state, NULL);

	db_exec(db, "CREATE TABLE parent (id INTEGER PRIMARY KEY)");
	db_exec(db, "CREATE TABLE child (parent REFERENCES parent (id))");
	assert_code(in_section(db, break_reference, NULL, true, NULL), WEIR_OK);
	assert_code(weir_db_exec(db, "INSERT INTO child VALUES (8)", NULL, 0, NULL, NULL),
	            WEIR_ERR_DRIVER_SQL);
	db_end(db);
}

static void it_waits_no_longer_than_it_is_told(void **state)
{
	const struct weir_migrate_options options = {.size = sizeof options, .timeout_ns = 1000000};
	struct weir_db *const db = db_make(*state, NULL);
	struct weir_error err = WEIR_ERROR_INIT;
	enum weir_code ends = WEIR_OK;
	struct db_holder holder;

	db_exec(db, "CREATE TABLE t (v)");
	db_hold(&holder, db);
	assert_code(weir__critical(db, &options, insert, &ends, true, &err), WEIR_ERR_GATE_TIMEOUT);
	db_end_hold(&holder);
	assert_code(in_section(db, insert, &ends, true, NULL), WEIR_OK);
	db_end(db);
}

static void a_writer_of_another_process_is_waited_for_as_long(void **state)
{
	const struct weir_migrate_options options = {.size = sizeof options, .timeout_ns = 20000000};
	struct weir_db *const db = db_make(*state, NULL);
	sqlite3 *const foreign = db_foreign(*state);
	enum weir_code ends = WEIR_OK;

	db_exec(db, "CREATE TABLE t (v)");
	db_foreign_exec(foreign, "BEGIN IMMEDIATE");
	assert_code(weir__critical(db, &options, insert, &ends, true, NULL), WEIR_ERR_DRIVER_BUSY);
	db_foreign_exec(foreign, "ROLLBACK");
	assert_code(in_section(db, insert, &ends, true, NULL), WEIR_OK);
	assert_int_equal(sqlite3_close(foreign), SQLITE_OK);
	db_end(db);
}

static void there_must_be_a_db(void **state)
{
	const struct weir_migrate_options options = {.size = sizeof options, .timeout_ns = 1};

	(void)state;
	assert_code(weir__critical(NULL, &options, insert, NULL, true, NULL), WEIR_ERR_BAD_ARGUMENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DB_TEST(it_commits),
		DB_TEST(it_undoes_what_shall_not_be_kept),
		DB_TEST(a_failure_undoes_it_and_is_told),
		DB_TEST(references_are_enforced_again_behind_it),
		DB_TEST(it_waits_no_longer_than_it_is_told),
		DB_TEST(a_writer_of_another_process_is_waited_for_as_long),
		cmocka_unit_test(there_must_be_a_db),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
