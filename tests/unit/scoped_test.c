/* SPDX-License-Identifier: BSD-2-Clause
 *
 * WEIR_SCOPED_LEASE: the lease ends with its block, however the block ends.
 */
#include "unit_check.h"
#include "unit_pool.h"

static struct weir_pool *pool_of_one(void)
{
	return unit_pool_prompt(NULL, "max_size=1");
}

static bool is_free(struct weir_pool *pool)
{
	struct weir_lease lease = {0};

	if (weir_try_acquire(pool, &lease, NULL) != WEIR_OK)
		return false;
	unit_release(&lease);
	return true;
}

static uint32_t return_from_the_middle(struct weir_pool *pool, bool early)
{
	WEIR_SCOPED_LEASE(lease);

	if (weir_acquire(pool, &lease, NULL) != WEIR_OK)
		return 0;
	if (early)
		return unit_stats(pool).leased;
	return unit_stats(pool).leased + 10;
}

static void return_ends_it(void **state)
{
	struct weir_pool *pool = pool_of_one();

	(void)state;
	assert_int_equal(return_from_the_middle(pool, true), 1);
	assert_true(is_free(pool));
	assert_int_equal(return_from_the_middle(pool, false), 11);
	assert_true(is_free(pool));
	unit_pool_end(pool, NULL);
}

static void break_and_continue_end_it(void **state)
{
	struct weir_pool *pool = pool_of_one();
	int rounds = 0;

	(void)state;
	for (;;) { /* ends: after five rounds */
		WEIR_SCOPED_LEASE(lease);

		assert_code(weir_acquire_for(pool, &lease, 0, NULL), WEIR_OK);
		if (++rounds < 5)
			continue;
		break;
	}
	assert_int_equal(rounds, 5);
	assert_true(is_free(pool));
	unit_pool_end(pool, NULL);
}

static void goto_ends_it(void **state)
{
	struct weir_pool *pool = pool_of_one();
	bool again = true;

	(void)state;
once_more : {
	WEIR_SCOPED_LEASE(lease);

	assert_code(weir_try_acquire(pool, &lease, NULL), WEIR_OK);
	if (again) {
		again = false;
		goto once_more;
	}
	goto done;
}
done:
	assert_true(is_free(pool));
	unit_pool_end(pool, NULL);
}

static void falling_out_ends_it(void **state)
{
	struct weir_pool *pool = pool_of_one();

	(void)state;
	{
		WEIR_SCOPED_LEASE(lease);

		assert_false(weir_lease_held(&lease));
		assert_code(weir_acquire(pool, &lease, NULL), WEIR_OK);
		assert_true(weir_lease_held(&lease));
		assert_false(is_free(pool));
	}
	assert_true(is_free(pool));
	unit_pool_end(pool, NULL);
}

static void one_that_was_ended_by_hand_is_left_alone(void **state)
{
	struct weir_stub *stub = unit_stub(NULL);
	struct weir_pool *pool = unit_pool_prompt(stub, "max_size=2");

	(void)state;
	{
		WEIR_SCOPED_LEASE(never);
		WEIR_SCOPED_LEASE(released);
		WEIR_SCOPED_LEASE(discarded);

		assert_code(weir_acquire(pool, &released, NULL), WEIR_OK);
		assert_code(weir_acquire(pool, &discarded, NULL), WEIR_OK);
		unit_release(&released);
		unit_discard(&discarded);
		assert_false(weir_lease_held(&never));
	}
	assert_int_equal(unit_stats(pool).idle, 1);
	assert_int_equal(unit_counts(stub).closes, 1);
	unit_pool_end(pool, stub);
}

static void one_that_was_released_through_a_copy_harms_nobody(void **state)
{
	struct weir_pool *pool = pool_of_one();
	struct weir_lease other;

	(void)state;
	{
		WEIR_SCOPED_LEASE(lease);
		struct weir_lease copy;

		assert_code(weir_acquire(pool, &lease, NULL), WEIR_OK);
		copy = lease;
		unit_release(&copy);
		other = unit_acquire(pool);
	}
	assert_int_equal(unit_stats(pool).leased, 1);
	unit_release(&other);
	unit_pool_end(pool, NULL);
}

static void end_accepts_what_is_not_held(void **state)
{
	struct weir_lease empty = {0};

	(void)state;
	weir_lease_end(NULL);
	weir_lease_end(&empty);
	assert_false(weir_lease_held(&empty));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(return_ends_it),
		cmocka_unit_test(break_and_continue_end_it),
		cmocka_unit_test(goto_ends_it),
		cmocka_unit_test(falling_out_ends_it),
		cmocka_unit_test(one_that_was_ended_by_hand_is_left_alone),
		cmocka_unit_test(one_that_was_released_through_a_copy_harms_nobody),
		cmocka_unit_test(end_accepts_what_is_not_held),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
