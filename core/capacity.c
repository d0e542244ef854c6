/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Places without a connection: reserving, opening, giving up.
 *
 * A place that is EMPTY is capacity, and a waiter can use capacity as well as an
 * idle connection. So a place that becomes EMPTY is offered to the queue by the
 * same rule as a slot that becomes IDLE: publish, then look whether somebody
 * waits, with a full fence in between; the waiter looks in the opposite order.
 *
 *   label operation                      order  pairs with   breaks if weaker
 *   C1    give: add to empties           full   W1, C2       a waiter and the giver miss
 *                                                            each other: lost wake-up
 *   C2    reserve: load empties          rlx    C1           a waiter loads it after W1
 *   C4    reserve: claim O1, add (full),   rlx    close.c P2   close counts the place as EMPTY
 *         then load wake                                      and returns; then a connection
 *                                                             opens in a closed pool
 *   C3    unref: subtract from refs      full   C3           the pool is freed while an
 *                                                            earlier user still writes to it
 *
 * A closing pool offers nothing: its waiters are told by close, and a helper that was
 * asked to open for them would give the place up again, and be asked again, for as
 * long as close has not come to them.
 *
 * empties may lag behind the words for the moment between a place's move and
 * the count: too low sends a newcomer to the queue, whose scan comes after W1;
 * too high costs a scan.
 * Progress: lock-free, but for the driver's open and close.
 */
#include "pool_internal.h"
#include "probe.h"
#include "thread_end.h"

/* A place in state OPENING that was not admitted: nobody's again. */
static void put_back(struct weir_pool *pool, uint32_t index)
{
	(void)weir__slot_move(weir__pool_slot(pool, index), WEIR__EMPTY); /* R3 */
	(void)wp_add_full_32(&pool->empties, 1);                          /* C1 */
	weir__progress(pool);
	weir__pool_unref(pool);
}

uint32_t weir__capacity_reserve(struct weir_pool *pool, uint32_t start, int64_t now_ns)
{
	for (;;) { /* ends: each further round, an open of another thread had ended */
		if (wp_load_rlx_32(&pool->empties) == 0) /* C2 */
			return WEIR__RING_NONE;

		if (now_ns == 0)
			now_ns = wp_now();
		if (!weir__breaker_admits(pool, now_ns)) /* BR2 */
			return WEIR__RING_NONE;
		const uint32_t index =
			weir__ring_scan(&pool->ring, start, WEIR__EMPTY, WEIR__OPENING); /* O1 */

		if (index == WEIR__RING_NONE)
			return index;
		(void)wp_add_full_32(&pool->empties, UINT32_MAX);
		weir__pool_ref(pool);
		if (!weir__breaker_admit(pool, now_ns)) {
			put_back(pool, index);
			continue;
		}
		if ((weir__wake_read(&pool->q) & WEIR__WAKE_CLOSED) == 0) /* C4 */
			return index;
		weir__capacity_give(pool, weir__pool_slot(pool, index));
		return WEIR__RING_NONE;
	}
}

void weir__progress(struct weir_pool *pool)
{
	(void)wp_add_full_32(&pool->progress, 1); /* close.c P1 */
	wp_futex_wake(&pool->progress, INT32_MAX);
}

/* Whether places are for the queue. */
static bool is_wanted(const struct weir_pool *pool)
{
	const uint32_t wake = weir__wake_read(&pool->q);

	return weir__wake_count(wake) > 0 && (wake & WEIR__WAKE_CLOSED) == 0;
}

bool weir__capacity_tell_failed(struct weir_pool *pool)
{
	return weir__waitq_refuse(&pool->q, WEIR__GRANT_FAILED,
	                          weir__setting(pool, WEIR_SET_breaker_failures) == 0);
}

/* What came of an offer. */
enum offered {
	OFFER_TAKEN,
	OFFER_UNWANTED,
	OFFER_REFUSED,  /* no thread to open with, which one waiter has been told */
	OFFER_HOPELESS, /* the same, and there is nobody to tell */
};

/* Offer a place in state OPENING to the queue. */
static enum offered offer(struct weir_pool *pool, struct weir__slot *slot)
{
	if (pool->opener == NULL)
		return weir__waitq_grant(&pool->q, WEIR__GRANT_CAPACITY, weir__slot_index(pool, slot))
		           ? OFFER_TAKEN
		           : OFFER_UNWANTED;
	if (!is_wanted(pool))
		return OFFER_UNWANTED;
	if (weir__opener_request(pool, slot))
		return OFFER_TAKEN;
	/* No thread to open with: one is told. The others may still be served
	 * by connections that come back. */
	return weir__capacity_tell_failed(pool) ? OFFER_REFUSED : OFFER_HOPELESS;
}

bool weir__is_down(const struct weir_pool *pool)
{
	uint32_t lost = wp_load_rlx_32(&pool->written_off); /* leases that do not come back */

	if (weir__breaker_state(&pool->breaker) != WEIR_BREAKER_OPEN ||
	    weir__setting(pool, WEIR_SET_breaker_failures) == 0)
		return false;
	for (uint32_t i = 0; i < pool->ring.count; i++) {
		const enum weir__state state = weir__word_state(wp_load_rlx_64(&pool->ring.slots[i].word));

		if (state == WEIR__LEASED && lost > 0)
			lost--;
		else if (state == WEIR__IDLE || state == WEIR__LEASED || state == WEIR__CHECKING)
			return false;
	}
	return true;
}

void weir__capacity_tell_down(struct weir_pool *pool)
{
	if (weir__wake_count(weir__wake_read(&pool->q)) == 0 || !weir__is_down(pool))
		return;
	while (weir__breaker_state(&pool->breaker) == WEIR_BREAKER_OPEN &&
	       weir__waitq_refuse(&pool->q, WEIR__GRANT_DOWN, false)) /* ends: all have been told */
		continue;
}

/* Make a place that is on its way out OPENING, with an admission, if the queue wants it. */
static bool is_admitted(struct weir_pool *pool, struct weir__slot *slot)
{
	const bool opening = weir__word_state(wp_load_rlx_64(&slot->word)) == WEIR__OPENING;

	if (!is_wanted(pool) || !weir__breaker_admit(pool, wp_now()))
		return false;
	if (!opening)
		(void)weir__slot_move(slot, WEIR__OPENING);
	return true;
}

/* The place is in state OPENING, with an admission, if it is admitted; else on its way out. */
static void give(struct weir_pool *pool, struct weir__slot *slot, bool admitted)
{
	for (;;) { /* ends: each further round reserved a place while somebody waited */
		const enum offered offered = admitted ? offer(pool, slot) : OFFER_UNWANTED;

		if (offered == OFFER_TAKEN)
			return;
		if (admitted)
			weir__breaker_leave(pool); /* BR1 */
		const uint32_t index = weir__slot_index(pool, slot);

		(void)weir__slot_move(slot, WEIR__EMPTY); /* R3 */

		const uint32_t empties = wp_add_full_32(&pool->empties, 1) + 1; /* C1 */

		weir__capacity_tell_down(pool);
		/* Refused: whoever has another place serves the others as it comes back. If
		 * nobody has, nothing comes back: each further round tells one of them. */
		const bool refused = offered == OFFER_REFUSED && empties < weir__pool_limit(pool); /* RK3 */

		if (!is_wanted(pool) || refused || offered == OFFER_HOPELESS)
			break;
		const uint32_t again = weir__capacity_reserve(pool, index, 0);

		if (again == WEIR__RING_NONE)
			break;
		weir__pool_unref(pool); /* the reservation brought a reference of its own */
		slot = weir__pool_slot(pool, again);
		admitted = true;
	}
	weir__progress(pool);
	weir__pool_unref(pool);
}

void weir__capacity_give(struct weir_pool *pool, struct weir__slot *slot)
{
	if (weir__word_state(wp_load_rlx_64(&slot->word)) == WEIR__OPENING)
		weir__breaker_leave(pool); /* BR1 */
	give(pool, slot, is_admitted(pool, slot));
}

/* A helper opens for one waiter, and whom it will serve waits until then; who was given a
 * place to open is out of the queue. In OPEN it is probes that are bounded. */
static bool are_opens_enough(const struct weir_pool *pool)
{
	return pool->opener != NULL && weir__breaker_state(&pool->breaker) != WEIR_BREAKER_OPEN &&
	       wp_load_rlx_32(&pool->breaker.opening) >= weir__wake_count(weir__wake_read(&pool->q));
}

void weir__capacity_refill(struct weir_pool *pool, bool enters)
{
	while (is_wanted(pool)) { /* ends: nothing is admitted, or nobody waits */
		/* Those under way may hang for ever: whoever enters asks for one of its own. */
		if (!enters && are_opens_enough(pool))
			return;
		enters = false;
		const uint32_t index = weir__capacity_reserve(pool, 0, 0);

		if (index == WEIR__RING_NONE)
			return;
		give(pool, weir__pool_slot(pool, index), true);
	}
}

void weir__capacity_probe(struct weir_pool *pool)
{
	const uint32_t index = pool->opener != NULL ? weir__capacity_reserve(pool, 0, 0)
	                                            : WEIR__RING_NONE;

	if (index != WEIR__RING_NONE && !weir__opener_prefill(pool, weir__pool_slot(pool, index)))
		weir__capacity_give(pool, weir__pool_slot(pool, index));
}

void weir__capacity_opened(struct weir_pool *pool)
{
	weir__breaker_leave(pool); /* BR1 */
	weir__capacity_refill(pool, false);
}

static int64_t earlier(int64_t a_ns, int64_t b_ns)
{
	return a_ns < b_ns ? a_ns : b_ns;
}

/*
 * Lifetimes are cut by an amount that is drawn once, at birth, so that connections
 * opened together do not end together; drawn at each look, the shortest of many draws
 * would count.
 */
static void note_birth(const struct weir_pool *pool, struct weir__slot *slot)
{
	const int64_t lifetime_ns = weir__setting(pool, WEIR_SET_max_lifetime);
	const int64_t percent = weir__setting(pool, WEIR_SET_lifetime_jitter);
	uint64_t draw;

	slot->born_ns = wp_now();
	slot->sound_ns = slot->born_ns;
	slot->seen_leases = UINT64_MAX;
	draw = ((uint64_t)slot->born_ns + weir__slot_index(pool, slot)) * UINT64_C(0x9e3779b97f4a7c15);
	draw = (draw ^ draw >> 32) % 1024;
	slot->expires_ns = 0;
	if (lifetime_ns > 0)
		slot->expires_ns = weir__add_ns(slot->born_ns, lifetime_ns - lifetime_ns / 100 * percent /
		                                                                 1024 * (int64_t)draw);
}

enum weir_code weir__capacity_open(struct weir_pool *pool, struct weir__slot *slot,
                                   int64_t deadline_ns, struct weir_error *err)
{
	WEIR__CANCEL_DEFERRED;
	const int64_t open_ns = weir__setting(pool, WEIR_SET_open_timeout);
	const int64_t began_ns = wp_now();
	const int64_t limit_ns = weir__add_ns(began_ns, open_ns);
	const struct weir_open_request request = {
		(uint32_t)sizeof(struct weir_open_request),
		weir__slot_index(pool, slot),
		&pool->config,
		{earlier(deadline_ns, limit_ns)},
		pool->driver_data,
		WEIR_ROLE_ANY,
		weir__cancel_asked,
		slot,
		NULL,
		NULL,
	};
	struct weir_error detail = WEIR_ERROR_INIT;

	/* Before: a reset meanwhile means this connection, too. */
	wp_store_rlx_32(&slot->epoch, wp_load_rlx_32(&pool->epoch));
	enum weir_code code = pool->ops.open(&request, &slot->conn, &detail);

	const int64_t took_ns = wp_now() - began_ns;

	weir__probe_open(pool->config.name, request.slot, took_ns, (int32_t)code);
	if (pool->creates != NULL)
		weir__histogram_add(pool->creates, 0, took_ns, 1);
	if (code == WEIR_OK && slot->conn == NULL)
		code = weir_fail(&detail, WEIR_ERR_DRIVER_OPEN, "driver.open", 0,
		                 "the driver \"%s\" reported success without a connection", pool->ops.name);
	if (code == WEIR_OK) {
		note_birth(pool, slot);
		(void)wp_add_rlx_64(&pool->opens, 1);
		wp_store_rlx_32(&pool->open_down, 0);
		weir__breaker_note(pool, true, began_ns);
		return WEIR_OK;
	}
	slot->conn = NULL;
	const bool was_cut = code == WEIR_ERR_DRIVER_DEADLINE && deadline_ns < limit_ns;

	/* A caller in a hurry says nothing about the database; one that gave it half of its
	 * time, and more, does. */
	if (was_cut && deadline_ns - began_ns < open_ns / 2)
		return code;
	/* Why before that: whoever waits for the count, as create does, asks then. */
	weir__last_open_note(pool, code, &detail);
	wp_store_rlx_64(&pool->suspect_ns, (uint64_t)wp_now());
	(void)wp_add_full_64(&pool->open_failures, 1);
	wp_store_rlx_32(&pool->open_down, 1);
	weir__breaker_note(pool, false, began_ns);
	(void)weir_fail(err, WEIR_ERR_OPEN_FAILED, "open", detail.driver_code, "%s: %s",
	                pool->config.name, detail.message);
	return was_cut ? WEIR_ERR_DRIVER_DEADLINE : WEIR_ERR_OPEN_FAILED;
}
