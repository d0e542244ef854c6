/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Declaring what is open old, in one step.
 *
 * A connection remembers the epoch that the pool had when its open began. A reset raises
 * the pool's and sets STALE among the ways, which sends every acquire and release past
 * a look at the two; housekeeping looks at the idle ones, and takes STALE back once no
 * slot is left that could be of an old epoch.
 *
 * An acquire that had read the ways before STALE was there may still lease an old
 * connection: it came before the reset, and the release meets STALE.
 *
 *   label operation                      order  pairs with   breaks if weaker
 *   Z1    reset: add to epoch, then      full   Z2           a connection that is opened beside
 *         store way (under set_lock)                         it counts as new
 *   Z2    open: load epoch, then open    rlx    Z1           nothing: an epoch read too early
 *                                                            retires a connection in vain
 */
#include "pool_internal.h"

#include "log_internal.h"

enum weir_code weir_pool_reset(struct weir_pool *pool, const char *reason, struct weir_error *err)
{
	if (pool == NULL)
		return weir_fail(err, WEIR_ERR_BAD_ARGUMENT, "reset", 0, "pool is NULL");
	if (!weir__pool_ours(pool))
		return weir_fail(err, WEIR_ERR_FORKED, "reset", 0,
		                 "only the parent process may reset this pool");
	if ((weir__wake_read(&pool->q) & WEIR__WAKE_CLOSED) != 0)
		return weir_fail(err, WEIR_ERR_CLOSED, "reset", 0, "%s: the pool is closed",
		                 pool->config.name);
	weir__lock(&pool->set_lock);
	const uint32_t epoch = wp_add_full_32(&pool->epoch, 1) + 1; /* Z1 */

	wp_store_rlx_32(&pool->way, wp_load_rlx_32(&pool->way) | WEIR__WAY_STALE);
	weir__unlock(&pool->set_lock);

	const struct weir__field fields[] = {
		weir__text_field(WEIR__ATTR_POOL, pool->config.name),
		weir__text_field("message", reason != NULL ? reason : "reset"),
		weir__int_field("weir.pool.epoch", epoch),
	};

	weir__log(pool->options.log, WEIR_LOG_RESET_EVENT, fields, 3);
	return WEIR_OK;
}

void weir__reset_settle(struct weir_pool *pool)
{
	if ((wp_load_rlx_32(&pool->way) & WEIR__WAY_STALE) == 0)
		return;
	/* Under the lock: no reset comes between the look and the store. */
	weir__lock(&pool->set_lock);
	bool settled = true;

	for (uint32_t i = 0; i < pool->ring.count && settled; i++) {
		const struct weir__slot *slot = &pool->ring.slots[i];
		const enum weir__state state = weir__word_state(wp_load_rlx_64(&slot->word));

		/* One that is being opened may have begun before, and not have its epoch yet. */
		settled = state == WEIR__EMPTY || state == WEIR__SPARE ||
		          (state != WEIR__OPENING && !weir__is_stale(pool, slot));
	}
	if (settled)
		wp_store_rlx_32(&pool->way, wp_load_rlx_32(&pool->way) & ~WEIR__WAY_STALE);
	weir__unlock(&pool->set_lock);
}
