/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What cannot be opened is refused with one clear error, and nothing is left:
 * no descriptor, no file, no change to what was there.
 */
#include "sqlite_fixture.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

/* A file whose name says it, so that a network file system need not be there. */
#define PRETENDED_NFS "on-nfs.db"

/* In place of the C library's: the driver asks this one, also from a library of
 * its own. */
WEIR_API int statfs(const char *path, struct statfs *status)
{
	memset(status, 0, sizeof(*status));
	if (strstr(path, PRETENDED_NFS) != NULL)
		status->f_type = 0x6969;
	return 0;
}

/* Whether to say that everything may be read and written. */
static bool pretend_access;

WEIR_API int faccessat(int folder, const char *path, int mode, int flags)
{
	(void)flags;
	return pretend_access ? 0 : (int)syscall(SYS_faccessat, folder, path, mode);
}

/* Try to open; say what was wrong about the refusal, NULL if nothing. Does not
 * assert: it also runs in forked children, where cmocka cannot report. */
static const char *refusal_fault(const struct fixture *fixture, enum weir_code expected,
                                 int32_t driver_code, const char *in_message,
                                 struct weir_error *err)
{
	const size_t descriptors = count_descriptors();
	const struct contents before = contents_of(fixture->folder);
	int untouched = 0;
	void *conn = &untouched;
	const enum weir_code code = open_until(fixture, soon(), &conn, err);
	const struct contents after = contents_of(fixture->folder);

	if (code != expected || err->code != expected)
		return "another code";
	if (err->driver_code != driver_code)
		return "another driver code";
	if (err->where == NULL || strcmp(err->where, "sqlite.open") != 0)
		return "another place";
	if (strstr(err->message, in_message) == NULL)
		return "another message";
	if (conn != &untouched)
		return "a connection all the same";
	if (count_descriptors() != descriptors)
		return "a descriptor is left";
	if (after.files != before.files || after.bytes != before.bytes)
		return "the folder has changed";
	if (open_until(fixture, soon(), &conn, NULL) != expected)
		return "another code without a struct weir_error";
	return NULL;
}

static void assert_refused(const struct fixture *fixture, int32_t driver_code,
                           const char *in_message)
{
	struct weir_error err = WEIR_ERROR_INIT;
	const char *const fault =
		refusal_fault(fixture, WEIR_ERR_DRIVER_OPEN, driver_code, in_message, &err);

	if (fault != NULL)
		fail_msg("%s: %s: %s, %d: %s", fixture->config.path, fault, weir_error_name(err.code),
		         err.driver_code, err.message);
}

static void name(struct fixture *fixture, const char *file)
{
	(void)snprintf(fixture->config.path, sizeof(fixture->config.path), "%s/%s", fixture->folder,
	               file);
}

/* ---- names ---- */

static void names_that_are_no_path(void **state)
{
	static const struct {
		const char *authority;
		const char *path;
		const char *in_message;
	} names[] = {
		{"", "", "no file is named"},
		{"", ":memory:", "database of its own"},
		{"", "/:memory:", "database of its own"},
		{":memory:", "", "database of its own"},
		{"", "file:test.db", "URIs are not taken"},
		{"", "file::memory:?cache=shared", "URIs are not taken"},
		{"db.example.org", "/test.db", "sqlite://db.example.org names a host"},
		{"relative.db", "", "sqlite:relative/path"},
	};
	struct fixture *const fixture = *state;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		(void)snprintf(fixture->config.authority, sizeof(fixture->config.authority), "%s",
		               names[i].authority);
		(void)snprintf(fixture->config.path, sizeof(fixture->config.path), "%s", names[i].path);
		assert_refused(fixture, SQLITE_CANTOPEN, names[i].in_message);
	}
}

static void a_path_that_is_too_long(void **state)
{
	struct fixture *const fixture = *state;

	memset(fixture->config.path, 'x', sizeof(fixture->config.path) - 1);
	fixture->config.path[0] = '/';
	fixture->config.path[sizeof(fixture->config.path) - 1] = '\0';
	assert_refused(fixture, SQLITE_CANTOPEN_FULLPATH, "longer than SQLite takes");
	fixture->config.path[0] = 'x'; /* with "./" before it, it exceeds our own buffer */
	assert_refused(fixture, SQLITE_CANTOPEN_FULLPATH, "longer than SQLite takes");
	fixture->config.path[0] = '/';
	fixture->config.path[600] = '\0';
	assert_refused(fixture, SQLITE_CANTOPEN_FULLPATH, "600 bytes");
}

/* ---- files ---- */

static void places_without_a_file(void **state)
{
	struct fixture *const fixture = *state;

	write_file(fixture, "plain", "x", 1);
	name(fixture, "missing/test.db");
	assert_refused(fixture, SQLITE_CANTOPEN, "directory does not exist; create it");
	name(fixture, "plain/test.db");
	assert_refused(fixture, SQLITE_CANTOPEN, "Not a directory");
	name(fixture, ".");
	assert_refused(fixture, SQLITE_CANTOPEN_ISDIR, "is a directory");
	name(fixture, "");
	assert_refused(fixture, SQLITE_CANTOPEN_ISDIR, "is a directory");
	name(fixture, "nowhere/");
	assert_refused(fixture, SQLITE_CANTOPEN, "directory does not exist");
}

static void things_that_are_no_regular_file(void **state)
{
	struct fixture *const fixture = *state;

	name(fixture, "pipe");
	assert_int_equal(mkfifo(fixture->config.path, 0600), 0);
	assert_refused(fixture, SQLITE_CANTOPEN, "not a regular file");
	(void)snprintf(fixture->config.path, sizeof(fixture->config.path), "/dev/null");
	assert_refused(fixture, SQLITE_CANTOPEN, "/dev/null: is not a regular file");
}

static void files_that_are_no_database(void **state)
{
	struct fixture *const fixture = *state;
	char noise[8192];

	memset(noise, 0xa5, sizeof(noise));
	write_file(fixture, "noise.db", noise, sizeof(noise));
	write_file(fixture, "short.db", "xy", 2); /* SQLite takes a single byte for none */
	write_file(fixture, "text.db", "SQLite format 3, or so it says.\n", 32);
	name(fixture, "noise.db");
	assert_refused(fixture, SQLITE_NOTADB, "noise.db: file is not a database");
	name(fixture, "short.db");
	assert_refused(fixture, SQLITE_NOTADB, "short.db: file is not a database");
	name(fixture, "text.db");
	assert_refused(fixture, SQLITE_NOTADB, "text.db: file is not a database");
}

static void a_database_with_a_broken_schema(void **state)
{
	struct fixture *const fixture = *state;
	sqlite3 *const db = open_foreign(fixture);

	run_foreign(db, "CREATE TABLE t (x); PRAGMA writable_schema=ON;"
	                "UPDATE sqlite_master SET sql = 'CREATE TABLE t (' WHERE name = 't'");
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	assert_refused(fixture, SQLITE_CORRUPT, "malformed database schema");
}

static void a_network_file_system(void **state)
{
	struct fixture *const fixture = *state;

	name(fixture, PRETENDED_NFS);
	assert_refused(fixture, SQLITE_CANTOPEN, "network file system (NFS)");
	write_file(fixture, PRETENDED_NFS, "", 0);
	assert_refused(fixture, SQLITE_CANTOPEN, "network file system (NFS)");
}

/* ---- rights ---- */

/* root may do anything, so another user tries, in a process of its own. */
static void assert_refused_to_others(const struct fixture *fixture, int32_t driver_code,
                                     const char *in_message)
{
	const pid_t child = fork();
	int status = 0;

	assert_true(child >= 0);
	if (child == 0) {
		struct weir_error err = WEIR_ERROR_INIT;
		const char *fault = "cannot give up rights";

		if (geteuid() != 0 || (setgid(65534) == 0 && setuid(65534) == 0))
			fault = refusal_fault(fixture, WEIR_ERR_DRIVER_OPEN, driver_code, in_message, &err);
		if (fault != NULL)
			(void)fprintf(stderr, "%s: %s: %s, %d: %s\n", fixture->config.path, fault,
			              weir_error_name(err.code), err.driver_code, err.message);
		_exit(fault == NULL ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void make_database(const struct fixture *fixture, const char *journal_mode)
{
	sqlite3 *const db = open_foreign(fixture);

	run_foreign(db, journal_mode);
	run_foreign(db, "CREATE TABLE t (x)");
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void a_file_that_may_not_be_read(void **state)
{
	struct fixture *const fixture = *state;

	make_database(fixture, "PRAGMA journal_mode=DELETE");
	assert_int_equal(chmod(fixture->path, 0), 0);
	assert_refused_to_others(fixture, SQLITE_CANTOPEN, "test.db: no permission to read it");
}

static void a_file_that_may_not_be_written(void **state)
{
	struct fixture *const fixture = *state;

	make_database(fixture, "PRAGMA journal_mode=WAL");
	assert_int_equal(chmod(fixture->path, 0444), 0);
	assert_refused_to_others(fixture, SQLITE_READONLY, "test.db: no permission to write it");
	/* Where the look before the open does not tell, as with access control lists. */
	pretend_access = true;
	assert_refused_to_others(fixture, SQLITE_READONLY, "test.db: cannot be written");
	pretend_access = false;
}

static void a_folder_that_may_not_be_written(void **state)
{
	struct fixture *const fixture = *state;

	assert_int_equal(chmod(fixture->folder, 0555), 0);
	assert_refused_to_others(fixture, SQLITE_CANTOPEN, "no permission to create files");
	assert_int_equal(chmod(fixture->folder, 0777), 0);
	/* With the file there, what cannot be made is -wal or the journal. */
	make_database(fixture, "PRAGMA journal_mode=DELETE");
	assert_int_equal(chmod(fixture->path, 0666), 0);
	assert_int_equal(chmod(fixture->folder, 0555), 0);
	assert_refused_to_others(fixture, SQLITE_READONLY_DIRECTORY, "-wal and -shm beside it");
	assert_int_equal(chmod(fixture->folder, 0777), 0);
	assert_int_equal(unlink(fixture->path), 0);
	make_database(fixture, "PRAGMA journal_mode=WAL");
	assert_int_equal(chmod(fixture->path, 0666), 0);
	assert_int_equal(chmod(fixture->folder, 0555), 0);
	assert_refused_to_others(fixture, SQLITE_READONLY_DIRECTORY, "-wal and -shm beside it");
	assert_int_equal(chmod(fixture->folder, 0777), 0);
}

static void a_folder_that_may_not_be_searched(void **state)
{
	struct fixture *const fixture = *state;

	make_database(fixture, "PRAGMA journal_mode=DELETE");
	name(fixture, "locked/test.db");

	char locked[128];

	(void)snprintf(locked, sizeof(locked), "%s/locked", fixture->folder);
	assert_int_equal(mkdir(locked, 0700), 0);
	assert_int_equal(chmod(locked, 0), 0);
	assert_refused_to_others(fixture, SQLITE_CANTOPEN, "Permission denied");
}

/* ---- memory ---- */

static void no_memory_for_a_connection(void **state)
{
	struct fixture *const fixture = *state;
	struct weir_error err = WEIR_ERROR_INIT;

	set(fixture, "cache_size", "64KiB");
	fixture->driver->close(open_one(fixture));

	const sqlite3_int64 used = sqlite3_memory_used();
	bool failed = false;
	bool opened = false;

	/* Step by step more memory: every place where it can run out is met. */
	for (sqlite3_int64 more = 1024; !opened && more < 4000000; more += 1024) {
		void *conn = NULL;

		sqlite3_hard_heap_limit64(used + more);

		const enum weir_code code = open_until(fixture, soon(), &conn, &err);

		sqlite3_hard_heap_limit64(0);
		failed = failed || code != WEIR_OK;
		opened = code == WEIR_OK;
		if (opened)
			fixture->driver->close(conn);
		else
			assert_int_equal(code, WEIR_ERR_NO_MEMORY);
		assert_true(sqlite3_memory_used() == used);
	}
	assert_true(failed);
	assert_true(opened);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(names_that_are_no_path),
		FIXTURE_TEST(a_path_that_is_too_long),
		FIXTURE_TEST(places_without_a_file),
		FIXTURE_TEST(things_that_are_no_regular_file),
		FIXTURE_TEST(files_that_are_no_database),
		FIXTURE_TEST(a_database_with_a_broken_schema),
		FIXTURE_TEST(a_network_file_system),
		FIXTURE_TEST(a_file_that_may_not_be_read),
		FIXTURE_TEST(a_file_that_may_not_be_written),
		FIXTURE_TEST(a_folder_that_may_not_be_written),
		FIXTURE_TEST(a_folder_that_may_not_be_searched),
		FIXTURE_TEST(no_memory_for_a_connection),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
