/* SPDX-License-Identifier: BSD-2-Clause
 *
 * One's own entry at a gate: queue, wait, poll, collect, abandon. The protocol is
 * in gate_internal.h.
 */
#include "gate_internal.h"

/* ---- queue ---- */

static enum weir_code check_request(const struct weir_gate *gate,
                                    const struct weir_gate_request *request, struct weir_error *err)
{
	if (gate == NULL || request == NULL)
		return weir_fail(err, WEIR_ERR_BAD_ARGUMENT, "gate.queue", 0, "%s is NULL",
		                 gate == NULL ? "gate" : "request");
	if ((uint32_t)request->kind > WEIR_GATE_MAINTENANCE || (uint32_t)request->lane >= WEIR_LANES)
		return weir_fail(err, WEIR_ERR_BAD_ARGUMENT, "gate.queue", 0,
		                 "there is no kind %d or no lane %d", (int)request->kind,
		                 (int)request->lane);
	if (!weir__gate_ours(gate))
		return weir_fail(err, WEIR_ERR_FORKED, "gate.queue", 0,
		                 "the gate belongs to the parent process");
	if (weir_gate_is_mine(gate))
		return weir_fail(err, WEIR_ERR_REENTRANT, "gate.queue", 0,
		                 "this thread holds the gate and would wait for itself");
	return WEIR_OK;
}

/* Under the lock: why nothing may be queued, or OK. */
static enum weir_code admit(struct weir_gate *gate, enum weir_lane lane, int64_t now_ns,
                            int64_t deadline_ns) WP_REQUIRES(gate->lock)
{
	if (gate->closed)
		return WEIR_ERR_CLOSED;
	if (weir_gate_length(gate) < gate->config.length_max &&
	    !weir__gate_too_late(gate, lane, now_ns, deadline_ns))
		return WEIR_OK;
	gate->counts.rejected++;
	return WEIR_ERR_REJECTED;
}

static enum weir_code refuse(struct weir_gate *gate, enum weir_code code, struct weir_error *err)
{
	if (code == WEIR_ERR_CLOSED)
		return weir_fail(err, code, "gate.queue", 0, "the gate is closed");
	return weir_fail(err, code, "gate.queue", 0,
	                 "%u entries are queued (%u at most), and not all are expected to be through "
	                 "before the deadline",
	                 weir_gate_length(gate), gate->config.length_max);
}

/* Under the lock: an entry from the stock, which is not empty, goes into its lane. */
static struct weir_gate_entry *queue_up(struct weir_gate *gate,
                                        const struct weir_gate_request *request,
                                        enum weir_lane lane, int64_t now_ns) WP_REQUIRES(gate->lock)
{
	struct weir_gate_entry *entry = gate->stock;

	gate->stock = entry->next;
	entry->kind = request->kind;
	entry->lane = lane;
	entry->code = WEIR_OK;
	entry->deadline_ns = request->deadline.ns;
	entry->since_ns = now_ns;
	entry->site = request->site;
	entry->payload = request->payload;
	entry->attended = false;
	entry->bit = UINT32_C(1) << (gate->next_bit++ % 32);
	wp_store_rlx_32(&entry->state, WEIR__ENTRY_QUEUED);
	weir__gate_link(gate, entry);
	weir__gate_attend_to(gate, entry, request->waits);
	gate->counts.entered++;
	return entry;
}

enum weir_code weir_gate_queue(struct weir_gate *gate, const struct weir_gate_request *request,
                               struct weir_gate_entry **entry, struct weir_error *err)
{
	struct weir__gate_then then = {0, false};
	enum weir_lane lane;
	enum weir_code code;
	int64_t now_ns;

	if (entry == NULL)
		return weir_fail(err, WEIR_ERR_BAD_ARGUMENT, "gate.queue", 0, "entry is NULL");
	*entry = NULL;
	code = check_request(gate, request, err);
	if (code != WEIR_OK)
		return code;
	lane = request->kind == WEIR_GATE_MAINTENANCE ? WEIR_LANE_BULK : request->lane;
	now_ns = wp_now();
	if (request->deadline.ns <= now_ns)
		return weir_fail(err, WEIR_ERR_GATE_TIMEOUT, "gate.queue", 0,
		                 "the deadline had passed before the call");
	weir__lock(&gate->lock);
	code = admit(gate, lane, now_ns, request->deadline.ns);
	while (code == WEIR_OK && gate->stock == NULL) { /* ends: each round adds to the stock */
		weir__unlock(&gate->lock);
		if (!weir__gate_grow(gate))
			return weir_fail(err, WEIR_ERR_NO_MEMORY, "gate.queue", 0, "no memory for an entry");
		weir__lock(&gate->lock);
		code = admit(gate, lane, now_ns, request->deadline.ns);
	}
	if (code != WEIR_OK) {
		weir__unlock(&gate->lock);
		return refuse(gate, code, err);
	}
	*entry = queue_up(gate, request, lane, now_ns);
	weir__gate_settle(gate, now_ns, &then);
	weir__gate_unlock(gate, &then);
	return WEIR_OK;
}

/* ---- wait ---- */

/* What wait found when it looked. */
struct look {
	enum weir_gate_state state;
	bool sleep; /* unless the bell has changed, until then */
	uint32_t bell;
	int64_t until_ns;
	struct weir__gate_then then;
};

static void sleep_on(struct look *look, struct weir_gate_entry *entry, int64_t until_ns)
{
	look->sleep = true;
	look->until_ns = until_ns;
	look->bell = wp_load_rlx_32(&entry->gate->bell); /* A9 */
	/* N3: ordered by the unlock that follows. */
	wp_store_rlx_32(&entry->state, wp_load_rlx_32(&entry->state) | WEIR__ENTRY_ASLEEP);
}

/* The thread is not to be woken any more, if it was. */
static void stay_awake(struct weir_gate_entry *entry)
{
	wp_store_rlx_32(&entry->state, weir__entry_state(wp_load_rlx_32(&entry->state)));
}

static void look_at_queued(struct weir_gate *gate, struct look *look, struct weir_gate_entry *entry,
                           int64_t until_ns, int64_t now_ns) WP_REQUIRES(gate->lock)
{
	const bool mine = weir_gate_is_mine(gate);

	look->state = WEIR_GATE_QUEUED;
	if (!mine && entry->deadline_ns <= now_ns) {
		(void)weir__gate_end(gate, entry, WEIR_ERR_GATE_TIMEOUT);
		weir__gate_settle(gate, now_ns, &look->then); /* A3 */
		look->state = WEIR_GATE_DONE;
	} else if (mine || until_ns <= now_ns) {
		weir__gate_attend_to(gate, entry, false);
		stay_awake(entry);
	} else {
		sleep_on(look, entry, until_ns < entry->deadline_ns ? until_ns : entry->deadline_ns);
	}
}

static void look_at_taken(struct look *look, struct weir_gate_entry *entry, int64_t until_ns,
                          int64_t now_ns)
{
	look->state = WEIR_GATE_TAKEN;
	if (until_ns > now_ns && !weir_gate_is_mine(entry->gate))
		sleep_on(look, entry, until_ns);
	else
		stay_awake(entry);
}

/* Under the lock. now_ns is read before it, and 0 where no time is needed: who has
 * the gate goes through without a clock. */
static void look_under_lock(struct weir_gate *gate, struct look *look,
                            struct weir_gate_entry *entry, int64_t until_ns, int64_t now_ns)
	WP_REQUIRES(gate->lock)
{
	if (weir__entry_state(wp_load_rlx_32(&entry->state)) == WEIR__ENTRY_QUEUED &&
	    entry->deadline_ns > now_ns && !weir_gate_is_mine(gate)) {
		weir__gate_attend_to(gate, entry, true);
		weir__gate_settle(gate, now_ns, &look->then); /* A3 */
	}
	switch (weir__entry_state(wp_load_rlx_32(&entry->state))) {
	case WEIR__ENTRY_CALLED:
		weir__gate_attend_to(gate, entry, false);
		wp_store_rlx_32(&entry->state, WEIR__ENTRY_QUEUED);
		gate->hold = WEIR__HOLD_LED;
		gate->entry = NULL;
		weir__gate_come(gate);
		look->state = WEIR_GATE_LEAD;
		break;
	case WEIR__ENTRY_HELD:
		weir__gate_come(gate);
		look->state = WEIR_GATE_HELD;
		break;
	case WEIR__ENTRY_QUEUED:
		look_at_queued(gate, look, entry, until_ns, now_ns);
		break;
	case WEIR__ENTRY_TAKEN:
		look_at_taken(look, entry, until_ns, now_ns);
		break;
	default:
		look->state = WEIR_GATE_DONE;
		break;
	}
}

enum weir_gate_state weir_gate_wait(struct weir_gate_entry *entry, struct weir_time until)
{
	struct weir_gate *gate = entry->gate;

	for (;;) { /* ends: something is to be done, or until */
		struct look look = {WEIR_GATE_DONE, false, 0, 0, {0, false}};
		const uint32_t state = weir__entry_state(wp_load_acq_32(&entry->state)); /* N2 */
		int64_t now_ns = 0;

		if (state == WEIR__ENTRY_DONE || !weir__gate_ours(gate))
			return WEIR_GATE_DONE;
		if (state == WEIR__ENTRY_QUEUED || state == WEIR__ENTRY_TAKEN)
			now_ns = wp_now();
		weir__lock(&gate->lock);
		look_under_lock(gate, &look, entry, until.ns, now_ns);
		weir__gate_unlock(gate, &look.then);
		if (!look.sleep)
			return look.state;
		(void)wp_futex_wait_bits(&gate->bell, look.bell, entry->bit, look.until_ns);
	}
}

/* ---- without waiting ---- */

enum weir_gate_state weir_gate_poll(const struct weir_gate_entry *entry)
{
	static const enum weir_gate_state states[] = {
		WEIR_GATE_DONE,   /* FREE: never the caller's */
		WEIR_GATE_QUEUED, /* QUEUED */
		WEIR_GATE_QUEUED, /* CALLED */
		WEIR_GATE_HELD,   /* HELD */
		WEIR_GATE_TAKEN,  /* TAKEN */
		WEIR_GATE_DONE,   /* DONE */
	};

	if (!weir__gate_ours(entry->gate))
		return WEIR_GATE_DONE;
	return states[weir__entry_state(wp_load_acq_32(&entry->state))]; /* N2 */
}

enum weir_code weir_gate_collect(struct weir_gate_entry *entry, struct weir_error *err)
{
	struct weir_gate *gate;
	enum weir_code code;

	if (entry == NULL)
		return weir_fail(err, WEIR_ERR_BAD_ARGUMENT, "gate.collect", 0, "entry is NULL");
	gate = entry->gate;
	if (!weir__gate_ours(gate))
		return weir_fail(err, WEIR_ERR_FORKED, "gate.collect", 0,
		                 "the gate belongs to the parent process");
	if (weir__entry_state(wp_load_acq_32(&entry->state)) != WEIR__ENTRY_DONE) /* N2 */
		return weir_fail(err, WEIR_ERR_BAD_ARGUMENT, "gate.collect", 0, "the entry is not done");
	code = entry->code;
	weir__lock(&gate->lock);
	weir__gate_retire(gate, entry);
	weir__unlock(&gate->lock);
	if (code == WEIR_OK)
		return code;
	return weir_fail(err, code, "gate", 0, "%s", weir_error_text(code));
}

bool weir_gate_abandon(struct weir_gate_entry *entry)
{
	struct weir__gate_then then = {0, false};
	struct weir_gate *gate;
	uint32_t state;
	int64_t now_ns;

	if (entry == NULL || !weir__gate_ours(entry->gate))
		return true;
	gate = entry->gate;
	now_ns = wp_now();
	weir__lock(&gate->lock);
	state = weir__entry_state(wp_load_rlx_32(&entry->state));
	if (state == WEIR__ENTRY_QUEUED || state == WEIR__ENTRY_CALLED) {
		(void)weir__gate_end(gate, entry, WEIR_ERR_CANCELLED);
		gate->counts.cancelled++;
		weir__gate_settle(gate, now_ns, &then); /* A3 */
	}
	if (state != WEIR__ENTRY_HELD && state != WEIR__ENTRY_TAKEN)
		weir__gate_retire(gate, entry);
	weir__gate_unlock(gate, &then);
	return state != WEIR__ENTRY_HELD && state != WEIR__ENTRY_TAKEN;
}

void *weir_gate_payload(const struct weir_gate_entry *entry)
{
	return entry->payload;
}

struct weir_time weir_gate_deadline(const struct weir_gate_entry *entry)
{
	const struct weir_time deadline = {entry->deadline_ns};

	return deadline;
}
