/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The breaker's moves, one by one: what each outcome of an open leads to, and when. What
 * callers see of it is in breaker_test.c.
 */
#include "testing.h"
#include "unit_check.h"
#include "unit_pool.h"

#define FROZEN " breaker_delay=1h breaker_delay_max=1h"

static struct weir_pool *prompt(struct weir_stub *stub, const char *pairs)
{
	return unit_pool_prompt(stub, pairs);
}

static enum weir_breaker_state state_of(struct weir_pool *pool)
{
	return unit_stats(pool).breaker;
}

static void probe_now(struct weir_pool *pool, bool opened)
{
	const int64_t due_ns = (int64_t)wp_load_rlx_64(&pool->breaker.due_ns);

	assert_false(weir__breaker_admit(pool, due_ns - 1));
	assert_true(weir__breaker_admit(pool, due_ns));
	assert_false(weir__breaker_admit(pool, due_ns)); /* B2 */
	weir__breaker_note(pool, opened, weir_now().ns);
	weir__breaker_leave(pool);
}

static void opens_at_once(struct weir_pool *pool, uint32_t expected)
{
	for (uint32_t i = 0; i < expected; i++)
		assert_true(weir__breaker_admit(pool, weir_now().ns));
	assert_false(weir__breaker_admits(pool, weir_now().ns));
	assert_false(weir__breaker_admit(pool, weir_now().ns)); /* B1 */
	for (uint32_t i = 0; i < expected; i++)
		weir__breaker_leave(pool);
}

static void slow_start_doubles_what_may_open_at_once(void **state)
{
	struct weir_pool *pool = prompt(NULL, "max_opening=7 breaker_failures=1" FROZEN);

	(void)state;
	opens_at_once(pool, 7);
	weir__breaker_note(pool, false, weir_now().ns);
	assert_int_equal(state_of(pool), WEIR_BREAKER_OPEN);
	probe_now(pool, true);
	for (uint32_t at_once = 1; at_once < 7; at_once *= 2) {
		assert_int_equal(state_of(pool), WEIR_BREAKER_SLOW_START);
		opens_at_once(pool, at_once);
		weir__breaker_note(pool, true, weir_now().ns);
	}
	assert_int_equal(state_of(pool), WEIR_BREAKER_CLOSED);
	opens_at_once(pool, 7);
	unit_pool_end(pool, NULL);
}

static int64_t delay_of(const struct weir_pool *pool)
{
	return (int64_t)wp_load_rlx_64(&pool->breaker.delay_ns);
}

static void each_failure_doubles_the_delay_up_to_the_most(void **state)
{
	struct weir_pool *pool =
		prompt(NULL, "max_opening=2 breaker_failures=1 breaker_delay=10s breaker_delay_max=35s");
	const int64_t expected_s[] = {10, 20, 35, 35};

	(void)state;
	weir__breaker_note(pool, false, weir_now().ns);
	for (size_t i = 0; i < sizeof expected_s / sizeof expected_s[0]; i++) {
		const int64_t now_ns = weir_now().ns;
		const int64_t due_ns = (int64_t)wp_load_rlx_64(&pool->breaker.due_ns);

		assert_int_equal(delay_of(pool), WEIR_SECONDS(expected_s[i]));
		assert_true(due_ns >= now_ns + WEIR_SECONDS(expected_s[i]) / 2 - WEIR_SECONDS(1));
		assert_true(due_ns <= now_ns + WEIR_SECONDS(expected_s[i]));
		probe_now(pool, false);
	}
	/* A flap is not the end of it; a slow start that is completed is. */
	probe_now(pool, true);
	weir__breaker_note(pool, false, weir_now().ns);
	assert_int_equal(state_of(pool), WEIR_BREAKER_OPEN);
	assert_int_equal(unit_stats(pool).trips, 2);
	assert_int_equal(delay_of(pool), WEIR_SECONDS(35));
	probe_now(pool, true);
	weir__breaker_note(pool, true, weir_now().ns);
	assert_int_equal(state_of(pool), WEIR_BREAKER_CLOSED);
	weir__breaker_note(pool, false, weir_now().ns);
	assert_int_equal(delay_of(pool), WEIR_SECONDS(10));
	unit_pool_end(pool, NULL);
}

static void an_open_that_was_begun_before_changes_nothing(void **state)
{
	struct weir_pool *pool = prompt(NULL, "max_opening=4 breaker_failures=1" FROZEN);
	const int64_t before_ns = weir_now().ns;

	(void)state;
	assert_true(weir__breaker_admit(pool, weir_now().ns));
	assert_true(weir__breaker_admit(pool, weir_now().ns));
	weir__breaker_note(pool, false, weir_now().ns);
	weir__breaker_leave(pool);
	const int64_t due_ns = (int64_t)wp_load_rlx_64(&pool->breaker.due_ns);

	weir__breaker_note(pool, false, before_ns);
	assert_int_equal((int64_t)wp_load_rlx_64(&pool->breaker.due_ns), due_ns);
	assert_int_equal(unit_stats(pool).trips, 1);
	/* It hangs, for all that is known: probes are made beside it. */
	assert_true(weir__breaker_admit(pool, due_ns));
	weir__breaker_leave(pool);
	weir__breaker_leave(pool);
	unit_pool_end(pool, NULL);
}

static void a_slow_start_without_a_failure_ends_by_itself(void **state)
{
	struct weir_pool *pool =
		prompt(NULL, "max_opening=4 breaker_failures=1 breaker_delay=1s breaker_delay_max=9s");
	const int64_t now_ns = weir_now().ns;

	(void)state;
	weir__breaker_note(pool, false, weir_now().ns);
	probe_now(pool, true);
	assert_true(weir__breaker_admit(pool, now_ns));
	assert_false(weir__breaker_admit(pool, now_ns + WEIR_SECONDS(8)));
	assert_true(weir__breaker_admit(pool, now_ns + WEIR_SECONDS(10)));
	assert_int_equal(state_of(pool), WEIR_BREAKER_CLOSED);
	weir__breaker_leave(pool);
	weir__breaker_leave(pool);
	unit_pool_end(pool, NULL);
}

static void a_probe_that_hangs_holds_up_the_next_one_for_open_timeout(void **state)
{
	struct weir_pool *pool =
		prompt(NULL, "max_opening=4 breaker_failures=1 open_timeout=5s" FROZEN);
	int64_t due_ns;

	(void)state;
	weir__breaker_note(pool, false, weir_now().ns);
	due_ns = (int64_t)wp_load_rlx_64(&pool->breaker.due_ns);
	assert_true(weir__breaker_admit(pool, due_ns));
	assert_false(weir__breaker_admit(pool, due_ns + WEIR_SECONDS(4)));
	assert_true(weir__breaker_admit(pool, due_ns + WEIR_SECONDS(6)));
	weir__breaker_leave(pool);
	weir__breaker_leave(pool);
	unit_pool_end(pool, NULL);
}

static void a_probe_that_is_cut_short_has_had_its_turn(void **state)
{
	struct weir_pool *pool = prompt(NULL, "max_opening=4 breaker_failures=1" FROZEN);
	int64_t due_ns;

	(void)state;
	weir__breaker_note(pool, false, weir_now().ns);
	due_ns = (int64_t)wp_load_rlx_64(&pool->breaker.due_ns);
	assert_true(weir__breaker_admit(pool, due_ns));
	weir__breaker_leave(pool);
	assert_true((int64_t)wp_load_rlx_64(&pool->breaker.due_ns) > weir_now().ns);
	assert_int_equal(delay_of(pool), WEIR_HOUR_NS);
	unit_pool_end(pool, NULL);
}

static void an_old_failure_does_not_end_a_slow_start(void **state)
{
	struct weir_pool *pool = prompt(NULL, "max_opening=4 breaker_failures=1" FROZEN);
	const int64_t before_ns = weir_now().ns;

	(void)state;
	weir__breaker_note(pool, false, before_ns);
	probe_now(pool, true);
	weir__breaker_note(pool, false, before_ns);
	assert_int_equal(state_of(pool), WEIR_BREAKER_SLOW_START);
	weir__breaker_note(pool, false, weir_now().ns);
	assert_int_equal(state_of(pool), WEIR_BREAKER_OPEN);
	unit_pool_end(pool, NULL);
}

static void a_first_delay_above_the_most_is_not_doubled(void **state)
{
	struct weir_pool *pool =
		prompt(NULL, "max_opening=2 breaker_failures=1 breaker_delay=10s breaker_delay_max=1s");

	(void)state;
	weir__breaker_note(pool, false, weir_now().ns);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(delay_of(pool), WEIR_SECONDS(10));
		probe_now(pool, false);
	}
	unit_pool_end(pool, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(slow_start_doubles_what_may_open_at_once),
		cmocka_unit_test(each_failure_doubles_the_delay_up_to_the_most),
		cmocka_unit_test(an_open_that_was_begun_before_changes_nothing),
		cmocka_unit_test(a_slow_start_without_a_failure_ends_by_itself),
		cmocka_unit_test(a_probe_that_hangs_holds_up_the_next_one_for_open_timeout),
		cmocka_unit_test(a_probe_that_is_cut_short_has_had_its_turn),
		cmocka_unit_test(an_old_failure_does_not_end_a_slow_start),
		cmocka_unit_test(a_first_delay_above_the_most_is_not_doubled),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
