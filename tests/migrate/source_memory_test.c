/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Sources without memory: every allocation fails once, and each time the call says
 * so, leaves nothing behind and can be made again.
 */
#include "source_fixture.h"
#include "refused_memory.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

/* Let the nth allocation of call fail, for every n that it comes to. */
static void sweep(enum weir_code (*call)(void *arg, struct weir_error *err), void *arg)
{
	enum weir_code code = WEIR_ERR_NO_MEMORY;
	size_t nth;

	for (nth = 1; code != WEIR_OK; nth++) {
		struct weir_error err = WEIR_ERROR_INIT;

		until_failure = nth;
		code = call(arg, &err);
		until_failure = 0;
		if (code != WEIR_OK) {
			assert_code(code, WEIR_ERR_NO_MEMORY);
			assert_has(err.message, "memory");
		}
	}
	assert_true(nth > 3);
}

static enum weir_code read_folder(void *arg, struct weir_error *err)
{
	struct weir_migrations *set = NULL;
	const enum weir_code code = weir_migrations_read(&set, arg, NULL, err);

	assert_int_equal(set != NULL, code == WEIR_OK);
	weir_migrations_free(set);
	return code;
}

static void a_folder_is_read_or_not_at_all(void **state)
{
	static const char *const folders[] = {"weir", "golang", "dbmate", "goose"};

	(void)state;
	for (size_t i = 0; i < SOURCE_COUNT(folders); i++) {
		char path[512];

		(void)snprintf(path, sizeof path, "%s/%s", WEIR_TEST_FOLDERS, folders[i]);
		sweep(read_folder, path);
	}
}

static enum weir_code make_set(void *arg, struct weir_error *err)
{
	struct weir_migrations *set = NULL;
	const enum weir_code code = weir_migrations_make(&set, arg, 2, err);

	assert_int_equal(set != NULL, code == WEIR_OK);
	weir_migrations_free(set);
	return code;
}

static void an_array_is_made_or_not_at_all(void **state)
{
	struct weir_migration_source sources[] = {
		{.version = "2", .up = {.sql = "a"}, .down = {.sql = "b"}},
		{.version = "1", .up = {.sql = "c"}},
	};

	(void)state;
	sweep(make_set, sources);
}

static size_t files_in(const char *folder)
{
	DIR *const entries = opendir(folder);
	size_t count = 0;

	assert_non_null(entries);
	for (const struct dirent *entry; (entry = readdir(entries)) != NULL;)
		count += entry->d_name[0] != '.';
	assert_int_equal(closedir(entries), 0);
	return count;
}

static enum weir_code make_script(void *arg, struct weir_error *err)
{
	const struct source_fixture *const fixture = arg;
	char path[512];
	const enum weir_code code = weir_migrate_new(fixture->folder, WEIR_MIGRATE_DETECT, "b", true,
	                                             false, path, sizeof path, err);

	assert_int_equal(files_in(fixture->folder), code == WEIR_OK ? 3 : 1);
	return code;
}

static void both_scripts_are_made_or_none(void **state)
{
	source_put(*state, "1_a.up.sql", "");
	sweep(make_script, *state);
}

static bool count_bytes(void *arg, const char *bytes, size_t length)
{
	(void)bytes;
	*(size_t *)arg += length;
	return true;
}

static enum weir_code embed(void *arg, struct weir_error *err)
{
	size_t bytes = 0;
	const struct weir_writer writer = {count_bytes, &bytes};

	return weir_migrate_embed(arg, "app", &writer, err);
}

static void what_is_embedded_is_all_or_an_error(void **state)
{
	struct source_fixture *const fixture = *state;
	char text[20000] = "-- weir:up\n";

	memset(text + 11, 'x', sizeof text - 12);
	source_put(fixture, "1_a.sql", text);
	(void)source_read(fixture, WEIR_MIGRATE_DETECT, 1);
	sweep(embed, fixture->set);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_folder_is_read_or_not_at_all),
		cmocka_unit_test(an_array_is_made_or_not_at_all),
		SOURCE_TEST(both_scripts_are_made_or_none),
		SOURCE_TEST(what_is_embedded_is_all_or_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
