/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Values as text: what is read, what is refused, and that both ways agree.
 */
#include "config_fixture.h"

static const struct weir_setting count_setting = {
	.name = "count",
	.type = WEIR_SETTING_COUNT,
	.min = 1,
	.max = 65536,
	.preset = 10,
};
static const struct weir_setting duration_setting = {
	.name = "duration",
	.type = WEIR_SETTING_DURATION,
	.min = 0,
	.max = 24 * WEIR_HOUR_NS,
	.preset = 0,
};
static const struct weir_setting size_setting = {
	.name = "size",
	.type = WEIR_SETTING_SIZE,
	.min = 0,
	.max = INT64_MAX,
	.preset = 0,
};
static const struct weir_setting bool_setting = {
	.name = "bool",
	.type = WEIR_SETTING_BOOL,
	.min = 0,
	.max = 1,
	.preset = 0,
};
static const struct weir_setting choice_setting = {
	.name = "choice",
	.type = WEIR_SETTING_CHOICE,
	.min = 0,
	.max = 2,
	.preset = 0,
	.choices = "auto|membarrier|fence",
};

struct reading {
	const struct weir_setting *setting;
	const char *text;
	int64_t value;
};

static void test_accepted(void **state)
{
	static const struct reading readings[] = {
		{&count_setting, "1", 1},
		{&count_setting, "65536", 65536},
		{&count_setting, "0008", 8},
		{&duration_setting, "0", 0},
		{&duration_setting, "0ms", 0},
		{&duration_setting, "17ns", 17},
		{&duration_setting, "2us", 2000},
		{&duration_setting, "250ms", 250000000},
		{&duration_setting, "5s", INT64_C(5000000000)},
		{&duration_setting, "10m", INT64_C(600000000000)},
		{&duration_setting, "24h", 24 * WEIR_HOUR_NS},
		{&size_setting, "512B", 512},
		{&size_setting, "64KiB", 65536},
		{&size_setting, "64MiB", INT64_C(67108864)},
		{&size_setting, "2GiB", INT64_C(2147483648)},
		{&size_setting, "9223372036854775807B", INT64_MAX},
		{&bool_setting, "true", 1},
		{&bool_setting, "on", 1},
		{&bool_setting, "yes", 1},
		{&bool_setting, "1", 1},
		{&bool_setting, "false", 0},
		{&bool_setting, "off", 0},
		{&bool_setting, "no", 0},
		{&bool_setting, "0", 0},
		{&choice_setting, "auto", 0},
		{&choice_setting, "membarrier", 1},
		{&choice_setting, "fence", 2},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(readings) / sizeof(readings[0]); i++) {
		int64_t value = -1;

		if (!weir_setting_parse(readings[i].setting, readings[i].text, &value, NULL, 0))
			fail_msg("%s refused \"%s\"", readings[i].setting->name, readings[i].text);
		assert_int_equal(value, readings[i].value);
	}
}

static void test_refused(void **state)
{
	static const struct reading readings[] = {
		{&count_setting, "", 0},
		{&count_setting, "0", 0},
		{&count_setting, "65537", 0},
		{&count_setting, "-1", 0},
		{&count_setting, "+1", 0},
		{&count_setting, " 1", 0},
		{&count_setting, "1 ", 0},
		{&count_setting, "1x", 0},
		{&count_setting, "1.5", 0},
		{&count_setting, "0x10", 0},
		{&count_setting, "1e3", 0},
		{&count_setting, "eight", 0},
		{&count_setting, "9223372036854775807", 0},
		{&count_setting, "9223372036854775808", 0},
		{&count_setting, "18446744073709551617", 0},
		{&duration_setting, "250", 0},
		{&duration_setting, "250 ms", 0},
		{&duration_setting, "250MS", 0},
		{&duration_setting, "1.5s", 0},
		{&duration_setting, "1h30m", 0},
		{&duration_setting, "ms", 0},
		{&duration_setting, "-5s", 0},
		{&duration_setting, "25h", 0},
		{&duration_setting, "9999999999999h", 0},
		{&duration_setting, "18446744073709551616ns", 0},
		{&duration_setting, "5s\n", 0},
		{&size_setting, "64", 0},
		{&size_setting, "64MB", 0},
		{&size_setting, "64mib", 0},
		{&size_setting, "9223372036854775808B", 0},
		{&size_setting, "9007199254740993KiB", 0},
		{&bool_setting, "", 0},
		{&bool_setting, "TRUE", 0},
		{&bool_setting, "2", 0},
		{&bool_setting, "tru", 0},
		{&bool_setting, "false|true", 0},
		{&choice_setting, "", 0},
		{&choice_setting, "fenc", 0},
		{&choice_setting, "fences", 0},
		{&choice_setting, "|", 0},
		{&choice_setting, "auto|", 0},
		{&choice_setting, "0", 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(readings) / sizeof(readings[0]); i++) {
		char allowed[160] = "";
		int64_t value = 4242;

		if (weir_setting_parse(readings[i].setting, readings[i].text, &value, allowed,
		                       sizeof(allowed)))
			fail_msg("%s accepted \"%s\"", readings[i].setting->name, readings[i].text);
		assert_int_equal(value, 4242);
		assert_true(strlen(allowed) > 3);
	}
}

static void expect_allowed(const struct weir_setting *setting, const char *expected)
{
	char text[160];

	assert_int_equal(weir_setting_allowed(setting, text, sizeof(text)), strlen(expected));
	assert_string_equal(text, expected);
}

static void test_allowed(void **state)
{
	(void)state;
	expect_allowed(&count_setting, "1 to 65536");
	expect_allowed(&duration_setting, "0 to 24h, as in 250ms");
	expect_allowed(&bool_setting, "false, true, off, on, no, yes, 0 or 1");
	expect_allowed(&choice_setting, "auto, membarrier or fence");
}

static void expect_format(const struct weir_setting *setting, int64_t value, const char *expected)
{
	char text[64];

	assert_int_equal(weir_setting_format(setting, value, text, sizeof(text)), strlen(expected));
	assert_string_equal(text, expected);
}

static void test_format(void **state)
{
	(void)state;
	expect_format(&count_setting, 8, "8");
	expect_format(&duration_setting, 0, "0");
	expect_format(&duration_setting, 250000000, "250ms");
	expect_format(&duration_setting, 1500000000, "1500ms");
	expect_format(&duration_setting, 1500000001, "1500000001ns");
	expect_format(&duration_setting, 90 * WEIR_SECONDS(60), "90m");
	expect_format(&size_setting, 65536, "64KiB");
	expect_format(&size_setting, 1000, "1000B");
	expect_format(&bool_setting, 0, "false");
	expect_format(&bool_setting, 1, "true");
	expect_format(&choice_setting, 2, "fence");
}

/* A program may have stored anything; saying so must work too. */
static void test_format_of_impossible_values(void **state)
{
	(void)state;
	expect_format(&duration_setting, -5, "-5ns");
	expect_format(&duration_setting, INT64_MIN, "-9223372036854775808ns");
	expect_format(&bool_setting, 2, "2");
	expect_format(&bool_setting, -1, "-1");
	expect_format(&choice_setting, 3, "3");
	expect_format(&choice_setting, INT64_MAX, "9223372036854775807");
}

static void test_format_is_cut_to_fit(void **state)
{
	char text[4] = "zzz";

	(void)state;
	assert_int_equal(weir_setting_format(&duration_setting, 250000000, text, sizeof(text)), 5);
	assert_string_equal(text, "250");
	assert_int_equal(weir_setting_format(&duration_setting, 250000000, NULL, 0), 5);
	assert_int_equal(weir_setting_allowed(&count_setting, text, 1), 10);
	assert_string_equal(text, "");
}

static void test_bad_arguments(void **state)
{
	struct weir_setting odd = count_setting;
	char allowed[16] = "before";
	int64_t value = 4242;

	(void)state;
	assert_false(weir_setting_parse(NULL, "1", &value, allowed, sizeof(allowed)));
	assert_string_equal(allowed, "");
	assert_false(weir_setting_parse(&count_setting, NULL, &value, NULL, 0));
	assert_false(weir_setting_parse(&count_setting, "1", NULL, NULL, 0));
	odd.type = (enum weir_setting_type)99;
	assert_false(weir_setting_parse(&odd, "1", &value, NULL, 0));
	assert_int_equal(weir_setting_format(&odd, 1, allowed, sizeof(allowed)), 0);
	assert_int_equal(weir_setting_allowed(NULL, allowed, sizeof(allowed)), 0);
	odd = choice_setting;
	odd.choices = NULL;
	assert_false(weir_setting_parse(&odd, "", &value, NULL, 0));
	odd.choices = "";
	assert_false(weir_setting_parse(&odd, "", &value, NULL, 0));
	assert_int_equal(value, 4242);
}

static void test_random_values_survive_the_round_trip(void **state)
{
	static const struct weir_setting any_duration = {
		"duration", WEIR_SETTING_DURATION, 0, INT64_MAX, 0, true, NULL, "any"};
	uint64_t random = fixture_seed();

	(void)state;
	for (int i = 0; i < 20000; i++) {
		const struct weir_setting *setting = i % 2 == 0 ? &any_duration : &size_setting;
		int64_t value = (int64_t)(fixture_random(&random) >> (1 + fixture_random(&random) % 63));
		int64_t again = -1;
		char text[64];

		if (i % 3 == 0 && value < INT64_C(1) << 20)
			value *= INT64_C(1000000000);
		(void)weir_setting_format(setting, value, text, sizeof(text));
		assert_true(weir_setting_parse(setting, text, &again, NULL, 0));
		assert_int_equal(again, value);
	}
}

static void test_random_text_is_read_or_refused(void **state)
{
	static const char *const pieces[] = {"1",   "0",   "9",    "922337203685477580",
	                                     "ns",  "ms",  "s",    "h",
	                                     "KiB", "GiB", "true", "auto",
	                                     "|",   "-",   " ",    "+"};
	static const struct weir_setting *const settings[] = {
		&count_setting, &duration_setting, &size_setting, &bool_setting, &choice_setting};
	uint64_t random = fixture_seed();

	(void)state;
	for (int i = 0; i < 50000; i++) {
		const struct weir_setting *setting = settings[fixture_random(&random) % 5];
		char buffer[40];
		int64_t value = 4242;

		random_text(&random, pieces, sizeof(pieces) / sizeof(pieces[0]), buffer, sizeof(buffer));

		/* A block of just that length, so that a sanitizer sees a byte read past it. */
		char *text = strdup(buffer);

		assert_non_null(text);
		if (weir_setting_parse(setting, text, &value, NULL, 0))
			assert_true(value >= setting->min && value <= setting->max);
		else
			assert_int_equal(value, 4242);
		free(text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_accepted),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_allowed),
		cmocka_unit_test(test_format),
		cmocka_unit_test(test_format_of_impossible_values),
		cmocka_unit_test(test_format_is_cut_to_fit),
		cmocka_unit_test(test_bad_arguments),
		cmocka_unit_test(test_random_values_survive_the_round_trip),
		cmocka_unit_test(test_random_text_is_read_or_refused),
	};

	return cmocka_run_group_tests_name("setting_value", tests, NULL, NULL);
}
