/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Housekeeping: retiring by age and idleness, asking idle connections whether they work,
 * and opening ahead of need. Leaks are in leak.c, resets in pool_reset.c.
 *
 * A slot is looked at in state CHECKING, which takes it out of the ring for the
 * moment; what nobody needs to look at again goes back by weir__slot_pass_on,
 * to a waiter if one came meanwhile.
 *
 * A release reads no clock, so nobody knows when a slot was last used. A pass
 * instead remembers the slot's count of leases: one that is the same as at an
 * earlier pass has been idle since that pass at least. Idleness is therefore
 * known to the resolution of the passes, never too early.
 */
#include "pool_internal.h"
#include "thread_end.h"

/* How soon something is tried again. */
#define LOOK_NS WEIR_SECONDS(1)

/* Passes are this far apart at least and at most, whatever the settings. */
#define APART_LEAST_NS WEIR_MILLISECONDS(10)
#define APART_MOST_NS WEIR_SECONDS(60)

/* One pass. */
struct pass {
	struct weir_pool *pool;
	int64_t now_ns;
	int64_t next_ns;  /* when something is due */
	uint32_t ready;   /* connections that are idle, or on their way */
	uint32_t expired; /* retired by age; a quarter of the pool, and one, at most */
	uint32_t leaked;
	bool unanswered; /* a validation met its limit: ask no more in this pass */
};

static void note_due(struct pass *pass, int64_t at_ns)
{
	if (at_ns < pass->next_ns)
		pass->next_ns = at_ns;
}

/* The time, less up to a tenth: a share that stays with the connection. */
static int64_t shortened(const struct weir__slot *slot, int64_t time_ns)
{
	const uint64_t mixed = (uint64_t)slot->born_ns * UINT64_C(0x9e3779b97f4a7c15);

	return time_ns - time_ns / 10 * (int64_t)(mixed >> 32 & 1023) / 1024;
}

/* Whether a slot in state CHECKING is to go, and why. */
static bool is_spent(struct pass *pass, struct weir__slot *slot, enum weir_close_reason *reason)
{
	const struct weir_pool *pool = pass->pool;
	const int64_t idle_ns = weir__setting(pool, WEIR_SET_idle_timeout);
	const int64_t min_idle = weir__setting(pool, WEIR_SET_min_idle);
	const uint64_t leases = wp_load_rlx_64(&slot->leases);

	*reason = WEIR_CLOSE_STALE;
	if (weir__is_stale(pool, slot))
		return true;
	*reason = WEIR_CLOSE_LIFETIME;
	if (slot->expires_ns != 0 && pass->now_ns >= slot->expires_ns) {
		if (pass->expired < pool->size / 4 + 1) {
			pass->expired++;
			return true;
		}
		note_due(pass, pass->now_ns + LOOK_NS);
	} else if (slot->expires_ns != 0) {
		note_due(pass, slot->expires_ns);
	}
	if (slot->seen_leases != leases) {
		slot->seen_leases = leases;
		slot->seen_ns = pass->now_ns;
	}
	*reason = WEIR_CLOSE_IDLE;
	/* What is retired below min_idle would be opened again at once. */
	if (idle_ns == 0 || (int64_t)pass->ready <= min_idle)
		return false;
	if (pass->now_ns - slot->seen_ns >= idle_ns)
		return true;
	note_due(pass, weir__add_ns(slot->seen_ns, idle_ns));
	return false;
}

/* Ask a slot in state CHECKING whether it works, if it was idle for long enough; false
 * if it does not, and is retired. */
static bool keep_alive(struct pass *pass, struct weir__slot *slot)
{
	struct weir_pool *pool = pass->pool;
	const int64_t keepalive_ns = weir__setting(pool, WEIR_SET_keepalive);
	const int64_t limit_ns = weir__setting(pool, WEIR_SET_validate_timeout);
	const int64_t since_ns = slot->sound_ns > slot->seen_ns ? slot->sound_ns : slot->seen_ns;
	struct weir_error ignored = WEIR_ERROR_INIT;

	if (keepalive_ns == 0 || pool->ops.validate == NULL || pass->unanswered)
		return true;
	if (pass->now_ns - since_ns < shortened(slot, keepalive_ns)) {
		note_due(pass, weir__add_ns(since_ns, shortened(slot, keepalive_ns)));
		return true;
	}
	const enum weir_code code =
		pool->ops.validate(slot->conn, weir_deadline_in(limit_ns), &ignored);

	(void)wp_add_rlx_64(&pool->keepalives, 1);
	pass->unanswered = code == WEIR_ERR_DRIVER_DEADLINE;
	weir__validated(pool, slot, code == WEIR_OK, pass->now_ns);
	return code == WEIR_OK;
}

/* Connections may have come back since they were counted. */
static void one_less(struct pass *pass)
{
	if (pass->ready > 0)
		pass->ready--;
}

static void look_at_idle(struct pass *pass, struct weir__slot *slot)
{
	enum weir_close_reason reason = WEIR_CLOSE_IDLE;

	if (is_spent(pass, slot, &reason)) {
		one_less(pass);
		weir__slot_retire(pass->pool, slot, reason);
	} else if (keep_alive(pass, slot)) {
		weir__slot_pass_on(pass->pool, slot);
	} else {
		one_less(pass);
	}
}

static void look_at(struct pass *pass, struct weir__slot *slot)
{
	const uint64_t word = wp_load_rlx_64(&slot->word);

	weir__reclaim_note(pass->pool, slot, word);
	if (weir__word_state(word) == WEIR__LEASED)
		pass->leaked += weir__leak_look(pass->pool, slot, word, pass->now_ns);
	if (weir__word_state(word) == WEIR__IDLE &&
	    weir__slot_claim(slot, word, WEIR__CHECKING)) /* A1 */
		look_at_idle(pass, slot);
}

static uint32_t count_ready(const struct weir_pool *pool)
{
	uint32_t ready = 0;

	for (uint32_t i = 0; i < pool->ring.count; i++) {
		const enum weir__state state = weir__word_state(wp_load_rlx_64(&pool->ring.slots[i].word));

		ready += state == WEIR__IDLE || state == WEIR__OPENING;
	}
	return ready;
}

/* Begin an open that nobody waits for. EXHAUSTED: no place, or none is admitted. */
static enum weir_code open_one(struct weir_pool *pool, int64_t now_ns, struct weir_error *err)
{
	const uint32_t index = weir__capacity_reserve(pool, 0, now_ns);

	if (index == WEIR__RING_NONE)
		return WEIR_ERR_EXHAUSTED;
	struct weir__slot *slot = weir__pool_slot(pool, index);

	if (pool->opener != NULL) {
		if (weir__opener_prefill(pool, slot))
			return WEIR_OK;
		weir__capacity_give(pool, slot);
		return weir_fail(err, WEIR_ERR_NO_THREAD, "prefill", 0,
		                 "%s: no thread could be started to open a connection", pool->config.name);
	}
	const enum weir_code code = weir__capacity_open(pool, slot, INT64_MAX, err);

	if (code != WEIR_OK) {
		weir__capacity_give(pool, slot);
		return code;
	}
	weir__slot_pass_on(pool, slot);
	weir__capacity_opened(pool);
	return WEIR_OK;
}

static enum weir_code fill(struct weir_pool *pool, struct weir_error *err)
{
	const uint32_t min_idle = (uint32_t)weir__setting(pool, WEIR_SET_min_idle);

	for (uint32_t ready = count_ready(pool); ready < min_idle; ready++) {
		const enum weir_code code = open_one(pool, 0, err);

		if (code != WEIR_OK)
			return code == WEIR_ERR_EXHAUSTED ? WEIR_OK : code;
	}
	return WEIR_OK;
}

enum weir_code weir__pool_prefill(struct weir_pool *pool, struct weir_error *err)
{
	/* Whoever opens on its own thread keeps house, which one thread does at a time. */
	if (pool->opener == NULL)
		return fill(pool, err);
	/* Helpers go on with it as they end an open: two that counted at once would begin one
	 * more than is missing. */
	weir__lock(&pool->fill_lock);
	const enum weir_code code = fill(pool, err);

	weir__unlock(&pool->fill_lock);
	return code;
}

/* The database is down, and the next probe is due: nobody need ask for a connection to find
 * out whether it is back. */
static void probe(struct pass *pass)
{
	struct weir_pool *pool = pass->pool;

	if (weir__breaker_state(&pool->breaker) != WEIR_BREAKER_OPEN)
		return;
	if (weir__breaker_admits(pool, pass->now_ns))
		(void)open_one(pool, pass->now_ns, NULL);
	note_due(pass, weir__breaker_look_ns(pool, pass->now_ns));
}

/*
 * What begins after a pass is seen by the next one at the earliest: half of the shortest
 * time that is watched for, so that nothing is found later than half as much again.
 */
static int64_t apart(const struct weir_pool *pool)
{
	static const enum weir_setting_id watched[] = {
		WEIR_SET_idle_timeout, WEIR_SET_max_lifetime, WEIR_SET_keepalive,
		WEIR_SET_leak_after,   WEIR_SET_use_warning,
	};
	int64_t least_ns = APART_MOST_NS;

	for (size_t i = 0; i < sizeof watched / sizeof watched[0]; i++) {
		const int64_t half_ns = weir__setting(pool, watched[i]) / 2;

		if (half_ns > 0 && half_ns < least_ns)
			least_ns = half_ns;
	}
	return least_ns > APART_LEAST_NS ? least_ns : APART_LEAST_NS;
}

static struct weir_time keep_house(struct weir_pool *pool, struct weir_time now,
                                   enum weir_code *code, struct weir_error *err)
{
	WEIR__CANCEL_DEFERRED;
	struct pass pass = {pool, now.ns, INT64_MAX, count_ready(pool), 0, 0, false};
	struct weir_time next = {weir__add_ns(now.ns, LOOK_NS)};

	*code = WEIR_OK;
	if (!wp_cas_acqrel_32(&pool->ticking, 0, 1))
		return next; /* another thread does, or a callback of this pass asks */
	weir__waitq_tick(&pool->q, now.ns);
	for (uint32_t i = 0; i < pool->ring.count; i++)
		look_at(&pass, weir__pool_slot(pool, i));
	wp_store_rlx_32(&pool->leaked, pass.leaked);
	weir__reset_settle(pool);
	if (!weir__reclaim_withdraw(pool))
		note_due(&pass, weir__add_ns(now.ns, LOOK_NS));
	probe(&pass);
	*code = weir__pool_prefill(pool, err);
	if (*code != WEIR_OK || count_ready(pool) < (uint32_t)weir__setting(pool, WEIR_SET_min_idle) ||
	    (wp_load_rlx_32(&pool->way) & WEIR__WAY_STALE) != 0)
		note_due(&pass, weir__add_ns(now.ns, LOOK_NS));
	note_due(&pass, weir__add_ns(now.ns, apart(pool)));
	wp_store_rel_32(&pool->ticking, 0);
	next.ns = pass.next_ns;
	return next;
}

struct weir_time weir_pool_tick(struct weir_pool *pool, struct weir_time now)
{
	struct weir_time never = {INT64_MAX};
	enum weir_code ignored;

	if (pool == NULL || !weir__pool_ours(pool) ||
	    (weir__wake_read(&pool->q) & WEIR__WAKE_CLOSED) != 0)
		return never;
	return keep_house(pool, now, &ignored, NULL);
}

enum weir_code weir_pool_maintain(struct weir_pool *pool, struct weir_error *err)
{
	enum weir_code code;

	if (pool == NULL)
		return weir_fail(err, WEIR_ERR_BAD_ARGUMENT, "maintain", 0, "pool is NULL");
	if (!weir__pool_ours(pool))
		return weir_fail(err, WEIR_ERR_FORKED, "maintain", 0,
		                 "only the parent process may maintain this pool");
	if ((weir__wake_read(&pool->q) & WEIR__WAKE_CLOSED) != 0)
		return weir_fail(err, WEIR_ERR_CLOSED, "maintain", 0, "%s: the pool is closed",
		                 pool->config.name);
	(void)keep_house(pool, weir_now(), &code, err);
	return code;
}
