/* SPDX-License-Identifier: BSD-2-Clause
 *
 * New scripts: names, versions, and what is there already.
 */
#include "source_fixture.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Make one, which must succeed; path: where it went, below the fixture's folder. */
static const char *make(const struct source_fixture *fixture, enum weir_migrate_format format,
                        const char *name, bool sequential, char path[512])
{
	struct weir_error err = WEIR_ERROR_INIT;

	if (weir_migrate_new(fixture->folder, format, name, sequential, false, path, 512, &err) !=
	    WEIR_OK)
		fail_msg("%s", err.message);
	assert_int_equal(access(path, R_OK | W_OK), 0);
	assert_memory_equal(path, fixture->folder, strlen(fixture->folder));
	return path + strlen(fixture->folder) + 1;
}

static void refused(const struct source_fixture *fixture, enum weir_migrate_format format,
                    const char *name, const char *part)
{
	struct weir_error err = WEIR_ERROR_INIT;
	char path[512];

	assert_code(
		weir_migrate_new(fixture->folder, format, name, true, false, path, sizeof path, &err),
		WEIR_ERR_MIGRATE_SOURCE);
	assert_has(err.message, part);
}

static const struct {
	enum weir_migrate_format format;
	const char *first;
	const char *second;
	const char *text;
} formats[] = {
	{WEIR_MIGRATE_WEIR, "001_a.sql", "002_b.sql", "-- weir:up\n\n-- weir:down\n"},
	{WEIR_MIGRATE_GOLANG, "000001_a.up.sql", "000002_b.up.sql", ""},
	{WEIR_MIGRATE_DBMATE, "001_a.sql", "002_b.sql", "-- migrate:up\n\n\n-- migrate:down\n\n"},
	{WEIR_MIGRATE_GOOSE, "00001_a.sql", "00002_b.sql", "-- +goose Up\n\n-- +goose Down\n"},
};

static void numbers_begin_at_one_in_each_format(void **state)
{
	struct source_fixture *const fixture = *state;

	for (size_t i = 0; i < SOURCE_COUNT(formats); i++) {
		const enum weir_migrate_format format = formats[i].format;
		const bool named = format != WEIR_MIGRATE_GOLANG; /* whose files say nothing else */
		char path[512];
		char *text;

		assert_string_equal(make(fixture, format, "a", true, path), formats[i].first);
		text = source_text(path);
		assert_string_equal(text, formats[i].text);
		free(text);
		assert_string_equal(make(fixture, WEIR_MIGRATE_DETECT, "b", true, path), formats[i].second);
		assert_true(source_read(fixture, WEIR_MIGRATE_DETECT, 2)->list[1].down.there);
		source_take(fixture, formats[i].first);
		source_take(fixture, formats[i].second);
		if (!named) {
			source_take(fixture, "000001_a.down.sql");
			source_take(fixture, "000002_b.down.sql");
		}
	}
}

static void times_are_fourteen_digits_and_never_the_same(void **state)
{
	struct source_fixture *const fixture = *state;
	const struct weir_migrations *set;
	char path[512];

	for (size_t i = 0; i < 3; i++)
		assert_int_equal(
			strspn(make(fixture, WEIR_MIGRATE_DETECT, "same", false, path), "0123456789"), 14);
	set = source_read(fixture, WEIR_MIGRATE_WEIR, 3);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(strlen(set->list[i].version), 14);
		assert_memory_equal(set->list[i].version, "20", 2);
	}
}

static void a_time_below_what_is_there_becomes_the_next_number(void **state)
{
	struct source_fixture *const fixture = *state;
	char path[512];

	source_put(fixture, "99991231235959_a.sql", "-- weir:up\n");
	assert_string_equal(make(fixture, WEIR_MIGRATE_DETECT, "b", false, path),
	                    "99991231235960_b.sql");
}

static const struct {
	const char *there;
	const char *next;
} numbers[] = {
	{"1_a.sql", "2_b.sql"},
	{"9_a.sql", "10_b.sql"},
	{"0099_a.sql", "0100_b.sql"},
	{"999_a.sql", "1000_b.sql"},
	{"20240101120000_a.sql", "20240101120001_b.sql"},
};

static void the_next_number_has_the_width_of_the_last(void **state)
{
	struct source_fixture *const fixture = *state;

	for (size_t i = 0; i < SOURCE_COUNT(numbers); i++) {
		char path[512];

		source_put(fixture, numbers[i].there, "-- weir:up\n");
		assert_string_equal(make(fixture, WEIR_MIGRATE_DETECT, "b", true, path), numbers[i].next);
		source_take(fixture, numbers[i].there);
		source_take(fixture, numbers[i].next);
	}
}

static void a_name_becomes_letters_digits_and_underscores(void **state)
{
	static const char *const names[][2] = {
		{"Add users", "1_add_users.up.sql"},
		{"  x -- Y! ", "2_x_y.up.sql"},
		{"../../etc/passwd", "3_etc_passwd.up.sql"},
		{"stra\xC3\x9F"
	     "e 7",
	     "4_stra_e_7.up.sql"},
	};
	struct source_fixture *const fixture = *state;
	char path[512];

	source_put(fixture, "0_first.up.sql", "");
	for (size_t i = 0; i < SOURCE_COUNT(names); i++)
		assert_string_equal(make(fixture, WEIR_MIGRATE_DETECT, names[i][0], true, path),
		                    names[i][1]);
	refused(fixture, WEIR_MIGRATE_DETECT, "", "neither a letter");
	refused(fixture, WEIR_MIGRATE_DETECT, "\xC3\xBC - _", "neither a letter");
}

static void a_long_name_is_cut(void **state)
{
	struct source_fixture *const fixture = *state;
	char name[400];
	char path[512];

	memset(name, 'n', sizeof name);
	name[sizeof name - 1] = '\0';
	assert_int_equal(strlen(make(fixture, WEIR_MIGRATE_WEIR, name, true, path)), 4 + 100 + 4);
}

static void folders_are_made_and_kept(void **state)
{
	struct source_fixture *const fixture = *state;
	struct weir_error err = WEIR_ERROR_INIT;
	char folder[256];
	char path[512];

	(void)snprintf(folder, sizeof folder, "%s/db/migrations/", fixture->folder);
	assert_code(
		weir_migrate_new(folder, WEIR_MIGRATE_GOOSE, "a", true, false, path, sizeof path, &err),
		WEIR_OK);
	assert_string_equal(path + strlen(folder), "00001_a.sql");
	source_put(fixture, "file", "");
	(void)snprintf(folder, sizeof folder, "%s/file", fixture->folder);
	assert_code(
		weir_migrate_new(folder, WEIR_MIGRATE_WEIR, "a", true, false, path, sizeof path, &err),
		WEIR_ERR_IO);
	assert_has(err.message, folder);
}

static void another_formats_folder_is_left_alone(void **state)
{
	struct source_fixture *const fixture = *state;

	source_put(fixture, "1_a.sql", "-- weir:up\n");
	refused(fixture, WEIR_MIGRATE_GOLANG, "b", "are of weir, and not of golang-migrate");
	source_put(fixture, "1_a.sql", "SELECT 1;\n");
	refused(fixture, WEIR_MIGRATE_DETECT, "b", "no known format");
	refused(fixture, WEIR_MIGRATE_WEIR, "b", "1_a.sql:1: ");
}

/* dbmate would apply it first, and say nothing. */
static void a_name_that_would_sort_before_the_last_is_refused(void **state)
{
	struct source_fixture *const fixture = *state;

	source_put(fixture, "9_a.sql", "-- migrate:up\n-- migrate:down\n");
	refused(fixture, WEIR_MIGRATE_DETECT, "b", "10_b.sql: dbmate goes by the names of files");
}

static void a_number_that_the_tool_cannot_read_is_refused(void **state)
{
	struct source_fixture *const fixture = *state;

	source_put(fixture, "9223372036854775807_a.sql", "-- +goose Up\n");
	refused(fixture, WEIR_MIGRATE_DETECT, "b", "9223372036854775808_b.sql");
	source_take(fixture, "9223372036854775807_a.sql");
	source_put(fixture, "18446744073709551615_a.up.sql", "");
	refused(fixture, WEIR_MIGRATE_DETECT, "b", "18446744073709551616_b.up.sql");
}

/* A folder bears the name, so that reading passes it over and making does not. */
static void nothing_is_overwritten_and_no_half_is_left(void **state)
{
	struct source_fixture *const fixture = *state;
	char path[512];

	(void)make(fixture, WEIR_MIGRATE_GOLANG, "a", true, path);
	(void)snprintf(path, sizeof path, "%s/000002_c.down.sql", fixture->folder);
	assert_int_equal(mkdir(path, 0777), 0);
	refused(fixture, WEIR_MIGRATE_GOLANG, "c", "000002_c.down.sql: it is there already");
	(void)snprintf(path, sizeof path, "%s/000002_c.up.sql", fixture->folder);
	assert_int_equal(access(path, F_OK), -1);
}

static void wrong_arguments_are_refused(void **state)
{
	struct source_fixture *const fixture = *state;
	struct weir_error err = WEIR_ERROR_INIT;
	char path[512];

	assert_code(
		weir_migrate_new(NULL, WEIR_MIGRATE_WEIR, "a", true, false, path, sizeof path, &err),
		WEIR_ERR_BAD_ARGUMENT);
	assert_code(weir_migrate_new("", WEIR_MIGRATE_WEIR, "a", true, false, path, sizeof path, &err),
	            WEIR_ERR_BAD_ARGUMENT);
	assert_code(weir_migrate_new(fixture->folder, (enum weir_migrate_format)7, "a", true, false,
	                             path, sizeof path, &err),
	            WEIR_ERR_BAD_ARGUMENT);
	assert_code(
		weir_migrate_new(fixture->folder, WEIR_MIGRATE_WEIR, "a", true, false, path, 8, &err),
		WEIR_ERR_BAD_ARGUMENT);
	(void)source_read(fixture, WEIR_MIGRATE_DETECT, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SOURCE_TEST(numbers_begin_at_one_in_each_format),
		SOURCE_TEST(times_are_fourteen_digits_and_never_the_same),
		SOURCE_TEST(a_time_below_what_is_there_becomes_the_next_number),
		SOURCE_TEST(the_next_number_has_the_width_of_the_last),
		SOURCE_TEST(a_name_becomes_letters_digits_and_underscores),
		SOURCE_TEST(a_long_name_is_cut),
		SOURCE_TEST(folders_are_made_and_kept),
		SOURCE_TEST(another_formats_folder_is_left_alone),
		SOURCE_TEST(a_name_that_would_sort_before_the_last_is_refused),
		SOURCE_TEST(a_number_that_the_tool_cannot_read_is_refused),
		SOURCE_TEST(nothing_is_overwritten_and_no_half_is_left),
		SOURCE_TEST(wrong_arguments_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
