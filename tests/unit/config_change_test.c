/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Changing one setting of a running pool: what is read, what is refused, and
 * that a refusal changes nothing.
 */
#include "config_fixture.h"

#include <weir/pool.h>

static enum weir_code open_one(const struct weir_open_request *request, void **conn,
                               struct weir_error *err)
{
	(void)request;
	(void)err;
	*conn = malloc(1);
	return *conn != NULL ? WEIR_OK : WEIR_ERR_NO_MEMORY;
}

static void close_one(void *conn)
{
	free(conn);
}

static struct weir_driver driver;
static struct weir_pool *pool;
static struct weir_error err;

static int set_up(void **state)
{
	struct weir_config config;

	(void)state;
	driver = fixture_driver;
	driver.flags = WEIR_DRIVER_OPEN_HONOURS_DEADLINE;
	driver.open = open_one;
	driver.close = close_one;
	weir_config_init(&config, &driver);
	weir_error_init(&err);
	return weir_pool_create(&pool, &driver, NULL, &config, &err) == WEIR_OK ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	weir_pool_destroy(pool);
	pool = NULL;
	return 0;
}

static enum weir_code change(const char *name, const char *value)
{
	weir_error_init(&err);
	return weir_pool_set(pool, name, value, &err);
}

static void expect_refusal(const char *name, const char *value, enum weir_code code,
                           const char *message)
{
	assert_int_equal(change(name, value), code);
	assert_int_equal(err.code, code);
	assert_string_equal(err.message, message);
}

static void test_changes_stay(void **state)
{
	(void)state;
	assert_int_equal(change("acquire_timeout", "250ms"), WEIR_OK);
	assert_int_equal(err.code, WEIR_OK);
	assert_int_equal(change("acquire_timeout", "1s"), WEIR_OK);
	/* Against the default of idle_timeout, ten minutes, this would be refused. */
	assert_int_equal(change("idle_timeout", "1m"), WEIR_OK);
	assert_int_equal(change("max_lifetime", "5m"), WEIR_OK);
	assert_int_equal(change("min_idle", "10"), WEIR_OK);
	assert_int_equal(weir_pool_set(pool, "min_idle", "0", NULL), WEIR_OK);
}

static void test_refusals(void **state)
{
	(void)state;
	expect_refusal("max_size", "20", WEIR_ERR_BAD_ARGUMENT,
	               "max_size cannot be changed while the pool runs");
	expect_refusal("journal", "off", WEIR_ERR_BAD_ARGUMENT,
	               "journal cannot be changed while the pool runs");
	expect_refusal("min_idel", "2", WEIR_ERR_CONFIG_UNKNOWN,
	               "pool: there is no setting \"min_idel\"; did you mean min_idle?");
	expect_refusal("min_idle", "-2", WEIR_ERR_CONFIG_VALUE,
	               "pool: min_idle cannot be \"-2\"; allowed: 0 to 65536");
	expect_refusal("min_idle", "", WEIR_ERR_CONFIG_VALUE,
	               "pool: min_idle cannot be \"\"; allowed: 0 to 65536");
	/* The words of sources are no settings of a pool. */
	assert_int_equal(change("url", "sqlite:x"), WEIR_ERR_CONFIG_UNKNOWN);
	assert_int_equal(change("name", "x"), WEIR_ERR_CONFIG_UNKNOWN);
	assert_int_equal(change("", "x"), WEIR_ERR_CONFIG_UNKNOWN);
	assert_int_equal(change(NULL, "x"), WEIR_ERR_BAD_ARGUMENT);
	assert_int_equal(change("min_idle", NULL), WEIR_ERR_BAD_ARGUMENT);
	assert_int_equal(weir_pool_set(pool, "min_idle", "11", NULL), WEIR_ERR_CONFIG_CONFLICT);
}

static void test_conflicts_name_both_settings(void **state)
{
	(void)state;
	expect_refusal("min_idle", "11", WEIR_ERR_CONFIG_CONFLICT,
	               "configuration: min_idle is 11 (program) but max_size is 10 (default): the pool "
	               "can never keep that many ready; allowed: min_idle <= max_size");
	expect_refusal("max_lifetime", "10m", WEIR_ERR_CONFIG_CONFLICT,
	               "configuration: idle_timeout is 10m (default) but max_lifetime is 10m "
	               "(program): no connection lives long enough to be retired as idle; allowed: "
	               "idle_timeout < max_lifetime, or 0 for either");
}

/* A refused lifetime that had stayed would make this one a conflict. */
static void test_refusals_change_nothing(void **state)
{
	(void)state;
	assert_int_equal(change("max_lifetime", "2m"), WEIR_ERR_CONFIG_CONFLICT);
	assert_int_equal(change("idle_timeout", "3m"), WEIR_OK);
	assert_int_equal(change("max_lifetime", "zero"), WEIR_ERR_CONFIG_VALUE);
	assert_int_equal(change("idle_timeout", "29m"), WEIR_OK);
}

/* A driver cannot offer what the pool has no place for. */
static void test_driver_setting_marked_changeable(void **state)
{
	(void)state;
	assert_true(fixture_settings[0].changeable);
	expect_refusal("page_cache", "4MiB", WEIR_ERR_BAD_ARGUMENT,
	               "page_cache cannot be changed while the pool runs");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_changes_stay, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_refusals, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_conflicts_name_both_settings, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_refusals_change_nothing, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_driver_setting_marked_changeable, set_up, tear_down),
	};

	return cmocka_run_group_tests_name("config_change", tests, NULL, NULL);
}
