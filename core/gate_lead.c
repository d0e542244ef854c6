/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Holding a gate: coming and going, taking jobs and finishing them. The protocol
 * is in gate_internal.h.
 */
#include "gate_internal.h"

#include "invariant.h"
#include "probe.h"
#include "seat.h"

void weir__gate_come(struct weir_gate *gate)
{
	struct weir__seat *seat = weir__seat_find(gate->id);

	if (seat->pool_id != gate->id)
		weir__seat_take(seat, gate->id, 1);
	wp_store_rlx_ptr(&gate->holder, wp_thread_storage()); /* N4 */
	wp_store_rlx_32(&gate->holder_thread, seat->thread);
}

void weir__gate_go(struct weir_gate *gate)
{
	wp_store_rlx_ptr(&gate->holder, NULL); /* N4 */
	wp_store_rlx_32(&gate->holder_thread, 0);
}

bool weir_gate_is_mine(const struct weir_gate *gate)
{
	return gate != NULL && wp_load_rlx_ptr(&gate->holder) == wp_thread_storage(); /* N4 */
}

void weir__gate_unlock(struct weir_gate *gate, const struct weir__gate_then *then)
{
	void (*const unattended)(void *arg) = gate->config.unattended;
	void *const arg = gate->config.arg;

	weir__unlock(&gate->lock);
	if (then->wake != 0)
		wp_futex_wake_bits(&gate->bell, then->wake); /* A6 */
	if (then->ask && unattended != NULL)
		unattended(arg);
}

bool weir_gate_attend(struct weir_gate *gate, const char *site)
{
	struct weir__gate_then then = {0, false};
	const int64_t now_ns = wp_now();
	bool leads;

	if (gate == NULL || !weir__gate_ours(gate) || weir_gate_is_mine(gate))
		return false;
	weir__lock(&gate->lock);
	/* Time may have made another lane the next since the gate was settled. */
	weir__gate_settle(gate, now_ns, &then);
	const struct weir_gate_entry *front =
		gate->hold == WEIR__HOLD_FREE && !gate->closed ? weir__gate_front(gate, now_ns) : NULL;

	leads = front != NULL;
	if (leads) {
		then.ask = false;
		weir__gate_begin(gate, WEIR__HOLD_LED, front->lane, NULL, site, now_ns);
		weir__gate_come(gate);
	}
	weir__gate_unlock(gate, &then);
	return leads;
}

uint32_t weir_gate_take(struct weir_gate *gate, struct weir_gate_entry **entries, uint32_t max)
{
	uint32_t taken = 0;
	int64_t now_ns;

	if (!weir_gate_is_mine(gate))
		return 0;
	now_ns = wp_now();
	weir__lock(&gate->lock);
	const struct weir__gate_lane *lane = &gate->lanes[gate->lane];

	while (taken < max && gate->hold == WEIR__HOLD_LED && lane->head != NULL &&
	       lane->head->kind == WEIR_GATE_JOB) { /* ends: each round takes an entry out */
		struct weir_gate_entry *entry = lane->head;

		if (entry->deadline_ns <= now_ns) {
			(void)weir__gate_end(gate, entry, WEIR_ERR_GATE_TIMEOUT); /* A7 */
			continue;
		}
		weir__gate_unlink(gate, entry);
		(void)weir__gate_move(entry, WEIR__ENTRY_TAKEN);
		entries[taken++] = entry;
	}
	gate->served += taken;
	gate->counts.jobs += taken;
	weir__unlock(&gate->lock);
	for (uint32_t i = 0; i < taken; i++)
		weir__probe_gate_enter(gate->name, now_ns - entries[i]->since_ns,
		                       (int32_t)entries[i]->lane);
	return taken;
}

/* Under the lock: end jobs that were taken; the bits of those whose threads sleep,
 * which must be woken (A8, A9). */
static uint32_t end_taken(struct weir_gate *gate, struct weir_gate_entry *const *entries,
                          uint32_t count, enum weir_code code) WP_REQUIRES(gate->lock)
{
	uint32_t bits = 0;

	for (uint32_t i = 0; i < count; i++) {
		struct weir_gate_entry *entry = entries[i];
		const uint32_t state = weir__entry_state(wp_load_rlx_32(&entry->state));

		WEIR_ASSERT(entry->gate == gate && state == WEIR__ENTRY_TAKEN);
		entry->code = code;
		if (weir__gate_move(entry, WEIR__ENTRY_DONE))
			bits |= weir__gate_ring(gate, entry);
	}
	gate->waking += bits != 0;
	return bits;
}

static void wake_ended(struct weir_gate *gate, uint32_t bits) WP_EXCLUDES(gate->lock)
{
	bool closed;

	wp_futex_wake_bits(&gate->bell, bits);
	weir__lock(&gate->lock);
	gate->waking--;
	closed = gate->closed;
	if (closed)
		(void)wp_add_full_32(&gate->progress, 1); /* N6 */
	weir__unlock(&gate->lock);
	if (closed)
		wp_futex_wake(&gate->progress, INT32_MAX);
}

void weir_gate_finish(struct weir_gate *gate, struct weir_gate_entry *const *entries,
                      uint32_t count, enum weir_code code)
{
	uint32_t asleep;

	if (gate == NULL || !weir__gate_ours(gate) || count == 0)
		return;
	weir__lock(&gate->lock);
	asleep = end_taken(gate, entries, count, code);
	weir__unlock(&gate->lock);
	if (asleep != 0)
		wake_ended(gate, asleep);
}

/* Under the lock: the gate is nobody's, until it is settled. */
static void let_go(struct weir_gate *gate, int64_t now_ns) WP_REQUIRES(gate->lock)
{
	weir__gate_measure(gate, now_ns);
	if (gate->hold == WEIR__HOLD_LED) {
		gate->counts.groups++;
	} else {
		gate->entry->code = WEIR_OK;
		(void)weir__gate_move(gate->entry, WEIR__ENTRY_DONE); /* its thread is this one */
	}
	gate->hold = WEIR__HOLD_FREE;
	wp_hint_write(&gate->shown_since_ns, 0);
	gate->entry = NULL;
	weir__gate_go(gate);
	if (gate->closed)
		(void)wp_add_full_32(&gate->progress, 1); /* N6 */
}

void weir_gate_leave(struct weir_gate *gate, struct weir_gate_entry *const *entries, uint32_t count)
{
	struct weir__gate_then then = {0, false};
	void (*unattended)(void *arg);
	void *arg;
	int64_t now_ns;
	uint32_t asleep;
	bool closed;

	if (!weir_gate_is_mine(gate))
		return;
	now_ns = wp_now();
	weir__lock(&gate->lock);
	let_go(gate, now_ns);
	asleep = end_taken(gate, entries, count, WEIR_OK);
	weir__gate_settle(gate, now_ns, &then);
	unattended = then.ask ? gate->config.unattended : NULL;
	arg = gate->config.arg;
	closed = gate->closed;
	weir__unlock(&gate->lock);
	if (then.wake != 0)
		wp_futex_wake_bits(&gate->bell, then.wake); /* A6 */
	if (closed)
		wp_futex_wake(&gate->progress, INT32_MAX);
	if (asleep != 0)
		wake_ended(gate, asleep);
	if (unattended != NULL)
		unattended(arg);
}
