/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A script on the writer: what it may do, what is put back after it, and that it can be
 * stopped; what its statements are and touch is in sqlite_kind_test.c.
 */
#include "script_fixture.h"

static const char family[] = "CREATE TABLE parent (id INTEGER PRIMARY KEY);"
							 "CREATE TABLE child (parent REFERENCES parent(id) ON DELETE CASCADE);"
							 "INSERT INTO parent VALUES (1); INSERT INTO child VALUES (1), (1);";

/* Afterwards an ordinary job must work, by the same writer. */
static void end_whole(struct weir_db *db)
{
	db_exec(db, "CREATE TABLE IF NOT EXISTS ordinary (v INTEGER)");
	db_exec(db, "INSERT INTO ordinary VALUES (1)");
	assert_int_equal(db_stats(db).writer_opens, 1);
	db_end(db);
}

/* ---- foreign keys ---- */

static void drop_the_parent(struct held *held)
{
	held_run(held, family);
	assert_int_equal(held_number(held, "PRAGMA foreign_keys"), 1);
	held_begin(held, NULL);
	assert_int_equal(held_number(held, "PRAGMA foreign_keys"), 0);
	held_begin_txn(held);
	held_run(held, "DROP TABLE parent");
	held_commit_txn(held);
	held_end(held);
	assert_int_equal(held_number(held, "PRAGMA foreign_keys"), 1);
	assert_int_equal(held_number(held, "SELECT count(*) FROM child"), 2);
}

static void foreign_keys_are_not_enforced_in_a_script(void **state)
{
	struct weir_db *const db = db_make(*state, NULL);

	held_maintain(db, drop_the_parent, NULL);
	end_whole(db);
}

static void fail_in_a_script(struct held *held)
{
	struct weir_error err = WEIR_ERROR_INIT;

	held_run(held, family);
	held_begin(held, NULL);
	held_begin_txn(held);
	held_run(held, "DELETE FROM parent");
	assert_code(held_try(held, "SELECT nothing FROM nowhere", &err), WEIR_ERR_DRIVER_SQL);
	held_end(held); /* with the transaction still open */
	assert_int_equal(held->sql->txn_state(held->conn), WEIR_TXN_NONE);
	assert_int_equal(held_number(held, "PRAGMA foreign_keys"), 1);
	assert_int_equal(held_number(held, "SELECT count(*) FROM parent"), 1);
}

static void they_are_enforced_again_after_an_error(void **state)
{
	struct weir_db *const db = db_make(*state, NULL);

	held_maintain(db, fail_in_a_script, NULL);
	end_whole(db);
}

static void switch_keys_in_a_script(struct held *held)
{
	held_run(held, "PRAGMA foreign_keys=0");
	held_begin(held, NULL);
	held_run(held, "PRAGMA foreign_keys=ON");
	assert_int_equal(held_number(held, "PRAGMA foreign_keys"), 1);
	held_end(held);
	assert_int_equal(held_number(held, "PRAGMA foreign_keys"), 0);
	held_run(held, "PRAGMA foreign_keys=1");
	assert_code(held->schema->script_begin(held->conn, NULL, true, NULL), WEIR_OK);
	assert_int_equal(held_number(held, "PRAGMA foreign_keys"), 1);
	held_begin_txn(held);
	held_run(held, "PRAGMA foreign_keys=OFF"); /* SQLite ignores it there */
	assert_int_equal(held_number(held, "PRAGMA foreign_keys"), 1);
	held_commit_txn(held);
	held_end(held);
}

static void what_a_script_does_to_them_is_undone(void **state)
{
	struct weir_db *const db = db_make(*state, NULL);

	held_maintain(db, switch_keys_in_a_script, NULL);
	db_end(db); /* that writer has had its settings changed outside of a script */
}

/* ---- transactions ---- */

static void commit_weirs_transaction(struct held *held)
{
	held_run(held, "CREATE TABLE t (v)");
	held_begin(held, NULL);
	held_begin_txn(held);
	held_run(held, "INSERT INTO t VALUES (1)");
	assert_int_equal(held->sql->txn_state(held->conn), WEIR_TXN_WRITE);
	assert_code(held_try(held, "COMMIT", NULL), WEIR_ERR_DRIVER_SQL);
	assert_int_equal(held->sql->txn_state(held->conn), WEIR_TXN_NONE);
	assert_code(held->engine->commit(held->conn, NULL), WEIR_ERR_DRIVER);
	held_end(held);
	assert_int_equal(held_number(held, "SELECT count(*) FROM t"), 0);
}

static void a_stray_commit_is_noticed_and_commits_nothing(void **state)
{
	struct weir_db *const db = db_make(*state, NULL);

	held_maintain(db, commit_weirs_transaction, NULL);
	end_whole(db);
}

static void roll_weirs_transaction_back(struct held *held)
{
	held_run(held, "CREATE TABLE t (v)");
	held_begin(held, NULL);
	held_begin_txn(held);
	held_run(held, "INSERT INTO t VALUES (1); ROLLBACK");
	assert_int_equal(held->sql->txn_state(held->conn), WEIR_TXN_NONE);
	assert_code(held->engine->rollback(held->conn, NULL), WEIR_OK);
	held_end(held);
}

static void a_stray_rollback_is_noticed(void **state)
{
	struct weir_db *const db = db_make(*state, NULL);

	held_maintain(db, roll_weirs_transaction_back, NULL);
	end_whole(db);
}

static void run_own_transactions(struct held *held)
{
	held_begin(held, NULL);
	held_run(held, "BEGIN; CREATE TABLE t (v); SAVEPOINT mine; INSERT INTO t VALUES (1);"
	               "ROLLBACK TO mine; RELEASE mine; INSERT INTO t VALUES (2); COMMIT;"
	               "BEGIN; INSERT INTO t VALUES (3); ROLLBACK; VACUUM; BEGIN IMMEDIATE;"
	               "INSERT INTO t VALUES (4); END");
	held_begin_txn(held); /* one of weir's between those of the script */
	held_run(held, "INSERT INTO t VALUES (5)");
	held_commit_txn(held);
	held_run(held, "BEGIN; INSERT INTO t VALUES (6)");
	held_end(held);
	assert_int_equal(held->sql->txn_state(held->conn), WEIR_TXN_NONE);
}

static void a_script_can_have_transactions_of_its_own(void **state)
{
	struct weir_db *const db = db_make(*state, NULL);

	held_maintain(db, run_own_transactions, NULL);
	db_assert_rows(*state, "SELECT v FROM t ORDER BY v", "2,4,5");
	end_whole(db);
}

static void begin_where_none_may(struct held *held)
{
	assert_code(held->schema->script_end(held->conn, NULL), WEIR_OK); /* there is none */
	held_begin_txn(held);
	assert_code(held->schema->script_begin(held->conn, NULL, false, NULL), WEIR_ERR_DRIVER_SQL);
	assert_int_equal(held_number(held, "PRAGMA foreign_keys"), 1);
	held_commit_txn(held);
	held_begin(held, NULL);
	assert_code(held->schema->script_begin(held->conn, NULL, false, NULL), WEIR_ERR_DRIVER_SQL);
	held_end(held);
	assert_int_equal(held_number(held, "PRAGMA foreign_keys"), 1);
}

static void a_script_begins_once_and_outside_of_transactions(void **state)
{
	struct weir_db *const db = db_make(*state, NULL);

	held_maintain(db, begin_where_none_may, NULL);
	end_whole(db);
}

/* ---- what may not be ---- */

static const char *const denied[] = {
	"ATTACH ':memory:' AS other",     "DETACH main",
	"PRAGMA wal_checkpoint",          "PRAGMA wal_checkpoint(TRUNCATE)",
	"PRAGMA wal_autocheckpoint=1000", "PRAGMA journal_mode=DELETE",
	"PRAGMA locking_mode=EXCLUSIVE",  "SAVEPOINT weir",
	"VACUUM INTO '/nowhere/copy.db'",
};

static void try_what_is_denied(struct held *held)
{
	held_begin(held, NULL);
	for (size_t i = 0; i < sizeof denied / sizeof denied[0]; i++) {
		struct weir_error err = WEIR_ERROR_INIT;

		assert_code(held_try(held, denied[i], &err), WEIR_ERR_DRIVER_SQL);
		if (strstr(err.message, "not authorized") != NULL)
			fail_msg("%s: %s", denied[i], err.message);
	}
	held_run(held, "PRAGMA journal_mode; PRAGMA journal_mode=WAL; PRAGMA locking_mode=NORMAL");
	held_end(held);
}

static void what_a_script_may_not_do_is_denied_with_a_reason(void **state)
{
	struct weir_db *const db = db_make(*state, NULL);

	held_maintain(db, try_what_is_denied, NULL);
	end_whole(db);
}

/* ---- settings ---- */

static void change_settings(struct held *held)
{
	held_begin(held, NULL);
	held_run(held, "PRAGMA legacy_alter_table=ON; PRAGMA recursive_triggers=1;"
	               "PRAGMA cache_size=10; PRAGMA busy_timeout=1; PRAGMA synchronous=OFF;"
	               "PRAGMA ignore_check_constraints=1; PRAGMA writable_schema=1;"
	               "PRAGMA defer_foreign_keys=1");
	held_begin_txn(held); /* what weir commits is durable all the same */
	assert_int_equal(held_number(held, "PRAGMA synchronous"), 2);
	held_commit_txn(held);
	held_run(held, "PRAGMA synchronous=OFF; PRAGMA defer_foreign_keys=1");
	held_end(held);
	assert_int_equal(held_number(held, "PRAGMA defer_foreign_keys"), 0);
	assert_int_equal(held_number(held, "PRAGMA synchronous"), 2);
	assert_int_equal(held_number(held, "PRAGMA legacy_alter_table"), 0);
	assert_int_equal(held_number(held, "PRAGMA recursive_triggers"), 0);
	assert_int_equal(held_number(held, "PRAGMA cache_size"), -8192);
	assert_int_equal(held_number(held, "PRAGMA writable_schema"), 0);
}

static void settings_are_put_back(void **state)
{
	struct weir_db *const db = db_make(*state, NULL);

	held_maintain(db, change_settings, NULL);
	end_whole(db);
}

static void change_for_good(struct held *held)
{
	held_begin(held, NULL);
	held_run(held, "PRAGMA case_sensitive_like=1");
	held_end(held);
}

static void a_writer_with_a_setting_that_stays_is_replaced(void **state)
{
	struct weir_db *const db = db_make(*state, NULL);

	held_maintain(db, change_for_good, NULL);
	db_exec(db, "CREATE TABLE t (v)");
	assert_int_equal(db_stats(db).writer_opens, 2);
	db_end(db);
}

static void keep_a_statement(struct held *held)
{
	held_begin(held, NULL);
	assert_code(weir_tx_exec(held->tx, "BEGIN", NULL, 0, NULL, NULL), WEIR_OK);
	assert_code(weir_tx_exec(held->tx, "INSERT INTO t VALUES (1)", NULL, 0, NULL, NULL), WEIR_OK);
	assert_code(weir_tx_exec(held->tx, "COMMIT", NULL, 0, NULL, NULL), WEIR_OK);
	held_end(held);
	/* It stayed prepared on the connection, where nobody is asked about it again. */
	assert_code(weir_tx_exec(held->tx, "BEGIN", NULL, 0, NULL, NULL), WEIR_ERR_DRIVER_SQL);
	assert_code(weir_tx_exec(held->tx, "INSERT INTO t VALUES (2)", NULL, 0, NULL, NULL), WEIR_OK);
}

static void what_only_a_script_may_do_ends_with_it(void **state)
{
	struct weir_db *const db = db_make(*state, NULL);

	db_exec(db, "CREATE TABLE t (v)");
	held_maintain(db, keep_a_statement, NULL);
	db_assert_rows(*state, "SELECT v FROM t ORDER BY v", "1,2");
	end_whole(db);
}

/* ---- being stopped ---- */

struct stopping {
	uint32_t asked;
	uint32_t after; /* looks */
};

static bool stop_after(void *arg)
{
	struct stopping *const stopping = arg;

	return ++stopping->asked > stopping->after;
}

static void stop_in_a_long_statement(struct held *held)
{
	struct stopping stopping = {.after = 50};
	const struct weir_script_guard guard = {
		.size = sizeof guard, .stop = stop_after, .arg = &stopping};
	struct weir_error err = WEIR_ERROR_INIT;

	held_run(held, family);
	held_begin(held, &guard);
	held_begin_txn(held);
	held_run(held, "DELETE FROM parent");
	assert_code(held_try(held,
	                     "INSERT INTO parent WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL"
	                     " SELECT i + 1 FROM n) SELECT i FROM n",
	                     &err),
	            WEIR_ERR_DRIVER_CANCELLED);
	assert_int_equal(held->engine->rollback(held->conn, NULL), WEIR_OK);
	held_end(held);
	stopping.asked = 0;
	assert_int_equal(held_number(held, "PRAGMA foreign_keys"), 1);
	assert_int_equal(held_number(held, "SELECT count(*) FROM parent"), 1);
	assert_int_equal(stopping.asked, 0); /* the guard is gone */
}

static void a_script_can_be_stopped_inside_a_statement(void **state)
{
	struct weir_db *const db = db_make(*state, NULL);

	held_maintain(db, stop_in_a_long_statement, NULL);
	end_whole(db);
}

/* ---- a job that ends its thread ---- */

static int exit_in_a_script(struct weir_tx *tx, void *db)
{
	struct held held = held_of(db, tx);

	held_begin(&held, NULL);
	held_begin_txn(&held);
	held_run(&held, "CREATE TABLE lost (v)");
	pthread_exit(NULL);
	return 0;
}

static void *run_and_exit(void *db)
{
	(void)!weir_db_maintain((struct weir_db *)db, exit_in_a_script, db, NULL, NULL);
	return NULL;
}

static void look_after_it(struct held *held)
{
	assert_int_equal(held_number(held, "PRAGMA foreign_keys"), 1);
	assert_int_equal(held_number(held, "SELECT count(*) FROM sqlite_schema"), 0);
	held_begin(held, NULL);
	held_end(held);
}

static void a_script_ends_with_the_thread_of_its_job(void **state)
{
	struct weir_db *const db = db_make(*state, NULL);
	pthread_t thread;

	assert_int_equal(pthread_create(&thread, NULL, run_and_exit, db), 0);
	assert_int_equal(pthread_join(thread, NULL), 0);
	held_maintain(db, look_after_it, NULL);
	end_whole(db);
}

/* ---- statements that run ---- */

static void alter_beside_a_reading(struct held *held)
{
	struct weir_rows rows = {0};
	enum weir_code code = WEIR_OK;

	held_run(held, "CREATE TABLE t (v); INSERT INTO t VALUES (1), (2)");
	assert_code(weir_tx_query(held->tx, "SELECT v FROM t", NULL, 0, &rows, NULL), WEIR_OK);
	assert_true(weir_rows_next(&rows, &code, NULL));
	assert_code(held_try(held, "DROP TABLE t", NULL), WEIR_ERR_DRIVER_BUSY);
	held->schema->settle(held->conn);
	held_run(held, "DROP TABLE t");
	weir_rows_end(&rows);
}

static void settling_ends_what_still_runs(void **state)
{
	struct weir_db *const db = db_make(*state, NULL);

	held_maintain(db, alter_beside_a_reading, NULL);
	end_whole(db);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DB_TEST(foreign_keys_are_not_enforced_in_a_script),
		DB_TEST(they_are_enforced_again_after_an_error),
		DB_TEST(what_a_script_does_to_them_is_undone),
		DB_TEST(a_stray_commit_is_noticed_and_commits_nothing),
		DB_TEST(a_stray_rollback_is_noticed),
		DB_TEST(a_script_can_have_transactions_of_its_own),
		DB_TEST(a_script_begins_once_and_outside_of_transactions),
		DB_TEST(what_a_script_may_not_do_is_denied_with_a_reason),
		DB_TEST(settings_are_put_back),
		DB_TEST(a_writer_with_a_setting_that_stays_is_replaced),
		DB_TEST(what_only_a_script_may_do_ends_with_it),
		DB_TEST(a_script_can_be_stopped_inside_a_statement),
		DB_TEST(a_script_ends_with_the_thread_of_its_job),
		DB_TEST(settling_ends_what_still_runs),
	};

	return cmocka_run_group_tests_name("sqlite_script", tests, NULL, NULL);
}
