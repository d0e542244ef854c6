/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Making a pool, refusing to, changing it while it runs, and its figures.
 */
#include <stdlib.h>
#include <string.h>

#include "testing.h"
#include "unit_check.h"
#include "unit_pool.h"
#include "unit_thread.h"

static enum weir_code open_none(const struct weir_open_request *request, void **conn,
                                struct weir_error *err)
{
	(void)request;
	(void)conn;
	return weir_fail(err, WEIR_ERR_DRIVER_OPEN, "none.open", 0, "never opens");
}

static void close_none(void *conn)
{
	(void)conn;
}

static const struct weir_driver sound = {
	.abi = WEIR_DRIVER_ABI,
	.size = sizeof(struct weir_driver),
	.name = "none",
	.flags = WEIR_DRIVER_OPEN_HONOURS_DEADLINE,
	.open = open_none,
	.close = close_none,
};

static void break_abi(struct weir_driver *driver)
{
	driver->abi = WEIR_DRIVER_ABI + 1;
}

static void break_abi_zero(struct weir_driver *driver)
{
	driver->abi = 0;
}

static void break_size(struct weir_driver *driver)
{
	driver->size = (uint32_t)offsetof(struct weir_driver, close);
}

static void break_size_zero(struct weir_driver *driver)
{
	driver->size = 0;
}

static void break_flags(struct weir_driver *driver)
{
	driver->flags |= UINT32_C(1) << 31;
}

static void break_open(struct weir_driver *driver)
{
	driver->open = NULL;
}

static void break_close(struct weir_driver *driver)
{
	driver->close = NULL;
}

static void break_name(struct weir_driver *driver)
{
	driver->name = NULL;
}

static void break_settings(struct weir_driver *driver)
{
	driver->settings_count = WEIR_DRIVER_SETTINGS_MAX + 1;
}

static void a_driver_that_is_none_is_refused(void **state)
{
	static void (*const breaks[])(struct weir_driver *) = {
		break_abi,  break_abi_zero, break_size, break_size_zero, break_flags,
		break_open, break_close,    break_name, break_settings,
	};

	(void)state;
	for (size_t i = 0; i < sizeof breaks / sizeof breaks[0]; i++) {
		struct weir_driver driver = sound;
		struct weir_pool *pool = (struct weir_pool *)(uintptr_t)&driver;
		struct weir_error err = WEIR_ERROR_INIT;

		breaks[i](&driver);
		assert_code(weir_pool_create(&pool, &driver, NULL, NULL, &err), WEIR_ERR_BAD_ARGUMENT);
		assert_null(pool);
		assert_true(strlen(err.message) > 0);
		assert_code(weir_pool_open_url(&pool, &driver, "none:", NULL), WEIR_ERR_BAD_ARGUMENT);
	}
}

static void null_arguments_are_refused(void **state)
{
	struct weir_pool *pool = NULL;
	struct weir_error err = WEIR_ERROR_INIT;
	struct weir_pool_stats stats = {.size = sizeof stats};

	(void)state;
	assert_code(weir_pool_create(NULL, &sound, NULL, NULL, &err), WEIR_ERR_BAD_ARGUMENT);
	assert_code(weir_pool_create(&pool, NULL, NULL, NULL, &err), WEIR_ERR_BAD_ARGUMENT);
	assert_has(err.message, "driver is NULL");
	assert_code(weir_pool_open_url(NULL, &sound, "none:", &err), WEIR_ERR_BAD_ARGUMENT);
	assert_code(weir_pool_open_url(&pool, NULL, "none:", &err), WEIR_ERR_BAD_ARGUMENT);
	assert_code(weir_pool_open_url(&pool, &sound, NULL, &err), WEIR_ERR_BAD_ARGUMENT);
	assert_null(pool);
	assert_code(weir_pool_set(NULL, "max_waiters", "1", &err), WEIR_ERR_BAD_ARGUMENT);
	assert_code(weir_pool_read_stats(NULL, &stats), WEIR_ERR_BAD_ARGUMENT);
	assert_null(weir_pool_driver(NULL));
	assert_null(weir_pool_name(NULL));
}

/* An older driver's struct ends early; what lies behind must not be read. */
static void a_shorter_driver_struct_counts_as_null_behind_its_end(void **state)
{
	const uint32_t size = (uint32_t)offsetof(struct weir_driver, validate);
	struct weir_driver whole = *weir_stub_prompt_driver();
	void *driver = malloc(size);
	struct weir_stub *stub = unit_stub(NULL);
	struct weir_pool *pool;
	struct weir_lease lease;

	(void)state;
	assert_non_null(driver);
	whole.size = size;
	memcpy(driver, &whole, size);
	pool = unit_pool(driver, stub, "max_size=1 validate_on_acquire=on");
	lease = unit_acquire(pool);
	unit_release(&lease);
	assert_int_equal(unit_counts(stub).resets, 0);
	assert_int_equal(unit_counts(stub).validates, 0);
	unit_pool_end(pool, stub);
	free(driver);
}

/* An older program's config ends early; the rest has its defaults. */
static void a_shorter_config_is_accepted(void **state)
{
	const uint32_t size = (uint32_t)offsetof(struct weir_config, wake_barrier);
	struct weir_config whole;
	void *config = malloc(size);
	struct weir_pool *pool = NULL;

	(void)state;
	assert_non_null(config);
	weir_config_init_sized(&whole, size, weir_stub_prompt_driver());
	whole.max_size = 3;
	memcpy(config, &whole, size);
	assert_code(weir_pool_create(&pool, weir_stub_prompt_driver(), NULL, config, NULL), WEIR_OK);
	assert_int_equal(unit_stats(pool).max_size, 3);
	unit_pool_end(pool, NULL);
	free(config);
}

struct bad_config {
	enum weir_setting_id id;
	int64_t value;
};

static void configs_out_of_range_are_refused(void **state)
{
	static const struct bad_config bad[] = {
		{WEIR_SET_max_size, 0},
		{WEIR_SET_max_size, -1},
		{WEIR_SET_max_size, 65537},
		{WEIR_SET_max_size, INT64_MAX},
		{WEIR_SET_max_waiters, -1},
		{WEIR_SET_max_waiters, 1000001},
		{WEIR_SET_acquire_timeout, -1},
		{WEIR_SET_acquire_timeout, INT64_MAX},
		{WEIR_SET_open_timeout, 0},
		{WEIR_SET_max_opening, 0},
		{WEIR_SET_max_opening, 65},
		{WEIR_SET_fairness, 2},
		{WEIR_SET_wake_barrier, 3},
		{WEIR_SET_wake_barrier, INT64_MIN},
		{WEIR_SET_fairness_window, WEIR_SECONDS(11)},
	};

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct weir_config config;
		struct weir_pool *pool = NULL;
		struct weir_error err = WEIR_ERROR_INIT;

		weir_config_init(&config, &sound);
		*weir_config_value(&config, bad[i].id) = bad[i].value;
		assert_code(weir_pool_create(&pool, &sound, NULL, &config, &err), WEIR_ERR_CONFIG_VALUE);
		assert_null(pool);
	}
}

static void settings_that_contradict_each_other_are_refused(void **state)
{
	struct weir_config config;
	struct weir_pool *pool = NULL;

	(void)state;
	weir_config_init(&config, &sound);
	config.max_size = 2;
	config.min_idle = 3;
	assert_code(weir_pool_create(&pool, &sound, NULL, &config, NULL), WEIR_ERR_CONFIG_CONFLICT);
	assert_null(pool);
}

static void a_config_that_was_never_initialised_is_refused(void **state)
{
	struct weir_config config;
	struct weir_pool *pool = NULL;

	(void)state;
	memset(&config, 0, sizeof config);
	assert_code(weir_pool_create(&pool, &sound, NULL, &config, NULL), WEIR_ERR_BAD_ARGUMENT);
	assert_null(pool);
}

struct bad_url {
	const char *url;
	enum weir_code code;
};

static void urls_are_checked(void **state)
{
	static const struct bad_url bad[] = {
		{"", WEIR_ERR_CONFIG_SYNTAX},
		{"stub", WEIR_ERR_CONFIG_SYNTAX},
		{"://", WEIR_ERR_CONFIG_SYNTAX},
		{"stub:?max_size", WEIR_ERR_CONFIG_SYNTAX},
		{"stub:?max_size=%zz", WEIR_ERR_CONFIG_SYNTAX},
		{"stub:?maxsize=4", WEIR_ERR_CONFIG_UNKNOWN},
		{"stub:?max_size=0", WEIR_ERR_CONFIG_VALUE},
		{"stub:?max_size=99999999999999999999", WEIR_ERR_CONFIG_VALUE},
		{"stub:?max_size=many", WEIR_ERR_CONFIG_VALUE},
		{"stub:?acquire_timeout=5", WEIR_ERR_CONFIG_VALUE},
		{"stub:?max_size=2&min_idle=3", WEIR_ERR_CONFIG_CONFLICT},
	};

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct weir_pool *pool = NULL;
		struct weir_error err = WEIR_ERROR_INIT;

		print_message("\"%s\"\n", bad[i].url);
		assert_code(weir_pool_open_url(&pool, weir_stub_driver(), bad[i].url, &err), bad[i].code);
		assert_null(pool);
		assert_int_equal(err.code, bad[i].code);
		assert_true(strlen(err.message) > 0);
	}
}

static void a_url_of_another_driver_is_refused(void **state)
{
	struct weir_pool *pool = NULL;

	(void)state;
	assert_true(weir_error_is(weir_pool_open_url(&pool, weir_stub_driver(), "sqlite:/tmp/x", NULL),
	                          WEIR_ERR_CONFIG));
	assert_null(pool);
}

static void a_url_makes_a_pool(void **state)
{
	struct weir_pool *pool = NULL;
	struct weir_error err = WEIR_ERROR_INIT;
	struct weir_lease lease;

	(void)state;
	assert_code(
		weir_pool_open_url(&pool, weir_stub_driver(), "stub:?max_size=3&min_idle=2&name=a", &err),
		WEIR_OK);
	assert_int_equal(unit_stats(pool).idle, 2);
	assert_int_equal(unit_stats(pool).max_size, 3);
	assert_string_equal(weir_pool_name(pool), "a");
	assert_ptr_equal(weir_pool_driver(pool), weir_stub_driver());
	lease = unit_acquire(pool);
	unit_release(&lease);
	unit_pool_end(pool, NULL);
}

static void defaults_make_a_pool_with_a_name(void **state)
{
	struct weir_pool *pool = NULL;

	(void)state;
	assert_code(weir_pool_create(&pool, weir_stub_driver(), NULL, NULL, NULL), WEIR_OK);
	assert_int_equal(unit_stats(pool).max_size, 10);
	assert_true(strlen(weir_pool_name(pool)) > 0);
	unit_pool_end(pool, NULL);
}

static void the_largest_pool_works(void **state)
{
	struct weir_pool *pool = unit_pool(weir_stub_bare_driver(), NULL, "max_size=65536");
	static struct weir_lease leases[65536];
	struct weir_lease extra = {0};

	(void)state;
	for (int i = 0; i < 65536; i++)
		leases[i] = unit_acquire(pool);
	assert_code(weir_try_acquire(pool, &extra, NULL), WEIR_ERR_EXHAUSTED);
	unit_release(&leases[40000]);
	assert_code(weir_try_acquire(pool, &extra, NULL), WEIR_OK);
	assert_int_equal(extra.slot, leases[40000].slot);
	leases[40000] = extra;
	for (int i = 0; i < 65536; i++)
		unit_release(&leases[i]);
	unit_pool_end(pool, NULL);
}

static void every_wake_barrier_can_be_asked_for(void **state)
{
	static const char *const settings[] = {
		"max_size=1 wake_barrier=auto",
		"max_size=1 wake_barrier=membarrier",
		"max_size=1 wake_barrier=fence",
	};

	(void)state;
	for (int s = 0; s < 3; s++) {
		struct weir_pool *pool = unit_pool_prompt(NULL, settings[s]);
		struct weir_lease lease = unit_acquire(pool);
		struct unit_caller waiter;

		unit_call(&waiter, pool, WEIR_TIMEOUT_NEVER);
		unit_await_waiters(pool, 1);
		unit_release(&lease);
		assert_code(unit_answer(&waiter), WEIR_OK);
		unit_release(&waiter.lease);
		unit_pool_end(pool, NULL);
	}
}

static void a_pool_that_cannot_open_min_idle_is_not_made(void **state)
{
	const struct weir_driver *const drivers[] = {weir_stub_prompt_driver(), weir_stub_driver()};

	(void)state;
	for (int d = 0; d < 2; d++) {
		const struct weir_stub_script script = {.fail_opens = 1, .driver_code = 21};
		struct weir_stub *stub = unit_stub(&script);
		struct weir_config config;
		struct weir_pool *pool = NULL;
		struct weir_error err = WEIR_ERROR_INIT;

		weir_config_init(&config, drivers[d]);
		config.min_idle = 3;
		assert_code(weir_pool_create(&pool, drivers[d], stub, &config, &err), WEIR_ERR_OPEN_FAILED);
		assert_null(pool);
		assert_int_equal(err.driver_code, 21);
		unit_stub_end(stub);
	}
}

static void a_pool_whose_opens_hang_is_not_made(void **state)
{
	const struct weir_stub_script hang = {.hang_opens = UINT32_MAX};
	struct weir_stub *stub = unit_stub(&hang);
	struct weir_config config;
	struct weir_pool *pool = NULL;
	struct weir_error err = WEIR_ERROR_INIT;

	(void)state;
	weir_config_init(&config, weir_stub_driver());
	config.min_idle = 1;
	config.open_timeout = WEIR_MILLISECONDS(5);
	assert_code(weir_pool_create(&pool, weir_stub_driver(), stub, &config, &err),
	            WEIR_ERR_OPEN_FAILED);
	assert_null(pool);
	weir_stub_set(stub, NULL);
	unit_stub_end(stub);
}

struct change {
	const char *name;
	const char *value;
	int64_t expected;
};

static void what_is_changeable_can_be_changed(void **state)
{
	static const struct change changes[] = {
		{"acquire_timeout", "7ms", WEIR_MILLISECONDS(7)},
		{"close_timeout", "8ms", WEIR_MILLISECONDS(8)},
		{"fairness_window", "9us", WEIR_MICROSECONDS(9)},
		{"idle_timeout", "10s", WEIR_SECONDS(10)},
		{"max_lifetime", "20s", WEIR_SECONDS(20)},
		{"max_waiters", "3", 3},
		{"min_idle", "2", 2},
		{"open_timeout", "11ms", WEIR_MILLISECONDS(11)},
		{"validate_on_acquire", "on", 1},
		{"validate_timeout", "12ms", WEIR_MILLISECONDS(12)},
		{"write_timeout", "13ms", WEIR_MILLISECONDS(13)},
		{"group_max", "3", 3},
		{"group_delay", "14us", WEIR_MICROSECONDS(14)},
		{"group_time", "15ms", WEIR_MILLISECONDS(15)},
		{"job_timeout", "16ms", WEIR_MILLISECONDS(16)},
		{"hold_warning", "17ms", WEIR_MILLISECONDS(17)},
		{"snapshot_age", "18ms", WEIR_MILLISECONDS(18)},
		{"snapshot_policy", "refuse", WEIR_SNAPSHOT_REFUSE},
		{"read_pin", "off", 0},
		{"when_down", "wait", 1},
		{"keepalive", "19ms", WEIR_MILLISECONDS(19)},
		{"validate_bypass", "20ms", WEIR_MILLISECONDS(20)},
		{"lifetime_jitter", "21", 21},
		{"leak_after", "22ms", WEIR_MILLISECONDS(22)},
		{"use_warning", "23ms", WEIR_MILLISECONDS(23)},
		{"breaker_failures", "24", 24},
		{"breaker_delay", "25ms", WEIR_MILLISECONDS(25)},
		{"breaker_delay_max", "26ms", WEIR_MILLISECONDS(26)},
	};
	struct weir_pool *pool = unit_pool_prompt(NULL, "max_size=4");
	size_t count = 0;
	size_t settings_count;
	const struct weir_setting *settings = weir_settings(&settings_count);

	(void)state;
	for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
		struct weir_error err = WEIR_ERROR_INIT;

		assert_code(weir_pool_set(pool, changes[i].name, changes[i].value, &err), WEIR_OK);
		for (size_t s = 0; s < settings_count; s++) {
			if (strcmp(settings[s].name, changes[i].name) != 0)
				continue;
			assert_int_equal(weir__setting(pool, (enum weir_setting_id)s), changes[i].expected);
			count++;
		}
	}
	for (size_t s = 0; s < settings_count; s++)
		count -= settings[s].changeable;
	assert_int_equal(count, 0); /* the table above has them all */
	unit_pool_end(pool, NULL);
}

static void what_is_not_changeable_is_refused(void **state)
{
	struct weir_pool *pool = unit_pool_prompt(NULL, "max_size=4");
	struct weir_error err = WEIR_ERROR_INIT;

	(void)state;
	assert_code(weir_pool_set(pool, "max_size", "5", &err), WEIR_ERR_BAD_ARGUMENT);
	assert_has(err.message, "max_size");
	assert_code(weir_pool_set(pool, "fairness", "fifo", &err), WEIR_ERR_BAD_ARGUMENT);
	assert_code(weir_pool_set(pool, "wake_barrier", "fence", &err), WEIR_ERR_BAD_ARGUMENT);
	assert_code(weir_pool_set(pool, "max_opening", "1", &err), WEIR_ERR_BAD_ARGUMENT);
	assert_code(weir_pool_set(pool, "open_latency", "1ms", &err), WEIR_ERR_BAD_ARGUMENT);
	assert_code(weir_pool_set(pool, "min_idel", "1", &err), WEIR_ERR_CONFIG_UNKNOWN);
	assert_code(weir_pool_set(pool, "", "1", &err), WEIR_ERR_CONFIG_UNKNOWN);
	assert_code(weir_pool_set(pool, "max_waiters", "-1", &err), WEIR_ERR_CONFIG_VALUE);
	assert_code(weir_pool_set(pool, "max_waiters", "", &err), WEIR_ERR_CONFIG_VALUE);
	assert_code(weir_pool_set(pool, "min_idle", "5", &err), WEIR_ERR_CONFIG_CONFLICT);
	assert_code(weir_pool_set(pool, NULL, "5", &err), WEIR_ERR_BAD_ARGUMENT);
	assert_code(weir_pool_set(pool, "min_idle", NULL, &err), WEIR_ERR_BAD_ARGUMENT);
	assert_int_equal(weir__setting(pool, WEIR_SET_min_idle), 0);
	assert_int_equal(unit_stats(pool).max_size, 4);
	unit_pool_end(pool, NULL);
}

static void validation_can_be_switched_on_and_off(void **state)
{
	struct weir_stub *stub = unit_stub(NULL);
	struct weir_pool *pool = unit_pool_prompt(stub, "max_size=1");
	static const char *const words[] = {"on", "off", "true", "no"};
	static const uint64_t validates[] = {1, 1, 2, 2};
	struct weir_lease lease = unit_acquire(pool);

	(void)state;
	unit_release(&lease);
	for (int i = 0; i < 4; i++) {
		assert_code(weir_pool_set(pool, "validate_on_acquire", words[i], NULL), WEIR_OK);
		lease = unit_acquire(pool);
		unit_release(&lease);
		assert_int_equal(unit_counts(stub).validates, validates[i]);
	}
	unit_pool_end(pool, stub);
}

static void stats_of_another_size_are_refused(void **state)
{
	struct weir_pool *pool = unit_pool_prompt(NULL, NULL);
	struct weir_pool_stats stats = {.size = 0};

	(void)state;
	assert_code(weir_pool_read_stats(pool, &stats), WEIR_ERR_BAD_ARGUMENT);
	stats.size = sizeof stats - 1;
	assert_code(weir_pool_read_stats(pool, &stats), WEIR_ERR_BAD_ARGUMENT);
	assert_code(weir_pool_read_stats(pool, NULL), WEIR_ERR_BAD_ARGUMENT);
	unit_pool_end(pool, NULL);
}

static void stats_follow_what_happens(void **state)
{
	struct weir_stub *stub = unit_stub(NULL);
	struct weir_pool *pool = unit_pool_prompt(stub, "max_size=3");
	struct weir_lease first = unit_acquire(pool);
	struct weir_lease second = unit_acquire(pool);
	struct weir_pool_stats stats;

	(void)state;
	unit_release(&first);
	stats = unit_stats(pool);
	assert_int_equal(stats.max_size, 3);
	assert_int_equal(stats.idle, 1);
	assert_int_equal(stats.leased, 1);
	assert_int_equal(stats.opening, 0);
	assert_int_equal(stats.acquires, 2);
	assert_int_equal(stats.opens, 2);
	unit_discard(&second);
	stats = unit_stats(pool);
	assert_int_equal(stats.leased, 0);
	assert_int_equal(stats.closed[WEIR_CLOSE_BROKEN], 1);
	unit_pool_end(pool, stub);
}

static void many_pools_do_not_disturb_each_other(void **state)
{
	struct weir_pool *pools[3 * WEIR__SEATS];

	(void)state;
	for (int i = 0; i < 3 * WEIR__SEATS; i++)
		pools[i] = unit_pool_prompt(NULL, "max_size=2 min_idle=2");
	for (int round = 0; round < 50; round++) {
		for (int i = 0; i < 3 * WEIR__SEATS; i++) {
			struct weir_lease first = unit_acquire(pools[i]);
			struct weir_lease second = unit_acquire(pools[(i + WEIR__SEATS) % (3 * WEIR__SEATS)]);

			unit_release(&first);
			unit_release(&second);
		}
	}
	for (int i = 0; i < 3 * WEIR__SEATS; i++) {
		assert_int_equal(unit_stats(pools[i]).acquires, 100);
		unit_pool_end(pools[i], NULL);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_driver_that_is_none_is_refused),
		cmocka_unit_test(null_arguments_are_refused),
		cmocka_unit_test(a_shorter_driver_struct_counts_as_null_behind_its_end),
		cmocka_unit_test(a_shorter_config_is_accepted),
		cmocka_unit_test(configs_out_of_range_are_refused),
		cmocka_unit_test(settings_that_contradict_each_other_are_refused),
		cmocka_unit_test(a_config_that_was_never_initialised_is_refused),
		cmocka_unit_test(urls_are_checked),
		cmocka_unit_test(a_url_of_another_driver_is_refused),
		cmocka_unit_test(a_url_makes_a_pool),
		cmocka_unit_test(defaults_make_a_pool_with_a_name),
		cmocka_unit_test(the_largest_pool_works),
		cmocka_unit_test(every_wake_barrier_can_be_asked_for),
		cmocka_unit_test(a_pool_that_cannot_open_min_idle_is_not_made),
		cmocka_unit_test(a_pool_whose_opens_hang_is_not_made),
		cmocka_unit_test(what_is_changeable_can_be_changed),
		cmocka_unit_test(what_is_not_changeable_is_refused),
		cmocka_unit_test(validation_can_be_switched_on_and_off),
		cmocka_unit_test(stats_of_another_size_are_refused),
		cmocka_unit_test(stats_follow_what_happens),
		cmocka_unit_test(many_pools_do_not_disturb_each_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
