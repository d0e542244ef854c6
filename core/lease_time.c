/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What is recorded of a lease's time, without a clock on the shortest paths.
 *
 * A lease that had to wait read clocks anyway: how long it took to get is recorded as it
 * is taken, and how long it was used as it comes back. Of those that did not wait, one in
 * WEIR__USE_SAMPLE of a slot has its use timed, and stands for the others. Whether a
 * lease's use is timed is in its slot (slot.h, S5), which sends its return on the detour
 * of release.c. With metrics=false nothing is timed.
 *
 *   label operation                       order  pairs with   breaks if weaker
 *   M1    count a wait, fence, then       full   M2           as M2 (metrics_histogram.c)
 *         count the lease in its slot
 * Progress: wait-free, but for a histogram's lock-free addition.
 */
#include "pool_internal.h"

bool weir__wait_count(struct weir_pool *pool, const struct weir__stages *stages, uint32_t thread)
{
	const int64_t waited_ns = stages->queued_ns + stages->open_ns + stages->validate_ns;

	if (waited_ns == 0 || pool->waits == NULL)
		return false;
	weir__histogram_add(pool->waits, thread, waited_ns, 1);
	wp_fence_full(); /* M1 */
	return true;
}

void weir__use_begin(const struct weir_pool *pool, struct weir__slot *slot, bool waited)
{
	if (pool->uses == NULL)
		return;
	const int64_t now_ns = wp_now();

	slot->timed_ns = waited ? -now_ns : now_ns;
}

void weir__use_end(struct weir_pool *pool, struct weir__slot *slot)
{
	const int64_t timed_ns = slot->timed_ns;

	if (timed_ns == 0)
		return;
	const uint32_t thread = (uint32_t)(wp_load_rlx_64(&slot->since) >> 32);
	const bool waited = timed_ns < 0;
	const int64_t used_ns = wp_now() - (waited ? -timed_ns : timed_ns);

	slot->timed_ns = 0;
	weir__histogram_add(pool->uses, thread, used_ns, waited ? 1 : WEIR__USE_SAMPLE);
}
