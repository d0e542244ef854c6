/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A gate without memory, and one in a forked child: it says so, and nothing of it
 * has changed.
 */
#include <errno.h>

#include "gate_fixture.h"
#include "unit_child.h"
#include "unit_fault.h"

static void a_gate_without_memory_is_refused(void **state)
{
	struct weir_error err = WEIR_ERROR_INIT;
	struct weir_gate *gate = (struct weir_gate *)&err; /* anything but NULL */

	(void)state;
	unit_fault_arm(UNIT_FAULT_WIPED, 1, 1, ENOMEM);
	assert_code(weir_gate_create(&gate, NULL, &err), WEIR_ERR_NO_MEMORY);
	assert_int_equal(unit_fault_disarm(), 1);
	assert_null(gate);
	assert_has(err.message, "memory");
}

/* Entries are made many at a time: each time there is none left, memory is asked for. */
static void an_entry_without_memory_is_refused(void **state)
{
	struct weir_gate *gate = unit_gate();
	struct weir_gate_request request = unit_request(WEIR_GATE_JOB, WEIR_LANE_NORMAL);
	struct weir_gate_entry *entries[100];
	struct weir_error err = WEIR_ERROR_INIT;
	uint32_t refused = 0;
	uint32_t queued = 0;

	(void)state;
	while (queued < 100) { /* ends: each second try in a row has memory */
		unit_fault_arm(UNIT_FAULT_ALLOC, 1, 1, ENOMEM);
		const enum weir_code code = weir_gate_queue(gate, &request, &entries[queued], &err);

		assert_int_equal(unit_fault_disarm(), code == WEIR_OK ? 0 : 1);
		if (code == WEIR_OK) {
			queued++;
			continue;
		}
		refused++;
		assert_code(code, WEIR_ERR_NO_MEMORY);
		assert_null(entries[queued]);
		assert_int_equal(weir_gate_length(gate), queued);
		entries[queued++] = unit_queue(gate, &request);
	}
	assert_in_range(refused, 2, 99);
	while (queued > 0) /* ends: one less each round */
		assert_true(weir_gate_abandon(entries[--queued]));
	unit_gate_end(gate);
}

struct inheritance {
	struct weir_gate *gate;
	struct weir_gate_entry *queued;
	struct weir_gate_entry *held;
	struct findings {
		enum weir_code queue;
		enum weir_code collect;
		enum weir_code close;
		enum weir_code stats;
		enum weir_gate_state wait;
		enum weir_gate_state poll;
		bool attends;
		bool abandoned;
		bool is_mine;
		uint32_t taken;
	} * found;
};

static void live_as_child(void *argument)
{
	struct inheritance *mine = argument;
	struct findings *found = mine->found;
	struct weir_gate_stats stats = {.size = sizeof stats};
	const struct weir_gate_request request = unit_request(WEIR_GATE_JOB, WEIR_LANE_NORMAL);
	struct weir_gate_entry *entry = NULL;

	found->queue = weir_gate_queue(mine->gate, &request, &entry, NULL);
	found->collect = weir_gate_collect(mine->queued, NULL);
	found->close = weir_gate_close(mine->gate, unit_never, NULL);
	found->stats = weir_gate_read_stats(mine->gate, &stats);
	found->wait = weir_gate_wait(mine->queued, unit_never);
	found->poll = weir_gate_poll(mine->held);
	found->attends = weir_gate_attend(mine->gate, "a child");
	found->is_mine = weir_gate_is_mine(mine->gate);
	found->taken = weir_gate_take(mine->gate, &entry, 1);
	weir_gate_finish(mine->gate, &mine->held, 1, WEIR_OK);
	weir_gate_leave(mine->gate, NULL, 0);
	found->abandoned = weir_gate_abandon(mine->queued);
	weir_gate_destroy(mine->gate);
}

static void a_child_is_refused_and_the_parent_goes_on(void **state)
{
	struct inheritance mine = {.gate = unit_gate()};

	(void)state;
	mine.found = unit_shared(sizeof *mine.found);
	assert_non_null(mine.found);
	mine.held = unit_exclusive(mine.gate, WEIR_LANE_NORMAL);
	mine.queued = unit_job(mine.gate, WEIR_LANE_NORMAL);
	assert_int_equal(weir_gate_wait(mine.held, unit_never), WEIR_GATE_HELD);
	assert_true(unit_child_ends(live_as_child, &mine));
	assert_code(mine.found->queue, WEIR_ERR_FORKED);
	assert_code(mine.found->collect, WEIR_ERR_FORKED);
	assert_code(mine.found->close, WEIR_ERR_FORKED);
	assert_code(mine.found->stats, WEIR_ERR_FORKED);
	assert_int_equal(mine.found->wait, WEIR_GATE_DONE);
	assert_int_equal(mine.found->poll, WEIR_GATE_DONE);
	assert_false(mine.found->attends);
	assert_false(mine.found->is_mine);
	assert_int_equal(mine.found->taken, 0);
	assert_true(mine.found->abandoned); /* so that a child frees what is its own */
	unit_shared_free(mine.found, sizeof *mine.found);

	assert_int_equal(weir_gate_length(mine.gate), 1);
	assert_true(weir_gate_is_mine(mine.gate));
	weir_gate_leave(mine.gate, NULL, 0);
	assert_code(weir_gate_collect(mine.held, NULL), WEIR_OK);
	assert_true(weir_gate_abandon(mine.queued));
	unit_gate_end(mine.gate);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_gate_without_memory_is_refused),
		cmocka_unit_test(an_entry_without_memory_is_refused),
		cmocka_unit_test(a_child_is_refused_and_the_parent_goes_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
