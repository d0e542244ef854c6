/* SPDX-License-Identifier: BSD-2-Clause
 *
 * An entry from its queueing to its end: who is let through at once, what is
 * refused, deadlines, collecting and abandoning.
 */
#include "gate_fixture.h"

static void a_free_gate_lets_through_at_once(void **state)
{
	struct weir_gate *gate = unit_gate();
	struct weir_gate_request request = unit_request(WEIR_GATE_JOB, WEIR_LANE_NORMAL);
	struct weir_gate_entry *taken = NULL;
	struct weir_gate_entry *entry = unit_exclusive(gate, WEIR_LANE_NORMAL);

	(void)state;
	unit_hold(entry);
	unit_hold(entry);
	unit_leave(gate, entry);
	request.waits = true;
	request.payload = &request;
	request.deadline = weir_deadline_in(WEIR_SECONDS(100));
	entry = unit_queue(gate, &request);
	assert_int_equal(weir_gate_poll(entry), WEIR_GATE_QUEUED);
	assert_ptr_equal(weir_gate_payload(entry), &request);
	assert_int_equal(weir_gate_deadline(entry).ns, request.deadline.ns);
	assert_int_equal(weir_gate_wait(entry, unit_never), WEIR_GATE_LEAD);
	assert_true(weir_gate_is_mine(gate));
	assert_int_equal(weir_gate_take(gate, &taken, 1), 1);
	assert_ptr_equal(taken, entry);
	assert_int_equal(weir_gate_poll(entry), WEIR_GATE_TAKEN);
	weir_gate_leave(gate, &taken, 1);
	assert_int_equal(weir_gate_wait(entry, unit_never), WEIR_GATE_DONE);
	assert_code(weir_gate_collect(entry, NULL), WEIR_OK);
	unit_gate_end(gate);
}

static void what_cannot_be_queued_is_refused(void **state)
{
	static const struct {
		int kind;
		int lane;
		int64_t deadline_ns;
		enum weir_code code;
	} cases[] = {
		{WEIR_GATE_JOB, WEIR_LANE_NORMAL, INT64_MAX, WEIR_OK},
		{WEIR_GATE_MAINTENANCE, WEIR_LANE_NORMAL, INT64_MAX, WEIR_OK},
		{3, WEIR_LANE_NORMAL, INT64_MAX, WEIR_ERR_BAD_ARGUMENT},
		{-1, WEIR_LANE_NORMAL, INT64_MAX, WEIR_ERR_BAD_ARGUMENT},
		{WEIR_GATE_JOB, WEIR_LANES, INT64_MAX, WEIR_ERR_BAD_ARGUMENT},
		{WEIR_GATE_JOB, WEIR_LANE_NORMAL, 0, WEIR_ERR_GATE_TIMEOUT},
		{WEIR_GATE_EXCLUSIVE, WEIR_LANE_BULK, -5, WEIR_ERR_GATE_TIMEOUT},
	};
	struct weir_gate *gate = unit_gate();

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		const struct weir_gate_request request = {
			.kind = (enum weir_gate_kind)cases[i].kind,
			.lane = (enum weir_lane)cases[i].lane,
			.deadline = {cases[i].deadline_ns},
		};
		struct weir_gate_entry *entry = NULL;
		struct weir_error err = WEIR_ERROR_INIT;

		assert_code(weir_gate_queue(gate, &request, &entry, &err), cases[i].code);
		assert_int_equal(entry != NULL, cases[i].code == WEIR_OK);
		assert_int_equal(err.code, cases[i].code);
		if (entry != NULL && !weir_gate_abandon(entry)) {
			unit_hold(entry);
			unit_leave(gate, entry);
		}
	}
	const struct weir_gate_request request = unit_request(WEIR_GATE_JOB, WEIR_LANE_NORMAL);
	struct weir_gate_entry *entry = NULL;

	assert_code(weir_gate_queue(NULL, &request, &entry, NULL), WEIR_ERR_BAD_ARGUMENT);
	assert_code(weir_gate_queue(gate, NULL, &entry, NULL), WEIR_ERR_BAD_ARGUMENT);
	assert_code(weir_gate_queue(gate, &request, NULL, NULL), WEIR_ERR_BAD_ARGUMENT);
	unit_gate_end(gate);
}

static void a_full_queue_refuses(void **state)
{
	const struct weir_gate_config config = {.size = sizeof config, .length_max = 2};
	const struct weir_gate_request request = unit_request(WEIR_GATE_JOB, WEIR_LANE_BULK);
	struct weir_gate *gate = NULL;
	struct weir_gate_entry *extra = NULL;

	(void)state;
	assert_code(weir_gate_create(&gate, &config, NULL), WEIR_OK);
	struct weir_gate_entry *first = unit_job(gate, WEIR_LANE_NORMAL);
	struct weir_gate_entry *second = unit_job(gate, WEIR_LANE_BULK);

	assert_code(weir_gate_queue(gate, &request, &extra, NULL), WEIR_ERR_REJECTED);
	assert_null(extra);
	assert_int_equal(unit_gate_stats(gate).rejected, 1);
	assert_true(weir_gate_abandon(first));
	extra = unit_job(gate, WEIR_LANE_BULK);
	assert_true(weir_gate_abandon(extra));
	assert_true(weir_gate_abandon(second));
	unit_gate_end(gate);
}

static void the_holder_cannot_wait_for_itself(void **state)
{
	struct weir_gate *gate = unit_gate();
	const struct weir_gate_request request = unit_request(WEIR_GATE_JOB, WEIR_LANE_NORMAL);
	struct weir_gate_entry *holder = unit_exclusive(gate, WEIR_LANE_NORMAL);
	struct weir_gate_entry *queued = unit_job(gate, WEIR_LANE_NORMAL);
	struct weir_gate_entry *another = NULL;
	struct weir_gate_entry *taken = NULL;

	(void)state;
	unit_hold(holder);
	assert_code(weir_gate_queue(gate, &request, &another, NULL), WEIR_ERR_REENTRANT);
	assert_int_equal(weir_gate_wait(queued, unit_never), WEIR_GATE_QUEUED);
	assert_int_equal(weir_gate_wait(holder, unit_never), WEIR_GATE_HELD);
	unit_leave(gate, holder);
	assert_int_equal(weir_gate_wait(queued, unit_past), WEIR_GATE_LEAD);
	assert_int_equal(weir_gate_wait(queued, unit_never), WEIR_GATE_QUEUED);
	assert_code(weir_gate_queue(gate, &request, &another, NULL), WEIR_ERR_REENTRANT);
	assert_int_equal(weir_gate_take(gate, &taken, 1), 1);
	assert_int_equal(weir_gate_wait(queued, unit_never), WEIR_GATE_TAKEN);
	weir_gate_leave(gate, &taken, 1);
	assert_code(weir_gate_collect(queued, NULL), WEIR_OK);
	unit_gate_end(gate);
}

static void a_deadline_ends_the_wait(void **state)
{
	(void)state;
	for (int kind = WEIR_GATE_EXCLUSIVE; kind <= WEIR_GATE_MAINTENANCE; kind++) {
		struct weir_gate *gate = unit_gate();
		struct weir_gate_request request =
			unit_request((enum weir_gate_kind)kind, WEIR_LANE_NORMAL);
		struct unit_gate_waiter waiter;
		struct weir_gate_entry *holder = unit_exclusive(gate, WEIR_LANE_NORMAL);

		request.deadline = weir_deadline_in(WEIR_MILLISECONDS(30));
		unit_gate_start(&waiter, unit_queue(gate, &request), unit_never);
		unit_join(&waiter.thread);
		assert_int_equal(waiter.state, WEIR_GATE_DONE);
		assert_true(weir_now().ns >= request.deadline.ns);
		assert_code(weir_gate_collect(waiter.entry, NULL), WEIR_ERR_GATE_TIMEOUT);
		assert_int_equal(unit_gate_stats(gate).timeouts, 1);
		assert_int_equal(weir_gate_length(gate), 0);
		unit_hold(holder);
		unit_leave(gate, holder);
		unit_gate_end(gate);
	}
}

static void a_wait_ends_where_it_was_told_to(void **state)
{
	struct weir_gate *gate = unit_gate();
	struct weir_gate_entry *holder = unit_exclusive(gate, WEIR_LANE_NORMAL);
	struct weir_gate_entry *job = unit_job(gate, WEIR_LANE_NORMAL);
	struct weir_time until = weir_deadline_in(WEIR_MILLISECONDS(2));

	(void)state;
	assert_int_equal(weir_gate_wait(job, unit_past), WEIR_GATE_QUEUED);
	assert_int_equal(weir_gate_wait(job, until), WEIR_GATE_QUEUED);
	assert_true(weir_now().ns >= until.ns);
	assert_false(job->attended);
	unit_hold(holder);
	unit_leave(gate, holder);
	/* Nobody waits for it now, so it is led by whoever attends. */
	assert_true(weir_gate_attend(gate, NULL));
	struct unit_gate_waiter waiter;
	struct weir_gate_entry *taken = NULL;

	assert_int_equal(weir_gate_take(gate, &taken, 1), 1);
	until = weir_deadline_in(WEIR_MILLISECONDS(2));
	unit_gate_start(&waiter, job, until);
	unit_join(&waiter.thread);
	assert_int_equal(waiter.state, WEIR_GATE_TAKEN);
	assert_true(weir_now().ns >= until.ns);
	assert_false(weir_gate_abandon(job));
	weir_gate_leave(gate, &taken, 1);
	assert_code(weir_gate_collect(job, NULL), WEIR_OK);
	unit_gate_end(gate);
}

static void only_what_is_over_is_collected(void **state)
{
	struct weir_gate *gate = unit_gate();
	struct weir_gate_entry *holder = unit_exclusive(gate, WEIR_LANE_NORMAL);
	struct weir_gate_entry *job = unit_job(gate, WEIR_LANE_NORMAL);
	struct weir_gate_entry *taken = NULL;

	(void)state;
	assert_code(weir_gate_collect(NULL, NULL), WEIR_ERR_BAD_ARGUMENT);
	assert_code(weir_gate_collect(holder, NULL), WEIR_ERR_BAD_ARGUMENT);
	assert_code(weir_gate_collect(job, NULL), WEIR_ERR_BAD_ARGUMENT);
	assert_false(weir_gate_abandon(holder));
	unit_hold(holder);
	weir_gate_leave(gate, NULL, 0);
	assert_true(weir_gate_abandon(holder)); /* DONE */
	assert_true(weir_gate_attend(gate, NULL));
	assert_int_equal(weir_gate_take(gate, &taken, 1), 1);
	assert_code(weir_gate_collect(job, NULL), WEIR_ERR_BAD_ARGUMENT);
	weir_gate_finish(gate, &taken, 1, WEIR_ERR_CANCELLED);
	weir_gate_leave(gate, NULL, 0);
	assert_code(weir_gate_collect(job, NULL), WEIR_ERR_CANCELLED);
	unit_gate_end(gate);
}

static void abandoning_lets_the_next_through(void **state)
{
	struct weir_gate *gate = unit_gate();
	struct weir_gate_entry *job = unit_job(gate, WEIR_LANE_NORMAL);
	struct weir_gate_entry *exclusive = unit_exclusive(gate, WEIR_LANE_NORMAL);

	(void)state;
	assert_int_equal(weir_gate_poll(exclusive), WEIR_GATE_QUEUED);
	assert_true(weir_gate_abandon(job));
	unit_hold(exclusive);
	unit_leave(gate, exclusive);
	assert_int_equal(unit_gate_stats(gate).cancelled, 1);
	unit_gate_end(gate);
}

static void whoever_is_called_and_abandons_passes_the_call_on(void **state)
{
	struct weir_gate *gate = unit_gate();
	struct weir_gate_request request = unit_request(WEIR_GATE_JOB, WEIR_LANE_NORMAL);
	struct weir_gate_entry *called;
	struct weir_gate_entry *another;

	(void)state;
	request.waits = true;
	called = unit_queue(gate, &request);
	another = unit_queue(gate, &request);
	assert_ptr_equal(gate->entry, called);
	assert_true(weir_gate_abandon(called));
	assert_int_equal(gate->hold, WEIR__HOLD_CALLED);
	assert_ptr_equal(gate->entry, another);
	assert_true(weir_gate_abandon(another));
	assert_int_equal(gate->hold, WEIR__HOLD_FREE);
	unit_gate_end(gate);
}

static void a_timeout_at_the_front_lets_the_next_through(void **state)
{
	struct weir_gate *gate = unit_gate();
	struct weir_gate_entry *job = unit_hasty_job(gate, WEIR_MILLISECONDS(30));
	struct weir_gate_entry *exclusive = unit_exclusive(gate, WEIR_LANE_NORMAL);

	(void)state;
	while (weir_now().ns < weir_gate_deadline(job).ns)
		(void)sched_yield(); /* ends: the deadline passes */
	assert_int_equal(weir_gate_wait(job, unit_never), WEIR_GATE_DONE);
	assert_code(weir_gate_collect(job, NULL), WEIR_ERR_GATE_TIMEOUT);
	unit_hold(exclusive);
	unit_leave(gate, exclusive);
	unit_gate_end(gate);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_free_gate_lets_through_at_once),
		cmocka_unit_test(what_cannot_be_queued_is_refused),
		cmocka_unit_test(a_full_queue_refuses),
		cmocka_unit_test(the_holder_cannot_wait_for_itself),
		cmocka_unit_test(a_deadline_ends_the_wait),
		cmocka_unit_test(a_wait_ends_where_it_was_told_to),
		cmocka_unit_test(only_what_is_over_is_collected),
		cmocka_unit_test(abandoning_lets_the_next_through),
		cmocka_unit_test(whoever_is_called_and_abandons_passes_the_call_on),
		cmocka_unit_test(a_timeout_at_the_front_lets_the_next_through),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
