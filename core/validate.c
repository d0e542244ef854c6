/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What is known of whether connections work: those that were opened or found working a
 * moment ago need not be asked, but after a failure of any of the pool's every
 * connection that is older is suspect: an outage is over for all of them or for none.
 *
 * suspect_ns is stored and loaded relaxed: who reads it too early skips one validation,
 * as if it had come before the failure.
 */
#include "pool_internal.h"

bool weir__is_sound(const struct weir_pool *pool, const struct weir__slot *slot, int64_t now_ns)
{
	const int64_t bypass_ns = weir__setting(pool, WEIR_SET_validate_bypass);

	return now_ns - slot->sound_ns < bypass_ns &&
	       slot->sound_ns > (int64_t)wp_load_rlx_64(&pool->suspect_ns);
}

void weir__validated(struct weir_pool *pool, struct weir__slot *slot, bool works, int64_t now_ns)
{
	(void)wp_add_rlx_64(&pool->validations, 1);
	if (works) {
		slot->sound_ns = now_ns;
		return;
	}
	(void)wp_add_rlx_64(&pool->validate_failures, 1);
	/* A pass's time is that of its begin: storing it would take back a failure that an
	 * acquire met meanwhile. */
	const int64_t failed_ns = wp_now();

	wp_store_rlx_64(&pool->suspect_ns, (uint64_t)(failed_ns > now_ns ? failed_ns : now_ns));
	weir__slot_retire(pool, slot, WEIR_CLOSE_VALIDATE);
}
