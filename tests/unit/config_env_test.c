/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Configuration from environment variables.
 */
#include "config_fixture.h"

#include <unistd.h>

static struct weir_config config;
static struct weir_config before;
static struct fault_log faults;
static struct weir_fault_sink sink;
static struct weir_error err;

static char *given[32];
static char **real_environment;

static int set_up(void **state)
{
	(void)state;
	weir_config_init(&config, &fixture_driver);
	before = config;
	sink = sink_into(&faults);
	weir_error_init(&err);
	real_environment = environ;
	memset(given, 0, sizeof(given));
	environ = given;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(given) / sizeof(given[0]); i++)
		free(given[i]);
	environ = real_environment;
	return 0;
}

/* Add a variable as it is: setenv would not make a faulty or doubled one. */
static void add(const char *variable)
{
	size_t i = 0;

	while (given[i] != NULL)
		i++;
	assert_true(i + 1 < sizeof(given) / sizeof(given[0]));
	given[i] = strdup(variable);
	assert_non_null(given[i]);
}

static enum weir_code apply(void)
{
	return weir_config_apply_env(&config, &fixture_driver, "WEIR_", &sink, &err);
}

/* A fault of the pool's name names the variable, as those of settings do. */
static void test_faulty_name(void **state)
{
	(void)state;
	add("WEIR_NAME=a\033b");
	assert_int_equal(apply(), WEIR_ERR_CONFIG_VALUE);
	assert_int_equal(faults.count, 1);
	assert_string_equal(faults.faults[0].setting, "WEIR_NAME");
	assert_string_equal(faults.faults[0].message,
	                    "environment: WEIR_NAME has a control character (0x1b)");
}

static void test_variables(void **state)
{
	(void)state;
	add("PATH=/bin");
	add("WEIR_MAX_SIZE=8");
	add("WEIR_PAGE_CACHE=4MiB");
	add("WEIR_NAME=orders");
	add("MAX_SIZE=9");
	add("WEIR_URL=sqlite:///a.db?max_size=3&min_idle=2");
	assert_int_equal(apply(), WEIR_OK);
	assert_int_equal(config.max_size, 8);
	assert_int_equal(config.min_idle, 2);
	assert_int_equal(config.driver_values[0], 4 << 20);
	assert_string_equal(config.name, "orders");
	assert_string_equal(config.path, "/a.db");
	assert_int_equal(config.origin[WEIR_SET_max_size], WEIR_ORIGIN_ENV);
}

static void test_other_prefix(void **state)
{
	(void)state;
	add("WEIR_MAX_SIZE=8");
	add("ORDERS_MAX_SIZE=9");
	assert_int_equal(weir_config_apply_env(&config, &fixture_driver, "ORDERS_", &sink, &err),
	                 WEIR_OK);
	assert_int_equal(config.max_size, 9);
}

static void test_strangers_are_passed_over(void **state)
{
	char longer[400];

	(void)state;
	add("WEIR_HOME=/opt/weir");
	add("WEIR_LOG_LEVEL=debug");
	add("WEIR_ORDERS_MAX_SIZE=8");
	add("WEIR_=empty");
	add("WEIR_MAX_SIZE_AND_A_NAME_THAT_IS_LONGER_THAN_ANY_SETTING_COULD_EVER_POSSIBLY_BE=1");
	(void)snprintf(longer, sizeof(longer), "WEIR_MAX_SIZE%0300d=1", 0);
	add(longer);
	add("WEIR_WITHOUT_EQUALS");
	add("=WEIR_MAX_SIZE=0");
	add("");
	assert_int_equal(apply(), WEIR_OK);
	assert_memory_equal(&config, &before, sizeof(config));
}

static void test_slips_are_faults(void **state)
{
	(void)state;
	add("WEIR_MAX_SZIE=8");
	add("WEIR_max_size=8");
	add("WEIR_MAX-SIZE=8");
	assert_int_equal(apply(), WEIR_ERR_CONFIG_UNKNOWN);
	assert_int_equal(faults.count, 3);
	assert_string_equal(
		faults.faults[0].message,
		"environment: there is no setting \"WEIR_MAX_SZIE\"; did you mean WEIR_MAX_SIZE?");
	assert_string_equal(faults.faults[0].setting, "WEIR_MAX_SZIE");
	assert_string_equal(faults.faults[1].hint, "did you mean WEIR_MAX_SIZE?");
	assert_string_equal(faults.faults[2].hint, "did you mean WEIR_MAX_SIZE?");
	assert_memory_equal(&config, &before, sizeof(config));
}

static void test_every_fault_is_reported(void **state)
{
	(void)state;
	add("WEIR_MAX_SIZE=");
	add("WEIR_MIN_IDLE=8 ");
	add("WEIR_FAIRNESS=FIFO");
	add("WEIR_URL=sqlte:x?max_szie=8&far=1");
	add("WEIR_MAX_WAITERS=5");
	assert_int_equal(apply(), WEIR_ERR_CONFIG_VALUE);
	assert_int_equal(faults.count, 6);
	assert_string_equal(faults.faults[0].message,
	                    "environment: WEIR_MAX_SIZE cannot be \"\"; allowed: 1 to 65536");
	assert_string_equal(faults.faults[1].value, "8 ");
	/* Inside the URL names are written as in every URL, and strangers are faults. */
	assert_string_equal(faults.faults[4].message,
	                    "environment: there is no setting \"max_szie\"; did you mean max_size?");
	assert_string_equal(faults.faults[5].message, "environment: there is no setting \"far\"");
	assert_memory_equal(&config, &before, sizeof(config));
}

/* execve can pass the same variable twice; which one wins would be luck. */
static void test_doubled_variable(void **state)
{
	(void)state;
	add("WEIR_MAX_SIZE=8");
	add("WEIR_MAX_SIZE=9");
	assert_int_equal(apply(), WEIR_ERR_CONFIG_SYNTAX);
	assert_string_equal(faults.faults[0].message,
	                    "environment: WEIR_MAX_SIZE is given more than once");
}

static void test_bad_arguments(void **state)
{
	(void)state;
	assert_int_equal(weir_config_apply_env(&config, NULL, NULL, &sink, &err),
	                 WEIR_ERR_BAD_ARGUMENT);
	assert_int_equal(weir_config_apply_env(&config, NULL, "", &sink, &err), WEIR_ERR_BAD_ARGUMENT);
	assert_int_equal(weir_config_apply_env(NULL, NULL, "WEIR_", &sink, &err),
	                 WEIR_ERR_BAD_ARGUMENT);
	environ = NULL;
	assert_int_equal(apply(), WEIR_OK);
}

static void test_random_environments(void **state)
{
	static const char *const pieces[] = {"WEIR_", "MAX_SIZE", "MIN_IDLE", "URL", "=",   "8",
	                                     "NAME",  "sqlite:",  "?",        "_",   "url", "a"};
	uint64_t random = fixture_seed();

	for (int i = 0; i < 20000; i++) {
		char text[120];

		(void)tear_down(state);
		(void)set_up(state);
		for (uint64_t j = fixture_random(&random) % 4; j > 0; j--) {
			random_text(&random, pieces, sizeof(pieces) / sizeof(pieces[0]), text, sizeof(text));
			add(text);
			(void)snprintf(text, sizeof(text), "WEIR_MAX_SIZE=%d",
			               (int)(fixture_random(&random) % 9));
			add(text);
		}

		const enum weir_code code = apply();

		assert_int_equal(code == WEIR_OK, faults.count == 0);
		if (code != WEIR_OK)
			assert_memory_equal(&config, &before, sizeof(config));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_variables, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_faulty_name, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_other_prefix, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_strangers_are_passed_over, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_slips_are_faults, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_every_fault_is_reported, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_doubled_variable, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_bad_arguments, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_random_environments, set_up, tear_down),
	};

	return cmocka_run_group_tests_name("config_env", tests, NULL, NULL);
}
