/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A copy of a database: one state, whoever writes meanwhile, and no file when it fails.
 */
#include "script_fixture.h"

#include <signal.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

struct place {
	char path[160];
};

static struct place place_for(const struct db_fixture *fixture, const char *name)
{
	struct place place;

	(void)snprintf(place.path, sizeof place.path, "%s/%s", fixture->folder, name);
	return place;
}

static bool is_there(const char *path)
{
	return access(path, F_OK) == 0;
}

static enum weir_code copy(struct held *held, const char *path, struct weir_error *err)
{
	return held->schema->copy(held->conn, path, NULL, NULL, err);
}

/* A number from the copy, as weir_db has it, which must find it sound. */
static int64_t number_in(const char *path, const char *sql)
{
	struct weir_error err = WEIR_ERROR_INIT;
	struct weir_db *db = NULL;
	char url[200];

	(void)snprintf(url, sizeof url, "sqlite://%s?max_size=2", path);
	if (weir_db_open(&db, weir_sqlite_driver(), url, &err) != WEIR_OK)
		fail_msg("%s: %s", path, err.message);

	const int64_t number = db_number(db, sql);

	db_exec(db, "CREATE TABLE of_the_copy (v)");
	db_end(db);
	return number;
}

/* ---- what is in it ---- */

static void copy_with_log(struct held *held)
{
	const char *const path = held->arg;

	held_run(held, "CREATE TABLE t (v); INSERT INTO t VALUES (1), (2), (3); PRAGMA user_version=9");
	assert_code(copy(held, path, NULL), WEIR_OK);
	assert_int_equal(held->sql->txn_state(held->conn), WEIR_TXN_NONE);
	held_run(held, "INSERT INTO t VALUES (4)");
}

static void a_copy_has_what_is_in_the_log(void **state)
{
	struct weir_db *const db = db_make(*state, NULL);
	const struct db_fixture *const fixture = *state;
	struct place place = place_for(fixture, "copy.db");
	struct stat file;

	assert_int_equal(chmod(fixture->path, 0640), 0);
	held_maintain(db, copy_with_log, place.path);
	assert_int_equal(stat(place.path, &file), 0);
	assert_int_equal(file.st_mode & 0777, 0640);
	assert_int_equal(number_in(place.path, "SELECT count(*) FROM t"), 3);
	assert_int_equal(number_in(fixture->path, "PRAGMA user_version"), 9);
	db_exec(db, "INSERT INTO t VALUES (5)");
	assert_int_equal(db_stats(db).writer_opens, 1);
	db_end(db);
}

static void a_database_in_memory_can_be_copied(void **state)
{
	struct place place = place_for(*state, "copy.db");
	struct weir_db *db = NULL;

	assert_code(weir_db_open(&db, weir_sqlite_driver(), "sqlite::memory:", NULL), WEIR_OK);
	held_maintain(db, copy_with_log, place.path);
	db_end(db);
	assert_int_equal(number_in(place.path, "SELECT count(*) FROM t"), 3);
}

/* ---- while somebody writes ---- */

struct writing {
	struct weir_db *db;
	atomic_bool over;
	atomic_uint commits;
};

/* Both tables have the same number of rows after each commit, and never between. */
static int write_both(struct weir_tx *tx, void *arg)
{
	(void)arg;
	db_tx_exec(tx, "INSERT INTO a VALUES (zeroblob(3000))");
	db_tx_exec(tx, "INSERT INTO b VALUES (1)");
	return 0;
}

static void write_on(void *arg)
{
	struct writing *const writing = arg;

	while (!atomic_load(&writing->over)) {
		assert_code(weir_db_run(writing->db, write_both, NULL, NULL, NULL, NULL), WEIR_OK);
		atomic_fetch_add(&writing->commits, 1);
	}
}

/* At each step of the copy somebody has written since. */
static bool await_commits(void *arg, uint64_t done, uint64_t all)
{
	struct writing *const writing = arg;
	const unsigned seen = atomic_load(&writing->commits);

	assert_true(done <= all);
	while (atomic_load(&writing->commits) < seen + 2)
		db_pause();
	return true;
}

static void a_copy_is_one_state_while_others_write(void **state)
{
	struct weir_db *const db = db_make(*state, "synchronous=off");
	struct place place = place_for(*state, "copy.db");
	struct writing writing = {.db = db};
	struct unit_thread thread;
	struct weir_tx tx = {0};

	db_exec(db, "CREATE TABLE a (v)");
	db_exec(db, "CREATE TABLE b (v)");
	db_exec(db, "CREATE TABLE much AS SELECT zeroblob(9000000) AS v");
	unit_start(&thread, write_on, &writing);
	assert_code(weir_read_begin(db, NULL, &tx, NULL), WEIR_OK);

	struct held held = held_of(db, &tx);

	assert_code(held.schema->copy(held.conn, place.path, await_commits, &writing, NULL), WEIR_OK);
	weir_tx_end(&tx);
	atomic_store(&writing.over, true);
	unit_join(&thread);
	assert_true(atomic_load(&writing.commits) >= 4);
	assert_int_equal(number_in(place.path, "SELECT (SELECT count(*) FROM a) - count(*) FROM b"), 0);
	db_end(db);
}

/* ---- failures ---- */

static bool stop_at_once(void *arg, uint64_t done, uint64_t all)
{
	uint32_t *const asked = arg;

	assert_true(done < all);
	++*asked;
	return false;
}

static bool stop_script(void *arg)
{
	(void)arg;
	return true;
}

static void stop_copies(struct held *held)
{
	const char *const path = held->arg;
	const struct weir_script_guard guard = {.size = sizeof guard, .stop = stop_script};
	uint32_t asked = 0;

	held_run(held, "CREATE TABLE t AS SELECT zeroblob(9000000) AS v");
	assert_code(held->schema->copy(held->conn, path, stop_at_once, &asked, NULL),
	            WEIR_ERR_DRIVER_CANCELLED);
	assert_int_equal(asked, 1);
	assert_false(is_there(path));
	held_begin(held, &guard);
	assert_code(copy(held, path, NULL), WEIR_ERR_DRIVER_CANCELLED);
	held_end(held);
	assert_false(is_there(path));
}

static void a_copy_that_is_stopped_leaves_nothing(void **state)
{
	struct weir_db *const db = db_make(*state, NULL);
	struct place place = place_for(*state, "copy.db");
	struct place journal = place_for(*state, "copy.db-journal");

	held_maintain(db, stop_copies, place.path);
	assert_false(is_there(journal.path));
	db_exec(db, "CREATE TABLE u (v)");
	assert_int_equal(db_stats(db).writer_opens, 1);
	db_end(db);
}

/* No file may become as long as the copy would. */
static void copy_where_there_is_no_room(struct held *held)
{
	const char *const path = held->arg;
	struct weir_error err = WEIR_ERROR_INIT;
	struct rlimit before;
	struct rlimit little;

	held_run(held, "CREATE TABLE t AS SELECT zeroblob(9000000) AS v");
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	little = before;
	little.rlim_cur = 1 << 20;
	(void)signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &little), 0);
	assert_code(copy(held, path, &err), WEIR_ERR_IO);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_non_null(strstr(err.message, "copy.db"));
	assert_false(is_there(path));
}

static void a_copy_that_cannot_be_written_leaves_nothing(void **state)
{
	struct weir_db *const db = db_make(*state, NULL);
	struct place place = place_for(*state, "copy.db");
	struct place journal = place_for(*state, "copy.db-journal");

	held_maintain(db, copy_where_there_is_no_room, place.path);
	assert_false(is_there(journal.path));
	db_exec(db, "CREATE TABLE u (v)");
	assert_int_equal(db_stats(db).writer_opens, 1); /* it was not the writer's fault */
	db_end(db);
}

static void copy_to_wrong_places(struct held *held)
{
	struct weir_error err = WEIR_ERROR_INIT;
	const struct db_fixture *const fixture = held->arg;

	assert_code(copy(held, fixture->path, &err), WEIR_ERR_IO);
	assert_non_null(strstr(err.message, "test.db"));
	assert_true(is_there(fixture->path));
	assert_code(copy(held, "/nowhere/at/all.db", &err), WEIR_ERR_IO);
}

static void copy_from_a_writer(struct held *held)
{
	const char *const path = held->arg;

	held_begin(held, NULL);
	held_begin_txn(held);
	held_run(held, "CREATE TABLE t (v)");
	assert_code(copy(held, path, NULL), WEIR_ERR_DRIVER_BUSY);
	assert_false(is_there(path));
	held_commit_txn(held); /* which it has left alone */
	held_end(held);
}

static void a_copy_fails_where_it_cannot_be(void **state)
{
	struct weir_db *const db = db_make(*state, NULL);
	struct place place = place_for(*state, "copy.db");

	held_maintain(db, copy_to_wrong_places, *state);
	held_maintain(db, copy_from_a_writer, place.path);
	assert_int_equal(db_number(db, "SELECT count(*) FROM t"), 0);
	db_end(db);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DB_TEST(a_copy_has_what_is_in_the_log),
		DB_TEST(a_database_in_memory_can_be_copied),
		DB_TEST(a_copy_is_one_state_while_others_write),
		DB_TEST(a_copy_that_is_stopped_leaves_nothing),
		DB_TEST(a_copy_that_cannot_be_written_leaves_nothing),
		DB_TEST(a_copy_fails_where_it_cannot_be),
	};

	return cmocka_run_group_tests_name("sqlite_copy", tests, NULL, NULL);
}
