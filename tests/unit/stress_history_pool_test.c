/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The check of a pool's history, on histories written by hand: honest ones are
 * accepted, and each kind of lie is refused with the operations named.
 */
#include "forged_history.h"

static struct forged forged;

static struct stress_event *pool_op(uint32_t thread, enum stress_op op, int64_t invoked_ns,
                                    int64_t returned_ns, uint32_t slot, uint32_t generation)
{
	struct stress_event *const event = forge(&forged, thread, op, invoked_ns, returned_ns);

	event->place = slot;
	event->what = generation;
	event->detail = 1000 + slot;
	return event;
}

static void acquire(uint32_t thread, int64_t invoked_ns, int64_t returned_ns, uint32_t slot,
                    uint32_t generation)
{
	(void)pool_op(thread, STRESS_OP_ACQUIRE, invoked_ns, returned_ns, slot, generation);
}

static void release(uint32_t thread, int64_t invoked_ns, int64_t returned_ns, uint32_t slot,
                    uint32_t generation)
{
	(void)pool_op(thread, STRESS_OP_RELEASE, invoked_ns, returned_ns, slot, generation);
}

static struct stress_event *find_nothing(uint32_t thread, int64_t invoked_ns, int64_t returned_ns)
{
	struct stress_event *const event =
		forge(&forged, thread, STRESS_OP_TRY, invoked_ns, returned_ns);

	event->outcome = WEIR_ERR_EXHAUSTED;
	return event;
}

static int begin(void **state)
{
	(void)state;
	forge_anew(&forged);
	return 0;
}

/* Two threads in turn, one slot each, and one that changes hands. */
static void honest(void)
{
	acquire(1, 100, 110, 0, 1);
	acquire(2, 100, 120, 1, 1);
	release(1, 130, 140, 0, 1);
	acquire(2, 135, 150, 0, 2); /* overlaps the release: it may have come first */
	release(2, 160, 170, 1, 1);
	release(3, 180, 190, 0, 2); /* passed on */
}

static void an_honest_history_is_accepted(void **state)
{
	(void)state;
	honest();
	forged_is_accepted(&forged);
	assert_int_equal(forged.verdict.operations, 6);
	assert_int_equal(forged.verdict.windows, 5);
	assert_int_equal(forged.verdict.windows_large, 0);
}

static void an_empty_history_is_accepted(void **state)
{
	(void)state;
	forged_is_accepted(&forged);
	assert_int_equal(forged.verdict.operations, 0);
}

static void a_wait_longer_than_many_leases_is_accepted(void **state)
{
	(void)state;
	acquire(9, 50, 5000, 0, 21);
	for (uint32_t i = 0; i < 20; i++) {
		acquire(1 + i % 2, 100 + 100 * i, 120 + 100 * i, 0, i + 1);
		release(1 + i % 2, 150 + 100 * i, 170 + 100 * i, 0, i + 1);
	}
	release(9, 6000, 6010, 0, 21);
	forged_is_accepted(&forged);
	assert_int_equal(forged.verdict.windows, 2);
}

static void a_lease_that_is_out_at_the_end_is_accepted(void **state)
{
	(void)state;
	honest();
	acquire(4, 200, 210, 0, 3);
	acquire(5, 200, 210, 1, 2);
	(void)pool_op(4, STRESS_OP_RELEASE, 300, STRESS_PENDING, 0, 3);
	(void)forge(&forged, 6, STRESS_OP_ACQUIRE, 310, STRESS_PENDING);
	forged_is_accepted(&forged);
}

static void two_owners_are_refused(void **state)
{
	(void)state;
	honest();
	acquire(4, 300, 310, 0, 3);
	acquire(5, 320, 330, 0, 4); /* the release below had not even been called */
	release(4, 340, 350, 0, 3);
	release(5, 360, 370, 0, 4);
	forged_is_refused(&forged, "two owners", "thread 4 acquire slot 0 generation 3",
	                  "thread 5 acquire slot 0 generation 4");
	/* The search finds it, too, by itself. */
	forged_is_refused(&forged, "no order of", "slot 0", "generation");
}

static void a_slot_given_again_before_its_lease_ended_is_refused(void **state)
{
	(void)state;
	honest();
	acquire(4, 300, 310, 0, 3);
	acquire(5, 320, 330, 0, 4);
	release(5, 360, 370, 0, 4);
	forged_is_refused(&forged, "before its lease ended", "generation 3", "generation 4");
}

static void a_generation_that_goes_back_is_refused(void **state)
{
	(void)state;
	acquire(1, 100, 110, 0, 7);
	release(1, 120, 130, 0, 7);
	acquire(2, 200, 210, 0, 6);
	release(2, 220, 230, 0, 6);
	forged_is_refused(&forged, "a generation went back", "thread 1 acquire slot 0 generation 7",
	                  "thread 2 acquire slot 0 generation 6");
	forged_is_refused(&forged, "no order of", "slot 0", "generation 6");
}

static void generations_wrap(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < 6; i++) {
		acquire(1, 100 + 100 * i, 110 + 100 * i, 0, UINT32_MAX - 2 + i);
		release(1, 150 + 100 * i, 160 + 100 * i, 0, UINT32_MAX - 2 + i);
	}
	forged_is_accepted(&forged);
	acquire(1, 800, 810, 0, UINT32_MAX);
	forged_is_refused(&forged, "given twice", "generation 4294967295", "");
	forge_anew(&forged);
	acquire(1, 100, 110, 0, 2);
	release(1, 120, 130, 0, 2);
	acquire(2, 200, 210, 0, UINT32_MAX);
	release(2, 220, 230, 0, UINT32_MAX);
	forged_is_refused(&forged, "a generation went back", "generation 2", "generation 4294967295");
	forged_is_refused(&forged, "no order of", "slot 0", "generation 4294967295");
}

static void a_lease_given_twice_is_refused(void **state)
{
	(void)state;
	acquire(1, 100, 110, 0, 1);
	acquire(2, 105, 115, 0, 1);
	release(1, 120, 130, 0, 1);
	forged_is_refused(&forged, "given twice", "thread 1 acquire slot 0 generation 1",
	                  "thread 2 acquire slot 0 generation 1");
}

static void a_lease_ended_twice_is_refused(void **state)
{
	(void)state;
	acquire(1, 100, 110, 0, 1);
	release(1, 120, 130, 0, 1);
	release(2, 140, 150, 0, 1);
	forged_is_refused(&forged, "ended twice", "thread 1 release", "thread 2 release");
}

static void a_lease_nobody_was_given_is_refused(void **state)
{
	(void)state;
	honest();
	release(7, 400, 410, 0, 9);
	forged_is_refused(&forged, "nobody was given", "thread 7 release slot 0 generation 9", "");
}

static void a_lease_that_ends_before_it_begins_is_refused(void **state)
{
	(void)state;
	release(1, 100, 110, 0, 1);
	acquire(1, 120, 130, 0, 1);
	forged_is_refused(&forged, "ended before it began", "release", "acquire");
}

static void an_incomplete_history_is_given_the_benefit_of_the_doubt(void **state)
{
	(void)state;
	forged.history.complete_from_ns = 1000;
	release(1, 900, 950, 0, 4); /* its acquire was written over */
	acquire(2, 970, 990, 1, 3); /* its release may have been */
	acquire(3, 1100, 1110, 1, 5);
	release(3, 1200, 1210, 1, 5);
	forged_is_accepted(&forged);
	/* But not where nothing can be missing. */
	acquire(4, 1300, 1310, 1, 6);
	acquire(5, 1400, 1410, 1, 7);
	forged_is_refused(&forged, "before its lease ended", "generation 6", "generation 7");
}

/* ---- what "exhausted" promises ---- */

/* Slot 0 lies idle from 140 to 300; slot 1 is held all the while. */
static void one_idle(enum stress_op end_of_first, uint64_t connection_afterwards)
{
	acquire(1, 10, 20, 0, 1);
	acquire(2, 10, 20, 1, 1);
	(void)pool_op(1, end_of_first, 130, 140, 0, 1);
	pool_op(1, STRESS_OP_ACQUIRE, 300, 310, 0, 2)->detail = connection_afterwards;
	release(1, 400, 410, 0, 2);
	release(2, 400, 410, 1, 1);
}

static void a_phantom_exhausted_is_refused(void **state)
{
	(void)state;
	one_idle(STRESS_OP_RELEASE, 1000);
	(void)find_nothing(3, 200, 250);
	forged_is_refused(&forged, "found nothing beside an idle slot", "thread 3 try [200, 250]",
	                  "thread 1 release slot 0 generation 1");
	assert_int_equal(forged.verdict.exhausted, 1);
	assert_int_equal(forged.verdict.exhausted_alone, 1);
}

static void an_exhausted_that_something_overlaps_is_accepted(void **state)
{
	(void)state;
	one_idle(STRESS_OP_RELEASE, 1000);
	(void)find_nothing(3, 200, 250);
	forge(&forged, 4, STRESS_OP_ACQUIRE, 190, 205)->outcome = WEIR_ERR_ACQUIRE_TIMEOUT;
	forged_is_accepted(&forged);
	assert_int_equal(forged.verdict.exhausted, 1);
	assert_int_equal(forged.verdict.exhausted_alone, 0);
}

static void an_exhausted_beside_leases_is_accepted(void **state)
{
	(void)state;
	one_idle(STRESS_OP_RELEASE, 1000);
	(void)find_nothing(3, 50, 60);
	forged_is_accepted(&forged);
	assert_int_equal(forged.verdict.exhausted_alone, 1);
}

/* A place without a connection is not idle: a try may find it busy opening, or may
 * only begin an open for whoever comes next. */
static void an_exhausted_beside_an_empty_place_is_accepted(void **state)
{
	(void)state;
	one_idle(STRESS_OP_DISCARD, 2000);
	(void)find_nothing(3, 200, 250);
	forged_is_accepted(&forged);
	forge_anew(&forged);
	one_idle(STRESS_OP_RELEASE, 2000); /* retired in between: another connection */
	(void)find_nothing(3, 200, 250);
	forged_is_accepted(&forged);
}

/* ---- the search by itself ---- */

static void large_windows_are_only_counted(void **state)
{
	(void)state;
	acquire(9, 50, 900000, 0, 400);
	for (uint32_t i = 0; i < 300; i++) {
		acquire(1, 100 + 100 * i, 120 + 100 * i, 0, i + 1);
		release(1, 150 + 100 * i, 170 + 100 * i, 0, i + 1);
	}
	release(9, 900010, 900020, 0, 400);
	forged_is_accepted(&forged);
	assert_int_equal(forged.verdict.windows_large, 1);
	assert_int_equal(forged.verdict.windows, 1); /* the last release */
}

/* Operations that all overlap: the legal order is not that of their calls. */
static void the_search_finds_an_order_that_is_not_obvious(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < 30; i++) {
		acquire(1 + i, 100 + i, 5000, 0, 30 - i);
		release(1 + i, 5001, 9000 + i, 0, 30 - i);
	}
	/* Held for sure at the same moments: refused by both. */
	forged_is_refused(&forged, "two owners", "", "");
	forge_anew(&forged);
	for (uint32_t i = 0; i < 12; i++) {
		acquire(1 + i, 100 + i, 2000 - 100 * i, 0, 12 - i);
		release(1 + i, 2001 - 100 * i, 9000, 0, 12 - i);
	}
	forged_is_accepted(&forged);
	assert_int_equal(forged.verdict.windows, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(an_honest_history_is_accepted, begin),
		cmocka_unit_test_setup(an_empty_history_is_accepted, begin),
		cmocka_unit_test_setup(a_wait_longer_than_many_leases_is_accepted, begin),
		cmocka_unit_test_setup(a_lease_that_is_out_at_the_end_is_accepted, begin),
		cmocka_unit_test_setup(two_owners_are_refused, begin),
		cmocka_unit_test_setup(a_slot_given_again_before_its_lease_ended_is_refused, begin),
		cmocka_unit_test_setup(a_generation_that_goes_back_is_refused, begin),
		cmocka_unit_test_setup(generations_wrap, begin),
		cmocka_unit_test_setup(a_lease_given_twice_is_refused, begin),
		cmocka_unit_test_setup(a_lease_ended_twice_is_refused, begin),
		cmocka_unit_test_setup(a_lease_nobody_was_given_is_refused, begin),
		cmocka_unit_test_setup(a_lease_that_ends_before_it_begins_is_refused, begin),
		cmocka_unit_test_setup(an_incomplete_history_is_given_the_benefit_of_the_doubt, begin),
		cmocka_unit_test_setup(a_phantom_exhausted_is_refused, begin),
		cmocka_unit_test_setup(an_exhausted_that_something_overlaps_is_accepted, begin),
		cmocka_unit_test_setup(an_exhausted_beside_leases_is_accepted, begin),
		cmocka_unit_test_setup(an_exhausted_beside_an_empty_place_is_accepted, begin),
		cmocka_unit_test_setup(large_windows_are_only_counted, begin),
		cmocka_unit_test_setup(the_search_finds_an_order_that_is_not_obvious, begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
