/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Status: what stands where, and what somebody should look at.
 */
#include "history_fixture.h"

#include <stdlib.h>
#include <string.h>

static const char *const golang_files[][2] = {
	{"1_a.up.sql", "CREATE TABLE a (x);"},
	{"2_b.up.sql", "CREATE TABLE b (x);"},
	{"3_c.up.sql", "CREATE TABLE c (x);"},
	{NULL, NULL},
};

struct view {
	const char *sql; /* behind GOLANG_TABLE */
	const char *states;
	const char *rule;
	enum weir_migrate_severity severity;
};

static void see(struct weir_db *db, const struct weir_migrations *set, const struct view *view)
{
	struct weir_migrate_report *report = NULL;
	struct weir_error err = WEIR_ERROR_INIT;
	const struct weir_migrate_finding *finding;
	const struct weir_migrate_finding *all;

	if (weir_migrate_status(db, set, NULL, &report, &err) != WEIR_OK)
		fail_msg("%s", err.message);
	assert_string_equal(states_of(report), view->states);
	if (view->rule == NULL)
		assert_int_equal(weir_migrate_findings(report, &all), 0);
	else {
		finding = finding_of(report, view->rule);
		assert_non_null(finding);
		assert_int_equal(finding->severity, view->severity);
	}
	weir_migrate_report_free(report);
}

static void a_new_database_has_all_pending(void **state)
{
	static const struct view view = {"", "1 pending, 2 pending, 3 pending, 4 pending, 5 pending",
	                                 NULL, WEIR_MIGRATE_NOTE};
	struct weir_migrations *const set = set_of(library);
	struct weir_db *const db = db_make(*state, NULL);

	see(db, set, &view);
	db_assert_rows(*state, "SELECT name FROM sqlite_schema", "");
	db_end(db);
	weir_migrations_free(set);
}

static void what_was_done_is_told(void **state)
{
	struct weir_migrations *const set = set_of(library);
	struct weir_db *const db = db_make(*state, NULL);
	struct weir_migrate_report *report = NULL;
	const struct weir_migrate_row *rows;

	(void)must_up(db, set, "3");
	assert_code(weir_migrate_status(db, set, NULL, &report, NULL), WEIR_OK);
	assert_int_equal(weir_migrate_rows(report, &rows), LIBRARY_COUNT);
	assert_string_equal(weir_migrate_version(report), "3");
	assert_true(rows[2].applied_at > 1700000000);
	assert_true(rows[2].has_down);
	assert_int_equal(rows[2].statements, 2);
	assert_int_equal(rows[3].applied_at, 0);
	weir_migrate_report_free(report);
	db_end(db);
	weir_migrations_free(set);
}

static void another_tools_word_is_taken(void **state)
{
	static const struct view views[] = {
		{"", "1 pending, 2 pending, 3 pending", "not_adopted", WEIR_MIGRATE_WARNING},
		{"INSERT INTO schema_migrations VALUES (2, 0)", "1 applied, 2 applied, 3 pending",
	     "not_adopted", WEIR_MIGRATE_WARNING},
		{"INSERT INTO schema_migrations VALUES (2, 1)", "1 pending, 2 pending, 3 pending", "dirty",
	     WEIR_MIGRATE_FAILURE},
		{"INSERT INTO schema_migrations VALUES (2, 0), (3, 0)", "1 pending, 2 pending, 3 pending",
	     "foreign_table", WEIR_MIGRATE_WARNING},
		{GOOSE_TABLE, "1 pending, 2 pending, 3 pending", "foreign_table", WEIR_MIGRATE_WARNING},
	};

	(void)state;
	for (size_t i = 0; i < sizeof views / sizeof views[0]; i++) {
		void *fixture = NULL;
		struct weir_migrations *set;
		struct weir_db *db;

		assert_int_equal(db_set_up(&fixture), 0);
		set = set_of_files(fixture, golang_files);
		db = db_make(fixture, NULL);
		beside(fixture, GOLANG_TABLE);
		beside(fixture, views[i].sql);
		see(db, set, &views[i]);
		db_end(db);
		weir_migrations_free(set);
		assert_int_equal(db_tear_down(&fixture), 0);
	}
}

static void a_folder_of_another_tool_sees_its_own(void **state)
{
	static const struct view view = {"", "1 pending, 2 pending, 3 pending, 4 pending, 5 pending",
	                                 "not_adopted", WEIR_MIGRATE_WARNING};
	struct weir_migrations *const set = set_of(library);
	struct weir_db *const db = db_make(*state, NULL);

	beside(*state, GOLANG_TABLE "INSERT INTO schema_migrations VALUES (2, 0)");
	see(db, set, &view);
	db_end(db);
	weir_migrations_free(set);
}

static void stranded_and_interrupted_ones_are_pointed_out(void **state)
{
	static const struct view stranded = {"", "1 applied, 2 behind, 3 applied, 4 pending, 5 pending",
	                                     "stranded", WEIR_MIGRATE_WARNING};
	static const struct view interrupted = {
		"", "1 applied, 2 behind, 3 interrupted, 4 pending, 5 pending", "interrupted",
		WEIR_MIGRATE_WARNING};
	struct weir_migrations *const set = set_of(library);
	struct weir_db *const db = db_make(*state, NULL);

	(void)must_up(db, set, "3");
	beside(*state, "UPDATE weir_schema_history SET direction = 'down' WHERE version = '2'");
	see(db, set, &stranded);
	beside(*state, "UPDATE weir_schema_history SET outcome = 'running' WHERE version = '3'");
	see(db, set, &interrupted);
	db_end(db);
	weir_migrations_free(set);
}

static void a_table_that_is_only_behind_is_no_news(void **state)
{
	static const struct view quiet = {"", "1 applied, 2 applied, 3 applied", NULL,
	                                  WEIR_MIGRATE_NOTE};
	const struct weir_migrate_options keep = {.size = sizeof keep,
	                                          .foreign = WEIR_MIGRATE_FOREIGN_KEEP};
	struct weir_migrations *const set = set_of_files(*state, golang_files);
	struct weir_db *const db = db_make(*state, NULL);
	struct weir_migrate_report *report = NULL;

	beside(*state, GOLANG_TABLE);
	assert_code(weir_migrate_adopt(db, set, NULL, NULL, NULL), WEIR_OK);
	(void)must_up(db, set, NULL);
	see(db, set, &quiet);
	assert_code(weir_migrate_status(db, set, &keep, &report, NULL), WEIR_OK);
	assert_non_null(finding_of(report, "foreign_differs"));
	weir_migrate_report_free(report);
	db_end(db);
	weir_migrations_free(set);
}

static void what_cannot_be_read_is_an_error(void **state)
{
	struct weir_migrations *const set = set_of(library);
	struct weir_db *const db = db_make(*state, NULL);
	struct weir_error err = WEIR_ERROR_INIT;

	beside(*state, "CREATE TABLE weir_schema_history (mine)");
	assert_code(weir_migrate_status(db, set, NULL, NULL, &err), WEIR_ERR_MIGRATE_HISTORY);
	assert_code(weir_migrate_status(db, NULL, NULL, NULL, &err), WEIR_ERR_BAD_ARGUMENT);
	assert_code(weir_migrate_status(NULL, set, NULL, NULL, &err), WEIR_ERR_BAD_ARGUMENT);
	db_end(db);
	weir_migrations_free(set);
}

static void a_database_in_memory_has_a_status(void **state)
{
	struct weir_migrations *const set = set_of(library);
	struct weir_db *db = NULL;

	(void)state;
	assert_code(weir_db_open(&db, weir_sqlite_driver(), "sqlite::memory:", NULL), WEIR_OK);
	(void)must_up(db, set, "1");
	assert_string_equal(status_of(db, set),
	                    "1 applied, 2 pending, 3 pending, 4 pending, 5 pending");
	db_end(db);
	weir_migrations_free(set);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DB_TEST(a_new_database_has_all_pending),
		DB_TEST(what_was_done_is_told),
		cmocka_unit_test(another_tools_word_is_taken),
		DB_TEST(a_folder_of_another_tool_sees_its_own),
		DB_TEST(stranded_and_interrupted_ones_are_pointed_out),
		DB_TEST(a_table_that_is_only_behind_is_no_news),
		DB_TEST(what_cannot_be_read_is_an_error),
		cmocka_unit_test(a_database_in_memory_has_a_status),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
