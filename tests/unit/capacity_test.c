/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Places without a connection: reserved once, given to waiters, counted, and
 * opened with what is left of a deadline.
 */
#include <string.h>

#include "testing.h"
#include "unit_check.h"
#include "unit_pool.h"
#include "unit_thread.h"

static enum weir__state state_at(struct weir_pool *pool, uint32_t index)
{
	return weir__word_state(wp_load_rlx_64(&weir__pool_slot(pool, index)->word));
}

static void every_place_is_reserved_once(void **state)
{
	struct weir_pool *pool = unit_pool_prompt(NULL, "max_size=5 max_opening=5");
	const uint32_t refs = wp_load_rlx_32(&pool->refs);

	(void)state;
	for (uint32_t i = 0; i < 5; i++) {
		const uint32_t index = weir__capacity_reserve(pool, 3, 0);

		assert_int_equal(index, (3 + i) % 5);
		assert_int_equal(state_at(pool, index), WEIR__OPENING);
		assert_int_equal(wp_load_rlx_32(&pool->empties), 4 - i);
		assert_int_equal(wp_load_rlx_32(&pool->refs), refs + i + 1);
	}
	assert_int_equal(weir__capacity_reserve(pool, 0, 0), WEIR__RING_NONE);
	for (uint32_t i = 0; i < 5; i++)
		weir__capacity_give(pool, weir__pool_slot(pool, i));
	assert_int_equal(wp_load_rlx_32(&pool->empties), 5);
	assert_int_equal(wp_load_rlx_32(&pool->refs), refs);
	unit_pool_end(pool, NULL);
}

/* Who reserves as the pool closes finds out after he has claimed the place. */
static void nothing_is_reserved_in_a_closed_pool(void **state)
{
	struct weir_pool *pool = unit_pool_prompt(NULL, "max_size=3");
	const uint32_t refs = wp_load_rlx_32(&pool->refs);

	(void)state;
	weir__waitq_close(&pool->q);
	assert_int_equal(weir__capacity_reserve(pool, 1, 0), WEIR__RING_NONE);
	for (uint32_t i = 0; i < 3; i++)
		assert_int_equal(state_at(pool, i), WEIR__EMPTY);
	assert_int_equal(wp_load_rlx_32(&pool->empties), 3);
	assert_int_equal(wp_load_rlx_32(&pool->refs), refs);
	unit_pool_end(pool, NULL);
}

static void giving_up_a_place_is_progress(void **state)
{
	struct weir_pool *pool = unit_pool_prompt(NULL, "max_size=1");
	const uint32_t before = wp_load_rlx_32(&pool->progress);
	const uint32_t index = weir__capacity_reserve(pool, 0, 0);

	(void)state;
	weir__capacity_give(pool, weir__pool_slot(pool, index));
	assert_int_not_equal(wp_load_rlx_32(&pool->progress), before);
	unit_pool_end(pool, NULL);
}

static void a_waiter_gets_the_place_that_is_given_up(void **state)
{
	struct weir_stub *stub = unit_stub(NULL);
	struct weir_pool *pool = unit_pool_prompt(stub, "max_size=1");
	const uint32_t index = weir__capacity_reserve(pool, 0, 0);
	struct unit_caller waiter;

	(void)state;
	unit_call(&waiter, pool, WEIR_TIMEOUT_NEVER);
	unit_await_waiters(pool, 1);
	weir__capacity_give(pool, weir__pool_slot(pool, index));
	assert_code(unit_answer(&waiter), WEIR_OK);
	assert_int_equal(waiter.lease.slot, index);
	assert_int_equal(unit_counts(stub).opens, 1);
	unit_release(&waiter.lease);
	unit_pool_end(pool, stub);
}

/* What an open of a local driver was asked for, and what it answers. */
struct asked {
	struct weir_open_request request;
	bool succeeds_without_connection;
	uint32_t closes;
};

static enum weir_code open_asked(const struct weir_open_request *request, void **conn,
                                 struct weir_error *err)
{
	struct asked *asked = request->driver_data;

	asked->request = *request;
	if (asked->succeeds_without_connection)
		return WEIR_OK;
	*conn = asked;
	(void)err;
	return WEIR_OK;
}

static void close_asked(void *conn)
{
	struct asked *asked = conn;

	asked->closes++;
}

static const struct weir_driver asked_driver = {
	.abi = WEIR_DRIVER_ABI,
	.size = sizeof(struct weir_driver),
	.name = "asked",
	.flags = WEIR_DRIVER_OPEN_HONOURS_DEADLINE,
	.open = open_asked,
	.close = close_asked,
};

/* Between CLOSED and close's word to the waiters. A helper that went on offering the
 * place to them would turn in a circle; found by weir-explore. */
static void a_closing_pool_offers_no_place(void **state)
{
	struct weir_pool *pool = unit_pool_prompt(NULL, "max_size=1");
	const uint32_t index = weir__capacity_reserve(pool, 0, 0);
	struct weir__waiter *waiter = NULL;

	(void)state;
	assert_int_equal(weir__waitq_enter(&pool->q, wp_now(), 8, false, &waiter), WEIR__ENTERED);
	wp_store_rlx_32(&pool->q.wake, wp_load_rlx_32(&pool->q.wake) | WEIR__WAKE_CLOSED);
	weir__capacity_give(pool, weir__pool_slot(pool, index));
	assert_false(weir__waitq_granted(waiter));
	assert_int_equal(state_at(pool, index), WEIR__EMPTY);
	assert_true(weir__waitq_cancel(&pool->q, waiter));
	weir__waitq_retire(&pool->q, waiter);
	unit_pool_end(pool, NULL);
}

static void an_open_is_asked_for_its_slot_until_the_nearer_deadline(void **state)
{
	struct asked asked = {0};
	struct weir_pool *pool = unit_pool(&asked_driver, &asked, "max_size=1 open_timeout=1m");
	struct weir_lease lease = {0};
	int64_t before_ns = weir_now().ns;

	(void)state;
	assert_code(weir_acquire_for(pool, &lease, WEIR_SECONDS(5), NULL), WEIR_OK);
	assert_int_equal(asked.request.size, sizeof asked.request);
	assert_int_equal(asked.request.slot, 0);
	assert_ptr_equal(asked.request.driver_data, &asked);
	assert_non_null(asked.request.config);
	assert_int_equal(asked.request.config->open_timeout, WEIR_SECONDS(60));
	assert_true(asked.request.deadline.ns >= before_ns + WEIR_SECONDS(5));
	assert_true(asked.request.deadline.ns <= weir_now().ns + WEIR_SECONDS(5));
	unit_discard(&lease);

	before_ns = weir_now().ns;
	assert_code(weir_acquire_for(pool, &lease, WEIR_TIMEOUT_NEVER, NULL), WEIR_OK);
	assert_true(asked.request.deadline.ns >= before_ns + WEIR_SECONDS(60));
	assert_true(asked.request.deadline.ns <= weir_now().ns + WEIR_SECONDS(60));
	unit_discard(&lease);

	before_ns = weir_now().ns;
	assert_code(weir_try_acquire(pool, &lease, NULL), WEIR_OK);
	assert_true(asked.request.deadline.ns >= before_ns + WEIR_SECONDS(60));
	unit_release(&lease);
	unit_pool_end(pool, NULL);
	assert_int_equal(asked.closes, 3);
}

static void success_without_a_connection_is_a_failure(void **state)
{
	struct asked asked = {.succeeds_without_connection = true};
	struct weir_pool *pool = unit_pool(&asked_driver, &asked, "max_size=1");
	struct weir_lease lease = {0};
	struct weir_error err = WEIR_ERROR_INIT;

	(void)state;
	assert_code(weir_acquire(pool, &lease, &err), WEIR_ERR_OPEN_FAILED);
	assert_has(err.message, "asked");
	assert_int_equal(unit_stats(pool).open_failures, 1);
	unit_pool_end(pool, NULL);
	assert_int_equal(asked.closes, 0);
}

static void a_failed_open_makes_way_for_the_next_waiter(void **state)
{
	struct weir_stub *stub = unit_stub(NULL);
	struct weir_pool *pool = unit_pool_prompt(stub, "max_size=1");
	const struct weir_stub_script script = {.fail_opens = 2, .driver_code = 5};
	struct weir_lease lease = unit_acquire(pool);
	struct unit_caller waiters[3];
	unsigned failed = 0;
	unsigned served = 0;

	(void)state;
	for (uint32_t i = 0; i < 3; i++) {
		unit_call(&waiters[i], pool, WEIR_TIMEOUT_NEVER);
		unit_await_waiters(pool, i + 1);
	}
	weir_stub_set(stub, &script);
	unit_discard(&lease);
	for (int i = 0; i < 3; i++) {
		struct unit_caller *waiter = &waiters[unit_answer_any(waiters, 3)];

		failed += waiter->code == WEIR_ERR_OPEN_FAILED && waiter->err.driver_code == 5;
		served += waiter->code == WEIR_OK;
		if (waiter->code == WEIR_OK)
			unit_release(&waiter->lease);
	}
	assert_int_equal(failed, 2);
	assert_int_equal(served, 1);
	unit_pool_end(pool, stub);
}

static void a_deadline_that_cuts_an_open_is_a_timeout(void **state)
{
	const struct weir_stub_script slow = {.open_latency_ns = WEIR_SECONDS(60)};
	struct weir_stub *stub = unit_stub(&slow);
	struct weir_pool *pool = unit_pool_prompt(stub, "max_size=1 open_timeout=1m");
	struct weir_lease lease = {0};
	struct weir_error err = WEIR_ERROR_INIT;

	(void)state;
	assert_code(weir_acquire_for(pool, &lease, WEIR_MILLISECONDS(3), &err),
	            WEIR_ERR_ACQUIRE_TIMEOUT);
	assert_true(err.open_ns > 0);
	assert_int_equal(unit_stats(pool).timeouts, 1);
	assert_int_equal(unit_stats(pool).opening, 0);
	unit_pool_end(pool, stub);
}

static void an_open_that_takes_its_own_timeout_has_failed(void **state)
{
	const struct weir_stub_script slow = {.open_latency_ns = WEIR_SECONDS(60)};
	struct weir_stub *stub = unit_stub(&slow);
	struct weir_pool *pool = unit_pool_prompt(stub, "max_size=1 open_timeout=2ms");
	struct weir_lease lease = {0};
	struct weir_error err = WEIR_ERROR_INIT;

	(void)state;
	assert_code(weir_acquire_for(pool, &lease, UNIT_PATIENCE_NS, &err), WEIR_ERR_OPEN_FAILED);
	assert_int_equal(err.last_open_code, WEIR_ERR_DRIVER_DEADLINE);
	assert_true(err.open_ns >= WEIR_MILLISECONDS(1));
	assert_code(weir_try_acquire(pool, &lease, &err), WEIR_ERR_OPEN_FAILED);
	unit_pool_end(pool, stub);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_place_is_reserved_once),
		cmocka_unit_test(nothing_is_reserved_in_a_closed_pool),
		cmocka_unit_test(giving_up_a_place_is_progress),
		cmocka_unit_test(a_waiter_gets_the_place_that_is_given_up),
		cmocka_unit_test(a_closing_pool_offers_no_place),
		cmocka_unit_test(an_open_is_asked_for_its_slot_until_the_nearer_deadline),
		cmocka_unit_test(success_without_a_connection_is_a_failure),
		cmocka_unit_test(a_failed_open_makes_way_for_the_next_waiter),
		cmocka_unit_test(a_deadline_that_cuts_an_open_is_a_timeout),
		cmocka_unit_test(an_open_that_takes_its_own_timeout_has_failed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
