/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What migrations meet in the field: long scripts, empty ones, a full disk, a database
 * that cannot be written, one that is of a newer program. Each leaves the database as it
 * was, and says what to do.
 */
#include "migrate_fixture.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* As long as real dumps are: statements by the thousand, of which each is found without
 * reading the rest. */
static void a_script_of_ten_megabytes_is_taken_as_any(void **state)
{
	static const char row[] = "INSERT INTO t VALUES ('a row; with a semicolon, -- and more');\n";
	const size_t rows = ((size_t)10 << 20) / (sizeof row - 1);
	char *const text = malloc(64 + rows * (sizeof row - 1));
	struct weir_db *const db = db_make(*state, NULL);
	struct weir_migrations *set;
	size_t at;

	assert_non_null(text);
	at = (size_t)sprintf(text, "CREATE TABLE t (x);\n");
	for (size_t i = 0; i < rows; i++, at += sizeof row - 1)
		memcpy(text + at, row, sizeof row);
	set = set_of((const struct scripts[]){{text, NULL}, {0}});
	must_up(db, set, NULL);
	assert_int_equal(db_number(db, "SELECT count(*) FROM t"), rows);
	weir_migrations_free(set);
	/* One statement that is longer than any window. */
	at = (size_t)sprintf(text, "INSERT INTO t VALUES ('");
	memset(text + at, 'x', (size_t)5 << 20);
	(void)strcpy(text + at + ((size_t)5 << 20), "'); CREATE TABEL u (x);");
	set = set_of((const struct scripts[]){{"SELECT 1", NULL}, {text, NULL}, {0}});
	db_exec(db, "DELETE FROM weir_schema_history WHERE id > 0");
	fail_up(db, set, NULL, WEIR_ERR_MIGRATE_SCRIPT, "statement 2");
	assert_int_equal(db_number(db, "SELECT max(length(x)) FROM t"),
	                 sizeof "a row; with a semicolon, -- and more" - 1);
	free(text);
	db_end(db);
	weir_migrations_free(set);
}

static void empty_scripts_are_recorded(void **state)
{
	struct weir_migrations *const set =
		set_of((const struct scripts[]){{"", ""},
	                                    {"  \n\t\n", NULL},
	                                    {"-- nothing here\n/* nor here */", NULL},
	                                    {";;\n;", NULL},
	                                    {0}});
	struct weir_db *const db = db_make(*state, NULL);

	assert_int_equal(must_up(db, set, NULL), 4);
	assert_int_equal(db_number(db, "SELECT count(*) FROM weir_schema_history WHERE id > 0"), 4);
	assert_int_equal(must_up(db, set, NULL), 0);
	db_end(db);
	weir_migrations_free(set);
}

static void a_disk_that_is_full_midway_undoes_it(void **state)
{
	static const struct scripts scripts[] = {
		{"CREATE TABLE t (x); INSERT INTO t VALUES (1);", NULL},
		{"CREATE TABLE u (x); PRAGMA max_page_count = 20;\n"
	     "INSERT INTO u VALUES (zeroblob(1000000));",
	     NULL},
		{0}};
	struct weir_migrations *const set = set_of(scripts);
	struct weir_db *const db = db_make(*state, NULL);
	char *before;
	char *after;

	must_up(db, set, "1");
	before = contents(*state);
	fail_up(db, set, NULL, WEIR_ERR_DRIVER_FULL, "statement 3");
	after = contents(*state);
	assert_string_equal(after, before);
	db_exec(db, "INSERT INTO t VALUES (zeroblob(1000000))"); /* the limit went with it */
	free(before);
	free(after);
	db_end(db);
	weir_migrations_free(set);
}

/* Not in a statement, but where the history is written, which keeps the way down. */
static void a_disk_that_is_full_behind_the_script_names_the_version(void **state)
{
	static char down[200000];
	const struct scripts scripts[] = {
		{"CREATE TABLE t (x)", NULL}, {"PRAGMA max_page_count = 5", down}, {0}};
	struct weir_migrations *set;
	struct weir_db *const db = db_make(*state, NULL);

	memset(down, ' ', sizeof down - 1);
	memcpy(down + sizeof down - 9, "SELECT 1", 8);
	set = set_of(scripts);
	must_up(db, set, "1");
	fail_up(db, set, NULL, WEIR_ERR_DRIVER_FULL, "version 2: ");
	assert_int_equal(db_number(db, "SELECT count(*) FROM weir_schema_history WHERE id > 0"), 1);
	db_end(db);
	weir_migrations_free(set);
}

#define NOBODY 65534

static void a_database_that_cannot_be_written_is_refused(void **state)
{
	const struct db_fixture *const fixture = *state;
	const bool is_root = geteuid() == 0; /* for whom nothing is read-only */
	struct weir_db *db = db_make(*state, NULL);
	struct weir_error err = WEIR_ERROR_INIT;
	char *before;
	char *after;

	db_exec(db, "CREATE TABLE t (x)");
	db_end(db);
	before = contents(fixture);
	assert_int_equal(chmod(fixture->path, 0444), 0);
	assert_int_equal(chmod(fixture->folder, 0555), 0);
	if (is_root)
		assert_int_equal(seteuid(NOBODY), 0);
	assert_code(db_try_make(*state, NULL, &db, &err), WEIR_ERR_DRIVER_OPEN);
	if (is_root)
		assert_int_equal(seteuid(0), 0);
	assert_non_null(strstr(err.message, fixture->path));
	assert_int_equal(chmod(fixture->folder, 0755), 0);
	assert_int_equal(chmod(fixture->path, 0644), 0);
	after = contents(fixture);
	assert_string_equal(after, before);
	free(before);
	free(after);
}

static void a_history_of_a_newer_weir_is_refused(void **state)
{
	struct weir_migrations *const set = set_of(library);
	struct weir_db *const db = db_make(*state, NULL);
	char *before;
	char *after;

	must_up(db, set, "2");
	db_exec(db, "UPDATE weir_schema_history SET version = '9' WHERE id = 0");
	before = contents(*state);
	fail_up(db, set, NULL, WEIR_ERR_MIGRATE_HISTORY, "newer weir");
	after = contents(*state);
	assert_string_equal(after, before);
	db_exec(db, "DELETE FROM weir_schema_history WHERE id = 0");
	fail_up(db, set, NULL, WEIR_ERR_MIGRATE_HISTORY, "");
	assert_int_equal(db_number(db, "SELECT count(*) FROM book"), 3);
	free(before);
	free(after);
	db_end(db);
	weir_migrations_free(set);
}

static void a_history_that_cannot_be_read_is_not_an_empty_one(void **state)
{
	struct weir_migrations *const set = set_of(library);
	struct weir_db *const db = db_make(*state, NULL);

	db_exec(db, "CREATE TABLE weir_schema_history (something)");
	fail_up(db, set, NULL, WEIR_ERR_MIGRATE_HISTORY, "weir_schema_history");
	assert_int_equal(db_number(db, "SELECT count(*) FROM sqlite_schema"), 1);
	db_end(db);
	weir_migrations_free(set);
}

static int forget_all(struct weir_tx *tx, void *arg)
{
	(void)arg;
	return weir_tx_exec(tx, "DELETE FROM weir_schema_history", NULL, 0, NULL, NULL) != WEIR_OK;
}

/* What a script took out of it, every call after it would miss. */
static void a_script_that_would_change_the_history_is_refused(void **state)
{
	static const char *const bad[] = {
		"CREATE TABLE u (x);\nDELETE FROM Weir_Schema_History",
		"CREATE TABLE u (x);\nUPDATE weir_schema_history SET version = 9",
		"CREATE TABLE u (x);\nDROP TABLE weir_schema_history",
		"CREATE TABLE u (x);\nALTER TABLE weir_schema_history RENAME TO old",
		"SELECT 1;\nCREATE TRIGGER w AFTER INSERT ON weir_schema_history BEGIN SELECT 1; END",
	};
	struct weir_db *const db = db_make(*state, NULL);
	struct weir_migration_source sources[] = {
		{.version = "1", .name = "t", .up = {.sql = "CREATE TABLE t (x)"}},
		{.version = "2", .name = "bad"},
	};
	struct weir_migrations *set = NULL;
	char *before;
	char *after;

	assert_code(weir_migrations_make(&set, sources, 1, NULL), WEIR_OK);
	must_up(db, set, NULL);
	weir_migrations_free(set);
	before = contents(*state);
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		sources[1].up.sql = bad[i];
		assert_code(weir_migrations_make(&set, sources, 2, NULL), WEIR_OK);
		fail_up(db, set, NULL, WEIR_ERR_MIGRATE_SCRIPT, "line 2: statement 2 would change");
		weir_migrations_free(set);
	}
	sources[1].up = (struct weir_migration_step){.run = forget_all};
	assert_code(weir_migrations_make(&set, sources, 2, NULL), WEIR_OK);
	fail_up(db, set, NULL, WEIR_ERR_MIGRATE_SCRIPT, "the function of version 2 changed");
	weir_migrations_free(set);
	after = contents(*state);
	assert_string_equal(after, before);
	/* Outside a transaction, too; there what came before it stands. */
	sources[1].up = (struct weir_migration_step){.sql = "DELETE FROM weir_schema_history",
	                                             .no_transaction = true};
	assert_code(weir_migrations_make(&set, sources, 2, NULL), WEIR_OK);
	fail_up(db, set, NULL, WEIR_ERR_MIGRATE_SCRIPT, "would change");
	assert_int_equal(db_number(db, "SELECT count(*) FROM weir_schema_history WHERE id > 0"), 1);
	free(before);
	free(after);
	db_end(db);
	weir_migrations_free(set);
}

static void arguments_that_are_none_are_refused(void **state)
{
	const struct weir_migrate_options wrong = {.size = 3};
	struct weir_migrations *const set = set_of(library);
	struct weir_db *const db = db_make(*state, NULL);
	struct weir_migrate_report *report = (struct weir_migrate_report *)(uintptr_t)1;

	assert_code(weir_migrate_up(NULL, set, NULL, NULL, &report, NULL), WEIR_ERR_BAD_ARGUMENT);
	weir_migrate_report_free(report);
	assert_code(weir_migrate_up(db, NULL, NULL, NULL, &report, NULL), WEIR_ERR_BAD_ARGUMENT);
	assert_null(report);
	assert_code(weir_migrate_up(db, set, NULL, &wrong, &report, NULL), WEIR_ERR_BAD_ARGUMENT);
	assert_code(weir_migrate_down(NULL, set, NULL, NULL, NULL, NULL), WEIR_ERR_BAD_ARGUMENT);
	assert_code(weir_migrate_check(db, NULL, NULL, NULL, NULL, NULL), WEIR_ERR_BAD_ARGUMENT);
	assert_code(weir_migrate_plan(db, NULL, WEIR_MIGRATE_UP, NULL, NULL, NULL, NULL),
	            WEIR_ERR_BAD_ARGUMENT);
	db_end(db);
	weir_migrations_free(set);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DB_TEST(a_script_of_ten_megabytes_is_taken_as_any),
		DB_TEST(empty_scripts_are_recorded),
		DB_TEST(a_disk_that_is_full_midway_undoes_it),
		DB_TEST(a_disk_that_is_full_behind_the_script_names_the_version),
		DB_TEST(a_database_that_cannot_be_written_is_refused),
		DB_TEST(a_history_of_a_newer_weir_is_refused),
		DB_TEST(a_history_that_cannot_be_read_is_not_an_empty_one),
		DB_TEST(a_script_that_would_change_the_history_is_refused),
		DB_TEST(arguments_that_are_none_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
