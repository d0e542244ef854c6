/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The transactions of the SQLite driver for weir_db: begin and its wait, commit and
 * how it fails, durability, savepoints, jobs, snapshots, and what it warns of.
 */
#include "engine_fixture.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "hook_vfs.h"

#define COUNT "SELECT count(*) FROM t"

static void a_commit_is_seen_and_a_rollback_is_not(void **state)
{
	const struct fixture *const fixture = *state;
	void *const writer = open_role(fixture, WEIR_ROLE_WRITER);
	void *const reader = open_role(fixture, WEIR_ROLE_READER);

	for (int i = 1; i <= 3; i++) {
		begin_now(writer, WEIR_DURABILITY_DEFAULT);
		run(fixture, writer, "INSERT INTO t VALUES (1)");
		assert_int_equal(ask(fixture, reader, COUNT), i - 1);
		commit_now(writer);
		assert_int_equal(ask(fixture, reader, COUNT), i);
		begin_now(writer, WEIR_DURABILITY_DEFAULT);
		run(fixture, writer, "DELETE FROM t");
		roll_back_now(writer);
		assert_int_equal(ask(fixture, reader, COUNT), i);
		assert_int_equal(locks_of(fixture), 0);
	}
	roll_back_now(writer); /* there is none */
	fixture->driver->close(reader);
	fixture->driver->close(writer);
}

/* ---- begin ---- */

static void begin_waits_until_its_deadline(void **state)
{
	const struct fixture *const fixture = *state;
	void *const writer = open_role(fixture, WEIR_ROLE_WRITER);
	sqlite3 *const db = open_foreign(fixture);
	struct weir_error err = WEIR_ERROR_INIT;

	run_foreign(db, "BEGIN IMMEDIATE");

	const struct weir_time deadline = weir_deadline_in(WEIR_MILLISECONDS(20));

	assert_int_equal(engine()->begin(writer, WEIR_DURABILITY_DEFAULT, deadline, &err),
	                 WEIR_ERR_DRIVER_BUSY);
	assert_true(weir_now().ns >= deadline.ns);
	assert_int_equal(err.driver_code, SQLITE_BUSY);
	assert_int_equal(fixture->driver->sql->txn_state(writer), WEIR_TXN_NONE);
	assert_int_equal(engine()->begin(writer, WEIR_DURABILITY_DEFAULT, past(), NULL),
	                 WEIR_ERR_DRIVER_BUSY);
	run_foreign(db, "COMMIT");
	write_now(fixture, writer, "INSERT INTO t VALUES (1)");
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	fixture->driver->close(writer);
}

static void *commit_soon(void *argument)
{
	const struct timespec pause = {.tv_nsec = 20000000};

	nanosleep(&pause, NULL);
	return sqlite3_exec(argument, "COMMIT", NULL, NULL, NULL) == SQLITE_OK ? NULL : argument;
}

static void begin_goes_on_when_the_lock_is_free(void **state)
{
	const struct fixture *const fixture = *state;
	void *const writer = open_role(fixture, WEIR_ROLE_WRITER);
	sqlite3 *const db = open_foreign(fixture);
	pthread_t thread;
	void *failed = NULL;

	(void)ask(fixture, writer, COUNT);
	run_foreign(db, "BEGIN IMMEDIATE; INSERT INTO t VALUES (1)");
	assert_int_equal(pthread_create(&thread, NULL, commit_soon, db), 0);
	write_now(fixture, writer, "INSERT INTO t VALUES (1)");
	pthread_join(thread, &failed);
	assert_null(failed);
	assert_int_equal(ask(fixture, writer, COUNT), 2);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	fixture->driver->close(writer);
}

static int refuse_write_lock(void *arg, const struct hook_event *event)
{
	unsigned *const times = arg;

	if (event->offset != 0 || (event->flags & SQLITE_SHM_LOCK) == 0 || *times == 0)
		return SQLITE_OK;
	--*times;
	return SQLITE_PROTOCOL;
}

/* What SQLite asks no busy handler about: others that join or recover the WAL. */
static void begin_asks_again_where_sqlite_gives_up(void **state)
{
	unsigned times = 3;

	hook_install();

	const struct fixture *const fixture = *state;
	void *const writer = open_role(fixture, WEIR_ROLE_WRITER);

	hook_before(HOOK_SHM_LOCK, refuse_write_lock, &times);
	write_now(fixture, writer, "INSERT INTO t VALUES (1)");
	assert_int_equal(times, 0);
	fixture->driver->close(writer);
	hook_remove();
}

/* Two writers are like two processes: the turnstile keeps the second out. */
static void a_second_writer_queues(void **state)
{
	const struct fixture *const fixture = *state;
	void *const first = open_role(fixture, WEIR_ROLE_WRITER);
	void *const second = open_role(fixture, WEIR_ROLE_WRITER);
	const struct weir_time deadline = weir_deadline_in(WEIR_MILLISECONDS(5));
	char path[160];

	begin_now(first, WEIR_DURABILITY_DEFAULT);
	assert_int_equal(engine()->begin(second, WEIR_DURABILITY_DEFAULT, deadline, NULL),
	                 WEIR_ERR_DRIVER_BUSY);
	commit_now(first);
	write_now(fixture, second, "INSERT INTO t VALUES (1)");
	begin_now(first, WEIR_DURABILITY_DEFAULT);
	roll_back_now(first);
	write_now(fixture, second, "INSERT INTO t VALUES (1)");
	begin_now(first, WEIR_DURABILITY_DEFAULT);
	fixture->driver->close(first); /* in the middle of it */
	write_now(fixture, second, "INSERT INTO t VALUES (1)");
	(void)snprintf(path, sizeof(path), "%s-weir", fixture->path);
	assert_int_equal(access(path, F_OK), 0);
	fixture->driver->close(second);
}

static void a_reset_ends_what_was_begun(void **state)
{
	const struct fixture *const fixture = *state;
	void *const first = open_role(fixture, WEIR_ROLE_WRITER);
	void *const second = open_role(fixture, WEIR_ROLE_WRITER);

	begin_now(first, WEIR_DURABILITY_DEFAULT);
	run(fixture, first, "INSERT INTO t VALUES (1)");
	assert_int_equal(fixture->driver->reset(first, soon(), NULL), WEIR_OK);
	assert_int_equal(ask(fixture, second, COUNT), 0);
	write_now(fixture, second, "INSERT INTO t VALUES (1)");
	fixture->driver->close(second);
	fixture->driver->close(first);
}

static void without_a_turnstile_it_goes_on_and_says_so(void **state)
{
	const struct fixture *const fixture = *state;
	char path[160];
	char text[256];

	(void)snprintf(path, sizeof(path), "%s-weir", fixture->path);
	assert_int_equal(mkdir(path, 0700), 0);

	void *const writer = open_role(fixture, WEIR_ROLE_WRITER);

	write_now(fixture, writer, "INSERT INTO t VALUES (1)");
	assert_true(engine()->warning(writer, text, sizeof(text)));
	assert_non_null(strstr(text, "no turnstile"));
	assert_false(engine()->warning(writer, text, sizeof(text)));
	fixture->driver->close(writer);
}

/* ---- durability ---- */

struct durability_case {
	const char *configured;
	enum weir_durability asked;
	int64_t level;  /* as PRAGMA synchronous numbers it */
	unsigned syncs; /* of the WAL, by a commit in its midst */
};

static const struct durability_case durability_cases[] = {
	{"off", WEIR_DURABILITY_DEFAULT, 0, 0},    {"off", WEIR_DURABILITY_VISIBLE, 0, 0},
	{"off", WEIR_DURABILITY_DURABLE, 2, 1},    {"normal", WEIR_DURABILITY_DEFAULT, 1, 0},
	{"normal", WEIR_DURABILITY_VISIBLE, 1, 0}, {"normal", WEIR_DURABILITY_DURABLE, 2, 1},
	{"full", WEIR_DURABILITY_DEFAULT, 2, 1},   {"full", WEIR_DURABILITY_VISIBLE, 1, 0},
	{"full", WEIR_DURABILITY_DURABLE, 2, 1},   {"extra", WEIR_DURABILITY_DEFAULT, 3, 1},
	{"extra", WEIR_DURABILITY_VISIBLE, 1, 0},  {"extra", WEIR_DURABILITY_DURABLE, 3, 1},
};

static void a_commit_syncs_as_was_asked(void **state)
{
	struct fixture *const fixture = *state;

	hook_install();
	for (size_t i = 0; i < sizeof(durability_cases) / sizeof(durability_cases[0]); i++) {
		const struct durability_case *const c = &durability_cases[i];

		set(fixture, "synchronous", c->configured);

		void *const writer = open_role(fixture, WEIR_ROLE_WRITER);

		write_now(fixture, writer, "INSERT INTO t VALUES (1)"); /* begins the WAL */
		hook_clear();
		begin_now(writer, c->asked);
		assert_int_equal(ask(fixture, writer, "PRAGMA synchronous"), c->level);
		run(fixture, writer, "INSERT INTO t VALUES (1)");
		commit_now(writer);
		assert_int_equal(hook_count(HOOK_SYNC, HOOK_WAL), c->syncs);
		fixture->driver->close(writer);
	}
	hook_remove();
}

/* A commit that was acknowledged as durable must not be lost by a copy that is not
 * synced, after which the WAL is written over. */
static void a_copy_of_durable_commits_is_synced(void **state)
{
	struct fixture *const fixture = *state;

	hook_install();
	set(fixture, "synchronous", "off");

	void *const writer = open_role(fixture, WEIR_ROLE_WRITER);
	void *const aide = open_role(fixture, WEIR_ROLE_AIDE);

	(void)checkpoint_now(writer, aide); /* of the frame that opening left */
	write_now(fixture, writer, "INSERT INTO t VALUES (1)");
	hook_clear();
	assert_int_equal(checkpoint_now(writer, aide).copied, 1);
	assert_int_equal(hook_count(HOOK_SYNC, HOOK_DATABASE), 0);
	begin_now(writer, WEIR_DURABILITY_DURABLE);
	assert_int_equal(hook_count(HOOK_SYNC, HOOK_DATABASE), 1); /* the copy before, now */
	run(fixture, writer, "INSERT INTO t VALUES (1)");
	commit_now(writer);
	hook_clear();
	assert_int_equal(checkpoint_now(writer, aide).copied, 1);
	assert_int_equal(hook_count(HOOK_SYNC, HOOK_DATABASE), 1);
	fixture->driver->close(aide);
	fixture->driver->close(writer);
	hook_remove();
}

/* Nor by a WAL that begins anew: if its header is not on the disk before the frames that
 * are written over the old ones, the old header may outlive a power cut with some of the
 * old frames, and these would be copied over newer pages. */
static void a_log_that_begins_anew_is_synced_once_a_commit_was_durable(void **state)
{
	struct fixture *const fixture = *state;

	hook_install();
	set(fixture, "synchronous", "off");

	void *const writer = open_role(fixture, WEIR_ROLE_WRITER);
	void *const aide = open_role(fixture, WEIR_ROLE_AIDE);

	begin_now(writer, WEIR_DURABILITY_DURABLE);
	run(fixture, writer, "INSERT INTO t VALUES (1)");
	commit_now(writer);
	(void)checkpoint_now(writer, aide);
	hook_clear();
	write_now(fixture, writer, "INSERT INTO t VALUES (1)");
	assert_int_equal(hook_count(HOOK_SYNC, HOOK_WAL), 1);
	write_now(fixture, writer, "INSERT INTO t VALUES (1)");
	assert_int_equal(hook_count(HOOK_SYNC, HOOK_WAL), 1);
	fixture->driver->close(aide);
	fixture->driver->close(writer);
	hook_remove();
}

/* ---- commits that fail ---- */

struct commit_case {
	struct hook_fault fault;
	enum weir_code code;
};

static const struct commit_case commit_cases[] = {
	{{HOOK_SYNC, HOOK_WAL, SQLITE_IOERR_FSYNC, 0, 0, 0}, WEIR_ERR_INDETERMINATE},
	{{HOOK_WRITE, HOOK_WAL, SQLITE_IOERR_WRITE, 0, 0, 0}, WEIR_ERR_INDETERMINATE},
	{{HOOK_WRITE, HOOK_WAL, SQLITE_IOERR_WRITE, 1, 0, 512}, WEIR_ERR_INDETERMINATE},
	{{HOOK_WRITE, HOOK_WAL, SQLITE_FULL, 0, 0, 0}, WEIR_ERR_DRIVER_FULL},
	{{HOOK_WRITE, HOOK_WAL, SQLITE_FULL, 1, 0, 100}, WEIR_ERR_DRIVER_FULL},
};

static void a_failed_commit_is_told_as_what_it_is(void **state)
{
	struct fixture *const fixture = *state;
	int64_t rows = 0;

	hook_install();
	for (size_t i = 0; i < sizeof(commit_cases) / sizeof(commit_cases[0]); i++) {
		const struct commit_case *const c = &commit_cases[i];
		struct weir_error err = WEIR_ERROR_INIT;
		void *writer = open_role(fixture, WEIR_ROLE_WRITER);
		void *const reader = open_role(fixture, WEIR_ROLE_READER);

		write_now(fixture, writer, "INSERT INTO t VALUES (1)");
		rows++;
		begin_now(writer, WEIR_DURABILITY_DURABLE);
		run(fixture, writer, "INSERT INTO t VALUES (2)");
		hook_fail(&c->fault);
		assert_int_equal(engine()->commit(writer, &err), c->code);
		hook_clear();
		assert_int_equal(err.driver_code, c->fault.result);
		assert_true(err.message[0] != '\0');
		assert_int_equal(ask(fixture, reader, COUNT), rows);
		assert_int_equal(locks_of(fixture), 0);
		if (c->code == WEIR_ERR_INDETERMINATE) {
			fixture->driver->close(writer);
			writer = open_role(fixture, WEIR_ROLE_WRITER);
		}
		write_now(fixture, writer, "INSERT INTO t VALUES (3)");
		rows++;
		assert_int_equal(ask(fixture, reader, COUNT), rows);
		assert_int_equal(ask(fixture, reader, "SELECT count(*) FROM t WHERE x = 2"), 0);
		fixture->driver->close(reader);
		fixture->driver->close(writer);
	}
	hook_remove();
}

/* ---- what still runs ---- */

static const char *const unended[] = {
	"SELECT x FROM t UNION ALL SELECT 7",
	"INSERT INTO t VALUES (1), (2) RETURNING x",
};

/* Neither keeps a transaction from ending, nor its snapshot beyond that. */
static void statements_that_still_run_are_ended(void **state)
{
	const struct fixture *const fixture = *state;
	void *const writer = open_role(fixture, WEIR_ROLE_WRITER);
	sqlite3 *const db = handle_of(writer);

	for (size_t i = 0; i < 2 * sizeof(unended) / sizeof(unended[0]); i++) {
		sqlite3_stmt *stmt = NULL;

		begin_now(writer, WEIR_DURABILITY_DEFAULT);
		assert_int_equal(engine()->savepoint(writer, NULL), WEIR_OK);
		assert_int_equal(sqlite3_prepare_v2(db, unended[i / 2], -1, &stmt, NULL), SQLITE_OK);
		assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
		if (i % 2 == 0) {
			assert_int_equal(engine()->savepoint_release(writer, NULL), WEIR_OK);
			commit_now(writer);
		} else {
			assert_int_equal(engine()->savepoint_undo(writer, NULL), WEIR_OK);
			roll_back_now(writer);
		}
		assert_int_equal(locks_of(fixture), 0);
		sqlite3_finalize(stmt);
	}
	assert_int_equal(ask(fixture, writer, COUNT), 2);
	fixture->driver->close(writer);
}

/* ---- savepoints ---- */

static void a_savepoint_is_undone_or_kept(void **state)
{
	const struct fixture *const fixture = *state;
	void *const writer = open_role(fixture, WEIR_ROLE_WRITER);

	begin_now(writer, WEIR_DURABILITY_DEFAULT);
	run(fixture, writer, "INSERT INTO t VALUES (1)");
	for (int i = 0; i < 3; i++) {
		assert_int_equal(engine()->savepoint(writer, NULL), WEIR_OK);
		run(fixture, writer, "INSERT INTO t VALUES (2)");
		assert_int_equal(engine()->savepoint_undo(writer, NULL), WEIR_OK);
		assert_int_equal(engine()->savepoint(writer, NULL), WEIR_OK);
		run(fixture, writer, "INSERT INTO t VALUES (3)");
		assert_int_equal(engine()->savepoint_release(writer, NULL), WEIR_OK);
	}
	/* Each was forgotten. */
	assert_int_not_equal(engine()->savepoint_release(writer, NULL), WEIR_OK);
	commit_now(writer);
	assert_int_equal(ask(fixture, writer, "SELECT sum(x) FROM t"), 10);
	fixture->driver->close(writer);
}

/* ---- snapshots ---- */

static void a_snapshot_stays_as_it_began(void **state)
{
	const struct fixture *const fixture = *state;
	void *const writer = open_role(fixture, WEIR_ROLE_WRITER);
	void *const reader = open_role(fixture, WEIR_ROLE_READER);

	for (int i = 0; i < 2; i++) {
		assert_int_equal(engine()->snapshot_begin(reader, NULL), WEIR_OK);
		write_now(fixture, writer, "INSERT INTO t VALUES (1)");
		assert_int_equal(ask(fixture, reader, COUNT), i);
		engine()->snapshot_end(reader);
		assert_int_equal(ask(fixture, reader, COUNT), i + 1);
	}
	assert_int_equal(locks_of(fixture), 0);
	fixture->driver->close(reader);
	fixture->driver->close(writer);
}

/* ---- a private database ---- */

static void a_database_in_memory_has_transactions(void **state)
{
	struct fixture *const fixture = *state;

	assert_false(engine()->is_private(&fixture->config));
	(void)snprintf(fixture->config.path, sizeof(fixture->config.path), ":memory:");
	assert_true(engine()->is_private(&fixture->config));

	void *const writer = open_role(fixture, WEIR_ROLE_WRITER);
	char text[256];

	write_now(fixture, writer, "CREATE TABLE t (x)");
	write_now(fixture, writer, "INSERT INTO t VALUES (1)");
	begin_now(writer, WEIR_DURABILITY_DURABLE);
	run(fixture, writer, "INSERT INTO t VALUES (1)");
	roll_back_now(writer);
	assert_int_equal(ask(fixture, writer, COUNT), 1);
	assert_int_equal(engine()->checkpoint_need(writer), WEIR_CHECKPOINT_NONE);
	assert_false(engine()->warning(writer, text, sizeof(text)));
	assert_int_equal(access(":memory:-weir", F_OK), -1);
	fixture->driver->close(writer);
}

/* ---- warnings ---- */

static void own_work_brings_no_warning(void **state)
{
	const struct fixture *const fixture = *state;
	void *writer = open_role(fixture, WEIR_ROLE_WRITER);
	void *const aide = open_role(fixture, WEIR_ROLE_AIDE);
	char text[256];

	for (int i = 0; i < 4; i++) {
		write_now(fixture, writer, "INSERT INTO t VALUES (1)");
		run(fixture, writer, "INSERT INTO t VALUES (1)"); /* as maintenance does */
		begin_now(writer, WEIR_DURABILITY_DEFAULT);
		run(fixture, writer, "DELETE FROM t");
		roll_back_now(writer);
		engine()->pin(aide);
		engine()->unpin(aide);
		(void)checkpoint_now(writer, aide);
	}
	if (engine()->warning(writer, text, sizeof(text)))
		fail_msg("%s", text);
	/* A new writer finds frames copied that it knows nothing of. */
	write_now(fixture, writer, "INSERT INTO t VALUES (1)");
	(void)checkpoint_now(writer, aide);
	fixture->driver->close(writer);
	writer = open_role(fixture, WEIR_ROLE_WRITER);
	(void)checkpoint_now(writer, aide);
	write_now(fixture, writer, "INSERT INTO t VALUES (1)");
	(void)checkpoint_now(writer, aide);
	if (engine()->warning(writer, text, sizeof(text)))
		fail_msg("%s", text);
	fixture->driver->close(aide);
	fixture->driver->close(writer);
}

static void expect_one_warning(void *writer, const char *word)
{
	char text[256];

	if (!weir_sqlite_is_vulnerable(0)) {
		assert_false(engine()->warning(writer, text, sizeof(text)));
		return;
	}
	assert_true(engine()->warning(writer, text, sizeof(text)));
	assert_non_null(strstr(text, word));
	assert_null(strchr(text, '\n'));
	assert_false(engine()->warning(writer, text, sizeof(text)));
}

static void a_foreign_writer_is_noticed(void **state)
{
	const struct fixture *const fixture = *state;
	void *const writer = open_role(fixture, WEIR_ROLE_WRITER);
	sqlite3 *const db = open_foreign(fixture);

	write_now(fixture, writer, "INSERT INTO t VALUES (1)");
	run_foreign(db, "INSERT INTO t VALUES (1)");
	write_now(fixture, writer, "INSERT INTO t VALUES (1)");
	write_now(fixture, writer, "INSERT INTO t VALUES (1)");
	expect_one_warning(writer, "connection writes");
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	fixture->driver->close(writer);
}

static void a_foreign_checkpoint_is_noticed(void **state)
{
	const struct fixture *const fixture = *state;
	void *const writer = open_role(fixture, WEIR_ROLE_WRITER);
	void *const aide = open_role(fixture, WEIR_ROLE_AIDE);
	sqlite3 *const db = open_foreign(fixture);

	write_now(fixture, writer, "INSERT INTO t VALUES (1)");
	run_foreign(db, "PRAGMA wal_checkpoint(PASSIVE)");
	(void)checkpoint_now(writer, aide);
	expect_one_warning(writer, "connection checkpoints");
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	fixture->driver->close(aide);
	fixture->driver->close(writer);
}

static void other_users_of_weir_are_no_strangers(void **state)
{
	const struct fixture *const fixture = *state;
	void *const first = open_role(fixture, WEIR_ROLE_WRITER);
	void *const second = open_role(fixture, WEIR_ROLE_WRITER);
	char text[256];

	for (int i = 0; i < 3; i++) {
		write_now(fixture, first, "INSERT INTO t VALUES (1)");
		write_now(fixture, second, "INSERT INTO t VALUES (1)");
	}
	if (engine()->warning(first, text, sizeof(text)))
		fail_msg("%s", text);
	fixture->driver->close(second);
	fixture->driver->close(first);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ENGINE_TEST(a_commit_is_seen_and_a_rollback_is_not),
		ENGINE_TEST(begin_waits_until_its_deadline),
		ENGINE_TEST(begin_goes_on_when_the_lock_is_free),
		ENGINE_TEST(begin_asks_again_where_sqlite_gives_up),
		ENGINE_TEST(a_second_writer_queues),
		ENGINE_TEST(a_reset_ends_what_was_begun),
		ENGINE_TEST(without_a_turnstile_it_goes_on_and_says_so),
		ENGINE_TEST(a_commit_syncs_as_was_asked),
		ENGINE_TEST(a_copy_of_durable_commits_is_synced),
		ENGINE_TEST(a_log_that_begins_anew_is_synced_once_a_commit_was_durable),
		ENGINE_TEST(a_failed_commit_is_told_as_what_it_is),
		ENGINE_TEST(statements_that_still_run_are_ended),
		ENGINE_TEST(a_savepoint_is_undone_or_kept),
		ENGINE_TEST(a_snapshot_stays_as_it_began),
		ENGINE_TEST(a_database_in_memory_has_transactions),
		ENGINE_TEST(own_work_brings_no_warning),
		ENGINE_TEST(a_foreign_writer_is_noticed),
		ENGINE_TEST(a_foreign_checkpoint_is_noticed),
		ENGINE_TEST(other_users_of_weir_are_no_strangers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
