/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Killed at every statement, and eight processes at once: what is left is one version
 * or the next, and going up again ends where it would have.
 *
 * The victim's driver is SQLite's, but for the calls that count statements and commits,
 * and kill the process at the one that was chosen.
 */
#include "migrate_fixture.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <weir/schema.h>

#define STARTERS 8
#define STEPS_MAX 16

/* ---- the victim ---- */

static int die_at;
static int passed;
static const struct weir_driver *real;

static void pass(void)
{
	if (++passed == die_at)
		(void)kill(getpid(), SIGKILL);
}

static enum weir_code step(void *stmt, enum weir_sql_step *result, struct weir_error *err)
{
	pass();
	return real->sql->step(stmt, result, err);
}

static enum weir_code begin(void *conn, enum weir_durability durability, struct weir_time deadline,
                            struct weir_error *err)
{
	pass();
	return real->engine->begin(conn, durability, deadline, err);
}

static enum weir_code commit(void *conn, struct weir_error *err)
{
	enum weir_code code;

	pass();
	code = real->engine->commit(conn, err);
	pass();
	return code;
}

static enum weir_code script_end(void *conn, struct weir_error *err)
{
	pass();
	return real->schema->script_end(conn, err);
}

/* Go up until killed; the exit status says whether it came to the end. */
static void be_the_victim(const char *url, const struct weir_migrations *set)
{
	static struct weir_sql sql;
	static struct weir_engine engine;
	static struct weir_schema schema;
	static struct weir_driver driver;
	struct weir_error err = WEIR_ERROR_INIT;
	struct weir_db *db = NULL;

	real = weir_sqlite_driver();
	sql = *real->sql;
	sql.step = step;
	engine = *real->engine;
	engine.begin = begin;
	engine.commit = commit;
	schema = *real->schema;
	schema.script_end = script_end;
	driver = *real;
	driver.sql = &sql;
	driver.engine = &engine;
	driver.schema = &schema;
	if (weir_db_open(&db, &driver, url, &err) != WEIR_OK ||
	    weir_migrate_up(db, set, NULL, NULL, NULL, &err) != WEIR_OK) {
		(void)fprintf(stderr, "%s\n", err.message);
		_exit(1);
	}
	_exit(0);
}

/* ---- what is left ---- */

/* A folder of tests/migrate/folders, and the state after each number of its migrations. */
struct course {
	struct weir_migrations *set;
	size_t count;
	char *states[STEPS_MAX + 1];
};

static void read_course(struct db_fixture *fixture, const char *name, struct course *course)
{
	struct weir_db *const db = db_make(fixture, "synchronous=off");

	course->set = folder_set(name);
	course->count = weir_migrations_count(course->set);
	assert_in_range(course->count, 5, STEPS_MAX);
	course->states[0] = contents_but_history(fixture);
	for (size_t i = 1; i <= course->count; i++) {
		assert_int_equal(must_up(db, course->set, "+1"), 1);
		course->states[i] = contents_but_history(fixture);
	}
	db_end(db);
	remove_database(fixture);
}

static void free_course(struct course *course)
{
	for (size_t i = 0; i <= course->count; i++)
		free(course->states[i]);
	weir_migrations_free(course->set);
}

/* How many of the migrations are applied; those behind are pending, or one is
 * interrupted that runs outside a transaction. */
static size_t count_applied(struct weir_db *db, const struct course *course, bool *interrupted)
{
	struct weir_migrate_report *report = NULL;
	struct weir_error err = WEIR_ERROR_INIT;
	const struct weir_migrate_row *rows;
	size_t applied = 0;

	if (weir_migrate_status(db, course->set, NULL, &report, &err) != WEIR_OK)
		fail_msg("status: %s", err.message);
	assert_int_equal(weir_migrate_rows(report, &rows), course->count);
	while (applied < course->count && rows[applied].state == WEIR_MIGRATION_APPLIED)
		applied++;
	*interrupted = applied < course->count && rows[applied].state == WEIR_MIGRATION_INTERRUPTED;
	if (*interrupted)
		assert_true(rows[applied].no_transaction);
	for (size_t i = applied + *interrupted; i < course->count; i++)
		assert_int_equal(rows[i].state, WEIR_MIGRATION_PENDING);
	weir_migrate_report_free(report);
	return applied;
}

static void audit(struct db_fixture *fixture, const struct course *course)
{
	struct weir_db *const db = db_make(fixture, "synchronous=off");
	bool interrupted = false;
	const size_t applied = count_applied(db, course, &interrupted);
	struct weir_migration next;
	char *state = contents_but_history(fixture);

	/* What runs outside a transaction may have begun, and not be in the history yet. */
	if (!weir_migrations_at(course->set, applied, &next) || !next.no_transaction)
		assert_string_equal(state, course->states[applied]);
	free(state);
	assert_int_equal(must_up(db, course->set, NULL), course->count - applied);
	state = contents_but_history(fixture);
	assert_string_equal(state, course->states[course->count]);
	free(state);
	assert_int_equal(db_number(db, "SELECT count(*) FROM pragma_integrity_check"), 1);
	assert_int_equal(db_number(db, "SELECT count(*) FROM weir_schema_history WHERE id > 0"),
	                 course->count);
	db_end(db);
}

static void kill_at_every_place(struct db_fixture *fixture, const char *name)
{
	struct course course;
	char url[256];
	int status = -1;

	(void)snprintf(url, sizeof url, "sqlite://%s?synchronous=off", fixture->path);
	read_course(fixture, name, &course);
	for (die_at = 1; status != 0; die_at++) { /* ends: the victim comes to its end */
		const pid_t victim = fork();

		assert_true(victim >= 0);
		if (victim == 0)
			be_the_victim(url, course.set);
		assert_int_equal(waitpid(victim, &status, 0), victim);
		assert_true(WIFSIGNALED(status) ? WTERMSIG(status) == SIGKILL : status == 0);
		audit(fixture, &course);
		remove_database(fixture);
	}
	print_message("%s: killed at %d places\n", name, die_at - 2);
	assert_true(die_at > 60);
	free_course(&course);
}

static void a_kill_leaves_the_old_version_or_the_new(void **state)
{
	for (size_t i = 0; i < FOLDERS_COUNT; i++)
		kill_at_every_place(*state, folders[i]);
}

/* ---- at once ---- */

static void start(const char *url, const struct weir_migrations *set, int go)
{
	struct weir_error err = WEIR_ERROR_INIT;
	struct weir_db *db = NULL;
	char byte;

	(void)read(go, &byte, 1); /* until the parent closes its end */
	if (weir_db_open(&db, weir_sqlite_driver(), url, &err) != WEIR_OK ||
	    weir_migrate_up(db, set, NULL, NULL, NULL, &err) != WEIR_OK) {
		(void)fprintf(stderr, "%s: %s\n", weir_error_name(err.code), err.message);
		_exit(1);
	}
	weir_db_destroy(db);
	_exit(0);
}

static void start_all(const char *url, const struct weir_migrations *set)
{
	pid_t starters[STARTERS];
	int go[2];

	assert_int_equal(pipe(go), 0);
	for (size_t i = 0; i < STARTERS; i++) {
		starters[i] = fork();
		assert_true(starters[i] >= 0);
		if (starters[i] == 0) {
			(void)close(go[1]);
			start(url, set, go[0]);
		}
	}
	(void)close(go[0]);
	(void)close(go[1]);
	for (size_t i = 0; i < STARTERS; i++) {
		int status = -1;

		assert_int_equal(waitpid(starters[i], &status, 0), starters[i]);
		assert_int_equal(status, 0);
	}
}

static void of_eight_processes_one_does_each_migration(void **state)
{
	struct db_fixture *const fixture = *state;
	char url[256];

	(void)snprintf(url, sizeof url, "sqlite://%s?synchronous=off&open_timeout=30s", fixture->path);
	for (size_t i = 0; i < FOLDERS_COUNT; i++) {
		struct course course;
		struct weir_db *db;
		char *left;

		read_course(fixture, folders[i], &course);
		start_all(url, course.set);
		left = contents_but_history(fixture);
		assert_string_equal(left, course.states[course.count]);
		free(left);
		db = db_make(fixture, "synchronous=off");
		assert_int_equal(db_number(db, "SELECT count(*) FROM weir_schema_history WHERE id > 0"),
		                 course.count);
		assert_int_equal(must_up(db, course.set, NULL), 0);
		db_end(db);
		remove_database(fixture);
		free_course(&course);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DB_TEST(a_kill_leaves_the_old_version_or_the_new),
		DB_TEST(of_eight_processes_one_does_each_migration),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
