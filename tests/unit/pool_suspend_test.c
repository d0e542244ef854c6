/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A suspended pool: who is refused, who waits, and what ends the waiting.
 */
#include "testing.h"
#include "unit_check.h"
#include "unit_pool.h"
#include "unit_thread.h"

static void nobody_begins_a_lease(void **state)
{
	struct weir_stub *stub = unit_stub(NULL);
	struct weir_pool *pool = unit_pool_prompt(stub, "max_size=2 when_down=fail");
	struct weir_lease held = unit_acquire(pool);
	struct weir_lease lease = {0};

	(void)state;
	assert_code(weir_pool_suspend(pool, NULL), WEIR_OK);
	assert_code(weir_acquire(pool, &lease, NULL), WEIR_ERR_SUSPENDED);
	assert_code(weir_acquire_for(pool, &lease, 0, NULL), WEIR_ERR_SUSPENDED);
	unit_release(&held); /* to the ring, from which this thread would have it back at once */
	assert_code(weir_acquire(pool, &lease, NULL), WEIR_ERR_SUSPENDED);
	assert_int_equal(unit_stats(pool).idle, 1);
	assert_code(weir_pool_resume(pool, NULL), WEIR_OK);
	lease = unit_acquire(pool);
	unit_release(&lease);
	assert_int_equal(unit_counts(stub).opens, 1);
	unit_pool_end(pool, stub);
}

/* Who waited before goes on to wait, and is served. */
static void who_waited_before_is_served(void **state)
{
	struct weir_stub *stub = unit_stub(NULL);
	struct weir_pool *pool = unit_pool_prompt(stub, "max_size=1 when_down=fail");
	struct weir_lease held = unit_acquire(pool);
	struct unit_caller caller = {.done = false};

	(void)state;
	unit_call(&caller, pool, UNIT_PATIENCE_NS);
	unit_await_waiters(pool, 1);
	assert_code(weir_pool_suspend(pool, NULL), WEIR_OK);
	unit_release(&held);
	assert_code(unit_answer(&caller), WEIR_OK);
	unit_release(&caller.lease);
	assert_code(weir_pool_resume(pool, NULL), WEIR_OK);
	unit_pool_end(pool, stub);
}

static void waiting_ends_at_the_deadline(void **state)
{
	struct weir_stub *stub = unit_stub(NULL);
	struct weir_pool *pool = unit_pool_prompt(stub, "max_size=1 when_down=wait");
	struct weir_lease lease = {0};
	const int64_t began_ns = weir_now().ns;

	(void)state;
	assert_code(weir_pool_suspend(pool, NULL), WEIR_OK);
	assert_code(weir_acquire_for(pool, &lease, WEIR_MILLISECONDS(20), NULL),
	            WEIR_ERR_ACQUIRE_TIMEOUT);
	assert_true(weir_now().ns - began_ns >= WEIR_MILLISECONDS(20));
	assert_int_equal(unit_stats(pool).timeouts, 1);
	/* Who may not wait does not. */
	assert_code(weir_acquire_for(pool, &lease, 0, NULL), WEIR_ERR_SUSPENDED);
	unit_pool_end(pool, stub);
}

/* All of those who wait, at once, or it would be a lost wake-up for the second. */
static void waiting_ends_with(struct weir_pool *pool, enum weir_code (*end)(struct weir_pool *),
                              enum weir_code expected)
{
	struct unit_caller callers[3] = {{.done = false}};

	assert_code(weir_pool_suspend(pool, NULL), WEIR_OK);
	for (int i = 0; i < 3; i++)
		unit_call(&callers[i], pool, UNIT_PATIENCE_NS);
	for (int i = 0; i < 20; i++)
		unit_pause();
	for (int i = 0; i < 3; i++)
		assert_false(atomic_load(&callers[i].done));
	assert_code(end(pool), WEIR_OK);
	for (int i = 0; i < 3; i++) {
		assert_code(unit_answer(&callers[i]), expected);
		if (expected == WEIR_OK)
			unit_release(&callers[i].lease);
	}
}

static enum weir_code resume(struct weir_pool *pool)
{
	return weir_pool_resume(pool, NULL);
}

static enum weir_code end(struct weir_pool *pool)
{
	return weir_pool_close(pool, NULL);
}

static void resume_and_close_end_the_waiting(void **state)
{
	struct weir_stub *stub = unit_stub(NULL);
	struct weir_pool *pool = unit_pool_prompt(stub, "max_size=3 when_down=wait");

	(void)state;
	waiting_ends_with(pool, resume, WEIR_OK);
	waiting_ends_with(pool, end, WEIR_ERR_CLOSED);
	unit_pool_end(pool, stub);
}

/* What is set beside it keeps the pool suspended. */
static void other_ways_leave_it_alone(void **state)
{
	struct weir_stub *stub = unit_stub(NULL);
	struct weir_pool *pool = unit_pool_prompt(stub, "max_size=1 when_down=fail");
	struct weir_lease lease = {0};

	(void)state;
	assert_code(weir_pool_suspend(pool, NULL), WEIR_OK);
	assert_code(weir_pool_set(pool, "validate_on_acquire", "on", NULL), WEIR_OK);
	assert_code(weir_acquire(pool, &lease, NULL), WEIR_ERR_SUSPENDED);
	assert_code(weir_pool_resume(pool, NULL), WEIR_OK);
	assert_code(weir_pool_set(pool, "validate_bypass", "0", NULL), WEIR_OK);
	for (int i = 0; i < 2; i++) {
		lease = unit_acquire(pool);
		unit_release(&lease);
	}
	assert_true(unit_counts(stub).validates >= 1);
	unit_pool_end(pool, stub);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nobody_begins_a_lease),
		cmocka_unit_test(who_waited_before_is_served),
		cmocka_unit_test(waiting_ends_at_the_deadline),
		cmocka_unit_test(resume_and_close_end_the_waiting),
		cmocka_unit_test(other_ways_leave_it_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
