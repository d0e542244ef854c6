/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Sets: made of arrays, sorted, searched, refused.
 */
#include "source_fixture.h"

#include <stdlib.h>
#include <string.h>

static int nothing(struct weir_tx *tx, void *arg)
{
	(void)tx;
	(void)arg;
	return 0;
}

static int count_down(struct weir_tx *tx, void *arg)
{
	(void)tx;
	--*(int *)arg;
	return 0;
}

static struct weir_migrations *made(const struct weir_migration_source *sources, size_t count)
{
	struct weir_error err = WEIR_ERROR_INIT;
	struct weir_migrations *set = NULL;

	if (weir_migrations_make(&set, sources, count, &err) != WEIR_OK)
		fail_msg("%s", err.message);
	assert_int_equal(weir_migrations_count(set), count);
	return set;
}

static void an_array_is_sorted_by_number(void **state)
{
	static const struct weir_migration_source sources[] = {
		{.version = "10", .name = "ten", .up = {.sql = "SELECT 10;"}},
		{.version = "2", .name = "two", .tag = "v1", .up = {.sql = "SELECT 2;"}},
		{.version = "0003",
	     .name = "three",
	     .tag = "v1",
	     .up = {.sql = "SELECT 3;"},
	     .down = {.sql = "SELECT -3;", .no_transaction = true}},
	};
	struct weir_migrations *const set = made(sources, 3);
	struct weir_migration migration;

	(void)state;
	assert_int_equal(weir_migrations_format(set), WEIR_MIGRATE_WEIR);
	assert_true(weir_migrations_at(set, 1, &migration));
	assert_string_equal(migration.version, "3");
	assert_string_equal(migration.name, "three");
	assert_string_equal(migration.tag, "v1");
	assert_string_equal(migration.path, "");
	assert_true(migration.has_up && migration.has_down);
	assert_false(migration.no_transaction);
	assert_true(set->list[1].down.no_transaction);
	assert_true(weir_migrations_at(set, 0, &migration));
	assert_string_equal(migration.version, "2");
	assert_false(migration.has_down);
	assert_true(weir_migrations_at(set, 2, &migration));
	assert_string_equal(migration.tag, "");
	assert_false(weir_migrations_at(set, 3, &migration));
	weir_migrations_free(set);
}

static void versions_are_compared_as_numbers(void **state)
{
	static const char *const ascending[] = {
		"0",
		"1",
		"02",
		"9",
		"010",
		"99",
		"18446744073709551615",
		"18446744073709551616",
		"100000000000000000000000000000000000000",
	};

	(void)state;
	for (size_t i = 0; i < SOURCE_COUNT(ascending); i++) {
		for (size_t j = 0; j < SOURCE_COUNT(ascending); j++) {
			const int order = weir__version_compare(ascending[i], ascending[j]);

			assert_int_equal(order < 0, i < j);
			assert_int_equal(order > 0, i > j);
		}
	}
	assert_int_equal(weir__version_compare("007", "7"), 0);
	assert_int_equal(weir__version_compare("000", "0"), 0);
}

static void versions_and_tags_are_found(void **state)
{
	static const struct weir_migration_source sources[] = {
		{.version = "1", .tag = "first", .up = {.sql = ""}},
		{.version = "2", .tag = "both", .up = {.sql = ""}},
		{.version = "3", .tag = "both", .up = {.sql = ""}},
	};
	struct weir_migrations *const set = made(sources, 3);

	(void)state;
	assert_int_equal(weir__set_find(set, "2"), 1);
	assert_int_equal(weir__set_find(set, "002"), 1);
	assert_int_equal(weir__set_find(set, "4"), SIZE_MAX);
	assert_int_equal(weir__set_find(set, ""), SIZE_MAX);
	assert_int_equal(weir__set_find(set, "0"), SIZE_MAX);
	assert_int_equal(weir__set_find(set, "2x"), SIZE_MAX);
	assert_int_equal(weir__set_find_tag(set, "first"), 0);
	assert_int_equal(weir__set_find_tag(set, "both"), 2);
	assert_int_equal(weir__set_find_tag(set, "none"), SIZE_MAX);
	assert_int_equal(weir__set_find_tag(set, ""), SIZE_MAX);
	weir_migrations_free(set);
}

static void checksum_of(const struct weir_migration_source *source,
                        char checksum[WEIR_MIGRATE_CHECKSUM_MAX])
{
	struct weir_migrations *const set = made(source, 1);

	memcpy(checksum, set->list[0].checksum, WEIR_MIGRATE_CHECKSUM_MAX);
	assert_int_equal(strlen(checksum), WEIR_MIGRATE_CHECKSUM_MAX - 1);
	weir_migrations_free(set);
}

static void a_checksum_is_of_both_directions_and_the_revision(void **state)
{
	static const struct weir_migration_source sources[] = {
		{.version = "1", .up = {.sql = "a"}},
		{.version = "1", .up = {.sql = "a"}, .down = {.sql = ""}},
		{.version = "1", .up = {.sql = "a"}, .down = {.sql = "b"}},
		{.version = "1", .up = {.sql = "ab"}},
		{.version = "1", .up = {.sql = "b"}, .down = {.sql = "a"}},
		{.version = "1", .up = {.run = nothing}},
		{.version = "1", .up = {.run = nothing}, .revision = "1"},
		{.version = "1", .up = {.run = nothing}, .revision = "2"},
	};
	char sums[SOURCE_COUNT(sources)][WEIR_MIGRATE_CHECKSUM_MAX];

	(void)state;
	for (size_t i = 0; i < SOURCE_COUNT(sources); i++) {
		checksum_of(&sources[i], sums[i]);
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(sums[i], sums[j]);
	}
}

static void name_tag_and_line_ends_are_not_in_a_checksum(void **state)
{
	const struct weir_migration_source one = {
		.version = "1", .name = "x", .tag = "t", .up = {.sql = "a;\r\nb;\r\n"}};
	const struct weir_migration_source other = {.version = "2", .up = {.sql = "a;\nb;"}};
	char sums[2][WEIR_MIGRATE_CHECKSUM_MAX];

	(void)state;
	checksum_of(&one, sums[0]);
	checksum_of(&other, sums[1]);
	assert_string_equal(sums[0], sums[1]);
}

static void functions_keep_their_argument(void **state)
{
	int number = 5;
	const struct weir_migration_source source = {
		.version = "1",
		.up = {.run = nothing},
		.down = {.run = count_down, .arg = &number, .keep_foreign_keys = true},
	};
	struct weir_migrations *const set = made(&source, 1);
	const struct weir__migration *const migration = &set->list[0];

	(void)state;
	assert_true(migration->up.there && migration->down.there);
	assert_null(migration->up.sql);
	assert_int_equal(migration->down.run(NULL, migration->down.arg), 0);
	assert_int_equal(number, 4);
	assert_true(migration->down.keep_foreign_keys);
	assert_string_equal(migration->up.path, "");
	weir_migrations_free(set);
}

static const struct {
	struct weir_migration_source sources[2];
	const char *part;
} bad[] = {
	{{{.version = NULL}}, "digits"},
	{{{.version = ""}}, "digits"},
	{{{.version = "1a"}}, "digits"},
	{{{.version = "-1"}}, "digits"},
	{{{.version = "000"}}, "version 0"},
	{{{.version = "1", .up = {.sql = "a", .run = nothing}}}, "both SQL and a function"},
	{{{.version = "1", .down = {.sql = "a", .run = nothing}}}, "both SQL and a function"},
	{{{.version = "1", .up = {.run = nothing, .no_transaction = true}}}, "no_transaction"},
	{{{.version = "1", .tag = "1"}}, "a tag begins with a letter"},
	{{{.version = "1", .tag = "a b"}}, "a tag begins with a letter"},
	{{{.version = "1", .name = "x"}, {.version = "01", .name = "y"}}, "version 1 is there twice"},
	{{{.version = "1", .name = "\xC3"}}, "UTF-8"},
	{{{.version = "1", .up = {.sql = "SELECT '\xFF'"}}}, "UTF-8"},
	{{{.version = "1"},
      {.version = "1234567890123456789012345678901234567890123456789012345678901234"}},
     "63 digits"},
};

static void what_is_wrong_with_an_array_is_said(void **state)
{
	(void)state;
	for (size_t i = 0; i < SOURCE_COUNT(bad); i++) {
		struct weir_error err = WEIR_ERROR_INIT;
		struct weir_migrations *set = NULL;
		const size_t count = bad[i].sources[1].version == NULL ? 1 : 2;

		assert_int_equal(weir_migrations_make(&set, bad[i].sources, count, &err),
		                 WEIR_ERR_MIGRATE_SOURCE);
		assert_null(set);
		if (strstr(err.message, bad[i].part) == NULL)
			fail_msg("\"%s\" has not \"%s\"", err.message, bad[i].part);
	}
}

static void an_empty_array_and_no_set_are_nothing(void **state)
{
	struct weir_migrations *set = made(NULL, 0);
	struct weir_error err = WEIR_ERROR_INIT;

	(void)state;
	assert_int_equal(weir__set_find(set, "1"), SIZE_MAX);
	weir_migrations_free(set);
	weir_migrations_free(NULL);
	assert_int_equal(weir_migrations_count(NULL), 0);
	assert_int_equal(weir_migrations_format(NULL), WEIR_MIGRATE_DETECT);
	assert_false(weir_migrations_at(NULL, 0, NULL));
	assert_int_equal(weir_migrations_make(NULL, NULL, 0, &err), WEIR_ERR_BAD_ARGUMENT);
	assert_int_equal(weir_migrations_make(&set, NULL, 1, NULL), WEIR_ERR_BAD_ARGUMENT);
	assert_null(set);
}

static void a_name_is_cut_between_characters(void **state)
{
	char name[200];
	const struct weir_migration_source source = {.version = "1", .name = name};
	struct weir_migrations *set;

	(void)state;
	memset(name, 'x', sizeof name);
	memcpy(name + WEIR_MIGRATE_NAME_MAX - 2, "\xC3\xBC", 2);
	name[sizeof name - 1] = '\0';
	set = made(&source, 1);
	assert_int_equal(strlen(set->list[0].name), WEIR_MIGRATE_NAME_MAX - 2);
	weir_migrations_free(set);
}

static void formats_have_names(void **state)
{
	(void)state;
	for (int format = WEIR_MIGRATE_WEIR; format <= (int)WEIR_MIGRATE_GOOSE; format++) {
		const char *const name = weir_migrate_format_name((enum weir_migrate_format)format);

		assert_int_equal(weir_migrate_format_named(name), format);
	}
	assert_string_equal(weir_migrate_format_name(WEIR_MIGRATE_GOLANG), "golang-migrate");
	assert_int_equal(weir_migrate_format_named("flyway"), WEIR_MIGRATE_DETECT);
	assert_int_equal(weir_migrate_format_named(NULL), WEIR_MIGRATE_DETECT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_array_is_sorted_by_number),
		cmocka_unit_test(versions_are_compared_as_numbers),
		cmocka_unit_test(versions_and_tags_are_found),
		cmocka_unit_test(a_checksum_is_of_both_directions_and_the_revision),
		cmocka_unit_test(name_tag_and_line_ends_are_not_in_a_checksum),
		cmocka_unit_test(functions_keep_their_argument),
		cmocka_unit_test(what_is_wrong_with_an_array_is_said),
		cmocka_unit_test(an_empty_array_and_no_set_are_nothing),
		cmocka_unit_test(a_name_is_cut_between_characters),
		cmocka_unit_test(formats_have_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
