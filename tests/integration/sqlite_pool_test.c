/* SPDX-License-Identifier: BSD-2-Clause
 *
 * SQLite through the pool: what the driver says reaches the caller of acquire,
 * borrowers do not see each other's leftovers, and contention loses nothing.
 */
#include "sqlite_fixture.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <weir/stub.h>

static struct weir_pool *make_pool(const struct fixture *fixture, const char *settings)
{
	struct weir_error err = WEIR_ERROR_INIT;
	struct weir_pool *pool = NULL;
	char url[512];

	(void)snprintf(url, sizeof(url), "sqlite://%s?%s", fixture->path, settings);
	if (weir_pool_open_url(&pool, fixture->driver, url, &err) != WEIR_OK)
		fail_msg("%s: %s", url, err.message);
	return pool;
}

static void drop_pool(struct weir_pool *pool)
{
	struct weir_error err = WEIR_ERROR_INIT;

	if (weir_pool_close(pool, &err) != WEIR_OK)
		fail_msg("close: %s", err.message);
	weir_pool_destroy(pool);
}

static void acquire(struct weir_pool *pool, struct weir_lease *lease)
{
	struct weir_error err = WEIR_ERROR_INIT;

	if (weir_acquire(pool, lease, &err) != WEIR_OK)
		fail_msg("acquire: %s", err.message);
}

static void release(struct weir_lease *lease)
{
	assert_int_equal(weir_release(lease, NULL), WEIR_OK);
}

/* ---- the handle ---- */

static void the_handle_belongs_to_the_lease(void **state)
{
	const struct fixture *const fixture = *state;
	struct weir_pool *const pool = make_pool(fixture, "max_size=2");
	struct weir_lease lease = {0};

	assert_null(weir_sqlite_handle(NULL));
	assert_null(weir_sqlite_handle(&lease));
	acquire(pool, &lease);

	sqlite3 *const db = weir_sqlite_handle(&lease);

	assert_non_null(db);
	assert_string_equal(sqlite3_db_filename(db, "main"), fixture->path);
	release(&lease);
	assert_null(weir_sqlite_handle(&lease));
	drop_pool(pool);
}

static int insert_by_handle(struct weir_tx *tx, void *seen)
{
	sqlite3 *const db = weir_sqlite_tx_handle(tx);

	*(sqlite3 **)seen = db;
	return sqlite3_exec(db, "INSERT INTO t VALUES (1)", NULL, NULL, NULL);
}

/* And what was done by it stays within what a borrower may do. */
static void the_handle_belongs_to_the_tx(void **state)
{
	const struct fixture *const fixture = *state;
	struct weir_error err = WEIR_ERROR_INIT;
	struct weir_db *db = NULL;
	struct weir_tx tx = {0};
	sqlite3 *writer = NULL;
	char url[512];

	(void)snprintf(url, sizeof(url), "sqlite://%s", fixture->path);
	if (weir_db_open(&db, fixture->driver, url, &err) != WEIR_OK)
		fail_msg("%s", err.message);
	assert_null(weir_sqlite_tx_handle(&tx));
	assert_int_equal(weir_db_exec(db, "CREATE TABLE t (x)", NULL, 0, NULL, NULL), WEIR_OK);
	assert_int_equal(weir_db_run(db, insert_by_handle, &writer, NULL, NULL, NULL), WEIR_OK);
	assert_non_null(writer);
	assert_int_equal(weir_read_begin(db, NULL, &tx, NULL), WEIR_OK);

	sqlite3 *const reader = weir_sqlite_tx_handle(&tx);

	assert_ptr_not_equal(reader, writer);
	assert_int_equal(sqlite3_exec(reader, "SELECT x FROM t", NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_exec(reader, "INSERT INTO t VALUES (2)", NULL, NULL, NULL),
	                 SQLITE_READONLY);
	weir_tx_end(&tx);
	assert_null(weir_sqlite_tx_handle(&tx));
	assert_int_equal(weir_db_close(db, NULL), WEIR_OK);
	weir_db_destroy(db);
}

static void another_drivers_lease_has_no_handle(void **state)
{
	struct weir_stub *const stub = weir_stub_create();
	struct weir_config config;
	struct weir_lease lease = {0};
	struct weir_pool *pool = NULL;

	(void)state;
	assert_non_null(stub);
	weir_config_init(&config, weir_stub_driver());
	config.validate_on_acquire = 1;
	assert_int_equal(weir_pool_create(&pool, weir_stub_driver(), stub, &config, NULL), WEIR_OK);
	/* The second is validated, so that what it holds is not all zero. */
	acquire(pool, &lease);
	release(&lease);
	acquire(pool, &lease);
	assert_true(weir_lease_held(&lease));
	assert_null(weir_sqlite_handle(&lease));
	release(&lease);
	drop_pool(pool);
	weir_stub_destroy(stub);
}

/* ---- what cannot be opened ---- */

static void assert_pool_refuses(const struct fixture *fixture, const char *path,
                                int32_t driver_code, const char *in_message)
{
	const size_t descriptors = count_descriptors();
	const struct contents before = contents_of(fixture->folder);
	struct weir_error err = WEIR_ERROR_INIT;
	struct weir_pool *pool = NULL;
	struct weir_lease lease = {0};
	char url[512];

	/* At the first acquire … */
	(void)snprintf(url, sizeof(url), "sqlite:%s", path);
	assert_int_equal(weir_pool_open_url(&pool, fixture->driver, url, &err), WEIR_OK);
	assert_int_equal(weir_acquire(pool, &lease, &err), WEIR_ERR_OPEN_FAILED);
	assert_int_equal(err.driver_code, driver_code);
	if (strstr(err.message, in_message) == NULL)
		fail_msg("%s: %s", url, err.message);
	assert_false(weir_lease_held(&lease));
	drop_pool(pool);
	/* … or at creation, when that opens connections. */
	pool = NULL;
	(void)snprintf(url, sizeof(url), "sqlite:%s?min_idle=2", path);
	assert_int_equal(weir_pool_open_url(&pool, fixture->driver, url, &err), WEIR_ERR_OPEN_FAILED);
	assert_int_equal(err.driver_code, driver_code);
	if (strstr(err.message, in_message) == NULL)
		fail_msg("%s: %s", url, err.message);
	assert_null(pool);
	assert_int_equal(count_descriptors(), descriptors);
	assert_int_equal(contents_of(fixture->folder).files, before.files);
	assert_int_equal(contents_of(fixture->folder).bytes, before.bytes);
}

static void bad_places_are_told_to_the_caller(void **state)
{
	const struct fixture *const fixture = *state;
	char path[256];

	write_file(fixture, "notes.txt", "this is no database\n", 20);
	(void)snprintf(path, sizeof(path), "%s/notes.txt", fixture->folder);
	assert_pool_refuses(fixture, path, SQLITE_NOTADB, "not a database");
	(void)snprintf(path, sizeof(path), "%s/missing/test.db", fixture->folder);
	assert_pool_refuses(fixture, path, SQLITE_CANTOPEN, "create it first");
	assert_pool_refuses(fixture, fixture->folder, SQLITE_CANTOPEN_ISDIR, "is a directory");
	assert_pool_refuses(fixture, ":memory:", SQLITE_CANTOPEN, "database of its own");
}

static void a_pool_recovers_when_the_place_does(void **state)
{
	struct fixture *const fixture = *state;
	struct weir_lease lease = {0};

	write_file(fixture, "test.db", "this is no database\n", 20);

	struct weir_pool *const pool = make_pool(fixture, "max_size=1");

	assert_int_equal(weir_acquire(pool, &lease, NULL), WEIR_ERR_OPEN_FAILED);
	assert_int_equal(unlink(fixture->path), 0);
	acquire(pool, &lease);
	assert_non_null(weir_sqlite_handle(&lease));
	release(&lease);
	drop_pool(pool);
}

/* The open is bounded by the caller's own deadline, not by busy_timeout. */
static void a_locked_database_does_not_hold_a_caller(void **state)
{
	const struct fixture *const fixture = *state;
	sqlite3 *const db = open_foreign(fixture);
	struct weir_lease lease = {0};
	struct weir_error err = WEIR_ERROR_INIT;

	run_foreign(db, "CREATE TABLE t (x); BEGIN EXCLUSIVE");

	struct weir_pool *const pool = make_pool(fixture, "max_size=1&busy_timeout=1h&open_timeout=1h");
	const enum weir_code code = weir_acquire_for(pool, &lease, WEIR_MILLISECONDS(20), &err);

	assert_true(weir_error_is(code, WEIR_ERR_POOL));
	assert_false(weir_lease_held(&lease));
	run_foreign(db, "COMMIT");
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	acquire(pool, &lease);
	assert_int_equal(ask(fixture, lease.conn, "SELECT count(*) FROM t"), 0);
	release(&lease);
	drop_pool(pool);
}

/* ---- one borrower after the other ---- */

static void the_next_borrower_finds_a_clean_connection(void **state)
{
	const struct fixture *const fixture = *state;
	struct weir_pool *const pool = make_pool(fixture, "max_size=1");
	struct weir_lease lease = {0};
	struct weir_pool_stats stats = {.size = sizeof(stats)};

	acquire(pool, &lease);

	const sqlite3 *const db = weir_sqlite_handle(&lease);

	run(fixture, lease.conn, "CREATE TABLE t (x)");
	run(fixture, lease.conn, "BEGIN IMMEDIATE");
	run(fixture, lease.conn, "INSERT INTO t VALUES (1)");
	release(&lease);
	acquire(pool, &lease);
	assert_ptr_equal(weir_sqlite_handle(&lease), db);
	assert_int_equal(fixture->driver->sql->txn_state(lease.conn), WEIR_TXN_NONE);
	assert_int_equal(ask(fixture, lease.conn, "SELECT count(*) FROM t"), 0);
	release(&lease);
	assert_int_equal(weir_pool_read_stats(pool, &stats), WEIR_OK);
	assert_int_equal(stats.opens, 1);
	drop_pool(pool);
}

static void validation_replaces_a_lost_file(void **state)
{
	const struct fixture *const fixture = *state;
	struct weir_pool *const pool = make_pool(fixture, "max_size=1&validate_on_acquire=on");
	struct weir_pool_stats stats = {.size = sizeof(stats)};
	struct weir_lease lease = {0};

	acquire(pool, &lease);
	release(&lease);
	assert_int_equal(unlink(fixture->path), 0);
	acquire(pool, &lease);
	assert_int_equal(access(fixture->path, F_OK), 0);
	run(fixture, lease.conn, "CREATE TABLE t (x)");
	release(&lease);
	assert_int_equal(weir_pool_read_stats(pool, &stats), WEIR_OK);
	assert_int_equal(stats.opens, 2);
	assert_int_equal(stats.closed[WEIR_CLOSE_VALIDATE], 1);
	drop_pool(pool);
}

/* ---- many borrowers ---- */

#define THREADS 8
#define ROUNDS 60

struct worker {
	const struct fixture *fixture;
	struct weir_pool *pool;
	unsigned index;
	unsigned added;
	unsigned failures;
	pthread_t thread;
	struct weir_error err;
};

/* One lease: a write that is committed, one that is left open, or a read. */
static void work_once(struct worker *worker, unsigned round)
{
	const struct fixture *const fixture = worker->fixture;
	struct weir_error *const err = &worker->err;

	WEIR_SCOPED_LEASE(lease);
	if (weir_acquire(worker->pool, &lease, err) != WEIR_OK) {
		worker->failures++;
		return;
	}
	switch ((worker->index + round) % 3) {
	case 0:
		if (try_run(fixture, lease.conn, "BEGIN IMMEDIATE", err) != WEIR_OK ||
		    try_run(fixture, lease.conn, "UPDATE t SET x = x + 1", err) != WEIR_OK ||
		    try_run(fixture, lease.conn, "COMMIT", err) != WEIR_OK)
			worker->failures++;
		else
			worker->added++;
		break;
	case 1:
		if (try_run(fixture, lease.conn, "BEGIN IMMEDIATE", err) != WEIR_OK ||
		    try_run(fixture, lease.conn, "UPDATE t SET x = x + 1000000", err) != WEIR_OK)
			worker->failures++;
		break;
	default:
		worker->failures += try_run(fixture, lease.conn, "SELECT x FROM t", err) != WEIR_OK;
		break;
	}
}

static void *work(void *argument)
{
	struct worker *const worker = argument;

	for (unsigned round = 0; round < ROUNDS; round++)
		work_once(worker, round);
	return NULL;
}

/* More threads than connections, and more writers than SQLite has locks. */
static void contention_keeps_every_commit_and_no_leftover(void **state)
{
	const struct fixture *const fixture = *state;
	struct weir_pool *const pool =
		make_pool(fixture, "max_size=3&acquire_timeout=1m&busy_timeout=1m&synchronous=off");
	struct worker workers[THREADS];
	struct weir_pool_stats stats = {.size = sizeof(stats)};
	struct weir_lease lease = {0};
	unsigned added = 0;

	acquire(pool, &lease);
	run(fixture, lease.conn, "CREATE TABLE t (x)");
	run(fixture, lease.conn, "INSERT INTO t VALUES (0)");
	release(&lease);
	for (unsigned i = 0; i < THREADS; i++) {
		workers[i] =
			(struct worker){.fixture = fixture, .pool = pool, .index = i, .err = WEIR_ERROR_INIT};
		assert_int_equal(pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
	}
	for (unsigned i = 0; i < THREADS; i++)
		pthread_join(workers[i].thread, NULL);
	for (unsigned i = 0; i < THREADS; i++) {
		if (workers[i].failures > 0)
			fail_msg("thread %u: %u failures: %s", i, workers[i].failures, workers[i].err.message);
		added += workers[i].added;
	}
	acquire(pool, &lease);
	assert_int_equal(ask(fixture, lease.conn, "SELECT x FROM t"), added);
	assert_int_equal(added, THREADS * ROUNDS / 3);
	assert_int_equal(ask(fixture, lease.conn,
	                     "SELECT count(*) FROM pragma_integrity_check WHERE "
	                     "integrity_check <> 'ok'"),
	                 0);
	release(&lease);
	assert_int_equal(weir_pool_read_stats(pool, &stats), WEIR_OK);
	assert_in_range(stats.opens, 1, 3);
	assert_int_equal(stats.closed[WEIR_CLOSE_RESET], 0);
	drop_pool(pool);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(the_handle_belongs_to_the_lease),
		FIXTURE_TEST(the_handle_belongs_to_the_tx),
		FIXTURE_TEST(another_drivers_lease_has_no_handle),
		FIXTURE_TEST(bad_places_are_told_to_the_caller),
		FIXTURE_TEST(a_pool_recovers_when_the_place_does),
		FIXTURE_TEST(a_locked_database_does_not_hold_a_caller),
		FIXTURE_TEST(the_next_borrower_finds_a_clean_connection),
		FIXTURE_TEST(validation_replaces_a_lost_file),
		FIXTURE_TEST(contention_keeps_every_commit_and_no_leftover),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
