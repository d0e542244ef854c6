/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Baselines: a database that had its schema before weir came.
 */
#include "history_fixture.h"

#include <string.h>

static const char ROWS[] =
	"SELECT version || ' ' || direction || ' ' || outcome FROM weir_schema_history WHERE id > 0 "
	"ORDER BY id";

static void must_baseline(struct weir_db *db, const struct weir_migrations *set, const char *target,
                          const struct weir_migrate_options *options, const char *states,
                          const char *version)
{
	struct weir_migrate_report *report = NULL;
	struct weir_error err = WEIR_ERROR_INIT;

	if (weir_migrate_baseline(db, set, target, options, &report, &err) != WEIR_OK)
		fail_msg("%s", err.message);
	assert_string_equal(states_of(report), states);
	assert_string_equal(weir_migrate_version(report), version);
	assert_int_equal(strlen(weir_migrate_fingerprint(report)), 64);
	weir_migrate_report_free(report);
}

/* The tables of the first two of the library, made by hand. */
static void make_by_hand(struct weir_db *db)
{
	db_exec(db, "CREATE TABLE author (id INTEGER PRIMARY KEY, name TEXT NOT NULL)");
	db_exec(db, "CREATE TABLE book (id INTEGER PRIMARY KEY, title TEXT NOT NULL, author INTEGER "
	            "NOT NULL REFERENCES author (id) ON DELETE CASCADE)");
	db_exec(db, "INSERT INTO author VALUES (1, 'Ada')");
	db_exec(db, "INSERT INTO book VALUES (1, 'Notes', 1)");
}

static void the_rest_is_applied_behind_it(void **state)
{
	struct weir_migrations *const set = set_of(library);
	struct weir_db *const db = db_make(*state, NULL);

	make_by_hand(db);
	must_baseline(db, set, "2", NULL, "1 pending*, 2 pending*", "2");
	db_assert_rows(*state, ROWS, "1 baseline done,2 baseline done");
	assert_string_equal(status_of(db, set),
	                    "1 applied, 2 applied, 3 pending, 4 pending, 5 pending");
	assert_int_equal(must_up(db, set, NULL), 3);
	assert_int_equal(db_number(db, "SELECT count(*) FROM shelf"), 1);
	assert_int_equal(must_down(db, set, "0"), 5); /* what can be undone is not forgotten */
	db_end(db);
	weir_migrations_free(set);
}

static void without_a_target_all_is_recorded(void **state)
{
	struct weir_migrations *const set = set_of(library);
	struct weir_db *const db = db_make(*state, NULL);

	must_baseline(db, set, NULL, NULL, "1 pending*, 2 pending*, 3 pending*, 4 pending*, 5 pending*",
	              "5");
	assert_int_equal(must_up(db, set, NULL), 0);
	db_assert_rows(*state, "SELECT count(*) FROM weir_schema_history WHERE fingerprint <> ''", "1");
	db_end(db);
	weir_migrations_free(set);
}

static void a_tag_and_leading_zeros_are_targets(void **state)
{
	const struct weir_migration_source sources[] = {
		{.version = "1", .name = "a", .up = {.sql = "SELECT 1"}},
		{.version = "2", .name = "b", .tag = "v1", .up = {.sql = "SELECT 2"}},
		{.version = "3", .name = "c", .up = {.sql = "SELECT 3"}},
	};
	static const char *const targets[] = {"v1", "002", "2"};
	struct weir_db *const db = db_make(*state, NULL);
	struct weir_migrations *set = NULL;

	assert_code(weir_migrations_make(&set, sources, 3, NULL), WEIR_OK);
	for (size_t i = 0; i < 3; i++) {
		must_baseline(db, set, targets[i], NULL, "1 pending*, 2 pending*", "2");
		db_exec(db, "DROP TABLE weir_schema_history");
	}
	db_end(db);
	weir_migrations_free(set);
}

static void a_dry_run_changes_nothing(void **state)
{
	const struct weir_migrate_options options = {.size = sizeof options, .dry_run = true};
	struct weir_migrations *const set = set_of(library);
	struct weir_db *const db = db_make(*state, NULL);

	must_baseline(db, set, "1", &options, "1 pending", "1");
	db_assert_rows(*state, "SELECT name FROM sqlite_schema", "");
	db_end(db);
	weir_migrations_free(set);
}

static void a_database_with_a_history_is_refused(void **state)
{
	struct weir_migrations *const set = set_of(library);
	struct weir_db *const db = db_make(*state, NULL);
	struct weir_error err = WEIR_ERROR_INIT;

	(void)must_up(db, set, "1");
	assert_code(weir_migrate_baseline(db, set, NULL, NULL, NULL, &err), WEIR_ERR_MIGRATE_HISTORY);
	assert_says(&err, "there is a history already");
	db_assert_rows(*state, ROWS, "1 up done");
	db_end(db);
	weir_migrations_free(set);
}

/* It would record what the tool never applied. */
static void a_database_of_another_tool_is_refused(void **state)
{
	struct weir_migrations *const set = set_of(library);
	struct weir_db *const db = db_make(*state, NULL);
	struct weir_error err = WEIR_ERROR_INIT;

	db_exec(db, "CREATE TABLE schema_migrations (version uint64, dirty bool)");
	assert_code(weir_migrate_baseline(db, set, NULL, NULL, NULL, &err), WEIR_ERR_MIGRATE_FOREIGN);
	assert_says(&err, "weir migrate adopt");
	db_assert_rows(*state, "SELECT name FROM sqlite_schema", "schema_migrations");
	db_exec(db, "DROP TABLE schema_migrations");
	must_baseline(db, set, "1", NULL, "1 pending*", "1");
	db_end(db);
	weir_migrations_free(set);
}

static void bad_arguments_are_refused(void **state)
{
	struct weir_migrations *const set = set_of(library);
	struct weir_db *const db = db_make(*state, NULL);
	struct weir_migrate_report *report = (struct weir_migrate_report *)(uintptr_t)1;
	struct weir_error err = WEIR_ERROR_INIT;

	assert_code(weir_migrate_baseline(NULL, set, NULL, NULL, &report, &err), WEIR_ERR_BAD_ARGUMENT);
	assert_null(report);
	assert_code(weir_migrate_baseline(db, NULL, NULL, NULL, NULL, &err), WEIR_ERR_BAD_ARGUMENT);
	assert_code(weir_migrate_baseline(db, set, "9", NULL, NULL, &err), WEIR_ERR_MIGRATE_SOURCE);
	assert_says(&err, "no version and no tag 9");
	db_assert_rows(*state, "SELECT name FROM sqlite_schema", "");
	db_end(db);
	weir_migrations_free(set);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DB_TEST(the_rest_is_applied_behind_it),
		DB_TEST(without_a_target_all_is_recorded),
		DB_TEST(a_tag_and_leading_zeros_are_targets),
		DB_TEST(a_dry_run_changes_nothing),
		DB_TEST(a_database_with_a_history_is_refused),
		DB_TEST(a_database_of_another_tool_is_refused),
		DB_TEST(bad_arguments_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
