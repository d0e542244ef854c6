/* SPDX-License-Identifier: BSD-2-Clause
 *
 * weir's own format: what is read out of it, and what is refused, with its line.
 */
#include "source_fixture.h"

#include <string.h>

static const struct weir_migrations *read_one(struct source_fixture *fixture, const char *text)
{
	source_put(fixture, "001_a.sql", text);
	return source_read(fixture, WEIR_MIGRATE_WEIR, 1);
}

static void sections_keep_their_text_and_their_line(void **state)
{
	struct source_fixture *const fixture = *state;
	const struct weir_migrations *const set =
		read_one(fixture, "-- Why.\n\n  -- More.\n-- weir:up\n\n SELECT 1;\n-- x\n"
	                      "-- weir:down\nSELECT 2;\n");

	source_is(&set->list[0].up, "\n SELECT 1;\n-- x\n", 5, false);
	source_is(&set->list[0].down, "SELECT 2;\n", 9, false);
	assert_string_equal(set->list[0].version, "1");
	assert_string_equal(set->list[0].name, "a");
	assert_has(set->list[0].up.path, "/001_a.sql");
	assert_int_equal(set->format, WEIR_MIGRATE_WEIR);
}

static void a_down_may_be_missing_or_empty(void **state)
{
	struct source_fixture *const fixture = *state;
	const struct weir_migrations *set = read_one(fixture, "-- weir:up\nSELECT 1;");

	source_is(&set->list[0].up, "SELECT 1;", 2, false);
	source_is(&set->list[0].down, NULL, 0, false);
	set = read_one(fixture, "-- weir:up\nSELECT 1;\n-- weir:down");
	source_is(&set->list[0].down, "", 4, false);
}

static void options_and_tags_are_taken(void **state)
{
	struct source_fixture *const fixture = *state;
	const struct weir_migrations *const set = read_one(
		fixture, "--weir:tag  v1.0-rc_1 \n--  weir:up transaction:off  foreign_keys:on\t\nVACUUM;\n"
				 "-- weir:down foreign_keys:off transaction:on\n");
	const struct weir__migration *const migration = &set->list[0];

	assert_string_equal(migration->tag, "v1.0-rc_1");
	source_is(&migration->up, "VACUUM;\n", 3, true);
	assert_true(migration->up.keep_foreign_keys);
	source_is(&migration->down, "", 5, false);
	assert_false(migration->down.keep_foreign_keys);
}

static void line_ends_of_any_kind_are_kept_and_not_summed(void **state)
{
	struct source_fixture *const fixture = *state;
	char checksum[WEIR_MIGRATE_CHECKSUM_MAX];
	const struct weir_migrations *set =
		read_one(fixture, "\xEF\xBB\xBF-- weir:up transaction:off\r\nSELECT\r\n1;\r\n"
	                      "-- weir:down\r\nSELECT 2;\r\n");

	source_is(&set->list[0].up, "SELECT\r\n1;\r\n", 2, true);
	source_is(&set->list[0].down, "SELECT 2;\r\n", 5, false);
	memcpy(checksum, set->list[0].checksum, sizeof checksum);
	set = read_one(fixture, "-- weir:up\nSELECT\n1;\n-- weir:down\nSELECT 2;");
	assert_string_equal(set->list[0].checksum, checksum);
}

static void a_blank_file_does_nothing_in_both_directions(void **state)
{
	static const char *const blank[] = {"", "\n", " \t\r\n\n", "\xEF\xBB\xBF\n"};
	struct source_fixture *const fixture = *state;

	for (size_t i = 0; i < SOURCE_COUNT(blank); i++) {
		const struct weir_migrations *const set = read_one(fixture, blank[i]);

		source_is(&set->list[0].up, "", 1, false);
		source_is(&set->list[0].down, "", 1, false);
	}
}

static void versions_are_numbers(void **state)
{
	struct source_fixture *const fixture = *state;
	const struct weir_migrations *set;

	source_put(fixture, "10_c.sql", "-- weir:up\n");
	source_put(fixture, "9_b_2.up.sql", "-- weir:up\n");
	source_put(fixture, "0008_a.sql", "-- weir:up\n");
	set = source_read(fixture, WEIR_MIGRATE_DETECT, 3);
	assert_string_equal(set->list[0].version, "8");
	assert_string_equal(set->list[1].version, "9");
	assert_string_equal(set->list[1].name, "b_2.up");
	assert_string_equal(set->list[2].version, "10");
	source_put(fixture, "8_again.sql", "-- weir:up\n");
	source_refused(fixture, WEIR_MIGRATE_DETECT, "/0008_a.sql", "/8_again.sql");
}

static const struct source_bad bad[] = {
	{"1_a.sql", "SELECT 1;\n", "1_a.sql:1: ", "before \"-- weir:up\""},
	{"1_a.sql", "/* x */\n-- weir:up\n", "1_a.sql:1: ", "only comments"},
	{"1_a.sql", "-- only a comment\n", "1_a.sql: ", "no line \"-- weir:up\""},
	{"1_a.sql", "-- weir:down\n-- weir:up\n", "1_a.sql:1: ", "has to come first"},
	{"1_a.sql", "-- weir:up\n\n-- weir:up\n", "1_a.sql:3: ", "a second \"-- weir:up\""},
	{"1_a.sql", "-- weir:up\n-- weir:down\n-- weir:up\n", "1_a.sql:3: ", "up first"},
	{"1_a.sql", "-- weir:up\n-- weir:down\n-- weir:down\n", "1_a.sql:3: ", "a second"},
	{"1_a.sql", "-- weir:up\n  -- weir:down\n", "1_a.sql:2: ", "begin its line"},
	{"1_a.sql", "-- weir:up\n-- weir:dwon\n", "1_a.sql:2: ", "did you mean \"down\"?"},
	{"1_a.sql", "-- weir:UP\n", "1_a.sql:1: ", "no marker \"-- weir:UP\""},
	{"1_a.sql", "-- weir: up\n", "1_a.sql:1: ", "no marker"},
	{"1_a.sql", "-- weir:\n-- weir:up\n", "1_a.sql:1: ", "no marker"},
	{"1_a.sql", "-- weir:up transacton:off\n", "1_a.sql:1: ", "did you mean \"transaction\"?"},
	{"1_a.sql", "-- weir:up transaction:false\n", "1_a.sql:1: ", "transaction:off or"},
	{"1_a.sql", "-- weir:up transaction\n", "1_a.sql:1: ", "transaction:off or"},
	{"1_a.sql", "-- weir:up transaction:\n", "1_a.sql:1: ", "transaction:off or"},
	{"1_a.sql", "-- weir:up foreign_keys:yes\n", "1_a.sql:1: ", "foreign_keys:on or"},
	{"1_a.sql", "-- weir:up\n-- weir:down make it so\n", "1_a.sql:2: ", "no option \"make\""},
	{"1_a.sql", "-- weir:tag\n-- weir:up\n", "1_a.sql:1: ", "a tag begins"},
	{"1_a.sql", "-- weir:tag 20\n-- weir:up\n", "1_a.sql:1: ", "a tag begins"},
	{"1_a.sql", "-- weir:tag a b\n-- weir:up\n", "1_a.sql:1: ", "a tag begins"},
	{"1_a.sql", "-- weir:tag +1\n-- weir:up\n", "1_a.sql:1: ", "a tag begins"},
	{"1_a.sql", "-- weir:tag a\n-- weir:tag b\n-- weir:up\n", "1_a.sql:2: ", "a second tag"},
	{"1_a.sql", "-- weir:up\n-- weir:tag a\n", "1_a.sql:2: ", "before \"-- weir:up\""},
	{"a.sql", "-- weir:up\n", "a.sql: ", "its name has to be"},
	{"1-a.sql", "-- weir:up\n", "1-a.sql: ", "its name has to be"},
	{"1_.sql", "-- weir:up\n", "1_.sql: ", "its name has to be"},
	{"1.sql", "-- weir:up\n", "1.sql: ", "its name has to be"},
	{"000_a.sql", "-- weir:up\n", "000_a.sql: ", "version 0"},
	{"1234567890123456789012345678901234567890123456789012345678901234_a.sql", "",
     "_a.sql: ", "more than 63 digits"},
};

static void what_is_wrong_is_said_with_its_line(void **state)
{
	source_all_refused(*state, WEIR_MIGRATE_WEIR, bad, SOURCE_COUNT(bad));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SOURCE_TEST(sections_keep_their_text_and_their_line),
		SOURCE_TEST(a_down_may_be_missing_or_empty),
		SOURCE_TEST(options_and_tags_are_taken),
		SOURCE_TEST(line_ends_of_any_kind_are_kept_and_not_summed),
		SOURCE_TEST(a_blank_file_does_nothing_in_both_directions),
		SOURCE_TEST(versions_are_numbers),
		SOURCE_TEST(what_is_wrong_is_said_with_its_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
