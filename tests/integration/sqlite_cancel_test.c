/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Stopping a borrower: by a copy of the lease, by the guard of a job, by SQLite's
 * own interrupt; and that it never meets anybody else.
 */
#include "sqlite_fixture.h"

#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

/* Runs until it is stopped. */
#define ENDLESS "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x+1 FROM c) "
#define ENDLESS_READ ENDLESS "SELECT count(*) FROM c"
#define ENDLESS_WRITE "INSERT INTO t " ENDLESS "SELECT x FROM c"

static struct weir_pool *make_pool(const struct fixture *fixture)
{
	struct weir_config config = fixture->config;
	struct weir_error err = WEIR_ERROR_INIT;
	struct weir_pool *pool = NULL;

	config.max_size = 1;
	if (weir_pool_create(&pool, fixture->driver, NULL, &config, &err) != WEIR_OK)
		fail_msg("%s", err.message);
	return pool;
}

static void drop_pool(struct weir_pool *pool)
{
	assert_int_equal(weir_pool_close(pool, NULL), WEIR_OK);
	weir_pool_destroy(pool);
}

static void acquire(struct weir_pool *pool, struct weir_lease *lease)
{
	assert_int_equal(weir_acquire(pool, lease, NULL), WEIR_OK);
}

/* ---- by the lease ---- */

struct stopper {
	struct weir_lease lease; /* a copy */
	atomic_bool done;
	enum weir_code code;
};

/* Once is enough, however early it comes. */
static void *stop_once(void *argument)
{
	struct stopper *const stopper = argument;

	stopper->code = weir_cancel(&stopper->lease, NULL);
	return NULL;
}

static void a_long_statement_is_stopped(void **state)
{
	static const char *const texts[] = {ENDLESS_READ, ENDLESS_WRITE};
	const struct fixture *const fixture = *state;
	struct weir_pool *const pool = make_pool(fixture);

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct weir_error err = WEIR_ERROR_INIT;
		struct weir_lease lease = {0};
		pthread_t thread;

		acquire(pool, &lease);
		run(fixture, lease.conn, "CREATE TABLE IF NOT EXISTS t (x)");

		struct stopper stopper = {.lease = lease};

		assert_int_equal(pthread_create(&thread, NULL, stop_once, &stopper), 0);
		assert_int_equal(try_run(fixture, lease.conn, texts[i], &err), WEIR_ERR_DRIVER_CANCELLED);
		assert_int_equal(err.driver_code, SQLITE_INTERRUPT);
		pthread_join(thread, NULL);
		assert_int_equal(stopper.code, WEIR_OK);
		/* And so is whatever comes after it, however short. */
		assert_int_equal(try_run(fixture, lease.conn, "SELECT 1", NULL), WEIR_ERR_DRIVER_CANCELLED);
		assert_int_equal(weir_release(&lease, NULL), WEIR_OK);
		acquire(pool, &lease);
		assert_int_equal(ask(fixture, lease.conn, "SELECT count(*) FROM t"), 0);
		assert_int_equal(weir_release(&lease, NULL), WEIR_OK);
	}
	drop_pool(pool);
}

/* The request for a lease that is over, before and after the next one began. */
static void the_next_borrower_is_left_alone(void **state)
{
	const struct fixture *const fixture = *state;
	struct weir_pool *const pool = make_pool(fixture);
	struct weir_lease lease = {0};

	acquire(pool, &lease);

	const struct weir_lease first = lease;

	assert_int_equal(weir_cancel(&first, NULL), WEIR_OK);
	assert_int_equal(weir_release(&lease, NULL), WEIR_OK);
	assert_int_equal(weir_cancel(&first, NULL), WEIR_ERR_STALE_HANDLE);
	acquire(pool, &lease);
	assert_int_equal(weir_cancel(&first, NULL), WEIR_ERR_STALE_HANDLE);
	assert_int_equal(ask(fixture, lease.conn, "SELECT 1"), 1);
	assert_int_equal(weir_release(&lease, NULL), WEIR_OK);
	drop_pool(pool);
}

static void *stop_on_and_on(void *argument)
{
	struct stopper *const stopper = argument;

	while (!atomic_load(&stopper->done))
		stopper->code = weir_cancel(&stopper->lease, NULL);
	return NULL;
}

/* A canceller that does not know when to stop, of a lease that ended. */
static void a_late_canceller_hits_nobody(void **state)
{
	const struct fixture *const fixture = *state;
	struct weir_pool *const pool = make_pool(fixture);
	struct weir_lease lease = {0};
	pthread_t thread;

	acquire(pool, &lease);

	struct stopper stopper = {.lease = lease};

	assert_int_equal(pthread_create(&thread, NULL, stop_on_and_on, &stopper), 0);
	assert_int_equal(weir_release(&lease, NULL), WEIR_OK);
	for (int i = 0; i < 2000; i++) {
		acquire(pool, &lease);
		assert_int_equal(ask(fixture, lease.conn, "SELECT 1"), 1);
		assert_int_equal(weir_release(&lease, NULL), WEIR_OK);
	}
	atomic_store(&stopper.done, true);
	pthread_join(thread, NULL);
	drop_pool(pool);
}

static void a_wait_for_the_lock_is_stopped(void **state)
{
	struct fixture *const fixture = *state;
	struct weir_error err = WEIR_ERROR_INIT;
	struct weir_lease lease = {0};
	pthread_t thread;

	set(fixture, "busy_timeout", "1h");

	struct weir_pool *const pool = make_pool(fixture);

	acquire(pool, &lease);
	run(fixture, lease.conn, "CREATE TABLE t (x)");

	sqlite3 *const other = open_foreign(fixture);
	struct stopper stopper = {.lease = lease};

	run_foreign(other, "BEGIN IMMEDIATE");
	assert_int_equal(pthread_create(&thread, NULL, stop_once, &stopper), 0);
	assert_int_equal(try_run(fixture, lease.conn, "INSERT INTO t VALUES (1)", &err),
	                 WEIR_ERR_DRIVER_CANCELLED);
	pthread_join(thread, NULL);
	assert_int_equal(sqlite3_close(other), SQLITE_OK);
	assert_int_equal(weir_release(&lease, NULL), WEIR_OK);
	drop_pool(pool);
}

/* ---- by SQLite's interrupt ---- */

static int interrupt(void *db)
{
	sqlite3_interrupt(db);
	return 0;
}

/* That is nobody's request: it says so, and is gone with the lease. */
static void an_interrupt_by_the_handle_is_told_apart(void **state)
{
	const struct fixture *const fixture = *state;
	struct weir_error err = WEIR_ERROR_INIT;
	void *const conn = open_one(fixture);
	sqlite3 *const db = handle_of(conn);

	sqlite3_progress_handler(db, 100, interrupt, db);
	assert_int_equal(try_run(fixture, conn, ENDLESS_READ, &err), WEIR_ERR_DRIVER);
	assert_int_equal(err.driver_code, SQLITE_INTERRUPT);
	reset(fixture, conn);
	assert_int_equal(ask(fixture, conn,
	                     "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x+1 FROM c WHERE "
	                     "x < 20000) SELECT count(*) FROM c"),
	                 20000);
	fixture->driver->close(conn);
}

/* A statement that was left running would keep an interrupt for the next one. */
static void an_interrupt_does_not_outlive_the_lease(void **state)
{
	const struct fixture *const fixture = *state;
	void *const conn = open_one(fixture);
	sqlite3 *const db = handle_of(conn);
	sqlite3_stmt *stmt = NULL;

	run(fixture, conn, "CREATE TABLE t (x)");
	run(fixture, conn, "INSERT INTO t VALUES (1), (2)");
	assert_int_equal(sqlite3_prepare_v2(db, "SELECT x FROM t", -1, &stmt, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
	sqlite3_interrupt(db);
	reset(fixture, conn);
	assert_int_equal(ask(fixture, conn, "SELECT count(*) FROM t"), 2);
	assert_int_equal(sqlite3_finalize(stmt), SQLITE_OK);
	fixture->driver->close(conn);
}

/* ---- by the guard of a job ---- */

static bool always(const void *token)
{
	(void)token;
	return true;
}

static const struct {
	const char *sql;
	int64_t budget_ns; /* 0: none; it is cancelled then */
	enum weir_code code;
	enum weir_job_end end;
} guarded[] = {
	{"SELECT 1", 0, WEIR_ERR_DRIVER_CANCELLED, WEIR_JOB_SOUND},
	{"INSERT INTO t VALUES (2)", 0, WEIR_ERR_DRIVER_CANCELLED, WEIR_JOB_SOUND},
	{ENDLESS_READ, 1, WEIR_ERR_DRIVER_DEADLINE, WEIR_JOB_SOUND},
	{ENDLESS_READ, WEIR_MILLISECONDS(10), WEIR_ERR_DRIVER_DEADLINE, WEIR_JOB_SOUND},
	/* SQLite undoes the whole transaction of a write that is stopped midway. */
	{ENDLESS_WRITE, WEIR_MILLISECONDS(10), WEIR_ERR_DRIVER_DEADLINE, WEIR_JOB_LOST},
	{"INSERT INTO t VALUES (2)", WEIR_SECONDS(1000), WEIR_OK, WEIR_JOB_SOUND},
};

static void a_guard_stops_its_job(void **state)
{
	const struct fixture *const fixture = *state;
	const struct weir_engine *const engine = fixture->driver->engine;
	void *const writer = open_role(fixture, WEIR_ROLE_WRITER);

	run(fixture, writer, "CREATE TABLE t (x)");
	for (size_t i = 0; i < sizeof(guarded) / sizeof(guarded[0]); i++) {
		struct weir_error err = WEIR_ERROR_INIT;
		struct weir_job_guard guard = {.deadline = {WEIR_TIME_NEVER_NS}, .cancelled = always};

		assert_int_equal(engine->begin(writer, WEIR_DURABILITY_DEFAULT, soon(), NULL), WEIR_OK);
		run(fixture, writer, "INSERT INTO t VALUES (1)");
		if (guarded[i].budget_ns != 0)
			guard = (struct weir_job_guard){.deadline = weir_deadline_in(guarded[i].budget_ns)};
		engine->job_begin(writer, &guard);
		assert_int_equal(try_run(fixture, writer, guarded[i].sql, &err), guarded[i].code);
		assert_int_equal(engine->job_end(writer, &err), guarded[i].end);
		/* With the job its guard is gone. */
		if (guarded[i].end == WEIR_JOB_SOUND)
			run(fixture, writer, "DELETE FROM t");
		assert_int_equal(engine->rollback(writer, NULL), WEIR_OK);
		reset(fixture, writer);
	}
	fixture->driver->close(writer);
}

/* ---- other errors that have a code of their own ---- */

static void a_full_database_is_told_as_such(void **state)
{
	const struct fixture *const fixture = *state;
	struct weir_error err = WEIR_ERROR_INIT;
	void *const conn = open_one(fixture);

	run(fixture, conn, "CREATE TABLE t (x)");
	run(fixture, conn, "PRAGMA max_page_count=4");
	assert_int_equal(try_run(fixture, conn, "INSERT INTO t VALUES (zeroblob(100000))", &err),
	                 WEIR_ERR_DRIVER_FULL);
	assert_int_equal(err.driver_code, SQLITE_FULL);
	fixture->driver->close(conn);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(a_long_statement_is_stopped),
		FIXTURE_TEST(the_next_borrower_is_left_alone),
		FIXTURE_TEST(a_late_canceller_hits_nobody),
		FIXTURE_TEST(a_wait_for_the_lock_is_stopped),
		FIXTURE_TEST(an_interrupt_by_the_handle_is_told_apart),
		FIXTURE_TEST(an_interrupt_does_not_outlive_the_lease),
		FIXTURE_TEST(a_guard_stops_its_job),
		FIXTURE_TEST(a_full_database_is_told_as_such),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
