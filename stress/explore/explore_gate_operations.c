/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The operations of the gate cases.
 */
#include "explore_gate.h"

#define SHORT_NS WEIR_MICROSECONDS(50)
#define POLLS 2

static const struct weir_time never = {INT64_MAX};
static const struct weir_time long_ago = {0};

/* Have the gate, alone. */
static void use(uint32_t self)
{
	gate_enters(self);
	gate_world()->used++;
	xp_step("use");
}

/* Lead: carry out what is queued, and leave. Threads of even numbers end their jobs
 * as they leave, the others before. */
static void lead(uint32_t self)
{
	struct gate_world *world = gate_world();
	struct weir_gate_entry *entries[GATE_BATCH];
	uint32_t count;

	use(self);
	count = weir_gate_take(world->gate, entries, GATE_BATCH);
	for (uint32_t i = 0; i < count; i++) {
		struct gate_job *job = (struct gate_job *)weir_gate_payload(entries[i]);

		job->runs++;
	}
	gate_leaves(self);
	if (self % 2 == 0) {
		weir_gate_leave(world->gate, entries, count);
		return;
	}
	weir_gate_finish(world->gate, entries, count, WEIR_OK);
	weir_gate_leave(world->gate, NULL, 0);
}

/* Queue an entry; NULL if the gate may refuse it. */
static struct weir_gate_entry *enter(uint32_t self, enum weir_gate_kind kind, enum weir_lane lane,
                                     int64_t timeout_ns, bool waits)
{
	struct gate_world *world = gate_world();
	const struct weir_gate_request request = {
		.kind = kind,
		.lane = lane,
		.deadline = {timeout_ns == INT64_MAX ? INT64_MAX : wp_now() + timeout_ns},
		.waits = waits,
		.payload = &world->jobs[self],
	};
	struct weir_gate_entry *entry;
	const enum weir_code code = weir_gate_queue(world->gate, &request, &entry, NULL);

	XP_ASSERT((code == WEIR_OK) == (entry != NULL));
	XP_ASSERT(code == WEIR_OK || (code == WEIR_ERR_CLOSED && gate_is_closing()) ||
	          (code == WEIR_ERR_NO_MEMORY && xp_events_used() > 0) ||
	          (code == WEIR_ERR_GATE_TIMEOUT && timeout_ns != INT64_MAX));
	return entry;
}

static void collect(struct weir_gate_entry *entry, const struct gate_job *job, bool may_be_late)
{
	const enum weir_code code = weir_gate_collect(entry, NULL);

	if (code == WEIR_OK) {
		XP_ASSERT(job == NULL || job->runs == 1);
		return;
	}
	XP_ASSERT(job == NULL || job->runs == 0);
	XP_ASSERT((code == WEIR_ERR_CLOSED && gate_is_closing()) ||
	          (code == WEIR_ERR_GATE_TIMEOUT && may_be_late));
}

/* See an entry through to its end. */
static void see_through(struct weir_gate_entry *entry, uint32_t self, const struct gate_job *job,
                        bool may_be_late)
{
	for (;;) { /* ends: by DONE */
		const enum weir_gate_state state = weir_gate_wait(entry, never);

		if (state == WEIR_GATE_DONE) {
			/* What the leader did is there already, before it is collected. */
			XP_ASSERT(job == NULL || job->runs <= 1);
			collect(entry, job, may_be_late);
			return;
		}
		if (state == WEIR_GATE_HELD) {
			use(self);
			gate_leaves(self);
			weir_gate_leave(gate_world()->gate, NULL, 0);
			continue;
		}
		XP_ASSERT(state == WEIR_GATE_LEAD);
		lead(self);
	}
}

static void run_entry(uint32_t self, enum weir_gate_kind kind, enum weir_lane lane,
                      int64_t timeout_ns, bool waits)
{
	struct weir_gate_entry *entry = enter(self, kind, lane, timeout_ns, waits);

	if (entry != NULL)
		see_through(entry, self, kind == WEIR_GATE_JOB ? &gate_world()->jobs[self] : NULL,
		            timeout_ns != INT64_MAX);
}

static void run_job(uint32_t self)
{
	run_entry(self, WEIR_GATE_JOB, WEIR_LANE_NORMAL, INT64_MAX, true);
}

static void run_bulk(uint32_t self)
{
	run_entry(self, WEIR_GATE_JOB, WEIR_LANE_BULK, INT64_MAX, true);
}

static void run_late_job(uint32_t self)
{
	run_entry(self, WEIR_GATE_JOB, WEIR_LANE_NORMAL, SHORT_NS, true);
}

static void run_exclusive(uint32_t self)
{
	run_entry(self, WEIR_GATE_EXCLUSIVE, WEIR_LANE_NORMAL, INT64_MAX, true);
}

static void run_late_exclusive(uint32_t self)
{
	run_entry(self, WEIR_GATE_EXCLUSIVE, WEIR_LANE_NORMAL, SHORT_NS, false);
}

static void run_maintenance(uint32_t self)
{
	run_entry(self, WEIR_GATE_MAINTENANCE, WEIR_LANE_BULK, INT64_MAX, true);
}

/* A ticket: nobody waits at first. */
static void run_ticket(uint32_t self)
{
	run_entry(self, WEIR_GATE_JOB, WEIR_LANE_NORMAL, INT64_MAX, false);
}

/* Poll, and then give up; or see through what has begun. */
static void run_abandon(uint32_t self)
{
	struct gate_job *job = &gate_world()->jobs[self];
	struct weir_gate_entry *entry = enter(self, WEIR_GATE_JOB, WEIR_LANE_NORMAL, INT64_MAX, false);

	for (int poll = 0; entry != NULL && poll < POLLS; poll++) {
		const enum weir_gate_state state = weir_gate_wait(entry, long_ago);

		if (state == WEIR_GATE_LEAD)
			lead(self);
	}
	if (entry == NULL)
		return;
	const enum weir_gate_state seen = weir_gate_poll(entry);

	if (weir_gate_abandon(entry))
		XP_ASSERT(job->runs == 0 || seen == WEIR_GATE_TAKEN || seen == WEIR_GATE_DONE ||
		          seen == WEIR_GATE_QUEUED);
	else
		see_through(entry, self, job, false);
}

/* The leader dies while it carries jobs out: what its cleanup has to do is end those
 * it took, leave, and give its own entry up. */
static void run_death(uint32_t self)
{
	struct weir_gate_entry *entry = enter(self, WEIR_GATE_JOB, WEIR_LANE_NORMAL, INT64_MAX, true);
	enum weir_gate_state state;

	if (entry == NULL)
		return;
	state = weir_gate_wait(entry, never);
	if (state == WEIR_GATE_LEAD) {
		lead(self);
		if (weir_gate_abandon(entry))
			return;
	}
	see_through(entry, self, &gate_world()->jobs[self], false);
}

/* Whoever attends, as the keeper does. */
static void run_attend(uint32_t self)
{
	for (int look = 0; look < POLLS; look++) {
		if (weir_gate_attend(gate_world()->gate, NULL))
			lead(self);
	}
}

static void run_close(uint32_t self)
{
	(void)self;
	gate_closing();
	XP_ASSERT(weir_gate_close(gate_world()->gate, never, NULL) == WEIR_OK);
}

const struct gate_operation *gate_operations(uint32_t *count)
{
	static const struct gate_operation all[] = {
		{"job", run_job},
		{"bulk", run_bulk},
		{"late job", run_late_job},
		{"exclusive", run_exclusive},
		{"late exclusive", run_late_exclusive},
		{"maintenance", run_maintenance},
		{"ticket", run_ticket},
		{"abandon", run_abandon},
		{"death", run_death},
		{"attend", run_attend},
		{"close", run_close},
	};

	*count = sizeof all / sizeof all[0];
	return all;
}
