/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Embedded sets: the source is compiled as C17 and as C++17, loaded, and made into a
 * set again, which has to be the one that it was written from.
 */
#include "source_fixture.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#define FLAGS "-Wall -Wextra -Wpedantic -Werror -shared -fPIC -I" WEIR_TEST_INCLUDE

struct output {
	FILE *file;
	size_t pieces;
	size_t enough; /* pieces after which it has had enough; 0: never */
};

static bool take(void *arg, const char *bytes, size_t length)
{
	struct output *const output = arg;

	if (output->file != NULL)
		assert_int_equal(fwrite(bytes, 1, length, output->file), length);
	return ++output->pieces != output->enough;
}

static void embed(const struct source_fixture *fixture, const struct weir_migrations *set,
                  const char *prefix)
{
	struct weir_error err = WEIR_ERROR_INIT;
	struct output output = {0};
	const struct weir_writer writer = {take, &output};
	char path[512];

	(void)snprintf(path, sizeof path, "%s/embedded.c", fixture->folder);
	output.file = fopen(path, "w");
	assert_non_null(output.file);
	if (weir_migrate_embed(set, prefix, &writer, &err) != WEIR_OK)
		fail_msg("%s", err.message);
	assert_int_equal(fclose(output.file), 0);
}

/* Compile it in one language, and load what comes out. */
static void *compiled(const struct source_fixture *fixture, const char *language, size_t number)
{
	char command[1024];
	void *library;

	(void)snprintf(command, sizeof command, "%s %s %s -o %s/%zu.so %s/embedded.c", WEIR_TEST_CC,
	               language, FLAGS, fixture->folder, number, fixture->folder);
	if (system(command) != 0)
		fail_msg("%s", command);
	(void)snprintf(command, sizeof command, "%s/%zu.so", fixture->folder, number);
	library = dlopen(command, RTLD_NOW | RTLD_LOCAL);
	if (library == NULL)
		fail_msg("%s", dlerror());
	return library;
}

static void same_step(const struct weir__step *one, const struct weir__step *other)
{
	assert_int_equal(one->there, other->there);
	assert_int_equal(one->no_transaction, other->no_transaction);
	assert_int_equal(one->keep_foreign_keys, other->keep_foreign_keys);
	assert_int_equal(one->length, other->length);
	if (one->there)
		assert_memory_equal(one->sql, other->sql, one->length + 1);
}

static void same_set(const struct weir_migrations *one, const struct weir_migrations *other)
{
	assert_int_equal(one->count, other->count);
	for (size_t i = 0; i < one->count; i++) {
		assert_string_equal(one->list[i].version, other->list[i].version);
		assert_string_equal(one->list[i].name, other->list[i].name);
		assert_string_equal(one->list[i].tag, other->list[i].tag);
		assert_string_equal(one->list[i].checksum, other->list[i].checksum);
		same_step(&one->list[i].up, &other->list[i].up);
		same_step(&one->list[i].down, &other->list[i].down);
	}
}

static void survives(const struct source_fixture *fixture, const struct weir_migrations *set)
{
	static const char *const languages[] = {"-x c -std=c17", "-x c++ -std=c++17",
	                                        "-x c -std=gnu17 -funsigned-char"};

	embed(fixture, set, "app");
	for (size_t i = 0; i < SOURCE_COUNT(languages); i++) {
		void *const library = compiled(fixture, languages[i], i);
		const struct weir_migration_source *const sources = dlsym(library, "app_sources");
		const size_t *const count = dlsym(library, "app_sources_count");
		struct weir_error err = WEIR_ERROR_INIT;
		struct weir_migrations *made = NULL;

		assert_non_null(sources);
		assert_non_null(count);
		if (weir_migrations_make(&made, sources, *count, &err) != WEIR_OK)
			fail_msg("%s", err.message);
		same_set(set, made);
		weir_migrations_free(made);
		assert_int_equal(dlclose(library), 0);
	}
}

static void folders_of_each_format_survive(void **state)
{
	static const char *const folders[] = {"weir", "golang", "dbmate", "goose"};
	struct source_fixture *const fixture = *state;

	for (size_t i = 0; i < SOURCE_COUNT(folders); i++) {
		struct weir_error err = WEIR_ERROR_INIT;
		char path[512];

		(void)snprintf(path, sizeof path, "%s/%s", WEIR_TEST_FOLDERS, folders[i]);
		weir_migrations_free(fixture->set);
		if (weir_migrations_read(&fixture->set, path, NULL, &err) != WEIR_OK)
			fail_msg("%s", err.message);
		survives(fixture, fixture->set);
	}
}

/* Every byte of ASCII but 0, trigraphs, digits behind an escape, the longest
 * characters, and the lengths at which a literal becomes an array. */
static void any_bytes_survive(void **state)
{
	static const size_t lengths[] = {0, 1, 71, 72, 73, 3999, 4000, 4001, 4095, 4096, 70000};
	struct source_fixture *const fixture = *state;
	struct weir_migration_source sources[SOURCE_COUNT(lengths) + 2] = {
		{.version = "1",
	     .name = "\"quoted\" \\ ?\?/ \xC3\xBC"
	             "1",
	     .tag = "t",
	     .up = {.sql = "?\?= ?\?/\n ?\?' */ // \\\n\xC3\xBC"
	                   "7 \xF0\x9D\x84\x9E"
	                   "8\r\n\t\a\x7F"},
	     .down = {.sql = "", .no_transaction = true, .keep_foreign_keys = true}},
		{.version = "2"},
	};
	char versions[SOURCE_COUNT(lengths)][24];
	char *texts[SOURCE_COUNT(lengths)];

	for (size_t i = 0; i < SOURCE_COUNT(lengths); i++) {
		(void)snprintf(versions[i], sizeof versions[i], "%zu", i + 3);
		texts[i] = calloc(1, lengths[i] + 1);
		assert_non_null(texts[i]);
		for (size_t j = 0; j < lengths[i]; j++)
			texts[i][j] = (char)(1 + j % 127);
		sources[i + 2].version = versions[i];
		sources[i + 2].up.sql = texts[i];
		sources[i + 2].down.sql = texts[i];
	}
	assert_code(weir_migrations_make(&fixture->set, sources, SOURCE_COUNT(sources), NULL), WEIR_OK);
	survives(fixture, fixture->set);
	for (size_t i = 0; i < SOURCE_COUNT(lengths); i++)
		free(texts[i]);
}

static void a_set_of_none_survives(void **state)
{
	struct source_fixture *const fixture = *state;

	survives(fixture, source_read(fixture, WEIR_MIGRATE_DETECT, 0));
}

static void refused(const struct weir_migrations *set, const char *part)
{
	struct weir_error err = WEIR_ERROR_INIT;
	struct output output = {0};
	const struct weir_writer writer = {take, &output};

	assert_code(weir_migrate_embed(set, "app", &writer, &err), WEIR_ERR_MIGRATE_SOURCE);
	assert_has(err.message, part);
	assert_int_equal(output.pieces, 0);
}

static int nothing(struct weir_tx *tx, void *arg)
{
	(void)tx;
	(void)arg;
	return 0;
}

static void what_an_array_cannot_say_is_refused(void **state)
{
	static const char text[] = "-- migrate:up\n-- migrate:down\n";
	static const struct weir_migration_source source = {.version = "1", .down = {.run = nothing}};
	struct source_fixture *const fixture = *state;
	const struct weir_migrations_options options = {.size = (uint32_t)sizeof options,
	                                                .no_wrap = true};

	source_put(fixture, "10_b.sql", text);
	source_put(fixture, "9_a.sql", text);
	refused(source_read(fixture, WEIR_MIGRATE_DETECT, 2), "by the names of their files");
	source_put(fixture, "09_a.sql", text);
	refused(source_read(fixture, WEIR_MIGRATE_DETECT, 3), "without leading zeros");
	source_take(fixture, "09_a.sql");
	source_take(fixture, "9_a.sql");
	source_take(fixture, "10_b.sql");
	source_put(fixture, "1_a.up.sql", "BEGIN; COMMIT;");
	weir_migrations_free(fixture->set);
	assert_code(weir_migrations_read(&fixture->set, fixture->folder, &options, NULL), WEIR_OK);
	refused(fixture->set, "no_wrap");
	weir_migrations_free(fixture->set);
	assert_code(weir_migrations_make(&fixture->set, &source, 1, NULL), WEIR_OK);
	refused(fixture->set, "it is a function");
}

static void wrong_arguments_are_refused(void **state)
{
	static const char *const prefixes[] = {"", "1a", "a-b", "a b", "\xC3\xBC", NULL};
	struct source_fixture *const fixture = *state;
	const struct weir_migrations *const set = source_read(fixture, WEIR_MIGRATE_DETECT, 0);
	struct output output = {0};
	const struct weir_writer writer = {take, &output};
	const struct weir_writer none = {NULL, NULL};
	char longest[65];

	for (size_t i = 0; i < SOURCE_COUNT(prefixes); i++)
		assert_code(weir_migrate_embed(set, prefixes[i], &writer, NULL), WEIR_ERR_BAD_ARGUMENT);
	memset(longest, 'a', 64);
	longest[64] = '\0';
	assert_code(weir_migrate_embed(set, longest, &writer, NULL), WEIR_ERR_BAD_ARGUMENT);
	assert_code(weir_migrate_embed(NULL, "a", &writer, NULL), WEIR_ERR_BAD_ARGUMENT);
	assert_code(weir_migrate_embed(set, "a", NULL, NULL), WEIR_ERR_BAD_ARGUMENT);
	assert_code(weir_migrate_embed(set, "a", &none, NULL), WEIR_ERR_BAD_ARGUMENT);
	assert_int_equal(output.pieces, 0);
	assert_code(weir_migrate_embed(set, "_1", &writer, NULL), WEIR_OK);
}

static void a_writer_that_has_enough_is_not_called_again(void **state)
{
	struct source_fixture *const fixture = *state;
	struct output output = {.enough = 1};
	const struct weir_writer writer = {take, &output};

	source_put(fixture, "1_a.sql", "-- weir:up\n");
	source_put(fixture, "2_b.sql", "-- weir:up\n");
	assert_code(
		weir_migrate_embed(source_read(fixture, WEIR_MIGRATE_DETECT, 2), "a", &writer, NULL),
		WEIR_OK);
	assert_int_equal(output.pieces, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SOURCE_TEST(folders_of_each_format_survive),
		SOURCE_TEST(any_bytes_survive),
		SOURCE_TEST(a_set_of_none_survives),
		SOURCE_TEST(what_an_array_cannot_say_is_refused),
		SOURCE_TEST(wrong_arguments_are_refused),
		SOURCE_TEST(a_writer_that_has_enough_is_not_called_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
