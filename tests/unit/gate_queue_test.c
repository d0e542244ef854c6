/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The queue of a gate: lanes and their ageing, what an entry is expected to take,
 * and the stock of entries.
 */
#include "gate_fixture.h"

static void normal_goes_before_bulk(void **state)
{
	struct weir_gate *gate = unit_gate();
	struct weir_gate_entry *first = unit_exclusive(gate, WEIR_LANE_NORMAL);
	struct weir_gate_entry *bulk = unit_exclusive(gate, WEIR_LANE_BULK);
	const struct weir_gate_request request = unit_request(WEIR_GATE_MAINTENANCE, WEIR_LANE_NORMAL);
	struct weir_gate_entry *maintenance = unit_queue(gate, &request);
	struct weir_gate_entry *normal[2];
	struct weir_gate_entry *order[4];

	(void)state;
	normal[0] = unit_exclusive(gate, WEIR_LANE_NORMAL);
	normal[1] = unit_exclusive(gate, WEIR_LANE_NORMAL);
	order[0] = normal[0];
	order[1] = normal[1];
	order[2] = bulk;
	order[3] = maintenance;
	gate->config.ageing_ns = WEIR_SECONDS(1000);
	unit_hold(first);
	unit_leave(gate, first);
	for (int i = 0; i < 4; i++) {
		unit_hold(order[i]);
		unit_leave(gate, order[i]);
	}
	unit_gate_end(gate);
}

static void aged_bulk_takes_turns(void **state)
{
	struct weir_gate *gate = unit_gate();
	struct weir_gate_entry *first = unit_exclusive(gate, WEIR_LANE_NORMAL);
	struct weir_gate_entry *bulk[3];
	struct weir_gate_entry *normal[3];

	(void)state;
	for (int i = 0; i < 3; i++) {
		bulk[i] = unit_exclusive(gate, WEIR_LANE_BULK);
		normal[i] = unit_exclusive(gate, WEIR_LANE_NORMAL);
		bulk[i]->since_ns -= WEIR_SECONDS(10); /* as if it had waited */
	}
	unit_hold(first);
	unit_leave(gate, first);
	for (int i = 0; i < 3; i++) {
		unit_hold(bulk[i]);
		unit_leave(gate, bulk[i]);
		unit_hold(normal[i]);
		unit_leave(gate, normal[i]);
	}
	unit_gate_end(gate);
}

static void one_hold_takes_from_one_lane(void **state)
{
	struct weir_gate *gate = unit_gate();
	struct weir_gate_entry *normal = unit_job(gate, WEIR_LANE_NORMAL);
	struct weir_gate_entry *bulk = unit_job(gate, WEIR_LANE_BULK);
	struct weir_gate_entry *taken[2];

	(void)state;
	/* Bulk is not next, so who waits for it does not lead. */
	assert_int_equal(weir_gate_wait(bulk, unit_past), WEIR_GATE_QUEUED);
	assert_int_equal(weir_gate_wait(normal, unit_past), WEIR_GATE_LEAD);
	assert_int_equal(weir_gate_take(gate, taken, 2), 1);
	assert_ptr_equal(taken[0], normal);
	weir_gate_leave(gate, taken, 1);
	assert_int_equal(weir_gate_wait(bulk, unit_past), WEIR_GATE_LEAD);
	assert_int_equal(weir_gate_take(gate, taken + 1, 1), 1);
	weir_gate_leave(gate, taken + 1, 1);
	assert_code(weir_gate_collect(normal, NULL), WEIR_OK);
	assert_code(weir_gate_collect(bulk, NULL), WEIR_OK);
	unit_gate_end(gate);
}

static void attending_looks_at_the_lanes_anew(void **state)
{
	struct weir_gate *gate = unit_gate();
	struct weir_gate_entry *normal = unit_job(gate, WEIR_LANE_NORMAL);
	struct weir_gate_entry *bulk = unit_exclusive(gate, WEIR_LANE_BULK);

	(void)state;
	bulk->since_ns -= WEIR_SECONDS(10); /* as if it had waited */
	assert_false(weir_gate_attend(gate, NULL));
	unit_hold(bulk);
	unit_leave(gate, bulk);
	assert_true(weir_gate_attend(gate, NULL));
	assert_true(weir_gate_abandon(normal));
	weir_gate_leave(gate, NULL, 0);
	unit_gate_end(gate);
}

/* One hold that served so many entries and took so long. */
static void measure(struct weir_gate *gate, uint32_t served, int64_t held_ns)
{
	gate->served = served;
	gate->since_ns = 1000;
	weir__gate_measure(gate, 1000 + held_ns);
}

static void the_average_follows_without_believing_outliers(void **state)
{
	struct weir_gate *gate = unit_gate();

	(void)state;
	measure(gate, 0, 5000); /* nothing was served: nothing is learnt */
	assert_int_equal(gate->measured, 0);
	measure(gate, 10, 8000);
	assert_int_equal(gate->entry_ns, 800);
	measure(gate, 1, 1600);
	assert_int_equal(gate->entry_ns, 900);
	measure(gate, 1, 100);
	assert_int_equal(gate->entry_ns, 800);
	measure(gate, 1, WEIR_SECONDS(100)); /* counts as 4 × 800 */
	assert_int_equal(gate->entry_ns, 1100);
	assert_int_equal(gate->measured, 4);
	for (int i = 0; i < 100; i++)
		measure(gate, 1, 1000);
	assert_int_equal(gate->measured, WEIR__GATE_MEASURED);
	assert_in_range(gate->entry_ns, 1000, 1010);
	unit_gate_end(gate);
}

static void what_cannot_begin_in_time_is_rejected(void **state)
{
	static const struct {
		uint32_t measured;
		bool accept_late;
		enum weir_lane lane;
		int64_t timeout_ns;
		bool rejected;
	} cases[] = {
		/* Three normal entries and two bulk ones are queued, of 100 s each. */
		{WEIR__GATE_MEASURED, false, WEIR_LANE_NORMAL, WEIR_SECONDS(200), true},
		{WEIR__GATE_MEASURED, false, WEIR_LANE_NORMAL, WEIR_SECONDS(399), false},
		{WEIR__GATE_MEASURED, false, WEIR_LANE_BULK, WEIR_SECONDS(399), true},
		{WEIR__GATE_MEASURED, false, WEIR_LANE_BULK, WEIR_SECONDS(599), false},
		{WEIR__GATE_MEASURED, true, WEIR_LANE_NORMAL, WEIR_SECONDS(10), false},
		{WEIR__GATE_MEASURED - 1, false, WEIR_LANE_NORMAL, WEIR_SECONDS(10), false},
	};
	struct weir_gate *gate = unit_gate();
	struct weir_gate_entry *queued[5];

	(void)state;
	for (int i = 0; i < 5; i++)
		queued[i] = unit_job(gate, i < 3 ? WEIR_LANE_NORMAL : WEIR_LANE_BULK);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct weir_gate_request request = unit_request(WEIR_GATE_JOB, cases[i].lane);
		struct weir_gate_entry *entry = NULL;

		gate->entry_ns = WEIR_SECONDS(100);
		gate->measured = cases[i].measured;
		gate->config.accept_late = cases[i].accept_late;
		request.deadline = weir_deadline_in(cases[i].timeout_ns);
		assert_code(weir_gate_queue(gate, &request, &entry, NULL),
		            cases[i].rejected ? WEIR_ERR_REJECTED : WEIR_OK);
		if (entry != NULL)
			assert_true(weir_gate_abandon(entry));
	}
	for (int i = 0; i < 5; i++)
		assert_true(weir_gate_abandon(queued[i]));
	unit_gate_end(gate);
}

static void an_empty_gate_rejects_nobody(void **state)
{
	struct weir_gate *gate = unit_gate();
	struct weir_gate_entry *entry;

	(void)state;
	gate->entry_ns = WEIR_SECONDS(1000);
	gate->measured = WEIR__GATE_MEASURED;
	entry = unit_hasty_job(gate, WEIR_SECONDS(1));
	assert_true(weir_gate_abandon(entry));
	unit_gate_end(gate);
}

static void entries_are_used_again(void **state)
{
	struct weir_gate *gate = unit_gate();
	struct weir_gate_entry *first = unit_job(gate, WEIR_LANE_NORMAL);

	(void)state;
	assert_true(weir_gate_abandon(first));
	for (int i = 0; i < 10000; i++) {
		struct weir_gate_entry *entry = unit_job(gate, WEIR_LANE_BULK);

		assert_ptr_equal(entry, first);
		assert_true(weir_gate_abandon(entry));
	}
	unit_gate_end(gate);
}

static void whoever_gives_up_leaves_the_order_of_the_others(void **state)
{
	struct weir_gate *gate = unit_gate();
	struct weir_gate_entry *jobs[100];
	struct weir_gate_entry *taken[100];

	(void)state;
	for (int i = 0; i < 100; i++)
		jobs[i] = unit_job(gate, WEIR_LANE_NORMAL);
	for (int i = 0; i < 100; i += 3)
		assert_true(weir_gate_abandon(jobs[i]));
	assert_true(weir_gate_attend(gate, NULL));
	assert_int_equal(weir_gate_take(gate, taken, 100), 66);
	for (int i = 0; i < 66; i++)
		assert_ptr_equal(taken[i], jobs[i / 2 * 3 + 1 + i % 2]);
	weir_gate_leave(gate, taken, 66);
	for (int i = 0; i < 66; i++)
		assert_code(weir_gate_collect(taken[i], NULL), WEIR_OK);
	unit_gate_end(gate);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(normal_goes_before_bulk),
		cmocka_unit_test(aged_bulk_takes_turns),
		cmocka_unit_test(one_hold_takes_from_one_lane),
		cmocka_unit_test(attending_looks_at_the_lanes_anew),
		cmocka_unit_test(the_average_follows_without_believing_outliers),
		cmocka_unit_test(what_cannot_begin_in_time_is_rejected),
		cmocka_unit_test(an_empty_gate_rejects_nobody),
		cmocka_unit_test(entries_are_used_again),
		cmocka_unit_test(whoever_gives_up_leaves_the_order_of_the_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
