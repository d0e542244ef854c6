/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Connections in their roles: how many of each there are, what an open that fails
 * leaves, and what each connection keeps prepared.
 */
#include "db_fixture.h"

#include "db_fault.h"

#include <dirent.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void readers_are_opened_as_they_are_needed(void **state)
{
	struct weir_db *const db = db_make(*state, "min_idle=2&max_size=3");
	struct weir_tx txs[3] = {{0}};

	assert_int_equal(db_stats(db).readers.opens, 2);
	for (int i = 0; i < 3; i++)
		assert_code(weir_read_begin(db, NULL, &txs[i], NULL), WEIR_OK);
	assert_int_equal(db_stats(db).readers.opens, 3);
	for (int i = 0; i < 3; i++)
		weir_tx_end(&txs[i]);
	assert_int_equal(db_stats(db).readers.leased, 0);
	db_end(db);
}

/* The writer first: it makes what readers need. */
static void the_file_is_there_with_its_log(void **state)
{
	struct db_fixture *const fixture = *state;
	struct weir_db *const db = db_make(fixture, "min_idle=1");
	char path[160];

	assert_int_equal(access(fixture->path, F_OK), 0);
	(void)snprintf(path, sizeof path, "%s-wal", fixture->path);
	assert_int_equal(access(path, F_OK), 0);
	(void)snprintf(path, sizeof path, "%s-shm", fixture->path);
	assert_int_equal(access(path, F_OK), 0);
	db_assert_rows(fixture, "PRAGMA journal_mode", "wal");
	db_exec(db, "CREATE TABLE t (v)");
	db_end(db);
	/* The last connection to close copied the log, and took it away. */
	(void)snprintf(path, sizeof path, "%s-wal", fixture->path);
	assert_int_not_equal(access(path, F_OK), 0);
	db_assert_rows(fixture, "SELECT count(*) FROM t", "0");
}

static void the_roles_are_those_of_db_h(void **state)
{
	struct weir_db *const db = db_make(*state, "max_size=1");
	struct weir_tx read = {0};
	struct weir_tx write = {0};
	struct weir_driver copy = *weir_sqlite_driver();

	assert_code(weir_read_begin(db, NULL, &read, NULL), WEIR_OK);
	assert_code(weir_write_begin(db, NULL, &write, NULL), WEIR_OK);
	assert_non_null(weir_sqlite_tx_handle(&read));
	assert_non_null(weir_sqlite_tx_handle(&write));
	assert_ptr_not_equal(weir_sqlite_tx_handle(&read), weir_sqlite_tx_handle(&write));
	/* Another driver's connection is not to be had. */
	assert_null(weir_tx_driver_conn(&read, &copy));
	weir_tx_end(&read);
	weir_tx_end(&write);
	assert_null(weir_sqlite_tx_handle(&read));
	assert_null(weir_sqlite_tx_handle(&write));
	db_end(db);
}

static size_t count_descriptors(void)
{
	size_t count = 0;
	DIR *const folder = opendir("/proc/self/fd");

	assert_non_null(folder);
	while (readdir(folder) != NULL)
		count++;
	(void)closedir(folder);
	return count;
}

struct failed_open {
	enum db_fault fault;
	const char *settings;
	enum weir_code code;
};

static const struct failed_open failed_opens[] = {
	{DB_FAULT_OPEN_WRITER, NULL, WEIR_ERR_DRIVER_OPEN},
	{DB_FAULT_OPEN_AIDE, NULL, WEIR_ERR_DRIVER_OPEN},
	{DB_FAULT_OPEN_READER, "min_idle=2", WEIR_ERR_OPEN_FAILED},
};

static void an_open_that_fails_leaves_nothing(void **state)
{
	struct db_fixture *const fixture = *state;
	const size_t descriptors = count_descriptors();

	fixture->driver = db_faulty_driver();
	for (size_t i = 0; i < sizeof failed_opens / sizeof failed_opens[0]; i++) {
		struct weir_error err = WEIR_ERROR_INIT;
		struct weir_db *db = NULL;

		db_heal();
		db_fail_next(failed_opens[i].fault, 1000, failed_opens[i].code);
		if (db_try_make(fixture, failed_opens[i].settings, &db, &err) == WEIR_OK)
			fail_msg("%zu: it could be opened", i);
		assert_null(db);
		assert_has(err.message, "the test wants it to fail");
		assert_int_equal(count_descriptors(), descriptors);
	}
	db_heal();
	db_end(db_make(fixture, NULL));
	assert_int_equal(count_descriptors(), descriptors);
}

/* A reader that cannot be opened is a read's affair, and nobody else's. */
static void a_reader_that_cannot_be_opened_fails_the_read(void **state)
{
	struct db_fixture *const fixture = *state;
	struct weir_tx tx = {0};
	struct weir_db *db;

	db_heal();
	fixture->driver = db_faulty_driver();
	db = db_make(fixture, NULL);
	db_exec(db, "CREATE TABLE t (v)");
	db_fail_next(DB_FAULT_OPEN_READER, 1, WEIR_ERR_DRIVER_OPEN);
	assert_code(weir_read_begin(db, NULL, &tx, NULL), WEIR_ERR_OPEN_FAILED);
	db_exec(db, "INSERT INTO t VALUES (1)");
	assert_int_equal(db_number(db, "SELECT count(*) FROM t"), 1);
	db_end(db);
}

/* ---- prepared statements ---- */

/* statement_cache, and how many of four rounds over three statements then meet
 * one that is prepared. */
struct cache_case {
	const char *settings;
	uint64_t hits;
};

static const struct cache_case cache_cases[] = {
	{"max_size=1&statement_cache=3", 9},
	{"max_size=1&statement_cache=64", 9},
	{"max_size=1&statement_cache=0", 0},
};

static void each_connection_keeps_its_statements(void **state)
{
	static const char *const texts[] = {"SELECT 1", "SELECT 2", "SELECT 3"};

	for (size_t i = 0; i < sizeof cache_cases / sizeof cache_cases[0]; i++) {
		struct weir_db *const db = db_make(*state, cache_cases[i].settings);

		for (int round = 0; round < 4; round++) {
			for (int64_t text = 0; text < 3; text++)
				assert_int_equal(db_number(db, texts[text]), text + 1);
		}
		assert_int_equal(db_stats(db).statement_hits, cache_cases[i].hits);
		assert_int_equal(db_stats(db).statement_misses, 12 - cache_cases[i].hits);
		db_end(db);
	}
}

/* What one was allowed to prepare is not found by another who would not be. */
static void kinds_do_not_share_statements(void **state)
{
	struct weir_db *const db = db_make(*state, NULL);
	struct db_script script = {.sql = {"SAVEPOINT mine"}};
	struct weir_tx tx = {0};

	for (int i = 0; i < 2; i++) {
		assert_code(weir_write_begin(db, NULL, &tx, NULL), WEIR_OK);
		db_tx_exec(&tx, "SAVEPOINT mine");
		weir_tx_end(&tx);
		assert_code(weir_db_run(db, db_run_script, &script, NULL, NULL, NULL), WEIR_ERR_DRIVER_SQL);
	}
	db_end(db);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DB_TEST(readers_are_opened_as_they_are_needed),
		DB_TEST(the_file_is_there_with_its_log),
		DB_TEST(the_roles_are_those_of_db_h),
		DB_TEST(an_open_that_fails_leaves_nothing),
		DB_TEST(a_reader_that_cannot_be_opened_fails_the_read),
		DB_TEST(each_connection_keeps_its_statements),
		DB_TEST(kinds_do_not_share_statements),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
