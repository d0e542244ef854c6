/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Verifying: history, scripts and schema against each other.
 */
#include "history_fixture.h"

#include <stdlib.h>
#include <string.h>

/* What verify says: OK and the rule of a finding (NULL: none), or the error. */
static void verify(struct weir_db *db, const struct weir_migrations *set, enum weir_code code,
                   const char *rule, const char *sql)
{
	struct weir_migrate_report *report = NULL;
	const struct weir_migrate_finding *findings;
	struct weir_error err = WEIR_ERROR_INIT;
	const enum weir_code is = weir_migrate_verify(db, set, NULL, &report, &err);

	if (is != code)
		fail_msg("%s: %s", weir_error_name(is), err.message);
	assert_non_null(report);
	if (rule == NULL) {
		assert_int_equal(weir_migrate_findings(report, &findings), 0);
	} else {
		assert_non_null(finding_of(report, rule));
		if (sql != NULL)
			assert_non_null(strstr(finding_of(report, rule)->sql, sql));
	}
	weir_migrate_report_free(report);
}

struct drift {
	const char *sql;
	const char *rule;
	const char *remedy;
};

static void changes_by_hand_are_shown_as_sql(void **state)
{
	static const struct drift drifts[] = {
		{"DROP INDEX book_author", "missing", "CREATE INDEX book_author"},
		{"CREATE TABLE extra (x)", "unexpected", "DROP TABLE \"extra\""},
		{"ALTER TABLE author ADD COLUMN died INTEGER", "changed", ""},
		{"DROP VIEW shelf", "missing", "CREATE VIEW shelf"},
	};
	struct weir_migrations *const set = set_of(library);

	(void)state;
	for (size_t i = 0; i < sizeof drifts / sizeof drifts[0]; i++) {
		void *fixture = NULL;
		struct weir_db *db;

		assert_int_equal(db_set_up(&fixture), 0);
		db = db_make(fixture, NULL);
		(void)must_up(db, set, NULL);
		verify(db, set, WEIR_OK, NULL, NULL);
		beside(fixture, drifts[i].sql);
		verify(db, set, WEIR_ERR_MIGRATE_DRIFT, drifts[i].rule, drifts[i].remedy);
		db_end(db);
		assert_int_equal(db_tear_down(&fixture), 0);
	}
	weir_migrations_free(set);
}

static void every_version_on_the_way_is_in_order(void **state)
{
	struct weir_migrations *const set = set_of(library);
	struct weir_db *const db = db_make(*state, NULL);

	verify(db, set, WEIR_OK, "no_history", NULL);
	for (size_t i = 0; i < LIBRARY_COUNT; i++) {
		assert_int_equal(must_up(db, set, "+1"), 1);
		verify(db, set, WEIR_OK, NULL, NULL);
	}
	for (size_t i = 0; i < LIBRARY_COUNT; i++) {
		assert_int_equal(must_down(db, set, NULL), 1);
		verify(db, set, WEIR_OK, NULL, NULL);
	}
	db_end(db);
	weir_migrations_free(set);
}

/* Only what is applied is run to compare with, not what is pending below it. */
static void one_that_was_never_run_is_left_out(void **state)
{
	static const struct scripts scripts[] = {
		{"CREATE TABLE a (x)", NULL},
		{"CREATE TABLE b (x)", NULL},
		{"CREATE TABLE c (x)", NULL},
		{NULL, NULL},
	};
	struct weir_migrations *const set = set_of(scripts);
	struct weir_db *const db = db_make(*state, NULL);

	(void)must_up(db, set, NULL);
	beside(*state, "DROP TABLE b; UPDATE weir_schema_history SET direction = 'down' WHERE version "
	               "= '2'; UPDATE weir_schema_history SET fingerprint = ''");
	verify(db, set, WEIR_OK, "stranded", NULL);
	beside(*state, "CREATE TABLE b (x)");
	verify(db, set, WEIR_ERR_MIGRATE_DRIFT, "unexpected", "DROP TABLE \"b\"");
	db_end(db);
	weir_migrations_free(set);
}

static void scripts_are_compared_too(void **state)
{
	struct scripts other[LIBRARY_COUNT + 1];
	struct weir_migrations *const set = set_of(library);
	struct weir_migrations *changed;
	struct weir_db *const db = db_make(*state, NULL);

	(void)must_up(db, set, NULL);
	memcpy(other, library, sizeof other);
	other[1].up = "SELECT 1";
	changed = set_of(other);
	verify(db, changed, WEIR_ERR_MIGRATE_DRIFT, "edited", NULL);
	weir_migrations_free(changed);
	other[4].up = NULL;
	other[1].up = library[1].up;
	changed = set_of(other);
	verify(db, changed, WEIR_ERR_MIGRATE_DRIFT, "missing_script", NULL);
	beside(*state, "CREATE TABLE extra (x)");
	verify(db, changed, WEIR_ERR_MIGRATE_DRIFT, "schema", NULL);
	weir_migrations_free(changed);
	db_end(db);
	weir_migrations_free(set);
}

static void an_interrupted_one_is_a_difference(void **state)
{
	struct weir_migrations *const set = set_of(library);
	struct weir_db *const db = db_make(*state, NULL);

	(void)must_up(db, set, NULL);
	beside(*state, "UPDATE weir_schema_history SET outcome = 'running' WHERE version = '5'");
	verify(db, set, WEIR_ERR_MIGRATE_DRIFT, "interrupted", NULL);
	db_end(db);
	weir_migrations_free(set);
}

static void a_fingerprint_that_is_old_is_no_drift(void **state)
{
	struct weir_migrations *const set = set_of(library);
	struct weir_db *const db = db_make(*state, NULL);

	(void)must_up(db, set, NULL);
	beside(*state, "UPDATE weir_schema_history SET fingerprint = 'old' WHERE id > 0");
	verify(db, set, WEIR_OK, "fingerprint", NULL);
	beside(*state, "UPDATE weir_schema_history SET fingerprint = ''");
	verify(db, set, WEIR_OK, NULL, NULL);
	db_end(db);
	weir_migrations_free(set);
}

/* A baseline of scripts that do not begin with an empty database. */
static void what_cannot_be_rebuilt_is_compared_by_its_fingerprint(void **state)
{
	static const struct scripts scripts[] = {{"ALTER TABLE old ADD COLUMN y", NULL}, {NULL, NULL}};
	struct weir_migrations *const set = set_of(scripts);
	struct weir_db *const db = db_make(*state, NULL);

	db_exec(db, "CREATE TABLE old (x, y)");
	assert_code(weir_migrate_baseline(db, set, NULL, NULL, NULL, NULL), WEIR_OK);
	verify(db, set, WEIR_OK, NULL, NULL);
	beside(*state, "CREATE TABLE extra (x)");
	verify(db, set, WEIR_ERR_MIGRATE_DRIFT, "schema", NULL);
	beside(*state, "UPDATE weir_schema_history SET fingerprint = ''");
	verify(db, set, WEIR_OK, "not_compared", NULL);
	db_end(db);
	weir_migrations_free(set);
}

static void bad_arguments_are_refused(void **state)
{
	struct weir_migrations *const set = set_of(library);
	struct weir_db *const db = db_make(*state, NULL);

	assert_code(weir_migrate_verify(NULL, set, NULL, NULL, NULL), WEIR_ERR_BAD_ARGUMENT);
	assert_code(weir_migrate_verify(db, NULL, NULL, NULL, NULL), WEIR_ERR_BAD_ARGUMENT);
	db_end(db);
	weir_migrations_free(set);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(changes_by_hand_are_shown_as_sql),
		DB_TEST(every_version_on_the_way_is_in_order),
		DB_TEST(one_that_was_never_run_is_left_out),
		DB_TEST(scripts_are_compared_too),
		DB_TEST(an_interrupted_one_is_a_difference),
		DB_TEST(a_fingerprint_that_is_old_is_no_drift),
		DB_TEST(what_cannot_be_rebuilt_is_compared_by_its_fingerprint),
		DB_TEST(bad_arguments_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
