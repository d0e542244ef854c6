/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A log-linear histogram of durations: 64 equal buckets for each power of two,
 * so that a value read back is never below what was recorded and at most 1.6 %
 * above it. Up to 18 minutes; longer ones count there. One thread records; merge
 * once it has stopped.
 */
#ifndef BENCH_HISTOGRAM_H
#define BENCH_HISTOGRAM_H

#include <stdint.h>

#define BENCH_HISTOGRAM_SUB_BITS 6
#define BENCH_HISTOGRAM_SUB_COUNT (1u << BENCH_HISTOGRAM_SUB_BITS)
#define BENCH_HISTOGRAM_VALUE_BITS 40
#define BENCH_HISTOGRAM_VALUE_MAX ((INT64_C(1) << BENCH_HISTOGRAM_VALUE_BITS) - 1)
/* Values below SUB_COUNT have a bucket each; every further power of two has
 * SUB_COUNT of them. */
#define BENCH_HISTOGRAM_BUCKETS                                                                    \
	((BENCH_HISTOGRAM_VALUE_BITS - BENCH_HISTOGRAM_SUB_BITS + 1) * BENCH_HISTOGRAM_SUB_COUNT)

struct bench_histogram {
	uint64_t count;
	int64_t max; /* exact */
	uint64_t buckets[BENCH_HISTOGRAM_BUCKETS];
};

static inline unsigned bench_histogram_bucket(int64_t value)
{
	uint64_t v = value < 0 ? 0 : (uint64_t)value;
	unsigned exponent;

	if (v > (uint64_t)BENCH_HISTOGRAM_VALUE_MAX)
		v = (uint64_t)BENCH_HISTOGRAM_VALUE_MAX;
	if (v < BENCH_HISTOGRAM_SUB_COUNT)
		return (unsigned)v;
	exponent = 63u - (unsigned)__builtin_clzll(v) - BENCH_HISTOGRAM_SUB_BITS;
	return (exponent << BENCH_HISTOGRAM_SUB_BITS) + (unsigned)(v >> exponent);
}

static inline void bench_histogram_record(struct bench_histogram *histogram, int64_t value)
{
	histogram->buckets[bench_histogram_bucket(value)]++;
	histogram->count++;
	if (value > histogram->max)
		histogram->max = value;
}

/* Add what from holds to into. */
void bench_histogram_merge(struct bench_histogram *into, const struct bench_histogram *from);

/* The largest value that falls into a bucket. */
int64_t bench_histogram_top(unsigned bucket);

/* The value that a share of all values does not exceed, share from 0 to 1; 0 if
 * nothing was recorded. */
int64_t bench_histogram_quantile(const struct bench_histogram *histogram, double share);

#endif
