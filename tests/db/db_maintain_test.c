/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Maintenance: a job that has the writer to itself, outside of any transaction.
 */
#include "db_fixture.h"

#include <pthread.h>

static void maintenance_does_what_a_transaction_may_not(void **state)
{
	struct weir_db *const db = db_make(*state, NULL);
	struct weir_error err = WEIR_ERROR_INIT;
	struct db_script script = {.sql = {"PRAGMA journal_size_limit=65536", "VACUUM",
	                                   "PRAGMA user_version=7", "INSERT INTO t VALUES (8)"}};

	db_exec(db, "CREATE TABLE t (v INTEGER)");
	/* The same as a job: refused, and nothing of it is done. */
	assert_code(weir_db_run(db, db_run_script, &script, NULL, NULL, NULL), WEIR_ERR_DRIVER_SQL);
	assert_code(weir_db_maintain(db, db_run_script, &script, NULL, &err), WEIR_OK);
	assert_int_equal(script.calls, 2);
	db_assert_rows(*state, "PRAGMA user_version", "7");
	db_assert_rows(*state, "SELECT v FROM t", "8");
	/* What it says is reported; what it did stays done. */
	script = (struct db_script){.sql = {"INSERT INTO t VALUES (9)"}, .returns = 5};
	assert_code(weir_db_maintain(db, db_run_script, &script, NULL, &err), WEIR_ERR_JOB_FAILED);
	assert_int_equal(err.driver_code, 5);
	script = (struct db_script){.sql = {"INSERT INTO nowhere VALUES (9)"}};
	assert_code(weir_db_maintain(db, db_run_script, &script, NULL, &err), WEIR_ERR_DRIVER_SQL);
	db_assert_rows(*state, "SELECT v FROM t ORDER BY rowid", "8,9");
	/* A transaction that it leaves open is nobody else's. */
	script = (struct db_script){.sql = {"SAVEPOINT mine", "INSERT INTO t VALUES (10)"}};
	assert_code(weir_db_maintain(db, db_run_script, &script, NULL, &err), WEIR_OK);
	db_exec(db, "INSERT INTO t VALUES (11)");
	db_assert_rows(*state, "SELECT v FROM t ORDER BY rowid", "8,9,11");
	db_end(db);
}

/* ---- a job that ends its thread ---- */

struct victim {
	struct weir_db *db;
	_Atomic bool returned;
};

static int exit_job(struct weir_tx *tx, void *arg)
{
	(void)arg;
	(void)!weir_tx_exec(tx, "PRAGMA user_version = 7", NULL, 0, NULL, NULL);
	pthread_exit(NULL);
	return 0;
}

static void *run_maintenance(void *argument)
{
	struct victim *const victim = argument;

	(void)!weir_db_maintain(victim->db, exit_job, NULL, NULL, NULL);
	atomic_store(&victim->returned, true);
	return NULL;
}

static void a_job_that_ends_its_thread_lets_go(void **state)
{
	struct weir_db *const db = db_make(*state, "keeper=manual");
	struct victim victim = {.db = db};
	pthread_t thread;

	assert_int_equal(pthread_create(&thread, NULL, run_maintenance, &victim), 0);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_false(atomic_load(&victim.returned));
	assert_int_equal(db_stats(db).gate.held_ns, 0);
	db_exec(db, "CREATE TABLE t (v INTEGER)");
	db_assert_rows(*state, "PRAGMA user_version", "7");
	db_end(db);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DB_TEST(maintenance_does_what_a_transaction_may_not),
		DB_TEST(a_job_that_ends_its_thread_lets_go),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
