/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Making a gate, closing and freeing it, and its figures. The protocol is in
 * gate_internal.h.
 */
#include "gate_internal.h"

#include <string.h>

#define LENGTH_MAX_DEFAULT 10000
#define AGEING_DEFAULT_NS WEIR_MILLISECONDS(100)

/* Numbers gates for seats (seat.h). They begin far from those of pools, and so
 * that a pool and a gate made one after the other take different seats. */
static wp_u64 next_gate_id = {UINT64_C(1) << 63};

enum weir_code weir_gate_create(struct weir_gate **out, const struct weir_gate_config *config,
                                struct weir_error *err)
{
	struct weir_gate *gate;

	if (out == NULL)
		return weir_fail(err, WEIR_ERR_BAD_ARGUMENT, "gate.create", 0, "gate is NULL");
	*out = NULL;
	if (config != NULL && (config->size < sizeof *config || config->ageing_ns < 0))
		return weir_fail(err, WEIR_ERR_BAD_ARGUMENT, "gate.create", 0,
		                 config->size < sizeof *config ? "config is too short: set its size"
		                                               : "ageing_ns is negative");
	gate = (struct weir_gate *)wp_alloc_wiped(sizeof *gate);
	if (gate == NULL)
		return weir_fail(err, WEIR_ERR_NO_MEMORY, "gate.create", 0, "no memory for the gate");
	if (config != NULL)
		gate->config = *config;
	if (gate->config.length_max == 0)
		gate->config.length_max = LENGTH_MAX_DEFAULT;
	if (gate->config.ageing_ns == 0)
		gate->config.ageing_ns = AGEING_DEFAULT_NS;
	gate->name = "";
	gate->id = wp_add_rlx_64(&next_gate_id, 1);
	gate->magic = WEIR__GATE_MAGIC;
	*out = gate;
	return WEIR_OK;
}

/* End everything that is queued, and let nothing more in. */
static void end_queued(struct weir_gate *gate) WP_EXCLUDES(gate->lock)
{
	uint32_t bits = 0;

	weir__lock(&gate->lock);
	gate->closed = true;
	for (int lane = 0; lane < WEIR_LANES; lane++) {
		while (gate->lanes[lane].head != NULL) { /* ends: each round takes one out */
			struct weir_gate_entry *entry = gate->lanes[lane].head;

			if (weir__gate_end(gate, entry, WEIR_ERR_CLOSED))
				bits |= weir__gate_ring(gate, entry);
		}
	}
	weir__unlock(&gate->lock);
	if (bits != 0)
		wp_futex_wake_bits(&gate->bell, bits); /* A9 */
}

enum weir_code weir_gate_close(struct weir_gate *gate, struct weir_time deadline,
                               struct weir_error *err)
{
	if (gate == NULL)
		return weir_fail(err, WEIR_ERR_BAD_ARGUMENT, "gate.close", 0, "gate is NULL");
	if (!weir__gate_ours(gate))
		return weir_fail(err, WEIR_ERR_FORKED, "gate.close", 0,
		                 "only the parent process may close this gate");
	if (weir_gate_is_mine(gate))
		return weir_fail(err, WEIR_ERR_REENTRANT, "gate.close", 0,
		                 "this thread holds the gate and would wait for itself");
	end_queued(gate);
	for (;;) { /* ends: the holder is gone, or the deadline */
		const uint32_t seen = wp_load_acq_32(&gate->progress); /* N7 */
		const char *site;
		bool gone;

		weir__lock(&gate->lock);
		gone = gate->hold == WEIR__HOLD_FREE && gate->waking == 0;
		site = gate->hold != WEIR__HOLD_FREE ? gate->site : NULL;
		weir__unlock(&gate->lock);
		if (gone)
			return WEIR_OK;
		if (wp_now() >= deadline.ns)
			return weir_fail(err, WEIR_ERR_CLOSE_TIMEOUT, "gate.close", 0,
			                 "thread %u still holds the gate, from %s",
			                 wp_load_rlx_32(&gate->holder_thread),
			                 site != NULL ? site : "an unknown site");
		(void)wp_futex_wait(&gate->progress, seen, deadline.ns);
	}
}

void weir_gate_destroy(struct weir_gate *gate)
{
	if (gate == NULL || !weir__gate_ours(gate))
		return;
	weir__gate_free_stock(gate);
	wp_free_wiped(gate, sizeof *gate);
}

uint32_t weir_gate_length(const struct weir_gate *gate)
{
	return wp_load_rlx_32(&gate->lanes[WEIR_LANE_NORMAL].length) +
	       wp_load_rlx_32(&gate->lanes[WEIR_LANE_BULK].length); /* N5 */
}

enum weir_code weir_gate_read_stats(struct weir_gate *gate, struct weir_gate_stats *stats)
{
	const int64_t now_ns = wp_now();
	bool held;

	if (gate == NULL || stats == NULL || stats->size < sizeof *stats)
		return WEIR_ERR_BAD_ARGUMENT;
	if (!weir__gate_ours(gate))
		return WEIR_ERR_FORKED;
	const uint32_t size = stats->size;

	weir__lock(&gate->lock);
	held = gate->hold != WEIR__HOLD_FREE;
	*stats = gate->counts;
	for (int lane = 0; lane < WEIR_LANES; lane++)
		stats->length[lane] = wp_load_rlx_32(&gate->lanes[lane].length);
	stats->entry_ns = gate->entry_ns;
	/* now was read before the lock: a hold that began since is as old as nothing,
	 * and yet is one. */
	if (held)
		stats->held_ns = now_ns > gate->since_ns ? now_ns - gate->since_ns : 1;
	stats->holder_thread = wp_load_rlx_32(&gate->holder_thread);
	stats->holder_site = held ? gate->site : NULL;
	weir__unlock(&gate->lock);
	stats->size = size;
	return WEIR_OK;
}
