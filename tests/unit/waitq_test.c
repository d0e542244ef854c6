/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The queue of waiters: its word after every step, order, grants against
 * timeouts, and closing. Every test runs with the heavy barrier and with fences.
 */
#include <sched.h>

#include "testing.h"
#include "unit_check.h"
#include "unit_thread.h"

struct mode {
	bool strict;
	bool fence;
};

static const struct mode modes[] = {
	{false, false},
	{false, true},
	{true, false},
	{true, true},
};

#define MODES_COUNT (sizeof modes / sizeof modes[0])
#define MANY 100 /* more than one chunk of waiters */

static void open_queue(struct weir__waitq *q, const struct mode *mode)
{
	const struct weir__waitq fresh = {0};

	*q = fresh;
	assert_true(mode->fence || wp_barrier_heavy_ready());
	weir__waitq_init(q, mode->strict, mode->fence, wp_now());
	assert_int_equal(weir__wake_read(q), WEIR__WAKE_NONE);
}

static struct weir__waiter *enter(struct weir__waitq *q)
{
	struct weir__waiter *waiter = NULL;

	assert_int_equal(weir__waitq_enter(q, wp_now(), 1000000, false, &waiter), WEIR__ENTERED);
	assert_non_null(waiter);
	assert_false(weir__waitq_granted(waiter));
	return waiter;
}

static bool has(const struct weir__waitq *q, uint32_t bits)
{
	return (weir__wake_read(q) & bits) == bits;
}

static void the_word_follows_the_queue(void **state)
{
	(void)state;
	for (size_t m = 0; m < MODES_COUNT; m++) {
		struct weir__waitq q;

		open_queue(&q, &modes[m]);
		struct weir__waiter *first = enter(&q);

		assert_int_equal(weir__wake_count(weir__wake_read(&q)), 1);
		assert_int_equal(weir__wake_read(&q) & WEIR__WAKE_PHASE, WEIR__WAKE_ARMED);
		struct weir__waiter *second = enter(&q);

		assert_int_equal(weir__wake_count(weir__wake_read(&q)), 2);
		assert_true(weir__waitq_cancel(&q, first));
		weir__waitq_retire(&q, first);
		assert_int_equal(weir__wake_count(weir__wake_read(&q)), 1);
		assert_int_equal(weir__wake_read(&q) & WEIR__WAKE_PHASE, WEIR__WAKE_ARMED);
		assert_true(weir__waitq_grant(&q, WEIR__GRANT_LEASE, 3));
		assert_int_equal(weir__wake_read(&q), WEIR__WAKE_NONE);
		assert_true(weir__waitq_granted(second));
		assert_int_equal(second->slot, 3);
		weir__waitq_retire(&q, second);
		weir__waitq_free(&q);
	}
}

static void one_barrier_serves_until_the_queue_is_empty(void **state)
{
	(void)state;
	for (size_t m = 0; m < MODES_COUNT; m++) {
		struct weir__waitq q;
		struct weir__waiter *waiters[3];

		open_queue(&q, &modes[m]);
		for (int i = 0; i < 3; i++)
			waiters[i] = enter(&q);
		assert_int_equal(wp_load_rlx_64(&q.barriers), 1);
		for (int i = 0; i < 3; i++)
			assert_true(weir__waitq_cancel(&q, waiters[i]));
		for (int i = 0; i < 3; i++)
			weir__waitq_retire(&q, waiters[i]);
		waiters[0] = enter(&q);
		assert_int_equal(wp_load_rlx_64(&q.barriers), 2);
		assert_true(weir__waitq_cancel(&q, waiters[0]));
		weir__waitq_retire(&q, waiters[0]);
		assert_int_equal(wp_load_rlx_64(&q.waits), 4);
		weir__waitq_free(&q);
	}
}

static void grants_go_in_the_order_of_arrival(void **state)
{
	(void)state;
	for (size_t m = 0; m < MODES_COUNT; m++) {
		struct weir__waitq q;
		struct weir__waiter *waiters[MANY];

		open_queue(&q, &modes[m]);
		for (uint32_t i = 0; i < MANY; i++)
			waiters[i] = enter(&q);
		for (uint32_t i = 0; i < MANY; i++) {
			assert_false(weir__waitq_granted(waiters[i]));
			assert_true(weir__waitq_grant(&q, WEIR__GRANT_LEASE, i));
			assert_true(weir__waitq_granted(waiters[i]));
			assert_int_equal(waiters[i]->slot, i);
		}
		assert_false(weir__waitq_grant(&q, WEIR__GRANT_LEASE, 0));
		assert_int_equal(wp_load_rlx_64(&q.handoffs), MANY);
		for (uint32_t i = 0; i < MANY; i++)
			weir__waitq_retire(&q, waiters[i]);
		weir__waitq_free(&q);
	}
}

static void whoever_gives_up_leaves_the_order_of_the_others(void **state)
{
	static const uint32_t left_first[] = {0, 4, 2};
	static const uint32_t served[] = {1, 3};

	(void)state;
	for (size_t m = 0; m < MODES_COUNT; m++) {
		struct weir__waitq q;
		struct weir__waiter *waiters[5];

		open_queue(&q, &modes[m]);
		for (int i = 0; i < 5; i++)
			waiters[i] = enter(&q);
		for (int i = 0; i < 3; i++)
			assert_true(weir__waitq_cancel(&q, waiters[left_first[i]]));
		for (int i = 0; i < 2; i++) {
			assert_true(weir__waitq_grant(&q, WEIR__GRANT_CAPACITY, 9));
			assert_true(weir__waitq_granted(waiters[served[i]]));
			assert_int_equal(waiters[served[i]]->grant, WEIR__GRANT_CAPACITY);
		}
		assert_int_equal(weir__wake_read(&q), WEIR__WAKE_NONE);
		assert_int_equal(wp_load_rlx_64(&q.handoffs), 0);
		for (int i = 0; i < 5; i++)
			weir__waitq_retire(&q, waiters[i]);
		weir__waitq_free(&q);
	}
}

static void a_grant_that_came_first_beats_giving_up(void **state)
{
	(void)state;
	for (size_t m = 0; m < MODES_COUNT; m++) {
		struct weir__waitq q;

		open_queue(&q, &modes[m]);
		struct weir__waiter *waiter = enter(&q);

		assert_true(weir__waitq_grant(&q, WEIR__GRANT_LEASE, 1));
		assert_false(weir__waitq_cancel(&q, waiter));
		assert_int_equal(waiter->grant, WEIR__GRANT_LEASE);
		weir__waitq_retire(&q, waiter);
		weir__waitq_free(&q);
	}
}

static void a_queue_that_is_full_refuses(void **state)
{
	(void)state;
	for (size_t m = 0; m < MODES_COUNT; m++) {
		struct weir__waitq q;
		struct weir__waiter *refused = NULL;

		open_queue(&q, &modes[m]);
		assert_int_equal(weir__waitq_enter(&q, 0, 0, false, &refused), WEIR__ENTER_FULL);
		assert_int_equal(weir__wake_read(&q), WEIR__WAKE_NONE);
		struct weir__waiter *waiter = enter(&q);

		assert_int_equal(weir__waitq_enter(&q, 0, 1, false, &refused), WEIR__ENTER_FULL);
		assert_int_equal(weir__wake_count(weir__wake_read(&q)), 1);
		assert_null(refused);
		assert_true(weir__waitq_cancel(&q, waiter));
		weir__waitq_retire(&q, waiter);
		weir__waitq_free(&q);
	}
}

static void an_armed_queue_lets_most_waiters_enter_without_a_scan(void **state)
{
	const struct mode bounded = {false, true};
	struct weir__waitq q;
	struct weir__waiter *waiters[2 * WEIR__SCAN_EVERY];
	uint32_t scans = 0;

	(void)state;
	open_queue(&q, &bounded);
	for (uint32_t i = 0; i < 2 * WEIR__SCAN_EVERY; i++) {
		waiters[i] = enter(&q);
		assert_int_equal(waiters[i]->first, i == 0);
		scans += i > 0 && waiters[i]->scans;
	}
	assert_true(waiters[0]->scans);
	assert_int_equal(scans, 2);
	weir__waitq_mark_overdue(&q, waiters[0]);
	assert_true(weir__waitq_cancel(&q, waiters[1]));
	weir__waitq_retire(&q, waiters[1]);
	waiters[1] = enter(&q);
	assert_true(waiters[1]->scans);
	for (uint32_t i = 0; i < 2 * WEIR__SCAN_EVERY; i++) {
		assert_true(weir__waitq_cancel(&q, waiters[i]));
		weir__waitq_retire(&q, waiters[i]);
	}
	weir__waitq_free(&q);
}

static void a_hand_over_prefers_its_processor_until_the_head_is_late(void **state)
{
	const struct mode bounded = {false, true};
	const int64_t window_ns = WEIR_SECONDS(1);
	const uint32_t here = wp_cpu();
	struct weir__waitq q;

	(void)state;
	open_queue(&q, &bounded);
	struct weir__waiter *far = enter(&q);
	struct weir__waiter *close = enter(&q);

	/* No processor has that number, so this test may move between them. */
	far->cpu = UINT32_MAX;
	close->cpu = UINT32_MAX;
	assert_int_equal(weir__waitq_hand_over(&q, 1, window_ns, true), WEIR__HANDED_DECLINED);
	close->cpu = here;
	if (wp_cpu() == here && weir__waitq_hand_over(&q, 2, window_ns, true) == WEIR__HANDED) {
		assert_true(weir__waitq_granted(close));
		assert_false(weir__waitq_granted(far));
	} else if (!weir__waitq_granted(close)) {
		assert_true(weir__waitq_cancel(&q, close));
	}
	/* In a window of 8 ns everyone is late. */
	assert_int_equal(weir__waitq_hand_over(&q, 3, 8, true), WEIR__HANDED);
	assert_true(weir__waitq_granted(far));
	weir__waitq_retire(&q, far);
	weir__waitq_retire(&q, close);
	far = enter(&q);
	far->cpu = UINT32_MAX;
	assert_int_equal(weir__waitq_hand_over(&q, 4, window_ns, false), WEIR__HANDED);
	assert_int_equal(far->slot, 4);
	weir__waitq_retire(&q, far);
	weir__waitq_free(&q);
}

static void an_overdue_waiter_forbids_to_keep(void **state)
{
	const struct mode bounded = {false, true};
	struct weir__waitq q;

	(void)state;
	open_queue(&q, &bounded);
	struct weir__waiter *first = enter(&q);
	struct weir__waiter *second = enter(&q);

	assert_false(has(&q, WEIR__WAKE_OVERDUE));
	weir__waitq_mark_overdue(&q, second);
	weir__waitq_mark_overdue(&q, second);
	assert_true(has(&q, WEIR__WAKE_OVERDUE));
	assert_false(weir__wake_may_keep(weir__wake_read(&q)));
	assert_true(weir__waitq_cancel(&q, second));
	assert_false(has(&q, WEIR__WAKE_OVERDUE));
	assert_true(weir__waitq_grant(&q, WEIR__GRANT_LEASE, 0));
	weir__waitq_mark_overdue(&q, first);
	assert_int_equal(weir__wake_read(&q), WEIR__WAKE_NONE);
	weir__waitq_retire(&q, first);
	weir__waitq_retire(&q, second);
	weir__waitq_free(&q);
}

static void in_strict_order_everyone_is_overdue_at_once(void **state)
{
	const struct mode strict = {true, true};
	struct weir__waitq q;

	(void)state;
	open_queue(&q, &strict);
	struct weir__waiter *first = enter(&q);
	struct weir__waiter *second = enter(&q);

	assert_true(first->overdue);
	assert_true(has(&q, WEIR__WAKE_OVERDUE));
	assert_true(weir__waitq_cancel(&q, first));
	assert_true(has(&q, WEIR__WAKE_OVERDUE));
	assert_false(weir__wake_may_keep(weir__wake_read(&q)));
	assert_true(weir__waitq_cancel(&q, second));
	assert_int_equal(weir__wake_read(&q), WEIR__WAKE_NONE);
	weir__waitq_retire(&q, first);
	weir__waitq_retire(&q, second);
	weir__waitq_free(&q);
}

static void closing_grants_closed_to_all_and_refuses_the_rest(void **state)
{
	(void)state;
	for (size_t m = 0; m < MODES_COUNT; m++) {
		struct weir__waitq q;
		struct weir__waiter *waiters[MANY];
		struct weir__waiter *late = NULL;

		open_queue(&q, &modes[m]);
		for (int i = 0; i < MANY; i++)
			waiters[i] = enter(&q);
		weir__waitq_close(&q);
		assert_int_equal(weir__wake_read(&q), WEIR__WAKE_CLOSED);
		for (int i = 0; i < MANY; i++) {
			assert_true(weir__waitq_granted(waiters[i]));
			assert_int_equal(waiters[i]->grant, WEIR__GRANT_CLOSED);
			weir__waitq_retire(&q, waiters[i]);
		}
		assert_int_equal(weir__waitq_enter(&q, 0, 10, false, &late), WEIR__ENTER_CLOSED);
		weir__waitq_close(&q);
		assert_int_equal(weir__wake_read(&q), WEIR__WAKE_CLOSED);
		weir__waitq_free(&q);
	}
}

static void retired_waiters_are_used_again(void **state)
{
	const struct mode mode = {false, true};
	struct weir__waitq q;

	(void)state;
	open_queue(&q, &mode);
	struct weir__waiter *first = enter(&q);

	assert_true(weir__waitq_cancel(&q, first));
	weir__waitq_retire(&q, first);
	for (int i = 0; i < 10000; i++) {
		struct weir__waiter *waiter = enter(&q);

		assert_ptr_equal(waiter, first);
		assert_true(weir__waitq_cancel(&q, waiter));
		weir__waitq_retire(&q, waiter);
	}
	weir__waitq_free(&q);
}

static void parking_ends_at_the_deadline(void **state)
{
	(void)state;
	for (size_t m = 0; m < MODES_COUNT; m++) {
		struct weir__waitq q;

		open_queue(&q, &modes[m]);
		struct weir__waiter *waiter = enter(&q);
		const int64_t deadline_ns = wp_now() + WEIR_MILLISECONDS(2);

		assert_false(weir__waitq_park(waiter, 1));
		assert_false(weir__waitq_park(waiter, deadline_ns));
		assert_true(wp_now() >= deadline_ns);
		assert_true(weir__waitq_grant(&q, WEIR__GRANT_LEASE, 5));
		assert_true(weir__waitq_park(waiter, 1));
		weir__waitq_retire(&q, waiter);
		weir__waitq_free(&q);
	}
}

struct sleeper {
	struct unit_thread thread;
	struct weir__waitq *q;
	struct weir__waiter *waiter;
	int64_t deadline_ns;
	bool granted;
};

static void sleep_in_queue(void *argument)
{
	struct sleeper *sleeper = argument;

	sleeper->granted = weir__waitq_park(sleeper->waiter, sleeper->deadline_ns);
}

static void a_grant_wakes_whoever_sleeps(void **state)
{
	(void)state;
	for (size_t m = 0; m < MODES_COUNT; m++) {
		struct weir__waitq q;
		struct sleeper sleepers[4];

		open_queue(&q, &modes[m]);
		for (int i = 0; i < 4; i++) {
			sleepers[i] = (struct sleeper){.q = &q, .deadline_ns = INT64_MAX};
			sleepers[i].waiter = enter(&q);
			unit_start(&sleepers[i].thread, sleep_in_queue, &sleepers[i]);
		}
		for (int i = 0; i < 4; i++) {
			while (wp_load_rlx_32(&sleepers[i].waiter->state) != WEIR__WAITER_PARKED)
				(void)sched_yield(); /* ends: the thread parks */
			assert_true(weir__waitq_grant(&q, WEIR__GRANT_LEASE, (uint32_t)i));
			unit_join(&sleepers[i].thread);
			assert_true(sleepers[i].granted);
			assert_int_equal(sleepers[i].waiter->slot, i);
			weir__waitq_retire(&q, sleepers[i].waiter);
		}
		weir__waitq_free(&q);
	}
}

/* Grants against deadlines: every waiter is either granted or has left, and the
 * granter's count agrees. */
struct race {
	struct weir__waitq q;
	_Atomic uint64_t started;
	_Atomic uint64_t granted;
	_Atomic uint64_t left;
	_Atomic uint64_t errors;
	uint64_t seed;
};

static void come_and_go(void *argument)
{
	struct race *race = argument;
	uint64_t random = race->seed + atomic_fetch_add(&race->started, 1);

	for (int i = 0; i < 3000; i++) {
		struct weir__waiter *waiter = NULL;
		const int64_t deadline_ns = wp_now() + (int64_t)(unit_random(&random) % 30000);

		if (weir__waitq_enter(&race->q, wp_now(), 1000, false, &waiter) != WEIR__ENTERED) {
			atomic_fetch_add(&race->errors, 1);
			return;
		}
		if (unit_random(&random) % 8 == 0)
			weir__waitq_mark_overdue(&race->q, waiter);
		if (weir__waitq_park(waiter, deadline_ns) || !weir__waitq_cancel(&race->q, waiter)) {
			if (waiter->grant != WEIR__GRANT_LEASE || waiter->slot != 17)
				atomic_fetch_add(&race->errors, 1);
			atomic_fetch_add(&race->granted, 1);
		} else {
			atomic_fetch_add(&race->left, 1);
		}
		weir__waitq_retire(&race->q, waiter);
	}
}

static void every_waiter_is_granted_or_leaves(void **state)
{
	const uint64_t seed = unit_seed();

	(void)state;
	for (size_t m = 0; m < MODES_COUNT; m++) {
		static struct race race;
		const struct race fresh = {.seed = seed};
		struct unit_thread threads[4];
		uint64_t grants = 0;

		race = fresh;
		open_queue(&race.q, &modes[m]);
		for (int i = 0; i < 4; i++)
			unit_start(&threads[i], come_and_go, &race);
		while (atomic_load(&race.granted) + atomic_load(&race.left) < UINT64_C(4) * 3000 &&
		       atomic_load(&race.errors) == 0) { /* ends: the threads' rounds are finite */
			if (weir__waitq_grant(&race.q, WEIR__GRANT_LEASE, 17))
				grants++;
			(void)sched_yield();
		}
		for (int i = 0; i < 4; i++)
			unit_join(&threads[i]);
		assert_int_equal(atomic_load(&race.errors), 0);
		assert_int_equal(atomic_load(&race.granted), grants);
		assert_int_equal(weir__wake_read(&race.q), WEIR__WAKE_NONE);
		assert_int_equal(race.q.overdue, 0);
		weir__waitq_free(&race.q);
	}
}

static void ticks_remember_when_they_began(void **state)
{
	const struct mode mode = {false, true};
	struct weir__waitq q;

	(void)state;
	open_queue(&q, &mode);
	const uint32_t before = wp_load_rlx_32(&q.tick);

	weir__waitq_tick(&q, 12345);
	assert_int_equal(wp_load_rlx_32(&q.tick), before + 1);
	assert_int_equal(wp_load_rlx_64(&q.tick_ns[(before + 1) % WEIR__TICKS]), 12345);
	struct weir__waiter *waiter = enter(&q);

	assert_int_equal(wp_load_rlx_32(&q.tick), before + 2);
	assert_true(weir__waitq_cancel(&q, waiter));
	weir__waitq_retire(&q, waiter);
	weir__waitq_free(&q);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_word_follows_the_queue),
		cmocka_unit_test(one_barrier_serves_until_the_queue_is_empty),
		cmocka_unit_test(grants_go_in_the_order_of_arrival),
		cmocka_unit_test(whoever_gives_up_leaves_the_order_of_the_others),
		cmocka_unit_test(a_grant_that_came_first_beats_giving_up),
		cmocka_unit_test(a_queue_that_is_full_refuses),
		cmocka_unit_test(an_armed_queue_lets_most_waiters_enter_without_a_scan),
		cmocka_unit_test(a_hand_over_prefers_its_processor_until_the_head_is_late),
		cmocka_unit_test(an_overdue_waiter_forbids_to_keep),
		cmocka_unit_test(in_strict_order_everyone_is_overdue_at_once),
		cmocka_unit_test(closing_grants_closed_to_all_and_refuses_the_rest),
		cmocka_unit_test(retired_waiters_are_used_again),
		cmocka_unit_test(parking_ends_at_the_deadline),
		cmocka_unit_test(a_grant_wakes_whoever_sleeps),
		cmocka_unit_test(every_waiter_is_granted_or_leaves),
		cmocka_unit_test(ticks_remember_when_they_began),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
