/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The pool's table of settings, a driver's beside it, and the values behind them.
 */
#include "config_fixture.h"

static void test_table_is_sound(void **state)
{
	size_t count = 0;
	const struct weir_setting *table = weir_settings(&count);

	(void)state;
	assert_int_equal(count, WEIR_SETTINGS_COUNT);
	assert_ptr_equal(weir_settings(NULL), table);
	for (size_t i = 0; i < count; i++) {
		char text[64];
		int64_t value = -1;

		assert_true(table[i].min <= table[i].preset && table[i].preset <= table[i].max);
		assert_true(strlen(table[i].doc) > 5);
		assert_int_equal(table[i].type == WEIR_SETTING_CHOICE, table[i].choices != NULL);
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(table[i].name, table[j].name);
		(void)weir_setting_format(&table[i], table[i].preset, text, sizeof(text));
		assert_true(weir_setting_parse(&table[i], text, &value, NULL, 0));
		assert_int_equal(value, table[i].preset);
	}
}

static void test_ids_name_their_fields(void **state)
{
	struct weir_config config;
	const struct weir_setting *table = weir_settings(NULL);

	(void)state;
	weir_config_init(&config, NULL);
#define CHECK_FIELD(field, ...)                                                                    \
	assert_ptr_equal(weir_config_value(&config, WEIR_SET_##field), &config.field);                 \
	assert_string_equal(table[WEIR_SET_##field].name, #field);                                     \
	assert_int_equal(config.field, table[WEIR_SET_##field].preset);
	WEIR_SETTINGS(CHECK_FIELD)
#undef CHECK_FIELD
}

static void test_value_refuses_what_is_not_there(void **state)
{
	struct weir_config config;

	(void)state;
	weir_config_init(&config, NULL);
	assert_null(weir_config_value(NULL, WEIR_SET_max_size));
	assert_null(weir_config_value(&config, WEIR_SETTINGS_COUNT));
	assert_null(weir_config_value(&config, (enum weir_setting_id) - 1));
	config.size = (uint32_t)offsetof(struct weir_config, max_size);
	assert_null(weir_config_value(&config, WEIR_SET_max_size));
	assert_non_null(weir_config_value(&config, WEIR_SET_acquire_timeout));
}

static void test_driver_table(void **state)
{
	size_t count = 99;

	(void)state;
	assert_ptr_equal(weir_driver_settings(&fixture_driver, &count), fixture_settings);
	assert_int_equal(count, 3);
	assert_ptr_equal(weir_driver_settings(&fixture_driver, NULL), fixture_settings);
	assert_null(weir_driver_settings(NULL, &count));
	assert_int_equal(count, 0);
}

static void test_faulty_drivers_have_no_settings(void **state)
{
	struct weir_driver driver = fixture_driver;
	size_t count = 99;

	(void)state;
	driver.abi = WEIR_DRIVER_ABI + 1;
	assert_null(weir_driver_settings(&driver, &count));
	assert_int_equal(count, 0);

	driver = fixture_driver;
	driver.size = (uint32_t)offsetof(struct weir_driver, settings);
	assert_null(weir_driver_settings(&driver, &count));

	driver = fixture_driver;
	driver.settings = NULL;
	assert_null(weir_driver_settings(&driver, &count));

	driver = fixture_driver;
	driver.settings_count = UINT32_MAX;
	(void)weir_driver_settings(&driver, &count);
	assert_int_equal(count, WEIR_DRIVER_SETTINGS_MAX);
}

static void test_init_has_defaults_of_both(void **state)
{
	struct weir_config config;

	(void)state;
	memset(&config, 0xa5, sizeof(config));
	weir_config_init(&config, &fixture_driver);
	assert_int_equal(config.size, sizeof(config));
	assert_int_equal(config.max_size, 10);
	assert_int_equal(config.driver_values[0], 1 << 20);
	assert_int_equal(config.driver_values[1], 1);
	assert_int_equal(config.driver_values[3], 0);
	assert_int_equal(config.origin[WEIR_SET_max_size], WEIR_ORIGIN_DEFAULT);
	assert_string_equal(config.name, "");
	assert_string_equal(config.path, "");
}

/* A program built before the last settings existed has a shorter struct. */
static void test_init_keeps_within_size(void **state)
{
	const uint32_t size = (uint32_t)offsetof(struct weir_config, max_size);
	struct weir_config config;
	struct weir_config untouched;

	(void)state;
	memset(&config, 0xa5, sizeof(config));
	weir_config_init_sized(&config, size, NULL);
	assert_int_equal(config.size, size);
	for (size_t i = size; i < sizeof(config); i++)
		assert_int_equal(((unsigned char *)&config)[i], 0xa5);

	memset(&untouched, 0xa5, sizeof(untouched));
	config = untouched;
	weir_config_init_sized(&config, 8, NULL);
	assert_memory_equal(&config, &untouched, sizeof(config));
	weir_config_init_sized(NULL, sizeof(config), NULL);
}

/* And one built after this library a longer one: size says how much is meant. */
static void test_init_of_longer_struct(void **state)
{
	unsigned char *memory = malloc(sizeof(struct weir_config) + 64);
	struct weir_config *config = (struct weir_config *)(void *)memory;

	(void)state;
	assert_non_null(memory);
	weir_config_init_sized(config, sizeof(struct weir_config) + 64, NULL);
	assert_int_equal(config->size, sizeof(struct weir_config));
	free(memory);
}

static void test_origin_names(void **state)
{
	(void)state;
	assert_string_equal(weir_origin_name(WEIR_ORIGIN_DEFAULT), "default");
	assert_string_equal(weir_origin_name(WEIR_ORIGIN_ENV), "environment");
	assert_string_equal(weir_origin_name(WEIR_ORIGIN_CODE), "program");
	assert_string_equal(weir_origin_name((enum weir_origin)77), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table_is_sound),
		cmocka_unit_test(test_ids_name_their_fields),
		cmocka_unit_test(test_value_refuses_what_is_not_there),
		cmocka_unit_test(test_driver_table),
		cmocka_unit_test(test_faulty_drivers_have_no_settings),
		cmocka_unit_test(test_init_has_defaults_of_both),
		cmocka_unit_test(test_init_keeps_within_size),
		cmocka_unit_test(test_init_of_longer_struct),
		cmocka_unit_test(test_origin_names),
	};

	return cmocka_run_group_tests_name("settings", tests, NULL, NULL);
}
