/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Which migrations a target stands for.
 */
#include "migrate_fixture.h"

#include <string.h>

/* The versions of a plan, with commas. */
static const char *plan_of(struct weir_db *db, const struct weir_migrations *set,
                           enum weir_migrate_direction direction, const char *target)
{
	static char text[256];
	struct weir_migrate_report *report = NULL;
	struct weir_error err = WEIR_ERROR_INIT;
	const struct weir_migrate_row *rows;
	size_t count;

	text[0] = '\0';
	if (weir_migrate_plan(db, set, direction, target, NULL, &report, &err) != WEIR_OK) {
		weir_migrate_report_free(report);
		return weir_error_name(err.code);
	}
	count = weir_migrate_rows(report, &rows);
	for (size_t i = 0; i < count; i++) {
		assert_false(rows[i].done);
		(void)strcat(text, i == 0 ? "" : ",");
		(void)strcat(text, rows[i].version);
	}
	weir_migrate_report_free(report);
	return text;
}

static struct weir_migrations *tagged(void)
{
	const struct weir_migration_source sources[] = {
		{.version = "1", .name = "a", .up = {.sql = "SELECT 1"}, .down = {.sql = "SELECT 1"}},
		{.version = "02", .name = "b", .tag = "v1", .up = {.sql = "SELECT 2"}, .down = {.sql = ""}},
		{.version = "10", .name = "c", .up = {.sql = "SELECT 3"}, .down = {.sql = "SELECT 3"}},
		{.version = "11",
	     .name = "d",
	     .tag = "v2",
	     .up = {.sql = "SELECT 4"},
	     .down = {.sql = ";"}},
	};
	struct weir_migrations *set = NULL;

	assert_code(weir_migrations_make(&set, sources, 4, NULL), WEIR_OK);
	return set;
}

static void targets_up(void **state)
{
	static const char *const cases[][2] = {
		{NULL, "1,2,10,11"},
		{"+1", "1"},
		{"+3", "1,2,10"},
		{"+99", "1,2,10,11"},
		{"2", "1,2"},
		{"02", "1,2"},
		{"10", "1,2,10"},
		{"v1", "1,2"},
		{"v2", "1,2,10,11"},
		{"1", "1"},
		{"3", "MIGRATE_SOURCE"},
		{"v3", "MIGRATE_SOURCE"},
		{"+0", "MIGRATE_SOURCE"},
		{"+x", "MIGRATE_SOURCE"},
		{"", "MIGRATE_SOURCE"},
		{"-1", "MIGRATE_SOURCE"},
	};
	struct weir_migrations *const set = tagged();
	struct weir_db *const db = db_make(*state, NULL);

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		assert_string_equal(plan_of(db, set, WEIR_MIGRATE_UP, cases[i][0]), cases[i][1]);
	assert_int_equal(db_number(db, "SELECT count(*) FROM sqlite_schema"), 0);
	db_end(db);
	weir_migrations_free(set);
}

static void targets_down(void **state)
{
	static const char *const cases[][2] = {
		{NULL, "11"},
		{"-1", "11"},
		{"-3", "11,10,2"},
		{"-9", "11,10,2,1"},
		{"0", "11,10,2,1"},
		{"2", "11,10"},
		{"v1", "11,10"},
		{"11", ""},
		{"+1", "MIGRATE_SOURCE"},
		{"5", "MIGRATE_SOURCE"},
	};
	struct weir_migrations *const set = tagged();
	struct weir_db *const db = db_make(*state, NULL);

	must_up(db, set, NULL);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		assert_string_equal(plan_of(db, set, WEIR_MIGRATE_DOWN, cases[i][0]), cases[i][1]);
	must_down(db, set, "v1");
	assert_string_equal(plan_of(db, set, WEIR_MIGRATE_DOWN, "v2"), "MIGRATE_SOURCE");
	assert_string_equal(plan_of(db, set, WEIR_MIGRATE_UP, NULL), "10,11");
	db_end(db);
	weir_migrations_free(set);
}

static void one_without_a_way_down_says_so(void **state)
{
	struct weir_migrations *const set =
		set_of((const struct scripts[]){{"SELECT 1", "SELECT 1"}, {"SELECT 2", NULL}, {0}});
	struct weir_db *const db = db_make(*state, NULL);
	struct weir_error err = WEIR_ERROR_INIT;

	must_up(db, set, NULL);
	assert_code(weir_migrate_down(db, set, NULL, NULL, NULL, &err), WEIR_ERR_MIGRATE_SOURCE);
	assert_non_null(strstr(err.message, "no down script"));
	db_end(db);
	weir_migrations_free(set);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DB_TEST(targets_up),
		DB_TEST(targets_down),
		DB_TEST(one_without_a_way_down_says_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
