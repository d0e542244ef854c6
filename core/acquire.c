/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The way to a lease.
 *
 * In this order, each step only when the one before found nothing:
 *   1. the slot this thread had last: one CAS (A1), no clock, no shared write else
 *   2. any idle slot (ring.h)
 *   3. a place without a connection, opened on this thread, if the driver's opens
 *      honour deadlines
 *   4. the queue (waitq.h), until granted or the deadline
 * A pool in strict order goes from the start to 4 when somebody waits.
 *
 * What a caller holds between the steps is in its attempt; an attempt that ends
 * without a lease holds nothing. A waiter that gets more than it can use (the
 * grant came with the deadline) uses it: the grant and the timeout are decided
 * under the queue's lock, and a grant that came first is a lease.
 * A suspended pool gives none of them: it fails, or has its caller wait for resume.
 *
 *   label operation                      order  pairs with   breaks if weaker
 *   S1    resume, close: change way or   full   S2           who waits for resume sleeps on
 *         wake, add to progress, wake                        beside it
 *   S2    load progress, then way and    acq    S1           as S1
 *         wake, then sleep on progress
 * Progress: 1 and 2 are lock-free; 3 and 4 block until the deadline.
 */
#include "pool_internal.h"
#include "thread_end.h"
#include "turn.h"

/* In place of a deadline: never wait for a connection. */
#define NO_WAIT INT64_MIN

struct attempt {
	struct weir_pool *pool;
	struct weir__seat *seat;
	struct weir_error *err;
	int64_t deadline_ns;
	bool try_only;
	struct weir__stages stages;
};

/*
 * Note who holds the slot, and fill the handle. Owner of a slot in state LEASED,
 * which is the one the seat names. Every store before the next claim is one more
 * that the claim's locked instruction waits for, so what is there already is not
 * stored again.
 */
WP_INLINE void take(struct weir_pool *pool, const struct weir__seat *seat, struct weir__slot *slot,
                    uint64_t word, struct weir_lease *lease, const char *site)
{
	const uint64_t since = weir__since_make(seat->thread, wp_load_rlx_32(&pool->q.tick));

	wp_store_rlx_64(&slot->leases, wp_load_rlx_64(&slot->leases) + 1);
	if (wp_load_rlx_ptr(&slot->site) != site)
		wp_store_rlx_ptr(&slot->site, site);
	if (wp_load_rlx_64(&slot->since) != since)
		wp_store_rlx_64(&slot->since, since);
	lease->pool = pool;
	lease->conn = slot->conn;
	lease->slot = seat->slot;
	lease->generation = weir__word_generation(word);
}

static bool is_closed(const struct weir_pool *pool)
{
	return (weir__wake_read(&pool->q) & WEIR__WAKE_CLOSED) != 0;
}

static enum weir_code fail(struct attempt *a, enum weir_code code)
{
	return weir__diagnose(a->pool, a->err, code, "acquire", &a->stages);
}

static enum weir_code time_out(struct attempt *a)
{
	(void)wp_add_rlx_64(&a->pool->timeouts, 1);
	return fail(a, WEIR_ERR_ACQUIRE_TIMEOUT);
}

/* Open a connection in a place in state OPENING; on success it is LEASED. */
static enum weir_code open_here(struct attempt *a, uint32_t index)
{
	struct weir__slot *slot = weir__pool_slot(a->pool, index);
	const int64_t before_ns = wp_now();
	const int64_t deadline_ns = a->try_only ? INT64_MAX : a->deadline_ns;
	struct weir_error detail = WEIR_ERROR_INIT;
	const enum weir_code code = weir__capacity_open(a->pool, slot, deadline_ns, &detail);

	a->stages.open_ns += wp_now() - before_ns;
	if (code == WEIR_OK) {
		(void)weir__slot_move(slot, WEIR__LEASED);
		return WEIR_OK;
	}
	weir__capacity_give(a->pool, slot);
	return code == WEIR_ERR_DRIVER_DEADLINE ? time_out(a) : fail(a, code);
}

/* Sleep in the queue until the waiter is out of it, granted or not. */
static bool wait_in_queue(struct attempt *a, struct weir__waiter *waiter)
{
	struct weir__waitq *q = &a->pool->q;
	const int64_t window_ns = weir__setting(a->pool, WEIR_SET_fairness_window);
	const int64_t overdue_ns = weir__add_ns(waiter->since_ns, WEIR__TURN_OVERDUE * window_ns);
	int64_t look_ns = waiter->first ? waiter->since_ns + window_ns / WEIR__TURN_LOOK_DEN
	                                : overdue_ns;

	if (q->strict)
		look_ns = INT64_MAX; /* nothing is ever left public */
	for (;;) {               /* ends: by a grant or the deadline */
		const bool looks = look_ns < a->deadline_ns;

		if (weir__waitq_park(waiter, looks ? look_ns : a->deadline_ns))
			return true;
		if (!looks) {
			/* Nobody leaves beside a slot that was left public for a thread
			 * that did not come back. */
			if (!q->strict)
				weir__pool_scan(a->pool, WEIR__SCAN_SLOTS);
			return !weir__waitq_cancel(q, waiter);
		}
		/* Once overdue, nothing is left public any more: no need to look
		 * again (Q4). */
		if (look_ns == overdue_ns)
			weir__waitq_mark_overdue(q, waiter);
		look_ns = look_ns == overdue_ns ? INT64_MAX : overdue_ns;
		weir__pool_scan(a->pool, WEIR__SCAN_SLOTS);
	}
}

/* What a grant means for the attempt; *index is then a slot in state LEASED. */
static enum weir_code use_grant(struct attempt *a, enum weir__grant grant, uint32_t slot,
                                uint32_t *index)
{
	*index = slot;
	switch (grant) {
	case WEIR__GRANT_LEASE:
		return WEIR_OK;
	case WEIR__GRANT_CAPACITY:
		return open_here(a, slot);
	case WEIR__GRANT_FAILED:
		return fail(a, weir__last_open_failure(a->pool));
	case WEIR__GRANT_CLOSED:
		return fail(a, WEIR_ERR_CLOSED);
	case WEIR__GRANT_NONE:
		break;
	}
	return time_out(a);
}

static enum weir_code refuse(struct attempt *a, enum weir__enter refused)
{
	static const enum weir_code codes[] = {
		WEIR_OK,
		WEIR_ERR_CLOSED,
		WEIR_ERR_EXHAUSTED,
		WEIR_ERR_NO_MEMORY,
	};

	if (refused != WEIR__ENTER_FULL)
		return fail(a, codes[refused]);
	return WEIR_ERR_EXHAUSTED; /* explained once the last scan has failed too */
}

static enum weir_code queue(struct attempt *a, uint32_t *index)
{
	struct weir__waitq *q = &a->pool->q;
	const int64_t entered_ns = wp_now();
	const uint32_t length_max = (uint32_t)weir__setting(a->pool, WEIR_SET_max_waiters);
	struct weir__waiter *waiter = NULL;
	const enum weir__enter refused = weir__waitq_enter(q, entered_ns, length_max, &waiter);

	if (refused != WEIR__ENTERED)
		return refuse(a, refused);
	if (waiter->scans || a->pool->opener != NULL)
		weir__pool_scan(a->pool, WEIR__SCAN_ENTERS | (waiter->scans ? WEIR__SCAN_SLOTS : 0));

	const bool granted = wait_in_queue(a, waiter);
	const enum weir__grant grant = granted ? waiter->grant : WEIR__GRANT_NONE;
	const uint32_t slot = waiter->slot;
	const int64_t now_ns = wp_now();

	weir__waitq_retire(q, waiter);
	a->stages.queued_ns += now_ns - entered_ns;
	a->seat = weir__pool_seat(a->pool);
	a->seat->turn = 0;
	return use_grant(a, grant, slot, index);
}

/* The caller may not wait. Hints may be lost, so nobody is told "exhausted" on
 * their word; and where only the queue makes helpers open, one is begun for
 * whoever comes next. */
static enum weir_code exhausted(struct attempt *a, bool strict, uint32_t *index)
{
	struct weir_pool *pool = a->pool;

	if (!strict || weir__wake_read(&pool->q) == WEIR__WAKE_NONE) {
		*index = weir__ring_scan(&pool->ring, 0, WEIR__IDLE, WEIR__LEASED);
		if (*index != WEIR__RING_NONE)
			return WEIR_OK;
	}
	const uint32_t place = pool->opener != NULL ? weir__capacity_reserve(pool, 0) : WEIR__RING_NONE;

	if (place != WEIR__RING_NONE && !weir__opener_prefill(pool, weir__pool_slot(pool, place)))
		weir__capacity_give(pool, weir__pool_slot(pool, place));
	/* Its places are being emptied, and none of them may be taken. */
	if (is_closed(pool))
		return fail(a, WEIR_ERR_CLOSED);
	if (!a->try_only)
		(void)wp_add_rlx_64(&pool->rejected, 1);
	return fail(a, WEIR_ERR_EXHAUSTED);
}

/* The pool is suspended: who would rather wait does so on progress, which resume and
 * close raise. */
static WP_OUT_OF_LINE enum weir_code await_resume(struct attempt *a)
{
	struct weir_pool *pool = a->pool;
	const int64_t began_ns = wp_now();
	const bool waits = !a->try_only && weir__setting(pool, WEIR_SET_when_down) == WEIR_DOWN_WAIT;

	for (;;) { /* ends: resumed, closed, or the deadline */
		const uint32_t seen = wp_load_acq_32(&pool->progress); /* S2 */

		if (is_closed(pool))
			return fail(a, WEIR_ERR_CLOSED);
		if ((wp_load_rlx_32(&pool->way) & WEIR__WAY_SUSPENDED) == 0)
			return WEIR_OK;
		if (!waits)
			return fail(a, WEIR_ERR_SUSPENDED);
		a->stages.queued_ns = wp_now() - began_ns;
		if (began_ns + a->stages.queued_ns >= a->deadline_ns)
			return time_out(a);
		(void)wp_futex_wait(&pool->progress, seen, a->deadline_ns);
	}
}

/* Steps 2 to 4: *index is a slot in state LEASED. */
static enum weir_code obtain(struct attempt *a, uint32_t *index)
{
	struct weir_pool *pool = a->pool;
	const uint32_t way = wp_load_rlx_32(&pool->way);
	const bool strict = (way & WEIR__WAY_STRICT) != 0;
	const bool last = strict || (a->seat->yields && !a->try_only);

	a->seat->yields = false;
	if (is_closed(pool))
		return fail(a, WEIR_ERR_CLOSED);
	if ((way & WEIR__WAY_SUSPENDED) != 0) {
		const enum weir_code code = await_resume(a);

		if (code != WEIR_OK)
			return code;
	}
	if (!last || weir__wake_read(&pool->q) == WEIR__WAKE_NONE) {
		*index = weir__ring_search(&pool->ring, a->seat->slot);
		if (*index != WEIR__RING_NONE)
			return WEIR_OK;
		*index = pool->opener == NULL ? weir__capacity_reserve(pool, a->seat->slot)
		                              : WEIR__RING_NONE;
		if (*index != WEIR__RING_NONE)
			return open_here(a, *index);
	}
	if (!a->try_only) {
		const enum weir_code code = queue(a, index);

		if (code != WEIR_ERR_EXHAUSTED)
			return code;
	}
	return exhausted(a, strict, index);
}

/* Whether the connection in a slot in state LEASED works; else it is retired. */
static bool validate(struct attempt *a, uint32_t index, uint32_t way)
{
	struct weir_pool *pool = a->pool;
	struct weir__slot *slot = weir__pool_slot(pool, index);
	struct weir_error ignored = WEIR_ERROR_INIT;

	if ((way & WEIR__WAY_VALIDATE) == 0 || pool->ops.validate == NULL)
		return true;
	WEIR__CANCEL_DEFERRED;
	const int64_t before_ns = wp_now();

	if (weir__is_sound(pool, slot, before_ns))
		return true;
	const int64_t limit_ns =
		weir__add_ns(before_ns, weir__setting(pool, WEIR_SET_validate_timeout));
	const bool tight = !a->try_only && a->deadline_ns < limit_ns;
	const struct weir_time deadline = {tight ? a->deadline_ns : limit_ns};
	const enum weir_code code = pool->ops.validate(slot->conn, deadline, &ignored);

	const int64_t after_ns = wp_now();

	a->stages.validate_ns += after_ns - before_ns;
	/* A caller in a hurry says nothing about the connection. */
	if (code == WEIR_ERR_DRIVER_DEADLINE && tight)
		weir__slot_pass_on(pool, slot);
	else
		weir__validated(pool, slot, code == WEIR_OK, after_ns);
	return code == WEIR_OK;
}

static enum weir_code acquire_slow(struct attempt *a, struct weir_lease *lease, const char *site)
{
	/* Each slot may turn out broken once, and its replacement once more. */
	const uint32_t tries_max = 2 * a->pool->ring.count + 1;

	for (uint32_t tries = 0; tries < tries_max; tries++) {
		uint32_t index = WEIR__RING_NONE;
		const enum weir_code code = obtain(a, &index);

		if (code != WEIR_OK)
			return code;
		struct weir__slot *slot = weir__pool_slot(a->pool, index);

		if (is_closed(a->pool)) {
			weir__slot_retire(a->pool, slot, WEIR_CLOSE_SHUTDOWN);
			return fail(a, WEIR_ERR_CLOSED);
		}
		const uint32_t way = wp_load_rlx_32(&a->pool->way);

		if ((way & WEIR__WAY_STALE) != 0 && weir__is_stale(a->pool, slot)) {
			weir__slot_retire(a->pool, slot, WEIR_CLOSE_STALE);
			if (!a->try_only && wp_now() >= a->deadline_ns)
				return time_out(a);
			tries = 0; /* it says nothing about health, and each slot is stale once a reset */
			continue;
		}
		if (validate(a, index, way)) {
			/* Looked up anew: a driver's callback may have used another pool,
			 * which took the seat. */
			a->seat = weir__pool_seat(a->pool);
			a->seat->slot = index;
			take(a->pool, a->seat, slot, wp_load_rlx_64(&slot->word), lease, site);
			return WEIR_OK;
		}
		if (!a->try_only && wp_now() >= a->deadline_ns)
			return time_out(a);
	}
	return fail(a, WEIR_ERR_HEALTH);
}

/* What both public calls refuse. */
static enum weir_code check_call(struct weir_pool *pool, const struct weir_lease *lease,
                                 struct weir_error *err)
{
	if (pool == NULL || lease == NULL)
		return weir_fail(err, WEIR_ERR_BAD_ARGUMENT, "acquire", 0, "%s is NULL",
		                 pool == NULL ? "pool" : "lease");
	if (lease->conn != NULL)
		return weir_fail(err, WEIR_ERR_BAD_ARGUMENT, "acquire", 0,
		                 "the lease is held already: release it first, or zero a new one");
	if (!weir__pool_ours(pool))
		return weir_fail(err, WEIR_ERR_FORKED, "acquire", 0,
		                 "this process was forked after the pool was made: make a new pool");
	return WEIR_OK;
}

/* Steps 2 to 4, after what the public calls refuse. */
static WP_OUT_OF_LINE enum weir_code acquire_until(struct weir_pool *pool, struct weir_lease *lease,
                                                   int64_t deadline_ns, const char *site,
                                                   struct weir_error *err)
{
	struct attempt attempt = {0};
	const enum weir_code code = check_call(pool, lease, err);

	if (code != WEIR_OK)
		return code;
	attempt.pool = pool;
	attempt.seat = weir__pool_seat(pool);
	attempt.err = err;
	attempt.deadline_ns = deadline_ns;
	attempt.try_only = deadline_ns == NO_WAIT;
	if (attempt.seat->left_ns != 0)
		weir__turn_back(attempt.seat, wp_now());
	return acquire_slow(&attempt, lease, site);
}

static WP_OUT_OF_LINE enum weir_code acquire_for(struct weir_pool *pool, struct weir_lease *lease,
                                                 int64_t timeout_ns, const char *site,
                                                 struct weir_error *err)
{
	if (timeout_ns == WEIR_TIMEOUT_SETTING)
		timeout_ns = pool == NULL ? 0 : weir__setting(pool, WEIR_SET_acquire_timeout);
	if (timeout_ns < 0)
		return weir_fail(err, WEIR_ERR_BAD_ARGUMENT, "acquire", 0,
		                 "timeout_ns is %lld; it must not be negative", (long long)timeout_ns);
	const int64_t deadline_ns = timeout_ns == 0 ? NO_WAIT : weir__add_ns(wp_now(), timeout_ns);

	return acquire_until(pool, lease, deadline_ns, site, err);
}

/* Step 1. False also when the thread's return is to be measured (turn.h), which
 * takes a clock. */
WP_INLINE bool acquire_own(struct weir_pool *pool, struct weir_lease *lease, const char *site)
{
	if (pool == NULL || lease == NULL || lease->conn != NULL)
		return false;

	struct weir__seat *seat = weir__seat_find(pool->id);

	if (seat->pool_id != pool->id || seat->left_ns != 0 ||
	    (wp_load_rlx_32(&pool->way) & WEIR__WAY_ACQUIRE) != WEIR__WAY_OPEN)
		return false;

	struct weir__slot *slot = weir__pool_slot(pool, seat->slot);
	const uint64_t word = wp_load_rlx_64(&slot->word);

	if (weir__word_state(word) != WEIR__IDLE)
		return false;
	const uint64_t leased = weir__word_move(word, WEIR__LEASED);

	if (!wp_cas_acq_64(&slot->word, word, leased)) /* A1 */
		return false;
	take(pool, seat, slot, leased, lease, site);
	return true;
}

enum weir_code weir_acquire_from(struct weir_pool *pool, struct weir_lease *lease,
                                 int64_t timeout_ns, const char *site, struct weir_error *err)
{
	if (acquire_own(pool, lease, site))
		return WEIR_OK;
	return acquire_for(pool, lease, timeout_ns, site, err);
}

enum weir_code weir_acquire_until_from(struct weir_pool *pool, struct weir_lease *lease,
                                       struct weir_time deadline, const char *site,
                                       struct weir_error *err)
{
	if (acquire_own(pool, lease, site))
		return WEIR_OK;
	return acquire_until(pool, lease, deadline.ns > 0 ? deadline.ns : 1, site, err);
}
