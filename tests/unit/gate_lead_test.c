/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Leading: who is called, what a leader takes, who attends to jobs that nobody
 * waits for, and who is woken.
 */
#include "gate_fixture.h"
#include "unit_child.h"

#define JOBS 20

static void await_deadline(struct weir_gate_entry *entry)
{
	while (weir_now().ns <= weir_gate_deadline(entry).ns)
		(void)sched_yield(); /* ends: the deadline passes */
}

static void collect_all(struct weir_gate_entry **entries, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		assert_code(weir_gate_collect(entries[i], NULL), WEIR_OK);
}

static void a_leader_takes_jobs_in_their_order(void **state)
{
	struct weir_gate *gate = unit_gate();
	struct weir_gate_entry *jobs[JOBS];
	struct weir_gate_entry *taken[JOBS];
	struct weir_gate_entry *late;

	(void)state;
	for (int i = 0; i < JOBS; i++)
		jobs[i] = unit_job(gate, WEIR_LANE_NORMAL);
	assert_int_equal(weir_gate_take(gate, taken, JOBS), 0); /* nobody leads yet */
	assert_int_equal(weir_gate_wait(jobs[JOBS - 1], unit_never), WEIR_GATE_LEAD);
	assert_int_equal(weir_gate_take(gate, taken, 3), 3);
	assert_int_equal(weir_gate_take(gate, taken + 3, JOBS), JOBS - 3);
	assert_int_equal(weir_gate_take(gate, taken, JOBS), 0);
	for (int i = 0; i < JOBS; i++) {
		assert_ptr_equal(taken[i], jobs[i]);
		assert_int_equal(weir_gate_poll(jobs[i]), WEIR_GATE_TAKEN);
	}
	weir_gate_finish(gate, taken, 2, WEIR_OK);
	assert_int_equal(weir_gate_poll(jobs[1]), WEIR_GATE_DONE);
	assert_int_equal(weir_gate_poll(jobs[2]), WEIR_GATE_TAKEN);
	weir_gate_leave(gate, taken + 2, JOBS - 2);
	collect_all(jobs, JOBS);
	late = unit_job(gate, WEIR_LANE_NORMAL);
	assert_true(weir_gate_abandon(late));
	unit_gate_end(gate);
}

static void an_exclusive_entry_ends_the_run(void **state)
{
	struct weir_gate *gate = unit_gate();
	struct weir_gate_entry *first = unit_job(gate, WEIR_LANE_NORMAL);
	struct weir_gate_entry *exclusive = unit_exclusive(gate, WEIR_LANE_NORMAL);
	struct weir_gate_entry *last = unit_job(gate, WEIR_LANE_NORMAL);
	struct weir_gate_entry *taken[3];

	(void)state;
	/* Who waits behind it does not lead those before it. */
	assert_int_equal(weir_gate_wait(last, unit_past), WEIR_GATE_QUEUED);
	assert_int_equal(weir_gate_wait(first, unit_past), WEIR_GATE_LEAD);
	assert_int_equal(weir_gate_take(gate, taken, 3), 1);
	assert_ptr_equal(taken[0], first);
	weir_gate_leave(gate, taken, 1);
	unit_hold(exclusive);
	assert_int_equal(weir_gate_take(gate, taken, 3), 0); /* it does not lead */
	unit_leave(gate, exclusive);
	assert_int_equal(weir_gate_wait(last, unit_past), WEIR_GATE_LEAD);
	assert_int_equal(weir_gate_take(gate, taken + 1, 2), 1);
	weir_gate_leave(gate, taken + 1, 1);
	collect_all(taken, 2);
	unit_gate_end(gate);
}

static void deadlines_that_passed_are_ended_on_the_way(void **state)
{
	struct weir_gate *gate = unit_gate();
	struct weir_gate_entry *hasty[2];
	struct weir_gate_entry *patient;
	struct weir_gate_entry *taken[3];

	(void)state;
	hasty[0] = unit_hasty_job(gate, WEIR_MILLISECONDS(30));
	patient = unit_job(gate, WEIR_LANE_NORMAL);
	hasty[1] = unit_hasty_job(gate, WEIR_MILLISECONDS(30));
	assert_int_equal(weir_gate_wait(patient, unit_never), WEIR_GATE_LEAD);
	await_deadline(hasty[1]);
	assert_int_equal(weir_gate_take(gate, taken, 3), 1);
	assert_ptr_equal(taken[0], patient);
	assert_int_equal(weir_gate_take(gate, taken + 1, 2), 0);
	weir_gate_leave(gate, taken, 1);
	assert_code(weir_gate_collect(patient, NULL), WEIR_OK);
	for (int i = 0; i < 2; i++)
		assert_code(weir_gate_collect(hasty[i], NULL), WEIR_ERR_GATE_TIMEOUT);
	assert_int_equal(unit_gate_stats(gate).timeouts, 2);
	unit_gate_end(gate);
}

static void whoever_is_called_leads_even_if_its_own_is_too_late(void **state)
{
	struct weir_gate *gate = unit_gate();
	struct weir_gate_request request = unit_request(WEIR_GATE_JOB, WEIR_LANE_NORMAL);
	struct weir_gate_entry *called;
	struct weir_gate_entry *other;
	struct weir_gate_entry *taken[2];

	(void)state;
	request.waits = true;
	request.deadline = weir_deadline_in(WEIR_MILLISECONDS(30));
	called = unit_queue(gate, &request);
	other = unit_job(gate, WEIR_LANE_NORMAL);
	await_deadline(called);
	assert_int_equal(weir_gate_wait(called, unit_never), WEIR_GATE_LEAD);
	assert_int_equal(weir_gate_take(gate, taken, 2), 1);
	assert_ptr_equal(taken[0], other);
	weir_gate_leave(gate, taken, 1);
	assert_int_equal(weir_gate_wait(called, unit_never), WEIR_GATE_DONE);
	assert_code(weir_gate_collect(called, NULL), WEIR_ERR_GATE_TIMEOUT);
	assert_code(weir_gate_collect(other, NULL), WEIR_OK);
	unit_gate_end(gate);
}

static void count_call(void *arg)
{
	(*(int *)arg)++;
}

static struct weir_gate *gate_that_counts(int *calls)
{
	const struct weir_gate_config config = {
		.size = sizeof config, .unattended = count_call, .arg = calls};
	struct weir_gate *gate = NULL;

	*calls = 0;
	assert_code(weir_gate_create(&gate, &config, NULL), WEIR_OK);
	return gate;
}

static void jobs_that_nobody_waits_for_are_attended(void **state)
{
	int calls;
	struct weir_gate *gate = gate_that_counts(&calls);
	struct weir_gate_entry *jobs[3];
	struct weir_gate_entry *taken[3];

	(void)state;
	assert_false(weir_gate_attend(gate, NULL));
	assert_false(weir_gate_attend(NULL, NULL));
	for (int i = 0; i < 3; i++)
		jobs[i] = unit_job(gate, WEIR_LANE_NORMAL);
	assert_int_equal(calls, 1); /* once is enough until somebody came */
	assert_true(weir_gate_attend(gate, NULL));
	assert_false(weir_gate_attend(gate, NULL));
	assert_int_equal(weir_gate_take(gate, taken, 2), 2);
	assert_int_equal(calls, 1);
	weir_gate_leave(gate, taken, 2);
	assert_int_equal(calls, 2); /* one is left */
	collect_all(taken, 2);
	assert_true(weir_gate_abandon(jobs[2]));
	assert_int_equal(calls, 2);
	jobs[0] = unit_job(gate, WEIR_LANE_NORMAL); /* another time */
	assert_int_equal(calls, 3);
	assert_true(weir_gate_abandon(jobs[0]));
	unit_gate_end(gate);
}

static void who_waits_at_once_is_not_attended(void **state)
{
	int calls;
	struct weir_gate *gate = gate_that_counts(&calls);
	struct weir_gate_request request = unit_request(WEIR_GATE_JOB, WEIR_LANE_NORMAL);
	struct weir_gate_entry *taken;

	(void)state;
	request.waits = true;
	for (int i = 0; i < 100; i++) {
		struct weir_gate_entry *entry = unit_queue(gate, &request);

		assert_false(weir_gate_attend(gate, NULL)); /* it is kept for the caller */
		assert_int_equal(weir_gate_wait(entry, unit_past), WEIR_GATE_LEAD);
		assert_int_equal(weir_gate_take(gate, &taken, 1), 1);
		weir_gate_leave(gate, &taken, 1);
		assert_code(weir_gate_collect(entry, NULL), WEIR_OK);
	}
	assert_int_equal(calls, 0);
	unit_gate_end(gate);
}

static void a_sleeper_is_called_from_any_place_of_the_run(void **state)
{
	int calls;
	struct weir_gate *gate = gate_that_counts(&calls);
	struct weir_gate_entry *holder = unit_exclusive(gate, WEIR_LANE_NORMAL);
	struct weir_gate_entry *unattended = unit_job(gate, WEIR_LANE_NORMAL);
	struct unit_gate_waiter waiter;

	(void)state;
	unit_gate_start(&waiter, unit_job(gate, WEIR_LANE_NORMAL), unit_never);
	unit_await_sleep(waiter.entry);
	unit_hold(holder);
	unit_leave(gate, holder);
	unit_join(&waiter.thread);
	assert_int_equal(waiter.state, WEIR_GATE_LEAD);
	assert_int_equal(waiter.took, 2);
	assert_int_equal(calls, 0);
	assert_code(weir_gate_collect(unattended, NULL), WEIR_OK);
	assert_code(weir_gate_collect(waiter.entry, NULL), WEIR_OK);
	unit_gate_end(gate);
}

static void leaving_wakes_the_next_and_the_finished(void **state)
{
	struct weir_gate *gate = unit_gate();
	struct weir_gate_entry *first = unit_job(gate, WEIR_LANE_NORMAL);
	struct unit_gate_waiter members[4];
	struct unit_gate_waiter next;
	struct weir_gate_entry *taken[5];

	(void)state;
	assert_int_equal(weir_gate_wait(first, unit_never), WEIR_GATE_LEAD);
	for (int i = 0; i < 4; i++) {
		/* A queue in another thread: this one leads. */
		struct weir_gate_request request = unit_request(WEIR_GATE_JOB, WEIR_LANE_NORMAL);

		weir__gate_go(gate); /* not seen as the holder for a moment */
		members[i].entry = unit_queue(gate, &request);
		weir__gate_come(gate);
		unit_gate_start(&members[i], members[i].entry, unit_never);
	}
	weir__gate_go(gate);
	next.entry = unit_exclusive(gate, WEIR_LANE_NORMAL);
	weir__gate_come(gate);
	unit_gate_start(&next, next.entry, unit_never);
	for (int i = 0; i < 4; i++)
		unit_await_sleep(members[i].entry);
	unit_await_sleep(next.entry);
	assert_int_equal(weir_gate_take(gate, taken, 5), 5);
	weir_gate_finish(gate, taken, 3, WEIR_ERR_GATE_TIMEOUT);
	for (int i = 0; i < 2; i++)
		unit_join(&members[i].thread);
	weir_gate_leave(gate, taken + 3, 2);
	unit_join(&next.thread);
	assert_int_equal(next.state, WEIR_GATE_HELD);
	assert_code(weir_gate_collect(next.entry, NULL), WEIR_OK);
	for (int i = 0; i < 4; i++) {
		if (i >= 2)
			unit_join(&members[i].thread);
		assert_int_equal(members[i].state, WEIR_GATE_DONE);
		assert_code(weir_gate_collect(members[i].entry, NULL),
		            i < 2 ? WEIR_ERR_GATE_TIMEOUT : WEIR_OK);
	}
	assert_code(weir_gate_collect(first, NULL), WEIR_ERR_GATE_TIMEOUT);
	assert_int_equal(gate->waking, 0);
	unit_gate_end(gate);
}

static void who_does_not_hold_the_gate_cannot_leave_it(void **state)
{
	struct weir_gate *gate = unit_gate();
	struct weir_gate_entry *holder = unit_exclusive(gate, WEIR_LANE_NORMAL);

	(void)state;
	weir_gate_leave(gate, NULL, 0);
	assert_int_equal(weir_gate_poll(holder), WEIR_GATE_HELD);
	unit_hold(holder);
	unit_leave(gate, holder);
	weir_gate_leave(gate, NULL, 0);
	weir_gate_finish(gate, NULL, 0, WEIR_OK);
	unit_gate_end(gate);
}

/* In a child: a gate of its own, since the parent's is wiped there. */
static void finish_a_queued_job(void *argument)
{
	const struct weir_gate_request request = unit_request(WEIR_GATE_JOB, WEIR_LANE_NORMAL);
	struct weir_gate *gate = NULL;
	struct weir_gate_entry *entry = NULL;

	(void)argument;
	if (weir_gate_create(&gate, NULL, NULL) == WEIR_OK &&
	    weir_gate_queue(gate, &request, &entry, NULL) == WEIR_OK)
		weir_gate_finish(gate, &entry, 1, WEIR_OK);
}

static void only_what_was_taken_can_be_finished(void **state)
{
	(void)state;
	assert_true(unit_child_aborts(finish_a_queued_job, NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_leader_takes_jobs_in_their_order),
		cmocka_unit_test(an_exclusive_entry_ends_the_run),
		cmocka_unit_test(deadlines_that_passed_are_ended_on_the_way),
		cmocka_unit_test(whoever_is_called_leads_even_if_its_own_is_too_late),
		cmocka_unit_test(jobs_that_nobody_waits_for_are_attended),
		cmocka_unit_test(who_waits_at_once_is_not_attended),
		cmocka_unit_test(a_sleeper_is_called_from_any_place_of_the_run),
		cmocka_unit_test(leaving_wakes_the_next_and_the_finished),
		cmocka_unit_test(who_does_not_hold_the_gate_cannot_leave_it),
		cmocka_unit_test(only_what_was_taken_can_be_finished),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
