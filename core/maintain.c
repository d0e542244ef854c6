/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Housekeeping: retiring by age and idleness, and opening ahead of need.
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

/* A lifetime is cut by up to a tenth, by an amount that stays with the
 * connection, so that connections opened together do not end together. */
static int64_t lifetime_of(const struct weir__slot *slot, int64_t max_lifetime_ns)
{
	uint64_t mixed = (uint64_t)slot->born_ns * UINT64_C(0x9e3779b97f4a7c15);

	mixed ^= mixed >> 32;
	return max_lifetime_ns - max_lifetime_ns / 10 * (int64_t)(mixed % 1024) / 1024;
}

/* Whether a slot in state CHECKING is to go, and why. */
static bool is_spent(const struct weir_pool *pool, struct weir__slot *slot, int64_t now_ns,
                     enum weir_close_reason *reason)
{
	const int64_t lifetime_ns = weir__setting(pool, WEIR_SET_max_lifetime);
	const int64_t idle_ns = weir__setting(pool, WEIR_SET_idle_timeout);
	const uint64_t leases = wp_load_rlx_64(&slot->leases);

	if (lifetime_ns > 0 && now_ns - slot->born_ns >= lifetime_of(slot, lifetime_ns)) {
		*reason = WEIR_CLOSE_LIFETIME;
		return true;
	}
	if (slot->seen_leases != leases) {
		slot->seen_leases = leases;
		slot->seen_ns = now_ns;
	}
	*reason = WEIR_CLOSE_IDLE;
	return idle_ns > 0 && now_ns - slot->seen_ns >= idle_ns;
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

enum weir_code weir__pool_prefill(struct weir_pool *pool, struct weir_error *err)
{
	const uint32_t min_idle = (uint32_t)weir__setting(pool, WEIR_SET_min_idle);

	for (uint32_t ready = count_ready(pool); ready < min_idle; ready++) {
		const uint32_t index = weir__capacity_reserve(pool, 0);

		if (index == WEIR__RING_NONE)
			return WEIR_OK;
		struct weir__slot *slot = weir__pool_slot(pool, index);

		if (pool->opener != NULL) {
			if (weir__opener_prefill(pool, slot))
				continue;
			weir__capacity_give(pool, slot);
			return weir_fail(err, WEIR_ERR_NO_THREAD, "prefill", 0,
			                 "%s: no thread could be started to open a connection",
			                 pool->config.name);
		}
		const enum weir_code code = weir__capacity_open(pool, slot, INT64_MAX, err);

		if (code != WEIR_OK) {
			weir__capacity_give(pool, slot);
			return code;
		}
		weir__slot_pass_on(pool, slot);
	}
	return WEIR_OK;
}

enum weir_code weir_pool_maintain(struct weir_pool *pool, struct weir_error *err)
{
	if (pool == NULL)
		return weir_fail(err, WEIR_ERR_BAD_ARGUMENT, "maintain", 0, "pool is NULL");
	if (!weir__pool_ours(pool))
		return weir_fail(err, WEIR_ERR_FORKED, "maintain", 0,
		                 "only the parent process may maintain this pool");
	if ((weir__wake_read(&pool->q) & WEIR__WAKE_CLOSED) != 0)
		return weir_fail(err, WEIR_ERR_CLOSED, "maintain", 0, "%s: the pool is closed",
		                 pool->config.name);

	const int64_t now_ns = wp_now();

	weir__waitq_tick(&pool->q, now_ns);
	for (uint32_t i = 0; i < pool->ring.count; i++) {
		struct weir__slot *slot = weir__pool_slot(pool, i);
		const uint64_t word = wp_load_rlx_64(&slot->word);
		enum weir_close_reason reason = WEIR_CLOSE_IDLE;

		if (weir__word_state(word) != WEIR__IDLE ||
		    !weir__slot_claim(slot, word, WEIR__CHECKING)) /* A1 */
			continue;
		if (is_spent(pool, slot, now_ns, &reason))
			weir__slot_retire(pool, slot, reason);
		else
			weir__slot_pass_on(pool, slot);
	}
	return weir__pool_prefill(pool, err);
}
