/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A db whose connections are declared old: writer, readers and aide are opened anew, and
 * nothing is lost.
 */
#include "db_fixture.h"

static void everything_is_opened_anew(void **state)
{
	struct weir_db *const db = db_make(*state, "keeper=manual");
	struct weir_tx tx = {0};
	struct weir_db_stats before;

	db_exec(db, "CREATE TABLE t (v)");
	assert_code(weir_read_begin(db, NULL, &tx, NULL), WEIR_OK);
	before = db_stats(db);
	assert_code(weir_db_reset(db, "test", NULL), WEIR_OK);
	db_exec(db, "INSERT INTO t VALUES (1)");
	assert_int_equal(db_stats(db).writer_opens, before.writer_opens + 1);
	weir_tx_end(&tx);
	assert_true(db_stats(db).readers.closed[WEIR_CLOSE_STALE] >= 1);
	assert_int_equal(db_number(db, "SELECT count(*) FROM t"), 1);
	assert_code(weir_db_checkpoint(db, NULL, NULL), WEIR_OK);
	db_exec(db, "INSERT INTO t VALUES (2)");
	assert_int_equal(db_stats(db).writer_opens, before.writer_opens + 1);
	assert_int_equal(db_number(db, "SELECT count(*) FROM t"), 2);
	db_end(db);
}

/* A write that is under way ends on the connection it began with; the next one has a new
 * one, and one only however often it was declared old. */
static void a_write_under_way_ends_as_it_began(void **state)
{
	struct weir_db *const db = db_make(*state, "keeper=manual");
	struct weir_tx tx = {0};
	uint64_t before;

	db_exec(db, "CREATE TABLE t (v)");
	before = db_stats(db).writer_opens;
	assert_code(weir_write_begin(db, NULL, &tx, NULL), WEIR_OK);
	db_tx_exec(&tx, "INSERT INTO t VALUES (1)");
	assert_code(weir_db_reset(db, "once", NULL), WEIR_OK);
	assert_code(weir_db_reset(db, "twice", NULL), WEIR_OK);
	db_tx_exec(&tx, "INSERT INTO t VALUES (2)");
	assert_code(weir_write_commit(&tx, NULL, NULL), WEIR_OK);
	assert_int_equal(db_stats(db).writer_opens, before);
	db_exec(db, "INSERT INTO t VALUES (3)");
	db_exec(db, "INSERT INTO t VALUES (4)");
	assert_int_equal(db_stats(db).writer_opens, before + 1);
	assert_int_equal(db_number(db, "SELECT count(*) FROM t"), 4);
	db_end(db);
}

static void a_private_database_is_not_reset(void **state)
{
	struct weir_error err = WEIR_ERROR_INIT;
	struct weir_db *db;

	(void)state;
	assert_code(weir_db_open(&db, weir_sqlite_driver(), "sqlite::memory:", &err), WEIR_OK);
	assert_code(weir_db_reset(db, NULL, &err), WEIR_ERR_DRIVER_UNSUPPORTED);
	assert_code(weir_db_reset(NULL, NULL, &err), WEIR_ERR_BAD_ARGUMENT);
	weir_db_destroy(db);
}

/* It has no pool of readers that could be suspended in its stead. */
static void reads_of_a_private_db_are_suspended_too(void **state)
{
	const struct weir_read_options patient = {
		.size = sizeof patient,
		.timeout_ns = WEIR_MILLISECONDS(2),
		.when_down = WEIR_DOWN_WAIT,
	};
	struct weir_tx tx = {0};
	struct weir_db *db;

	(void)state;
	assert_code(weir_db_open(&db, weir_sqlite_driver(), "sqlite::memory:", NULL), WEIR_OK);
	assert_code(weir_db_suspend(db, NULL), WEIR_OK);
	assert_code(weir_read_begin(db, NULL, &tx, NULL), WEIR_ERR_SUSPENDED);
	assert_code(weir_read_begin(db, &patient, &tx, NULL), WEIR_ERR_SUSPENDED);
	assert_code(weir_db_resume(db, NULL), WEIR_OK);
	assert_code(weir_read_begin(db, &patient, &tx, NULL), WEIR_OK);
	weir_tx_end(&tx);
	assert_code(weir_db_close(db, NULL), WEIR_OK);
	weir_db_destroy(db);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DB_TEST(everything_is_opened_anew),
		DB_TEST(a_write_under_way_ends_as_it_began),
		DB_TEST(a_private_database_is_not_reset),
		DB_TEST(reads_of_a_private_db_are_suspended_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
