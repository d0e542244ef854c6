/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Leases that are out for too long: told once each, by the thread that keeps house.
 *
 * A lease reads no clock, and ticks (waitq.h) are remembered for as long as few come: a
 * pass that first sees a lease notes the time, and the lease is at least as old as that.
 * So nothing is told too early, and nothing later than by one pass. Owner fields are
 * read without owning the slot: a line may be torn between two leases; the generation
 * that was read first decides whether it was told before.
 */
#include "pool_internal.h"

#include "log_internal.h"

static void tell(struct weir_pool *pool, enum weir_log_event event, const char *message,
                 const struct weir_holder *holder)
{
	const struct weir__field fields[] = {
		weir__text_field(WEIR__ATTR_POOL, pool->config.name),
		weir__text_field("message", message),
		weir__text_field("weir.lease.site", holder->site),
		weir__int_field("weir.lease.thread", holder->thread),
		weir__seconds_field("weir.lease.age", holder->held_ns_min),
		weir__int_field("weir.lease.slot", holder->slot),
	};

	weir__log(pool->options.log, event, fields, 6);
}

/* Low bits of watched_ns: what was told of the lease, and what was done (reclaim.c). */
#define TOLD_USE INT64_C(1)
#define TOLD_LEAK INT64_C(2)
#define NOTES (TOLD_USE | TOLD_LEAK | WEIR__WRITTEN_OFF)

static void describe(const struct weir_pool *pool, const struct weir__slot *slot, int64_t now_ns,
                     struct weir_holder *holder)
{
	const uint64_t since = wp_load_rlx_64(&slot->since);
	const int64_t seen_ns = now_ns - (slot->watched_ns & ~NOTES);

	holder->slot = weir__slot_index(pool, slot);
	holder->thread = (uint32_t)(since >> 32);
	holder->site = (const char *)wp_load_rlx_ptr(&slot->site);
	weir__bound_hold(&pool->q, (uint32_t)since, now_ns, holder);
	if (holder->held_ns_min < seen_ns)
		holder->held_ns_min = seen_ns;
	if (holder->held_ns_max < holder->held_ns_min)
		holder->held_ns_max = holder->held_ns_min;
}

/* Whether a lease is older than limit_ns (0: never), and was not told to be so. */
static bool is_news(struct weir__slot *slot, int64_t age_ns, int64_t limit_ns, int64_t told)
{
	if (limit_ns == 0 || age_ns < limit_ns || (slot->watched_ns & told) != 0)
		return false;
	slot->watched_ns |= told;
	return true;
}

/* A place may be lent only later, when another leak has come back. */
static bool look_for_leak(struct weir_pool *pool, struct weir__slot *slot, int64_t leak_ns,
                          const struct weir_holder *holder)
{
	const bool leaks = leak_ns > 0 && holder->held_ns_min >= leak_ns;
	const bool lent = leaks && (slot->watched_ns & WEIR__WRITTEN_OFF) == 0 &&
	                  weir__reclaim_write_off(pool, slot);
	const bool news = is_news(slot, holder->held_ns_min, leak_ns, TOLD_LEAK);

	if (news)
		(void)wp_add_rlx_64(&pool->leaks, 1);
	if (news || lent)
		tell(pool, WEIR_LOG_LEAK_EVENT,
		     lent ? "a connection has not come back; another may be opened in its stead"
		          : "a connection has not come back",
		     holder);
	if (news && pool->options.on_leak != NULL)
		pool->options.on_leak(pool->options.leak_arg, pool->config.name, holder);
	return leaks;
}

bool weir__leak_look(struct weir_pool *pool, struct weir__slot *slot, uint64_t word, int64_t now_ns)
{
	const int64_t leak_ns = weir__setting(pool, WEIR_SET_leak_after);
	const int64_t use_ns = weir__setting(pool, WEIR_SET_use_warning);
	const uint32_t generation = weir__word_generation(word);
	struct weir_holder holder;

	if (slot->watched != generation) {
		slot->watched = generation;
		slot->watched_ns = now_ns & ~NOTES;
	}
	if ((leak_ns == 0 && use_ns == 0) || wp_load_rlx_32(&slot->expected_long) == generation)
		return false;
	describe(pool, slot, now_ns, &holder);
	if (is_news(slot, holder.held_ns_min, use_ns, TOLD_USE)) {
		(void)wp_add_rlx_64(&pool->over_uses, 1);
		tell(pool, WEIR_LOG_OVER_USE_EVENT, "a connection is held for long", &holder);
	}
	return look_for_leak(pool, slot, leak_ns, &holder);
}
