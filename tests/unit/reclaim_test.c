/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Places in the stead of leaks, on an invented clock: who waits is served, and what was
 * lent is withdrawn when a lease comes back after all.
 */
#include <string.h>

#include "testing.h"
#include "unit_check.h"
#include "unit_pool.h"
#include "unit_thread.h"

#define RECLAIM "leak_policy=reclaim leak_after=1s idle_timeout=0 max_lifetime=0 "

/* Nothing that was leased a moment ago is a leak. */
static void pass(struct weir_pool *pool)
{
	(void)weir_pool_tick(pool, weir_now());
}

/* All leases that are out are leaks, by a clock that runs ahead. */
static void find_leaks(struct weir_pool *pool)
{
	const struct weir_time now = weir_now();
	const struct weir_time later = {now.ns + WEIR_SECONDS(2)};

	(void)weir_pool_tick(pool, now);
	(void)weir_pool_tick(pool, later);
}

static uint32_t count_spare(const struct weir_pool *pool)
{
	uint32_t spare = 0;

	for (uint32_t i = 0; i < pool->ring.count; i++)
		spare += weir__word_state(wp_load_rlx_64(&pool->ring.slots[i].word)) == WEIR__SPARE;
	/* RC1, RC2 */
	assert_int_equal(spare + wp_load_rlx_32(&pool->lent), weir__pool_spares(&pool->config));
	assert_true(wp_load_rlx_32(&pool->written_off) <= wp_load_rlx_32(&pool->lent));
	return spare;
}

static void expect_exhausted(struct weir_pool *pool)
{
	struct weir_lease lease = {0};

	assert_code(weir_try_acquire(pool, &lease, NULL), WEIR_ERR_EXHAUSTED);
}

/* ---- lending ---- */

static void serve_waiter(struct weir_stub *stub, struct weir_pool *pool)
{
	struct weir_lease lost = unit_acquire(pool);
	struct unit_caller caller;

	unit_call(&caller, pool, UNIT_PATIENCE_NS);
	unit_await_waiters(pool, 1);
	find_leaks(pool);
	/* At once: it need not look for itself. */
	if (pool->opener == NULL)
		assert_int_equal(unit_stats(pool).waiters, 0);
	assert_code(unit_answer(&caller), WEIR_OK);
	assert_int_equal(unit_stats(pool).reclaimed, 1);
	assert_int_equal(unit_stats(pool).max_size, 2);
	unit_release(&lost);
	unit_release(&caller.lease);
	unit_pool_end(pool, stub);
}

static void a_waiter_is_served(void **state)
{
	struct weir_stub *stub = unit_stub(NULL);

	(void)state;
	serve_waiter(stub, unit_pool_prompt(stub, RECLAIM "max_size=1"));
	stub = unit_stub(NULL);
	serve_waiter(stub, unit_pool_prompt(stub, RECLAIM "max_size=1 fairness=fifo"));
	stub = unit_stub(NULL);
	serve_waiter(stub, unit_pool(weir_stub_driver(), stub, RECLAIM "max_size=1"));
}

static void a_policy_of_reports_lends_nothing(void **state)
{
	struct weir_stub *stub = unit_stub(NULL);
	struct weir_pool *pool = unit_pool_prompt(stub, "leak_after=1s max_size=1");
	struct weir_lease lost = unit_acquire(pool);

	(void)state;
	find_leaks(pool);
	assert_int_equal(unit_stats(pool).leaks, 1);
	assert_int_equal(unit_stats(pool).reclaimed, 0);
	assert_int_equal(unit_stats(pool).max_size, 1);
	assert_int_equal(pool->ring.count, 1);
	expect_exhausted(pool);
	unit_release(&lost);
	unit_pool_end(pool, stub);
}

static void no_more_is_lent_than_there_is(void **state)
{
	struct weir_stub *stub = unit_stub(NULL);
	struct weir_pool *pool = unit_pool_prompt(stub, RECLAIM "max_size=4");
	struct weir_lease lost[6];
	int back = 0;

	(void)state;
	for (int i = 0; i < 4; i++)
		lost[i] = unit_acquire(pool);
	expect_exhausted(pool); /* spare places are nobody's */
	find_leaks(pool);
	assert_int_equal(unit_stats(pool).leaks, 4);
	assert_int_equal(unit_stats(pool).reclaimed, 2);
	assert_int_equal(unit_stats(pool).max_size, 6);
	lost[4] = unit_acquire(pool);
	lost[5] = unit_acquire(pool);
	expect_exhausted(pool);
	/* One that was written off comes back: the next is, and keeps the place. */
	while ((pool->ring.slots[lost[back].slot].watched_ns & WEIR__WRITTEN_OFF) == 0)
		back++; /* ends: two of the first four are */
	unit_release(&lost[back]);
	find_leaks(pool);
	assert_int_equal(unit_stats(pool).reclaimed, 3);
	assert_int_equal(unit_stats(pool).max_size, 6);
	assert_int_equal(count_spare(pool), 0);
	for (int i = 0; i < 6; i++) {
		if (i != back)
			unit_release(&lost[i]);
	}
	pass(pool);
	assert_int_equal(unit_stats(pool).max_size, 4);
	assert_int_equal(unit_stats(pool).idle, 4);
	assert_int_equal(count_spare(pool), 2);
	unit_pool_end(pool, stub);
}

/* ---- withdrawing ---- */

static void what_comes_back_is_one_too_many(void **state)
{
	struct weir_stub *stub = unit_stub(NULL);
	struct weir_pool *pool = unit_pool_prompt(stub, RECLAIM "max_size=1");
	struct weir_lease lost = unit_acquire(pool);

	(void)state;
	find_leaks(pool);
	struct weir_lease other = unit_acquire(pool);

	assert_int_equal(unit_stats(pool).leased, 2);
	unit_release(&other);
	unit_release(&lost);
	assert_int_equal(unit_stats(pool).idle, 2);
	pass(pool);
	assert_int_equal(unit_stats(pool).idle, 1);
	assert_int_equal(unit_stats(pool).max_size, 1);
	assert_int_equal(unit_stats(pool).closed[WEIR_CLOSE_IDLE], 1);
	assert_int_equal(count_spare(pool), 1);
	other = unit_acquire(pool);
	expect_exhausted(pool);
	unit_release(&other);
	unit_pool_end(pool, stub);
}

static void an_empty_place_goes_first(void **state)
{
	struct weir_stub *stub = unit_stub(NULL);
	struct weir_pool *pool = unit_pool_prompt(stub, RECLAIM "max_size=1");
	struct weir_lease lost = unit_acquire(pool);

	(void)state;
	find_leaks(pool);
	assert_int_equal(unit_stats(pool).max_size, 2);
	unit_release(&lost);
	pass(pool);
	assert_int_equal(unit_stats(pool).max_size, 1);
	assert_int_equal(unit_stats(pool).idle, 1);
	assert_int_equal(unit_stats(pool).closed[WEIR_CLOSE_IDLE], 0);
	unit_pool_end(pool, stub);
}

static void a_place_in_use_is_withdrawn_later(void **state)
{
	struct weir_stub *stub = unit_stub(NULL);
	struct weir_pool *pool = unit_pool_prompt(stub, RECLAIM "max_size=1");
	struct weir_lease lost = unit_acquire(pool);

	(void)state;
	find_leaks(pool);
	struct weir_lease first = unit_acquire(pool);

	unit_release(&lost);
	struct weir_lease second = unit_acquire(pool);

	pass(pool);
	assert_int_equal(unit_stats(pool).max_size, 2);
	unit_release(&first);
	pass(pool);
	assert_int_equal(unit_stats(pool).max_size, 1);
	assert_int_equal(unit_stats(pool).idle, 0);
	unit_release(&second);
	unit_pool_end(pool, stub);
}

static void a_lease_that_is_discarded_is_over(void **state)
{
	struct weir_stub *stub = unit_stub(NULL);
	struct weir_pool *pool = unit_pool_prompt(stub, RECLAIM "max_size=1");
	struct weir_lease lost = unit_acquire(pool);

	(void)state;
	find_leaks(pool);
	unit_discard(&lost);
	pass(pool);
	assert_int_equal(unit_stats(pool).max_size, 1);
	assert_int_equal(count_spare(pool), 1);
	unit_pool_end(pool, stub);
}

/* The slot of a leak that comes back goes to a waiter, and never is idle. */
static void a_lease_that_is_handed_on_is_over(void **state)
{
	struct weir_stub *stub = unit_stub(NULL);
	struct weir_pool *pool = unit_pool_prompt(stub, RECLAIM "max_size=1 fairness=fifo");
	struct weir_lease lost = unit_acquire(pool);
	struct unit_caller caller;

	(void)state;
	find_leaks(pool);
	struct weir_lease other = unit_acquire(pool);

	unit_call(&caller, pool, UNIT_PATIENCE_NS);
	unit_await_waiters(pool, 1);
	unit_release(&lost);
	assert_code(unit_answer(&caller), WEIR_OK);
	unit_release(&other);
	pass(pool);
	assert_int_equal(unit_stats(pool).max_size, 1);
	assert_int_equal(unit_stats(pool).leased, 1);
	assert_int_equal(count_spare(pool), 1);
	unit_release(&caller.lease);
	unit_pool_end(pool, stub);
}

/* ---- beside other things ---- */

static void a_closed_pool_waits_for_it(void **state)
{
	struct weir_stub *stub = unit_stub(NULL);
	struct weir_pool *pool = unit_pool_prompt(stub, RECLAIM "max_size=1");
	struct weir_lease lost = unit_acquire(pool);
	struct weir_error err = WEIR_ERROR_INIT;

	(void)state;
	find_leaks(pool);
	struct weir_lease other = unit_acquire(pool);

	unit_release(&other);
	assert_code(weir_pool_close_until(pool, weir_deadline_in(0), &err), WEIR_ERR_CLOSE_TIMEOUT);
	assert_has(err.message, "1 leases and 0 opens");
	assert_int_equal(err.holders_count, 1);
	weir_pool_destroy(pool);
	/* The last one out frees the pool, which AddressSanitizer sees. */
	unit_release(&lost);
	unit_stub_end(stub);
}

static void a_timeout_counts_what_is_lent(void **state)
{
	struct weir_stub *stub = unit_stub(NULL);
	struct weir_pool *pool = unit_pool_prompt(stub, RECLAIM "max_size=1");
	struct weir_lease lost = unit_acquire(pool);
	struct weir_lease none = {0};
	struct weir_error err = WEIR_ERROR_INIT;

	(void)state;
	assert_code(weir_acquire_for(pool, &none, 1, &err), WEIR_ERR_ACQUIRE_TIMEOUT);
	assert_has(err.message, "1 of 1 connections leased");
	assert_int_equal(err.reason, WEIR_WAIT_LEASED);
	find_leaks(pool);
	struct weir_lease other = unit_acquire(pool);

	assert_code(weir_acquire_for(pool, &none, 1, &err), WEIR_ERR_ACQUIRE_TIMEOUT);
	assert_has(err.message, "2 of 2 connections leased");
	unit_release(&other);
	unit_release(&lost);
	unit_pool_end(pool, stub);
}

/* A reset is settled though places are spare. */
static void a_reset_passes_them_over(void **state)
{
	struct weir_stub *stub = unit_stub(NULL);
	struct weir_pool *pool = unit_pool_prompt(stub, RECLAIM "max_size=1");

	(void)state;
	assert_code(weir_pool_reset(pool, NULL, NULL), WEIR_OK);
	pass(pool);
	assert_int_equal(wp_load_rlx_32(&pool->way) & WEIR__WAY_STALE, 0);
	unit_pool_end(pool, stub);
}

struct heard {
	struct weir_pool *pool;
	char text[4096];
	uint32_t calls;
};

/* The place is lent by then: with one connection, and that one lost, it can work. */
static void on_leak(void *arg, const char *name, const struct weir_holder *holder)
{
	struct heard *heard = arg;
	struct weir_lease lease = unit_acquire(heard->pool);

	(void)name;
	(void)holder;
	heard->calls++;
	unit_release(&lease);
}

static bool hear(void *arg, enum weir_log_level level, const char *line, size_t length)
{
	struct heard *heard = arg;

	(void)level;
	(void)strncat(heard->text, line, length);
	return true;
}

static void the_line_and_the_callback_come_after_it(void **state)
{
	struct heard heard = {0};
	const struct weir_log_options log_options = {
		.size = sizeof log_options, .level = WEIR_LOG_INFO, .sink = hear, .sink_arg = &heard};
	struct weir_log *log = NULL;
	struct weir_pool_options options = {
		.size = sizeof options, .on_leak = on_leak, .leak_arg = &heard};
	struct weir_config config;

	(void)state;
	assert_code(weir_log_create(&log, &log_options, NULL), WEIR_OK);
	options.log = log;
	weir_config_init(&config, weir_stub_prompt_driver());
	assert_code(weir_config_apply_pairs(&config, weir_stub_prompt_driver(), RECLAIM "max_size=1",
	                                    NULL, NULL),
	            WEIR_OK);
	assert_code(weir_pool_create_with(&heard.pool, weir_stub_prompt_driver(), NULL, &config,
	                                  &options, NULL),
	            WEIR_OK);
	struct weir_lease lost = unit_acquire(heard.pool);

	find_leaks(heard.pool);
	assert_int_equal(heard.calls, 1);
	unit_release(&lost);
	weir_pool_destroy(heard.pool);
	weir_log_destroy(log);
	assert_has(heard.text, "another may be opened in its stead");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_waiter_is_served),
		cmocka_unit_test(a_policy_of_reports_lends_nothing),
		cmocka_unit_test(no_more_is_lent_than_there_is),
		cmocka_unit_test(what_comes_back_is_one_too_many),
		cmocka_unit_test(an_empty_place_goes_first),
		cmocka_unit_test(a_place_in_use_is_withdrawn_later),
		cmocka_unit_test(a_lease_that_is_discarded_is_over),
		cmocka_unit_test(a_lease_that_is_handed_on_is_over),
		cmocka_unit_test(a_closed_pool_waits_for_it),
		cmocka_unit_test(a_timeout_counts_what_is_lent),
		cmocka_unit_test(a_reset_passes_them_over),
		cmocka_unit_test(the_line_and_the_callback_come_after_it),
	};

	return cmocka_run_group_tests(tests, unit_count_threads, unit_await_threads);
}
