/* SPDX-License-Identifier: BSD-2-Clause
 *
 * golang-migrate's names, pairs and versions.
 */
#include "source_fixture.h"

#include <string.h>

struct name_case {
	const char *name;
	const char *version; /* NULL: it is passed over */
	const char *title;
	bool up;
};

static const struct name_case names[] = {
	{"1_a.up.sql", "1", "a", true},
	{"1_a.down.sql", "1", "a", false},
	{"0017_a.up.sql", "17", "a", true},
	{"0_a.up.sql", "0", "a", true},
	{"18446744073709551615_a.up.sql", "18446744073709551615", "a", true},
	{"1_a.up.sql.bak", "1", "a", true},
	{"1_x..up.sql", "1", "x.", true},
	{"1_.up.sql", "1", "", true},
	{"1_a.up.", "1", "a", true},
	{"1_a.up.down.sql", "1", "a.up", false},
	{"1_a.up.b.down.c.up.sql", "1", "a.up.b.down.c", true},
	{"1_a b-c.down.up.sql", "1", "a b-c.down", true},
	{"1.up.sql", NULL, NULL, false},
	{"-1_x.up.sql", NULL, NULL, false},
	{"1_x.sql", NULL, NULL, false},
	{"1_up.sql", NULL, NULL, false},
	{"_a.up.sql", NULL, NULL, false},
	{"a_1.up.sql", NULL, NULL, false},
	{"1_a.UP.sql", NULL, NULL, false},
	{"1_a.up", NULL, NULL, false},
	{"readme.md", NULL, NULL, false},
};

static void names_are_taken_apart_as_the_tool_does(void **state)
{
	struct source_fixture *const fixture = *state;

	for (size_t i = 0; i < SOURCE_COUNT(names); i++) {
		const struct name_case *const wanted = &names[i];
		const struct weir_migrations *set;

		source_put(fixture, wanted->name, "SELECT 1;");
		set = source_read(fixture, WEIR_MIGRATE_GOLANG, wanted->version != NULL);
		if (wanted->version != NULL) {
			assert_string_equal(set->list[0].version, wanted->version);
			assert_string_equal(set->list[0].name, wanted->title);
			source_is(&set->list[0].up, wanted->up ? "SELECT 1;" : NULL, 1, false);
			source_is(&set->list[0].down, wanted->up ? NULL : "SELECT 1;", 1, false);
		}
		source_take(fixture, wanted->name);
	}
}

static void pairs_find_each_other_by_number(void **state)
{
	struct source_fixture *const fixture = *state;
	const struct weir_migrations *set;

	source_put(fixture, "010_c.up.sql", "SELECT 10;\r\n");
	source_put(fixture, "10_other_name.down.sql", "SELECT -10;");
	source_put(fixture, "9_b.down.sql", "SELECT -9;");
	source_put(fixture, "2_a.up.sql", "");
	set = source_read(fixture, WEIR_MIGRATE_DETECT, 3);
	assert_int_equal(set->format, WEIR_MIGRATE_GOLANG);
	assert_string_equal(set->list[0].version, "2");
	source_is(&set->list[0].up, "", 1, false);
	source_is(&set->list[0].down, NULL, 0, false);
	assert_string_equal(set->list[1].version, "9");
	source_is(&set->list[1].up, NULL, 0, false);
	assert_string_equal(set->list[2].version, "10");
	assert_string_equal(set->list[2].name, "c");
	source_is(&set->list[2].up, "SELECT 10;\r\n", 1, false);
	source_is(&set->list[2].down, "SELECT -10;", 1, false);
	assert_has(set->list[2].down.path, "/10_other_name.down.sql");
}

static void a_version_without_up_is_shown_with_its_down(void **state)
{
	struct source_fixture *const fixture = *state;
	struct weir_migration migration;

	source_put(fixture, "1_a.down.sql", "SELECT 1;");
	assert_true(weir_migrations_at(source_read(fixture, WEIR_MIGRATE_GOLANG, 1), 0, &migration));
	assert_false(migration.has_up);
	assert_true(migration.has_down);
	assert_has(migration.path, "/1_a.down.sql");
}

static void a_direction_that_is_there_twice_is_refused(void **state)
{
	struct source_fixture *const fixture = *state;

	source_put(fixture, "1_a.up.sql", "");
	source_put(fixture, "01_b.up.sql", "");
	source_refused(fixture, WEIR_MIGRATE_DETECT, "/01_b.up.sql", "/1_a.up.sql");
	source_take(fixture, "01_b.up.sql");
	source_put(fixture, "1_a.up.sql.bak", "");
	source_refused(fixture, WEIR_MIGRATE_DETECT, "1_a.up.sql.bak: ", "has an up script already");
}

static void a_version_that_is_no_number_is_not_passed_over(void **state)
{
	struct source_fixture *const fixture = *state;

	source_put(fixture, "18446744073709551616_a.up.sql", "");
	source_refused(fixture, WEIR_MIGRATE_DETECT, "18446744073709551616_a.up.sql", "64 bits");
}

static void no_wrap_leaves_transactions_to_the_scripts(void **state)
{
	struct source_fixture *const fixture = *state;
	const struct weir_migrations_options options = {.size = (uint32_t)sizeof options,
	                                                .no_wrap = true};

	source_put(fixture, "1_a.up.sql", "BEGIN; COMMIT;");
	source_put(fixture, "1_a.down.sql", "BEGIN; COMMIT;");
	assert_false(source_read(fixture, WEIR_MIGRATE_DETECT, 1)->list[0].up.own_transactions);
	weir_migrations_free(fixture->set);
	assert_code(weir_migrations_read(&fixture->set, fixture->folder, &options, NULL), WEIR_OK);
	assert_true(fixture->set->list[0].up.own_transactions);
	assert_true(fixture->set->list[0].down.own_transactions);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SOURCE_TEST(names_are_taken_apart_as_the_tool_does),
		SOURCE_TEST(pairs_find_each_other_by_number),
		SOURCE_TEST(a_version_without_up_is_shown_with_its_down),
		SOURCE_TEST(a_direction_that_is_there_twice_is_refused),
		SOURCE_TEST(a_version_that_is_no_number_is_not_passed_over),
		SOURCE_TEST(no_wrap_leaves_transactions_to_the_scripts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
