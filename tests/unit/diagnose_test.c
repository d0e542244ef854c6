/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What a failed acquire tells: the reason, the holders, and only as much of it
 * as the caller's struct has room for.
 */
#include <stdlib.h>
#include <string.h>

#include "testing.h"
#include "unit_check.h"
#include "unit_pool.h"
#include "unit_thread.h"

static void all_leased(void **state)
{
	struct weir_pool *pool = unit_pool_prompt(NULL, "max_size=1");
	struct weir_lease lease = unit_acquire(pool);
	struct weir_lease second = {0};
	struct weir_error err = WEIR_ERROR_INIT;

	(void)state;
	assert_code(weir_acquire_for(pool, &second, 1000, &err), WEIR_ERR_ACQUIRE_TIMEOUT);
	assert_int_equal(err.reason, WEIR_WAIT_LEASED);
	unit_release(&lease);
	unit_pool_end(pool, NULL);
}

static void opens_keep_failing(void **state)
{
	const struct weir_stub_script down = {.fail_opens = UINT32_MAX, .driver_code = 4};
	const struct weir_stub_script hang = {.hang_opens = UINT32_MAX};
	struct weir_stub *stub = unit_stub(&down);
	struct weir_pool *pool = unit_pool(weir_stub_driver(), stub, "max_size=1");
	struct weir_lease lease = {0};
	struct weir_error err = WEIR_ERROR_INIT;

	(void)state;
	assert_code(weir_acquire_for(pool, &lease, UNIT_PATIENCE_NS, &err), WEIR_ERR_OPEN_FAILED);
	weir_stub_set(stub, &hang);
	assert_code(weir_acquire_for(pool, &lease, WEIR_MILLISECONDS(1), &err),
	            WEIR_ERR_ACQUIRE_TIMEOUT);
	assert_int_equal(err.reason, WEIR_WAIT_OPEN_DOWN);
	assert_int_equal(err.last_open_code, WEIR_ERR_DRIVER_OPEN);
	assert_int_equal(err.last_open_driver_code, 4);
	assert_true(err.last_open_age_ns > 0);
	weir_stub_set(stub, NULL);
	unit_pool_end(pool, stub);
}

static void a_failure_of_long_ago_is_not_the_reason(void **state)
{
	const struct weir_stub_script once = {.fail_opens = 1};
	struct weir_stub *stub = unit_stub(&once);
	struct weir_pool *pool = unit_pool_prompt(stub, "max_size=2");
	struct weir_lease first = {0};
	struct weir_error err = WEIR_ERROR_INIT;
	struct weir_lease third = {0};

	(void)state;
	assert_code(weir_acquire(pool, &first, &err), WEIR_ERR_OPEN_FAILED);
	first = unit_acquire(pool);
	struct weir_lease second = unit_acquire(pool);

	assert_code(weir_acquire_for(pool, &third, 1000, &err), WEIR_ERR_ACQUIRE_TIMEOUT);
	assert_int_equal(err.reason, WEIR_WAIT_LEASED);
	assert_int_equal(err.last_open_code, WEIR_ERR_DRIVER_OPEN);
	unit_release(&first);
	unit_release(&second);
	unit_pool_end(pool, stub);
}

static void the_longest_holders_come_first(void **state)
{
	struct weir_pool *pool = unit_pool_prompt(NULL, "max_size=20");
	struct weir_lease leases[20];
	struct weir_lease none = {0};
	struct weir_error err = WEIR_ERROR_INIT;

	(void)state;
	for (int i = 0; i < 20; i++) {
		leases[i] = unit_acquire(pool);
		weir__waitq_tick(&pool->q, weir_now().ns); /* so that their ages differ */
		unit_pause();
	}
	assert_code(weir_acquire_for(pool, &none, 1000, &err), WEIR_ERR_ACQUIRE_TIMEOUT);
	assert_int_equal(err.holders_total, 20);
	assert_int_equal(err.holders_count, WEIR_ERROR_HOLDERS_MAX);
	for (int i = 0; i < WEIR_ERROR_HOLDERS_MAX; i++)
		assert_int_equal(err.holders[i].slot, leases[i].slot);
	for (int i = 1; i < WEIR_ERROR_HOLDERS_MAX; i++)
		assert_true(err.holders[i - 1].held_ns_min >= err.holders[i].held_ns_min);
	for (int i = 0; i < 20; i++)
		unit_release(&leases[i]);
	unit_pool_end(pool, NULL);
}

static void bounds_hold_the_true_age(void **state)
{
	struct weir_pool *pool = unit_pool_prompt(NULL, "max_size=1");
	struct weir_lease none = {0};
	struct weir_error err = WEIR_ERROR_INIT;
	const int64_t before_ns = weir_now().ns;
	struct weir_lease lease = unit_acquire(pool);
	const int64_t after_ns = weir_now().ns;

	(void)state;
	for (int tick = 0; tick < WEIR__TICKS + 10; tick++) {
		const int64_t youngest_ns = weir_now().ns - after_ns;

		assert_code(weir_acquire_for(pool, &none, 1, &err), WEIR_ERR_ACQUIRE_TIMEOUT);
		const int64_t oldest_ns = weir_now().ns - before_ns;

		assert_int_equal(err.holders_count, 1);
		assert_true(err.holders[0].held_ns_min <= oldest_ns);
		assert_true(err.holders[0].held_ns_max >= youngest_ns);
	}
	/* The tick of the lease is forgotten by now: only a lower bound is left. */
	assert_true(err.holders[0].held_ns_min > 0);
	unit_release(&lease);
	unit_pool_end(pool, NULL);
}

/* Whoever explains reads the clock first, and ticks go on: a lease that began since
 * has been held for no time, not for less. Found by weir-explore. */
static void a_lease_younger_than_the_reading_is_held_for_no_time(void **state)
{
	struct weir_pool *pool = unit_pool_prompt(NULL, "max_size=1");
	struct weir_error err = WEIR_ERROR_INIT;

	(void)state;
	weir__waitq_tick(&pool->q, weir_now().ns + WEIR_SECONDS(3600));
	struct weir_lease lease = unit_acquire(pool);

	weir__diagnose_holders(pool, &err);
	assert_int_equal(err.holders_count, 1);
	assert_int_equal(err.holders[0].held_ns_min, 0);
	assert_int_equal(err.holders[0].held_ns_max, 0);
	unit_release(&lease);
	unit_pool_end(pool, NULL);
}

/* A program that was built with less of the struct gets as much of it, and not a
 * byte is written behind. Allocated to size, so that a sanitizer sees one. */
static void a_shorter_error_is_filled_as_far_as_it_goes(void **state)
{
	static const size_t sizes[] = {
		8,
		12,
		16,
		24,
		30,
		offsetof(struct weir_error, reason),
		offsetof(struct weir_error, holders),
		sizeof(struct weir_error),
	};
	struct weir_pool *pool = unit_pool_prompt(NULL, "max_size=1");
	struct weir_lease lease = unit_acquire(pool);
	struct weir_lease none = {0};

	(void)state;
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		const uint32_t size = (uint32_t)sizes[i];
		unsigned char *bytes = calloc(1, size);

		assert_non_null(bytes);
		memcpy(bytes, &size, sizeof size);
		assert_code(weir_acquire_for(pool, &none, 1, (struct weir_error *)(void *)bytes),
		            WEIR_ERR_ACQUIRE_TIMEOUT);
		assert_memory_equal(bytes, &size, sizeof size);
		assert_code(weir_try_acquire(pool, &none, (struct weir_error *)(void *)bytes),
		            WEIR_ERR_EXHAUSTED);
		if (size > offsetof(struct weir_error, message) && size < sizeof(struct weir_error))
			assert_non_null(memchr(bytes + offsetof(struct weir_error, message), '\0',
			                       size - offsetof(struct weir_error, message)));
		free(bytes);
	}
	unit_release(&lease);
	unit_pool_end(pool, NULL);
}

static void an_error_that_was_never_initialised_counts_as_null(void **state)
{
	static const uint32_t sizes[] = {0, 1, 7, WEIR_ERROR_SIZE_MAX + 1, UINT32_MAX};
	struct weir_pool *pool = unit_pool_prompt(NULL, "max_size=1");
	struct weir_lease lease = unit_acquire(pool);
	struct weir_lease none = {0};

	(void)state;
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		struct weir_error err;
		struct weir_error before;

		memset(&err, 0xa5, sizeof err);
		err.size = sizes[i];
		before = err;
		assert_code(weir_acquire_for(pool, &none, 1, &err), WEIR_ERR_ACQUIRE_TIMEOUT);
		assert_code(weir_try_acquire(pool, &none, &err), WEIR_ERR_EXHAUSTED);
		assert_code(weir_pool_close_until(pool, (struct weir_time){0}, &err),
		            WEIR_ERR_CLOSE_TIMEOUT);
		assert_memory_equal(&err, &before, sizeof err);
		unit_release(&lease);
		unit_pool_end(pool, NULL);
		pool = unit_pool_prompt(NULL, "max_size=1");
		lease = unit_acquire(pool);
	}
	unit_release(&lease);
	unit_pool_end(pool, NULL);
}

static void a_null_error_is_accepted_everywhere(void **state)
{
	const struct weir_stub_script down = {.fail_opens = UINT32_MAX};
	struct weir_stub *stub = unit_stub(&down);
	struct weir_pool *pool = unit_pool_prompt(stub, "max_size=1");
	struct weir_lease lease = {0};

	(void)state;
	assert_code(weir_acquire(pool, &lease, NULL), WEIR_ERR_OPEN_FAILED);
	weir_stub_set(stub, NULL);
	lease = unit_acquire(pool);
	struct weir_lease none = {0};

	assert_code(weir_try_acquire(pool, &none, NULL), WEIR_ERR_EXHAUSTED);
	assert_code(weir_acquire_for(pool, &none, 1, NULL), WEIR_ERR_ACQUIRE_TIMEOUT);
	unit_release(&lease);
	unit_pool_end(pool, stub);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_leased),
		cmocka_unit_test(opens_keep_failing),
		cmocka_unit_test(a_failure_of_long_ago_is_not_the_reason),
		cmocka_unit_test(the_longest_holders_come_first),
		cmocka_unit_test(bounds_hold_the_true_age),
		cmocka_unit_test(a_lease_younger_than_the_reading_is_held_for_no_time),
		cmocka_unit_test(a_shorter_error_is_filled_as_far_as_it_goes),
		cmocka_unit_test(an_error_that_was_never_initialised_counts_as_null),
		cmocka_unit_test(a_null_error_is_accepted_everywhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
