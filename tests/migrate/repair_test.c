/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Repairs: edited and renamed scripts, interrupted steps, scripts that are gone.
 */
#include "history_fixture.h"

#include <stdlib.h>
#include <string.h>

static const struct scripts plain[] = {
	{"CREATE TABLE a (x);", "DROP TABLE a;"},
	{"CREATE TABLE b (x);", "DROP TABLE b;"},
	{"CREATE TABLE c (x);", "DROP TABLE c;"},
	{NULL, NULL},
};

static const struct scripts edited[] = {
	{"CREATE TABLE a (x);", "DROP TABLE a;"},
	{"CREATE TABLE b (x); -- as it should be", "DROP TABLE b;"},
	{"CREATE TABLE c (x);", "DROP TABLE c;"},
	{NULL, NULL},
};

static const struct scripts swapped[] = {
	{"CREATE TABLE b (x);", "DROP TABLE b;"},
	{"CREATE TABLE a (x);", "DROP TABLE a;"},
	{NULL, NULL},
};

static const char LAST[] =
	"SELECT version || ' ' || direction || ' ' || outcome FROM weir_schema_history ORDER BY id "
	"DESC LIMIT 1";

/* The rule of a finding that there is; "" for none. */
static void must_repair(struct weir_db *db, const struct weir_migrations *set, const char *version,
                        bool set_done, const char *states, const char *rule)
{
	struct weir_migrate_report *report = NULL;
	struct weir_error err = WEIR_ERROR_INIT;
	const struct weir_migrate_finding *findings;

	if (weir_migrate_repair(db, set, version, set_done, NULL, &report, &err) != WEIR_OK)
		fail_msg("%s", err.message);
	assert_string_equal(states_of(report), states);
	assert_int_equal(weir_migrate_findings(report, &findings), rule[0] != '\0');
	if (rule[0] != '\0')
		assert_string_equal(findings[0].rule, rule);
	weir_migrate_report_free(report);
}

/* Make the last migration of two one that stopped on its way. */
static void interrupt(const struct db_fixture *fixture, const char *direction)
{
	char sql[256];

	(void)snprintf(sql, sizeof sql,
	               "UPDATE weir_schema_history SET outcome = 'running', direction = '%s', "
	               "statements = 4, fingerprint = '' WHERE version = '2' AND id > 0",
	               direction);
	beside(fixture, sql);
}

static void an_edited_script_is_accepted(void **state)
{
	struct weir_migrations *const set = set_of(plain);
	struct weir_migrations *const other = set_of(edited);
	struct weir_db *const db = db_make(*state, NULL);

	(void)must_up(db, set, "2");
	fail_up(db, other, NULL, WEIR_ERR_MIGRATE_DRIFT, "edited since applied: 2.");
	must_repair(db, other, NULL, false, "2 edited*", "");
	db_assert_rows(*state, LAST, "2 repair done");
	assert_int_equal(must_up(db, other, NULL), 1);
	assert_code(weir_migrate_verify(db, other, NULL, NULL, NULL), WEIR_OK);
	assert_int_equal(must_down(db, other, "0"), 3);
	db_end(db);
	weir_migrations_free(other);
	weir_migrations_free(set);
}

static void only_the_one_that_is_named(void **state)
{
	struct weir_migrations *const set = set_of(plain);
	struct weir_migrations *const other = set_of(swapped);
	struct weir_db *const db = db_make(*state, NULL);

	(void)must_up(db, set, "2");
	assert_string_equal(status_of(db, other), "1 reordered, 2 reordered");
	must_repair(db, other, "02", false, "2 reordered*", "");
	assert_string_equal(status_of(db, other), "1 reordered, 2 applied");
	must_repair(db, other, NULL, false, "1 reordered*", "");
	assert_string_equal(status_of(db, other), "1 applied, 2 applied");
	db_end(db);
	weir_migrations_free(other);
	weir_migrations_free(set);
}

struct ending {
	const char *direction;
	bool set_done;
	const char *states;
	const char *last;
};

static void an_interrupted_one_is_ended(void **state)
{
	static const struct ending endings[] = {
		{"up", true, "1 applied, 2 applied, 3 pending", "2 repair done"},
		{"up", false, "1 applied, 2 pending, 3 pending", "2 down done"},
		{"down", true, "1 applied, 2 pending, 3 pending", "2 down done"},
		{"down", false, "1 applied, 2 applied, 3 pending", "2 repair done"},
	};
	struct weir_migrations *const set = set_of(plain);

	(void)state;
	for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
		void *fixture = NULL;
		struct weir_db *db;

		assert_int_equal(db_set_up(&fixture), 0);
		db = db_make(fixture, NULL);
		(void)must_up(db, set, "2");
		interrupt(fixture, endings[i].direction);
		must_repair(db, set, NULL, endings[i].set_done, "2 interrupted*", "");
		db_assert_rows(fixture, LAST, endings[i].last);
		assert_string_equal(status_of(db, set), endings[i].states);
		/* Somebody has seen to the schema: it is what is compared from now on. */
		db_assert_rows(fixture,
		               "SELECT fingerprint <> '' FROM weir_schema_history ORDER BY id DESC LIMIT 1",
		               "1");
		db_end(db);
		assert_int_equal(db_tear_down(&fixture), 0);
	}
	weir_migrations_free(set);
}

static void a_script_that_is_gone_is_forgotten_if_it_is_named(void **state)
{
	struct weir_migrations *const set = set_of(plain);
	struct weir_migrations *const less =
		set_of((const struct scripts[]){plain[0], plain[1], {NULL, NULL}});
	struct weir_db *const db = db_make(*state, NULL);

	(void)must_up(db, set, NULL);
	must_repair(db, less, NULL, false, "", "missing");
	must_repair(db, less, "3", false, "3 missing*", "");
	assert_string_equal(status_of(db, less), "1 applied, 2 applied");
	db_end(db);
	weir_migrations_free(less);
	weir_migrations_free(set);
}

static void the_other_tools_table_is_kept(void **state)
{
	static const char *const files[][2] = {
		{"001_a.sql", "-- migrate:up\nCREATE TABLE a (x);\n-- migrate:down\nDROP TABLE a;\n"},
		{"2_b.sql", "-- migrate:up transaction:false\nCREATE TABLE b (x);\n-- migrate:down\n"},
		{NULL, NULL},
	};
	const struct weir_migrate_options options = {.size = sizeof options,
	                                             .foreign = WEIR_MIGRATE_FOREIGN_KEEP};
	struct weir_migrations *const set = set_of_files(*state, files);
	struct weir_db *const db = db_make(*state, NULL);

	beside(*state, DBMATE_TABLE);
	assert_code(weir_migrate_adopt(db, set, &options, NULL, NULL), WEIR_OK);
	(void)must_up(db, set, NULL);
	beside(*state, "INSERT INTO schema_migrations VALUES ('001')");
	interrupt(*state, "up");
	assert_code(weir_migrate_repair(db, set, "2", true, &options, NULL, NULL), WEIR_OK);
	db_assert_rows(*state, "SELECT version FROM schema_migrations ORDER BY 1", "001,2");
	beside(*state, "DELETE FROM weir_schema_history WHERE direction = 'repair'");
	interrupt(*state, "up");
	assert_code(weir_migrate_repair(db, set, "2", false, &options, NULL, NULL), WEIR_OK);
	db_assert_rows(*state, "SELECT version FROM schema_migrations ORDER BY 1", "001");
	db_end(db);
	weir_migrations_free(set);
}

/* It would go on beside the repair, and record its end in a row that counts no more. */
static void one_that_still_runs_is_not_ended(void **state)
{
	const struct weir_migrate_options options = {.size = sizeof options,
	                                             .timeout_ns = WEIR_MILLISECONDS(20)};
	struct weir_migrations *const set = set_of(plain);
	struct weir_db *const db = db_make(*state, NULL);
	const struct weir_schema *const schema = weir_db_driver(db)->schema;
	void *held = NULL;

	(void)must_up(db, set, "2");
	interrupt(*state, "up");
	assert_code(schema->lock(weir_db_config(db), db_soon(), &held, NULL), WEIR_OK);
	assert_code(weir_migrate_repair(db, set, "2", false, &options, NULL, NULL),
	            WEIR_ERR_DRIVER_BUSY);
	schema->unlock(held);
	must_repair(db, set, "2", false, "2 interrupted*", "");
	db_end(db);
	weir_migrations_free(set);
}

static void there_may_be_nothing_to_repair(void **state)
{
	struct weir_migrations *const set = set_of(plain);
	struct weir_db *const db = db_make(*state, NULL);

	must_repair(db, set, NULL, false, "", "nothing_to_do");
	db_assert_rows(*state, "SELECT name FROM sqlite_schema", "");
	(void)must_up(db, set, NULL);
	must_repair(db, set, "2", true, "", "nothing_to_do");
	assert_int_equal(db_number(db, "SELECT count(*) FROM weir_schema_history"), 4);
	db_end(db);
	weir_migrations_free(set);
}

static void a_dry_run_changes_nothing(void **state)
{
	const struct weir_migrate_options options = {.size = sizeof options, .dry_run = true};
	struct weir_migrations *const set = set_of(plain);
	struct weir_migrations *const other = set_of(edited);
	struct weir_db *const db = db_make(*state, NULL);
	char *before;
	char *after;

	(void)must_up(db, set, NULL);
	before = contents(*state);
	assert_code(weir_migrate_repair(db, other, NULL, false, &options, NULL, NULL), WEIR_OK);
	after = contents(*state);
	assert_string_equal(after, before);
	free(after);
	free(before);
	db_end(db);
	weir_migrations_free(other);
	weir_migrations_free(set);
}

static void what_cannot_be_is_refused(void **state)
{
	struct weir_migrations *const set = set_of(plain);
	struct weir_db *const db = db_make(*state, NULL);
	struct weir_error err = WEIR_ERROR_INIT;

	assert_code(weir_migrate_repair(db, NULL, NULL, false, NULL, NULL, &err),
	            WEIR_ERR_BAD_ARGUMENT);
	assert_code(weir_migrate_repair(db, set, "12", false, NULL, NULL, &err),
	            WEIR_ERR_MIGRATE_SOURCE);
	assert_says(&err, "no version and no tag 12");
	(void)must_up(db, set, NULL);
	beside(*state, "UPDATE weir_schema_history SET version = '7' WHERE id = 0");
	assert_code(weir_migrate_repair(db, set, NULL, false, NULL, NULL, &err),
	            WEIR_ERR_MIGRATE_HISTORY);
	assert_says(&err, "newer weir, format 7");
	db_end(db);
	weir_migrations_free(set);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DB_TEST(an_edited_script_is_accepted),
		DB_TEST(only_the_one_that_is_named),
		cmocka_unit_test(an_interrupted_one_is_ended),
		DB_TEST(a_script_that_is_gone_is_forgotten_if_it_is_named),
		DB_TEST(the_other_tools_table_is_kept),
		DB_TEST(one_that_still_runs_is_not_ended),
		DB_TEST(there_may_be_nothing_to_repair),
		DB_TEST(a_dry_run_changes_nothing),
		DB_TEST(what_cannot_be_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
