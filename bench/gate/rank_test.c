/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Rank tests. See rank_test.h.
 */
#include "rank_test.h"

#include <math.h>
#include <stdlib.h>

#include "contrasts.h"
#include "normal_dist.h"
#include "ranks.h"

struct scratch {
	double values[2 * BENCH_VALUES_MAX];
	unsigned halves[2 * BENCH_VALUES_MAX];
	size_t order[2 * BENCH_VALUES_MAX];
};

static struct bench_rank_test no_test(void)
{
	return (struct bench_rank_test){.statistic = NAN, .p = 1.0, .exact = true};
}

/* The chance of a sum of ranks as large as sum, from its mean and variance (all
 * in halves); half a rank is taken off, since sums are whole. */
static double tail(double sum, double mean, double variance)
{
	if (variance <= 0.0)
		return 1.0;
	return bench_normal_cdf(-(sum - mean - 1.0) / sqrt(variance));
}

struct bench_rank_test bench_signed_rank(const double *differences, size_t count)
{
	struct scratch *const scratch = calloc(1, sizeof(*scratch));
	struct bench_rank_test test = no_test();
	unsigned long sum = 0;
	double total = 0.0;
	double squares = 0.0;
	size_t used = 0;

	if (scratch == NULL || count > BENCH_VALUES_MAX) {
		free(scratch);
		return test;
	}
	for (size_t i = 0; i < count; i++)
		scratch->values[i] = fabs(differences[i]);
	bench_ranks(scratch->values, count, scratch->halves, scratch->order);
	for (size_t i = 0; i < count; i++) {
		const unsigned halves = scratch->halves[i];

		if (differences[i] == 0.0)
			continue;
		sum += differences[i] > 0.0 ? halves : 0;
		total += halves;
		squares += (double)halves * halves;
		scratch->halves[used++] = halves;
	}
	test.statistic = (double)sum / 2.0;
	test.exact = used <= BENCH_EXACT_PAIRS;
	if (used > 0 && test.exact)
		test.p = bench_ranks_chance(scratch->halves, used, BENCH_DRAW_SIGNS, 0, sum);
	else if (used > 0)
		test.p = tail((double)sum, total / 2.0, squares / 4.0);
	free(scratch);
	return test;
}

struct bench_rank_test bench_rank_sum(const double *base, size_t base_count, const double *new_,
                                      size_t new_count)
{
	struct scratch *const scratch = calloc(1, sizeof(*scratch));
	const size_t count = base_count + new_count;
	struct bench_rank_test test = no_test();
	unsigned long sum = 0;
	double total = 0.0;
	double squares = 0.0;

	if (scratch == NULL || base_count == 0 || new_count == 0 || base_count > BENCH_VALUES_MAX ||
	    new_count > BENCH_VALUES_MAX) {
		free(scratch);
		return test;
	}
	for (size_t i = 0; i < count; i++)
		scratch->values[i] = i < new_count ? new_[i] : base[i - new_count];
	bench_ranks(scratch->values, count, scratch->halves, scratch->order);
	for (size_t i = 0; i < count; i++) {
		sum += i < new_count ? scratch->halves[i] : 0;
		total += scratch->halves[i];
		squares += (double)scratch->halves[i] * scratch->halves[i];
	}
	test.statistic = ((double)sum - (double)(new_count * (new_count + 1))) / 2.0;
	test.exact = count <= BENCH_EXACT_VALUES;
	if (test.exact) {
		test.p = bench_ranks_chance(scratch->halves, count, BENCH_DRAW_GROUP, new_count, sum);
	} else {
		const double n = (double)count;
		const double mean = total / n;
		const double variance = squares / n - mean * mean;

		test.p = tail((double)sum, (double)new_count * mean,
		              variance * (double)new_count * (double)base_count / (n - 1.0));
	}
	free(scratch);
	return test;
}

/* Where the limit lies where counting every case would take too long. */
static size_t normal_limit(double mean, double variance, double chance)
{
	const double limit = floor(mean + bench_normal_quantile(chance) * sqrt(variance) - 0.5);

	return limit > 0.0 ? (size_t)limit : 0;
}

/* The estimate in the middle, the limits so many contrasts from the ends. */
static struct bench_interval interval_of(const struct bench_contrasts *contrasts, size_t limit)
{
	struct bench_interval interval = {NAN, -INFINITY, INFINITY};

	if (contrasts->count == 0)
		return interval;
	interval.estimate = bench_contrasts_median(contrasts, NULL);
	if (limit > 0 && limit <= contrasts->count) {
		interval.lower = contrasts->items[limit - 1].value;
		interval.upper = contrasts->items[contrasts->count - limit].value;
	}
	return interval;
}

size_t bench_paired_limit(size_t count, double chance)
{
	const double n = (double)count;

	if (count <= BENCH_EXACT_PAIRS)
		return bench_ranks_limit(count, BENCH_DRAW_SIGNS, 0, chance);
	return normal_limit(n * (n + 1.0) / 4.0, n * (n + 1.0) * (2.0 * n + 1.0) / 24.0, chance);
}

struct bench_interval bench_paired_shift_at(const double *differences, size_t count, size_t limit)
{
	struct bench_contrasts contrasts;
	struct bench_interval interval;

	bench_contrasts_paired(&contrasts, differences, count);
	interval = interval_of(&contrasts, limit);
	bench_contrasts_free(&contrasts);
	return interval;
}

struct bench_interval bench_paired_shift(const double *differences, size_t count, double chance)
{
	return bench_paired_shift_at(differences, count, bench_paired_limit(count, chance));
}

struct bench_interval bench_unpaired_shift(const double *base, size_t base_count,
                                           const double *new_, size_t new_count, double chance)
{
	const double both = (double)base_count * (double)new_count;
	const size_t count = base_count + new_count;
	struct bench_contrasts contrasts;
	struct bench_interval interval;
	size_t limit;

	if (count <= BENCH_EXACT_VALUES)
		limit = bench_ranks_limit(count, BENCH_DRAW_GROUP, new_count, chance);
	else
		limit = normal_limit(both / 2.0, both * ((double)count + 1.0) / 12.0, chance);
	bench_contrasts_unpaired(&contrasts, base, base_count, new_, new_count);
	interval = interval_of(&contrasts, limit);
	bench_contrasts_free(&contrasts);
	return interval;
}
