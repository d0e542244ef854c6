/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The way back of a lease: to the ring, to a waiter, or to the scrap heap.
 *
 * Three ways, from the shortest to the longest.
 *   plain    Nobody waits. Store IDLE (R1), light barrier, load wake (X1). If it
 *            still is NONE, done: no locked instruction. Else as published below.
 *   private  Somebody waits, and turn.h says hand over. The slot never becomes
 *            public: its word moves LEASED→LEASED with a new generation, and the
 *            head of the queue is told.
 *   public   Somebody waits, and turn.h says keep. Publish with a full fence
 *            (R2), load wake (X2); if nobody is overdue, done. Else the slot is
 *            claimed back, if it is still there, and passed on.
 * A lease whose use is timed has that recorded first (lease_time.c), on the detour that
 * leads to each of them.
 * The labels are explained in slot.h and waitq.h. A slot that was claimed by
 * somebody else in between needs no care: that thread has a lease, and will
 * release it.
 * Progress: plain is wait-free; the others take the queue's lock.
 */
#include "pool_internal.h"
#include "probe.h"
#include "thread_end.h"
#include "turn.h"

/* After publishing: if the slot is still there, take it back for the queue. */
static bool take_back(struct weir__slot *slot)
{
	const uint64_t word = wp_load_rlx_64(&slot->word);

	return weir__word_state(word) == WEIR__IDLE &&
	       weir__slot_claim(slot, word, WEIR__LEASED); /* A1 */
}

/* R2, X2: publish for everybody to see; returns wake as it is afterwards. */
static uint32_t publish(struct weir_pool *pool, struct weir__slot *slot)
{
	weir__ring_note(&pool->ring, weir__slot_index(pool, slot)); /* H1 */
	(void)weir__slot_publish_full(slot);                        /* R2 */
	return weir__wake_read(&pool->q);                           /* X2 */
}

void weir__slot_pass_on(struct weir_pool *pool, struct weir__slot *slot)
{
	uint32_t wake = weir__wake_read(&pool->q);

	for (;;) { /* ends: each further round took back a slot while somebody waited */
		if ((wake & WEIR__WAKE_CLOSED) != 0) {
			weir__slot_retire(pool, slot, WEIR_CLOSE_SHUTDOWN);
			return;
		}
		if (weir__wake_count(wake) > 0) {
			(void)weir__slot_move(slot, WEIR__LEASED);
			if (weir__waitq_grant(&pool->q, WEIR__GRANT_LEASE, weir__slot_index(pool, slot)))
				return;
		}
		wake = publish(pool, slot);
		if (wake == WEIR__WAKE_NONE || !take_back(slot))
			return;
	}
}

void weir__slot_shut(struct weir_pool *pool, struct weir__slot *slot, enum weir_close_reason reason)
{
	WEIR__CANCEL_DEFERRED;
	(void)weir__slot_move(slot, WEIR__CLOSING);
	weir__probe_retire(pool->config.name, weir__slot_index(pool, slot), (int32_t)reason);
	pool->ops.close(slot->conn);
	slot->conn = NULL;
	(void)wp_add_rlx_64(&pool->closed[reason], 1);
}

void weir__slot_retire(struct weir_pool *pool, struct weir__slot *slot,
                       enum weir_close_reason reason)
{
	WEIR__CANCEL_DEFERRED;
	weir__slot_shut(pool, slot, reason);
	weir__capacity_give(pool, slot);
}

void weir__pool_scan(struct weir_pool *pool, bool enters)
{
	while (weir__wake_count(weir__wake_read(&pool->q)) > 0) { /* ends: nothing found */
		const uint32_t index = weir__ring_scan(&pool->ring, 0, WEIR__IDLE, WEIR__LEASED); /* W3 */

		if (index == WEIR__RING_NONE)
			break;
		weir__slot_pass_on(pool, weir__pool_slot(pool, index));
	}
	weir__capacity_refill(pool, enters);
}

/* What a lease that is held says, each part read once: this is counted in instructions. */
struct held {
	struct weir_pool *pool;
	struct weir__slot *slot;
	uint32_t generation;
};

/* Whether lease is held; fills held as far as it is. */
WP_INLINE bool is_held(const struct weir_lease *lease, struct held *held)
{
	if (lease == NULL || lease->conn == NULL)
		return false;
	held->pool = lease->pool;
	if (!weir__pool_ours(held->pool) || lease->slot >= held->pool->ring.count)
		return false;
	held->slot = weir__pool_slot(held->pool, lease->slot);
	held->generation = lease->generation;
	return wp_load_rlx_64(&held->slot->word) == weir__word_make(WEIR__LEASED, held->generation);
}

/* Say why a lease is not held. */
static enum weir_code explain(const struct weir_lease *lease, struct weir_error *err)
{
	const struct weir_pool *pool;
	uint64_t word;

	if (lease == NULL || lease->pool == NULL)
		return weir_fail(err, WEIR_ERR_BAD_ARGUMENT, "release", 0,
		                 lease == NULL ? "lease is NULL" : "the lease was never acquired");
	if (lease->conn == NULL)
		return weir_fail(err, WEIR_ERR_DOUBLE_RELEASE, "release", 0,
		                 "this lease was released before, through the same variable");
	pool = lease->pool;
	if (pool->magic == 0)
		return weir_fail(err, WEIR_ERR_FORKED, "release", 0,
		                 "the lease was taken before fork: only the parent may release it");
	if (!weir__pool_ours(pool) || lease->slot >= pool->ring.count)
		return weir_fail(err, WEIR_ERR_FOREIGN_HANDLE, "release", 0,
		                 "the lease does not belong to a pool");
	word = wp_load_rlx_64(&pool->ring.slots[lease->slot].word);
	if (weir__word_generation(word) == lease->generation)
		return weir_fail(err, WEIR_ERR_DOUBLE_RELEASE, "release", 0,
		                 "%s: slot %u was returned before, through a copy of the lease",
		                 pool->config.name, lease->slot);
	return weir_fail(err, WEIR_ERR_STALE_HANDLE, "release", 0,
	                 "%s: slot %u serves a later lease (generation %u, this one had %u)",
	                 pool->config.name, lease->slot, weir__word_generation(word),
	                 lease->generation);
}

/* The private way, as far as somebody waits. */
static enum weir__handed hand_over(struct weir_pool *pool, struct weir__slot *slot, bool near)
{
	const int64_t window_ns = weir__setting(pool, WEIR_SET_fairness_window);

	(void)weir__slot_move(slot, WEIR__LEASED);
	return weir__waitq_hand_over(&pool->q, weir__slot_index(pool, slot), window_ns, near);
}

/* Somebody waits: hand over or keep, as turn.h says. *keeps is false if this
 * release made no choice to keep, and so may not leave the slot public. */
static bool take_turn(struct weir_pool *pool, struct weir__slot *slot, uint32_t wake, bool *keeps)
{
	struct weir__seat *seat = weir__pool_seat(pool);

	*keeps = weir__turn_keeps(seat, &pool->q, wake);
	if (*keeps)
		return false;
	const enum weir__handed handed = hand_over(pool, slot, seat->returns);

	/* Only now: the waiter that was woken may have run first, on this processor,
	 * and that says nothing about this thread. */
	seat->left_ns = wp_now();
	seat->yields = handed == WEIR__HANDED;
	*keeps = handed == WEIR__HANDED_DECLINED;
	return handed == WEIR__HANDED;
}

/* Somebody waits, or the plain way is not open to this pool. */
static void release_slow(struct weir_pool *pool, struct weir__slot *slot)
{
	const uint32_t wake = weir__wake_read(&pool->q);
	bool keeps = false;

	if ((wake & WEIR__WAKE_CLOSED) != 0) {
		weir__slot_pass_on(pool, slot);
		return;
	}
	if (weir__wake_count(wake) > 0 && take_turn(pool, slot, wake, &keeps))
		return;
	const uint32_t after = publish(pool, slot);

	if (after == WEIR__WAKE_NONE || (keeps && weir__wake_may_keep(after)) || !take_back(slot))
		return;
	weir__slot_pass_on(pool, slot);
}

/* The driver cleans up after the borrower; false if the connection is spent. */
static bool reset(struct weir_pool *pool, struct weir__slot *slot)
{
	WEIR__CANCEL_DEFERRED;
	const int64_t validate_ns = weir__setting(pool, WEIR_SET_validate_timeout);
	const struct weir_time deadline = {weir__add_ns(wp_now(), validate_ns)};
	struct weir_error ignored = WEIR_ERROR_INIT;

	return pool->ops.reset(slot->conn, deadline, &ignored) == WEIR_OK;
}

/* A plain release that finds a waiter after all. */
static WP_OUT_OF_LINE enum weir_code reconsider(struct weir_pool *pool, struct weir__slot *slot)
{
	if (take_back(slot))
		weir__slot_pass_on(pool, slot);
	return WEIR_OK;
}

/* The plain way: nobody waits, as far as the caller has seen. */
WP_INLINE enum weir_code release_plain(struct weir_pool *pool, struct weir__slot *slot,
                                       uint32_t generation)
{
	wp_store_rel_64(&slot->word, weir__word_make(WEIR__IDLE, generation)); /* R1 */
	wp_barrier_light();
	if (weir__wake_read(&pool->q) != WEIR__WAKE_NONE) /* X1 */
		return reconsider(pool, slot);
	return WEIR_OK;
}

/* All that weir_release itself has no room for. */
static WP_OUT_OF_LINE enum weir_code release_detour(struct weir_lease *lease,
                                                    struct weir_error *err)
{
	struct held held;

	if (!is_held(lease, &held))
		return explain(lease, err);

	struct weir_pool *pool = held.pool;
	struct weir__slot *slot = held.slot;
	const uint32_t way = wp_load_rlx_32(&pool->way);

	lease->conn = NULL;
	weir__use_end(pool, slot);
	if ((way & WEIR__WAY_STALE) != 0 && weir__is_stale(pool, slot)) {
		weir__slot_retire(pool, slot, WEIR_CLOSE_STALE);
		return WEIR_OK;
	}
	if ((way & WEIR__WAY_RESET) != 0 && !reset(pool, slot)) {
		weir__slot_retire(pool, slot, WEIR_CLOSE_RESET);
		return WEIR_OK;
	}
	if ((way & WEIR__WAY_FENCE) == 0 && weir__wake_read(&pool->q) == WEIR__WAKE_NONE) {
		weir__ring_note(&pool->ring, lease->slot); /* H1 */
		return release_plain(pool, slot, held.generation);
	}
	release_slow(pool, slot);
	return WEIR_OK;
}

enum weir_code weir_release(struct weir_lease *lease, struct weir_error *err)
{
	struct held held;

	if (!is_held(lease, &held) ||
	    (wp_load_rlx_32(&held.pool->way) & WEIR__WAY_RELEASE) != WEIR__WAY_OPEN ||
	    weir__wake_read(&held.pool->q) != WEIR__WAKE_NONE || held.slot->timed_ns != 0)
		return release_detour(lease, err);
	lease->conn = NULL;
	return release_plain(held.pool, held.slot, held.generation);
}

enum weir_code weir_discard(struct weir_lease *lease, struct weir_error *err)
{
	struct held held;

	if (!is_held(lease, &held))
		return explain(lease, err);
	lease->conn = NULL;
	weir__use_end(held.pool, held.slot);
	weir__slot_retire(held.pool, held.slot, WEIR_CLOSE_BROKEN);
	return WEIR_OK;
}

void weir_lease_end(struct weir_lease *lease)
{
	if (lease != NULL && weir_lease_held(lease) && weir_release(lease, NULL) != WEIR_OK)
		lease->conn = NULL;
}
