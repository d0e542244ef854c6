/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The roles that weir_db opens connections in: what each may do, what files they
 * make, and what they leave when they close.
 */
#include "sqlite_fixture.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const enum weir_role roles[] = {WEIR_ROLE_ANY, WEIR_ROLE_READER, WEIR_ROLE_WRITER,
                                       WEIR_ROLE_AIDE};

#define ROLES (sizeof(roles) / sizeof(roles[0]))

static bool exists(const struct fixture *fixture, const char *suffix)
{
	char path[256];

	(void)snprintf(path, sizeof(path), "%s%s", fixture->path, suffix);
	return access(path, F_OK) == 0;
}

static void assert_refused(const struct fixture *fixture, void *conn, const char *sql,
                           const char *expected)
{
	struct weir_error err = WEIR_ERROR_INIT;
	const enum weir_code code = try_run(fixture, conn, sql, &err);

	if (code != WEIR_ERR_DRIVER_SQL || strstr(err.message, expected) == NULL)
		fail_msg("%s: %s, %s", sql, weir_error_name(code), err.message);
	assert_true(err.driver_code != 0);
}

/* ---- what each may do ---- */

static const struct {
	const char *sql;
	const char *reason; /* to a reader */
} refused_to_readers[] = {
	{"INSERT INTO t VALUES (2)", "only reads"},
	{"UPDATE t SET x = 2", "only reads"},
	{"DELETE FROM t", "only reads"},
	{"CREATE TABLE u (x)", "only reads"},
	{"DROP TABLE t", "only reads"},
	{"CREATE TEMP TABLE u (x)", "only reads"},
	{"PRAGMA user_version=7", "only reads"},
	{"PRAGMA query_only=0", "only reads"},
	{"PRAGMA Query_Only(off)", "only reads"},
	{"BEGIN", "a read may not begin"},
	{"BEGIN IMMEDIATE", "a read may not begin"},
	{"COMMIT", "a read may not begin or end"},
	{"ROLLBACK", "a read may not begin or end"},
	{"ATTACH ':memory:' AS m", "may not attach"},
	{"PRAGMA wal_checkpoint", "call weir_db_checkpoint"},
	{"PRAGMA wal_checkpoint(TRUNCATE)", "call weir_db_checkpoint"},
	{"PRAGMA wal_autocheckpoint=1", "set wal_ceiling"},
};

static void a_reader_only_reads(void **state)
{
	const struct fixture *const fixture = *state;
	void *const writer = open_role(fixture, WEIR_ROLE_WRITER);

	run(fixture, writer, "CREATE TABLE t (x)");
	run(fixture, writer, "INSERT INTO t VALUES (1)");

	void *const reader = open_role(fixture, WEIR_ROLE_READER);

	for (size_t i = 0; i < sizeof(refused_to_readers) / sizeof(refused_to_readers[0]); i++) {
		assert_refused(fixture, reader, refused_to_readers[i].sql, refused_to_readers[i].reason);
		assert_int_equal(ask(fixture, reader, "SELECT count(*) FROM t"), 1);
	}
	reset(fixture, reader);
	assert_int_equal(ask(fixture, reader, "PRAGMA query_only"), 1);
	fixture->driver->close(reader);
	fixture->driver->close(writer);
}

/* By SQLite's own handle the same is refused, in SQLite's words. */
static void the_handle_of_a_reader_only_reads(void **state)
{
	const struct fixture *const fixture = *state;
	void *const writer = open_role(fixture, WEIR_ROLE_WRITER);

	run(fixture, writer, "CREATE TABLE t (x)");

	void *const reader = open_role(fixture, WEIR_ROLE_READER);
	sqlite3 *const db = handle_of(reader);

	assert_int_equal(sqlite3_exec(db, "INSERT INTO t VALUES (1)", NULL, NULL, NULL),
	                 SQLITE_READONLY);
	assert_int_equal(sqlite3_exec(db, "PRAGMA query_only=0", NULL, NULL, NULL), SQLITE_AUTH);
	assert_int_equal(sqlite3_exec(db, "BEGIN", NULL, NULL, NULL), SQLITE_AUTH);
	reset(fixture, reader);
	/* Who takes the rules away is not trusted with what came of it. */
	assert_int_equal(sqlite3_set_authorizer(handle_of(reader), NULL, NULL), SQLITE_OK);
	run_foreign(db, "PRAGMA query_only=0; INSERT INTO t VALUES (1)");
	assert_int_equal(fixture->driver->reset(reader, soon(), NULL), WEIR_ERR_DRIVER_BROKEN);
	fixture->driver->close(reader);
	fixture->driver->close(writer);
}

static void the_writer_leaves_transactions_to_weir(void **state)
{
	static const char *const refused[] = {"BEGIN", "begin exclusive", "COMMIT", "END", "ROLLBACK"};
	const struct fixture *const fixture = *state;
	void *const writer = open_role(fixture, WEIR_ROLE_WRITER);

	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		assert_refused(fixture, writer, refused[i], "use weir_write_commit or weir_tx_end");
	assert_refused(fixture, writer, "SAVEPOINT weir", "weir's own");
	assert_refused(fixture, writer, "ROLLBACK TO Weir", "weir's own");
	assert_refused(fixture, writer, "ATTACH 'x.db' AS x", "may not attach");
	run(fixture, writer, "SAVEPOINT mine");
	run(fixture, writer, "ROLLBACK TO mine");
	run(fixture, writer, "RELEASE mine");
	reset(fixture, writer);
	fixture->driver->close(writer);
}

/* It attaches a database and begins a transaction, by statements of SQLite's. */
static void the_writer_may_vacuum(void **state)
{
	const struct fixture *const fixture = *state;
	void *const writer = open_role(fixture, WEIR_ROLE_WRITER);
	char into[256];

	(void)snprintf(into, sizeof(into), "VACUUM INTO '%s/copy.db'", fixture->folder);
	run(fixture, writer, "CREATE TABLE t (x)");
	run(fixture, writer, "VACUUM");
	run(fixture, writer, into);
	reset(fixture, writer);
	run_foreign(handle_of(writer), "VACUUM");
	reset(fixture, writer);
	assert_int_equal(ask(fixture, writer, "SELECT count(*) FROM t"), 0);
	fixture->driver->close(writer);
}

static void nobody_but_a_bare_connection_checkpoints(void **state)
{
	const struct fixture *const fixture = *state;
	void *conns[ROLES];

	/* The writer first, as weir_db does it. */
	conns[2] = open_role(fixture, WEIR_ROLE_WRITER);
	for (size_t i = 0; i < ROLES; i++) {
		if (i != 2)
			conns[i] = open_role(fixture, roles[i]);
		assert_int_equal(ask(fixture, conns[i], "PRAGMA wal_autocheckpoint"),
		                 roles[i] == WEIR_ROLE_ANY ? 1000 : 0);
	}
	for (size_t i = 0; i < ROLES; i++)
		fixture->driver->close(conns[i]);
}

static void the_writer_keeps_its_journals_in_memory(void **state)
{
	static const struct {
		enum weir_role role;
		const char *setting;
		int64_t expected;
	} cases[] = {
		{WEIR_ROLE_WRITER, "default", 2}, {WEIR_ROLE_WRITER, "file", 1},
		{WEIR_ROLE_WRITER, "memory", 2},  {WEIR_ROLE_ANY, "default", 0},
		{WEIR_ROLE_READER, "default", 0},
	};
	struct fixture *const fixture = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		set(fixture, "temp_store", cases[i].setting);

		void *const conn = open_role(fixture, cases[i].role);

		assert_int_equal(ask(fixture, conn, "PRAGMA temp_store"), cases[i].expected);
		fixture->driver->close(conn);
	}
}

/* Whoever asks may have been built before there were roles. */
static void an_older_request_is_taken(void **state)
{
	const struct fixture *const fixture = *state;
	void *conn = NULL;
	struct weir_open_request request = {
		.size = offsetof(struct weir_open_request, role),
		.config = &fixture->config,
		.deadline = soon(),
		.role = WEIR_ROLE_READER, /* past size: not to be looked at */
	};

	assert_int_equal(fixture->driver->open(&request, &conn, NULL), WEIR_OK);
	run(fixture, conn, "CREATE TABLE t (x)");
	fixture->driver->close(conn);
}

/* ---- files ---- */

static void a_reader_makes_no_database(void **state)
{
	const struct fixture *const fixture = *state;
	struct weir_error err = WEIR_ERROR_INIT;
	void *conn = NULL;

	assert_int_equal(try_open_role(fixture, WEIR_ROLE_READER, &conn, &err), WEIR_ERR_DRIVER_OPEN);
	assert_int_equal(err.driver_code & 0xff, SQLITE_CANTOPEN);
	assert_false(exists(fixture, ""));
}

static void the_writer_makes_wal_and_shm(void **state)
{
	const struct fixture *const fixture = *state;

	for (int round = 0; round < 2; round++) { /* a new file; one that was left tidy */
		void *const writer = open_role(fixture, WEIR_ROLE_WRITER);

		assert_true(exists(fixture, "-wal"));
		assert_true(exists(fixture, "-shm"));
		fixture->driver->close(writer);
		assert_false(exists(fixture, "-wal"));
		assert_false(exists(fixture, "-shm"));
	}
}

/* Only the writer copies the WAL when it goes, and only as the last one. */
static void only_the_writer_tidies_up(void **state)
{
	const struct fixture *const fixture = *state;
	void *writer = open_role(fixture, WEIR_ROLE_WRITER);
	void *const reader = open_role(fixture, WEIR_ROLE_READER);
	void *const aide = open_role(fixture, WEIR_ROLE_AIDE);

	run(fixture, writer, "CREATE TABLE t (x)");
	fixture->driver->close(writer);
	fixture->driver->close(reader);
	fixture->driver->close(aide);
	assert_true(exists(fixture, "-wal"));
	writer = open_role(fixture, WEIR_ROLE_WRITER);
	assert_int_equal(ask(fixture, writer, "SELECT count(*) FROM t"), 0);
	fixture->driver->close(writer);
	assert_false(exists(fixture, "-wal"));
	assert_false(exists(fixture, "-shm"));
}

/* ---- memory ---- */

static void a_database_in_memory_is_the_writers_alone(void **state)
{
	struct fixture *const fixture = *state;
	struct weir_error err = WEIR_ERROR_INIT;

	(void)snprintf(fixture->config.path, sizeof(fixture->config.path), ":memory:");
	assert_true(fixture->driver->engine->is_private(&fixture->config));
	for (size_t i = 0; i < ROLES; i++) {
		void *conn = NULL;

		if (roles[i] == WEIR_ROLE_WRITER)
			continue;
		assert_int_equal(try_open_role(fixture, roles[i], &conn, &err), WEIR_ERR_DRIVER_OPEN);
		assert_non_null(strstr(err.message, "database of its own"));
	}

	const size_t descriptors = count_descriptors();
	void *const writer = open_role(fixture, WEIR_ROLE_WRITER);

	run(fixture, writer, "CREATE TABLE t (x)");
	assert_int_equal(count_descriptors(), descriptors);
	/* Closing it would lose everything: what it is left with, it keeps. */
	run(fixture, writer, "CREATE TEMP TABLE u (x)");
	run(fixture, writer, "PRAGMA cache_size=7");
	reset(fixture, writer);
	assert_int_equal(ask(fixture, writer, "SELECT count(*) FROM t"), 0);
	fixture->driver->close(writer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(a_reader_only_reads),
		FIXTURE_TEST(the_handle_of_a_reader_only_reads),
		FIXTURE_TEST(the_writer_leaves_transactions_to_weir),
		FIXTURE_TEST(the_writer_may_vacuum),
		FIXTURE_TEST(nobody_but_a_bare_connection_checkpoints),
		FIXTURE_TEST(the_writer_keeps_its_journals_in_memory),
		FIXTURE_TEST(an_older_request_is_taken),
		FIXTURE_TEST(a_reader_makes_no_database),
		FIXTURE_TEST(the_writer_makes_wal_and_shm),
		FIXTURE_TEST(only_the_writer_tidies_up),
		FIXTURE_TEST(a_database_in_memory_is_the_writers_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
