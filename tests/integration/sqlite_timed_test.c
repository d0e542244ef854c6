/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Connections whose syncs are timed: each sync of a database, log or journal is told once,
 * when it has worked; and but for that nothing differs: the default VFS does the work,
 * SQLite's list of them is as it was, and what outlives the connection is left alone.
 */
#include "engine_fixture.h"
#include "hook_vfs.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct told {
	_Atomic uint32_t count;
	_Atomic int64_t took_ns;
};

static void tell(void *arg, int64_t took_ns)
{
	struct told *const told = arg;

	told->count++;
	told->took_ns += took_ns;
}

static void *open_timed(const struct fixture *fixture, enum weir_role role, struct told *told)
{
	const struct weir_open_request request = {
		.size = sizeof(request),
		.config = &fixture->config,
		.deadline = soon(),
		.role = role,
		.synced = tell,
		.synced_arg = told,
	};
	struct weir_error err = WEIR_ERROR_INIT;
	void *conn = NULL;

	if (fixture->driver->open(&request, &conn, &err) != WEIR_OK)
		fail_msg("open: %s", err.message);
	return conn;
}

static int set_up(void **state)
{
	const int failed = make_engine_fixture(state);

	hook_install();
	hook_clear();
	return failed;
}

static int tear_down(void **state)
{
	hook_clear();
	hook_remove();
	return drop_fixture(state);
}

#define HOOKED_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

static uint64_t syncs(void)
{
	return hook_count(HOOK_SYNC, HOOK_DATABASE) + hook_count(HOOK_SYNC, HOOK_WAL);
}

static int pause_a_moment(void *arg, const struct hook_event *event)
{
	(void)arg;
	(void)event;
	(void)usleep(2000);
	return SQLITE_OK;
}

/* The names of all VFSes, the default one first. */
static void list_vfses(char *text, size_t text_size)
{
	size_t length = 0;

	text[0] = '\0';
	for (const sqlite3_vfs *vfs = sqlite3_vfs_find(NULL); vfs != NULL; vfs = vfs->pNext)
		length += (size_t)snprintf(text + length, text_size - length, "%s ", vfs->zName);
	assert_true(length < text_size);
}

/* ---- what is told ---- */

static void each_sync_is_told_once(void **state)
{
	struct fixture *const fixture = *state;
	struct told by_writer = {0};
	struct told by_aide = {0};

	set(fixture, "synchronous", "full");

	void *const writer = open_timed(fixture, WEIR_ROLE_WRITER, &by_writer);
	void *const aide = open_timed(fixture, WEIR_ROLE_AIDE, &by_aide);
	uint32_t before = by_writer.count;

	hook_clear();
	hook_before(HOOK_SYNC, pause_a_moment, NULL);
	for (int i = 0; i < 3; i++)
		write_now(fixture, writer, "INSERT INTO t VALUES (1)");
	assert_int_equal(by_writer.count - before, 3);
	assert_int_equal(syncs(), 3);
	assert_true(by_writer.took_ns >= 3 * WEIR_MILLISECONDS(2));
	assert_int_equal(by_aide.count, 0);
	(void)checkpoint_now(writer, aide);
	assert_int_equal(hook_count(HOOK_SYNC, HOOK_DATABASE), 1);
	assert_true(by_aide.count >= 1);
	assert_int_equal(by_writer.count - before + by_aide.count, syncs());
	before = by_writer.count;
	hook_fail(&(struct hook_fault){
		.call = HOOK_SYNC, .file = HOOK_WAL, .result = SQLITE_IOERR_FSYNC, .times = 1});
	begin_now(writer, WEIR_DURABILITY_DEFAULT);
	run(fixture, writer, "INSERT INTO t VALUES (2)");
	assert_int_equal(engine()->commit(writer, NULL), WEIR_ERR_INDETERMINATE);
	assert_int_equal(by_writer.count, before); /* it has not reached the disk */
	fixture->driver->close(aide);
	fixture->driver->close(writer);
}

/* Outside of WAL, which a bare pool may be. */
static void a_journal_counts_as_well(void **state)
{
	struct fixture *const fixture = *state;
	struct told told = {0};

	set(fixture, "synchronous", "full");

	void *const conn = open_timed(fixture, WEIR_ROLE_ANY, &told);

	run(fixture, conn, "PRAGMA journal_mode=DELETE");
	hook_clear();

	const uint32_t before = told.count;

	run(fixture, conn, "INSERT INTO t VALUES (1)");
	assert_true(hook_count(HOOK_SYNC, HOOK_OTHER) >= 1);
	assert_int_equal(told.count - before, syncs() + hook_count(HOOK_SYNC, HOOK_OTHER));
	fixture->driver->close(conn);
}

/* ---- what does not differ ---- */

static void the_list_of_vfses_is_as_it_was(void **state)
{
	struct fixture *const fixture = *state;
	struct told told = {0};
	char before[512];
	char after[512];

	list_vfses(before, sizeof(before));

	void *const writer = open_timed(fixture, WEIR_ROLE_WRITER, &told);

	list_vfses(after, sizeof(after));
	assert_string_equal(after, before);
	fixture->driver->close(writer);
	list_vfses(after, sizeof(after));
	assert_string_equal(after, before);
	/* Nor does an open that fails leave one. */
	hook_fail(&(struct hook_fault){
		.call = HOOK_OPEN, .file = HOOK_DATABASE, .result = SQLITE_CANTOPEN, .times = 1});

	const struct weir_open_request request = {
		.size = sizeof(request),
		.config = &fixture->config,
		.deadline = soon(),
		.role = WEIR_ROLE_WRITER,
		.synced = tell,
		.synced_arg = &told,
	};
	void *conn = NULL;

	assert_int_equal(fixture->driver->open(&request, &conn, NULL), WEIR_ERR_DRIVER_OPEN);
	list_vfses(after, sizeof(after));
	assert_string_equal(after, before);
}

/* A timed writer keeps a plain one out, and the other way round; another process sees
 * the same locks. */
static void locks_are_those_of_the_vfs_beneath(void **state)
{
	struct fixture *const fixture = *state;
	struct told told = {0};
	void *const timed = open_timed(fixture, WEIR_ROLE_WRITER, &told);
	sqlite3 *const plain = open_foreign(fixture);

	(void)sqlite3_busy_timeout(plain, 0);
	begin_now(timed, WEIR_DURABILITY_DEFAULT);
	assert_true((locks_of(fixture) & LOCK_WRITE) != 0);
	assert_int_equal(sqlite3_exec(plain, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_BUSY);
	run(fixture, timed, "INSERT INTO t VALUES (7)");
	commit_now(timed);
	assert_true((locks_of(fixture) & LOCK_WRITE) == 0);
	run_foreign(plain, "BEGIN IMMEDIATE; UPDATE t SET x = x + 1 WHERE x = 7");
	assert_int_equal(engine()->begin(timed, WEIR_DURABILITY_DEFAULT,
	                                 weir_deadline_in(WEIR_MILLISECONDS(5)), NULL),
	                 WEIR_ERR_DRIVER_BUSY);
	run_foreign(plain, "COMMIT");
	assert_int_equal(ask(fixture, timed, "SELECT count(*) FROM t WHERE x = 8"), 1);
	assert_int_equal(sqlite3_close(plain), SQLITE_OK);
	fixture->driver->close(timed);
}

/* Through the handle another file is attached, and the database rewritten: both open
 * files by a VFS that SQLite looks up by name. */
static void vacuum_and_attach_work(void **state)
{
	struct fixture *const fixture = *state;
	struct told told = {0};
	void *const conn = open_timed(fixture, WEIR_ROLE_ANY, &told);
	sqlite3 *const db = handle_of(conn);
	char sql[256];

	run_foreign(db, "INSERT INTO t VALUES (1); DELETE FROM t; VACUUM");
	(void)snprintf(sql, sizeof(sql),
	               "ATTACH '%s/other.db' AS other; CREATE TABLE other.u (x); "
	               "INSERT INTO other.u VALUES (1); DETACH other",
	               fixture->folder);
	run_foreign(db, sql);
	fixture->driver->close(conn);
}

/* The calls that SQLite makes to a VFS but for files, against those of the one beneath. */
static void calls_to_the_vfs_are_handed_on(void **state)
{
	struct fixture *const fixture = *state;
	struct told told = {0};
	void *const conn = open_timed(fixture, WEIR_ROLE_ANY, &told);
	sqlite3_vfs *const base = sqlite3_vfs_find(NULL);
	sqlite3_vfs *vfs = NULL;
	sqlite3_int64 now_ms[2] = {0};
	char text[2][512] = {{0}};
	double now_days = 0;
	int there = 1;

	assert_int_equal(sqlite3_file_control(handle_of(conn), "main", SQLITE_FCNTL_VFS_POINTER, &vfs),
	                 SQLITE_OK);
	assert_ptr_not_equal(vfs, base);
	assert_int_equal(vfs->mxPathname, base->mxPathname);
	assert_string_equal(vfs->zName, base->zName);
	assert_int_equal(vfs->xAccess(vfs, "/nowhere/x", SQLITE_ACCESS_EXISTS, &there), SQLITE_OK);
	assert_int_equal(there, 0);
	assert_int_equal(vfs->xDelete(vfs, "/nowhere/x", 0), base->xDelete(base, "/nowhere/x", 0));
	assert_int_equal(vfs->xGetLastError(vfs, sizeof(text[0]), text[0]),
	                 base->xGetLastError(base, sizeof(text[1]), text[1]));
	assert_string_equal(text[0], text[1]);
	assert_int_equal(vfs->xFullPathname(vfs, "a/../b", sizeof(text[0]), text[0]),
	                 base->xFullPathname(base, "a/../b", sizeof(text[1]), text[1]));
	assert_string_equal(text[0], text[1]);
	assert_int_equal(vfs->xCurrentTime(vfs, &now_days), SQLITE_OK);
	assert_int_equal(vfs->xCurrentTimeInt64(vfs, &now_ms[0]), SQLITE_OK);
	assert_int_equal(base->xCurrentTimeInt64(base, &now_ms[1]), SQLITE_OK);
	assert_in_range(now_ms[1] - now_ms[0], 0, 60000);
	assert_in_range(now_ms[1] - (sqlite3_int64)(now_days * 86400000.0), 0, 60000);
	assert_int_equal(vfs->xRandomness(vfs, 8, text[0]), 8);
	assert_true(vfs->xSleep(vfs, 1000) >= 1000);

	void *const library = vfs->xDlOpen(vfs, NULL); /* the program itself */

	assert_non_null(library);
	assert_true(vfs->xDlSym(vfs, library, "malloc") == base->xDlSym(base, library, "malloc"));
	assert_null(vfs->xDlSym(vfs, library, "no_such_function"));
	memset(text, 0, sizeof(text));
	vfs->xDlError(vfs, sizeof(text[0]), text[0]);
	assert_non_null(strstr(text[0], "no_such_function"));
	vfs->xDlClose(vfs, library);
	fixture->driver->close(conn);
}

/* The same for a file, through a memory map too. */
static void calls_to_a_file_are_handed_on(void **state)
{
	struct fixture *const fixture = *state;
	struct told told = {0};
	sqlite3_file *file = NULL;
	sqlite3_int64 size = 0;
	void *page = NULL;
	int locked = 1;

	set(fixture, "mmap_size", "1MiB");

	void *const conn = open_timed(fixture, WEIR_ROLE_ANY, &told);

	run(fixture, conn, "INSERT INTO t VALUES (1)");
	run(fixture, conn, "PRAGMA wal_checkpoint(TRUNCATE)");
	assert_int_equal(ask(fixture, conn, "SELECT count(*) FROM t"), 1);
	assert_true(hook_count(HOOK_FETCH, HOOK_DATABASE) > 0);
	assert_int_equal(
		sqlite3_file_control(handle_of(conn), "main", SQLITE_FCNTL_FILE_POINTER, &file), SQLITE_OK);
	assert_int_equal(file->pMethods->iVersion, 3);
	assert_int_equal(file->pMethods->xFileSize(file, &size), SQLITE_OK);
	assert_int_equal(size, 2 * 4096);
	assert_true(file->pMethods->xSectorSize(file) >= 512);
	assert_true((file->pMethods->xDeviceCharacteristics(file) & SQLITE_IOCAP_POWERSAFE_OVERWRITE) !=
	            0);
	assert_int_equal(file->pMethods->xCheckReservedLock(file, &locked), SQLITE_OK);
	assert_int_equal(locked, 0);
	assert_int_equal(file->pMethods->xFetch(file, 0, 4096, &page), SQLITE_OK);
	assert_non_null(page);
	assert_memory_equal(page, "SQLite format 3", 16);
	assert_int_equal(file->pMethods->xUnfetch(file, 0, page), SQLITE_OK);
	file->pMethods->xShmBarrier(file);
	fixture->driver->close(conn);
}

/* A backup that still reads keeps the connection's files open past its close. */
static void what_outlives_the_connection_tells_nobody(void **state)
{
	struct fixture *const fixture = *state;
	struct told told = {0};
	void *const conn = open_timed(fixture, WEIR_ROLE_ANY, &told);
	sqlite3 *copy = NULL;

	run(fixture, conn, "INSERT INTO t VALUES (1)");
	assert_int_equal(sqlite3_open(":memory:", &copy), SQLITE_OK);

	sqlite3_backup *const backup = sqlite3_backup_init(copy, "main", handle_of(conn), "main");

	assert_non_null(backup);
	fixture->driver->close(conn);

	const uint32_t before = told.count;

	hook_clear();
	assert_int_equal(sqlite3_backup_step(backup, -1), SQLITE_DONE);
	assert_int_equal(sqlite3_backup_finish(backup), SQLITE_OK); /* closes, and checkpoints */
	assert_true(syncs() > 0);
	assert_int_equal(told.count, before);
	assert_int_equal(sqlite3_close(copy), SQLITE_OK);
}

/* The request of a caller that knows nothing of syncs, and one who does not ask. */
static void who_does_not_ask_has_the_default_vfs(void **state)
{
	struct fixture *const fixture = *state;
	struct told told = {0};
	const struct weir_open_request request = {
		.size = offsetof(struct weir_open_request, synced),
		.config = &fixture->config,
		.deadline = soon(),
		.synced = tell,
		.synced_arg = &told,
	};
	sqlite3_vfs *vfs = NULL;
	void *conn = NULL;

	assert_int_equal(fixture->driver->open(&request, &conn, NULL), WEIR_OK);
	assert_int_equal(sqlite3_file_control(handle_of(conn), "main", SQLITE_FCNTL_VFS_POINTER, &vfs),
	                 SQLITE_OK);
	assert_ptr_equal(vfs, sqlite3_vfs_find(NULL));
	run(fixture, conn, "INSERT INTO t VALUES (1)");
	fixture->driver->close(conn);
	assert_int_equal(told.count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		HOOKED_TEST(each_sync_is_told_once),
		HOOKED_TEST(a_journal_counts_as_well),
		HOOKED_TEST(the_list_of_vfses_is_as_it_was),
		HOOKED_TEST(locks_are_those_of_the_vfs_beneath),
		HOOKED_TEST(vacuum_and_attach_work),
		HOOKED_TEST(calls_to_the_vfs_are_handed_on),
		HOOKED_TEST(calls_to_a_file_are_handed_on),
		HOOKED_TEST(what_outlives_the_connection_tells_nobody),
		HOOKED_TEST(who_does_not_ask_has_the_default_vfs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
