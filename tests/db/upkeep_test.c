/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The log copied back when it is due, and the read pin around it. By hand, so
 * that nothing happens at a time of its own.
 */
#include "db_fixture.h"

#include "db_fault.h"

#include <string.h>
#include <sys/stat.h>

#define MANUAL "keeper=manual&wal_ceiling=20&synchronous=off"

static struct weir_db *make_db(struct db_fixture *fixture, const char *settings)
{
	struct weir_db *db;

	db_heal();
	fixture->driver = db_faulty_driver();
	db = db_make(fixture, settings);
	db_exec(db, "CREATE TABLE t (v)");
	return db;
}

/* A commit of at least so many frames. */
static void write_frames(struct weir_db *db, int64_t frames)
{
	const struct weir_sql_value bytes = weir_int64(frames * 4096);

	assert_code(weir_db_exec(db, "INSERT INTO t VALUES (zeroblob(?))", &bytes, 1, NULL, NULL),
	            WEIR_OK);
}

static off_t log_bytes(const struct db_fixture *fixture)
{
	struct stat status;
	char path[160];

	(void)snprintf(path, sizeof path, "%s-wal", fixture->path);
	assert_int_equal(stat(path, &status), 0);
	return status.st_size;
}

/* Reads that come often, and a look of the keeper's. */
static void read_often(struct weir_db *db, struct weir_time now)
{
	for (int i = 0; i < 5; i++)
		(void)db_number(db, "SELECT count(*) FROM t");
	(void)weir_db_tick(db, now);
}

/* Whether somebody reads what is in the log: then it cannot begin anew. Asked by
 * a connection of another program's. */
static bool is_log_held(const struct db_fixture *fixture)
{
	sqlite3 *const foreign = db_foreign(fixture);
	sqlite3_stmt *stmt = NULL;
	bool held;

	(void)sqlite3_busy_timeout(foreign, 0);
	assert_int_equal(sqlite3_prepare_v2(foreign, "PRAGMA wal_checkpoint(RESTART)", -1, &stmt, NULL),
	                 SQLITE_OK);
	assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
	held = sqlite3_column_int(stmt, 0) != 0;
	(void)sqlite3_finalize(stmt);
	assert_int_equal(sqlite3_close(foreign), SQLITE_OK);
	return held;
}

/* ---- checkpoints ---- */

static void the_log_is_copied_when_it_is_long(void **state)
{
	struct weir_db *const db = make_db(*state, MANUAL);

	assert_int_equal(db_stats(db).checkpoints, 0);
	write_frames(db, 5);
	assert_int_equal(db_stats(db).checkpoints, 0);
	write_frames(db, 20);
	assert_int_equal(db_stats(db).checkpoints, 1);
	assert_in_range(db_stats(db).log_frames, 25, 40);
	assert_true(db_stats(db).checkpoint_stall_ns_max > 0);
	/* A lease counts as well as a group. */
	struct weir_tx tx = {0};

	assert_code(weir_write_begin(db, NULL, &tx, NULL), WEIR_OK);
	db_tx_exec(&tx, "INSERT INTO t VALUES (zeroblob(100000))");
	assert_code(weir_write_commit(&tx, NULL, NULL), WEIR_OK);
	assert_int_equal(db_stats(db).checkpoints, 2);
	db_end(db);
}

/* Reads all the while, with the pin held: the log is begun anew all the same. */
static void the_log_stays_short_beside_the_pin(void **state)
{
	struct weir_db *const db = make_db(*state, MANUAL);
	struct weir_time now = weir_now();

	for (int i = 0; i < 100; i++) {
		read_often(db, now);
		assert_int_equal(db_stats(db).pinned, 1);
		write_frames(db, 5);
		now.ns += WEIR_MILLISECONDS(5);
	}
	assert_true(db_stats(db).checkpoints >= 15);
	assert_true(log_bytes(*state) < 4 * 20 * 4120);
	assert_int_equal(db_stats(db).checkpoint_failures, 0);
	db_end(db);
}

static void members_are_served_before_the_checkpoint(void **state)
{
	struct weir_db *const db = make_db(*state, MANUAL);
	struct db_script script = {.sql = {"INSERT INTO t VALUES (zeroblob(100000))"}};
	struct db_asked asked[3];

	for (int i = 0; i < 3; i++)
		db_submit(db, &script, NULL, &asked[i]);
	/* It fails, and no member hears of it. */
	db_fail_next(DB_FAULT_CHECKPOINT, 1, WEIR_ERR_DRIVER_BUSY);
	for (int i = 0; i < 3; i++) {
		db_collect(&asked[i]);
		assert_code(asked[i].code, WEIR_OK);
		assert_int_equal(asked[i].result.group_size, 3);
	}
	assert_int_equal(db_stats(db).checkpoint_failures, 1);
	assert_int_equal(db_stats(db).checkpoints, 0);
	db_exec(db, "INSERT INTO t VALUES (1)");
	assert_int_equal(db_stats(db).checkpoints, 1);
	db_end(db);
}

static void a_reader_keeps_what_it_reads(void **state)
{
	struct weir_db *const db = make_db(*state, MANUAL);
	const struct weir_read_options options = {.size = sizeof options, .snapshot = true};
	struct weir_checkpoint_result result = {.size = sizeof result};
	struct weir_tx tx = {0};
	int64_t count = 0;

	assert_code(weir_read_begin(db, &options, &tx, NULL), WEIR_OK);
	write_frames(db, 5);
	assert_code(weir_db_checkpoint(db, &result, NULL), WEIR_OK);
	assert_true(result.copied < result.frames);
	assert_int_equal(db_stats(db).log_frames, result.frames);
	assert_code(db_tx_number(&tx, "SELECT count(*) FROM t", &count, NULL), WEIR_OK);
	assert_int_equal(count, 0);
	weir_tx_end(&tx);
	assert_code(weir_db_checkpoint(db, &result, NULL), WEIR_OK);
	assert_int_equal(result.copied, result.frames);
	db_end(db);
}

static void a_foreign_writer_keeps_a_checkpoint_out(void **state)
{
	struct weir_db *const db = make_db(*state, MANUAL);
	struct weir_error err = WEIR_ERROR_INIT;
	sqlite3 *const foreign = db_foreign(*state);

	write_frames(db, 5);
	assert_code(weir_db_set(db, "write_timeout", "300ms", NULL), WEIR_OK);
	db_foreign_exec(foreign, "BEGIN IMMEDIATE");
	assert_code(weir_db_checkpoint(db, NULL, &err), WEIR_ERR_DRIVER_BUSY);
	assert_int_equal(err.code, WEIR_ERR_DRIVER_BUSY);
	assert_int_equal(db_stats(db).checkpoint_failures, 1);
	db_foreign_exec(foreign, "ROLLBACK");
	assert_code(weir_db_checkpoint(db, NULL, &err), WEIR_OK);
	assert_int_equal(sqlite3_close(foreign), SQLITE_OK);
	db_end(db);
}

static void a_broken_aide_is_replaced(void **state)
{
	struct weir_db *const db = make_db(*state, MANUAL);
	struct weir_checkpoint_result result = {.size = sizeof result};

	read_often(db, weir_now());
	assert_int_equal(db_stats(db).pinned, 1);
	write_frames(db, 5);
	db_fail_next(DB_FAULT_CHECKPOINT, 1, WEIR_ERR_DRIVER_BROKEN);
	assert_code(weir_db_checkpoint(db, NULL, NULL), WEIR_ERR_DRIVER_BROKEN);
	assert_int_equal(db_stats(db).pinned, 0);
	/* No other is to be had; then there is one. */
	db_fail_next(DB_FAULT_OPEN_AIDE, 1, WEIR_ERR_DRIVER_OPEN);
	assert_code(weir_db_checkpoint(db, NULL, NULL), WEIR_ERR_DRIVER_OPEN);
	assert_int_equal(db_stats(db).checkpoint_failures, 2);
	assert_code(weir_db_checkpoint(db, &result, NULL), WEIR_OK);
	assert_int_equal(result.copied, result.frames);
	read_often(db, weir_now());
	assert_int_equal(db_stats(db).pinned, 1);
	db_end(db);
}

/* ---- the pin ---- */

static void the_pin_holds_the_newest_snapshot(void **state)
{
	struct weir_db *const db = make_db(*state, MANUAL);
	struct weir_checkpoint_result result = {.size = sizeof result};
	struct weir_time now = weir_now();

	write_frames(db, 2);
	assert_false(is_log_held(*state));
	write_frames(db, 2);
	read_often(db, now);
	assert_int_equal(db_stats(db).pinned, 1);
	assert_true(is_log_held(*state));
	/* A commit renews it, so that nothing older is held: all can be copied. */
	write_frames(db, 2);
	assert_true(is_log_held(*state));
	assert_code(weir_db_checkpoint(db, &result, NULL), WEIR_OK);
	assert_int_equal(result.copied, result.frames);
	assert_int_equal(db_stats(db).pinned, 1);
	/* After a complete copy it does not hinder the log from beginning anew. */
	assert_false(is_log_held(*state));
	db_end(db);
}

static int look_at_pin(struct weir_tx *tx, void *arg)
{
	struct weir_db *const db = arg;
	struct weir_db_stats stats = {.size = sizeof stats};

	(void)tx;
	return weir_db_read_stats(db, &stats) != WEIR_OK || stats.pinned != 0;
}

static void maintenance_lets_go_of_the_pin(void **state)
{
	struct weir_db *const db = make_db(*state, MANUAL);
	struct weir_error err = WEIR_ERROR_INIT;

	read_often(db, weir_now());
	assert_int_equal(db_stats(db).pinned, 1);
	if (weir_db_maintain(db, look_at_pin, db, NULL, &err) != WEIR_OK)
		fail_msg("%s", err.message);
	db_end(db);
}

static void the_pin_is_a_choice(void **state)
{
	struct weir_db *const db = make_db(*state, MANUAL "&read_pin=off");
	struct weir_time now = weir_now();

	read_often(db, now);
	assert_int_equal(db_stats(db).pinned, 0);
	assert_code(weir_db_set(db, "read_pin", "on", NULL), WEIR_OK);
	read_often(db, now);
	assert_int_equal(db_stats(db).pinned, 1);
	/* Also while reads go on. */
	assert_code(weir_db_set(db, "read_pin", "off", NULL), WEIR_OK);
	read_often(db, now);
	assert_int_equal(db_stats(db).pinned, 0);
	db_end(db);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DB_TEST(the_log_is_copied_when_it_is_long),
		DB_TEST(the_log_stays_short_beside_the_pin),
		DB_TEST(members_are_served_before_the_checkpoint),
		DB_TEST(a_reader_keeps_what_it_reads),
		DB_TEST(a_foreign_writer_keeps_a_checkpoint_out),
		DB_TEST(a_broken_aide_is_replaced),
		DB_TEST(the_pin_holds_the_newest_snapshot),
		DB_TEST(maintenance_lets_go_of_the_pin),
		DB_TEST(the_pin_is_a_choice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
