/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The queue of a gate: its stock of entries, its lanes, who is next, and how long
 * an entry is expected to wait. The protocol is in gate_internal.h.
 */
#include "gate_internal.h"
#include "probe.h"

/* Entries are made in chunks and kept until the gate goes (A6). */
#define CHUNK_ENTRIES 32

/* What one hold may change of the average: an eighth of it, and of an outlier
 * (a checkpoint, a stalled disk) no more than so many times the average. */
#define AVERAGE_WEIGHT 8
#define OUTLIER_TIMES 4

struct weir__gate_chunk {
	struct weir__gate_chunk *next;
	struct weir_gate_entry entries[CHUNK_ENTRIES];
};

/* ---- the stock ---- */

bool weir__gate_grow(struct weir_gate *gate)
{
	struct weir__gate_chunk *chunk =
		(struct weir__gate_chunk *)wp_alloc(WEIR__CACHE_LINE, sizeof *chunk);

	if (chunk == NULL)
		return false;
	for (int i = 0; i < CHUNK_ENTRIES; i++) {
		chunk->entries[i].gate = gate;
		chunk->entries[i].next = i + 1 < CHUNK_ENTRIES ? &chunk->entries[i + 1] : NULL;
	}
	weir__lock(&gate->lock);
	chunk->next = gate->chunks;
	gate->chunks = chunk;
	chunk->entries[CHUNK_ENTRIES - 1].next = gate->stock;
	gate->stock = &chunk->entries[0];
	weir__unlock(&gate->lock);
	return true;
}

void weir__gate_free_stock(struct weir_gate *gate)
{
	while (gate->chunks != NULL) {
		struct weir__gate_chunk *chunk = gate->chunks;

		gate->chunks = chunk->next;
		wp_free(chunk);
	}
	gate->stock = NULL;
}

void weir__gate_retire(struct weir_gate *gate, struct weir_gate_entry *entry)
{
	wp_store_rlx_32(&entry->state, WEIR__ENTRY_FREE);
	entry->next = gate->stock;
	gate->stock = entry;
}

/* ---- lanes ---- */

static void count_length(struct weir__gate_lane *lane, uint32_t change)
{
	wp_store_rlx_32(&lane->length, wp_load_rlx_32(&lane->length) + change); /* N5 */
}

void weir__gate_attend_to(struct weir_gate *gate, struct weir_gate_entry *entry, bool attended)
{
	struct weir__gate_lane *lane = &gate->lanes[entry->lane];

	if (entry->attended == attended || entry->kind != WEIR_GATE_JOB)
		return;
	entry->attended = attended;
	lane->attended += attended ? 1 : UINT32_MAX;
}

void weir__gate_link(struct weir_gate *gate, struct weir_gate_entry *entry)
{
	struct weir__gate_lane *lane = &gate->lanes[entry->lane];

	entry->prev = lane->tail;
	entry->next = NULL;
	if (lane->tail != NULL)
		lane->tail->next = entry;
	else
		lane->head = entry;
	lane->tail = entry;
	count_length(lane, 1);
}

void weir__gate_unlink(struct weir_gate *gate, struct weir_gate_entry *entry)
{
	struct weir__gate_lane *lane = &gate->lanes[entry->lane];

	weir__gate_attend_to(gate, entry, false);
	if (entry->prev != NULL)
		entry->prev->next = entry->next;
	else
		lane->head = entry->next;
	if (entry->next != NULL)
		entry->next->prev = entry->prev;
	else
		lane->tail = entry->prev;
	count_length(lane, UINT32_MAX);
}

bool weir__gate_move(struct weir_gate_entry *entry, uint32_t state)
{
	const uint32_t asleep = wp_load_rlx_32(&entry->state) & WEIR__ENTRY_ASLEEP;

	wp_store_rel_32(&entry->state, state | asleep); /* N1 */
	return asleep != 0;
}

bool weir__gate_end(struct weir_gate *gate, struct weir_gate_entry *entry, enum weir_code code)
{
	if (weir__entry_state(wp_load_rlx_32(&entry->state)) == WEIR__ENTRY_CALLED) {
		gate->hold = WEIR__HOLD_FREE;
		wp_hint_write(&gate->shown_since_ns, 0);
		gate->entry = NULL;
	}
	if (code == WEIR_ERR_GATE_TIMEOUT)
		gate->counts.timeouts++;
	weir__gate_unlink(gate, entry);
	entry->code = code;
	return weir__gate_move(entry, WEIR__ENTRY_DONE);
}

/* ---- who is next ---- */

static enum weir_lane choose_lane(const struct weir_gate *gate, int64_t now_ns)
	WP_REQUIRES(gate->lock)
{
	const struct weir_gate_entry *bulk = gate->lanes[WEIR_LANE_BULK].head;

	if (gate->lanes[WEIR_LANE_NORMAL].head == NULL)
		return WEIR_LANE_BULK;
	if (bulk == NULL || gate->lane == WEIR_LANE_BULK)
		return WEIR_LANE_NORMAL;
	return now_ns - bulk->since_ns > gate->config.ageing_ns ? WEIR_LANE_BULK : WEIR_LANE_NORMAL;
}

struct weir_gate_entry *weir__gate_front(struct weir_gate *gate, int64_t now_ns)
{
	for (;;) { /* ends: each round returns, or takes an entry out */
		struct weir_gate_entry *entry = gate->lanes[choose_lane(gate, now_ns)].head;

		if (entry == NULL || entry->deadline_ns > now_ns)
			return entry;
		(void)weir__gate_end(gate, entry, WEIR_ERR_GATE_TIMEOUT); /* A7 */
	}
}

/* The job of the run that begins with entry whose thread is to lead, or NULL. */
static struct weir_gate_entry *find_leader(const struct weir_gate *gate,
                                           struct weir_gate_entry *entry, int64_t now_ns)
	WP_REQUIRES(gate->lock)
{
	if (gate->lanes[entry->lane].attended == 0)
		return NULL;
	while (entry != NULL && entry->kind == WEIR_GATE_JOB &&
	       (!entry->attended || entry->deadline_ns <= now_ns))
		entry = entry->next;
	return entry != NULL && entry->kind == WEIR_GATE_JOB ? entry : NULL;
}

void weir__gate_begin(struct weir_gate *gate, enum weir__hold hold, enum weir_lane lane,
                      struct weir_gate_entry *entry, const char *site, int64_t now_ns)
{
	gate->hold = hold;
	gate->lane = lane;
	gate->asked = false;
	gate->served = hold == WEIR__HOLD_HELD ? 1 : 0;
	gate->entry = entry;
	gate->since_ns = now_ns;
	gate->site = site;
	wp_hint_write(&gate->shown_since_ns, (uint64_t)now_ns);
	wp_hint_write(&gate->shown_site, (uint64_t)(uintptr_t)site);
}

/* Give the gate to entry; its thread is to be woken if it sleeps. */
static void give(struct weir_gate *gate, struct weir_gate_entry *entry, int64_t now_ns,
                 struct weir__gate_then *then) WP_REQUIRES(gate->lock)
{
	const bool asleep = (wp_load_rlx_32(&entry->state) & WEIR__ENTRY_ASLEEP) != 0;
	const bool job = entry->kind == WEIR_GATE_JOB;

	if (!job) {
		weir__gate_unlink(gate, entry);
		gate->counts.exclusives++;
		weir__probe_gate_enter(gate->name, now_ns - entry->since_ns, (int32_t)entry->lane);
	}
	weir__gate_begin(gate, job ? WEIR__HOLD_CALLED : WEIR__HOLD_HELD, entry->lane, entry,
	                 entry->site, now_ns);
	wp_store_rlx_32(&entry->state, job ? WEIR__ENTRY_CALLED : WEIR__ENTRY_HELD);
	then->wake |= asleep ? weir__gate_ring(gate, entry) : 0;
}

void weir__gate_settle(struct weir_gate *gate, int64_t now_ns, struct weir__gate_then *then)
{
	struct weir_gate_entry *entry;

	if (gate->hold != WEIR__HOLD_FREE || gate->closed)
		return;
	entry = weir__gate_front(gate, now_ns);
	if (entry == NULL) {
		gate->asked = false;
		return;
	}
	if (entry->kind == WEIR_GATE_JOB)
		entry = find_leader(gate, entry, now_ns);
	if (entry != NULL) {
		give(gate, entry, now_ns, then);
	} else if (!gate->asked) {
		gate->asked = true;
		then->ask = true;
	}
}

/* ---- what to expect ---- */

void weir__gate_measure(struct weir_gate *gate, int64_t now_ns)
{
	int64_t sample_ns;

	if (gate->served == 0)
		return;
	sample_ns = (now_ns - gate->since_ns) / gate->served;
	if (gate->measured == 0) {
		gate->entry_ns = sample_ns;
	} else {
		if (gate->entry_ns > 0 && sample_ns / OUTLIER_TIMES > gate->entry_ns)
			sample_ns = gate->entry_ns * OUTLIER_TIMES;
		gate->entry_ns += (sample_ns - gate->entry_ns) / AVERAGE_WEIGHT;
	}
	if (gate->measured < WEIR__GATE_MEASURED)
		gate->measured++;
}

bool weir__gate_too_late(const struct weir_gate *gate, enum weir_lane lane, int64_t now_ns,
                         int64_t deadline_ns)
{
	int64_t before = wp_load_rlx_32(&gate->lanes[WEIR_LANE_NORMAL].length);

	if (lane == WEIR_LANE_BULK)
		before += wp_load_rlx_32(&gate->lanes[WEIR_LANE_BULK].length);
	return !gate->config.accept_late && gate->measured == WEIR__GATE_MEASURED &&
	       gate->entry_ns > 0 && before > (deadline_ns - now_ns) / gate->entry_ns;
}
