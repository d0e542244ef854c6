/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The end of a pool.
 *
 * Closing sets CLOSED in the wake word, which from then on sends every release
 * the long way, where the connection is closed instead of published (release.c),
 * and refuses every acquire. The barrier in weir__waitq_close makes releases
 * that had not seen it yet visible, so that the sweep after it finds every slot
 * that was published without knowing. What is still out then (leases, opens)
 * ends as EMPTY on its own, and close waits for that on pool->progress.
 *
 *   label operation                     order  pairs with  breaks if weaker
 *   P1    progress: add, then wake      full   P2          nothing, as long as the full fence
 *                                                          of C1 (capacity.c) is just before it.
 *                                                          Without both, or after the wake:
 *                                                          close sleeps beside a place that
 *                                                          became EMPTY just before
 *   P2    close: load progress, then    acq    P1          as P1
 *         the words, then sleep
 */
#include "pool_internal.h"

#include "error_internal.h"

void weir__pool_ref(struct weir_pool *pool)
{
	(void)wp_add_full_32(&pool->refs, 1);
}

void weir__pool_unref(struct weir_pool *pool)
{
	if (wp_add_full_32(&pool->refs, UINT32_MAX) != 1) /* C3 */
		return;
	weir__histogram_free(pool->waits);
	weir__histogram_free(pool->uses);
	weir__histogram_free(pool->creates);
	weir__opener_free(pool->opener);
	weir__waitq_free(&pool->q);
	weir__ring_free(&pool->ring);
	wp_free_wiped(pool, sizeof *pool);
}

/* Close what nobody holds. Each scan goes on where the last one ended, or closing
 * a large pool would take a scan of it for every slot. */
static void sweep(struct weir_pool *pool)
{
	uint32_t index = 0;

	do {
		index = weir__ring_scan(&pool->ring, index, WEIR__IDLE, WEIR__CHECKING);
		if (index != WEIR__RING_NONE)
			weir__slot_retire(pool, weir__pool_slot(pool, index), WEIR_CLOSE_SHUTDOWN);
	} while (index != WEIR__RING_NONE); /* ends: a closed pool publishes nothing */
}

/* Places in that state. */
static uint32_t count_state(const struct weir_pool *pool, enum weir__state state)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < pool->ring.count; i++)
		count += weir__word_state(wp_load_rlx_64(&pool->ring.slots[i].word)) == state;
	return count;
}

/* Each word is looked at once: a place that becomes SPARE meanwhile counts as one. */
static bool is_in_use(const struct weir_pool *pool)
{
	for (uint32_t i = 0; i < pool->ring.count; i++) {
		const enum weir__state state = weir__word_state(wp_load_rlx_64(&pool->ring.slots[i].word));

		if (state != WEIR__EMPTY && state != WEIR__SPARE)
			return true;
	}
	return false;
}

static enum weir_code report_rest(struct weir_pool *pool, struct weir_error *err)
{
	const uint32_t leased = count_state(pool, WEIR__LEASED);
	const uint32_t opening = count_state(pool, WEIR__OPENING);
	struct weir_error full = WEIR_ERROR_INIT;

	(void)weir_fail(&full, WEIR_ERR_CLOSE_TIMEOUT, "close", 0,
	                "%s: %u leases and %u opens are still out; they close as they come back",
	                pool->config.name, leased, opening);
	weir__diagnose_holders(pool, &full);
	return weir__error_store(err, &full);
}

enum weir_code weir_pool_close_until(struct weir_pool *pool, struct weir_time deadline,
                                     struct weir_error *err)
{
	if (pool == NULL)
		return weir_fail(err, WEIR_ERR_BAD_ARGUMENT, "close", 0, "pool is NULL");
	if (!weir__pool_ours(pool))
		return weir_fail(err, WEIR_ERR_FORKED, "close", 0,
		                 "only the parent process may close this pool");
	weir__waitq_close(&pool->q);
	if ((wp_load_rlx_32(&pool->way) & WEIR__WAY_SUSPENDED) != 0)
		weir__progress(pool); /* S1 (acquire.c): who waits for resume */
	sweep(pool);
	weir__opener_stop(pool->opener);
	for (;;) { /* ends: no place is in use, or the deadline */
		const uint32_t seen = wp_load_acq_32(&pool->progress); /* P2 */

		if (!is_in_use(pool))
			return WEIR_OK;
		if (wp_now() >= deadline.ns)
			return report_rest(pool, err);
		(void)wp_futex_wait(&pool->progress, seen, deadline.ns);
	}
}

enum weir_code weir_pool_close(struct weir_pool *pool, struct weir_error *err)
{
	const int64_t timeout_ns = pool == NULL ? 0 : weir__setting(pool, WEIR_SET_close_timeout);

	return weir_pool_close_until(pool, weir_deadline_in(timeout_ns), err);
}

void weir_pool_destroy(struct weir_pool *pool)
{
	const struct weir_time at_once = {0};

	if (pool == NULL)
		return;
	/* In a forked child the connections, the helpers and perhaps a held lock are
	 * the parent's, and leases on the stack of the fork may still look at the
	 * pool: nothing is touched. */
	if (!weir__pool_ours(pool))
		return;
	/* What is still out holds references of its own. */
	(void)!weir_pool_close_until(pool, at_once, NULL);
	weir__pool_unref(pool);
}
