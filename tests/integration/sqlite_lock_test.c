/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Waiting for SQLite's lock: how long, until what, and what ends it.
 */
#include "sqlite_fixture.h"

#include <stdatomic.h>
#include <string.h>
#include <time.h>

static int make_table(void **state)
{
	const int rc = make_fixture(state);
	sqlite3 *const db = open_foreign(*state);

	run_foreign(db, "PRAGMA journal_mode=WAL; CREATE TABLE t (x INTEGER NOT NULL)");
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	return rc;
}

/* A writer elsewhere in the database. */
static sqlite3 *hold_write_lock(const struct fixture *fixture)
{
	sqlite3 *const db = open_foreign(fixture);

	run_foreign(db, "BEGIN IMMEDIATE");
	return db;
}

static void let_go(sqlite3 *db)
{
	run_foreign(db, "ROLLBACK");
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void *let_go_soon(void *argument)
{
	const struct timespec pause = {.tv_nsec = 30000000};

	nanosleep(&pause, NULL);
	return sqlite3_exec(argument, "ROLLBACK", NULL, NULL, NULL) == SQLITE_OK ? NULL : argument;
}

static void a_writer_gets_the_lock_when_it_is_free(void **state)
{
	const struct fixture *const fixture = *state;
	void *const conn = open_one(fixture);
	sqlite3 *const db = hold_write_lock(fixture);
	pthread_t thread;
	void *failed = NULL;

	assert_int_equal(pthread_create(&thread, NULL, let_go_soon, db), 0);
	run(fixture, conn, "INSERT INTO t VALUES (1)");
	pthread_join(thread, &failed);
	assert_null(failed);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	fixture->driver->close(conn);
}

static void busy_timeout_ends_the_wait(void **state)
{
	struct fixture *const fixture = *state;
	struct weir_error err = WEIR_ERROR_INIT;
	sqlite3 *const db = hold_write_lock(fixture);

	set(fixture, "busy_timeout", "20ms");

	void *const conn = open_one(fixture);
	const int64_t before = weir_now().ns;

	assert_int_equal(try_run(fixture, conn, "INSERT INTO t VALUES (1)", &err),
	                 WEIR_ERR_DRIVER_BUSY);
	assert_true(weir_now().ns - before >= WEIR_MILLISECONDS(20));
	assert_int_equal(err.driver_code, SQLITE_BUSY);
	assert_int_equal(ask(fixture, conn, "SELECT count(*) FROM t"), 0); /* readers go on */
	fixture->driver->close(conn);
	let_go(db);
}

static void a_timeout_of_zero_does_not_wait(void **state)
{
	struct fixture *const fixture = *state;
	sqlite3 *const db = hold_write_lock(fixture);

	set(fixture, "busy_timeout", "0s");

	void *const conn = open_one(fixture);

	assert_int_equal(try_run(fixture, conn, "INSERT INTO t VALUES (1)", NULL),
	                 WEIR_ERR_DRIVER_BUSY);
	let_go(db);
	run(fixture, conn, "INSERT INTO t VALUES (1)");
	fixture->driver->close(conn);
}

/* A snapshot that is out of date can never become a writer: told at once. */
static void a_stale_snapshot_is_told_apart(void **state)
{
	const struct fixture *const fixture = *state;
	struct weir_error err = WEIR_ERROR_INIT;
	void *const conn = open_one(fixture);
	void *const other = open_one(fixture);

	run(fixture, conn, "BEGIN");
	(void)ask(fixture, conn, "SELECT count(*) FROM t");
	run(fixture, other, "INSERT INTO t VALUES (1)");
	assert_int_equal(try_run(fixture, conn, "INSERT INTO t VALUES (2)", &err),
	                 WEIR_ERR_DRIVER_BUSY);
	assert_int_equal(err.driver_code, SQLITE_BUSY_SNAPSHOT);
	assert_int_equal(fixture->driver->reset(conn, soon(), NULL), WEIR_OK);
	run(fixture, conn, "INSERT INTO t VALUES (2)");
	fixture->driver->close(other);
	fixture->driver->close(conn);
}

static void by_pragma(const struct fixture *fixture, void *conn)
{
	run(fixture, conn, "PRAGMA busy_timeout=0");
}

static void by_handle(const struct fixture *fixture, void *conn)
{
	(void)fixture;
	assert_int_equal(sqlite3_busy_timeout(handle_of(conn), 0), SQLITE_OK);
}

/* A borrower's busy_timeout replaces the driver's handler without a word. */
static void reset_brings_the_busy_handler_back(void **state)
{
	static void (*const ways[])(const struct fixture *, void *) = {by_pragma, by_handle};
	const struct fixture *const fixture = *state;

	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		void *const conn = open_one(fixture);
		sqlite3 *const db = hold_write_lock(fixture);
		pthread_t thread;

		ways[i](fixture, conn);
		assert_int_equal(try_run(fixture, conn, "INSERT INTO t VALUES (1)", NULL),
		                 WEIR_ERR_DRIVER_BUSY);
		reset(fixture, conn);
		assert_int_equal(pthread_create(&thread, NULL, let_go_soon, db), 0);
		run(fixture, conn, "INSERT INTO t VALUES (1)");
		pthread_join(thread, NULL);
		assert_int_equal(sqlite3_close(db), SQLITE_OK);
		fixture->driver->close(conn);
	}
}

struct waiter {
	const struct fixture *fixture;
	void *conn;
	atomic_bool done;
	enum weir_code code;
};

static void *wait_for_lock(void *argument)
{
	struct waiter *const waiter = argument;

	waiter->code = try_run(waiter->fixture, waiter->conn, "INSERT INTO t VALUES (1)", NULL);
	atomic_store(&waiter->done, true);
	return NULL;
}

static void cancel_ends_the_wait(void **state)
{
	struct fixture *const fixture = *state;
	sqlite3 *const db = hold_write_lock(fixture);
	pthread_t thread;

	set(fixture, "busy_timeout", "1h");

	struct waiter waiter = {.fixture = fixture, .conn = open_one(fixture)};

	assert_int_equal(pthread_create(&thread, NULL, wait_for_lock, &waiter), 0);
	while (!atomic_load(&waiter.done))
		fixture->driver->cancel(waiter.conn);
	pthread_join(thread, NULL);
	assert_int_equal(waiter.code, WEIR_ERR_DRIVER_CANCELLED);
	let_go(db);
	assert_int_equal(fixture->driver->reset(waiter.conn, soon(), NULL), WEIR_OK);
	run(fixture, waiter.conn, "INSERT INTO t VALUES (1)");
	fixture->driver->close(waiter.conn);
}

static void validate_does_not_need_the_write_lock(void **state)
{
	const struct fixture *const fixture = *state;
	void *const conn = open_one(fixture);
	sqlite3 *const db = hold_write_lock(fixture);

	assert_int_equal(fixture->driver->validate(conn, soon(), NULL), WEIR_OK);
	let_go(db);
	fixture->driver->close(conn);
}

#define WRITERS 6
#define READERS 2
#define WRITES 40

struct worker {
	const struct fixture *fixture;
	pthread_t thread;
	struct weir_error err;
	unsigned failures;
};

static void *add_rows(void *argument)
{
	struct worker *const worker = argument;
	const struct fixture *const fixture = worker->fixture;
	void *conn = NULL;

	if (open_until(fixture, soon(), &conn, &worker->err) != WEIR_OK) {
		worker->failures = WRITES;
		return NULL;
	}
	for (unsigned i = 0; i < WRITES; i++) {
		const char *const sql = i % 2 == 0 ? "INSERT INTO t VALUES (1)" : "UPDATE t SET x = x + 1";

		if (try_run(fixture, conn, "BEGIN IMMEDIATE", &worker->err) != WEIR_OK ||
		    try_run(fixture, conn, sql, &worker->err) != WEIR_OK ||
		    try_run(fixture, conn, "COMMIT", &worker->err) != WEIR_OK)
			worker->failures++;
		worker->failures += fixture->driver->reset(conn, soon(), NULL) != WEIR_OK;
	}
	fixture->driver->close(conn);
	return NULL;
}

static void *read_rows(void *argument)
{
	struct worker *const worker = argument;
	const struct fixture *const fixture = worker->fixture;
	void *conn = NULL;

	if (open_until(fixture, soon(), &conn, &worker->err) != WEIR_OK) {
		worker->failures = WRITES;
		return NULL;
	}
	for (unsigned i = 0; i < WRITES; i++)
		worker->failures += try_run(fixture, conn, "SELECT sum(x) FROM t", &worker->err) != WEIR_OK;
	fixture->driver->close(conn);
	return NULL;
}

/* Six writers and two readers, each on a connection of its own. */
static void contention_loses_no_write(void **state)
{
	struct fixture *const fixture = *state;
	struct worker workers[WRITERS + READERS];

	set(fixture, "busy_timeout", "1m");
	set(fixture, "synchronous", "off");
	set(fixture, "wal_autocheckpoint", "50");
	for (size_t i = 0; i < WRITERS + READERS; i++) {
		workers[i] = (struct worker){.fixture = fixture, .err = WEIR_ERROR_INIT};
		assert_int_equal(pthread_create(&workers[i].thread, NULL,
		                                i < WRITERS ? add_rows : read_rows, &workers[i]),
		                 0);
	}
	for (size_t i = 0; i < WRITERS + READERS; i++)
		pthread_join(workers[i].thread, NULL);
	for (size_t i = 0; i < WRITERS + READERS; i++) {
		if (workers[i].failures > 0)
			fail_msg("thread %zu: %u failures: %s", i, workers[i].failures, workers[i].err.message);
	}

	void *const conn = open_one(fixture);

	assert_int_equal(ask(fixture, conn, "SELECT count(*) FROM t"), WRITERS * WRITES / 2);
	assert_int_equal(ask(fixture, conn,
	                     "SELECT count(*) FROM pragma_integrity_check WHERE "
	                     "integrity_check <> 'ok'"),
	                 0);
	fixture->driver->close(conn);
}

#define TABLE_TEST(test) cmocka_unit_test_setup_teardown(test, make_table, drop_fixture)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TABLE_TEST(a_writer_gets_the_lock_when_it_is_free),
		TABLE_TEST(busy_timeout_ends_the_wait),
		TABLE_TEST(a_timeout_of_zero_does_not_wait),
		TABLE_TEST(a_stale_snapshot_is_told_apart),
		TABLE_TEST(reset_brings_the_busy_handler_back),
		TABLE_TEST(cancel_ends_the_wait),
		TABLE_TEST(validate_does_not_need_the_write_lock),
		TABLE_TEST(contention_loses_no_write),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
