/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Gates and entries for tests: each helper does the usual thing and fails the test
 * when that does not work. For the thread that runs the test.
 */
#ifndef WEIR_UNIT_GATE_FIXTURE_H
#define WEIR_UNIT_GATE_FIXTURE_H

#include <sched.h>
#include <string.h>

#include "testing.h"
#include "unit_check.h"
#include "unit_thread.h"

static const struct weir_time unit_never = {WEIR_TIME_NEVER_NS};
static const struct weir_time unit_past = {1};

static inline struct weir_gate *unit_gate(void)
{
	struct weir_gate *gate = NULL;

	assert_code(weir_gate_create(&gate, NULL, NULL), WEIR_OK);
	assert_non_null(gate);
	return gate;
}

/* A gate that nobody holds and nothing is queued at goes. */
static inline void unit_gate_end(struct weir_gate *gate)
{
	assert_int_equal(weir_gate_length(gate), 0);
	assert_code(weir_gate_close(gate, unit_past, NULL), WEIR_OK);
	weir_gate_destroy(gate);
}

static inline struct weir_gate_request unit_request(enum weir_gate_kind kind, enum weir_lane lane)
{
	struct weir_gate_request request;

	memset(&request, 0, sizeof request);
	request.kind = kind;
	request.lane = lane;
	request.deadline = unit_never;
	request.site = "a test";
	return request;
}

static inline struct weir_gate_entry *unit_queue(struct weir_gate *gate,
                                                 const struct weir_gate_request *request)
{
	struct weir_gate_entry *entry = NULL;

	assert_code(weir_gate_queue(gate, request, &entry, NULL), WEIR_OK);
	assert_non_null(entry);
	return entry;
}

static inline struct weir_gate_entry *unit_job(struct weir_gate *gate, enum weir_lane lane)
{
	const struct weir_gate_request request = unit_request(WEIR_GATE_JOB, lane);

	return unit_queue(gate, &request);
}

static inline struct weir_gate_entry *unit_exclusive(struct weir_gate *gate, enum weir_lane lane)
{
	const struct weir_gate_request request = unit_request(WEIR_GATE_EXCLUSIVE, lane);

	return unit_queue(gate, &request);
}

/* A job that must begin within so many nanoseconds. */
static inline struct weir_gate_entry *unit_hasty_job(struct weir_gate *gate, int64_t timeout_ns)
{
	struct weir_gate_request request = unit_request(WEIR_GATE_JOB, WEIR_LANE_NORMAL);

	request.deadline = weir_deadline_in(timeout_ns);
	return unit_queue(gate, &request);
}

/* Hold the gate with an exclusive entry that was let through. */
static inline void unit_hold(struct weir_gate_entry *entry)
{
	assert_int_equal(weir_gate_poll(entry), WEIR_GATE_HELD);
	assert_int_equal(weir_gate_wait(entry, unit_past), WEIR_GATE_HELD);
}

/* Leave with it. */
static inline void unit_leave(struct weir_gate *gate, struct weir_gate_entry *entry)
{
	assert_true(weir_gate_is_mine(gate));
	weir_gate_leave(gate, NULL, 0);
	assert_false(weir_gate_is_mine(gate));
	assert_code(weir_gate_collect(entry, NULL), WEIR_OK);
}

static inline struct weir_gate_stats unit_gate_stats(struct weir_gate *gate)
{
	struct weir_gate_stats stats;

	memset(&stats, 0, sizeof stats);
	stats.size = (uint32_t)sizeof stats;
	assert_code(weir_gate_read_stats(gate, &stats), WEIR_OK);
	return stats;
}

/* Wait until the thread of entry sleeps. */
static inline void unit_await_sleep(struct weir_gate_entry *entry)
{
	while ((wp_load_rlx_32(&entry->state) & WEIR__ENTRY_ASLEEP) == 0)
		(void)sched_yield(); /* ends: the thread sleeps */
}

/* A thread that waits for an entry once. */
struct unit_gate_waiter {
	struct unit_thread thread;
	struct weir_gate_entry *entry;
	struct weir_time until;
	enum weir_gate_state state;
	bool leaves; /* if it was let through, it leaves again, with what it took */
	uint32_t took;
};

static inline void unit_gate_wait_in_thread(void *argument)
{
	struct unit_gate_waiter *waiter = (struct unit_gate_waiter *)argument;
	struct weir_gate_entry *taken[64];

	waiter->state = weir_gate_wait(waiter->entry, waiter->until);
	if (waiter->leaves && waiter->state == WEIR_GATE_LEAD)
		waiter->took = weir_gate_take(waiter->entry->gate, taken, 64);
	if (waiter->leaves && (waiter->state == WEIR_GATE_LEAD || waiter->state == WEIR_GATE_HELD))
		weir_gate_leave(waiter->entry->gate, taken, waiter->took);
}

static inline void unit_gate_start(struct unit_gate_waiter *waiter, struct weir_gate_entry *entry,
                                   struct weir_time until)
{
	memset(waiter, 0, sizeof *waiter);
	waiter->entry = entry;
	waiter->until = until;
	waiter->leaves = true;
	unit_start(&waiter->thread, unit_gate_wait_in_thread, waiter);
}

#endif
