/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The way to a lease.
 *
 * In this order, each step only when the one before found nothing:
 *   1. the slot this thread had last: one CAS (A1), seldom a clock (lease_time.c)
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
 * A suspended pool gives none of them: it fails, or has its caller wait for resume. One
 * whose database is down (breaker.h) likewise, once no connection is left that could come
 * back; who waits looks from time to time whether another open is admitted.
 *
 * Progress: 1 and 2 are lock-free; 3 and 4 block until the deadline.
 */
#include "attempt.h"
#include "probe.h"
#include "thread_end.h"
#include "turn.h"

/* In place of a slot: nothing was found, but the caller would rather try again. */
#define AGAIN WEIR__RING_NONE

/*
 * Note who holds the slot, and fill the handle. Owner of a slot in state LEASED,
 * which is the one the seat names. Every store before the next claim is one more
 * that the claim's locked instruction waits for, so what is there already is not
 * stored again. True if the lease's use is to be timed for WEIR__USE_SAMPLE of them.
 */
WP_INLINE bool take(struct weir_pool *pool, const struct weir__seat *seat, struct weir__slot *slot,
                    uint64_t word, struct weir_lease *lease, const char *site)
{
	const uint64_t since = weir__since_make(seat->thread, wp_load_rlx_32(&pool->q.tick));
	const uint64_t leases = wp_load_rlx_64(&slot->leases) + 1;

	wp_store_rlx_64(&slot->leases, leases);
	if (wp_load_rlx_ptr(&slot->site) != site)
		wp_store_rlx_ptr(&slot->site, site);
	if (wp_load_rlx_64(&slot->since) != since)
		wp_store_rlx_64(&slot->since, since);
	lease->pool = pool;
	lease->conn = slot->conn;
	lease->slot = seat->slot;
	lease->generation = weir__word_generation(word);
	return leases % WEIR__USE_SAMPLE == 0;
}

/* The pool is down, and the caller does not wait for better times. */
static enum weir_code unavailable(struct weir__attempt *a)
{
	(void)wp_add_rlx_64(&a->pool->breaker.refusals, 1);
	return weir__attempt_fail(a, WEIR_ERR_UNAVAILABLE);
}

static enum weir_code open_failed(struct weir__attempt *a, enum weir_code code, uint32_t *index)
{
	*index = AGAIN;
	return weir__attempt_goes_on(a) ? WEIR_OK : weir__attempt_fail(a, code);
}

/* Open a connection in the place *index in state OPENING; on success it is LEASED. */
static enum weir_code open_here(struct weir__attempt *a, uint32_t *index)
{
	struct weir__slot *slot = weir__pool_slot(a->pool, *index);
	const int64_t before_ns = wp_now();
	const int64_t deadline_ns = a->try_only ? INT64_MAX : a->deadline_ns;
	struct weir_error detail = WEIR_ERROR_INIT;
	const enum weir_code code = weir__capacity_open(a->pool, slot, deadline_ns, &detail);

	a->stages.open_ns += wp_now() - before_ns;
	if (code == WEIR_OK) {
		(void)weir__slot_move(slot, WEIR__LEASED);
		weir__capacity_opened(a->pool);
		return WEIR_OK;
	}
	weir__capacity_give(a->pool, slot);
	return code == WEIR_ERR_DRIVER_DEADLINE ? weir__attempt_time_out(a)
	                                        : open_failed(a, code, index);
}

/* What a grant means for the attempt; *index is then a slot in state LEASED. */
static enum weir_code use_grant(struct weir__attempt *a, enum weir__grant grant, uint32_t slot,
                                uint32_t *index)
{
	*index = slot;
	switch (grant) {
	case WEIR__GRANT_LEASE:
		return WEIR_OK;
	case WEIR__GRANT_CAPACITY:
		return open_here(a, index);
	case WEIR__GRANT_FAILED:
		return weir__attempt_fail(a, weir__last_open_failure(a->pool));
	case WEIR__GRANT_DOWN:
		return unavailable(a);
	case WEIR__GRANT_CLOSED:
		return weir__attempt_fail(a, WEIR_ERR_CLOSED);
	case WEIR__GRANT_NONE:
		break;
	}
	return weir__attempt_time_out(a);
}

static enum weir_code refuse(struct weir__attempt *a, enum weir__enter refused)
{
	static const enum weir_code codes[] = {
		WEIR_OK,
		WEIR_ERR_CLOSED,
		WEIR_ERR_EXHAUSTED,
		WEIR_ERR_NO_MEMORY,
	};

	if (refused != WEIR__ENTER_FULL)
		return weir__attempt_fail(a, codes[refused]);
	return WEIR_ERR_EXHAUSTED; /* explained once the last scan has failed too */
}

static enum weir_code queue(struct weir__attempt *a, uint32_t *index)
{
	struct weir__waitq *q = &a->pool->q;
	const int64_t entered_ns = wp_now();
	const uint32_t length_max = (uint32_t)weir__setting(a->pool, WEIR_SET_max_waiters);
	struct weir__waiter *waiter = NULL;
	const enum weir__enter refused =
		weir__waitq_enter(q, entered_ns, length_max, weir__attempt_goes_on(a), &waiter);

	if (refused != WEIR__ENTERED)
		return refuse(a, refused);
	if (waiter->scans)
		weir__pool_scan(a->pool, true);
	else if (a->pool->opener != NULL)
		weir__capacity_refill(a->pool, true);
	weir__capacity_tell_down(a->pool);

	const bool granted = weir__attempt_sleep(a, waiter);
	const enum weir__grant grant = granted ? waiter->grant : WEIR__GRANT_NONE;
	const uint32_t slot = waiter->slot;
	const int64_t now_ns = wp_now();

	weir__waitq_retire(q, waiter);
	a->stages.queued_ns += now_ns - entered_ns;
	weir__probe_acquire_wait(a->pool->config.name, now_ns - entered_ns, (int32_t)grant);
	a->seat = weir__pool_seat(a->pool);
	a->seat->turn = 0;
	return use_grant(a, grant, slot, index);
}

/* The caller may not wait. Hints may be lost, so nobody is told "exhausted" on
 * their word; and where only the queue makes helpers open, one is begun for
 * whoever comes next. */
static enum weir_code exhausted(struct weir__attempt *a, bool strict, uint32_t *index)
{
	struct weir_pool *pool = a->pool;

	if (!strict || weir__wake_read(&pool->q) == WEIR__WAKE_NONE) {
		*index = weir__ring_scan(&pool->ring, 0, WEIR__IDLE, WEIR__LEASED);
		if (*index != WEIR__RING_NONE)
			return WEIR_OK;
	}
	if (pool->opener != NULL)
		weir__capacity_probe(pool);
	/* Its places are being emptied, and none of them may be taken. */
	if (weir__pool_closed(pool))
		return weir__attempt_fail(a, WEIR_ERR_CLOSED);
	if (!a->try_only)
		(void)wp_add_rlx_64(&pool->rejected, 1);
	return weir__attempt_fail(a, WEIR_ERR_EXHAUSTED);
}

/* Steps 2 to 4: *index is a slot in state LEASED. */
static enum weir_code obtain(struct weir__attempt *a, uint32_t *index)
{
	struct weir_pool *pool = a->pool;
	const uint32_t way = wp_load_rlx_32(&pool->way);
	const bool strict = (way & WEIR__WAY_STRICT) != 0;
	const bool last = strict || (a->seat->yields && !a->try_only);

	a->seat->yields = false;
	if (weir__pool_closed(pool))
		return weir__attempt_fail(a, WEIR_ERR_CLOSED);
	if ((way & WEIR__WAY_SUSPENDED) != 0) {
		const enum weir_code code = weir__attempt_await_resume(a);

		if (code != WEIR_OK)
			return code;
	}
	if (!last || weir__wake_read(&pool->q) == WEIR__WAKE_NONE) {
		*index = weir__ring_search(&pool->ring, a->seat->slot);
		if (*index != WEIR__RING_NONE)
			return WEIR_OK;
		*index = pool->opener == NULL ? weir__capacity_reserve(pool, a->seat->slot, 0)
		                              : WEIR__RING_NONE;
		if (*index != WEIR__RING_NONE)
			return open_here(a, index);
	}
	if (!a->patient && weir__is_down(pool)) {
		weir__capacity_probe(pool);
		return unavailable(a);
	}
	if (!a->try_only) {
		const enum weir_code code = queue(a, index);

		if (code != WEIR_ERR_EXHAUSTED)
			return code;
	}
	return exhausted(a, strict, index);
}

/* Whether the connection in a slot in state LEASED works; else it is retired. */
static bool validate(struct weir__attempt *a, uint32_t index, uint32_t way)
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

/* The attempt's lease: of that slot, which is in state LEASED. */
static void take_up(struct weir__attempt *a, uint32_t index, struct weir_lease *lease,
                    const char *site)
{
	struct weir__slot *slot = weir__pool_slot(a->pool, index);

	/* Looked up anew: a driver's callback may have used another pool, which took
	 * the seat. */
	a->seat = weir__pool_seat(a->pool);
	a->seat->slot = index;
	const bool waited = weir__wait_count(a->pool, &a->stages, a->seat->thread);
	const bool sampled = take(a->pool, a->seat, slot, wp_load_rlx_64(&slot->word), lease, site);

	if (waited || sampled)
		weir__use_begin(a->pool, slot, waited);
}

static enum weir_code acquire_slow(struct weir__attempt *a, struct weir_lease *lease,
                                   const char *site)
{
	/* Each slot may turn out broken once, and its replacement once more. */
	const uint32_t tries_max = 2 * a->pool->ring.count + 1;

	for (uint32_t tries = 0; tries < tries_max; tries++) {
		uint32_t index = WEIR__RING_NONE;
		const enum weir_code code = obtain(a, &index);

		if (code != WEIR_OK)
			return code;
		if (index == AGAIN) {
			if (wp_now() >= a->deadline_ns)
				return weir__attempt_time_out(a);
			tries = 0;
			continue;
		}
		struct weir__slot *slot = weir__pool_slot(a->pool, index);

		if (weir__pool_closed(a->pool)) {
			weir__slot_retire(a->pool, slot, WEIR_CLOSE_SHUTDOWN);
			return weir__attempt_fail(a, WEIR_ERR_CLOSED);
		}
		const uint32_t way = wp_load_rlx_32(&a->pool->way);

		if ((way & WEIR__WAY_STALE) != 0 && weir__is_stale(a->pool, slot)) {
			weir__slot_retire(a->pool, slot, WEIR_CLOSE_STALE);
			if (!a->try_only && wp_now() >= a->deadline_ns)
				return weir__attempt_time_out(a);
			tries = 0; /* it says nothing about health, and each slot is stale once a reset */
			continue;
		}
		if (validate(a, index, way)) {
			take_up(a, index, lease, site);
			return WEIR_OK;
		}
		if (!a->try_only && wp_now() >= a->deadline_ns)
			return weir__attempt_time_out(a);
	}
	return weir__attempt_fail(a, WEIR_ERR_HEALTH);
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
                                                   int64_t deadline_ns,
                                                   enum weir_when_down when_down, const char *site,
                                                   struct weir_error *err)
{
	struct weir__attempt attempt = {0};
	const enum weir_code code = check_call(pool, lease, err);

	if (code != WEIR_OK)
		return code;
	attempt.pool = pool;
	attempt.seat = weir__pool_seat(pool);
	attempt.err = err;
	attempt.deadline_ns = deadline_ns;
	attempt.try_only = deadline_ns == WEIR__NO_WAIT;
	attempt.patient = !attempt.try_only && weir__waits_when_down(pool, when_down);
	if (attempt.seat->left_ns != 0)
		weir__turn_back(attempt.seat, wp_now());
	return acquire_slow(&attempt, lease, site);
}

static WP_OUT_OF_LINE enum weir_code acquire_for(struct weir_pool *pool, struct weir_lease *lease,
                                                 int64_t timeout_ns, enum weir_when_down when_down,
                                                 const char *site, struct weir_error *err)
{
	if (timeout_ns == WEIR_TIMEOUT_SETTING)
		timeout_ns = pool == NULL ? 0 : weir__setting(pool, WEIR_SET_acquire_timeout);
	if (timeout_ns < 0)
		return weir_fail(err, WEIR_ERR_BAD_ARGUMENT, "acquire", 0,
		                 "timeout_ns is %lld; it must not be negative", (long long)timeout_ns);
	const int64_t deadline_ns = timeout_ns == 0 ? WEIR__NO_WAIT
	                                            : weir__add_ns(wp_now(), timeout_ns);

	return acquire_until(pool, lease, deadline_ns, when_down, site, err);
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
	if (take(pool, seat, slot, leased, lease, site))
		weir__use_begin(pool, slot, false);
	return true;
}

enum weir_code weir_acquire_from(struct weir_pool *pool, struct weir_lease *lease,
                                 int64_t timeout_ns, const char *site, struct weir_error *err)
{
	if (acquire_own(pool, lease, site))
		return WEIR_OK;
	return acquire_for(pool, lease, timeout_ns, WEIR_DOWN_SETTING, site, err);
}

enum weir_code weir_acquire_until_from(struct weir_pool *pool, struct weir_lease *lease,
                                       struct weir_time deadline, const char *site,
                                       struct weir_error *err)
{
	if (acquire_own(pool, lease, site))
		return WEIR_OK;
	return acquire_until(pool, lease, deadline.ns > 0 ? deadline.ns : 1, WEIR_DOWN_SETTING, site,
	                     err);
}

enum weir_code weir_acquire_with_from(struct weir_pool *pool, struct weir_lease *lease,
                                      const struct weir_acquire_options *options, const char *site,
                                      struct weir_error *err)
{
	static const struct weir_acquire_options none = {0};
	enum weir_code code = WEIR_OK;

	if (options == NULL)
		options = &none;
	else if (options->size != sizeof *options || (unsigned)options->when_down > WEIR_DOWN_WAIT ||
	         options->timeout_ns < WEIR_TIMEOUT_SETTING)
		return weir_fail(err, WEIR_ERR_BAD_ARGUMENT, "acquire", 0,
		                 "options: set size to sizeof(struct weir_acquire_options), when_down to "
		                 "one of its names, and timeout_ns to no negative time");
	if (!acquire_own(pool, lease, site))
		code = acquire_for(pool, lease,
		                   options->timeout_ns == 0 ? WEIR_TIMEOUT_SETTING : options->timeout_ns,
		                   options->when_down, site, err);
	if (code == WEIR_OK && options->expected_long)
		wp_store_rlx_32(&weir__pool_slot(pool, lease->slot)->expected_long, lease->generation);
	return code;
}
