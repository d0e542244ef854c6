/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Which SQLite is linked, whether it is the only one, and its statistics of memory.
 * The first test must run before SQLite was used in this process.
 */
#include "sqlite_fixture.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void statistics_are_dropped_before_the_first_use_only(void **state)
{
	struct weir_error err = WEIR_ERROR_INIT;
	sqlite3 *db = NULL;
	char *text = NULL;

	(void)state;
	assert_int_equal(weir_sqlite_drop_memory_statistics(&err), WEIR_OK);
	assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
	text = sqlite3_mprintf("%s", "something to count");
	assert_non_null(text);
	assert_true(sqlite3_memory_used() == 0);
	sqlite3_free(text);
	assert_int_equal(weir_sqlite_drop_memory_statistics(&err), WEIR_ERR_BAD_ARGUMENT);
	assert_int_equal(err.driver_code, SQLITE_MISUSE);
	assert_non_null(strstr(err.message, "in use already"));
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static const struct {
	int version;
	bool vulnerable;
} versions[] = {
	{3006023, false}, {3007000, true}, {3040001, true}, {3044005, true},  {3044006, false},
	{3044099, false}, {3045000, true}, {3046001, true}, {3050006, true},  {3050007, false},
	{3050099, false}, {3051000, true}, {3051002, true}, {3051003, false}, {3052000, false},
	{4000000, false}, {3043000, true},
};

static void versions_with_the_fault_are_known(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
		if (weir_sqlite_is_vulnerable(versions[i].version) != versions[i].vulnerable)
			fail_msg("%d", versions[i].version);
	}
	assert_int_equal(weir_sqlite_is_vulnerable(0),
	                 weir_sqlite_is_vulnerable(sqlite3_libversion_number()));
}

/* ---- a second copy ---- */

/* Give all warnings there are to give; whether one spoke of a second copy. */
static bool warns_of_a_copy(const struct fixture *fixture, char text[512])
{
	void *const writer = open_role(fixture, WEIR_ROLE_WRITER);
	bool found = false;

	while (!found && fixture->driver->engine->warning(writer, text, 512))
		found = strstr(text, "second copy") != NULL;
	fixture->driver->close(writer);
	return found;
}

static bool copy_file(const char *from, const char *to)
{
	FILE *const source = fopen(from, "rb");
	FILE *const target = fopen(to, "wb");
	bool copied = source != NULL && target != NULL;
	char block[65536];
	size_t length = 0;

	while (copied && (length = fread(block, 1, sizeof(block), source)) > 0)
		copied = fwrite(block, 1, length, target) == length;
	if (source != NULL)
		(void)fclose(source);
	if (target != NULL)
		copied = fclose(target) == 0 && copied;
	return copied;
}

static void a_second_copy_is_noticed(void **state)
{
	const struct fixture *const fixture = *state;
	const char *(*const linked)(void) = sqlite3_libversion;
	const void *address = NULL;
	char text[512] = "";
	char path[256];
	Dl_info home;

	memcpy(&address, &linked, sizeof(address));
	assert_true(dladdr(address, &home) != 0);
	assert_false(warns_of_a_copy(fixture, text));
	if (strstr(home.dli_fname, ".so") == NULL)
		skip(); /* it is part of the program: there is no file to load once more */
	(void)snprintf(path, sizeof(path), "%s/another.so", fixture->folder);
	assert_true(copy_file(home.dli_fname, path));

	void *const copy = dlopen(path, RTLD_NOW | RTLD_LOCAL);

	assert_non_null(copy);
	assert_true(warns_of_a_copy(fixture, text));
	assert_non_null(strstr(text, "another.so"));
	(void)dlclose(copy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(statistics_are_dropped_before_the_first_use_only),
		cmocka_unit_test(versions_with_the_fault_are_known),
		FIXTURE_TEST(a_second_copy_is_noticed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
