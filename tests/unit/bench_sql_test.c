/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The SQL scenarios: equal settings on every side, operations that do what they
 * claim, several threads at once, what is counted beneath SQLite, and storage
 * that is refused.
 */
#include <errno.h>
#include <math.h>
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
#include "sql_load.h"
#include "sql_meter.h"
#include "sql_variant.h"
#include "storage.h"

#define THREADS 4
#define CONNS 2
#define ROUNDS 25

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct bench_sql_settings durable = {.cache_kib = 2000};
static const struct bench_sql_settings visible = {.cache_kib = 65536, .visible = true};

#define ROWS 100000

static char directory[64];
static struct bench_sql_file file;
static const struct bench_scenario *mixed; /* whose statements and database all use */
static const struct bench_statement *lookup;
static const struct bench_statement *update;
static struct weir_error err;

static int set_up_file(void **state)
{
	(void)state;
	weir_error_init(&err);
	mixed = bench_scenario_find("sqlite-mixed");
	lookup = &mixed->statements[0];
	update = &mixed->statements[1];
	(void)snprintf(directory, sizeof(directory), "/tmp/weir-bench-test-XXXXXX");
	return mkdtemp(directory) == NULL ||
	       bench_sql_file_make(&file, directory, mixed->script, &err) != WEIR_OK;
}

static int tear_down_file(void **state)
{
	(void)state;
	bench_sql_file_remove(&file);
	return rmdir(directory); /* fails if anything is left beside the file */
}

static sqlite3 *open_raw(const struct bench_sql_settings *settings)
{
	sqlite3 *db = NULL;

	if (bench_sql_open(&db, file.path, BENCH_SQL_NOMUTEX, settings, &err) != WEIR_OK)
		fail_msg("%s", err.message);
	return db;
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

static void *make(const struct bench_sql_variant *variant,
                  const struct bench_sql_settings *settings)
{
	const struct bench_sql_setup setup = {
		.path = file.path,
		.settings = *settings,
		.statements = mixed->statements,
		.statements_count = mixed->statements_count,
		.threads = THREADS,
		.conns = CONNS,
	};
	void *pool = NULL;

	if (variant->create(&pool, &setup, &err) != WEIR_OK)
		fail_msg("%s: %s", variant->name, err.message);
	return pool;
}

static const struct bench_sql_variant *variant_at(size_t index)
{
	return bench_sql_variant_of((unsigned)index);
}

static struct pool_value key_value(int64_t key)
{
	return (struct pool_value){.type = POOL_VALUE_INT64, .as.int64 = key};
}

static enum pool_outcome read_row(const struct bench_sql_variant *variant, void *pool,
                                  unsigned thread, int64_t key)
{
	const struct pool_value value = key_value(key);

	return variant->execute(pool, thread, lookup, &value);
}

/* Bytes as the load draws them: no two executions give a row the same. */
static void draw_bytes(struct pool_value *value, unsigned char bytes[100])
{
	struct bench_values values;
	struct bench_random random = bench_random_init(1, 1);

	assert_true(bench_values_make(&values, update, 1));
	bench_values_draw(&values, update, &random);
	memcpy(bytes, values.values[1].as.data, 100);
	*value = values.values[1];
	value->as.data = bytes;
	bench_values_free(&values);
}

static enum pool_outcome write_row(const struct bench_sql_variant *variant, void *pool,
                                   unsigned thread, int64_t key)
{
	unsigned char bytes[100];
	struct pool_value values[2] = {key_value(key)};

	draw_bytes(&values[1], bytes);
	return variant->execute(pool, thread, update, values);
}

/* A scenario like sqlite-mixed, with threads of one role that run one statement. */
static struct bench_scenario *scenario_of(const struct bench_statement *statement)
{
	struct bench_scenario *const scenario = malloc(sizeof(*scenario));

	assert_non_null(scenario);
	*scenario = *mixed;
	scenario->settings = durable;
	scenario->roles[0].run_count = 1;
	scenario->roles[0].run[0].statement = statement->call.index;
	return scenario;
}

static void test_file(void **state)
{
	sqlite3 *db = open_raw(&durable);

	(void)state;
	assert_int_equal(ask(db, "SELECT count(*) FROM kv"), ROWS);
	assert_int_equal(ask(db, "SELECT min(id) FROM kv"), 1);
	assert_int_equal(ask(db, "SELECT max(id) FROM kv"), ROWS);
	assert_int_equal(ask(db, "SELECT count(*) FROM kv WHERE length(value) <> 100"), 0);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	assert_int_equal(bench_sql_file_settle(&file, &err), WEIR_OK);
	assert_float_equal(bench_sql_file_bytes(file.wal), 0.0, 0.0);
}

/* ---- equal settings ---- */

/* The contest is about sharing, so every connection is set up alike. */
static void compare(const char *who, sqlite3 *theirs, const struct bench_sql_settings *settings)
{
	static const char *const pragmas[] = {
		"PRAGMA synchronous",
		"PRAGMA cache_size",
		"PRAGMA mmap_size",
		"PRAGMA foreign_keys",
	};
	sqlite3 *raw = open_raw(settings);

	for (size_t i = 0; i < COUNT(pragmas); i++) {
		const int64_t by_weir = ask(theirs, pragmas[i]);
		const int64_t by_hand = ask(raw, pragmas[i]);

		if (by_weir != by_hand)
			fail_msg("%s, %s: %lld and %lld", who, pragmas[i], (long long)by_weir,
			         (long long)by_hand);
	}
	assert_int_equal(ask(raw, "PRAGMA synchronous"), settings->visible ? 1 : 2);
	assert_int_equal(ask(raw, "PRAGMA cache_size"), -settings->cache_kib);
	assert_int_equal(sqlite3_close(raw), SQLITE_OK);
}

static int compare_job(struct weir_tx *tx, void *settings)
{
	compare("writer", weir_sqlite_tx_handle(tx), settings);
	return 0;
}

/* A pool's first member is what weir made; these tests look inside on purpose. */
static void test_equal_settings(void **state)
{
	struct bench_sql_settings both[] = {durable, visible};

	(void)state;
	for (size_t i = 0; i < COUNT(both); i++) {
		void *opaque = make(&bench_sql_weir, &both[i]);
		struct weir_db *const db = *(struct weir_db **)opaque;
		struct weir_tx tx = {0};

		assert_int_equal(weir_read_begin(db, NULL, &tx, &err), WEIR_OK);
		compare("reader", weir_sqlite_tx_handle(&tx), &both[i]);
		weir_tx_end(&tx);
		assert_int_equal(weir_db_run(db, compare_job, &both[i], NULL, NULL, &err), WEIR_OK);
		bench_sql_weir.destroy(opaque);
	}
}

static void test_equal_settings_of_the_pool(void **state)
{
	void *opaque = make(&bench_sql_weir_pool, &durable);
	struct weir_pool *const pool = *(struct weir_pool **)opaque;
	struct weir_lease lease = {0};

	(void)state;
	assert_int_equal(weir_acquire(pool, &lease, &err), WEIR_OK);
	compare("pool", weir_sqlite_handle(&lease), &durable);
	assert_int_equal(weir_release(&lease, &err), WEIR_OK);
	bench_sql_weir_pool.destroy(opaque);
}

/* ---- operations ---- */

static int64_t version_of(int64_t key)
{
	char sql[128];
	sqlite3 *db = open_raw(&durable);
	int64_t version;

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
	for (size_t i = 0; i < BENCH_SQL_POOLS; i++) {
		const struct bench_sql_variant *variant = variant_at(i);
		const int64_t key = 100 + (int64_t)i;
		void *pool = make(variant, &durable);

		assert_int_equal(read_row(variant, pool, 0, 1), POOL_DONE);
		assert_int_equal(read_row(variant, pool, 1, ROWS), POOL_DONE);
		/* A row that is not there is a broken run, not a fast one. */
		assert_int_equal(read_row(variant, pool, 1, ROWS + 1), POOL_FAILED);
		assert_int_equal(write_row(variant, pool, 0, key), POOL_DONE);
		/* Seen by another connection, so committed; the counter begins at 1. */
		assert_int_equal(version_of(key), 1);
		variant->destroy(pool);
		variant->destroy(NULL);
	}
}

/* Two pools that are given the same draws both change something. */
static void test_same_draws(void **state)
{
	(void)state;
	for (size_t i = 0; i < BENCH_SQL_POOLS; i++)
		for (int round = 0; round < 2; round++) {
			const struct bench_sql_variant *variant = variant_at(i);
			void *pool = make(variant, &durable);
			const uint64_t before = bench_sql_meter_syncs();

			assert_int_equal(write_row(variant, pool, 0, 77), POOL_DONE);
			if (bench_sql_meter_syncs() == before)
				fail_msg("%s changed nothing in round %d", variant->name, round);
			variant->destroy(pool);
		}
}

/* A read transaction that stays open keeps its snapshot's part of the WAL. */
static void test_hold(void **state)
{
	(void)state;
	for (size_t i = 0; i < BENCH_SQL_POOLS; i++) {
		const struct bench_sql_variant *variant = variant_at(i);
		const struct pool_value key = key_value(1);
		sqlite3 *raw;
		int kept = 0;
		int copied = 0;
		void *pool;

		if (variant->hold_begin == NULL)
			continue;
		pool = make(variant, &durable);
		raw = open_raw(&durable);
		assert_int_equal(variant->hold_begin(pool, 3, lookup, &key), POOL_DONE);
		assert_int_equal(write_row(variant, pool, 0, 1), POOL_DONE);
		assert_int_equal(
			sqlite3_wal_checkpoint_v2(raw, NULL, SQLITE_CHECKPOINT_PASSIVE, &kept, &copied),
			SQLITE_OK);
		if (copied >= kept)
			fail_msg("%s: %d of %d frames copied", variant->name, copied, kept);
		variant->hold_end(pool, 3);
		assert_int_equal(sqlite3_close(raw), SQLITE_OK);
		variant->destroy(pool);
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

		if (write_row(writer->variant, writer->pool, writer->thread, key) != POOL_DONE ||
		    read_row(writer->variant, writer->pool, writer->thread, key) != POOL_DONE)
			atomic_fetch_add(writer->faults, 1);
	}
	return NULL;
}

static void test_threads_at_once(void **state)
{
	(void)state;
	for (size_t i = 0; i < BENCH_SQL_POOLS; i++) {
		const struct bench_sql_variant *variant = variant_at(i);
		const unsigned callers = variant->alone ? 1 : THREADS;
		void *pool = make(variant, &durable);
		_Atomic unsigned faults = 0;
		struct writer writers[THREADS];
		pthread_t threads[THREADS];

		for (unsigned at = 0; at < callers; at++) {
			writers[at] = (struct writer){variant, pool, at, &faults};
			assert_int_equal(pthread_create(&threads[at], NULL, writer_main, &writers[at]), 0);
		}
		for (unsigned at = 0; at < callers; at++)
			assert_int_equal(pthread_join(threads[at], NULL), 0);
		variant->destroy(pool);
		if (faults != 0)
			fail_msg("%s: %u operations failed", variant->name, faults);
	}
}

/* ---- what is counted ---- */

static void test_meter(void **state)
{
	sqlite3 *db = open_raw(&durable);
	struct bench_sql_conn conn;
	struct pool_value values[2] = {key_value(1)};
	unsigned char bytes[100];
	uint64_t before;

	(void)state;
	draw_bytes(&values[1], bytes);
	assert_int_equal(bench_sql_prepare(&conn, db, mixed->statements, 2, &err), WEIR_OK);
	assert_int_equal(bench_sql_execute(&conn, update, values), POOL_DONE);
	before = bench_sql_meter_syncs();
	for (int i = 0; i < 10; i++) {
		bytes[50]++;
		assert_int_equal(bench_sql_execute(&conn, update, values), POOL_DONE);
	}
	/* Durable: one for each commit, and none for reading. */
	assert_int_equal(bench_sql_meter_syncs() - before, 10);
	assert_int_equal(bench_sql_execute(&conn, lookup, values), POOL_DONE);
	assert_int_equal(bench_sql_meter_syncs() - before, 10);
	(void)bench_sql_meter_take_stall();
	bench_sql_meter_checkpoint(db, 1);
	bytes[50]++;
	assert_int_equal(bench_sql_execute(&conn, update, values), POOL_DONE);
	assert_true(bench_sql_meter_take_stall() > 0);
	assert_int_equal(bench_sql_meter_take_stall(), 0);
	bench_sql_finalize(&conn);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

/* One pass of every variant that writes: its figures are those of its groups. */
static void test_figures(void **state)
{
	struct bench_scenario *const scenario = scenario_of(update);
	const struct bench_sql_pass pass = {.seconds = 0.1, .seed = 1};

	(void)state;
	for (size_t i = 0; i < BENCH_SQL_POOLS; i++) {
		struct bench_sql_load load = {
			.variant = variant_at(i),
			.scenario = scenario,
			.threads = variant_at(i)->alone ? 1 : THREADS,
			.wal = file.wal,
		};
		struct bench_sql_figures figures;
		struct bench_sample sample;

		assert_int_equal(bench_sql_load_open(&load, file.path, CONNS, &err), WEIR_OK);
		assert_int_equal(bench_sql_load_run(&load, &pass, &sample, &err), BENCH_DONE);
		figures = bench_sql_load_figures(&load, &sample);
		bench_sql_load_close(&load);
		assert_true(figures.wal_peak_bytes > 0.0);
		assert_true(figures.group_size >= 1.0);
		assert_true(figures.fsyncs_per_tx > 0.0);
		if (load.variant->rows_per_write > 1)
			assert_float_equal(figures.group_size, load.variant->rows_per_write, 0.0);
		assert_true(isnan(bench_sql_load_late(&load)));
	}
	free(scenario);
}

static void test_figures_of_reads(void **state)
{
	struct bench_scenario *const scenario = scenario_of(lookup);
	const struct bench_sql_pass pass = {.seconds = 0.05, .seed = 1};
	struct bench_sql_load load = {
		.variant = &bench_sql_busy_timeout,
		.scenario = scenario,
		.threads = 2,
	};
	struct bench_sql_figures figures;
	struct bench_sample sample;

	(void)state;
	assert_int_equal(bench_sql_load_open(&load, file.path, CONNS, &err), WEIR_OK);
	assert_int_equal(bench_sql_load_run(&load, &pass, &sample, &err), BENCH_DONE);
	figures = bench_sql_load_figures(&load, &sample);
	bench_sql_load_close(&load);
	assert_true(isnan(figures.group_size));
	assert_true(isnan(figures.fsyncs_per_tx));
	assert_true(isnan(figures.ckpt_stall_ns));
	free(scenario);
}

/* The thread beside the callers does its part, and is no rival of theirs. */
static void test_beside(void **state)
{
	static const char *const names[] = {"sqlite-read-beside", "sqlite-long-reader"};
	const struct bench_sql_pass pass = {.seconds = 0.1, .seed = 1};

	(void)state;
	for (size_t i = 0; i < BENCH_SQL_POOLS; i++)
		for (size_t at = 0; at < COUNT(names) && variant_at(i)->hold_begin != NULL; at++) {
			struct bench_sql_load load = {
				.variant = variant_at(i),
				.scenario = bench_scenario_find(names[at]),
				.threads = 1,
			};
			struct bench_sample sample;

			assert_int_equal(bench_sql_load_open(&load, file.path, 1, &err), WEIR_OK);
			assert_int_equal(bench_sql_load_run(&load, &pass, &sample, &err), BENCH_DONE);
			bench_sql_load_close(&load);
			assert_true(sample.ops[BENCH_ROLE_WRITE] > 0);
			if (at > 0)
				continue;
			assert_true(sample.ops[BENCH_ROLE_READ] > 0);
			assert_float_equal(sample.fairness[BENCH_ROLE_READ], 1.0, 0.0);
			assert_true(isnan(sample.fairness[BENCH_ROLE_WRITE]));
		}
}

/* What a role runs comes in the shares that it says, on every draw's own stream. */
static void test_shares(void **state)
{
	const struct bench_sql_pass pass = {.seconds = 0.2, .seed = 1};
	struct bench_sql_load load = {
		.variant = &bench_sql_weir, .scenario = mixed, .threads = THREADS};
	struct bench_sample sample;
	double share;

	(void)state;
	assert_int_equal(bench_sql_load_open(&load, file.path, CONNS, &err), WEIR_OK);
	assert_int_equal(bench_sql_load_run(&load, &pass, &sample, &err), BENCH_DONE);
	bench_sql_load_close(&load);
	share = (double)sample.ops[BENCH_ROLE_READ] /
	        (double)(sample.ops[BENCH_ROLE_READ] + sample.ops[BENCH_ROLE_WRITE]);
	assert_true(share > 0.6 && share < 0.95);
}

/* ---- what is refused ---- */

static void test_bad_paths(void **state)
{
	const struct bench_sql_setup nowhere = {
		.path = "/nonexistent/weir/bench.db",
		.settings = durable,
		.statements = mixed->statements,
		.statements_count = 2,
		.threads = 1,
		.conns = 1,
	};
	struct bench_sql_file other;
	char *const long_path = calloc(1, BENCH_SQL_PATH_MAX + 1);

	(void)state;
	assert_non_null(long_path);
	memset(long_path, 'a', BENCH_SQL_PATH_MAX);
	assert_false(bench_sql_file_name(&other, long_path));
	assert_int_not_equal(bench_sql_file_make(&other, long_path, mixed->script, &err), WEIR_OK);
	free(long_path);
	assert_int_not_equal(bench_sql_file_make(&other, "/nonexistent/weir", mixed->script, &err),
	                     WEIR_OK);
	for (size_t i = 0; i < BENCH_SQL_POOLS; i++) {
		void *pool = &err;

		assert_int_not_equal(variant_at(i)->create(&pool, &nowhere, &err), WEIR_OK);
		assert_null(pool);
	}
}

/* A statement that is not what it says of itself is found before anything runs. */
static void test_statements_are_checked(void **state)
{
	static const struct {
		const char *sql;
		int writes;
		unsigned parameters;
		const char *says; /* NULL: nothing is wrong */
	} cases[] = {
		{"SELECT value FROM kv WHERE id = ?1", 0, 1, NULL},
		{"SELECT value FROM kv WHERE id = ?1;  ", 0, 1, NULL},
		{"SELECT value FROM kv WHERE id = ?1", 1, 1, "only reads"},
		{"DELETE FROM kv WHERE id = -1", 0, 0, "writes"},
		{"SELECT 1", 0, 1, "0 marks"},
		{"SELECT ?1, ?2", 0, 1, "2 marks"},
		{"SELECT 1; SELECT 2", 0, 0, "one statement"},
		{"-- nothing", 0, 0, "one statement"},
		{"SELECT x FROM nowhere", 0, 0, "no such table"},
		{"SELEC 1", 0, 0, "syntax error"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct bench_statement statement = {
			.call = {.sql = cases[i].sql, .writes = cases[i].writes},
			.name = "it",
			.parameters_count = cases[i].parameters,
		};

		weir_error_init(&err);
		if (cases[i].says == NULL) {
			assert_int_equal(bench_sql_file_check(&file, &statement, 1, &err), WEIR_OK);
			continue;
		}
		assert_int_not_equal(bench_sql_file_check(&file, &statement, 1, &err), WEIR_OK);
		if (strstr(err.message, cases[i].says) == NULL ||
		    strstr(err.message, "[statement it]") == NULL)
			fail_msg("%s: %s", cases[i].sql, err.message);
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
		cmocka_unit_test(test_file),
		cmocka_unit_test(test_equal_settings_of_the_pool),
		cmocka_unit_test(test_meter),
		cmocka_unit_test(test_figures_of_reads),
		cmocka_unit_test(test_storage),
		cmocka_unit_test(test_equal_settings),
		cmocka_unit_test(test_operations),
		cmocka_unit_test(test_same_draws),
		cmocka_unit_test(test_hold),
		cmocka_unit_test(test_threads_at_once),
		cmocka_unit_test(test_figures),
		cmocka_unit_test(test_beside),
		cmocka_unit_test(test_bad_paths),
		cmocka_unit_test(test_shares),
		cmocka_unit_test(test_statements_are_checked),
	};

	return cmocka_run_group_tests(tests, set_up_file, tear_down_file);
}
