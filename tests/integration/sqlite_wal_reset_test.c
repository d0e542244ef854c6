/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The fault of SQLite by which a checkpoint can lose commits (3.7.0 to 3.51.2),
 * made to happen each time, and what weir's checkpoint does at the same spot.
 *
 * A checkpoint copies the header of the wal-index, and when that is news to its
 * connection, it calls xUnfetch of the database file. Only then it looks how far
 * earlier checkpoints have come. A hook in xUnfetch that commits, when everything
 * before was copied, makes that commit begin the WAL anew: the checkpoint now
 * believes that the old frames are still to be copied, and notes their number as
 * copied, in a WAL that has fewer. The frames up to that number never will be.
 */
#include "engine_fixture.h"

#include <string.h>

#include "hook_vfs.h"

static int make_hooked_fixture(void **state)
{
	hook_install();

	const int rc = make_engine_fixture(state);
	sqlite3 *const db = open_foreign(*state);

	run_foreign(db, "CREATE TABLE u (x INTEGER NOT NULL)");
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	return rc;
}

static int drop_hooked_fixture(void **state)
{
	hook_remove();
	return drop_fixture(state);
}

static int64_t ask_foreign(sqlite3 *db, const char *sql)
{
	sqlite3_stmt *stmt = NULL;
	int64_t value = -1;

	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL), SQLITE_OK);
	if (sqlite3_step(stmt) == SQLITE_ROW)
		value = sqlite3_column_int64(stmt, 0);
	sqlite3_finalize(stmt);
	return value;
}

/* What is done in the gap, and what came of it. */
struct gap {
	sqlite3 *db;
	const char *sql;
	unsigned times; /* how often yet */
	int rc;
};

static int act_in_gap(void *arg, const struct hook_event *event)
{
	struct gap *const gap = arg;

	if (event->file == HOOK_DATABASE && gap->times > 0) {
		gap->times--;
		gap->rc = sqlite3_exec(gap->db, gap->sql, NULL, NULL, NULL);
	}
	return SQLITE_OK;
}

#define ROW "INSERT INTO t VALUES (1)"
/* On a page that nothing else writes, or the next write would bring it back. */
#define LONE_ROW "INSERT INTO u VALUES (1)"
#define ROWS_BEFORE 10
#define ROWS_AFTER 20

static sqlite3 *open_plain(const struct fixture *fixture)
{
	sqlite3 *const db = open_foreign(fixture);

	run_foreign(db, "PRAGMA wal_autocheckpoint=0; SELECT count(*) FROM t");
	return db;
}

static void copy_plain(sqlite3 *db)
{
	int frames = 0;
	int copied = 0;

	assert_int_equal(
		sqlite3_wal_checkpoint_v2(db, NULL, SQLITE_CHECKPOINT_PASSIVE, &frames, &copied),
		SQLITE_OK);
}

/* Commits in the gap of a plain checkpoint, then a row into u, goes on as programs
 * do, and returns how many rows u has in the end. */
static int64_t rows_left_by_plain_checkpoints(const struct fixture *fixture)
{
	sqlite3 *const writer = open_plain(fixture);
	sqlite3 *const copier = open_plain(fixture);
	struct gap gap = {.db = writer, .sql = ROW, .times = 1, .rc = SQLITE_ERROR};

	for (int i = 0; i < ROWS_BEFORE; i++)
		run_foreign(writer, ROW);
	copy_plain(writer); /* everything: the next commit begins the WAL anew */
	hook_before(HOOK_UNFETCH, act_in_gap, &gap);
	copy_plain(copier);
	hook_clear();
	assert_int_equal(gap.times, 0);
	assert_int_equal(gap.rc, SQLITE_OK);
	run_foreign(writer, LONE_ROW);
	for (int i = 0; i < ROWS_AFTER; i++) {
		run_foreign(writer, ROW);
		copy_plain(copier);
	}
	assert_int_equal(sqlite3_close(copier), SQLITE_OK);
	assert_int_equal(sqlite3_close(writer), SQLITE_OK);

	sqlite3 *const reader = open_foreign(fixture);
	const int64_t rows = ask_foreign(reader, "SELECT count(*) FROM u");

	assert_int_equal(ask_foreign(reader, "SELECT count(*) FROM t"), ROWS_BEFORE + 1 + ROWS_AFTER);
	assert_int_equal(sqlite3_close(reader), SQLITE_OK);
	return rows;
}

static void a_plain_checkpoint_loses_commits(void **state)
{
	const int64_t rows = rows_left_by_plain_checkpoints(*state);

	print_message("SQLite %s: %lld of 1 row left\n", sqlite3_libversion(), (long long)rows);
	assert_int_equal(rows, weir_sqlite_is_vulnerable(0) ? 0 : 1);
	if (rows == 1) {
		print_message("not vulnerable\n");
		skip();
	}
}

/* ---- weir's checkpoint at the same spot ---- */

/* A stranger copies everything, so that the next commit would begin the WAL anew;
 * then gap is open in weir's checkpoint. */
static void copy_as_stranger(const struct fixture *fixture)
{
	sqlite3 *const stranger = open_plain(fixture);

	copy_plain(stranger);
	assert_int_equal(sqlite3_close(stranger), SQLITE_OK);
}

static void a_plain_connection_is_kept_out(void **state)
{
	const struct fixture *const fixture = *state;
	void *const writer = open_role(fixture, WEIR_ROLE_WRITER);
	void *const aide = open_role(fixture, WEIR_ROLE_AIDE);
	sqlite3 *const plain = open_plain(fixture);
	struct gap gap = {.db = plain, .sql = ROW, .times = 1, .rc = SQLITE_OK};

	for (int i = 0; i < ROWS_BEFORE; i++)
		write_now(fixture, writer, ROW);
	copy_as_stranger(fixture);
	hook_before(HOOK_UNFETCH, act_in_gap, &gap);
	(void)checkpoint_now(writer, aide);
	hook_clear();
	assert_int_equal(gap.times, 0);
	assert_int_equal(gap.rc, SQLITE_BUSY);
	run_foreign(plain, ROW); /* now it may */
	run_foreign(plain, LONE_ROW);
	for (int i = 0; i < ROWS_AFTER; i++) {
		write_now(fixture, writer, ROW);
		(void)checkpoint_now(writer, aide);
	}
	assert_int_equal(ask(fixture, writer, "SELECT count(*) FROM u"), 1);
	assert_int_equal(ask(fixture, writer, "SELECT count(*) FROM t"), ROWS_BEFORE + 1 + ROWS_AFTER);
	assert_int_equal(sqlite3_close(plain), SQLITE_OK);
	fixture->driver->close(aide);
	fixture->driver->close(writer);
}

/* Who writes through weir in the gap, and what they got. */
struct writes {
	struct weir_db *db;
	unsigned times;
	enum weir_code code;
	struct weir_write_result result;
};

static int insert(struct weir_tx *tx, void *sql)
{
	return weir_tx_exec(tx, sql, NULL, 0, NULL, NULL) != WEIR_OK;
}

static int write_in_gap(void *arg, const struct hook_event *event)
{
	struct writes *const writes = arg;

	if (event->file == HOOK_DATABASE && writes->times > 0) {
		writes->times--;
		writes->code = weir_db_run(writes->db, insert, ROW, NULL, &writes->result, NULL);
	}
	return SQLITE_OK;
}

static void *write_for_50_ms(void *arg)
{
	struct writes *const writes = arg;
	const struct weir_write_options options = {
		.size = sizeof(options),
		.timeout_ns = WEIR_MILLISECONDS(50),
	};

	writes->code = weir_db_run(writes->db, insert, ROW, &options, &writes->result, NULL);
	return NULL;
}

static int write_beside_gap(void *arg, const struct hook_event *event)
{
	struct writes *const writes = arg;
	pthread_t thread;

	if (event->file == HOOK_DATABASE && writes->times > 0) {
		writes->times--;
		assert_int_equal(pthread_create(&thread, NULL, write_for_50_ms, writes), 0);
		assert_int_equal(pthread_join(thread, NULL), 0);
	}
	return SQLITE_OK;
}

static void write_rows(struct weir_db *db, const char *sql, int rows)
{
	struct weir_error err = WEIR_ERROR_INIT;

	for (int i = 0; i < rows; i++) {
		if (weir_db_run(db, insert, (void *)(uintptr_t)sql, NULL, NULL, &err) != WEIR_OK)
			fail_msg("%s: %s", sql, err.message);
	}
}

/* Opens the gap in a checkpoint of weir_db for hook, and checks the rows after it. */
static void write_around(struct fixture *fixture, hook_function hook, struct writes *writes)
{
	struct weir_error err = WEIR_ERROR_INIT;
	struct weir_db *db = NULL;

	set(fixture, "keeper", "manual");
	if (weir_db_create(&db, fixture->driver, &fixture->config, NULL, &err) != WEIR_OK)
		fail_msg("%s", err.message);
	*writes = (struct writes){.db = db, .times = 1, .result.size = sizeof(writes->result)};
	write_rows(db, ROW, ROWS_BEFORE);
	copy_as_stranger(fixture);
	hook_before(HOOK_UNFETCH, hook, writes);
	assert_int_equal(weir_db_checkpoint(db, NULL, &err), WEIR_OK);
	hook_clear();
	assert_int_equal(writes->times, 0);
	write_rows(db, LONE_ROW, 1);
	for (int i = 0; i < ROWS_AFTER; i++) {
		write_rows(db, ROW, 1);
		assert_int_equal(weir_db_checkpoint(db, NULL, &err), WEIR_OK);
	}
	assert_int_equal(weir_db_close(db, &err), WEIR_OK);
	weir_db_destroy(db);

	sqlite3 *const reader = open_foreign(fixture);

	assert_int_equal(ask_foreign(reader, "SELECT count(*) FROM u"), 1);
	assert_int_equal(ask_foreign(reader, "SELECT count(*) FROM t"), ROWS_BEFORE + ROWS_AFTER);
	assert_int_equal(sqlite3_close(reader), SQLITE_OK);
}

static void a_job_of_another_thread_waits(void **state)
{
	struct writes writes;

	write_around(*state, write_beside_gap, &writes);
	assert_int_equal(writes.code, WEIR_ERR_GATE_TIMEOUT);
	assert_int_equal(writes.result.outcome, WEIR_TIMED_OUT);
}

static void a_job_of_the_same_thread_is_refused(void **state)
{
	struct writes writes;

	write_around(*state, write_in_gap, &writes);
	assert_int_equal(writes.code, WEIR_ERR_REENTRANT);
	assert_int_equal(writes.result.outcome, WEIR_REJECTED);
}

#define HOOKED_TEST(test)                                                                          \
	cmocka_unit_test_setup_teardown(test, make_hooked_fixture, drop_hooked_fixture)

int main(void)
{
	const struct CMUnitTest tests[] = {
		HOOKED_TEST(a_plain_checkpoint_loses_commits),
		HOOKED_TEST(a_plain_connection_is_kept_out),
		HOOKED_TEST(a_job_of_another_thread_waits),
		HOOKED_TEST(a_job_of_the_same_thread_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
