/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What is asserted of a gate: one holder, the order of each lane, that nothing waits
 * at a free gate, and that no entry is lost.
 */
#include "explore_gate.h"

void gate_enters(uint32_t self)
{
	struct gate_world *world = gate_world();

	XP_ASSERT(world->inside == 0); /* A1 */
	world->inside = self + 1;
}

void gate_leaves(uint32_t self)
{
	struct gate_world *world = gate_world();

	XP_ASSERT(world->inside == self + 1);
	world->inside = 0;
}

void gate_closing(void)
{
	gate_world()->closing = true;
}

bool gate_is_closing(void)
{
	return gate_world()->closing;
}

static uint32_t state_of(const struct weir_gate_entry *entry)
{
	return weir__entry_state((uint32_t)xp_peek(&entry->state, sizeof entry->state));
}

static bool is_queued(const struct weir__gate_lane *lane, const struct weir_gate_entry *entry)
{
	const struct weir_gate_entry *at = lane->head;

	while (at != NULL && at != entry)
		at = at->next;
	return at != NULL;
}

/* A2: whoever left the lane to begin was its front. */
static void check_order(const struct gate_lane_seen *seen, const struct weir__gate_lane *lane)
{
	bool passed = false;

	for (uint32_t i = 0; i < seen->count; i++) {
		const uint32_t state = state_of(seen->entries[i]);

		if (is_queued(lane, seen->entries[i]))
			passed = true;
		else
			XP_ASSERT(!passed || (state != WEIR__ENTRY_TAKEN && state != WEIR__ENTRY_HELD));
	}
}

static void remember(struct gate_lane_seen *seen, const struct weir__gate_lane *lane)
{
	uint32_t attended = 0;

	seen->count = 0;
	for (const struct weir_gate_entry *at = lane->head; at != NULL; at = at->next) {
		XP_ASSERT(seen->count < GATE_QUEUE_MAX);
		seen->entries[seen->count++] = at;
		attended += at->attended;
		XP_ASSERT(at->next == NULL ? lane->tail == at : at->next->prev == at);
	}
	XP_ASSERT(attended == lane->attended);
	XP_ASSERT(seen->count == xp_peek(&lane->length, sizeof lane->length));
}

/* A3, as far as time plays no part: the lane is the only one with entries, none of
 * which has a deadline. */
static void check_settled(const struct weir_gate *gate, const struct gate_lane_seen *seen)
{
	for (uint32_t i = 0; i < seen->count; i++) {
		if (seen->entries[i]->deadline_ns != INT64_MAX)
			return;
	}
	if (gate->hold != WEIR__HOLD_FREE || gate->closed)
		return;
	for (uint32_t i = 0; i < seen->count && seen->entries[i]->kind == WEIR_GATE_JOB; i++)
		XP_ASSERT(!seen->entries[i]->attended);
	XP_ASSERT(seen->count == 0 || seen->entries[0]->kind == WEIR_GATE_JOB);
}

void gate_invariant(const struct xp_case *self)
{
	struct gate_world *world = gate_world();
	const struct weir_gate *gate = world->gate;

	(void)self;
	if (xp_peek(&gate->lock.word, sizeof gate->lock.word) != 0)
		return;
	for (int lane = 0; lane < WEIR_LANES; lane++) {
		check_order(&world->lanes[lane], &gate->lanes[lane]);
		remember(&world->lanes[lane], &gate->lanes[lane]);
	}
	if (world->lanes[WEIR_LANE_BULK].count == 0)
		check_settled(gate, &world->lanes[WEIR_LANE_NORMAL]);
	if (world->lanes[WEIR_LANE_NORMAL].count == 0)
		check_settled(gate, &world->lanes[WEIR_LANE_BULK]);
	XP_ASSERT((gate->hold == WEIR__HOLD_CALLED || gate->hold == WEIR__HOLD_HELD) ==
	          (gate->entry != NULL));
}

void gate_finish(const struct xp_case *self)
{
	const struct gate_world *world = gate_world();
	const struct weir_gate *gate = world->gate;
	uint32_t stock = 0;
	uint64_t done = 0;

	gate_invariant(self);
	XP_ASSERT(gate->hold == WEIR__HOLD_FREE && gate->waking == 0 && world->inside == 0);
	XP_ASSERT(world->lanes[WEIR_LANE_NORMAL].count == 0 && world->lanes[WEIR_LANE_BULK].count == 0);
	XP_ASSERT(xp_peek(&gate->holder, sizeof gate->holder) == 0);
	for (const struct weir_gate_entry *at = gate->stock; at != NULL; at = at->next) {
		XP_ASSERT(state_of(at) == WEIR__ENTRY_FREE);
		stock++;
	}
	/* Entries are made by the chunk, and all are back. */
	XP_ASSERT(stock % 32 == 0 && (stock > 0) == (gate->chunks != NULL));
	for (uint32_t i = 0; i < GATE_THREADS_MAX; i++)
		done += world->jobs[i].runs;
	XP_ASSERT(done == gate->counts.jobs);
	XP_ASSERT(world->used == gate->counts.groups + gate->counts.exclusives);
}
