/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The histograms of a pool or db, as their readers get them.
 *
 * Who did not wait for a lease counted it in its slot and nothing else. So the waits of 0
 * are the leases that were given, less those that waited for one. They are read one after
 * the other while both go on. Leases come first: what is waited for meanwhile then makes
 * the difference less than it is, never more, and the most that was ever told is a count
 * that never shrinks and is never too high.
 *
 *   label operation                       order  pairs with   breaks if weaker
 *   M2    load leases of all slots, then  acq    M1           a lease is seen without its wait:
 *         the waits                                           one 0 too many, for as long as
 *                                                             the pool lives
 */
#include <stddef.h>

#include "db_internal.h"

/* Where a pool has the pointer to each; 0: it does not. */
static const size_t pool_places[WEIR_HISTOGRAMS_COUNT] = {
	[WEIR_HISTOGRAM_WAIT] = offsetof(struct weir_pool, waits),
	[WEIR_HISTOGRAM_USE] = offsetof(struct weir_pool, uses),
	[WEIR_HISTOGRAM_CREATE] = offsetof(struct weir_pool, creates),
};

static const struct weir__histogram *find(const struct weir_pool *pool, size_t place)
{
	const char *const bytes = (const char *)pool;

	return place == 0 ? NULL : *(struct weir__histogram *const *)(const void *)(bytes + place);
}

static uint64_t count_leases(const struct weir_pool *pool)
{
	uint64_t leases = 0;

	for (uint32_t i = 0; i < pool->ring.count; i++)
		leases += wp_load_acq_64(&pool->ring.slots[i].leases); /* M2 */
	return leases;
}

/* into: those that waited, read after the leases. */
static void add_unwaited(struct weir_pool *pool, uint64_t leases, struct weir_histogram *into)
{
	const uint64_t now = leases > into->count ? leases - into->count : 0;
	uint64_t told = wp_load_rlx_64(&pool->unwaited);

	while (told < now && !wp_cas_acqrel_64(&pool->unwaited, told, now)) /* ends: it was raised */
		told = wp_load_rlx_64(&pool->unwaited);
	into->buckets[0] += told < now ? now : told;
	into->count += told < now ? now : told;
}

static enum weir_code read_pool(struct weir_pool *pool, enum weir_histogram_id id,
                                struct weir_histogram *into)
{
	if (!weir__pool_ours(pool))
		return WEIR_ERR_FORKED;
	const uint64_t leases = id == WEIR_HISTOGRAM_WAIT ? count_leases(pool) : 0;

	weir__histogram_read(find(pool, pool_places[id]), into);
	if (id == WEIR_HISTOGRAM_WAIT && pool->waits != NULL)
		add_unwaited(pool, leases, into);
	return WEIR_OK;
}

enum weir_code weir_metrics_histogram(const struct weir_metrics_source *source,
                                      enum weir_histogram_id id, struct weir_histogram *histogram)
{
	if (source == NULL || histogram == NULL || histogram->size != sizeof *histogram ||
	    (source->db == NULL) == (source->pool == NULL) || (unsigned)id >= WEIR_HISTOGRAMS_COUNT)
		return WEIR_ERR_BAD_ARGUMENT;
	if (source->pool != NULL)
		return read_pool(source->pool, id, histogram);
	if (!weir__db_ours(source->db))
		return WEIR_ERR_FORKED;
	if (pool_places[id] != 0 && source->db->readers != NULL)
		return read_pool(source->db->readers, id, histogram);
	weir__histogram_read(source->db->histograms[id], histogram);
	return WEIR_OK;
}
