/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Histograms: which bucket a value is in, counting it there, and reading back.
 *
 * A value v from 2^e on, below 2^(e+1), with e from 7 to 41, is in bucket 128 + 64(e-7) + m
 * where m is the six bits of v after its first. The bucket is 2^(e-6) wide, so its middle
 * differs from any of its values by 2^(e-7) at most: one part in 128 of v.
 */
#include "histogram_internal.h"

#include <assert.h>
#include <stdalign.h>
#include <string.h>

#include "invariant.h"
#include "platform_atomic.h"
#include "platform_os.h"

/* Values below 2^EXACT_BITS have a bucket each; above, STEPS of them per power of two. */
#define EXACT_BITS 7
#define EXACT (UINT64_C(1) << EXACT_BITS)
#define STEP_BITS 6
#define STEPS (UINT64_C(1) << STEP_BITS)
#define TOP_BITS 42

static_assert(EXACT + STEPS * (TOP_BITS - EXACT_BITS) == WEIR_HISTOGRAM_BUCKETS,
              "the buckets are as many as the header says");

/* Two lines apart, as slots are (slot.h): the totals of one are written all the time. */
struct shard {
	alignas(128) wp_u64 sum;
	wp_u64 max;
	wp_u64 buckets[WEIR_HISTOGRAM_BUCKETS];
};

struct weir__histogram {
	uint32_t mask; /* shards, less one */
	struct shard shards[];
};

static const struct weir_histogram_row table[] = {
#define ROW(id, name, unit, is_db, doc) {name, unit, is_db, doc},
	WEIR_HISTOGRAMS(ROW)
#undef ROW
};

const struct weir_histogram_row *weir_histogram_table(size_t *count)
{
	*count = WEIR_HISTOGRAMS_COUNT;
	return table;
}

size_t weir_histogram_bucket(uint64_t value)
{
	uint32_t bits;

	if (value < EXACT)
		return (size_t)value;
	if (value >> TOP_BITS != 0)
		return WEIR_HISTOGRAM_BUCKETS - 1;
	bits = 63 - (uint32_t)__builtin_clzll(value);
	return (size_t)(EXACT + STEPS * (bits - EXACT_BITS) + (value >> (bits - STEP_BITS)) - STEPS);
}

/* The least value of a bucket, or of one after the last. */
static uint64_t lower(size_t bucket)
{
	const uint64_t above = bucket - EXACT;

	if (bucket < EXACT)
		return bucket;
	return (STEPS + above % STEPS) << (above / STEPS + EXACT_BITS - STEP_BITS);
}

uint64_t weir_histogram_upper(size_t bucket)
{
	return bucket >= WEIR_HISTOGRAM_BUCKETS - 1 ? UINT64_MAX : lower(bucket + 1) - 1;
}

uint64_t weir_histogram_quantile(const struct weir_histogram *histogram, double share)
{
	const double wanted = share * (double)histogram->count;
	uint64_t below = 0;
	size_t bucket = 0;

	if (histogram->count == 0)
		return 0;
	/* Ends at the last bucket that has any, too: a share of 1, and one that no comparison
	 * with a number is true of. */
	for (size_t i = 0; i < WEIR_HISTOGRAM_BUCKETS && below < histogram->count; i++) {
		if (histogram->buckets[i] == 0)
			continue;
		bucket = i;
		below += histogram->buckets[i];
		if ((double)below >= wanted)
			break;
	}
	const uint64_t upper = weir_histogram_upper(bucket);
	const uint64_t middle = lower(bucket) + (upper - lower(bucket)) / 2;

	return middle < histogram->max ? middle : histogram->max;
}

struct weir__histogram *weir__histogram_create(uint32_t shards)
{
	struct weir__histogram *histogram;

	WEIR_ASSERT(shards != 0 && (shards & (shards - 1)) == 0);
	histogram = (struct weir__histogram *)wp_alloc(
		alignof(struct weir__histogram), sizeof *histogram + shards * sizeof(struct shard));
	if (histogram != NULL)
		histogram->mask = shards - 1;
	return histogram;
}

void weir__histogram_free(struct weir__histogram *histogram)
{
	wp_free(histogram);
}

static void raise_to(wp_u64 *max, uint64_t value)
{
	uint64_t seen = wp_load_rlx_64(max);

	while (seen < value && !wp_cas_acqrel_64(max, seen, value)) /* ends: it was raised */
		seen = wp_load_rlx_64(max);
}

void weir__histogram_add(struct weir__histogram *histogram, uint32_t shard, int64_t value,
                         uint64_t weight)
{
	const uint64_t counted = value > 0 ? (uint64_t)value : 0;

	if (histogram == NULL)
		return;
	struct shard *to = &histogram->shards[shard & histogram->mask];

	(void)wp_add_rlx_64(&to->buckets[weir_histogram_bucket(counted)], weight);
	(void)wp_add_rlx_64(&to->sum, counted * weight);
	raise_to(&to->max, counted);
}

static void add_shard(const struct shard *from, struct weir_histogram *into)
{
	const uint64_t max = wp_load_rlx_64(&from->max);

	into->sum += wp_load_rlx_64(&from->sum);
	into->max = max > into->max ? max : into->max;
	for (size_t i = 0; i < WEIR_HISTOGRAM_BUCKETS; i++) {
		const uint64_t counted = wp_load_rlx_64(&from->buckets[i]);

		into->buckets[i] += counted;
		into->count += counted;
	}
}

void weir__histogram_read(const struct weir__histogram *histogram, struct weir_histogram *into)
{
	const uint32_t size = into->size;

	memset(into, 0, sizeof *into);
	into->size = size;
	if (histogram == NULL)
		return;
	for (uint32_t i = 0; i <= histogram->mask; i++)
		add_shard(&histogram->shards[i], into);
}
