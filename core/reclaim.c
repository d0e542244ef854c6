/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Places in the stead of leases that do not come back.
 *
 * Nobody can take a slot from its holder: a return is a plain look at the word and a
 * plain store to it. So a pool with leak_policy=reclaim has spare places in its ring,
 * beyond max_size. They are SPARE (slot.h) until a lease is found to be a leak: then the
 * lease is written off, and a spare place is lent to everybody. A holder that comes back
 * after all finds everything as it left it; housekeeping sees that at its next pass, and
 * withdraws as many places again: EMPTY ones, or idle ones, whose connections it closes.
 *
 * A lease that is written off is noted in its slot: WEIR__WRITTEN_OFF among the low bits
 * of watched_ns, with the generation in watched. All of this is done by who keeps house,
 * one thread at a time; lent and reclaimed are read by others.
 *
 * Invariants
 *   RC1 lent counts the places that are not SPARE beyond max_size, but for the moment of a
 *       move; it is at most weir__pool_spares.
 *   RC2 written_off counts the slots that are noted. Between two passes it is at most
 *       lent; what lent has more is withdrawn as soon as a pass finds a public place.
 *   RC3 So max_size and the spares are all that is ever open, and max_size can be used, as
 *       long as no more leases than there are spares are leaks.
 *
 *   label operation                      order  pairs with   breaks if weaker
 *   RK1   lend: store EMPTY (R3), then   full   W1, C2       a waiter and the lender miss each
 *         add to empties, load wake                          other: lost wake-up, as C1
 *   RK2   withdraw: subtract from        full   RK3          a giver that could open nothing
 *         empties and lent, then load                        and the scan miss each other:
 *         empties                                            waiters are not told so
 *   RK3   give (capacity.c): add to      full   RK2          as RK2
 *         empties, then load lent
 * Progress: as capacity.c.
 */
#include "pool_internal.h"

static uint32_t written_off(const struct weir_pool *pool)
{
	return wp_load_rlx_32(&pool->written_off);
}

/* One more place for everybody; false if there is no spare one. */
static bool lend(struct weir_pool *pool)
{
	const uint32_t index =
		weir__ring_scan(&pool->ring, pool->size, WEIR__SPARE, WEIR__EMPTY); /* RK1 */

	if (index == WEIR__RING_NONE)
		return false;
	(void)wp_add_rlx_32(&pool->lent, 1);
	(void)wp_add_full_32(&pool->empties, 1); /* RK1 */
	weir__capacity_refill(pool, false);
	return true;
}

bool weir__reclaim_write_off(struct weir_pool *pool, struct weir__slot *slot)
{
	/* What was lent for a lease that is over, and not withdrawn yet, will do. */
	if (wp_load_rlx_32(&pool->lent) == written_off(pool) && !lend(pool))
		return false;
	slot->watched_ns |= WEIR__WRITTEN_OFF;
	wp_store_rlx_32(&pool->written_off, written_off(pool) + 1);
	(void)wp_add_rlx_64(&pool->reclaimed, 1);
	return true;
}

void weir__reclaim_note(struct weir_pool *pool, struct weir__slot *slot, uint64_t word)
{
	if ((slot->watched_ns & WEIR__WRITTEN_OFF) == 0 ||
	    word == weir__word_make(WEIR__LEASED, slot->watched))
		return;
	slot->watched_ns &= ~WEIR__WRITTEN_OFF;
	wp_store_rlx_32(&pool->written_off, written_off(pool) - 1);
}

static bool withdraw_empty(struct weir_pool *pool)
{
	if (weir__ring_scan(&pool->ring, pool->size, WEIR__EMPTY, WEIR__SPARE) ==
	    WEIR__RING_NONE) /* O1 */
		return false;
	(void)wp_add_full_32(&pool->empties, UINT32_MAX);
	return true;
}

static bool withdraw_idle(struct weir_pool *pool)
{
	const uint32_t index =
		weir__ring_scan(&pool->ring, pool->size, WEIR__IDLE, WEIR__CHECKING); /* A1 */

	if (index == WEIR__RING_NONE)
		return false;
	weir__slot_shut(pool, weir__pool_slot(pool, index), WEIR_CLOSE_IDLE);
	(void)weir__slot_move(weir__pool_slot(pool, index), WEIR__SPARE); /* R3 */
	weir__progress(pool); /* close waits for this place, too */
	weir__capacity_tell_down(pool);
	weir__pool_unref(pool);
	return true;
}

bool weir__reclaim_withdraw(struct weir_pool *pool)
{
	while (wp_load_rlx_32(&pool->lent) > written_off(pool)) { /* ends: each round takes one */
		if (!withdraw_empty(pool) && !withdraw_idle(pool))
			return false;
		(void)wp_add_full_32(&pool->lent, UINT32_MAX); /* RK2 */
		weir__capacity_refill(pool, false);
	}
	return true;
}
