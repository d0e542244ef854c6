/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Leases that do not come back, on an invented clock: told once each, to who asked.
 */
#include "testing.h"
#include "unit_check.h"
#include "unit_pool.h"

#include <string.h>

struct told {
	struct weir_pool *pool;
	uint32_t count;
	struct weir_holder last;
	char name[64];
};

/* It may call back. */
static void on_leak(void *arg, const char *name, const struct weir_holder *holder)
{
	struct told *told = arg;
	struct weir_pool_stats stats = {.size = sizeof stats};
	struct weir_lease lease = {0};

	told->count++;
	told->last = *holder;
	(void)strncpy(told->name, name, sizeof told->name - 1);
	assert_code(weir_pool_read_stats(told->pool, &stats), WEIR_OK);
	assert_code(weir_acquire(told->pool, &lease, NULL), WEIR_OK);
	assert_code(weir_release(&lease, NULL), WEIR_OK);
	(void)weir_pool_tick(told->pool, weir_now());
}

static struct weir_pool *make(struct told *told, const char *pairs)
{
	const struct weir_pool_options options = {
		.size = sizeof options, .log = weir_log_silent(), .on_leak = on_leak, .leak_arg = told};
	struct weir_config config;

	weir_config_init(&config, weir_stub_prompt_driver());
	assert_code(weir_config_apply_pairs(&config, weir_stub_prompt_driver(), pairs, NULL, NULL),
	            WEIR_OK);
	assert_code(weir_pool_create_with(&told->pool, weir_stub_prompt_driver(), NULL, &config,
	                                  &options, NULL),
	            WEIR_OK);
	return told->pool;
}

static struct weir_time after(int64_t from_ns, int64_t ns)
{
	const struct weir_time time = {from_ns + ns};

	return time;
}

static struct weir_pool_stats stats_of(struct weir_pool *pool)
{
	struct weir_pool_stats stats = {.size = sizeof stats};

	assert_code(weir_pool_read_stats(pool, &stats), WEIR_OK);
	return stats;
}

static void a_leak_is_told_once(void **state)
{
	struct told told = {0};
	struct weir_pool *pool = make(&told, "name=users max_size=2 leak_after=1s");
	struct weir_lease lease = {0};
	const int64_t now_ns = weir_now().ns;
	struct weir_time next;

	(void)state;
	assert_code(weir_acquire(pool, &lease, NULL), WEIR_OK);
	next = weir_pool_tick(pool, after(now_ns, 0));
	assert_true(next.ns <= now_ns + WEIR_MILLISECONDS(500));
	(void)weir_pool_tick(pool, after(now_ns, WEIR_MILLISECONDS(900)));
	assert_int_equal(told.count, 0);
	(void)weir_pool_tick(pool, after(now_ns, WEIR_MILLISECONDS(2000)));
	(void)weir_pool_tick(pool, after(now_ns, WEIR_MILLISECONDS(3000)));
	assert_int_equal(told.count, 1);
	assert_string_equal(told.name, "users");
	assert_non_null(strstr(told.last.site, "leak_test.c"));
	assert_true(told.last.held_ns_min >= WEIR_SECONDS(1));
	assert_int_equal(stats_of(pool).leaks, 1);
	assert_int_equal(stats_of(pool).leaked, 1);
	assert_code(weir_release(&lease, NULL), WEIR_OK);
	(void)weir_pool_tick(pool, after(now_ns, WEIR_MILLISECONDS(4000)));
	assert_int_equal(stats_of(pool).leaked, 0);
	/* The next lease of the slot is another one. */
	assert_code(weir_acquire(pool, &lease, NULL), WEIR_OK);
	(void)weir_pool_tick(pool, after(now_ns, WEIR_MILLISECONDS(5000)));
	(void)weir_pool_tick(pool, after(now_ns, WEIR_MILLISECONDS(7000)));
	assert_int_equal(told.count, 2);
	assert_code(weir_release(&lease, NULL), WEIR_OK);
	weir_pool_destroy(pool);
}

static void a_long_use_is_counted_once(void **state)
{
	struct told told = {0};
	struct weir_pool *pool = make(&told, "max_size=1 use_warning=1s");
	struct weir_lease lease = {0};
	const int64_t now_ns = weir_now().ns;

	(void)state;
	assert_code(weir_acquire(pool, &lease, NULL), WEIR_OK);
	for (int i = 0; i < 5; i++)
		(void)weir_pool_tick(pool, after(now_ns, i * WEIR_SECONDS(1)));
	assert_int_equal(stats_of(pool).over_uses, 1);
	assert_int_equal(told.count, 0);
	assert_code(weir_release(&lease, NULL), WEIR_OK);
	weir_pool_destroy(pool);
}

static void what_is_expected_to_be_long_is_neither(void **state)
{
	struct told told = {0};
	struct weir_pool *pool = make(&told, "max_size=2 leak_after=1s use_warning=1s");
	const struct weir_acquire_options options = {
		.size = (uint32_t)sizeof options,
		.expected_long = true,
	};
	const int64_t now_ns = weir_now().ns;
	struct weir_lease lease = {0};

	(void)state;
	assert_code(weir_acquire_with(pool, &lease, &options, NULL), WEIR_OK);
	for (int i = 0; i < 5; i++)
		(void)weir_pool_tick(pool, after(now_ns, i * WEIR_SECONDS(1)));
	assert_int_equal(stats_of(pool).leaks, 0);
	assert_int_equal(stats_of(pool).over_uses, 0);
	assert_code(weir_release(&lease, NULL), WEIR_OK);
	/* It says nothing about the slot's next lease. */
	assert_code(weir_acquire(pool, &lease, NULL), WEIR_OK);
	for (int i = 5; i < 10; i++)
		(void)weir_pool_tick(pool, after(now_ns, i * WEIR_SECONDS(1)));
	assert_int_equal(stats_of(pool).leaks, 1);
	assert_int_equal(stats_of(pool).over_uses, 1);
	assert_code(weir_release(&lease, NULL), WEIR_OK);
	weir_pool_destroy(pool);
}

static void leases_that_come_back_are_none(void **state)
{
	struct told told = {0};
	struct weir_pool *pool = make(&told, "max_size=1 leak_after=1s use_warning=1s");
	const int64_t now_ns = weir_now().ns;

	(void)state;
	for (int i = 0; i < 20; i++) {
		struct weir_lease lease = {0};

		assert_code(weir_acquire(pool, &lease, NULL), WEIR_OK);
		(void)weir_pool_tick(pool, after(now_ns, i * WEIR_MILLISECONDS(700)));
		assert_code(weir_release(&lease, NULL), WEIR_OK);
	}
	assert_int_equal(stats_of(pool).leaks, 0);
	assert_int_equal(stats_of(pool).over_uses, 0);
	weir_pool_destroy(pool);
}

/* A callback that declares the pool's connections old: the leak dies as it comes back. */
static void reset_and_tick(void *arg, const char *name, const struct weir_holder *holder)
{
	struct told *told = arg;
	const struct weir_time now = weir_now();

	(void)name;
	(void)holder;
	told->count++;
	assert_code(weir_pool_reset(told->pool, "leak", NULL), WEIR_OK);
	/* Housekeeping is under way, and asks for patience. */
	assert_true(weir_pool_tick(told->pool, now).ns > now.ns);
}

static void the_callback_may_reset(void **state)
{
	struct told told = {0};
	struct weir_pool *pool = make(&told, "max_size=2 leak_after=1s use_warning=500ms");
	struct weir_lease lease = {0};
	const int64_t now_ns = weir_now().ns;

	(void)state;
	pool->options.on_leak = reset_and_tick;
	assert_code(weir_acquire(pool, &lease, NULL), WEIR_OK);
	for (int i = 0; i < 5; i++)
		(void)weir_pool_tick(pool, after(now_ns, i * WEIR_SECONDS(1)));
	assert_int_equal(told.count, 1);
	assert_int_equal(stats_of(pool).epoch, 1);
	assert_int_equal(stats_of(pool).over_uses, 1);
	assert_code(weir_release(&lease, NULL), WEIR_OK);
	assert_int_equal(stats_of(pool).closed[WEIR_CLOSE_STALE], 1);
	weir_pool_destroy(pool);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_leak_is_told_once),
		cmocka_unit_test(a_long_use_is_counted_once),
		cmocka_unit_test(what_is_expected_to_be_long_is_neither),
		cmocka_unit_test(leases_that_come_back_are_none),
		cmocka_unit_test(the_callback_may_reset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
