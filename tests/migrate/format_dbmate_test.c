/* SPDX-License-Identifier: BSD-2-Clause
 *
 * dbmate's files: markers, options, order by name, and what it cannot apply itself.
 */
#include "source_fixture.h"

#include <string.h>

static const struct weir_migrations *read_one(struct source_fixture *fixture, const char *text)
{
	source_put(fixture, "001_a.sql", text);
	return source_read(fixture, WEIR_MIGRATE_DBMATE, 1);
}

static void sections_keep_their_text_and_their_line(void **state)
{
	struct source_fixture *const fixture = *state;
	const struct weir_migrations *const set =
		read_one(fixture, "\n -- Why.\n-- migrate:up\nSELECT 1;\n\n-- migrate:down\nSELECT 2;");

	source_is(&set->list[0].up, "SELECT 1;\n\n", 4, false);
	source_is(&set->list[0].down, "SELECT 2;", 7, false);
	assert_string_equal(set->list[0].version, "001");
	assert_string_equal(set->list[0].name, "a");
}

struct option_case {
	const char *text;
	bool up;
	bool down;
};

/* What it does not know it passes over. */
static const struct option_case option_cases[] = {
	{"-- migrate:up\n-- migrate:down\n", false, false},
	{"--migrate:up transaction:false\n--migrate:down\n", true, false},
	{"-- migrate:up\n--\t migrate:down  x:y transaction:false\n", false, true},
	{"-- migrate:up transaction:false\r\n-- migrate:down transaction:false\r\n", true, true},
	{"-- migrate:up transaction:true\n-- migrate:down transaction:off\n", false, false},
	{"-- migrate:up transaction:false:x\n-- migrate:down transaction\n", false, false},
	{"-- migrate:up some words transaction:false\n-- migrate:down :\n", true, false},
};

static void only_transaction_false_says_anything(void **state)
{
	struct source_fixture *const fixture = *state;

	for (size_t i = 0; i < SOURCE_COUNT(option_cases); i++) {
		const struct weir_migrations *const set = read_one(fixture, option_cases[i].text);

		assert_int_equal(set->list[0].up.no_transaction, option_cases[i].up);
		assert_int_equal(set->list[0].down.no_transaction, option_cases[i].down);
	}
}

/* Indented, in capitals, or part of a longer word. */
static void what_is_no_marker_is_a_comment(void **state)
{
	struct source_fixture *const fixture = *state;
	const struct weir_migrations *const set =
		read_one(fixture, "-- migrate:upwards\n -- migrate:up\n-- MIGRATE:UP\n-- migrate:up\n"
	                      "  -- migrate:down\n-- migrate:downs\n-- migrate:down\n");

	source_is(&set->list[0].up, "  -- migrate:down\n-- migrate:downs\n", 5, false);
	source_is(&set->list[0].down, "", 8, false);
}

static void the_order_is_that_of_the_names(void **state)
{
	static const char text[] = "-- migrate:up\n-- migrate:down\n";
	struct source_fixture *const fixture = *state;
	const struct weir_migrations *set;

	source_put(fixture, "2_b.sql", text);
	source_put(fixture, "10_c.sql", text);
	source_put(fixture, "001a.sql", text);
	source_put(fixture, "1.sql", text);
	source_put(fixture, "schema.sql", "SELECT 1;");
	set = source_read(fixture, WEIR_MIGRATE_DETECT, 4);
	assert_int_equal(set->format, WEIR_MIGRATE_DBMATE);
	assert_string_equal(set->list[0].version, "001");
	assert_string_equal(set->list[0].name, "a");
	assert_string_equal(set->list[1].version, "1");
	assert_string_equal(set->list[1].name, "");
	assert_string_equal(set->list[2].version, "10");
	assert_string_equal(set->list[3].version, "2");
	assert_int_equal(weir__set_find(set, "001"), 0);
	assert_int_equal(weir__set_find(set, "1"), 1);
	assert_int_equal(weir__set_find(set, "01"), SIZE_MAX);
}

static void a_version_that_is_there_twice_is_refused(void **state)
{
	static const char text[] = "-- migrate:up\n-- migrate:down\n";
	struct source_fixture *const fixture = *state;

	source_put(fixture, "1-a.sql", text);
	source_put(fixture, "10_b.sql", text);
	source_put(fixture, "1_c.sql", text);
	source_refused(fixture, WEIR_MIGRATE_DETECT, "/1-a.sql", "/1_c.sql");
}

static void a_blank_file_does_nothing(void **state)
{
	struct source_fixture *const fixture = *state;
	const struct weir_migrations *const set = read_one(fixture, "\r\n");

	source_is(&set->list[0].up, "", 1, false);
	source_is(&set->list[0].down, "", 1, false);
}

static const struct source_bad bad[] = {
	{"1_a.sql", "SELECT 1;\n-- migrate:up\n", "1_a.sql:1: ", "before \"-- migrate:up\""},
	{"1_a.sql", "/* x */\n-- migrate:up\n-- migrate:down", "1_a.sql:1: ", "before"},
	{"1_a.sql", "-- migrate:up\nSELECT 1;\n", "1_a.sql: ", "no line \"-- migrate:down\""},
	{"1_a.sql", "-- migrate:up transaction:false", "1_a.sql: ", "no line \"-- migrate:down\""},
	{"1_a.sql", "-- migrate:down\n", "1_a.sql: ", "no line \"-- migrate:up\""},
	{"1_a.sql", "-- a comment\n", "1_a.sql: ", "no line \"-- migrate:up\""},
	{"1_a.sql", "\n-- migrate:down\n-- migrate:up\n", "1_a.sql:2: ", "comes before"},
	{"1_a.sql", "-- migrate:up\n-- migrate:down\n\n-- migrate:up\n-- migrate:down\n",
     "1_a.sql:4: ", "several pairs"},
	{"1_a.sql", "-- migrate:up\n-- migrate:down\n-- migrate:down\n",
     "1_a.sql:3: ", "several pairs"},
	{"1234567890123456789012345678901234567890123456789012345678901234_a.sql", "",
     "_a.sql: ", "more than 63 digits"},
};

static void what_dbmate_refuses_or_applies_in_part_is_refused(void **state)
{
	source_all_refused(*state, WEIR_MIGRATE_DBMATE, bad, SOURCE_COUNT(bad));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SOURCE_TEST(sections_keep_their_text_and_their_line),
		SOURCE_TEST(only_transaction_false_says_anything),
		SOURCE_TEST(what_is_no_marker_is_a_comment),
		SOURCE_TEST(the_order_is_that_of_the_names),
		SOURCE_TEST(a_version_that_is_there_twice_is_refused),
		SOURCE_TEST(a_blank_file_does_nothing),
		SOURCE_TEST(what_dbmate_refuses_or_applies_in_part_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
