/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Opening: which files, how they end up in WAL, what contention and deadlines do
 * to it, and what each setting sets.
 */
#include "sqlite_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static void assert_text(const struct fixture *fixture, void *conn, const char *sql,
                        const char *expected)
{
	const struct weir_sql *const ops = fixture->driver->sql;
	struct weir_sql_value value = {.type = WEIR_SQL_NULL};
	enum weir_sql_step result = WEIR_STEP_DONE;
	void *stmt = NULL;
	size_t tail = 0;

	assert_int_equal(ops->prepare(conn, sql, strlen(sql), &stmt, &tail, NULL), WEIR_OK);
	assert_int_equal(ops->step(stmt, &result, NULL), WEIR_OK);
	assert_int_equal(ops->column(stmt, 0, &value, NULL), WEIR_OK);
	assert_int_equal(value.type, WEIR_SQL_TEXT);
	assert_int_equal(value.as.data.length, strlen(expected));
	assert_memory_equal(value.as.data.bytes, expected, strlen(expected));
	ops->finalize(stmt);
}

/* ---- files ---- */

static void a_new_file_is_made_in_wal(void **state)
{
	const struct fixture *const fixture = *state;
	void *const conn = open_one(fixture);

	assert_int_equal(access(fixture->path, F_OK), 0);
	assert_text(fixture, conn, "PRAGMA journal_mode", "wal");
	fixture->driver->close(conn);
}

static void an_empty_file_becomes_a_database(void **state)
{
	const struct fixture *const fixture = *state;

	write_file(fixture, "test.db", "", 0);

	void *const conn = open_one(fixture);

	run(fixture, conn, "CREATE TABLE t (x)");
	fixture->driver->close(conn);
}

static void an_old_database_is_switched_and_keeps_its_rows(void **state)
{
	const struct fixture *const fixture = *state;
	sqlite3 *const db = open_foreign(fixture);

	run_foreign(db, "PRAGMA page_size=8192; CREATE TABLE t (x); INSERT INTO t VALUES (1), (2)");
	assert_int_equal(sqlite3_close(db), SQLITE_OK);

	void *const conn = open_one(fixture);

	assert_text(fixture, conn, "PRAGMA journal_mode", "wal");
	assert_int_equal(ask(fixture, conn, "SELECT count(*) FROM t"), 2);
	assert_int_equal(ask(fixture, conn, "PRAGMA page_size"), 8192);
	fixture->driver->close(conn);
}

/* Each of these would mean something else to SQLite, or to a URL. */
static void odd_names_are_only_names(void **state)
{
	static const char *const names[] = {"a b.db", "q?mode=memory", "50%.db",
	                                    "#.db",   "gr\xc3\xbc.db", "./file:x.db"};
	struct fixture *const fixture = *state;
	char before[WEIR_PATH_MAX];

	assert_non_null(getcwd(before, sizeof(before)));
	assert_int_equal(chdir(fixture->folder), 0);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		(void)snprintf(fixture->config.path, sizeof(fixture->config.path), "%s", names[i]);

		void *const conn = open_one(fixture);

		run(fixture, conn, "CREATE TABLE t (x)");
		assert_int_equal(access(names[i], F_OK), 0);
		fixture->driver->close(conn);
	}
	assert_int_equal(chdir(before), 0);
}

/* ---- locks ---- */

static void a_locked_file_holds_open_to_its_deadline(void **state)
{
	struct fixture *const fixture = *state;
	sqlite3 *const db = open_foreign(fixture);
	struct weir_error err = WEIR_ERROR_INIT;
	void *conn = NULL;

	set(fixture, "busy_timeout", "1h"); /* is for statements, not for the open */
	run_foreign(db, "CREATE TABLE t (x); BEGIN EXCLUSIVE");

	const size_t descriptors = count_descriptors();
	const struct contents before = contents_of(fixture->folder);
	const struct weir_time deadline = weir_deadline_in(WEIR_MILLISECONDS(20));

	assert_int_equal(open_until(fixture, deadline, &conn, &err), WEIR_ERR_DRIVER_DEADLINE);
	assert_true(weir_now().ns >= deadline.ns);
	assert_int_equal(err.driver_code, SQLITE_BUSY);
	assert_non_null(strstr(err.message, "test.db: database is locked"));
	assert_null(conn);
	/* SQLite keeps one descriptor back until the foreign lock is gone. */
	assert_in_range(count_descriptors(), descriptors, descriptors + 1);
	assert_int_equal(open_until(fixture, weir_deadline_in(WEIR_MILLISECONDS(2)), &conn, NULL),
	                 WEIR_ERR_DRIVER_DEADLINE);
	assert_in_range(count_descriptors(), descriptors, descriptors + 1);
	assert_int_equal(contents_of(fixture->folder).files, before.files);
	run_foreign(db, "COMMIT");
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	fixture->driver->close(open_one(fixture));
}

/* A reader is enough to be in the way of the switch. */
static void a_reader_in_the_old_mode_holds_the_switch(void **state)
{
	const struct fixture *const fixture = *state;
	sqlite3 *const db = open_foreign(fixture);
	struct weir_error err = WEIR_ERROR_INIT;
	void *conn = NULL;

	run_foreign(db, "CREATE TABLE t (x); INSERT INTO t VALUES (1); BEGIN; SELECT * FROM t");
	assert_int_equal(open_until(fixture, weir_deadline_in(WEIR_MILLISECONDS(20)), &conn, &err),
	                 WEIR_ERR_DRIVER_DEADLINE);
	assert_int_equal(err.driver_code, SQLITE_BUSY);
	run_foreign(db, "COMMIT");
	fixture->driver->close(open_one(fixture));
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

/* No lock is in the way here, only work: ten thousand tables to be read. */
static void a_large_schema_is_read_to_the_deadline(void **state)
{
	const struct fixture *const fixture = *state;
	sqlite3 *const db = open_foreign(fixture);
	struct weir_error err = WEIR_ERROR_INIT;
	void *conn = NULL;

	run_foreign(db, "PRAGMA synchronous=OFF; PRAGMA writable_schema=ON; CREATE TABLE t0 (x);"
	                "WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM c WHERE i < 10000) "
	                "INSERT INTO sqlite_master SELECT 'table', 't' || i, 't' || i, "
	                "(SELECT rootpage FROM sqlite_master), 'CREATE TABLE t' || i || ' (x)' FROM c");
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	assert_int_equal(open_until(fixture, weir_deadline_in(WEIR_MILLISECONDS(1)), &conn, &err),
	                 WEIR_ERR_DRIVER_DEADLINE);
	assert_null(conn);
	fixture->driver->close(open_one(fixture));
}

static void *commit_soon(void *argument)
{
	const struct timespec pause = {.tv_nsec = 30000000};

	nanosleep(&pause, NULL);
	return sqlite3_exec(argument, "COMMIT", NULL, NULL, NULL) == SQLITE_OK ? NULL : argument;
}

static void an_open_gets_through_when_the_lock_goes(void **state)
{
	static const char *const locks[] = {"BEGIN EXCLUSIVE", "BEGIN IMMEDIATE",
	                                    "BEGIN; SELECT * FROM t"};
	struct fixture *const fixture = *state;

	set(fixture, "busy_timeout", "0s");
	for (size_t i = 0; i < sizeof(locks) / sizeof(locks[0]); i++) {
		sqlite3 *const db = open_foreign(fixture);
		pthread_t thread;
		void *failed = NULL;

		run_foreign(db, "PRAGMA journal_mode=DELETE; DROP TABLE IF EXISTS t; CREATE TABLE t (x);"
		                "INSERT INTO t VALUES (1)");
		run_foreign(db, locks[i]);
		assert_int_equal(pthread_create(&thread, NULL, commit_soon, db), 0);

		void *const conn = open_one(fixture);

		pthread_join(thread, &failed);
		assert_null(failed);
		assert_text(fixture, conn, "PRAGMA journal_mode", "wal");
		fixture->driver->close(conn);
		assert_int_equal(sqlite3_close(db), SQLITE_OK);
	}
}

#define THREADS 8
#define ROUNDS 10

struct opener {
	const struct fixture *fixture;
	pthread_t thread;
	struct weir_error err;
	unsigned failures;
};

static void *open_and_close(void *argument)
{
	struct opener *const opener = argument;

	for (size_t i = 0; i < ROUNDS; i++) {
		void *conn = NULL;

		if (open_until(opener->fixture, soon(), &conn, &opener->err) == WEIR_OK)
			opener->fixture->driver->close(conn);
		else
			opener->failures++;
	}
	return NULL;
}

/* They meet at the switch, at the first page, and where the last one to close
 * removes what the next one is opening. */
static void many_open_one_old_database_at_once(void **state)
{
	const struct fixture *const fixture = *state;
	sqlite3 *const db = open_foreign(fixture);
	struct opener openers[THREADS];

	run_foreign(db, "CREATE TABLE t (x); INSERT INTO t VALUES (1)");
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	for (size_t i = 0; i < THREADS; i++) {
		openers[i] = (struct opener){.fixture = fixture, .err = WEIR_ERROR_INIT};
		assert_int_equal(pthread_create(&openers[i].thread, NULL, open_and_close, &openers[i]), 0);
	}
	for (size_t i = 0; i < THREADS; i++)
		pthread_join(openers[i].thread, NULL);
	for (size_t i = 0; i < THREADS; i++) {
		if (openers[i].failures > 0)
			fail_msg("%u of %d: %s (%d)", openers[i].failures, ROUNDS, openers[i].err.message,
			         openers[i].err.driver_code);
	}
	assert_int_equal(contents_of(fixture->folder).files, 3); /* ., .., test.db */
}

/* ---- settings ---- */

/* Two values of each setting, the default first, and what they come to. */
static const struct {
	const char *name;
	const char *value; /* NULL: the default */
	const char *pragma;
	int64_t expected;
} effects[] = {
	{"cache_size", NULL, "PRAGMA cache_size", -8192},
	{"cache_size", "64KiB", "PRAGMA cache_size", -64},
	{"cache_size", "64GiB", "PRAGMA cache_size", -67108864},
	{"foreign_keys", NULL, "PRAGMA foreign_keys", 1},
	{"foreign_keys", "off", "PRAGMA foreign_keys", 0},
	{"mmap_size", NULL, "PRAGMA mmap_size", 0},
	{"mmap_size", "1MiB", "PRAGMA mmap_size", 1048576},
	{"synchronous", NULL, "PRAGMA synchronous", 2},
	{"synchronous", "off", "PRAGMA synchronous", 0},
	{"synchronous", "normal", "PRAGMA synchronous", 1},
	{"synchronous", "extra", "PRAGMA synchronous", 3},
	{"temp_store", NULL, "PRAGMA temp_store", 0},
	{"temp_store", "file", "PRAGMA temp_store", 1},
	{"temp_store", "memory", "PRAGMA temp_store", 2},
	{"wal_autocheckpoint", NULL, "PRAGMA wal_autocheckpoint", 1000},
	{"wal_autocheckpoint", "0", "PRAGMA wal_autocheckpoint", 0},
	{"wal_autocheckpoint", "10000000", "PRAGMA wal_autocheckpoint", 10000000},
};

static void settings_take_effect_on_each_connection(void **state)
{
	struct fixture *const fixture = *state;

	for (size_t i = 0; i < sizeof(effects) / sizeof(effects[0]); i++) {
		weir_config_init(&fixture->config, fixture->driver);
		(void)snprintf(fixture->config.path, sizeof(fixture->config.path), "%s", fixture->path);
		if (effects[i].value != NULL)
			set(fixture, effects[i].name, effects[i].value);

		void *const first = open_one(fixture);
		void *const second = open_one(fixture);
		const int64_t seen = ask(fixture, second, effects[i].pragma);

		assert_int_equal(ask(fixture, first, effects[i].pragma), seen);
		if (seen != effects[i].expected)
			fail_msg("%s=%s: %s says %lld", effects[i].name,
			         effects[i].value != NULL ? effects[i].value : "(default)", effects[i].pragma,
			         (long long)seen);
		fixture->driver->close(first);
		fixture->driver->close(second);
	}
}

static void every_setting_works_at_its_ends(void **state)
{
	struct fixture *const fixture = *state;
	size_t count = 0;
	const struct weir_setting *const settings = weir_driver_settings(fixture->driver, &count);

	assert_int_equal(count, fixture->driver->settings_count);
	for (size_t i = 0; i < count; i++) {
		fixture->config.driver_values[i] = settings[i].min;
		fixture->driver->close(open_one(fixture));
		fixture->config.driver_values[i] = settings[i].max;
		fixture->driver->close(open_one(fixture));
		fixture->config.driver_values[i] = settings[i].preset;
	}
}

static void values_out_of_range_are_refused(void **state)
{
	static const char *const urls[] = {
		"sqlite:x.db?cache_size=0",
		"sqlite:x.db?cache_size=1TiB",
		"sqlite:x.db?busy_timeout=-1s",
		"sqlite:x.db?busy_timeout=2h",
		"sqlite:x.db?synchronous=always",
		"sqlite:x.db?foreign_keys=maybe",
		"sqlite:x.db?wal_autocheckpoint=1e9",
		"sqlite:x.db?mmap_size=3GiB",
		"sqlite:x.db?temp_store=",
		"sqlite:x.db?cache=shared",
		"postgres:x.db",
		"sqlite:%zz",
	};
	struct fixture *const fixture = *state;

	for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
		struct weir_error err = WEIR_ERROR_INIT;
		const enum weir_code code =
			weir_config_apply_url(&fixture->config, fixture->driver, urls[i], NULL, &err);

		if (!weir_error_is(code, WEIR_ERR_CONFIG))
			fail_msg("%s: %s", urls[i], weir_error_name(code));
		assert_true(err.message[0] != '\0');
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(a_new_file_is_made_in_wal),
		FIXTURE_TEST(an_empty_file_becomes_a_database),
		FIXTURE_TEST(an_old_database_is_switched_and_keeps_its_rows),
		FIXTURE_TEST(odd_names_are_only_names),
		FIXTURE_TEST(a_locked_file_holds_open_to_its_deadline),
		FIXTURE_TEST(a_reader_in_the_old_mode_holds_the_switch),
		FIXTURE_TEST(a_large_schema_is_read_to_the_deadline),
		FIXTURE_TEST(an_open_gets_through_when_the_lock_goes),
		FIXTURE_TEST(many_open_one_old_database_at_once),
		FIXTURE_TEST(settings_take_effect_on_each_connection),
		FIXTURE_TEST(every_setting_works_at_its_ends),
		FIXTURE_TEST(values_out_of_range_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
