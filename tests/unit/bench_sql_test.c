/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The SQL scenarios: equal settings on every side, operations that do what they
 * claim, several threads at once, and storage that is refused.
 */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <weir/sqlite.h>

#include "sql_file.h"
#include "sql_variant.h"
#include "storage.h"

#define THREADS 4
#define CONNS 2
#define ROUNDS 25

static const struct bench_sql_variant *const variants[] = {
	&bench_sql_weir_lease,  &bench_sql_busy_timeout, &bench_sql_mutex_writer,
	&bench_sql_shared_conn, &bench_sql_mutex_lifo,
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static char directory[64];
static struct bench_sql_file file;
static struct weir_error err;

static int set_up_file(void **state)
{
	(void)state;
	weir_error_init(&err);
	(void)snprintf(directory, sizeof(directory), "/tmp/weir-bench-test-XXXXXX");
	return mkdtemp(directory) == NULL || bench_sql_file_make(&file, directory, &err) != WEIR_OK;
}

static int tear_down_file(void **state)
{
	(void)state;
	bench_sql_file_remove(&file);
	return rmdir(directory); /* fails if anything is left beside the file */
}

static int64_t ask(sqlite3 *db, const char *sql)
{
	sqlite3_stmt *stmt = NULL;
	int64_t answer;

	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
	answer = sqlite3_column_int64(stmt, 0);
	assert_int_equal(sqlite3_finalize(stmt), SQLITE_OK);
	return answer;
}

static void *make(const struct bench_sql_variant *variant)
{
	const struct bench_sql_setup setup = {.path = file.path, .threads = THREADS, .conns = CONNS};
	void *pool = NULL;

	if (variant->create(&pool, &setup, &err) != WEIR_OK)
		fail_msg("%s: %s", variant->name, err.message);
	return pool;
}

static void test_file(void **state)
{
	sqlite3 *db = NULL;

	(void)state;
	assert_int_equal(bench_sql_open(&db, file.path, BENCH_SQL_NOMUTEX, &err), WEIR_OK);
	assert_int_equal(ask(db, "SELECT count(*) FROM kv"), BENCH_SQL_ROWS);
	assert_int_equal(ask(db, "SELECT min(id) FROM kv"), 1);
	assert_int_equal(ask(db, "SELECT max(id) FROM kv"), BENCH_SQL_ROWS);
	assert_int_equal(ask(db, "SELECT count(*) FROM kv WHERE length(value) <> 100"), 0);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	assert_int_equal(bench_sql_file_settle(&file, &err), WEIR_OK);
	assert_float_equal(bench_sql_file_wal_bytes(&file), 0.0, 0.0);
}

/* The contest is about sharing, so every connection is set up alike. */
static void test_equal_settings(void **state)
{
	static const char *const pragmas[] = {
		"PRAGMA synchronous",  "PRAGMA cache_size",         "PRAGMA mmap_size",
		"PRAGMA foreign_keys", "PRAGMA wal_autocheckpoint", "PRAGMA temp_store",
	};
	void *opaque = make(&bench_sql_weir_lease);
	/* The variant's first member; this test looks inside on purpose. */
	struct weir_pool *const pool = *(struct weir_pool **)opaque;
	struct weir_lease lease = {0};
	sqlite3 *raw = NULL;

	(void)state;
	assert_int_equal(weir_acquire(pool, &lease, &err), WEIR_OK);
	assert_int_equal(bench_sql_open(&raw, file.path, BENCH_SQL_NOMUTEX, &err), WEIR_OK);
	for (size_t i = 0; i < COUNT(pragmas); i++) {
		const int64_t by_weir = ask(weir_sqlite_handle(&lease), pragmas[i]);
		const int64_t by_hand = ask(raw, pragmas[i]);

		if (by_weir != by_hand)
			fail_msg("%s: %lld and %lld", pragmas[i], (long long)by_weir, (long long)by_hand);
	}
	assert_int_equal(ask(raw, "PRAGMA synchronous"), 2);
	assert_int_equal(sqlite3_close(raw), SQLITE_OK);
	assert_int_equal(weir_release(&lease, &err), WEIR_OK);
	bench_sql_weir_lease.destroy(opaque);
}

/* ---- operations ---- */

static int64_t version_of(int64_t key)
{
	char sql[128];
	sqlite3 *db = NULL;
	int64_t version;

	assert_int_equal(bench_sql_open(&db, file.path, BENCH_SQL_NOMUTEX, &err), WEIR_OK);
	(void)snprintf(sql, sizeof(sql),
	               "SELECT substr(hex(value), 1, 2) || '' FROM kv WHERE id = %lld AND "
	               "length(value) = 100",
	               (long long)key);
	version = ask(db, sql);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	return version;
}

static void test_operations(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(variants); i++) {
		const int64_t key = 100 + (int64_t)i;
		void *pool = make(variants[i]);

		assert_int_equal(variants[i]->read(pool, 0, 1), BENCH_SQL_DONE);
		assert_int_equal(variants[i]->read(pool, 1, BENCH_SQL_ROWS), BENCH_SQL_DONE);
		/* A row that is not there is a broken run, not a fast one. */
		assert_int_equal(variants[i]->read(pool, 1, BENCH_SQL_ROWS + 1), BENCH_SQL_FAILED);
		assert_int_equal(variants[i]->write(pool, 0, key), BENCH_SQL_DONE);
		/* Seen by another connection, so committed; the counter begins at 1. */
		assert_int_equal(version_of(key), 1);
		variants[i]->destroy(pool);
		variants[i]->destroy(NULL);
	}
}

struct writer {
	const struct bench_sql_variant *variant;
	void *pool;
	unsigned thread;
	_Atomic unsigned *faults;
};

static void *writer_main(void *argument)
{
	const struct writer *writer = argument;

	for (int i = 0; i < ROUNDS; i++) {
		const int64_t key = 1 + (int64_t)writer->thread * ROUNDS + i;

		if (writer->variant->write(writer->pool, writer->thread, key) != BENCH_SQL_DONE ||
		    writer->variant->read(writer->pool, writer->thread, key) != BENCH_SQL_DONE)
			atomic_fetch_add(writer->faults, 1);
	}
	return NULL;
}

static void test_threads_at_once(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(variants); i++) {
		void *pool = make(variants[i]);
		_Atomic unsigned faults = 0;
		struct writer writers[THREADS];
		pthread_t threads[THREADS];

		for (unsigned at = 0; at < THREADS; at++) {
			writers[at] = (struct writer){variants[i], pool, at, &faults};
			assert_int_equal(pthread_create(&threads[at], NULL, writer_main, &writers[at]), 0);
		}
		for (unsigned at = 0; at < THREADS; at++)
			assert_int_equal(pthread_join(threads[at], NULL), 0);
		variants[i]->destroy(pool);
		if (faults != 0)
			fail_msg("%s: %u operations failed", variants[i]->name, faults);
	}
}

/* ---- what is refused ---- */

static void test_bad_paths(void **state)
{
	const struct bench_sql_setup nowhere = {
		.path = "/nonexistent/weir/bench.db", .threads = 1, .conns = 1};
	struct bench_sql_file other;
	char *const long_path = calloc(1, BENCH_SQL_PATH_MAX + 1);

	(void)state;
	assert_non_null(long_path);
	memset(long_path, 'a', BENCH_SQL_PATH_MAX);
	assert_false(bench_sql_file_name(&other, long_path));
	assert_int_not_equal(bench_sql_file_make(&other, long_path, &err), WEIR_OK);
	free(long_path);
	assert_int_not_equal(bench_sql_file_make(&other, "/nonexistent/weir", &err), WEIR_OK);
	for (size_t i = 0; i < COUNT(variants); i++) {
		void *pool = &err;

		assert_int_not_equal(variants[i]->create(&pool, &nowhere, &err), WEIR_OK);
		assert_null(pool);
	}
}

static void test_storage(void **state)
{
	struct bench_storage storage;

	(void)state;
	assert_true(bench_storage_read(&storage, directory));
	assert_true(storage.file_system[0] != '\0');
	bench_storage_measure(&storage, directory);
	assert_true(storage.fsync_ns_p50 > 0.0);
	assert_true(storage.fsync_ns_p99 >= storage.fsync_ns_p50);
	assert_false(bench_storage_read(&storage, "/nonexistent/weir"));
	assert_int_equal(errno, ENOENT);
	bench_storage_measure(&storage, "/nonexistent/weir");
	assert_true(storage.fsync_ns_p50 != storage.fsync_ns_p50);
	if (bench_storage_read(&storage, "/dev/shm") && strcmp(storage.file_system, "tmpfs") == 0)
		assert_true(storage.in_memory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_file),       cmocka_unit_test(test_equal_settings),
		cmocka_unit_test(test_operations), cmocka_unit_test(test_threads_at_once),
		cmocka_unit_test(test_bad_paths),  cmocka_unit_test(test_storage),
	};

	return cmocka_run_group_tests(tests, set_up_file, tear_down_file);
}
