/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Asking the holder of a lease, from another thread, to stop.
 *
 * A slot has a second word, cancel. Whoever asks puts the slot's word as it is
 * during that lease into it: LEASED, with the lease's generation. The lease is
 * asked to stop as long as the two words are equal. No generation comes twice
 * (slot.h S3), so a request that comes late, or is left behind, concerns nobody;
 * and nothing has to be cleared between two leases.
 *
 * States of cancel: NONE (0, the word of no lease), STALE (of a lease that is over),
 * ASKED (equal to word).
 * Legal moves
 *   NONE, STALE → ASKED   a canceller (L3)
 *   NONE → STALE          a canceller whose lease ends between L2 and L3
 *   STALE → STALE         the same
 *   ASKED → STALE         the lease ends: word moves on
 *
 * Invariants
 *   I1  The holder of a lease that nobody asked never reads ASKED.
 *   I2  A request for the present lease is never overwritten while it lasts: L3
 *       replaces only what L1 saw, and what L1 saw was no request for a lease
 *       that began after L2's.
 *
 *   label operation                 order   pairs with  breaks if weaker
 *   L1    canceller: load cancel    acq     L3          it sees the request for a later
 *                                                       lease, then the word from before
 *                                                       that one, and undoes the request
 *   L2    canceller: load word      rlx     -           after L1, by that one's order
 *   L3    canceller: CAS cancel     acqrel  L1          as L1
 *   L4    holder: load cancel       rlx     -           nothing is published by it
 *   L5    holder: load word         rlx     -           its own, or handed to it in order
 * Progress: asked is wait-free; a canceller repeats only when another one's CAS
 * came between, and each canceller succeeds at most once.
 */
#include "pool_internal.h"

bool weir__cancel_asked(const void *token)
{
	const struct weir__slot *slot = (const struct weir__slot *)token;

	return wp_load_rlx_64(&slot->cancel) == wp_load_rlx_64(&slot->word); /* L4, L5 */
}

/* What weir_cancel refuses before it looks at the slot. */
static enum weir_code check(const struct weir_lease *lease, struct weir_error *err)
{
	const struct weir_pool *pool;

	if (lease == NULL || lease->pool == NULL)
		return weir_fail(err, WEIR_ERR_BAD_ARGUMENT, "cancel", 0,
		                 lease == NULL ? "lease is NULL" : "the lease was never acquired");
	pool = lease->pool;
	if (pool->magic == 0)
		return weir_fail(err, WEIR_ERR_FORKED, "cancel", 0,
		                 "the lease was taken before fork: only the parent may cancel it");
	if (!weir__pool_ours(pool) || lease->slot >= pool->ring.count)
		return weir_fail(err, WEIR_ERR_FOREIGN_HANDLE, "cancel", 0,
		                 "the lease does not belong to a pool");
	if ((pool->ops.flags & WEIR_DRIVER_HEEDS_CANCEL) == 0)
		return weir_fail(err, WEIR_ERR_DRIVER_UNSUPPORTED, "cancel", 0,
		                 "%s: the driver \"%s\" does not look whether it is asked to stop",
		                 pool->config.name, pool->ops.name);
	return WEIR_OK;
}

/* Whether the lease with that word was still out when it was asked to stop. */
static bool ask(struct weir__slot *slot, uint64_t mine)
{
	for (;;) {                                               /* ends: see Progress */
		const uint64_t seen = wp_load_acq_64(&slot->cancel); /* L1 */

		if (wp_load_rlx_64(&slot->word) != mine) /* L2 */
			return false;
		if (seen == mine || wp_cas_acqrel_64(&slot->cancel, seen, mine)) /* L3 */
			return true;
	}
}

enum weir_code weir_cancel(const struct weir_lease *lease, struct weir_error *err)
{
	const enum weir_code code = check(lease, err);

	if (code != WEIR_OK)
		return code;

	struct weir_pool *pool = lease->pool;
	const uint64_t mine = weir__word_make(WEIR__LEASED, lease->generation);

	/* A lease that was released through this variable has no connection. */
	if (lease->conn != NULL && ask(weir__pool_slot(pool, lease->slot), mine))
		return WEIR_OK;
	return weir_fail(err, WEIR_ERR_STALE_HANDLE, "cancel", 0,
	                 "%s: the lease of slot %u was over already", pool->config.name, lease->slot);
}
