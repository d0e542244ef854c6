/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Guessing which name was meant. (The texts of faults are tested with the sources
 * that report them.)
 */
#include "config_fixture.h"

static const char *const names[] = {
	"acquire_timeout", "max_size", "max_waiters", "min_idle", "url", "name", "max_opening", NULL,
};

#define NAMES_COUNT (sizeof(names) / sizeof(names[0]))

static void test_slips_are_recognised(void **state)
{
	static const char *const slips[][2] = {
		{"max_size", "max_size"},
		{"max_szie", "max_size"},
		{"maxsize", "max_size"},
		{"max-size", "max_size"},
		{"MAX_SIZE", "max_size"},
		{"max_siz", "max_size"},
		{"max_sizes", "max_size"},
		{"mxa_szie", "max_size"},
		{"min_size", "max_size"},
		{"acquiretimout", "acquire_timeout"},
		{"aquire_time_out", "acquire_timeout"},
		{"max_waiter", "max_waiters"},
		{"ulr", "url"},
		{"uri", "url"},
		{"nam", "name"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(slips) / sizeof(slips[0]); i++) {
		const char *nearest = weir_nearest(slips[i][0], names, NAMES_COUNT);

		if (nearest == NULL)
			fail_msg("nothing is near \"%s\"", slips[i][0]);
		assert_string_equal(nearest, slips[i][1]);
	}
}

static void test_strangers_are_not(void **state)
{
	static const char *const strangers[] = {
		"",
		"x",
		"u",
		"home",
		"mode",
		"idle",
		"size",
		"timeout",
		"pool_size",
		"level",
		"a_very_long_name_that_is_longer_than_any_name_a_table_of_settings_has",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(strangers) / sizeof(strangers[0]); i++) {
		const char *nearest = weir_nearest(strangers[i], names, NAMES_COUNT);

		if (nearest != NULL)
			fail_msg("\"%s\" is near \"%s\"", strangers[i], nearest);
	}
}

static void test_the_nearest_wins(void **state)
{
	static const char *const close[] = {"abcdefghi", "abcdefghij", "abcdefgxyz"};

	(void)state;
	assert_string_equal(weir_nearest("abcdefghij", close, 3), "abcdefghij");
	assert_string_equal(weir_nearest("abcdefghik", close, 3), "abcdefghi");
	assert_string_equal(weir_nearest("abcdefxyz", close, 3), "abcdefgxyz");
}

static void test_bad_arguments(void **state)
{
	static const char *const longest[] = {
		"123456789012345678901234567890123456789012345678901234567890123",
		"1234567890123456789012345678901234567890123456789012345678901234",
	};

	(void)state;
	assert_null(weir_nearest(NULL, names, NAMES_COUNT));
	assert_null(weir_nearest("url", NULL, 0));
	assert_null(weir_nearest("url", names, 0));
	assert_ptr_equal(weir_nearest(longest[0], longest, 2), longest[0]);
	assert_null(weir_nearest(longest[1], longest, 2));
}

static void test_random_names(void **state)
{
	static const char *const pieces[] = {"max", "_", "size", "a", "timeout", "-"};
	uint64_t random = fixture_seed();

	(void)state;
	for (int i = 0; i < 20000; i++) {
		char text[80];

		random_text(&random, pieces, 6, text, sizeof(text));

		const char *nearest = weir_nearest(text, names, NAMES_COUNT);

		if (nearest != NULL)
			assert_true(strlen(nearest) <= strlen(text) + 3 && strlen(text) <= strlen(nearest) + 3);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_slips_are_recognised), cmocka_unit_test(test_strangers_are_not),
		cmocka_unit_test(test_the_nearest_wins),     cmocka_unit_test(test_bad_arguments),
		cmocka_unit_test(test_random_names),
	};

	return cmocka_run_group_tests_name("config_fault", tests, NULL, NULL);
}
