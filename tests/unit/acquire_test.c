/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The ways to a lease, in their order, and every way not to get one.
 */
#include <string.h>

#include "testing.h"
#include "unit_check.h"
#include "unit_pool.h"
#include "unit_thread.h"

static void the_own_slot_is_taken_again(void **state)
{
	struct weir_stub *stub = unit_stub(NULL);
	struct weir_pool *pool = unit_pool_prompt(stub, "max_size=8 min_idle=8");
	struct weir_lease lease = unit_acquire(pool);
	const uint32_t slot = lease.slot;

	(void)state;
	for (int i = 0; i < 10; i++) {
		unit_release(&lease);
		lease = unit_acquire(pool);
		assert_int_equal(lease.slot, slot);
	}
	unit_release(&lease);
	unit_pool_end(pool, stub);
}

static void another_idle_slot_is_taken_when_the_own_is_not(void **state)
{
	struct weir_stub *stub = unit_stub(NULL);
	struct weir_pool *pool = unit_pool_prompt(stub, "max_size=40 min_idle=40");
	struct weir_lease leases[40];
	bool seen[40] = {0};

	(void)state;
	for (int i = 0; i < 40; i++) {
		leases[i] = unit_acquire(pool);
		assert_true(leases[i].slot < 40);
		assert_false(seen[leases[i].slot]);
		seen[leases[i].slot] = true;
	}
	assert_int_equal(unit_stats(pool).leased, 40);
	for (int i = 0; i < 40; i++)
		unit_release(&leases[i]);
	unit_pool_end(pool, stub);
}

static void connections_open_one_by_one_up_to_max_size(void **state)
{
	static const char *const settings[] = {"max_size=3", "max_size=20"};
	const struct weir_driver *const drivers[] = {weir_stub_prompt_driver(), weir_stub_driver()};

	(void)state;
	for (int d = 0; d < 4; d++) {
		struct weir_stub *stub = unit_stub(NULL);
		struct weir_pool *pool = unit_pool(drivers[d / 2], stub, settings[d % 2]);
		struct weir_lease leases[20];
		const uint32_t size = unit_stats(pool).max_size;
		struct weir_lease extra = {0};

		assert_int_equal(unit_counts(stub).opens, 0);
		for (uint32_t i = 0; i < size; i++) {
			leases[i] = unit_acquire(pool);
			assert_int_equal(unit_counts(stub).opens, i + 1);
		}
		assert_code(weir_acquire_for(pool, &extra, WEIR_MILLISECONDS(1), NULL),
		            WEIR_ERR_ACQUIRE_TIMEOUT);
		assert_int_equal(unit_counts(stub).live_max, size);
		for (uint32_t i = 0; i < size; i++)
			unit_release(&leases[i]);
		unit_pool_end(pool, stub);
	}
}

static void a_timeout_explains_itself(void **state)
{
	struct weir_stub *stub = unit_stub(NULL);
	struct weir_pool *pool = unit_pool_prompt(stub, "max_size=2 name=orders");
	struct weir_lease first = unit_acquire(pool);
	struct weir_lease second = {0};
	struct weir_lease third = {0};
	struct weir_error err = WEIR_ERROR_INIT;
	struct unit_caller waiter;
	char text[4096];

	(void)state;
	assert_code(weir_acquire(pool, &second, &err), WEIR_OK);
	const char *site = WEIR_HERE; /* names the line below the acquire */

	unit_call(&waiter, pool, UNIT_PATIENCE_NS);
	unit_await_waiters(pool, 1);
	const int64_t before_ns = weir_now().ns;

	assert_code(weir_acquire_for(pool, &third, WEIR_MILLISECONDS(5), &err),
	            WEIR_ERR_ACQUIRE_TIMEOUT);
	assert_true(weir_now().ns - before_ns >= WEIR_MILLISECONDS(5));
	assert_false(weir_lease_held(&third));
	assert_int_equal(err.code, WEIR_ERR_ACQUIRE_TIMEOUT);
	assert_int_equal(err.reason, WEIR_WAIT_LEASED);
	assert_int_equal(err.queue_length, 1);
	assert_true(err.queued_ns > 0);
	assert_int_equal(err.open_ns, 0);
	assert_int_equal(err.validate_ns, 0);
	assert_int_equal(err.last_open_code, WEIR_OK);
	assert_int_equal(err.holders_total, 2);
	assert_int_equal(err.holders_count, 2);
	for (uint32_t i = 0; i < 2; i++) {
		const struct weir_holder *holder = &err.holders[i];

		assert_int_equal(holder->thread, wp_thread_id());
		assert_true(holder->held_ns_min >= 0);
		assert_true(holder->held_ns_max >= holder->held_ns_min);
		if (holder->slot == second.slot)
			assert_memory_equal(holder->site, site, strlen(__FILE__));
	}
	assert_has(err.message, "orders");
	assert_true(weir_error_describe(&err, text, sizeof text) > 0);
	assert_has(text, "acquire_test.c");
	assert_int_equal(unit_stats(pool).timeouts, 1);
	unit_release(&first);
	assert_code(unit_answer(&waiter), WEIR_OK);
	unit_release(&waiter.lease);
	unit_release(&second);
	unit_pool_end(pool, stub);
}

static void try_never_waits(void **state)
{
	struct weir_stub *stub = unit_stub(NULL);
	struct weir_pool *pool = unit_pool_prompt(stub, "max_size=2");
	struct weir_lease leases[2] = {0};
	struct weir_lease third = {0};
	struct weir_error err = WEIR_ERROR_INIT;

	(void)state;
	assert_code(weir_try_acquire(pool, &leases[0], &err), WEIR_OK);
	assert_code(weir_try_acquire(pool, &leases[1], &err), WEIR_OK);
	assert_code(weir_try_acquire(pool, &third, &err), WEIR_ERR_EXHAUSTED);
	assert_int_equal(err.holders_total, 2);
	assert_int_equal(unit_stats(pool).waits, 0);
	assert_int_equal(unit_stats(pool).timeouts, 0);
	unit_release(&leases[1]);
	assert_code(weir_try_acquire(pool, &third, &err), WEIR_OK);
	unit_release(&third);
	unit_release(&leases[0]);
	unit_pool_end(pool, stub);
}

/* Make an idle slot of a large ring invisible to searches, as a race would. */
static void lose_hints(struct weir_pool *pool)
{
	for (uint32_t i = 0; i < pool->ring.count; i++)
		wp_store_rlx_8(&pool->ring.hints[i], 0);
	wp_store_rlx_8(&pool->ring.groups[0], 0);
}

static void try_finds_what_the_hints_lost(void **state)
{
	struct weir_stub *stub = unit_stub(NULL);
	struct weir_pool *pool = unit_pool_prompt(stub, "max_size=20 min_idle=20");
	struct weir_lease leases[20] = {0};
	struct weir_lease none = {0};

	(void)state;
	for (int i = 0; i < 20; i++) {
		lose_hints(pool);
		assert_code(weir_try_acquire(pool, &leases[i], NULL), WEIR_OK);
	}
	assert_code(weir_try_acquire(pool, &none, NULL), WEIR_ERR_EXHAUSTED);
	for (int i = 0; i < 20; i++)
		unit_release(&leases[i]);
	unit_pool_end(pool, stub);
}

static void a_caller_who_may_wait_finds_what_the_hints_lost(void **state)
{
	struct weir_stub *stub = unit_stub(NULL);
	struct weir_pool *pool = unit_pool_prompt(stub, "max_size=20 min_idle=20");
	struct weir_lease leases[20];

	(void)state;
	for (int i = 0; i < 20; i++) {
		lose_hints(pool);
		leases[i] = unit_acquire(pool);
	}
	for (int i = 0; i < 20; i++)
		unit_release(&leases[i]);
	unit_pool_end(pool, stub);
}

static void a_pool_where_nobody_may_wait_finds_what_the_hints_lost(void **state)
{
	struct weir_stub *stub = unit_stub(NULL);
	struct weir_pool *pool = unit_pool_prompt(stub, "max_size=20 min_idle=20 max_waiters=0");
	struct weir_lease leases[20] = {0};

	(void)state;
	for (int i = 0; i < 20; i++) {
		lose_hints(pool);
		assert_code(weir_acquire_for(pool, &leases[i], WEIR_SECONDS(1), NULL), WEIR_OK);
	}
	for (int i = 0; i < 20; i++)
		unit_release(&leases[i]);
	unit_pool_end(pool, stub);
}

static void a_deadline_in_the_past_takes_what_is_idle_and_waits_for_nothing(void **state)
{
	static const int64_t past[] = {INT64_MIN, -1, 0, 1};
	struct weir_stub *stub = unit_stub(NULL);
	struct weir_pool *pool = unit_pool_prompt(stub, "max_size=1 min_idle=1");
	struct weir_error err = WEIR_ERROR_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof past / sizeof past[0]; i++) {
		const struct weir_time deadline = {past[i]};
		struct weir_lease lease = {0};
		struct weir_lease second = {0};

		assert_code(weir_acquire_until(pool, &lease, deadline, &err), WEIR_OK);
		assert_code(weir_acquire_until(pool, &second, deadline, &err), WEIR_ERR_ACQUIRE_TIMEOUT);
		unit_release(&lease);
	}
	assert_int_equal(unit_stats(pool).waiters, 0);
	unit_pool_end(pool, stub);
}

static void a_deadline_that_never_passes_is_accepted(void **state)
{
	struct weir_stub *stub = unit_stub(NULL);
	struct weir_pool *pool = unit_pool_prompt(stub, "max_size=1");
	struct weir_lease lease = {0};
	struct unit_caller waiter;

	(void)state;
	assert_code(weir_acquire_until(pool, &lease, (struct weir_time){WEIR_TIME_NEVER_NS}, NULL),
	            WEIR_OK);
	unit_call(&waiter, pool, WEIR_TIMEOUT_NEVER);
	unit_await_waiters(pool, 1);
	unit_release(&lease);
	assert_code(unit_answer(&waiter), WEIR_OK);
	unit_release(&waiter.lease);
	unit_pool_end(pool, stub);
}

static void the_setting_is_the_timeout_of_the_plain_call(void **state)
{
	struct weir_stub *stub = unit_stub(NULL);
	struct weir_pool *pool = unit_pool_prompt(stub, "max_size=1 acquire_timeout=3ms");
	struct weir_lease lease = unit_acquire(pool);
	struct weir_lease second = {0};
	struct weir_error err = WEIR_ERROR_INIT;

	(void)state;
	assert_code(weir_acquire(pool, &second, &err), WEIR_ERR_ACQUIRE_TIMEOUT);
	assert_true(err.queued_ns > 0);
	assert_code(weir_pool_set(pool, "acquire_timeout", "0s", &err), WEIR_OK);
	assert_code(weir_acquire(pool, &second, &err), WEIR_ERR_EXHAUSTED);
	unit_release(&lease);
	unit_pool_end(pool, stub);
}

static void bad_arguments_are_named(void **state)
{
	struct weir_stub *stub = unit_stub(NULL);
	struct weir_pool *pool = unit_pool_prompt(stub, "max_size=2");
	struct weir_lease held = unit_acquire(pool);
	struct weir_lease empty = {0};
	struct weir_error err = WEIR_ERROR_INIT;
	const struct weir_time now = weir_now();

	(void)state;
	assert_code(weir_acquire(NULL, &empty, &err), WEIR_ERR_BAD_ARGUMENT);
	assert_has(err.message, "pool is NULL");
	assert_code(weir_acquire_for(NULL, &empty, 5, &err), WEIR_ERR_BAD_ARGUMENT);
	assert_has(err.message, "pool is NULL");
	assert_code(weir_acquire_until(NULL, &empty, now, &err), WEIR_ERR_BAD_ARGUMENT);
	assert_code(weir_try_acquire(NULL, &empty, NULL), WEIR_ERR_BAD_ARGUMENT);
	assert_code(weir_acquire(pool, NULL, &err), WEIR_ERR_BAD_ARGUMENT);
	assert_has(err.message, "lease is NULL");
	assert_code(weir_try_acquire(pool, NULL, &err), WEIR_ERR_BAD_ARGUMENT);
	assert_code(weir_acquire_until(pool, NULL, now, &err), WEIR_ERR_BAD_ARGUMENT);
	assert_code(weir_acquire_for(pool, &empty, -2, &err), WEIR_ERR_BAD_ARGUMENT);
	assert_has(err.message, "-2");
	assert_code(weir_acquire_for(pool, &empty, INT64_MIN, &err), WEIR_ERR_BAD_ARGUMENT);

	const struct weir_lease before = held;

	assert_code(weir_acquire(pool, &held, &err), WEIR_ERR_BAD_ARGUMENT);
	assert_has(err.message, "held");
	assert_memory_equal(&held, &before, sizeof held);
	assert_int_equal(unit_stats(pool).leased, 1);
	unit_release(&held);
	unit_pool_end(pool, stub);
}

static void a_site_may_be_null(void **state)
{
	struct weir_stub *stub = unit_stub(NULL);
	struct weir_pool *pool = unit_pool_prompt(stub, "max_size=1");
	struct weir_lease lease = {0};
	struct weir_lease second = {0};
	struct weir_error err = WEIR_ERROR_INIT;
	char text[2048];

	(void)state;
	assert_code(weir_acquire_from(pool, &lease, 0, NULL, &err), WEIR_OK);
	assert_code(weir_acquire_from(pool, &second, 1, NULL, &err), WEIR_ERR_ACQUIRE_TIMEOUT);
	assert_int_equal(err.holders_count, 1);
	assert_null(err.holders[0].site);
	assert_true(weir_error_describe(&err, text, sizeof text) > 0);
	unit_release(&lease);
	unit_pool_end(pool, stub);
}

static void the_queue_is_bounded(void **state)
{
	struct weir_stub *stub = unit_stub(NULL);
	struct weir_pool *pool = unit_pool_prompt(stub, "max_size=1 max_waiters=2");
	struct weir_lease lease = unit_acquire(pool);
	struct weir_lease extra = {0};
	struct weir_error err = WEIR_ERROR_INIT;
	struct unit_caller waiters[2];

	(void)state;
	for (uint32_t i = 0; i < 2; i++) {
		unit_call(&waiters[i], pool, UNIT_PATIENCE_NS);
		unit_await_waiters(pool, i + 1);
	}
	assert_code(weir_acquire_for(pool, &extra, UNIT_PATIENCE_NS, &err), WEIR_ERR_EXHAUSTED);
	assert_int_equal(err.queue_length, 2);
	assert_int_equal(unit_stats(pool).rejected, 1);
	unit_release(&lease);
	for (uint32_t i = 0; i < 2; i++) {
		struct unit_caller *served = &waiters[unit_answer_any(waiters, 2)];

		assert_code(served->code, WEIR_OK);
		unit_release(&served->lease);
	}
	unit_pool_end(pool, stub);
}

static void without_a_queue_an_acquire_fails_at_once(void **state)
{
	struct weir_stub *stub = unit_stub(NULL);
	struct weir_pool *pool = unit_pool_prompt(stub, "max_size=1 max_waiters=0");
	struct weir_lease lease = unit_acquire(pool);
	struct weir_lease second = {0};

	(void)state;
	assert_code(weir_acquire(pool, &second, NULL), WEIR_ERR_EXHAUSTED);
	unit_release(&lease);
	assert_code(weir_acquire(pool, &second, NULL), WEIR_OK);
	unit_release(&second);
	unit_pool_end(pool, stub);
}

static void an_open_that_fails_is_told_to_its_caller(void **state)
{
	const struct weir_stub_script down = {.fail_opens = UINT32_MAX, .driver_code = 1234};
	struct weir_stub *stub = unit_stub(&down);
	struct weir_pool *pool = unit_pool_prompt(stub, "max_size=2");
	struct weir_lease lease = {0};
	struct weir_error err = WEIR_ERROR_INIT;

	(void)state;
	assert_code(weir_acquire(pool, &lease, &err), WEIR_ERR_OPEN_FAILED);
	assert_int_equal(err.driver_code, 1234);
	assert_int_equal(err.last_open_driver_code, 1234);
	assert_int_equal(err.last_open_code, WEIR_ERR_DRIVER_OPEN);
	assert_true(err.last_open_age_ns >= 0);
	assert_code(weir_try_acquire(pool, &lease, &err), WEIR_ERR_OPEN_FAILED);
	assert_false(weir_lease_held(&lease));
	assert_int_equal(unit_stats(pool).open_failures, 2);
	assert_int_equal(unit_stats(pool).opening, 0);
	weir_stub_set(stub, NULL);
	assert_code(weir_acquire(pool, &lease, &err), WEIR_OK);
	unit_release(&lease);
	unit_pool_end(pool, stub);
}

static void a_broken_connection_is_replaced_before_it_is_leased(void **state)
{
	struct weir_stub *stub = unit_stub(NULL);
	struct weir_pool *pool = unit_pool_prompt(stub, "max_size=2 min_idle=2 validate_on_acquire=on");
	const struct weir_stub_script script = {.fail_validates = 2};

	(void)state;
	weir_stub_set(stub, &script);
	struct weir_lease lease = unit_acquire(pool);

	assert_int_equal(unit_stats(pool).closed[WEIR_CLOSE_VALIDATE], 2);
	assert_int_equal(unit_counts(stub).opens, 3);
	unit_release(&lease);
	unit_pool_end(pool, stub);
}

static void when_nothing_validates_the_acquire_ends_with_health(void **state)
{
	static const int64_t timeouts_ns[] = {0, UNIT_PATIENCE_NS};

	(void)state;
	for (int t = 0; t < 2; t++) {
		struct weir_stub *stub = unit_stub(NULL);
		struct weir_pool *pool =
			unit_pool_prompt(stub, "max_size=3 min_idle=3 validate_on_acquire=on");
		const struct weir_stub_script script = {.fail_validates = UINT32_MAX};
		struct weir_lease lease = {0};
		struct weir_error err = WEIR_ERROR_INIT;

		weir_stub_set(stub, &script);
		assert_code(weir_acquire_for(pool, &lease, timeouts_ns[t], &err), WEIR_ERR_HEALTH);
		assert_false(weir_lease_held(&lease));
		assert_int_equal(err.reason, WEIR_WAIT_NONE);
		assert_true(err.validate_ns >= 0);
		assert_int_equal(unit_stats(pool).leased, 0);
		assert_int_equal(unit_stats(pool).opens, unit_stats(pool).closed[WEIR_CLOSE_VALIDATE]);
		weir_stub_set(stub, NULL);
		lease = unit_acquire(pool);
		unit_release(&lease);
		unit_pool_end(pool, stub);
	}
}

static void an_impatient_caller_does_not_empty_the_pool(void **state)
{
	struct weir_stub *stub = unit_stub(NULL);
	struct weir_pool *pool = unit_pool_prompt(stub, "max_size=8 min_idle=8 validate_on_acquire=on");
	const struct weir_stub_script slow = {.validate_latency_ns = WEIR_MILLISECONDS(50)};
	struct weir_lease lease = {0};
	struct weir_error err = WEIR_ERROR_INIT;

	(void)state;
	weir_stub_set(stub, &slow);
	assert_int_not_equal(weir_acquire_for(pool, &lease, WEIR_MILLISECONDS(1), &err), WEIR_OK);
	assert_true(unit_stats(pool).closed[WEIR_CLOSE_VALIDATE] <= 1);
	assert_true(unit_stats(pool).idle >= 7);
	unit_pool_end(pool, stub);
}

static void an_acquire_leaves_a_successful_error_untouched(void **state)
{
	struct weir_stub *stub = unit_stub(NULL);
	struct weir_pool *pool = unit_pool_prompt(stub, "max_size=1");
	struct weir_error err;
	struct weir_error before;
	struct weir_lease lease = {0};

	(void)state;
	memset(&err, 0x5a, sizeof err);
	err.size = sizeof err;
	before = err;
	assert_code(weir_acquire(pool, &lease, &err), WEIR_OK);
	assert_memory_equal(&err, &before, sizeof err);
	unit_release(&lease);
	unit_pool_end(pool, stub);
}

/* In strict order each release serves the one who came first, and a newcomer
 * that finds somebody waiting queues up behind. */
static void strict_order_serves_whoever_came_first(void **state)
{
	static const char *const settings[] = {
		"max_size=1 fairness=fifo wake_barrier=fence",
		"max_size=1 fairness=fifo wake_barrier=auto",
	};

	(void)state;
	for (int s = 0; s < 2; s++) {
		struct weir_stub *stub = unit_stub(NULL);
		struct weir_pool *pool = unit_pool_prompt(stub, settings[s]);
		struct weir_lease lease = unit_acquire(pool);
		struct unit_caller waiters[6];

		for (uint32_t i = 0; i < 6; i++) {
			unit_call(&waiters[i], pool, UNIT_PATIENCE_NS);
			unit_await_waiters(pool, i + 1);
		}
		unit_release(&lease);
		for (uint32_t i = 0; i < 6; i++) {
			struct weir_lease newcomer = {0};

			assert_code(unit_answer(&waiters[i]), WEIR_OK);
			for (uint32_t later = i + 1; later < 6; later++)
				assert_false(atomic_load(&waiters[later].done));
			assert_code(weir_try_acquire(pool, &newcomer, NULL), WEIR_ERR_EXHAUSTED);
			unit_release(&waiters[i].lease);
		}
		assert_int_equal(unit_stats(pool).handoffs, 6);
		unit_pool_end(pool, stub);
	}
}

struct hammer {
	struct unit_thread thread;
	struct weir_pool *pool;
	_Atomic bool stop;
	_Atomic uint64_t rounds;
	_Atomic uint64_t errors;
};

static void hammer(void *argument)
{
	struct hammer *h = argument;

	while (!atomic_load_explicit(&h->stop, memory_order_relaxed)) {
		struct weir_lease lease = {0};

		if (weir_acquire_for(h->pool, &lease, UNIT_PATIENCE_NS, NULL) != WEIR_OK ||
		    weir_release(&lease, NULL) != WEIR_OK)
			atomic_fetch_add(&h->errors, 1);
		atomic_fetch_add_explicit(&h->rounds, 1, memory_order_relaxed);
	}
}

/* Bounded order: a thread that takes the one slot again and again does not keep
 * a waiter out, with any window. */
static void nobody_starves_beside_a_thread_that_hammers(void **state)
{
	static const char *const settings[] = {
		"max_size=1",
		"max_size=1 wake_barrier=fence",
		"max_size=1 fairness_window=0s",
		"max_size=1 fairness_window=20ms",
		"max_size=1 fairness=fifo",
	};

	(void)state;
	for (size_t s = 0; s < sizeof settings / sizeof settings[0]; s++) {
		struct weir_stub *stub = unit_stub(NULL);
		struct hammer h = {.pool = unit_pool_prompt(stub, settings[s])};

		unit_start(&h.thread, hammer, &h);
		while (atomic_load(&h.rounds) < 100) /* ends: the thread goes on */
			unit_pause();
		for (int i = 0; i < 5; i++) {
			struct weir_lease lease = unit_acquire(h.pool);

			unit_pause();
			unit_release(&lease);
		}
		atomic_store(&h.stop, true);
		unit_join(&h.thread);
		assert_int_equal(atomic_load(&h.errors), 0);
		unit_pool_end(h.pool, stub);
	}
}

struct scene {
	struct weir_pool *pool;
	struct unit_caller first;
	enum weir_code code;
	struct weir_lease lease;
};

static void return_once_two_wait(void *argument)
{
	struct scene *scene = argument;

	unit_await_waiters(scene->pool, 2);
	assert_code(unit_answer(&scene->first), WEIR_OK);
	unit_release(&scene->first.lease);
}

static void wait_briefly_as_the_second(void *argument)
{
	struct scene *scene = argument;

	unit_await_waiters(scene->pool, 1);
	scene->code = weir_acquire_for(scene->pool, &scene->lease, WEIR_MILLISECONDS(400), NULL);
}

/* A thread that is known to come back leaves its slot public, and this time it
 * does not come back: a waiter whose deadline is long before the end of the window
 * must not leave without it. */
static void nobody_times_out_beside_an_idle_connection(void **state)
{
	struct scene scene = {.pool = unit_pool_prompt(NULL, "max_size=1 fairness_window=10s")};
	struct unit_thread returner;
	struct unit_thread second;
	struct weir_lease lease = unit_acquire(scene.pool);

	(void)state;
	unit_call(&scene.first, scene.pool, UNIT_PATIENCE_NS);
	unit_await_waiters(scene.pool, 1);
	unit_start(&returner, return_once_two_wait, &scene);
	unit_release(&lease);
	assert_code(weir_acquire_for(scene.pool, &lease, 0, NULL), WEIR_ERR_EXHAUSTED);
	unit_start(&second, wait_briefly_as_the_second, &scene);
	lease = unit_acquire(scene.pool);
	unit_release(&lease);
	unit_join(&second);
	unit_join(&returner);
	assert_code(scene.code, WEIR_OK);
	unit_release(&scene.lease);
	unit_pool_end(scene.pool, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_own_slot_is_taken_again),
		cmocka_unit_test(another_idle_slot_is_taken_when_the_own_is_not),
		cmocka_unit_test(connections_open_one_by_one_up_to_max_size),
		cmocka_unit_test(a_timeout_explains_itself),
		cmocka_unit_test(try_never_waits),
		cmocka_unit_test(try_finds_what_the_hints_lost),
		cmocka_unit_test(a_caller_who_may_wait_finds_what_the_hints_lost),
		cmocka_unit_test(a_pool_where_nobody_may_wait_finds_what_the_hints_lost),
		cmocka_unit_test(a_deadline_in_the_past_takes_what_is_idle_and_waits_for_nothing),
		cmocka_unit_test(a_deadline_that_never_passes_is_accepted),
		cmocka_unit_test(the_setting_is_the_timeout_of_the_plain_call),
		cmocka_unit_test(bad_arguments_are_named),
		cmocka_unit_test(a_site_may_be_null),
		cmocka_unit_test(the_queue_is_bounded),
		cmocka_unit_test(without_a_queue_an_acquire_fails_at_once),
		cmocka_unit_test(an_open_that_fails_is_told_to_its_caller),
		cmocka_unit_test(a_broken_connection_is_replaced_before_it_is_leased),
		cmocka_unit_test(when_nothing_validates_the_acquire_ends_with_health),
		cmocka_unit_test(an_impatient_caller_does_not_empty_the_pool),
		cmocka_unit_test(an_acquire_leaves_a_successful_error_untouched),
		cmocka_unit_test(strict_order_serves_whoever_came_first),
		cmocka_unit_test(nobody_starves_beside_a_thread_that_hammers),
		cmocka_unit_test(nobody_times_out_beside_an_idle_connection),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
