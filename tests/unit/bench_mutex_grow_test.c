/* SPDX-License-Identifier: BSD-2-Clause
 *
 * mutex-grow opens on demand, up to its limit, and replaces what is broken: what it
 * has beyond the other baselines. weir goes through the same tests.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "monotonic.h"
#include "source.h"
#include "variant.h"

#define MIN 2
#define MAX 5
#define LONG_TIMEOUT INT64_C(60000000000)
#define SHORT_TIMEOUT INT64_C(30000000)

static const struct pool_under_test *const pools[] = {
	&bench_variant_mutex_grow,
	&bench_variant_weir,
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct bench_source *source;

static int set_up(void **state)
{
	(void)state;
	source = bench_source_create(0, 0);
	return source == NULL;
}

static int tear_down(void **state)
{
	(void)state;
	/* Whatever a test did, nothing is left open. */
	if (bench_source_read(source).open_now != 0)
		return 1;
	bench_source_destroy(source);
	return 0;
}

static void *make(const struct pool_under_test *calls, unsigned min, unsigned max,
                  int64_t timeout_ns)
{
	const struct pool_setup setup = {
		.size = sizeof(setup),
		.threads = MAX + 1,
		.conns_min = min,
		.conns_max = max,
		.acquire_timeout_ns = timeout_ns,
		.open_timeout_ns = LONG_TIMEOUT,
		.source = bench_source_for_pool(source),
	};
	char problem[200] = "";
	void *pool = NULL;

	if (calls->create(&pool, &setup, problem, sizeof(problem)) != 0)
		fail_msg("%s: %s", calls->name, problem);
	return pool;
}

static void test_grows_to_its_limit(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(pools); i++) {
		void *const pool = make(pools[i], MIN, MAX, SHORT_TIMEOUT);
		struct pool_lease leases[MAX + 1] = {0};

		assert_int_equal(bench_source_read(source).open_now, MIN);
		for (unsigned at = 0; at < MAX; at++)
			assert_int_equal(pools[i]->acquire(pool, at, &leases[at]), 0);
		assert_int_equal(bench_source_read(source).open_now, MAX);
		assert_int_not_equal(pools[i]->acquire(pool, MAX, &leases[MAX]), 0);
		for (unsigned at = 0; at < MAX; at++)
			pools[i]->release(pool, at, &leases[at]);
		assert_int_equal(bench_source_read(source).open_now, MAX);
		pools[i]->destroy(pool);
	}
}

static void test_replaces_what_is_broken(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(pools); i++) {
		void *const pool = make(pools[i], 1, 1, LONG_TIMEOUT);
		struct pool_lease lease = {0};

		assert_int_equal(pools[i]->acquire(pool, 0, &lease), 0);
		bench_source_set_down(source, true);
		assert_false(bench_source_works(lease.conn));
		bench_source_set_down(source, false);
		lease.broken = 1;
		pools[i]->release(pool, 0, &lease);
		lease.broken = 0;
		assert_int_equal(pools[i]->acquire(pool, 0, &lease), 0);
		assert_true(bench_source_works(lease.conn));
		pools[i]->release(pool, 0, &lease);
		pools[i]->destroy(pool);
	}
}

static void test_open_fails_while_down(void **state)
{
	void *const pool = make(&bench_variant_mutex_grow, 0, 1, SHORT_TIMEOUT);
	struct pool_lease lease = {0};

	(void)state;
	bench_source_set_down(source, true);
	for (int i = 0; i < 3; i++)
		assert_int_not_equal(bench_variant_mutex_grow.acquire(pool, 0, &lease), 0);
	bench_source_set_down(source, false);
	/* No place was lost by the opens that failed. */
	assert_int_equal(bench_variant_mutex_grow.acquire(pool, 0, &lease), 0);
	bench_variant_mutex_grow.release(pool, 0, &lease);
	bench_variant_mutex_grow.destroy(pool);
}

struct waiter {
	void *pool;
	_Atomic int result;
};

static void *waiter_main(void *argument)
{
	struct waiter *const waiter = argument;
	struct pool_lease lease = {0};
	const int rc = bench_variant_mutex_grow.acquire(waiter->pool, 1, &lease);

	if (rc == 0)
		bench_variant_mutex_grow.release(waiter->pool, 1, &lease);
	atomic_store(&waiter->result, rc);
	return NULL;
}

/* A place that a broken connection leaves wakes who waits for one. */
static void test_a_free_place_wakes_a_waiter(void **state)
{
	struct waiter waiter = {make(&bench_variant_mutex_grow, 1, 1, LONG_TIMEOUT), 1};
	const int64_t begin = bench_now();
	struct pool_lease lease = {0};
	pthread_t thread;

	(void)state;
	assert_int_equal(bench_variant_mutex_grow.acquire(waiter.pool, 0, &lease), 0);
	assert_int_equal(pthread_create(&thread, NULL, waiter_main, &waiter), 0);
	(void)usleep(20000);
	lease.broken = 1;
	bench_variant_mutex_grow.release(waiter.pool, 0, &lease);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(waiter.result, 0);
	/* Not by its own timeout, which finds the place, too. */
	assert_true(bench_now() - begin < LONG_TIMEOUT);
	bench_variant_mutex_grow.destroy(waiter.pool);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_grows_to_its_limit, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_replaces_what_is_broken, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_open_fails_while_down, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_a_free_place_wakes_a_waiter, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
