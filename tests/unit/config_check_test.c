/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Checking whole configurations: ranges, and rules that span settings.
 */
#include "config_fixture.h"

static struct weir_config config;
static struct fault_log faults;
static struct weir_fault_sink sink;
static struct weir_error err;

static int set_up(void **state)
{
	(void)state;
	weir_config_init(&config, &fixture_driver);
	sink = sink_into(&faults);
	weir_error_init(&err);
	return 0;
}

static enum weir_code check(void)
{
	forget_faults(&faults);
	return weir_config_check(&config, &fixture_driver, &sink, &err);
}

static void test_defaults_pass(void **state)
{
	(void)state;
	assert_int_equal(check(), WEIR_OK);
	assert_int_equal(faults.count, 0);
	assert_int_equal(err.code, WEIR_OK);
	weir_config_init(&config, NULL);
	assert_int_equal(weir_config_check(&config, NULL, NULL, NULL), WEIR_OK);
}

static void test_ranges(void **state)
{
	size_t count;
	const struct weir_setting *table = weir_settings(&count);

	for (size_t i = 0; i < count; i++) {
		(void)set_up(state);
		*weir_config_value(&config, (enum weir_setting_id)i) = table[i].max + 1;
		assert_int_not_equal(check(), WEIR_OK);
		assert_int_equal(faults.faults[0].code, WEIR_ERR_CONFIG_VALUE);
		assert_string_equal(faults.faults[0].setting, table[i].name);
		*weir_config_value(&config, (enum weir_setting_id)i) = table[i].min - 1;
		assert_int_not_equal(check(), WEIR_OK);
		assert_string_equal(faults.faults[0].setting, table[i].name);
	}
}

static void test_all_faults_at_once(void **state)
{
	(void)state;
	config.max_size = 0;
	config.acquire_timeout = -1;
	config.origin[WEIR_SET_acquire_timeout] = WEIR_ORIGIN_INI;
	config.driver_values[1] = 7;
	assert_int_equal(check(), WEIR_ERR_CONFIG_VALUE);
	assert_int_equal(faults.count, 3);
	assert_string_equal(faults.faults[0].message,
	                    "file: acquire_timeout cannot be -1ns; allowed: 0 to 24h, as in 250ms");
	assert_string_equal(faults.faults[1].message,
	                    "default: max_size cannot be 0; allowed: 1 to 65536");
	assert_string_equal(faults.faults[2].message,
	                    "default: journal cannot be 7; allowed: off, wal or memory");
	assert_non_null(strstr(err.message, "3 faults"));
	assert_string_equal(err.where, "config.check");
}

static void test_min_idle_and_max_size(void **state)
{
	(void)state;
	config.max_size = 5;
	config.min_idle = 5;
	assert_int_equal(check(), WEIR_OK);
	config.min_idle = 6;
	config.origin[WEIR_SET_min_idle] = WEIR_ORIGIN_URL;
	assert_int_equal(check(), WEIR_ERR_CONFIG_CONFLICT);
	assert_int_equal(faults.count, 1);
	assert_string_equal(faults.faults[0].message,
	                    "configuration: min_idle is 6 (URL) but max_size is 5 (default): the pool "
	                    "can never keep that many ready; allowed: min_idle <= max_size");
	assert_string_equal(faults.faults[0].setting, "min_idle");
	assert_string_equal(faults.faults[0].value, "6");
}

static void test_idle_timeout_and_max_lifetime(void **state)
{
	(void)state;
	config.idle_timeout = WEIR_SECONDS(60);
	config.max_lifetime = WEIR_SECONDS(61);
	assert_int_equal(check(), WEIR_OK);
	config.max_lifetime = WEIR_SECONDS(60);
	assert_int_equal(check(), WEIR_ERR_CONFIG_CONFLICT);
	assert_string_equal(faults.faults[0].message,
	                    "configuration: idle_timeout is 1m (default) but max_lifetime is 1m "
	                    "(default): no connection lives long enough to be retired as idle; "
	                    "allowed: idle_timeout < max_lifetime, or 0 for either");
	config.max_lifetime = 0;
	assert_int_equal(check(), WEIR_OK);
	config.max_lifetime = 1;
	config.idle_timeout = 0;
	assert_int_equal(check(), WEIR_OK);
}

/* More helpers than connections is odd but harmless; so is a short timeout. */
static void test_what_is_no_conflict(void **state)
{
	(void)state;
	config.max_opening = 64;
	config.max_size = 1;
	config.acquire_timeout = 1;
	config.fairness_window = WEIR_SECONDS(10);
	config.max_waiters = 0;
	assert_int_equal(check(), WEIR_OK);
}

static void test_scheme_of_another_driver(void **state)
{
	struct weir_driver other = fixture_driver;

	(void)state;
	assert_int_equal(weir_config_apply_url(&config, &fixture_driver, "sqlite:x", &sink, &err),
	                 WEIR_OK);
	assert_int_equal(check(), WEIR_OK);
	other.name = "stub";
	assert_int_equal(weir_config_check(&config, &other, &sink, &err), WEIR_ERR_CONFIG_CONFLICT);
	assert_string_equal(faults.faults[0].message,
	                    "configuration: the URL is for \"sqlite\" but the driver is \"stub\"; "
	                    "allowed: stub");
}

static void test_texts_without_end(void **state)
{
	(void)state;
	memset(config.name, 'x', sizeof(config.name));
	memset(config.scheme, 'x', sizeof(config.scheme));
	memset(config.authority, 'x', sizeof(config.authority));
	memset(config.path, 'x', sizeof(config.path));
	assert_int_equal(check(), WEIR_ERR_CONFIG_VALUE);
	assert_int_equal(faults.count, 5);
	assert_string_equal(faults.faults[0].message,
	                    "configuration: name is not terminated within its 64 bytes");
}

static void test_bad_arguments(void **state)
{
	struct weir_driver other = fixture_driver;

	(void)state;
	assert_int_equal(weir_config_check(NULL, NULL, &sink, &err), WEIR_ERR_BAD_ARGUMENT);
	memset(&config, 0, sizeof(config));
	assert_int_equal(check(), WEIR_ERR_BAD_ARGUMENT);
	memset(&config, 0xa5, sizeof(config));
	assert_int_equal(check(), WEIR_ERR_BAD_ARGUMENT);
	weir_config_init(&config, NULL);
	other.name = NULL;
	assert_int_equal(weir_config_check(&config, &other, &sink, &err), WEIR_ERR_BAD_ARGUMENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_defaults_pass, set_up),
		cmocka_unit_test_setup(test_ranges, set_up),
		cmocka_unit_test_setup(test_all_faults_at_once, set_up),
		cmocka_unit_test_setup(test_min_idle_and_max_size, set_up),
		cmocka_unit_test_setup(test_idle_timeout_and_max_lifetime, set_up),
		cmocka_unit_test_setup(test_what_is_no_conflict, set_up),
		cmocka_unit_test_setup(test_scheme_of_another_driver, set_up),
		cmocka_unit_test_setup(test_texts_without_end, set_up),
		cmocka_unit_test_setup(test_bad_arguments, set_up),
	};

	return cmocka_run_group_tests_name("config_check", tests, NULL, NULL);
}
