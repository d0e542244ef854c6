/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The life of a gate: making and closing it, its figures, and what a fork leaves.
 */
#include "gate_fixture.h"
#include "unit_child.h"

static void creation_looks_at_its_config(void **state)
{
	static const struct {
		uint32_t size;
		int64_t ageing_ns;
		enum weir_code code;
	} cases[] = {
		{sizeof(struct weir_gate_config), 0, WEIR_OK},
		{sizeof(struct weir_gate_config), 5, WEIR_OK},
		{sizeof(struct weir_gate_config) + 8, 5, WEIR_OK},
		{sizeof(struct weir_gate_config), -1, WEIR_ERR_BAD_ARGUMENT},
		{sizeof(struct weir_gate_config) - 1, 0, WEIR_ERR_BAD_ARGUMENT},
		{0, 0, WEIR_ERR_BAD_ARGUMENT},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct weir_gate_config config = {.size = cases[i].size, .ageing_ns = cases[i].ageing_ns};
		struct weir_gate *gate = NULL;

		assert_code(weir_gate_create(&gate, &config, NULL), cases[i].code);
		assert_int_equal(gate != NULL, cases[i].code == WEIR_OK);
		weir_gate_destroy(gate);
	}
	assert_code(weir_gate_create(NULL, NULL, NULL), WEIR_ERR_BAD_ARGUMENT);
	assert_code(weir_gate_close(NULL, unit_past, NULL), WEIR_ERR_BAD_ARGUMENT);
	assert_code(weir_gate_read_stats(NULL, NULL), WEIR_ERR_BAD_ARGUMENT);
	assert_false(weir_gate_attend(NULL, "a test"));
	assert_true(weir_gate_abandon(NULL));
	assert_code(weir_gate_collect(NULL, NULL), WEIR_ERR_BAD_ARGUMENT);
	weir_gate_finish(NULL, NULL, 0, WEIR_OK);
	weir_gate_destroy(NULL);
}

static void closing_ends_what_is_queued_and_refuses_the_rest(void **state)
{
	struct weir_gate *gate = unit_gate();
	const struct weir_gate_request request = unit_request(WEIR_GATE_JOB, WEIR_LANE_NORMAL);
	struct weir_gate_entry *entries[100];
	struct weir_gate_entry *late = NULL;

	(void)state;
	for (int i = 0; i < 100; i++) {
		const enum weir_lane lane = i % 2 == 0 ? WEIR_LANE_NORMAL : WEIR_LANE_BULK;

		entries[i] = i == 50 ? unit_exclusive(gate, lane) : unit_job(gate, lane);
	}
	assert_int_equal(weir_gate_length(gate), 100);
	assert_code(weir_gate_close(gate, unit_past, NULL), WEIR_OK);
	for (int i = 0; i < 100; i++) {
		assert_int_equal(weir_gate_wait(entries[i], unit_never), WEIR_GATE_DONE);
		assert_code(weir_gate_collect(entries[i], NULL), WEIR_ERR_CLOSED);
	}
	assert_code(weir_gate_queue(gate, &request, &late, NULL), WEIR_ERR_CLOSED);
	assert_null(late);
	assert_false(weir_gate_attend(gate, "late"));
	unit_gate_end(gate);
}

static void closing_wakes_whoever_sleeps(void **state)
{
	struct weir_gate *gate = unit_gate();
	struct weir_gate_entry *holder = unit_exclusive(gate, WEIR_LANE_NORMAL);
	struct unit_gate_waiter waiters[40]; /* more than one batch */
	struct weir_error err = WEIR_ERROR_INIT;

	(void)state;
	for (int i = 0; i < 40; i++)
		unit_gate_start(&waiters[i], unit_job(gate, WEIR_LANE_NORMAL), unit_never);
	for (int i = 0; i < 40; i++)
		unit_await_sleep(waiters[i].entry);
	assert_code(weir_gate_close(gate, unit_past, &err), WEIR_ERR_CLOSE_TIMEOUT);
	assert_has(err.message, "a test");
	for (int i = 0; i < 40; i++) {
		unit_join(&waiters[i].thread);
		assert_int_equal(waiters[i].state, WEIR_GATE_DONE);
		assert_code(weir_gate_collect(waiters[i].entry, NULL), WEIR_ERR_CLOSED);
	}
	unit_hold(holder);
	assert_code(weir_gate_close(gate, unit_never, NULL), WEIR_ERR_REENTRANT);
	unit_leave(gate, holder);
	unit_gate_end(gate);
}

struct closer {
	struct unit_thread thread;
	struct weir_gate *gate;
	enum weir_code code;
};

static void close_in_thread(void *argument)
{
	struct closer *closer = argument;

	closer->code = weir_gate_close(closer->gate, unit_never, NULL);
}

static void closing_waits_for_the_holder(void **state)
{
	struct weir_gate *gate = unit_gate();
	struct weir_gate_entry *holder = unit_exclusive(gate, WEIR_LANE_NORMAL);
	struct weir_gate_entry *queued = unit_job(gate, WEIR_LANE_NORMAL);
	struct closer closer = {.gate = gate};

	(void)state;
	unit_hold(holder);
	unit_start(&closer.thread, close_in_thread, &closer);
	while (weir_gate_poll(queued) != WEIR_GATE_DONE)
		(void)sched_yield(); /* ends: close ends what is queued */
	unit_leave(gate, holder);
	unit_join(&closer.thread);
	assert_code(closer.code, WEIR_OK);
	assert_code(weir_gate_collect(queued, NULL), WEIR_ERR_CLOSED);
	unit_gate_end(gate);
}

static void closing_waits_for_those_who_still_wake_others(void **state)
{
	struct weir_gate *gate = unit_gate();

	(void)state;
	gate->waking = 1; /* as between the unlock and the last wake of a leave */
	assert_code(weir_gate_close(gate, unit_past, NULL), WEIR_ERR_CLOSE_TIMEOUT);
	gate->waking = 0;
	unit_gate_end(gate);
}

static void closing_takes_a_call_back(void **state)
{
	struct weir_gate *gate = unit_gate();
	struct weir_gate_request request = unit_request(WEIR_GATE_JOB, WEIR_LANE_NORMAL);
	struct weir_gate_entry *called;

	(void)state;
	request.waits = true;
	called = unit_queue(gate, &request);
	assert_int_equal(gate->hold, WEIR__HOLD_CALLED);
	assert_code(weir_gate_close(gate, unit_past, NULL), WEIR_OK);
	assert_int_equal(weir_gate_wait(called, unit_never), WEIR_GATE_DONE);
	assert_false(weir_gate_is_mine(gate));
	assert_code(weir_gate_collect(called, NULL), WEIR_ERR_CLOSED);
	unit_gate_end(gate);
}

static void a_leader_outlives_its_gate_s_closing(void **state)
{
	struct weir_gate *gate = unit_gate();
	struct weir_gate_entry *first = unit_job(gate, WEIR_LANE_NORMAL);
	struct weir_gate_entry *second = unit_job(gate, WEIR_LANE_NORMAL);
	struct weir_gate_entry *taken[2];
	struct closer closer = {.gate = gate};

	(void)state;
	assert_int_equal(weir_gate_wait(first, unit_never), WEIR_GATE_LEAD);
	assert_int_equal(weir_gate_take(gate, taken, 1), 1);
	unit_start(&closer.thread, close_in_thread, &closer);
	while (weir_gate_poll(second) != WEIR_GATE_DONE)
		(void)sched_yield(); /* ends: close ends what is queued */
	assert_int_equal(weir_gate_take(gate, taken + 1, 1), 0);
	weir_gate_leave(gate, taken, 1);
	unit_join(&closer.thread);
	assert_code(closer.code, WEIR_OK);
	assert_code(weir_gate_collect(first, NULL), WEIR_OK);
	assert_code(weir_gate_collect(second, NULL), WEIR_ERR_CLOSED);
	unit_gate_end(gate);
}

static void figures_add_up(void **state)
{
	struct weir_gate *gate = unit_gate();
	struct weir_gate_entry *taken[8];
	struct weir_gate_stats stats = unit_gate_stats(gate);

	(void)state;
	assert_int_equal(stats.entered, 0);
	assert_int_equal(stats.holder_thread, 0);
	assert_null(stats.holder_site);
	struct weir_gate_entry *holder = unit_exclusive(gate, WEIR_LANE_NORMAL);
	struct weir_gate_entry *jobs[3];

	for (int i = 0; i < 3; i++)
		jobs[i] = unit_job(gate, i == 2 ? WEIR_LANE_BULK : WEIR_LANE_NORMAL);
	unit_hold(holder);
	stats = unit_gate_stats(gate);
	assert_int_equal(stats.size, sizeof stats);
	assert_int_equal(stats.length[WEIR_LANE_NORMAL], 2);
	assert_int_equal(stats.length[WEIR_LANE_BULK], 1);
	assert_int_equal(stats.entered, 4);
	assert_int_equal(stats.exclusives, 1);
	assert_true(stats.held_ns > 0);
	assert_int_equal(stats.holder_thread, wp_thread_id());
	assert_string_equal(stats.holder_site, "a test");
	unit_leave(gate, holder);
	assert_true(weir_gate_attend(gate, "the keeper"));
	assert_string_equal(unit_gate_stats(gate).holder_site, "the keeper");
	assert_int_equal(weir_gate_take(gate, taken, 8), 2);
	weir_gate_leave(gate, taken, 2);
	assert_true(weir_gate_abandon(jobs[2]));
	stats = unit_gate_stats(gate);
	assert_int_equal(stats.groups, 1);
	assert_int_equal(stats.jobs, 2);
	assert_int_equal(stats.cancelled, 1);
	assert_int_equal(stats.held_ns, 0);
	assert_int_equal(stats.holder_thread, 0);
	for (int i = 0; i < 2; i++)
		assert_code(weir_gate_collect(jobs[i], NULL), WEIR_OK);
	stats.size = sizeof stats - 1;
	assert_code(weir_gate_read_stats(gate, &stats), WEIR_ERR_BAD_ARGUMENT);
	assert_code(weir_gate_read_stats(gate, NULL), WEIR_ERR_BAD_ARGUMENT);
	unit_gate_end(gate);
}

/* What a child does with a gate that its parent holds. */
struct child {
	struct weir_gate *gate;
	struct weir_gate_entry *entry;
	struct weir_gate_entry *queued;
	bool *right;
};

static bool own_gate_works(void)
{
	const struct weir_gate_request request = unit_request(WEIR_GATE_EXCLUSIVE, WEIR_LANE_NORMAL);
	struct weir_gate *gate = NULL;
	struct weir_gate_entry *entry = NULL;
	struct weir_gate_stats stats = {.size = sizeof stats};
	bool works = weir_gate_create(&gate, NULL, NULL) == WEIR_OK &&
	             weir_gate_queue(gate, &request, &entry, NULL) == WEIR_OK &&
	             weir_gate_wait(entry, unit_never) == WEIR_GATE_HELD &&
	             weir_gate_read_stats(gate, &stats) == WEIR_OK &&
	             stats.holder_thread == wp_thread_id();

	weir_gate_leave(gate, NULL, 0);
	works = works && weir_gate_collect(entry, NULL) == WEIR_OK;
	weir_gate_destroy(gate);
	return works;
}

static void use_as_child(void *argument)
{
	const struct child *child = argument;
	const struct weir_gate_request request = unit_request(WEIR_GATE_JOB, WEIR_LANE_NORMAL);
	struct weir_gate_entry *entry = NULL;
	struct weir_gate_stats stats = {.size = sizeof stats};

	*child->right = weir_gate_queue(child->gate, &request, &entry, NULL) == WEIR_ERR_FORKED &&
	                weir_gate_wait(child->queued, unit_never) == WEIR_GATE_DONE &&
	                weir_gate_poll(child->entry) == WEIR_GATE_DONE &&
	                weir_gate_collect(child->queued, NULL) == WEIR_ERR_FORKED &&
	                weir_gate_abandon(child->entry) && !weir_gate_is_mine(child->gate) &&
	                weir_gate_take(child->gate, &entry, 1) == 0 &&
	                !weir_gate_attend(child->gate, NULL) &&
	                weir_gate_read_stats(child->gate, &stats) == WEIR_ERR_FORKED &&
	                weir_gate_close(child->gate, unit_past, NULL) == WEIR_ERR_FORKED &&
	                weir_gate_length(child->gate) == 0 && own_gate_works();
	weir_gate_leave(child->gate, NULL, 0);
	weir_gate_destroy(child->gate);
}

static void a_forked_child_touches_nothing(void **state)
{
	struct weir_gate *gate = unit_gate();
	struct weir_gate_entry *holder = unit_exclusive(gate, WEIR_LANE_NORMAL);
	struct weir_gate_entry *queued = unit_job(gate, WEIR_LANE_NORMAL);
	struct child child = {gate, holder, queued, unit_shared(sizeof(bool))};

	(void)state;
	assert_non_null(child.right);
	unit_hold(holder);
	assert_true(unit_child_ends(use_as_child, &child));
	assert_true(*child.right);
	unit_shared_free(child.right, sizeof(bool));
	assert_true(weir_gate_is_mine(gate));
	unit_leave(gate, holder);
	assert_true(weir_gate_abandon(queued));
	unit_gate_end(gate);
	weir_gate_destroy(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(creation_looks_at_its_config),
		cmocka_unit_test(closing_ends_what_is_queued_and_refuses_the_rest),
		cmocka_unit_test(closing_wakes_whoever_sleeps),
		cmocka_unit_test(closing_waits_for_the_holder),
		cmocka_unit_test(closing_waits_for_those_who_still_wake_others),
		cmocka_unit_test(closing_takes_a_call_back),
		cmocka_unit_test(a_leader_outlives_its_gate_s_closing),
		cmocka_unit_test(figures_add_up),
		cmocka_unit_test(a_forked_child_touches_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
