/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The check of a gate's history, on histories written by hand: honest ones are
 * accepted, and each kind of lie is refused with the operations named.
 */
#include "forged_history.h"

static struct forged forged;

static struct stress_event *job_op(uint32_t thread, enum stress_op op, int64_t invoked_ns,
                                   uint64_t job)
{
	struct stress_event *const event = forge(&forged, thread, op, invoked_ns, invoked_ns + 5);

	event->what = job;
	return event;
}

static void queue(uint32_t thread, int64_t invoked_ns, uint64_t job, uint32_t lane)
{
	job_op(thread, STRESS_OP_QUEUE, invoked_ns, job)->place = lane;
}

static void effect(uint32_t thread, int64_t invoked_ns, uint64_t job, uint64_t position)
{
	job_op(thread, STRESS_OP_EFFECT, invoked_ns, job)->detail = position;
}

static void end(uint32_t thread, int64_t invoked_ns, uint64_t job, enum weir_code outcome)
{
	job_op(thread, STRESS_OP_END, invoked_ns, job)->outcome = (uint16_t)outcome;
}

static int begin(void **state)
{
	(void)state;
	forge_anew(&forged);
	return 0;
}

/* Jobs 11 and 12 in one hold of thread 1, job 21 by itself in one of thread 2, 31
 * timed out, 32 was refused. */
static void honest(void)
{
	queue(1, 100, 11, 0);
	queue(2, 110, 12, 0);
	queue(3, 120, 21, 1);
	queue(4, 130, 31, 0);
	job_op(5, STRESS_OP_QUEUE, 140, 32)->outcome = WEIR_ERR_REJECTED;
	(void)forge(&forged, 1, STRESS_OP_HOLD, 200, 300);
	(void)job_op(1, STRESS_OP_TAKE, 210, 11);
	(void)job_op(1, STRESS_OP_TAKE, 210, 12);
	effect(1, 220, 11, 0);
	effect(1, 230, 12, 1);
	end(1, 310, 11, WEIR_OK);
	end(2, 310, 12, WEIR_OK);
	(void)forge(&forged, 2, STRESS_OP_HOLD, 400, 500);
	(void)job_op(2, STRESS_OP_TAKE, 410, 21);
	effect(2, 420, 21, 2);
	end(3, 425, 21, WEIR_OK);
	end(4, 510, 31, WEIR_ERR_GATE_TIMEOUT);
}

static void an_honest_history_is_accepted(void **state)
{
	(void)state;
	honest();
	forged_is_accepted(&forged);
}

static void lanes_may_pass_each_other(void **state)
{
	(void)state;
	queue(1, 100, 1, 1);
	queue(2, 110, 2, 0);
	(void)forge(&forged, 1, STRESS_OP_HOLD, 200, 300);
	effect(1, 220, 2, 0);
	effect(1, 230, 1, 1);
	end(1, 310, 1, WEIR_OK);
	end(2, 310, 2, WEIR_OK);
	forged_is_accepted(&forged);
}

static void two_holders_are_refused(void **state)
{
	(void)state;
	honest();
	(void)forge(&forged, 7, STRESS_OP_HOLD, 490, 520);
	forged_is_refused(&forged, "two holders", "thread 2 hold [400, 500]",
	                  "thread 7 hold [490, 520]");
}

static void a_lost_effect_is_refused(void **state)
{
	(void)state;
	honest();
	queue(6, 600, 61, 0);
	end(6, 700, 61, WEIR_OK);
	forged_is_refused(&forged, "reported as done and has no effect", "thread 6 end job 61",
	                  "thread 6 queue job 61");
}

static void a_doubled_effect_is_refused(void **state)
{
	(void)state;
	honest();
	effect(2, 450, 12, 3);
	forged_is_refused(&forged, "its effect twice", "thread 1 effect job 12",
	                  "thread 2 effect job 12");
}

static void an_effect_of_a_job_that_never_ran_is_refused(void **state)
{
	(void)state;
	honest();
	effect(2, 450, 31, 3);
	forged_is_refused(&forged, "reported as never run and has an effect",
	                  "thread 4 end job 31 [510, 515] GATE_TIMEOUT", "thread 2 effect job 31");
	forge_anew(&forged);
	honest();
	effect(2, 450, 32, 3);
	forged_is_refused(&forged, "reported as never run and has an effect",
	                  "thread 5 queue job 32 [140, 145] REJECTED", "thread 2 effect job 32");
}

static void a_job_given_up_may_have_run_once(void **state)
{
	(void)state;
	honest();
	queue(6, 350, 61, 1);
	effect(2, 450, 61, 3);
	(void)job_op(6, STRESS_OP_ABANDON, 600, 61);
	queue(7, 350, 71, 0);
	(void)job_op(7, STRESS_OP_ABANDON, 360, 71);
	forged_is_accepted(&forged);
}

static void a_report_before_the_effect_is_refused(void **state)
{
	(void)state;
	honest();
	queue(6, 380, 61, 1);
	end(6, 385, 61, WEIR_OK);
	effect(2, 450, 61, 3);
	forged_is_refused(&forged, "reported as done before it was", "thread 6 end job 61",
	                  "thread 2 effect job 61");
}

static void an_effect_before_the_job_was_queued_is_refused(void **state)
{
	(void)state;
	honest();
	effect(2, 450, 61, 3);
	queue(6, 480, 61, 0);
	end(6, 600, 61, WEIR_OK);
	forged_is_refused(&forged, "before it was queued", "thread 2 effect job 61",
	                  "thread 6 queue job 61");
}

static void a_job_taken_twice_is_refused(void **state)
{
	(void)state;
	honest();
	(void)job_op(2, STRESS_OP_TAKE, 430, 12);
	forged_is_refused(&forged, "taken twice", "thread 1 take job 12", "thread 2 take job 12");
}

static void an_effect_outside_a_hold_is_refused(void **state)
{
	(void)state;
	honest();
	queue(6, 350, 61, 1);
	effect(6, 460, 61, 3); /* thread 2 holds */
	end(6, 600, 61, WEIR_OK);
	forged_is_refused(&forged, "did not hold the gate", "thread 6 effect job 61", "");
}

static void an_effect_by_another_than_who_took_it_is_refused(void **state)
{
	(void)state;
	honest();
	queue(6, 150, 61, 1);
	(void)job_op(1, STRESS_OP_TAKE, 250, 61);
	effect(2, 460, 61, 3);
	end(6, 600, 61, WEIR_OK);
	forged_is_refused(&forged, "taken by one thread and done by another", "thread 1 take job 61",
	                  "thread 2 effect job 61");
}

static void an_effect_in_a_later_hold_is_refused(void **state)
{
	(void)state;
	honest();
	queue(6, 150, 61, 1);
	(void)job_op(1, STRESS_OP_TAKE, 250, 61);
	(void)forge(&forged, 1, STRESS_OP_HOLD, 600, 700);
	effect(1, 610, 61, 3);
	end(6, 710, 61, WEIR_OK);
	forged_is_refused(&forged, "in another hold", "thread 1 take job 61", "thread 1 effect job 61");
}

static void an_order_that_time_contradicts_is_refused(void **state)
{
	(void)state;
	queue(1, 100, 1, 0);
	queue(2, 100, 2, 1);
	(void)forge(&forged, 1, STRESS_OP_HOLD, 200, 300);
	effect(1, 220, 1, 5);
	effect(1, 240, 2, 4);
	end(1, 310, 1, WEIR_OK);
	end(2, 310, 2, WEIR_OK);
	forged_is_refused(&forged, "another order than time", "thread 1 effect job 2",
	                  "thread 1 effect job 1");
}

static void two_effects_in_one_place_are_refused(void **state)
{
	(void)state;
	honest();
	queue(6, 350, 61, 1);
	effect(2, 450, 61, 2);
	end(6, 600, 61, WEIR_OK);
	forged_is_refused(&forged, "one place in the log", "job 61", "job 21");
}

static void passing_in_a_lane_is_refused(void **state)
{
	(void)state;
	queue(1, 100, 1, 0);
	queue(2, 110, 2, 0); /* after the first was queued */
	(void)forge(&forged, 1, STRESS_OP_HOLD, 200, 300);
	effect(1, 220, 2, 0);
	effect(1, 230, 1, 1);
	end(1, 310, 1, WEIR_OK);
	end(2, 310, 2, WEIR_OK);
	forged_is_refused(&forged, "passed another in its lane", "thread 2 queue job 2",
	                  "thread 1 queue job 1");
}

static void what_nobody_queued_is_refused(void **state)
{
	(void)state;
	honest();
	(void)job_op(2, STRESS_OP_TAKE, 430, 99);
	forged_is_refused(&forged, "nobody queued", "thread 2 take job 99", "");
}

static void an_incomplete_history_is_given_the_benefit_of_the_doubt(void **state)
{
	(void)state;
	honest();
	forged.history.complete_from_ns = 550;
	queue(6, 540, 61, 0);
	end(6, 700, 61, WEIR_OK); /* its effect may have been written over */
	(void)job_op(2, STRESS_OP_TAKE, 430, 99);
	forged_is_accepted(&forged);
	queue(6, 560, 62, 0);
	end(6, 700, 62, WEIR_OK);
	forged_is_refused(&forged, "has no effect", "thread 6 end job 62", "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(an_honest_history_is_accepted, begin),
		cmocka_unit_test_setup(lanes_may_pass_each_other, begin),
		cmocka_unit_test_setup(two_holders_are_refused, begin),
		cmocka_unit_test_setup(a_lost_effect_is_refused, begin),
		cmocka_unit_test_setup(a_doubled_effect_is_refused, begin),
		cmocka_unit_test_setup(an_effect_of_a_job_that_never_ran_is_refused, begin),
		cmocka_unit_test_setup(a_job_given_up_may_have_run_once, begin),
		cmocka_unit_test_setup(a_report_before_the_effect_is_refused, begin),
		cmocka_unit_test_setup(an_effect_before_the_job_was_queued_is_refused, begin),
		cmocka_unit_test_setup(a_job_taken_twice_is_refused, begin),
		cmocka_unit_test_setup(an_effect_outside_a_hold_is_refused, begin),
		cmocka_unit_test_setup(an_effect_by_another_than_who_took_it_is_refused, begin),
		cmocka_unit_test_setup(an_effect_in_a_later_hold_is_refused, begin),
		cmocka_unit_test_setup(an_order_that_time_contradicts_is_refused, begin),
		cmocka_unit_test_setup(two_effects_in_one_place_are_refused, begin),
		cmocka_unit_test_setup(passing_in_a_lane_is_refused, begin),
		cmocka_unit_test_setup(what_nobody_queued_is_refused, begin),
		cmocka_unit_test_setup(an_incomplete_history_is_given_the_benefit_of_the_doubt, begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
