/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A log-linear histogram of durations. See bench_histogram.h.
 */
#include "bench_histogram.h"

#include <math.h>

void bench_histogram_merge(struct bench_histogram *into, const struct bench_histogram *from)
{
	for (unsigned i = 0; i < BENCH_HISTOGRAM_BUCKETS; i++)
		into->buckets[i] += from->buckets[i];
	into->count += from->count;
	if (from->max > into->max)
		into->max = from->max;
}

int64_t bench_histogram_top(unsigned bucket)
{
	unsigned exponent;
	uint64_t next;

	if (bucket < 2 * BENCH_HISTOGRAM_SUB_COUNT)
		return bucket;
	exponent = (bucket >> BENCH_HISTOGRAM_SUB_BITS) - 1;
	next = (bucket & (BENCH_HISTOGRAM_SUB_COUNT - 1)) + BENCH_HISTOGRAM_SUB_COUNT + 1;
	return (int64_t)((next << exponent) - 1);
}

int64_t bench_histogram_quantile(const struct bench_histogram *histogram, double share)
{
	const double wanted = ceil(share * (double)histogram->count);
	uint64_t seen = 0;

	for (unsigned i = 0; i < BENCH_HISTOGRAM_BUCKETS; i++) {
		seen += histogram->buckets[i];
		/* max bounds the last bucket: a quantile above it would be a value
		 * that nobody measured. */
		if (seen > 0 && (double)seen >= wanted)
			return bench_histogram_top(i) < histogram->max ? bench_histogram_top(i)
			                                               : histogram->max;
	}
	return histogram->max;
}
