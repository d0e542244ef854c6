/* SPDX-License-Identifier: BSD-2-Clause
 *
 * goose's files: annotations where it wants them, and migrations in Go.
 */
#include "source_fixture.h"

#include <string.h>

static const struct weir_migrations *read_one(struct source_fixture *fixture, const char *text)
{
	source_put(fixture, "00001_a.sql", text);
	return source_read(fixture, WEIR_MIGRATE_GOOSE, 1);
}

static void sections_keep_their_text_and_their_line(void **state)
{
	struct source_fixture *const fixture = *state;
	const struct weir_migrations *const set =
		read_one(fixture, "-- Why.\n\n-- +goose Up\n-- +goose StatementBegin\nSELECT 1;\n"
	                      "-- +goose StatementEnd\nSELECT 2;\n-- +goose Down\nSELECT 3;");

	source_is(&set->list[0].up,
	          "-- +goose StatementBegin\nSELECT 1;\n-- +goose StatementEnd\nSELECT 2;\n", 4, false);
	source_is(&set->list[0].down, "SELECT 3;", 9, false);
	assert_string_equal(set->list[0].version, "1");
	assert_string_equal(set->list[0].name, "a");
}

static void a_down_may_be_missing(void **state)
{
	const struct weir_migrations *const set = read_one(*state, "-- +goose Up\r\nSELECT 1;\r\n");

	source_is(&set->list[0].up, "SELECT 1;\r\n", 2, false);
	source_is(&set->list[0].down, NULL, 0, false);
}

static void no_transaction_anywhere_is_for_both_directions(void **state)
{
	static const char *const texts[] = {
		"-- +goose NO TRANSACTION\n-- +goose Up\n-- +goose Down\n",
		"-- +goose Up\n-- +goose no transaction\n-- +goose Down\n",
		"-- +goose Up\n-- +goose Down\nSELECT 1;\n--+goose NO TRANSACTION",
	};
	struct source_fixture *const fixture = *state;

	for (size_t i = 0; i < SOURCE_COUNT(texts); i++) {
		const struct weir_migrations *const set = read_one(fixture, texts[i]);

		assert_true(set->list[0].up.no_transaction);
		assert_true(set->list[0].down.no_transaction);
	}
}

static void annotations_are_known_however_they_are_written(void **state)
{
	static const char *const texts[] = {
		"-- +goose Up\n-- +goose Down\n",
		"--+goose up\n--   +goose   DOWN  \n",
		"-- +goose UP --\r\n---- +goose Down\r\n",
		"-- +goose ENVSUB OFF\n-- +goose Up\n-- +goose Down\n",
	};
	struct source_fixture *const fixture = *state;

	for (size_t i = 0; i < SOURCE_COUNT(texts); i++) {
		const struct weir_migrations *const set = read_one(fixture, texts[i]);

		assert_true(set->list[0].up.there && set->list[0].down.there);
	}
}

static void the_order_is_that_of_the_numbers(void **state)
{
	struct source_fixture *const fixture = *state;
	const struct weir_migrations *set;

	source_put(fixture, "10_b.sql", "-- +goose Up\n");
	source_put(fixture, "00009_a.sql", "-- +goose Up\n");
	source_put(fixture, "9223372036854775807_c.sql", "");
	source_put(fixture, "embed.go", "package migrations\n");
	source_put(fixture, "00009_a_test.go", "package migrations\n");
	source_put(fixture, "README.md", "Nothing.\n");
	set = source_read(fixture, WEIR_MIGRATE_DETECT, 3);
	assert_int_equal(set->format, WEIR_MIGRATE_GOOSE);
	assert_string_equal(set->list[0].version, "9");
	assert_string_equal(set->list[1].version, "10");
	source_is(&set->list[2].up, "", 1, false);
	source_is(&set->list[2].down, "", 1, false);
	source_put(fixture, "9_again.sql", "-- +goose Up\n");
	source_refused(fixture, WEIR_MIGRATE_DETECT, "/00009_a.sql", "/9_again.sql");
}

static void migrations_in_go_are_named_and_refused(void **state)
{
	static const char text[] = "func init() { goose.AddMigrationContext(up, down) }\n";
	struct source_fixture *const fixture = *state;

	source_put(fixture, "00001_a.go", text);
	source_refused(fixture, WEIR_MIGRATE_DETECT, "need code", "00001_a.go");
	source_put(fixture, "00002_b.sql", "-- +goose Up\n");
	source_put(fixture, "00003_c.go", text);
	source_refused(fixture, WEIR_MIGRATE_DETECT, "2 migrations need code",
	               "00001_a.go, 00003_c.go");
}

static const struct source_bad bad[] = {
	{"1_a.sql", "SELECT 1;\n-- +goose Up\n", "1_a.sql:1: ", "before \"-- +goose Up\""},
	{"1_a.sql", "/* x */\n-- +goose Up\n", "1_a.sql:1: ", "before"},
	{"1_a.sql", "-- a comment\n", "1_a.sql: ", "no line \"-- +goose Up\""},
	{"1_a.sql", "-- +goose Down\n-- +goose Up\n", "1_a.sql:1: ", "has to come first"},
	{"1_a.sql", "-- +goose Up\n-- +goose Up\n", "1_a.sql:2: ", "a second \"-- +goose Up\""},
	{"1_a.sql", "-- +goose Up\n-- +goose Down\n-- +goose Down\n", "1_a.sql:3: ", "a second"},
	{"1_a.sql", "-- +goose Up\n -- +goose Down\n", "1_a.sql:2: ", "begin its line"},
	{"1_a.sql", "-- +goose Up\n-- see +goose docs\n", "1_a.sql:2: ", "no such annotation"},
	{"1_a.sql", "-- +goose Up\n-- +goose\n", "1_a.sql:2: ", "no such annotation"},
	{"1_a.sql", "-- +goose Upp\n", "1_a.sql:1: ", "no such annotation"},
	{"1_a.sql", "-- +goose NOTRANSACTION\n", "1_a.sql:1: ", "no such annotation"},
	{"1_a.sql", "-- +goose Up +goose Down\n", "1_a.sql:1: ", "no such annotation"},
	{"1_a.sql", "-- +goose StatementBegin\n-- +goose Up\n", "1_a.sql:1: ", "behind Up or Down"},
	{"1_a.sql", "-- +goose Up\n-- +goose StatementEnd\n",
     "1_a.sql:2: ", "without a StatementBegin"},
	{"1_a.sql", "-- +goose Up\n-- +goose StatementBegin\n",
     "1_a.sql:2: ", "without a StatementEnd"},
	{"1_a.sql", "-- +goose Up\n-- +goose StatementBegin\n-- +goose Down\n",
     "1_a.sql:2: ", "without a StatementEnd"},
	{"1_a.sql", "-- +goose Up\n-- +goose StatementBegin\n-- +goose StatementBegin\n",
     "1_a.sql:3: ", "not into another"},
	{"1_a.sql", "-- +goose ENVSUB ON\n-- +goose Up\n", "1_a.sql:1: ", "ENVSUB ON"},
	{"a.sql", "-- +goose Up\n", "a.sql: ", "its name has to be"},
	{"1-a.sql", "-- +goose Up\n", "1-a.sql: ", "its name has to be"},
	{"0_a.sql", "-- +goose Up\n", "0_a.sql: ", "from 1 to"},
	{"9223372036854775808_a.sql", "-- +goose Up\n", "_a.sql: ", "from 1 to"},
};

static void what_goose_refuses_is_refused(void **state)
{
	source_all_refused(*state, WEIR_MIGRATE_GOOSE, bad, SOURCE_COUNT(bad));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SOURCE_TEST(sections_keep_their_text_and_their_line),
		SOURCE_TEST(a_down_may_be_missing),
		SOURCE_TEST(no_transaction_anywhere_is_for_both_directions),
		SOURCE_TEST(annotations_are_known_however_they_are_written),
		SOURCE_TEST(the_order_is_that_of_the_numbers),
		SOURCE_TEST(migrations_in_go_are_named_and_refused),
		SOURCE_TEST(what_goose_refuses_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
