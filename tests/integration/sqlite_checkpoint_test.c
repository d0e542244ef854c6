/* SPDX-License-Identifier: BSD-2-Clause
 *
 * weir's own checkpoint on SQLite: when it is due, what it copies, and that it
 * leaves nothing behind when it fails.
 */
#include "engine_fixture.h"

#include <stdio.h>
#include <sys/stat.h>

#include "hook_vfs.h"

#define CEILING 40
#define COUNT "SELECT count(*) FROM t"

struct pair {
	struct fixture *fixture;
	void *writer;
	void *aide;
};

static struct pair open_pair(void **state)
{
	struct pair pair = {.fixture = *state};

	set(pair.fixture, "wal_ceiling", "40");
	set(pair.fixture, "synchronous", "normal");
	pair.writer = open_role(pair.fixture, WEIR_ROLE_WRITER);
	pair.aide = open_role(pair.fixture, WEIR_ROLE_AIDE);
	(void)checkpoint_now(pair.writer, pair.aide); /* of the frame that opening left */
	return pair;
}

static void close_pair(const struct pair *pair)
{
	pair->fixture->driver->close(pair->aide);
	pair->fixture->driver->close(pair->writer);
}

/* Each commit is one frame. */
static void write_rows(const struct pair *pair, int rows)
{
	for (int i = 0; i < rows; i++)
		write_now(pair->fixture, pair->writer, "INSERT INTO t VALUES (1)");
}

/* ---- when ---- */

struct need_case {
	int rows; /* written on top of those before */
	enum weir_checkpoint_need need;
};

static const struct need_case need_cases[] = {
	{0, WEIR_CHECKPOINT_NONE}, {CEILING / 4 - 1, WEIR_CHECKPOINT_NONE},
	{1, WEIR_CHECKPOINT_IDLE}, {CEILING * 3 / 4 - 1, WEIR_CHECKPOINT_IDLE},
	{1, WEIR_CHECKPOINT_NOW},  {1, WEIR_CHECKPOINT_NOW},
};

/* An empty WAL makes every read ask for the size of the file. One that has frames
 * is left alone, and so is the database's own version number. */
static void opening_leaves_a_frame(void **state)
{
	struct fixture *const fixture = *state;
	sqlite3 *const db = open_foreign(fixture);

	run_foreign(db, "PRAGMA user_version=-7");
	assert_int_equal(sqlite3_close(db), SQLITE_OK); /* the last one: the WAL is gone */
	for (int i = 0; i < 2; i++) {
		void *const writer = open_role(fixture, WEIR_ROLE_WRITER);
		void *const second = open_role(fixture, WEIR_ROLE_WRITER);
		void *const aide = open_role(fixture, WEIR_ROLE_AIDE);

		assert_int_equal(checkpoint_now(writer, aide).frames, 1);
		fixture->driver->close(aide);
		fixture->driver->close(second);
		fixture->driver->close(writer);
	}

	sqlite3 *const after = open_foreign(fixture);

	run_foreign(after, "INSERT INTO t SELECT 1 FROM pragma_user_version WHERE user_version = -7");
	assert_int_equal(sqlite3_changes(after), 1);
	assert_int_equal(sqlite3_close(after), SQLITE_OK);
}

static void frames_make_it_due(void **state)
{
	const struct pair pair = open_pair(state);

	for (int round = 0; round < 2; round++) {
		uint32_t rows = 0;

		for (size_t i = 0; i < sizeof(need_cases) / sizeof(need_cases[0]); i++) {
			write_rows(&pair, need_cases[i].rows);
			rows += (uint32_t)need_cases[i].rows;
			assert_int_equal(engine()->checkpoint_need(pair.writer), need_cases[i].need);
		}

		const struct weir_checkpoint_result result = checkpoint_now(pair.writer, pair.aide);

		assert_int_equal(result.frames, rows);
		assert_int_equal(result.copied, rows);
		assert_true(result.stall_ns > 0);
		assert_int_equal(engine()->checkpoint_need(pair.writer), WEIR_CHECKPOINT_NONE);
	}
	close_pair(&pair);
}

/* What a reader holds back is not tried again at once: writers would stand still
 * for nothing. */
static void one_that_could_not_finish_is_not_due_at_once(void **state)
{
	const struct pair pair = open_pair(state);
	void *const reader = open_role(pair.fixture, WEIR_ROLE_READER);

	write_rows(&pair, 1);
	assert_int_equal(engine()->snapshot_begin(reader, NULL), WEIR_OK);
	write_rows(&pair, CEILING);
	assert_int_equal(engine()->checkpoint_need(pair.writer), WEIR_CHECKPOINT_NOW);

	const struct weir_checkpoint_result result = checkpoint_now(pair.writer, pair.aide);
	const struct weir_time then = weir_now();

	assert_int_equal(result.frames, CEILING + 1);
	assert_int_equal(result.copied, 1);

	const enum weir_checkpoint_need need = engine()->checkpoint_need(pair.writer);

	if (weir_now().ns - then.ns < WEIR_MILLISECONDS(90)) /* else it may be due again */
		assert_int_equal(need, WEIR_CHECKPOINT_NONE);
	write_rows(&pair, CEILING / 2);
	assert_int_equal(engine()->checkpoint_need(pair.writer), WEIR_CHECKPOINT_NOW);
	(void)checkpoint_now(pair.writer, pair.aide);
	while (engine()->checkpoint_need(pair.writer) != WEIR_CHECKPOINT_NOW) {
		/* ends: 100 ms pass */
	}
	engine()->snapshot_end(reader);
	assert_int_equal(checkpoint_now(pair.writer, pair.aide).copied, CEILING * 3 / 2 + 1);
	assert_int_equal(engine()->checkpoint_need(pair.writer), WEIR_CHECKPOINT_NONE);
	pair.fixture->driver->close(reader);
	close_pair(&pair);
}

static int64_t size_of_wal(const struct fixture *fixture)
{
	char path[160];
	struct stat status;

	(void)snprintf(path, sizeof(path), "%s-wal", fixture->path);
	assert_int_equal(stat(path, &status), 0);
	return status.st_size;
}

static void a_file_that_grew_too_long_is_cut(void **state)
{
	const struct pair pair = open_pair(state);
	void *const reader = open_role(pair.fixture, WEIR_ROLE_READER);
	const int64_t limit = INT64_C(4) * CEILING * (4096 + 24);

	write_rows(&pair, 1);
	assert_int_equal(engine()->snapshot_begin(reader, NULL), WEIR_OK);
	write_rows(&pair, 6 * CEILING);
	engine()->snapshot_end(reader);
	assert_true(size_of_wal(pair.fixture) > limit);
	(void)checkpoint_now(pair.writer, pair.aide);
	write_rows(&pair, 1);
	assert_true(size_of_wal(pair.fixture) <= limit);
	pair.fixture->driver->close(reader);
	close_pair(&pair);
}

/* The writer goes on with the pages that it has in memory, as if nothing had been. */
static void the_writer_keeps_its_pages(void **state)
{
	hook_install();

	const struct pair pair = open_pair(state);

	for (int i = 0; i < 3; i++) {
		write_rows(&pair, 3);
		assert_int_equal(checkpoint_now(pair.writer, pair.aide).copied, 3);
		hook_clear();
		write_rows(&pair, 1);
		assert_int_equal(hook_count(HOOK_READ, HOOK_DATABASE), 0);
		assert_int_equal(hook_count(HOOK_READ, HOOK_WAL), 0);
		(void)checkpoint_now(pair.writer, pair.aide);
	}
	close_pair(&pair);
	hook_remove();
}

/* Two writers are like two processes: each counts what the other wrote and copied. */
static void what_others_write_counts(void **state)
{
	const struct pair pair = open_pair(state);
	const struct pair other = open_pair(state);

	write_rows(&pair, 1);
	write_rows(&other, CEILING - 2);
	assert_int_equal(engine()->checkpoint_need(pair.writer), WEIR_CHECKPOINT_NONE); /* unseen */
	write_rows(&pair, 1);
	assert_int_equal(engine()->checkpoint_need(pair.writer), WEIR_CHECKPOINT_NOW);
	assert_int_equal(checkpoint_now(other.writer, other.aide).copied, CEILING);
	write_rows(&other, CEILING / 4);
	write_rows(&pair, 1);
	assert_int_equal(engine()->checkpoint_need(pair.writer), WEIR_CHECKPOINT_IDLE);
	close_pair(&other);
	close_pair(&pair);
}

/* ---- what can go wrong ---- */

static void expect_fit(const struct pair *pair, int64_t rows)
{
	assert_int_equal(locks_of(pair->fixture), 0);
	write_rows(pair, 1);

	const struct weir_checkpoint_result result = checkpoint_now(pair->writer, pair->aide);

	assert_int_equal(result.copied, result.frames);
	assert_int_equal(ask(pair->fixture, pair->writer, COUNT), rows + 1);
	assert_int_equal(ask(pair->fixture, pair->writer,
	                     "SELECT count(*) FROM pragma_integrity_check WHERE "
	                     "integrity_check = 'ok'"),
	                 1);
}

static void a_foreign_writer_keeps_it_out(void **state)
{
	const struct pair pair = open_pair(state);
	sqlite3 *const db = open_foreign(pair.fixture);
	struct weir_checkpoint_result result = {.size = sizeof(result)};
	struct weir_error err = WEIR_ERROR_INIT;

	write_rows(&pair, 3);
	run_foreign(db, "BEGIN IMMEDIATE");
	assert_int_equal(engine()->checkpoint(pair.writer, pair.aide,
	                                      weir_deadline_in(WEIR_MILLISECONDS(10)), &result, &err),
	                 WEIR_ERR_DRIVER_BUSY);
	run_foreign(db, "ROLLBACK");
	expect_fit(&pair, 3);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	close_pair(&pair);
}

static int refuse_checkpoint_lock(void *arg, const struct hook_event *event)
{
	(void)arg;
	return event->offset == 1 && (event->flags & SQLITE_SHM_LOCK) != 0 ? SQLITE_BUSY : SQLITE_OK;
}

static void a_foreign_checkpoint_keeps_it_out(void **state)
{
	hook_install();

	const struct pair pair = open_pair(state);
	struct weir_error err = WEIR_ERROR_INIT;

	write_rows(&pair, 3);
	hook_before(HOOK_SHM_LOCK, refuse_checkpoint_lock, NULL);
	assert_int_equal(engine()->checkpoint(pair.writer, pair.aide, soon(), NULL, &err),
	                 WEIR_ERR_DRIVER_BUSY);
	hook_clear();
	expect_fit(&pair, 3);
	close_pair(&pair);
	hook_remove();
}

struct fault_case {
	struct hook_fault fault;
	enum weir_code code;
};

static const struct fault_case fault_cases[] = {
	{{HOOK_SYNC, HOOK_WAL, SQLITE_IOERR_FSYNC, 0, 0, 0}, WEIR_ERR_DRIVER_BROKEN},
	{{HOOK_READ, HOOK_WAL, SQLITE_IOERR_READ, 0, 0, 0}, WEIR_ERR_DRIVER_BROKEN},
	{{HOOK_WRITE, HOOK_DATABASE, SQLITE_FULL, 0, 0, 0}, WEIR_ERR_DRIVER_FULL},
	{{HOOK_WRITE, HOOK_DATABASE, SQLITE_IOERR_WRITE, 0, 0, 2000}, WEIR_ERR_DRIVER_BROKEN},
	{{HOOK_SYNC, HOOK_DATABASE, SQLITE_IOERR_FSYNC, 0, 0, 0}, WEIR_ERR_DRIVER_BROKEN},
};

static void a_copy_that_fails_loses_nothing(void **state)
{
	hook_install();

	const struct pair pair = open_pair(state);
	int64_t rows = 0;

	for (size_t i = 0; i < sizeof(fault_cases) / sizeof(fault_cases[0]); i++) {
		struct weir_error err = WEIR_ERROR_INIT;

		write_rows(&pair, 3);
		hook_fail(&fault_cases[i].fault);
		assert_int_equal(engine()->checkpoint(pair.writer, pair.aide, soon(), NULL, &err),
		                 fault_cases[i].code);
		assert_int_equal(err.driver_code, fault_cases[i].fault.result);
		hook_clear();
		rows += 3;
		expect_fit(&pair, rows);
		rows++;
	}
	close_pair(&pair);
	hook_remove();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ENGINE_TEST(opening_leaves_a_frame),
		ENGINE_TEST(frames_make_it_due),
		ENGINE_TEST(one_that_could_not_finish_is_not_due_at_once),
		ENGINE_TEST(a_file_that_grew_too_long_is_cut),
		ENGINE_TEST(the_writer_keeps_its_pages),
		ENGINE_TEST(what_others_write_counts),
		ENGINE_TEST(a_foreign_writer_keeps_it_out),
		ENGINE_TEST(a_foreign_checkpoint_keeps_it_out),
		ENGINE_TEST(a_copy_that_fails_loses_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
