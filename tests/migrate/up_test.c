/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Up beside programs of before: what would break them is refused, and foretold.
 */
#include "migrate_fixture.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct scripts set_scripts[] = {
	{"CREATE TABLE t (id INTEGER PRIMARY KEY, a, b); INSERT INTO t VALUES (1, 2, 3)", NULL},
	{"ALTER TABLE t DROP COLUMN b", NULL},
	{0}};

/* Called in each way that must find the same; the first is up itself. */
static const struct way {
	bool plans;
	bool dry_run;
} ways[] = {{false, false}, {false, true}, {true, false}};

static enum weir_code go(const struct way *way, struct weir_db *db,
                         const struct weir_migrations *set, struct weir_migrate_options options,
                         struct weir_migrate_report **report)
{
	options.dry_run = way->dry_run;
	if (way->plans)
		return weir_migrate_plan(db, set, WEIR_MIGRATE_UP, NULL, &options, report, NULL);
	return weir_migrate_up(db, set, NULL, &options, report, NULL);
}

static void must_find(const struct weir_migrate_report *report, const char *rule)
{
	const struct weir_migrate_finding *findings;
	const size_t count = weir_migrate_findings(report, &findings);

	for (size_t i = 0; i < count; i++) {
		if (strcmp(findings[i].rule, rule) == 0)
			return;
	}
	fail_msg("there is no finding %s", rule);
}

static void what_breaks_programs_is_refused_and_foretold(void **state)
{
	const struct weir_migrate_options rolling = {.size = sizeof rolling, .rolling = true};
	struct weir_migrations *const set = set_of(set_scripts);
	struct weir_db *const db = db_make(*state, NULL);
	struct weir_migrate_report *report = NULL;
	char *before;

	must_up(db, set, "1");
	before = contents(*state);
	for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
		char *after;

		assert_code(go(&ways[i], db, set, rolling, &report), WEIR_ERR_MIGRATE_INCOMPATIBLE);
		must_find(report, "dropped_column");
		weir_migrate_report_free(report);
		after = contents(*state);
		assert_string_equal(after, before);
		free(after);
	}
	assert_code(weir_migrate_check(db, set, NULL, NULL, &report, NULL),
	            WEIR_ERR_MIGRATE_INCOMPATIBLE);
	must_find(report, "dropped_column");
	weir_migrate_report_free(report);
	assert_int_equal(must_up(db, set, NULL), 1);
	free(before);
	db_end(db);
	weir_migrations_free(set);
}

static void statements_that_go_on_working_are_let_through(void **state)
{
	struct weir_migrate_options options = {.size = sizeof options};
	struct weir_migrations *const set = set_of(set_scripts);
	struct weir_db *const db = db_make(*state, NULL);
	struct weir_migrate_report *report = NULL;
	char folder[256];
	char path[300];

	must_up(db, set, "1");
	make_folder(*state, "statements", folder);
	put_script(folder, "good.sql", "SELECT a FROM t;");
	put_script(folder, "bad.sql", "SELECT a, b FROM t;");
	options.statements = path;
	(void)snprintf(path, sizeof path, "%s/bad.sql", folder);
	for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
		assert_code(go(&ways[i], db, set, options, &report), WEIR_ERR_MIGRATE_INCOMPATIBLE);
		must_find(report, "broken");
		weir_migrate_report_free(report);
	}
	(void)snprintf(path, sizeof path, "%s/good.sql", folder);
	for (size_t i = sizeof ways / sizeof ways[0]; i > 0; i--) {
		assert_code(go(&ways[i - 1], db, set, options, &report), WEIR_OK);
		weir_migrate_report_free(report);
	}
	assert_int_equal(db_number(db, "SELECT count(*) FROM pragma_table_info('t')"), 2);
	drop_folder(folder);
	db_end(db);
	weir_migrations_free(set);
}

/* Several processes may be told to fail at once: of those the one that is alone migrates. */
static void who_waits_for_nobody_migrates_where_nobody_is(void **state)
{
	const struct weir_migrate_options at_once = {.size = sizeof at_once, .timeout_ns = 1};
	struct weir_migrations *const set = set_of(set_scripts);
	struct weir_db *const db = db_make(*state, NULL);

	assert_code(weir_migrate_up(db, set, NULL, &at_once, NULL, NULL), WEIR_OK);
	assert_code(weir_migrate_status(db, set, &at_once, NULL, NULL), WEIR_OK);
	assert_int_equal(db_number(db, "SELECT count(*) FROM pragma_table_info('t')"), 2);
	db_end(db);
	weir_migrations_free(set);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DB_TEST(what_breaks_programs_is_refused_and_foretold),
		DB_TEST(who_waits_for_nobody_migrates_where_nobody_is),
		DB_TEST(statements_that_go_on_working_are_let_through),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
