/* SPDX-License-Identifier: BSD-2-Clause
 *
 * weir_db when the file fails it: the disk is full, a sync fails, a folder is
 * away, rights are lost, the log is deleted, the file is damaged. Each write
 * ends as include/weir/db.h says, what was acknowledged is there, what was
 * reported as failed is not, and when the trouble is over writes work again.
 */
#include "db_fixture.h"
#include "hook_vfs.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define MEMBERS 5

static int set_up(void **state)
{
	const int failed = db_set_up(state);

	hook_install();
	hook_clear();
	return failed;
}

static int tear_down(void **state)
{
	hook_clear();
	hook_remove();
	return db_tear_down(state);
}

#define FAULT_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

static struct weir_db *make_table(struct db_fixture *fixture, const char *settings)
{
	struct weir_db *const db = db_make(fixture, settings);

	db_exec(db, "CREATE TABLE t(n INTEGER PRIMARY KEY, pad BLOB)");
	db_exec(db, "INSERT INTO t(n) VALUES (1)");
	return db;
}

/* One write; its outcome, and in code and err how weir_db_run put it. */
struct ended {
	enum weir_code code;
	struct weir_write_result result;
	struct weir_error err;
};

static struct ended write_row(struct weir_db *db, const char *sql)
{
	struct db_script script = {.sql = {sql}};
	struct ended ended = {.result = {.size = sizeof ended.result}, .err = WEIR_ERROR_INIT};

	ended.code = weir_db_run(db, db_run_script, &script, NULL, &ended.result, &ended.err);
	return ended;
}

/* The jobs of a group wait until somebody leads: no keeper does. */
#define GROUPED "keeper=manual&synchronous=full"

/* MEMBERS jobs in one group; whoever collects the first leads them all. */
struct group {
	char sql[MEMBERS][96];
	struct db_script scripts[MEMBERS];
	struct db_asked asked[MEMBERS];
};

static void run_group(struct weir_db *db, struct group *group, int first, int pad)
{
	memset(group, 0, sizeof *group);
	for (int i = 0; i < MEMBERS; i++) {
		(void)snprintf(group->sql[i], sizeof group->sql[i],
		               "INSERT INTO t VALUES (%d, zeroblob(%d))", first + i, pad);
		group->scripts[i].sql[0] = group->sql[i];
		db_submit(db, &group->scripts[i], NULL, &group->asked[i]);
	}
	for (int i = 0; i < MEMBERS; i++)
		db_collect(&group->asked[i]);
}

static void assert_group(const struct group *group, enum weir_outcome outcome, enum weir_code code)
{
	for (int i = 0; i < MEMBERS; i++) {
		assert_code(group->asked[i].code, code);
		assert_int_equal(group->asked[i].result.outcome, outcome);
	}
}

/* Write until it is committed: a writer that broke is opened again, with pauses. */
static void assert_recovers(struct weir_db *db, const char *sql)
{
	const int64_t until_ns = db_soon().ns;
	struct ended ended = write_row(db, sql);

	while (ended.result.outcome == WEIR_REJECTED && weir_now().ns < until_ns) {
		assert_code(ended.code, WEIR_ERR_WRITER_DOWN);
		db_pause();
		ended = write_row(db, sql);
	}
	if (ended.result.outcome != WEIR_COMMITTED)
		fail_msg("%s: outcome %d: %s", sql, (int)ended.result.outcome, ended.err.message);
}

static void assert_sound(const struct db_fixture *fixture)
{
	db_assert_rows(fixture, "PRAGMA integrity_check", "ok");
}

/* ---- a full disk ---- */

/* Each fault strikes a group of jobs whose frames go to the log at the commit. */
static void a_full_disk_fails_the_whole_group_and_nothing_else(void **state)
{
	static const struct hook_fault faults[] = {
		{.call = HOOK_WRITE, .file = HOOK_WAL, .result = SQLITE_FULL, .skip = 0},
		{.call = HOOK_WRITE, .file = HOOK_WAL, .result = SQLITE_FULL, .skip = 3},
		{.call = HOOK_WRITE, .file = HOOK_WAL, .result = SQLITE_FULL, .skip = 4, .partial = 100},
	};
	struct db_fixture *const fixture = *state;
	struct weir_db *const db = make_table(fixture, GROUPED);

	for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
		struct group group;

		hook_fail(&faults[i]);
		run_group(db, &group, 10, 3000);
		hook_clear();
		assert_group(&group, WEIR_FAILED, WEIR_ERR_DRIVER_FULL);
		assert_int_equal(db_number(db, "SELECT count(*) FROM t WHERE n >= 10"), 0);
		run_group(db, &group, 100 + 10 * (int)i, 3000);
		assert_group(&group, WEIR_COMMITTED, WEIR_OK);
		assert_int_equal(group.asked[0].result.group_size, MEMBERS);
		db_exec(db, "DELETE FROM t WHERE n >= 100");
	}
	db_end(db);
	db_assert_rows(fixture, "SELECT n FROM t", "1");
	assert_sound(fixture);
}

/* The log cannot be copied back; that is nobody's write. */
static void a_disk_that_fills_up_in_a_checkpoint_costs_no_write(void **state)
{
	const struct hook_fault fault = {
		.call = HOOK_WRITE, .file = HOOK_DATABASE, .result = SQLITE_FULL};
	struct db_fixture *const fixture = *state;
	struct weir_db *const db = make_table(fixture, NULL);
	struct weir_error err = WEIR_ERROR_INIT;

	hook_fail(&fault);
	assert_code(weir_db_checkpoint(db, NULL, &err), WEIR_ERR_DRIVER_FULL);
	assert_int_equal(write_row(db, "INSERT INTO t(n) VALUES (2)").result.outcome, WEIR_COMMITTED);
	assert_true(db_stats(db).checkpoint_failures > 0);
	hook_clear();
	assert_code(weir_db_checkpoint(db, NULL, &err), WEIR_OK);
	assert_int_equal(db_number(db, "SELECT count(*) FROM t"), 2);
	db_end(db);
	db_assert_rows(fixture, "SELECT n FROM t ORDER BY n", "1,2");
	assert_sound(fixture);
}

/* ---- a commit that fails midway ---- */

static void a_commit_whose_sync_fails_is_indeterminate_for_every_member(void **state)
{
	static const struct hook_fault faults[] = {
		{.call = HOOK_SYNC, .file = HOOK_WAL, .result = SQLITE_IOERR_FSYNC, .times = 1},
		{.call = HOOK_WRITE, .file = HOOK_WAL, .result = SQLITE_IOERR_WRITE, .skip = 2, .times = 1},
	};
	struct db_fixture *const fixture = *state;
	struct weir_db *const db = make_table(fixture, GROUPED);
	int64_t rows = 1;

	for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
		const uint64_t opens = db_stats(db).writer_opens;
		const int first = 10 + 20 * (int)i;
		struct group group;
		char sql[96];
		int64_t kept;

		hook_fail(&faults[i]);
		run_group(db, &group, first, 3000);
		hook_clear();
		assert_group(&group, WEIR_INDETERMINATE, WEIR_ERR_INDETERMINATE);
		assert_recovers(db, i == 0 ? "INSERT INTO t(n) VALUES (2)" : "INSERT INTO t(n) VALUES (3)");
		assert_true(db_stats(db).writer_opens > opens);
		(void)snprintf(sql, sizeof sql, "SELECT count(*) FROM t WHERE n >= %d AND n < %d", first,
		               first + MEMBERS);
		kept = db_number(db, sql);
		if (kept != 0 && kept != MEMBERS)
			fail_msg("%d of %d members of one group are there", (int)kept, MEMBERS);
		rows += kept + 1;
	}
	assert_int_equal(db_stats(db).jobs[WEIR_INDETERMINATE], 2 * MEMBERS);
	db_end(db);
	assert_int_equal(db_file_number(fixture, "SELECT count(*) FROM t"), rows);
	assert_sound(fixture);
}

static void a_lease_whose_commit_fails_midway_says_so(void **state)
{
	const struct hook_fault fault = {
		.call = HOOK_SYNC, .file = HOOK_WAL, .result = SQLITE_IOERR_FSYNC, .times = 1};
	struct db_fixture *const fixture = *state;
	struct weir_db *const db = make_table(fixture, "synchronous=full");
	struct weir_write_result result = {.size = sizeof result};
	struct weir_error err = WEIR_ERROR_INIT;
	struct weir_tx tx = {0};

	assert_code(weir_write_begin(db, NULL, &tx, &err), WEIR_OK);
	db_tx_exec(&tx, "INSERT INTO t(n) VALUES (5)");
	hook_fail(&fault);
	assert_code(weir_write_commit(&tx, &result, &err), WEIR_ERR_INDETERMINATE);
	assert_int_equal(result.outcome, WEIR_INDETERMINATE);
	assert_int_equal(weir_error_retry(err.code), WEIR_RETRY_UNSURE);
	hook_clear();
	assert_recovers(db, "INSERT INTO t(n) VALUES (6)");
	db_end(db);
	assert_sound(fixture);
}

/* One call fails, and each member is asked for what became of it; how many failed. */
static int strike_inside(struct db_fixture *fixture, uint64_t skip)
{
	const struct hook_fault fault = {.call = HOOK_READ,
	                                 .file = HOOK_DATABASE,
	                                 .result = SQLITE_IOERR_READ,
	                                 .skip = skip,
	                                 .times = 1};
	struct weir_db *const db = db_make(fixture, GROUPED);
	struct group group;
	int failed = 0;

	hook_fail(&fault);
	run_group(db, &group, 10, 100);
	hook_clear();
	for (int i = 0; i < MEMBERS; i++) {
		const enum weir_outcome outcome = group.asked[i].result.outcome;

		failed += outcome == WEIR_FAILED;
		assert_true(outcome == WEIR_FAILED || outcome == WEIR_COMMITTED);
	}
	assert_int_equal(db_number(db, "SELECT count(*) FROM t WHERE n BETWEEN 10 AND 20"),
	                 MEMBERS - failed);
	db_exec(db, "DELETE FROM t WHERE n BETWEEN 10 AND 20");
	db_end(db);
	return failed;
}

/* An error inside a statement is that job's; its neighbours run again. Where it
 * strikes depends on what SQLite reads, so each of the first reads fails once. */
static void an_error_inside_a_job_leaves_its_neighbours(void **state)
{
	struct db_fixture *const fixture = *state;
	int struck = 0;

	db_end(make_table(fixture, NULL));
	for (uint64_t skip = 0; skip < 6; skip++) {
		const int failed = strike_inside(fixture, skip);

		assert_true(failed <= 1);
		struck += failed;
	}
	assert_true(struck > 0);
	db_assert_rows(fixture, "SELECT n FROM t", "1");
	assert_sound(fixture);
}

/* ---- a place that is away ---- */

static void a_missing_folder_is_said_at_once(void **state)
{
	struct db_fixture fixture = *(struct db_fixture *)*state;
	struct weir_error err = WEIR_ERROR_INIT;
	struct weir_db *db = NULL;

	(void)snprintf(fixture.path, sizeof fixture.path, "%s/away/test.db", fixture.folder);
	assert_code(db_try_make(&fixture, NULL, &db, &err), WEIR_ERR_DRIVER_OPEN);
	assert_null(db);
	assert_has(err.message, "away");
}

static void away_path(const struct db_fixture *fixture, char path[160])
{
	(void)snprintf(path, 160, "%s-away", fixture->path);
}

static void move_away(const struct db_fixture *fixture)
{
	char path[160];

	away_path(fixture, path);
	assert_int_equal(rename(fixture->path, path), 0);
	assert_int_equal(mkdir(fixture->path, 0700), 0);
}

static void move_back(const struct db_fixture *fixture)
{
	char path[160];

	away_path(fixture, path);
	assert_int_equal(rmdir(fixture->path), 0);
	assert_int_equal(rename(path, fixture->path), 0);
}

/* The writer breaks, and cannot be opened again until what is in the way has
 * gone: writes are refused meanwhile, and none of them has run. */
static void assert_down_then_up(struct weir_db *db, void (*take_away)(const struct db_fixture *),
                                void (*bring_back)(const struct db_fixture *),
                                const struct db_fixture *fixture)
{
	const struct hook_fault fault = {
		.call = HOOK_SYNC, .file = HOOK_WAL, .result = SQLITE_IOERR_FSYNC, .times = 1};
	struct ended ended;

	take_away(fixture);
	hook_fail(&fault);
	ended = write_row(db, "INSERT INTO t(n) VALUES (2)");
	hook_clear();
	/* That a file is away is seen before anything is begun. */
	assert_int_equal(ended.result.outcome,
	                 take_away == move_away ? WEIR_REJECTED : WEIR_INDETERMINATE);
	for (int i = 0; i < 5; i++) {
		ended = write_row(db, "INSERT INTO t(n) VALUES (3)");
		assert_code(ended.code, WEIR_ERR_WRITER_DOWN);
		assert_int_equal(ended.result.outcome, WEIR_REJECTED);
		assert_int_equal(ended.result.runs, 0);
	}
	bring_back(fixture);
	assert_recovers(db, "INSERT INTO t(n) VALUES (4)");
}

static void a_file_that_is_away_takes_writes_down_until_it_is_back(void **state)
{
	struct db_fixture *const fixture = *state;
	struct weir_db *const db = make_table(fixture, "synchronous=full");

	assert_down_then_up(db, move_away, move_back, fixture);
	assert_int_equal(db_number(db, "SELECT count(*) FROM t WHERE n IN (1, 4)"), 2);
	assert_int_equal(db_number(db, "SELECT count(*) FROM t WHERE n = 3"), 0);
	db_end(db);
	assert_sound(fixture);
}

static void forbid(const struct db_fixture *fixture)
{
	assert_int_equal(chmod(fixture->path, 0), 0);
}

static void permit(const struct db_fixture *fixture)
{
	assert_int_equal(chmod(fixture->path, 0600), 0);
}

static void lose_rights_as_nobody(struct db_fixture *fixture)
{
	struct weir_db *db;

	if (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0))
		fail_msg("rights could not be given up");
	db = make_table(fixture, "synchronous=full");
	assert_down_then_up(db, forbid, permit, fixture);
	assert_int_equal(db_number(db, "SELECT count(*) FROM t WHERE n IN (1, 4)"), 2);
	db_end(db);
	assert_sound(fixture);
}

/* In a child, since root has all rights and what it gives up is gone for good.
 * After a failed assertion the child goes on with the tests that are left, and its
 * status is not 0. */
static void lost_rights_take_writes_down_until_they_are_back(void **state)
{
	struct db_fixture *const fixture = *state;
	int status = 0;
	pid_t child;

	assert_int_equal(chmod(fixture->folder, 0777), 0);
	child = fork();
	if (child == 0) {
		lose_rights_as_nobody(fixture);
		_exit(0);
	}
	assert_true(child > 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

/* ---- a log that is gone, a file that is damaged ---- */

static void unlink_beside(const struct db_fixture *fixture, const char *suffix)
{
	char path[160];

	(void)snprintf(path, sizeof path, "%s%s", fixture->path, suffix);
	assert_int_equal(unlink(path), 0);
}

/* Somebody tidies up. Whatever weir acknowledges all the same must be there once
 * it has closed in good order. */
static void a_deleted_log_loses_nothing_that_is_closed_in_order(void **state)
{
	struct db_fixture *const fixture = *state;
	struct weir_db *const db = make_table(fixture, NULL);
	int64_t committed = 1;

	unlink_beside(fixture, "-wal");
	for (int i = 0; i < 50; i++) {
		char sql[64];

		(void)snprintf(sql, sizeof sql, "INSERT INTO t(n) VALUES (%d)", 100 + i);
		committed += write_row(db, sql).result.outcome == WEIR_COMMITTED;
	}
	db_end(db);
	assert_int_equal(db_file_number(fixture, "SELECT count(*) FROM t"), committed);
	assert_sound(fixture);
}

static void overwrite(const struct db_fixture *fixture, off_t from, size_t length)
{
	static uint8_t noise[65536];
	const int file = open(fixture->path, O_WRONLY | O_CLOEXEC);

	assert_true(file >= 0 && length <= sizeof noise);
	memset(noise, 0xa5, length);
	assert_int_equal(pwrite(file, noise, length, from), (ssize_t)length);
	assert_int_equal(close(file), 0);
}

static void a_file_that_is_no_database_is_refused(void **state)
{
	struct db_fixture *const fixture = *state;
	struct weir_error err = WEIR_ERROR_INIT;
	struct weir_db *db = make_table(fixture, NULL);

	db_end(db);
	overwrite(fixture, 0, 4096);
	db = NULL;
	assert_code(db_try_make(fixture, NULL, &db, &err), WEIR_ERR_DRIVER_OPEN);
	assert_null(db);
	assert_int_equal(err.driver_code & 0xff, SQLITE_NOTADB);
}

/* Pages of a table are damaged: what meets them fails with SQLite's word for it,
 * and is never acknowledged. */
static void damage_is_reported_and_never_acknowledged(void **state)
{
	struct db_fixture *const fixture = *state;
	struct weir_db *db = make_table(fixture, NULL);
	struct weir_error err = WEIR_ERROR_INIT;
	struct weir_tx tx = {0};
	struct ended ended;
	int64_t number = 0;

	db_exec(db, "INSERT INTO t WITH RECURSIVE i(n) AS (SELECT 2 UNION ALL SELECT n + 1 FROM i "
	            "WHERE n < 40) SELECT n, zeroblob(3000) FROM i");
	assert_code(weir_db_checkpoint(db, NULL, NULL), WEIR_OK);
	db_end(db);
	overwrite(fixture, 4096, 65536); /* page 1 has the schema, and stays */
	db = db_make(fixture, NULL);
	ended = write_row(db, "UPDATE t SET pad = NULL");
	assert_int_equal(ended.result.outcome, WEIR_FAILED);
	assert_int_equal(ended.err.driver_code & 0xff, SQLITE_CORRUPT);
	assert_code(weir_read_begin(db, NULL, &tx, &err), WEIR_OK);
	assert_true(db_tx_number(&tx, "SELECT sum(length(pad)) FROM t", &number, &err) != WEIR_OK);
	assert_int_equal(err.driver_code & 0xff, SQLITE_CORRUPT);
	weir_tx_end(&tx);
	db_end(db);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FAULT_TEST(a_full_disk_fails_the_whole_group_and_nothing_else),
		FAULT_TEST(a_disk_that_fills_up_in_a_checkpoint_costs_no_write),
		FAULT_TEST(a_commit_whose_sync_fails_is_indeterminate_for_every_member),
		FAULT_TEST(a_lease_whose_commit_fails_midway_says_so),
		FAULT_TEST(an_error_inside_a_job_leaves_its_neighbours),
		FAULT_TEST(a_missing_folder_is_said_at_once),
		FAULT_TEST(a_file_that_is_away_takes_writes_down_until_it_is_back),
		FAULT_TEST(lost_rights_take_writes_down_until_they_are_back),
		FAULT_TEST(a_deleted_log_loses_nothing_that_is_closed_in_order),
		FAULT_TEST(a_file_that_is_no_database_is_refused),
		FAULT_TEST(damage_is_reported_and_never_acknowledged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
