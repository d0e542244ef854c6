/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The input is the value of a setting. It is read as one of every setting that
 * there is, and of some that no table has; its first bytes are also a number that
 * is written as each, in range or not.
 */
#include "fuzz_check.h"

#include <stdlib.h>
#include <string.h>

#include <weir/config.h>
#include <weir/driver.h>
#include <weir/sqlite.h>
#include <weir/stub.h>

#define TEXT_MAX 80

/* Of odd shape: ranges that hold everything, a type of a later release, and lists
 * of words that a table should not have. */
static const struct weir_setting odd[] = {
	{"count", WEIR_SETTING_COUNT, INT64_MIN, INT64_MAX, 0, false, NULL, ""},
	{"duration", WEIR_SETTING_DURATION, INT64_MIN, INT64_MAX, 0, false, NULL, ""},
	{"size", WEIR_SETTING_SIZE, INT64_MIN, INT64_MAX, 0, false, NULL, ""},
	{"bool", WEIR_SETTING_BOOL, INT64_MIN, INT64_MAX, 0, false, NULL, ""},
	{"choice", WEIR_SETTING_CHOICE, 0, 9, 0, false, "a|bb|ccc|a", ""},
	{"holes", WEIR_SETTING_CHOICE, 0, 9, 0, false, "|a||b|", ""},
	{"none", WEIR_SETTING_CHOICE, 0, 9, 0, false, NULL, ""},
	{"later", (enum weir_setting_type)5, 0, 9, 0, false, NULL, ""},
};

/* The whole text and its length do not depend on how much room there is. */
static void check_cut(const struct weir_setting *setting, int64_t value, const char *whole,
                      size_t length)
{
	const size_t size = length / 2;
	char *cut = malloc(size + 1);

	if (cut == NULL)
		abort();
	FUZZ_CHECK(weir_setting_format(setting, value, NULL, 0) == length);
	FUZZ_CHECK(weir_setting_format(setting, value, cut, size) == length);
	FUZZ_CHECK(size == 0 || strnlen(cut, size) == size - 1);
	FUZZ_CHECK(size == 0 || strncmp(cut, whole, size - 1) == 0);
	free(cut);
}

static void check_write(const struct weir_setting *setting, int64_t value)
{
	char text[TEXT_MAX];
	const size_t length = weir_setting_format(setting, value, text, sizeof(text));

	FUZZ_CHECK(length < sizeof(text) && strlen(text) == length);
	check_cut(setting, value, text, length);
}

static void check_read(const struct weir_setting *setting, const char *text)
{
	const int64_t untouched = INT64_C(0x5a5a5a5a5a5a5a5a);
	int64_t value = untouched;
	int64_t again = untouched;
	char allowed[TEXT_MAX];
	char whole[TEXT_MAX];
	char written[TEXT_MAX];

	if (!weir_setting_parse(setting, text, &value, allowed, sizeof(allowed))) {
		FUZZ_CHECK(value == untouched);
		(void)weir_setting_allowed(setting, whole, sizeof(whole));
		FUZZ_CHECK((uint32_t)setting->type > WEIR_SETTING_CHOICE || strcmp(allowed, whole) == 0);
		return;
	}
	FUZZ_CHECK(value >= setting->min && value <= setting->max);
	FUZZ_CHECK(weir_setting_format(setting, value, written, sizeof(written)) < sizeof(written));
	FUZZ_CHECK(weir_setting_parse(setting, written, &again, NULL, 0) && again == value);
	check_write(setting, value);
}

static void check_table(const struct weir_setting *table, size_t count, const char *text,
                        int64_t number)
{
	for (size_t i = 0; i < count; i++) {
		check_read(&table[i], text);
		check_write(&table[i], number);
		check_write(&table[i], table[i].min);
		check_write(&table[i], table[i].max);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_string(data, size);
	const struct weir_setting *table;
	int64_t number = 0;
	size_t count;

	if (size > 0)
		memcpy(&number, data, size < sizeof(number) ? size : sizeof(number));
	table = weir_settings(&count);
	check_table(table, count, text, number);
	table = weir_driver_settings(weir_sqlite_driver(), &count);
	check_table(table, count, text, number);
	table = weir_driver_settings(weir_stub_driver(), &count);
	check_table(table, count, text, number);
	check_table(odd, sizeof(odd) / sizeof(odd[0]), text, number);
	free(text);
	return 0;
}
