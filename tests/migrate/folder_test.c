/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Folders: which format they are in, what is passed over, and files that are not
 * what they should be. The folders of folders/ are read, too.
 */
#include "source_fixture.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void an_empty_folder_is_a_set_of_none(void **state)
{
	struct source_fixture *const fixture = *state;

	for (int format = WEIR_MIGRATE_WEIR; format <= (int)WEIR_MIGRATE_GOOSE; format++) {
		const enum weir_migrate_format named = (enum weir_migrate_format)format;

		assert_int_equal(source_read(fixture, named, 0)->format, named);
	}
	assert_int_equal(source_read(fixture, WEIR_MIGRATE_DETECT, 0)->format, WEIR_MIGRATE_WEIR);
	source_put(fixture, "README.md", "-- weir:up\n");
	source_put(fixture, ".hidden.sql", "\xFF");
	(void)source_read(fixture, WEIR_MIGRATE_DETECT, 0);
}

static void a_folder_of_no_known_format_is_refused(void **state)
{
	struct source_fixture *const fixture = *state;

	source_put(fixture, "001_a.sql", "CREATE TABLE t (x);\n");
	source_refused(fixture, WEIR_MIGRATE_DETECT, fixture->folder, "no known format in its 1 files");
	source_refused(fixture, WEIR_MIGRATE_DETECT, "\"-- weir:up\", names like 1_x.up.sql",
	               "\"-- migrate:up\", \"-- +goose Up\"");
	source_put(fixture, "001_a.sql", "");
	source_refused(fixture, WEIR_MIGRATE_DETECT, "no known format", "name the format");
	(void)source_read(fixture, WEIR_MIGRATE_WEIR, 1);
}

static const struct {
	const char *name;
	const char *text;
	const char *said;
} examples[] = {
	{"001_weir.sql", "-- weir:up\n", "001_weir.sql of weir"},
	{"002_golang.up.sql", "SELECT 1;\n", "002_golang.up.sql of golang-migrate"},
	{"003_dbmate.sql", "-- migrate:up\n-- migrate:down\n", "003_dbmate.sql of dbmate"},
	{"004_goose.sql", "-- +goose Up\n", "004_goose.sql of goose"},
};

static void a_folder_of_two_formats_is_refused(void **state)
{
	struct source_fixture *const fixture = *state;

	for (size_t i = 0; i < SOURCE_COUNT(examples); i++) {
		source_put(fixture, examples[i].name, examples[i].text);
		(void)source_read(fixture, WEIR_MIGRATE_DETECT, 1);
		for (size_t j = 0; j < i; j++) {
			source_put(fixture, examples[j].name, examples[j].text);
			source_refused(fixture, WEIR_MIGRATE_DETECT, examples[i].said, examples[j].said);
			source_take(fixture, examples[j].name);
		}
		source_take(fixture, examples[i].name);
	}
}

static void naming_the_format_settles_it(void **state)
{
	struct source_fixture *const fixture = *state;

	source_put(fixture, "001_a.sql", "-- weir:up\n-- migrate:up\n-- migrate:down\n");
	source_refused(fixture, WEIR_MIGRATE_DETECT, "001_a.sql of weir", "001_a.sql of dbmate");
	assert_int_equal(source_read(fixture, WEIR_MIGRATE_WEIR, 1)->format, WEIR_MIGRATE_WEIR);
	source_put(fixture, "002_a.up.sql", "SELECT 1;\n");
	(void)source_read(fixture, WEIR_MIGRATE_GOLANG, 1);
}

/* A name of golang-migrate's says little where the text is another tool's. */
static void a_name_with_up_in_it_may_be_any_tools(void **state)
{
	static const char *const texts[] = {"-- weir:up\n", "-- migrate:up\n-- migrate:down\n",
	                                    "-- +goose Up\n"};
	static const enum weir_migrate_format formats[] = {WEIR_MIGRATE_WEIR, WEIR_MIGRATE_DBMATE,
	                                                   WEIR_MIGRATE_GOOSE};
	struct source_fixture *const fixture = *state;

	for (size_t i = 0; i < SOURCE_COUNT(texts); i++) {
		source_put(fixture, "1_set.up.sql", texts[i]);
		assert_int_equal(source_read(fixture, WEIR_MIGRATE_DETECT, 1)->format, formats[i]);
	}
}

struct bytes_case {
	const char *bytes;
	size_t length;
	const char *where;
	const char *what;
};

static const struct bytes_case bad_bytes[] = {
	{"-- weir:up\n\n'\xFC'", 15, "1_a.sql:3: ", "UTF-8"},
	{"-- weir:up\n\xC3", 12, "1_a.sql:2: ", "UTF-8"},             /* cut off */
	{"-- weir:up\n\xC0\x80", 13, "1_a.sql:2: ", "UTF-8"},         /* could be shorter */
	{"-- weir:up\n\xED\xA0\x80", 14, "1_a.sql:2: ", "UTF-8"},     /* half of a pair */
	{"-- weir:up\n\xF4\x90\x80\x80", 15, "1_a.sql:2: ", "UTF-8"}, /* past the end */
	{"-- weir:up\n\n\n\0", 14, "1_a.sql:4: ", "a byte 0"},
	{"\xFF\xFE-\0-\0 \0", 8, "1_a.sql:1: ", "UTF-16"},
};

static void what_is_not_utf8_is_refused_with_its_line(void **state)
{
	struct source_fixture *const fixture = *state;

	for (size_t i = 0; i < SOURCE_COUNT(bad_bytes); i++) {
		source_put_bytes(fixture, "1_a.sql", bad_bytes[i].bytes, bad_bytes[i].length);
		source_refused(fixture, WEIR_MIGRATE_DETECT, bad_bytes[i].where, bad_bytes[i].what);
		source_refused(fixture, WEIR_MIGRATE_WEIR, bad_bytes[i].where, bad_bytes[i].what);
	}
	source_put(fixture, "1_a.sql", "-- weir:up\n'ü€\xF0\x9D\x84\x9E\xF4\x8F\xBF\xBF'");
	(void)source_read(fixture, WEIR_MIGRATE_DETECT, 1);
}

static void a_name_that_is_not_utf8_is_refused(void **state)
{
	struct source_fixture *const fixture = *state;

	source_put(fixture, "1_\xFC.up.sql", "");
	source_refused(fixture, WEIR_MIGRATE_DETECT, "1_\xFC.up.sql", "its name is not UTF-8");
}

/* What no migration is may hold anything. */
static void bytes_of_other_files_do_not_matter(void **state)
{
	struct source_fixture *const fixture = *state;

	source_put(fixture, "1_a.up.sql", "");
	source_put_bytes(fixture, "logo.png", "\x89PNG\0\xFF", 6);
	(void)source_read(fixture, WEIR_MIGRATE_DETECT, 1);
}

static void subfolders_are_passed_over_and_links_followed(void **state)
{
	struct source_fixture *const fixture = *state;
	char path[256];
	char link[256];

	source_put(fixture, "text", "-- weir:up\nSELECT 1;");
	(void)snprintf(path, sizeof path, "%s/1_folder.sql", fixture->folder);
	assert_int_equal(mkdir(path, 0777), 0);
	(void)snprintf(link, sizeof link, "%s/2_link.sql", fixture->folder);
	assert_int_equal(symlink("text", link), 0);
	assert_string_equal(source_read(fixture, WEIR_MIGRATE_DETECT, 1)->list[0].version, "2");
}

static void a_read_error_is_never_nothing_there(void **state)
{
	struct source_fixture *const fixture = *state;
	struct weir_error err = WEIR_ERROR_INIT;
	struct weir_migrations *set = NULL;
	char path[256];

	(void)snprintf(path, sizeof path, "%s/none", fixture->folder);
	assert_code(weir_migrations_read(&set, path, NULL, &err), WEIR_ERR_IO);
	assert_has(err.message, path);
	(void)snprintf(path, sizeof path, "%s/1_a.sql", fixture->folder);
	assert_int_equal(symlink("nowhere", path), 0);
	assert_code(weir_migrations_read(&set, fixture->folder, NULL, &err), WEIR_ERR_IO);
	assert_has(err.message, path);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
	source_refused(fixture, WEIR_MIGRATE_DETECT, path, "neither a file nor a folder");
	assert_null(set);
}

static void wrong_arguments_are_refused(void **state)
{
	struct source_fixture *const fixture = *state;
	struct weir_migrations_options options = {.size = 2};
	struct weir_migrations *set = (struct weir_migrations *)(uintptr_t)1;

	assert_code(weir_migrations_read(NULL, "x", NULL, NULL), WEIR_ERR_BAD_ARGUMENT);
	assert_code(weir_migrations_read(&set, NULL, NULL, NULL), WEIR_ERR_BAD_ARGUMENT);
	assert_null(set);
	assert_code(weir_migrations_read(&set, fixture->folder, &options, NULL), WEIR_ERR_BAD_ARGUMENT);
	options.size = (uint32_t)sizeof options;
	options.format = (enum weir_migrate_format)9;
	assert_code(weir_migrations_read(&set, fixture->folder, &options, NULL), WEIR_ERR_BAD_ARGUMENT);
}

static void a_script_of_ten_megabytes_is_read_and_one_of_64_is_not(void **state)
{
	struct source_fixture *const fixture = *state;
	const size_t most = (size_t)64 << 20;
	char *const text = malloc(most + 1);

	assert_non_null(text);
	memset(text, ' ', most + 1);
	memcpy(text, "-- weir:up\n", 11);
	source_put_bytes(fixture, "1_a.sql", text, (size_t)10 << 20);
	assert_int_equal(source_read(fixture, WEIR_MIGRATE_DETECT, 1)->list[0].up.length,
	                 ((size_t)10 << 20) - 11);
	source_put_bytes(fixture, "1_a.sql", text, most + 1);
	free(text);
	source_refused(fixture, WEIR_MIGRATE_DETECT, "1_a.sql", "more than 64 MiB");
}

/* The same library in all four, so that most checksums are the same, too. */
static void the_same_history_is_read_out_of_each_format(void **state)
{
	static const struct {
		const char *folder;
		enum weir_migrate_format format;
		size_t count;
	} folders[] = {
		{"weir", WEIR_MIGRATE_WEIR, 8},
		{"golang", WEIR_MIGRATE_GOLANG, 8},
		{"dbmate", WEIR_MIGRATE_DBMATE, 8},
		{"goose", WEIR_MIGRATE_GOOSE, 8},
	};
	char first[WEIR_MIGRATE_CHECKSUM_MAX] = "";

	(void)state;
	for (size_t i = 0; i < SOURCE_COUNT(folders); i++) {
		struct weir_error err = WEIR_ERROR_INIT;
		struct weir_migrations *set = NULL;
		char path[512];

		(void)snprintf(path, sizeof path, "%s/%s", WEIR_TEST_FOLDERS, folders[i].folder);
		if (weir_migrations_read(&set, path, NULL, &err) != WEIR_OK)
			fail_msg("%s", err.message);
		assert_int_equal(weir_migrations_format(set), folders[i].format);
		assert_int_equal(weir_migrations_count(set), folders[i].count);
		if (i == 0)
			memcpy(first, set->list[5].checksum, sizeof first);
		assert_string_equal(set->list[5].name, "authors_have_names");
		assert_string_equal(set->list[5].checksum, first);
		weir_migrations_free(set);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SOURCE_TEST(an_empty_folder_is_a_set_of_none),
		SOURCE_TEST(a_folder_of_no_known_format_is_refused),
		SOURCE_TEST(a_folder_of_two_formats_is_refused),
		SOURCE_TEST(naming_the_format_settles_it),
		SOURCE_TEST(a_name_with_up_in_it_may_be_any_tools),
		SOURCE_TEST(what_is_not_utf8_is_refused_with_its_line),
		SOURCE_TEST(a_name_that_is_not_utf8_is_refused),
		SOURCE_TEST(bytes_of_other_files_do_not_matter),
		SOURCE_TEST(subfolders_are_passed_over_and_links_followed),
		SOURCE_TEST(a_read_error_is_never_nothing_there),
		SOURCE_TEST(wrong_arguments_are_refused),
		SOURCE_TEST(a_script_of_ten_megabytes_is_read_and_one_of_64_is_not),
		cmocka_unit_test(the_same_history_is_read_out_of_each_format),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
