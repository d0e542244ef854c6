/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The breaker: when it opens, what callers get meanwhile, and how opens begin again. A
 * delay of an hour holds it open; one of a millisecond lets it go on by itself.
 */
#include <string.h>

#include "testing.h"
#include "unit_check.h"
#include "unit_pool.h"
#include "unit_thread.h"

#define FROZEN " breaker_delay=1h breaker_delay_max=1h"
#define BRISK " breaker_delay=1ms breaker_delay_max=2ms"

static const struct weir_stub_script down = {.fail_opens = UINT32_MAX, .driver_code = 7};

static struct weir_pool *prompt(struct weir_stub *stub, const char *pairs)
{
	return unit_pool_prompt(stub, pairs);
}

static struct weir_pool *helped(struct weir_stub *stub, const char *pairs)
{
	return unit_pool(weir_stub_driver(), stub, pairs);
}

static enum weir_breaker_state state_of(struct weir_pool *pool)
{
	return unit_stats(pool).breaker;
}

static enum weir_code acquire(struct weir_pool *pool, struct weir_lease *lease,
                              enum weir_when_down when_down, int64_t timeout_ns,
                              struct weir_error *err)
{
	const struct weir_acquire_options options = {
		.size = (uint32_t)sizeof options,
		.when_down = when_down,
		.timeout_ns = timeout_ns,
	};

	return weir_acquire_with(pool, lease, &options, err);
}

/* Open the breaker by callers that fail. */
static void trip(struct weir_pool *pool)
{
	struct weir_lease lease = {0};

	while (state_of(pool) != WEIR_BREAKER_OPEN) /* ends: after breaker_failures opens */
		assert_int_not_equal(acquire(pool, &lease, WEIR_DOWN_FAIL, UNIT_PATIENCE_NS, NULL),
		                     WEIR_OK);
}

static void after_so_many_failures_callers_fail_unasked(void **state)
{
	struct weir_stub *stub = unit_stub(&down);
	struct weir_pool *pool = prompt(stub, "name=ledger breaker_failures=4" FROZEN);
	struct weir_lease lease = {0};
	struct weir_error err = WEIR_ERROR_INIT;

	(void)state;
	for (int i = 0; i < 4; i++) {
		assert_int_equal(state_of(pool), WEIR_BREAKER_CLOSED);
		assert_code(weir_acquire(pool, &lease, &err), WEIR_ERR_OPEN_FAILED);
	}
	assert_int_equal(state_of(pool), WEIR_BREAKER_OPEN);
	for (int i = 0; i < 20; i++)
		assert_code(weir_acquire(pool, &lease, &err), WEIR_ERR_UNAVAILABLE);
	assert_code(weir_try_acquire(pool, &lease, NULL), WEIR_ERR_UNAVAILABLE);
	assert_int_equal(unit_counts(stub).open_failures, 4);
	assert_int_equal(err.reason, WEIR_WAIT_OPEN_DOWN);
	assert_int_equal(err.driver_code, 7);
	assert_int_equal(err.last_open_code, WEIR_ERR_DRIVER_OPEN);
	assert_has(err.message, "ledger");
	assert_has(err.message, "the next is tried in");
	assert_has(err.message, "script");
	assert_int_equal(unit_stats(pool).refusals, 21);
	assert_int_equal(unit_stats(pool).trips, 1);
	unit_pool_end(pool, stub);
}

static void one_success_in_between_starts_the_count_anew(void **state)
{
	const struct weir_stub_script twice = {.fail_opens = 2};
	struct weir_stub *stub = unit_stub(&twice);
	struct weir_pool *pool = prompt(stub, "max_size=2" FROZEN);
	struct weir_lease lease = {0};
	struct weir_lease held;

	(void)state;
	for (int i = 0; i < 2; i++)
		assert_code(weir_acquire(pool, &lease, NULL), WEIR_ERR_OPEN_FAILED);
	held = unit_acquire(pool);
	weir_stub_set(stub, &twice);
	for (int i = 0; i < 2; i++)
		assert_code(weir_acquire(pool, &lease, NULL), WEIR_ERR_OPEN_FAILED);
	assert_int_equal(state_of(pool), WEIR_BREAKER_CLOSED);
	unit_release(&held);
	unit_pool_end(pool, stub);
}

/* A database that is full of connections is not down for those who have some. */
static void while_connections_are_out_callers_wait_for_them(void **state)
{
	struct weir_stub *stub = unit_stub(NULL);
	struct weir_pool *pool = prompt(stub, "max_size=3" FROZEN);
	struct weir_lease held = unit_acquire(pool);
	struct unit_caller waiter;

	(void)state;
	weir_stub_set(stub, &down);
	trip(pool);
	unit_call(&waiter, pool, WEIR_TIMEOUT_NEVER);
	unit_await_waiters(pool, 1);
	unit_release(&held);
	assert_code(unit_answer(&waiter), WEIR_OK);
	assert_int_equal(unit_stats(pool).refusals, 0);
	unit_release(&waiter.lease);
	unit_pool_end(pool, stub);
}

static void the_last_connection_that_goes_tells_all_who_wait(void **state)
{
	struct weir_stub *stub = unit_stub(NULL);
	struct weir_pool *pool = prompt(stub, "max_size=3" FROZEN);
	struct weir_lease held = unit_acquire(pool);
	struct unit_caller waiters[5];

	(void)state;
	weir_stub_set(stub, &down);
	trip(pool);
	for (int i = 0; i < 5; i++)
		unit_call(&waiters[i], pool, WEIR_TIMEOUT_NEVER);
	unit_await_waiters(pool, 5);
	unit_discard(&held);
	for (int i = 0; i < 5; i++)
		assert_code(unit_answer(&waiters[i]), WEIR_ERR_UNAVAILABLE);
	unit_pool_end(pool, stub);
}

static void who_waits_as_it_opens_is_told(void **state)
{
	const struct weir_stub_script hang = {.hang_opens = UINT32_MAX, .fail_opens = UINT32_MAX};
	struct weir_stub *stub = unit_stub(&hang);
	struct weir_pool *pool = helped(stub, "max_size=8 max_opening=2 breaker_failures=2" FROZEN);
	struct unit_caller waiters[6];
	uint32_t unavailable = 0;
	uint32_t failed = 0;

	(void)state;
	for (int i = 0; i < 6; i++)
		unit_call(&waiters[i], pool, WEIR_TIMEOUT_NEVER);
	unit_await_waiters(pool, 6);
	unit_await_hanging(stub, 2);
	weir_stub_set(stub, &down);
	weir_stub_unhang(stub);
	for (int i = 0; i < 6; i++) {
		const enum weir_code code = unit_answer(&waiters[i]);

		unavailable += code == WEIR_ERR_UNAVAILABLE;
		failed += code == WEIR_ERR_OPEN_FAILED;
	}
	/* An open that fails fails one caller, unless the breaker has told all by then:
	 * the two that hung, and two more that had begun. */
	assert_int_equal(unavailable + failed, 6);
	assert_in_range(unavailable, 2, 6);
	assert_true(unit_counts(stub).open_failures <= 4);
	unit_pool_end(pool, stub);
}

/* Patience, as the setting says and as the call says, on both kinds of driver. */
static void who_is_patient_is_served_when_it_is_up_again(struct weir_pool *pool,
                                                         struct weir_stub *stub)
{
	struct unit_caller waiters[4];
	const uint64_t failures = unit_counts(stub).open_failures;

	assert_code(weir_pool_set(pool, "when_down", "wait", NULL), WEIR_OK);
	for (int i = 0; i < 4; i++)
		unit_call(&waiters[i], pool, WEIR_TIMEOUT_NEVER);
	/* Probes are made, and fail, and nobody is told. */
	while (unit_counts(stub).open_failures < failures + 5) /* ends: every 2 ms at most */
		unit_pause();
	for (int i = 0; i < 4; i++)
		assert_false(atomic_load(&waiters[i].done));
	weir_stub_set(stub, NULL);
	for (int i = 0; i < 4; i++) {
		assert_code(unit_answer(&waiters[i]), WEIR_OK);
		unit_release(&waiters[i].lease);
	}
	unit_pool_end(pool, stub);
}

static void patience_with_prompt_opens(void **state)
{
	struct weir_stub *stub = unit_stub(&down);

	(void)state;
	who_is_patient_is_served_when_it_is_up_again(prompt(stub, "max_size=4" BRISK), stub);
}

static void patience_with_helpers(void **state)
{
	struct weir_stub *stub = unit_stub(&down);

	(void)state;
	who_is_patient_is_served_when_it_is_up_again(helped(stub, "max_size=4" BRISK), stub);
}

static void patience_in_strict_order(void **state)
{
	struct weir_stub *stub = unit_stub(&down);

	(void)state;
	who_is_patient_is_served_when_it_is_up_again(prompt(stub, "max_size=4 fairness=fifo" BRISK),
	                                             stub);
}

static void a_call_chooses_for_itself(void **state)
{
	struct weir_stub *stub = unit_stub(&down);
	struct weir_pool *pool = prompt(stub, "max_size=1" FROZEN);
	struct weir_lease lease = {0};
	struct weir_error err = WEIR_ERROR_INIT;

	(void)state;
	trip(pool);
	assert_code(acquire(pool, &lease, WEIR_DOWN_SETTING, UNIT_PATIENCE_NS, NULL),
	            WEIR_ERR_UNAVAILABLE);
	assert_code(acquire(pool, &lease, WEIR_DOWN_WAIT, WEIR_MILLISECONDS(5), &err),
	            WEIR_ERR_ACQUIRE_TIMEOUT);
	assert_int_equal(err.reason, WEIR_WAIT_OPEN_DOWN);
	assert_code(weir_pool_set(pool, "when_down", "wait", NULL), WEIR_OK);
	assert_code(acquire(pool, &lease, WEIR_DOWN_SETTING, WEIR_MILLISECONDS(5), NULL),
	            WEIR_ERR_ACQUIRE_TIMEOUT);
	assert_code(acquire(pool, &lease, WEIR_DOWN_FAIL, UNIT_PATIENCE_NS, NULL),
	            WEIR_ERR_UNAVAILABLE);
	assert_false(weir_lease_held(&lease));
	unit_pool_end(pool, stub);
}

static void wrong_options_are_refused(void **state)
{
	struct weir_pool *pool = prompt(NULL, "max_size=1");
	const struct weir_acquire_options no_size = {.when_down = WEIR_DOWN_WAIT};
	const struct weir_acquire_options unknown = {
		.size = (uint32_t)sizeof unknown,
		.when_down = (enum weir_when_down)3,
	};
	const struct weir_acquire_options before = {
		.size = (uint32_t)sizeof before,
		.timeout_ns = -2,
	};
	struct weir_lease lease = {0};

	(void)state;
	assert_code(weir_acquire_with(pool, &lease, &no_size, NULL), WEIR_ERR_BAD_ARGUMENT);
	assert_code(weir_acquire_with(pool, &lease, &unknown, NULL), WEIR_ERR_BAD_ARGUMENT);
	assert_code(weir_acquire_with(NULL, &lease, NULL, NULL), WEIR_ERR_BAD_ARGUMENT);
	assert_code(weir_acquire_with(pool, NULL, NULL, NULL), WEIR_ERR_BAD_ARGUMENT);
	assert_code(weir_acquire_with(pool, &lease, &before, NULL), WEIR_ERR_BAD_ARGUMENT);
	assert_code(weir_acquire_with(pool, &lease, NULL, NULL), WEIR_OK);
	unit_release(&lease);
	unit_pool_end(pool, NULL);
}

/* ---- how it can be done without ---- */

static void without_failures_to_count_it_never_opens(void **state)
{
	struct weir_stub *stub = unit_stub(&down);
	struct weir_pool *pool = prompt(stub, "max_size=1 breaker_failures=0 when_down=wait");
	struct weir_lease lease = {0};

	(void)state;
	for (int i = 0; i < 50; i++)
		assert_code(weir_acquire(pool, &lease, NULL), WEIR_ERR_OPEN_FAILED);
	assert_int_equal(state_of(pool), WEIR_BREAKER_CLOSED);
	assert_int_equal(unit_counts(stub).open_failures, 50);
	unit_pool_end(pool, stub);
}

static void turned_off_while_open_it_closes(void **state)
{
	struct weir_stub *stub = unit_stub(&down);
	struct weir_pool *pool = prompt(stub, "max_size=1" FROZEN);
	struct weir_lease lease = {0};

	(void)state;
	trip(pool);
	weir_stub_set(stub, NULL);
	assert_code(weir_acquire(pool, &lease, NULL), WEIR_ERR_UNAVAILABLE);
	assert_code(weir_pool_set(pool, "breaker_failures", "0", NULL), WEIR_OK);
	assert_code(weir_acquire(pool, &lease, NULL), WEIR_OK);
	assert_int_equal(state_of(pool), WEIR_BREAKER_CLOSED);
	unit_release(&lease);
	unit_pool_end(pool, stub);
}

/* ---- opens at once ---- */

/* A caller that opens on its own thread does not keep the next one from a connection that
 * comes back. */
static void prompt_opens_are_bounded_too(void **state)
{
	const struct weir_stub_script hang = {.hang_opens = UINT32_MAX};
	struct weir_stub *stub = unit_stub(NULL);
	struct weir_pool *pool = prompt(stub, "max_size=8 max_opening=2 open_timeout=1h");
	struct weir_lease held = unit_acquire(pool);
	struct unit_caller callers[5];
	uint32_t first;

	(void)state;
	weir_stub_set(stub, &hang);
	for (int i = 0; i < 5; i++)
		unit_call(&callers[i], pool, WEIR_TIMEOUT_NEVER);
	unit_await_hanging(stub, 2);
	unit_await_waiters(pool, 3);
	assert_int_equal(unit_counts(stub).hanging, 2);
	unit_release(&held);
	first = unit_answer_any(callers, 5);
	assert_code(callers[first].code, WEIR_OK);
	assert_int_equal(unit_counts(stub).hanging, 2);
	unit_release(&callers[first].lease);
	callers[first].done = false;
	weir_stub_set(stub, NULL);
	weir_stub_unhang(stub);
	for (int i = 0; i < 4; i++) {
		const uint32_t next = unit_answer_any(callers, 5);

		assert_code(callers[next].code, WEIR_OK);
		unit_release(&callers[next].lease);
		callers[next].done = false;
	}
	unit_pool_end(pool, stub);
}

/* Opens that end one after the other serve all who wait, without anybody's return. */
static void each_open_that_ends_lets_the_next_begin(void **state)
{
	const struct weir_stub_script slow = {.open_latency_ns = WEIR_MILLISECONDS(2)};
	struct weir_stub *stub = unit_stub(&slow);
	struct weir_pool *pools[] = {prompt(stub, "max_size=6 max_opening=1"),
	                             helped(stub, "max_size=6 max_opening=1")};

	(void)state;
	for (int p = 0; p < 2; p++) {
		struct unit_caller callers[6];

		for (int i = 0; i < 6; i++)
			unit_call(&callers[i], pools[p], WEIR_TIMEOUT_NEVER);
		for (int i = 0; i < 6; i++)
			assert_code(unit_answer(&callers[i]), WEIR_OK);
		for (int i = 0; i < 6; i++)
			unit_release(&callers[i].lease);
	}
	assert_int_equal(unit_counts(stub).opens, 12);
	unit_pool_end(pools[0], NULL);
	unit_pool_end(pools[1], stub);
}

/* ---- housekeeping ---- */

static void housekeeping_finds_out_that_it_is_up_again(void **state)
{
	struct weir_stub *stub = unit_stub(&down);
	struct weir_pool *pool = prompt(stub, "max_size=2" FROZEN);
	struct weir_time now = weir_now();
	struct weir_time next;

	(void)state;
	trip(pool);
	const uint64_t failures = unit_counts(stub).open_failures;

	next = weir_pool_tick(pool, now);
	assert_int_equal(unit_counts(stub).open_failures, failures);
	assert_true(next.ns > now.ns);
	now.ns += 2 * WEIR_HOUR_NS;
	(void)weir_pool_tick(pool, now);
	assert_int_equal(unit_counts(stub).open_failures, failures + 1);
	assert_int_equal(state_of(pool), WEIR_BREAKER_OPEN);
	weir_stub_set(stub, NULL);
	now.ns += 3 * WEIR_HOUR_NS;
	(void)weir_pool_tick(pool, now);
	assert_int_equal(state_of(pool), WEIR_BREAKER_SLOW_START);
	assert_int_equal(unit_stats(pool).idle, 1);
	unit_pool_end(pool, stub);
}

/* A caller in a hurry says nothing about the database. */
static void an_open_that_its_caller_cut_short_is_no_failure(void **state)
{
	const struct weir_stub_script slow = {.open_latency_ns = WEIR_SECONDS(60)};
	struct weir_stub *stub = unit_stub(&slow);
	struct weir_pool *pool = prompt(stub, "max_size=1 open_timeout=120s" FROZEN);
	struct weir_lease lease = {0};

	(void)state;
	for (int i = 0; i < 5; i++)
		assert_code(weir_acquire_for(pool, &lease, WEIR_MILLISECONDS(1), NULL),
		            WEIR_ERR_ACQUIRE_TIMEOUT);
	assert_int_equal(state_of(pool), WEIR_BREAKER_CLOSED);
	unit_pool_end(pool, stub);
}

/* One that is accepted and never answered is, once open_timeout has passed. */
static void an_open_that_is_never_answered_is_a_failure(void **state)
{
	const struct weir_stub_script silent = {.open_latency_ns = WEIR_SECONDS(60)};
	struct weir_stub *stub = unit_stub(&silent);
	struct weir_pool *pool = prompt(stub, "max_size=1 open_timeout=1ms" FROZEN);
	struct weir_lease lease = {0};

	(void)state;
	for (int i = 0; i < 3; i++)
		assert_code(weir_acquire_for(pool, &lease, UNIT_PATIENCE_NS, NULL), WEIR_ERR_OPEN_FAILED);
	assert_code(weir_acquire_for(pool, &lease, UNIT_PATIENCE_NS, NULL), WEIR_ERR_UNAVAILABLE);
	unit_pool_end(pool, stub);
}

/* A caller's deadline that is that of the open, or nearly, is no hurry: by default both are
 * the same. */
static void a_caller_that_waits_as_long_as_an_open_may_take_counts(void **state)
{
	const struct weir_stub_script silent = {.open_latency_ns = WEIR_SECONDS(60)};
	struct weir_stub *stub = unit_stub(&silent);
	struct weir_pool *pool = prompt(stub, "max_size=1 open_timeout=2ms acquire_timeout=2ms" FROZEN);
	struct weir_lease lease = {0};
	struct weir_error err = WEIR_ERROR_INIT;
	enum weir_code code = WEIR_OK;

	(void)state;
	while (state_of(pool) != WEIR_BREAKER_OPEN) { /* ends: most of them get more than half */
		code = weir_acquire(pool, &lease, &err);
		assert_true(code == WEIR_ERR_ACQUIRE_TIMEOUT || code == WEIR_ERR_OPEN_FAILED);
	}
	assert_int_equal(unit_stats(pool).open_failures, 3);
	assert_code(weir_acquire(pool, &lease, &err), WEIR_ERR_UNAVAILABLE);
	unit_pool_end(pool, stub);
}

/* ---- what hangs ---- */

/* Whoever comes later is not left without an open because of one that hangs. */
static void an_open_that_hangs_is_not_waited_for_by_the_next_caller(void **state)
{
	const struct weir_stub_script hang = {.hang_opens = 1};
	struct weir_stub *stub = unit_stub(&hang);
	struct weir_pool *pool = helped(stub, "max_size=4 max_opening=2");
	struct weir_lease lease;

	(void)state;
	unit_make_hang(pool, stub, NULL);
	lease = unit_acquire(pool);
	assert_int_equal(unit_counts(stub).hanging, 1);
	unit_release(&lease);
	weir_stub_unhang(stub);
	unit_await_idle(pool, 2);
	unit_pool_end(pool, stub);
}

/* Turned off, it lets nobody be patient either: that would be one open after the other. */
static void the_patient_are_told_once_it_is_turned_off(void **state)
{
	const struct weir_stub_script hang = {.hang_opens = UINT32_MAX, .fail_opens = UINT32_MAX};
	struct weir_stub *stub = unit_stub(&hang);
	struct weir_pool *pool = helped(stub, "max_size=1 when_down=wait" FROZEN);
	struct unit_caller waiter;

	(void)state;
	unit_call(&waiter, pool, WEIR_TIMEOUT_NEVER);
	unit_await_hanging(stub, 1);
	assert_code(weir_pool_set(pool, "breaker_failures", "0", NULL), WEIR_OK);
	weir_stub_set(stub, &down);
	weir_stub_unhang(stub);
	assert_code(unit_answer(&waiter), WEIR_ERR_OPEN_FAILED);
	unit_pool_end(pool, stub);
}

static void states_have_names(void **state)
{
	(void)state;
	assert_string_equal(weir_breaker_state_name(WEIR_BREAKER_CLOSED), "closed");
	assert_string_equal(weir_breaker_state_name(WEIR_BREAKER_SLOW_START), "slow_start");
	assert_string_equal(weir_breaker_state_name(WEIR_BREAKER_OPEN), "open");
	assert_string_equal(weir_breaker_state_name((enum weir_breaker_state)3), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(after_so_many_failures_callers_fail_unasked),
		cmocka_unit_test(one_success_in_between_starts_the_count_anew),
		cmocka_unit_test(while_connections_are_out_callers_wait_for_them),
		cmocka_unit_test(the_last_connection_that_goes_tells_all_who_wait),
		cmocka_unit_test(who_waits_as_it_opens_is_told),
		cmocka_unit_test(patience_with_prompt_opens),
		cmocka_unit_test(patience_with_helpers),
		cmocka_unit_test(patience_in_strict_order),
		cmocka_unit_test(a_call_chooses_for_itself),
		cmocka_unit_test(wrong_options_are_refused),
		cmocka_unit_test(without_failures_to_count_it_never_opens),
		cmocka_unit_test(turned_off_while_open_it_closes),
		cmocka_unit_test(prompt_opens_are_bounded_too),
		cmocka_unit_test(each_open_that_ends_lets_the_next_begin),
		cmocka_unit_test(housekeeping_finds_out_that_it_is_up_again),
		cmocka_unit_test(an_open_that_its_caller_cut_short_is_no_failure),
		cmocka_unit_test(an_open_that_is_never_answered_is_a_failure),
		cmocka_unit_test(a_caller_that_waits_as_long_as_an_open_may_take_counts),
		cmocka_unit_test(an_open_that_hangs_is_not_waited_for_by_the_next_caller),
		cmocka_unit_test(the_patient_are_told_once_it_is_turned_off),
		cmocka_unit_test(states_have_names),
	};

	return cmocka_run_group_tests(tests, unit_count_threads, unit_await_threads);
}
