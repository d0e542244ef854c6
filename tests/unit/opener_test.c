/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Opens on helper threads: no caller is held past its deadline, nothing is
 * opened for nobody, and what comes late joins the pool.
 */
#include <sched.h>
#include <string.h>

#include "testing.h"
#include "unit_check.h"
#include "unit_pool.h"
#include "unit_thread.h"

static struct weir_pool *plain_pool(struct weir_stub *stub, const char *pairs)
{
	return unit_pool(weir_stub_driver(), stub, pairs);
}

static void a_hanging_open_holds_nobody_past_the_deadline(void **state)
{
	const struct weir_stub_script hang = {.hang_opens = UINT32_MAX};
	struct weir_stub *stub = unit_stub(&hang);
	struct weir_pool *pool = plain_pool(stub, "max_size=1");
	struct weir_lease lease = {0};
	struct weir_error err = WEIR_ERROR_INIT;
	const int64_t before_ns = weir_now().ns;

	(void)state;
	/* The open hangs until this test lets it go, so an acquire that waited for it
	 * would not return at all. */
	unit_make_hang(pool, stub, &err);
	assert_true(weir_now().ns - before_ns >= WEIR_MILLISECONDS(5));
	assert_int_equal(err.reason, WEIR_WAIT_OPENING);
	assert_true(err.queued_ns > 0);
	assert_int_equal(err.open_ns, 0);
	assert_int_equal(err.holders_total, 0);
	assert_int_equal(unit_stats(pool).opening, 1);
	weir_stub_set(stub, NULL);
	weir_stub_unhang(stub);
	unit_await_idle(pool, 1);
	assert_code(weir_try_acquire(pool, &lease, &err), WEIR_OK);
	assert_int_equal(unit_counts(stub).opens, 1);
	unit_release(&lease);
	unit_pool_end(pool, stub);
}

static void a_late_connection_serves_whoever_waits_by_then(void **state)
{
	const struct weir_stub_script hang = {.hang_opens = 1};
	struct weir_stub *stub = unit_stub(&hang);
	struct weir_pool *pool = plain_pool(stub, "max_size=1");
	struct unit_caller waiter;

	(void)state;
	unit_make_hang(pool, stub, NULL);
	unit_call(&waiter, pool, WEIR_TIMEOUT_NEVER);
	unit_await_waiters(pool, 1);
	weir_stub_unhang(stub);
	assert_code(unit_answer(&waiter), WEIR_OK);
	assert_int_equal(unit_counts(stub).opens, 1);
	unit_release(&waiter.lease);
	unit_pool_end(pool, stub);
}

static void one_caller_needs_one_connection(void **state)
{
	const struct weir_stub_script slow = {.open_latency_ns = WEIR_MILLISECONDS(30)};
	struct weir_stub *stub = unit_stub(&slow);
	struct weir_pool *pool = plain_pool(stub, "max_size=10");
	struct weir_lease lease = unit_acquire(pool);

	(void)state;
	unit_release(&lease);
	while (unit_stats(pool).opening > 0) /* ends: opens take 30 ms */
		unit_pause();
	assert_int_equal(unit_counts(stub).opens, 1);
	unit_pool_end(pool, stub);
}

/* The open is under way until somebody has what it brought: a waiter that looks again
 * in between does not ask for one more. */
static void an_open_is_under_way_until_it_is_handed_over(void **state)
{
	const struct weir_stub_script hang = {.hang_opens = 1};
	struct weir_stub *stub = unit_stub(&hang);
	struct weir_pool *pool = plain_pool(stub, "max_size=2");
	struct unit_caller waiter;

	(void)state;
	unit_call(&waiter, pool, WEIR_TIMEOUT_NEVER);
	while (unit_counts(stub).hanging == 0) /* ends: the waiter asked as it came */
		unit_pause();
	weir__lock(&pool->q.lock); /* nothing can be handed over */
	weir_stub_unhang(stub);
	for (int look = 0; look < 20; look++) {
		weir__capacity_refill(pool, false);
		unit_pause();
	}
	weir__unlock(&pool->q.lock);
	assert_code(unit_answer(&waiter), WEIR_OK);
	assert_int_equal(unit_counts(stub).opens, 1);
	unit_release(&waiter.lease);
	unit_pool_end(pool, stub);
}

static void a_returned_connection_is_as_good_as_a_new_one(void **state)
{
	struct weir_stub *stub = unit_stub(NULL);
	struct weir_pool *pool = plain_pool(stub, "max_size=2");
	struct weir_lease lease = unit_acquire(pool);
	const struct weir_stub_script hang = {.hang_opens = UINT32_MAX};
	struct unit_caller waiter;

	(void)state;
	weir_stub_set(stub, &hang);
	unit_call(&waiter, pool, WEIR_TIMEOUT_NEVER);
	unit_await_hanging(stub, 1);
	unit_release(&lease);
	assert_code(unit_answer(&waiter), WEIR_OK);
	assert_int_equal(unit_counts(stub).hanging, 1);
	unit_release(&waiter.lease);
	weir_stub_set(stub, NULL);
	unit_pool_end(pool, stub);
}

static void a_failed_open_fails_one_caller_with_the_drivers_code(void **state)
{
	const struct weir_stub_script script = {.fail_opens = 1, .driver_code = 777};
	struct weir_stub *stub = unit_stub(&script);
	struct weir_pool *pool = plain_pool(stub, "max_size=2 name=ledger");
	struct weir_lease lease = {0};
	struct weir_error err = WEIR_ERROR_INIT;

	(void)state;
	assert_code(weir_acquire_for(pool, &lease, UNIT_PATIENCE_NS, &err), WEIR_ERR_OPEN_FAILED);
	assert_int_equal(err.driver_code, 777);
	assert_int_equal(err.last_open_driver_code, 777);
	assert_int_equal(err.last_open_code, WEIR_ERR_DRIVER_OPEN);
	assert_has(err.message, "ledger");
	assert_has(err.last_open_message, "script");
	lease = unit_acquire(pool);
	unit_release(&lease);
	unit_pool_end(pool, stub);
}

static void while_opens_fail_every_caller_is_told(void **state)
{
	const struct weir_stub_script down = {.fail_opens = UINT32_MAX, .driver_code = 3};
	struct weir_stub *stub = unit_stub(&down);
	struct weir_pool *pool = plain_pool(stub, "max_size=2 max_opening=1");
	struct unit_caller waiters[8];

	(void)state;
	for (int i = 0; i < 8; i++)
		unit_call(&waiters[i], pool, WEIR_TIMEOUT_NEVER);
	for (int i = 0; i < 8; i++) {
		const enum weir_code code = unit_answer(&waiters[i]);

		assert_true(code == WEIR_ERR_OPEN_FAILED || code == WEIR_ERR_UNAVAILABLE);
		assert_int_equal(waiters[i].err.driver_code, 3);
	}
	/* A helper may still hold a place that was asked for on behalf of a caller
	 * who has been told meanwhile. */
	while (unit_stats(pool).opening > 0) /* ends: nobody asks any more */
		(void)sched_yield();
	unit_pool_end(pool, stub);
}

static void not_more_than_max_opening_open_at_once(void **state)
{
	const struct weir_stub_script hang = {.hang_opens = UINT32_MAX};
	struct weir_stub *stub = unit_stub(&hang);
	struct weir_pool *pool = plain_pool(stub, "max_size=8 max_opening=2");
	struct unit_caller waiters[6];

	(void)state;
	for (uint32_t i = 0; i < 6; i++) {
		unit_call(&waiters[i], pool, WEIR_TIMEOUT_NEVER);
		unit_await_waiters(pool, i + 1);
	}
	unit_await_hanging(stub, 2);
	weir_stub_set(stub, NULL);
	weir_stub_unhang(stub);
	for (int i = 0; i < 6; i++) {
		assert_code(unit_answer(&waiters[i]), WEIR_OK);
		assert_true(unit_counts(stub).hanging <= 2);
	}
	for (int i = 0; i < 6; i++)
		unit_release(&waiters[i].lease);
	unit_pool_end(pool, stub);
}

static void requests_that_nobody_waits_for_any_more_are_dropped(void **state)
{
	const struct weir_stub_script hang = {.hang_opens = 1};
	struct weir_stub *stub = unit_stub(&hang);
	struct weir_pool *pool = plain_pool(stub, "max_size=4 max_opening=1");
	struct unit_caller waiters[3];

	(void)state;
	unit_make_hang(pool, stub, NULL);
	for (uint32_t i = 0; i < 3; i++)
		unit_call(&waiters[i], pool, WEIR_MILLISECONDS(5));
	for (uint32_t i = 0; i < 3; i++)
		assert_code(unit_answer(&waiters[i]), WEIR_ERR_ACQUIRE_TIMEOUT);
	weir_stub_unhang(stub);
	while (unit_stats(pool).opening > 0) /* ends: nothing hangs any more */
		unit_pause();
	assert_int_equal(unit_counts(stub).opens, 1);
	assert_int_equal(unit_stats(pool).idle, 1);
	unit_pool_end(pool, stub);
}

static void min_idle_opens_although_nobody_waits(void **state)
{
	struct weir_stub *stub = unit_stub(NULL);
	struct weir_pool *pool = plain_pool(stub, "max_size=6 min_idle=5 max_opening=2");

	(void)state;
	assert_int_equal(unit_stats(pool).idle, 5);
	assert_int_equal(unit_counts(stub).opens, 5);
	unit_pool_end(pool, stub);
}

static void try_asks_for_a_connection_for_the_next_one(void **state)
{
	struct weir_stub *stub = unit_stub(NULL);
	struct weir_pool *pool = plain_pool(stub, "max_size=2 max_waiters=0");
	struct weir_lease lease = {0};

	(void)state;
	assert_code(weir_try_acquire(pool, &lease, NULL), WEIR_ERR_EXHAUSTED);
	while (unit_stats(pool).idle == 0) /* ends: the open is under way */
		unit_pause();
	assert_code(weir_try_acquire(pool, &lease, NULL), WEIR_OK);
	unit_release(&lease);
	unit_pool_end(pool, stub);
}

static void helpers_that_are_gone_are_replaced(void **state)
{
	struct weir_stub *stub = unit_stub(NULL);
	struct weir_pool *pool = plain_pool(stub, "max_size=1");

	(void)state;
	weir__opener_stop(pool->opener); /* as if they had lingered for long enough */
	for (int i = 0; i < 3; i++) {
		struct weir_lease lease = unit_acquire(pool);

		unit_discard(&lease);
	}
	assert_int_equal(unit_counts(stub).opens, 3);
	unit_pool_end(pool, stub);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_hanging_open_holds_nobody_past_the_deadline),
		cmocka_unit_test(a_late_connection_serves_whoever_waits_by_then),
		cmocka_unit_test(one_caller_needs_one_connection),
		cmocka_unit_test(an_open_is_under_way_until_it_is_handed_over),
		cmocka_unit_test(a_returned_connection_is_as_good_as_a_new_one),
		cmocka_unit_test(a_failed_open_fails_one_caller_with_the_drivers_code),
		cmocka_unit_test(while_opens_fail_every_caller_is_told),
		cmocka_unit_test(not_more_than_max_opening_open_at_once),
		cmocka_unit_test(requests_that_nobody_waits_for_any_more_are_dropped),
		cmocka_unit_test(min_idle_opens_although_nobody_waits),
		cmocka_unit_test(try_asks_for_a_connection_for_the_next_one),
		cmocka_unit_test(helpers_that_are_gone_are_replaced),
	};

	return cmocka_run_group_tests(tests, unit_count_threads, unit_await_threads);
}
