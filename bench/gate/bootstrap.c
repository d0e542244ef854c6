/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Bootstrap intervals. See bootstrap.h.
 */
#include "bootstrap.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "contrasts.h"
#include "normal_dist.h"
#include "random.h"

/* What is drawn: blocks of the values first..end - 1, so many as are there. */
struct group {
	size_t first;
	size_t end;
	size_t block;
};

struct plan {
	struct bench_contrasts contrasts;
	struct group groups[2]; /* one of pairs, two of independent samples */
	size_t groups_count;
	unsigned times[2 * BENCH_VALUES_MAX];
	double drawn[BENCH_BOOTSTRAP_DRAWS];
};

static size_t blocks_of(const struct group *group)
{
	return (group->end - group->first + group->block - 1) / group->block;
}

/* Count the values of one block more, or less. */
static void count_block(struct plan *plan, const struct group *group, size_t index, unsigned times)
{
	const size_t first = group->first + index * group->block;

	for (size_t i = first; i < first + group->block && i < group->end; i++)
		plan->times[i] += times;
}

static void draw_all(struct plan *plan, uint64_t seed)
{
	struct bench_random random = bench_random_init(seed, 0);

	for (size_t draw = 0; draw < BENCH_BOOTSTRAP_DRAWS; draw++) {
		memset(plan->times, 0, sizeof(plan->times));
		for (size_t g = 0; g < plan->groups_count; g++) {
			const size_t blocks = blocks_of(&plan->groups[g]);

			for (size_t i = 0; i < blocks; i++)
				count_block(plan, &plan->groups[g], bench_random_below(&random, (uint32_t)blocks),
				            1);
		}
		plan->drawn[draw] = bench_contrasts_median(&plan->contrasts, plan->times);
	}
}

/* How the estimate leans: the skewness of what it is without each block. */
static double acceleration(struct plan *plan)
{
	double cubes = 0.0;
	double squares = 0.0;

	for (size_t g = 0; g < plan->groups_count; g++) {
		const struct group *const group = &plan->groups[g];
		const size_t blocks = blocks_of(group);
		double left_out[2 * BENCH_VALUES_MAX];
		double mean = 0.0;

		if (blocks < 2)
			continue;
		for (size_t i = 0; i < blocks; i++) {
			for (size_t j = 0; j < plan->contrasts.values; j++)
				plan->times[j] = 1;
			count_block(plan, group, i, (unsigned)-1);
			left_out[i] = bench_contrasts_median(&plan->contrasts, plan->times);
			mean += left_out[i] / (double)blocks;
		}
		for (size_t i = 0; i < blocks; i++) {
			const double influence = (mean - left_out[i]) / (double)blocks;

			squares += influence * influence;
			cubes += influence * influence * influence;
		}
	}
	return squares > 0.0 ? cubes / (6.0 * pow(squares, 1.5)) : 0.0;
}

static int compare_doubles(const void *left, const void *right)
{
	const double a = *(const double *)left;
	const double b = *(const double *)right;

	return (a > b) - (a < b);
}

/* The value drawn below which lies the corrected chance. */
static double limit_at(const struct plan *plan, double chance, double bias, double accelerated)
{
	const double z = bias + bench_normal_quantile(chance);
	const double corrected = bench_normal_cdf(bias + z / (1.0 - accelerated * z));
	const double place = floor(corrected * BENCH_BOOTSTRAP_DRAWS);

	return plan->drawn[(size_t)fmin(fmax(place, 0.0), BENCH_BOOTSTRAP_DRAWS - 1.0)];
}

static struct bench_interval interval_of(struct plan *plan, double chance, uint64_t seed)
{
	struct bench_interval interval = {NAN, -INFINITY, INFINITY};
	double accelerated;
	double below = 0.0;
	double bias;

	if (plan->contrasts.count == 0)
		return interval;
	interval.estimate = bench_contrasts_median(&plan->contrasts, NULL);
	for (size_t g = 0; g < plan->groups_count; g++)
		if (blocks_of(&plan->groups[g]) < 2)
			return interval;
	draw_all(plan, seed);
	accelerated = acceleration(plan);
	for (size_t i = 0; i < BENCH_BOOTSTRAP_DRAWS; i++)
		below += plan->drawn[i] < interval.estimate    ? 1.0
		         : plan->drawn[i] == interval.estimate ? 0.5
		                                               : 0.0;
	/* Never all on one side: the correction would be infinite. */
	below = fmin(fmax(below, 0.5), BENCH_BOOTSTRAP_DRAWS - 0.5);
	bias = bench_normal_quantile(below / BENCH_BOOTSTRAP_DRAWS);
	qsort(plan->drawn, BENCH_BOOTSTRAP_DRAWS, sizeof(plan->drawn[0]), compare_doubles);
	interval.lower = limit_at(plan, chance, bias, accelerated);
	interval.upper = limit_at(plan, 1.0 - chance, bias, accelerated);
	return interval;
}

struct bench_interval bench_bootstrap_paired(const double *differences, size_t count, size_t block,
                                             double chance, uint64_t seed)
{
	struct plan *const plan = calloc(1, sizeof(*plan));
	struct bench_interval interval = {NAN, -INFINITY, INFINITY};

	if (plan != NULL && count > 0 && count <= BENCH_VALUES_MAX) {
		bench_contrasts_paired(&plan->contrasts, differences, count);
		plan->groups[0] = (struct group){0, count, block};
		plan->groups_count = 1;
		interval = interval_of(plan, chance, seed);
		bench_contrasts_free(&plan->contrasts);
	}
	free(plan);
	return interval;
}

struct bench_interval bench_bootstrap_unpaired(const double *base, size_t base_count,
                                               const double *new_, size_t new_count, double chance,
                                               uint64_t seed)
{
	struct plan *const plan = calloc(1, sizeof(*plan));
	struct bench_interval interval = {NAN, -INFINITY, INFINITY};

	if (plan != NULL && base_count > 0 && base_count <= BENCH_VALUES_MAX && new_count > 0 &&
	    new_count <= BENCH_VALUES_MAX) {
		bench_contrasts_unpaired(&plan->contrasts, base, base_count, new_, new_count);
		plan->groups[0] = (struct group){0, base_count, 1};
		plan->groups[1] = (struct group){base_count, base_count + new_count, 1};
		plan->groups_count = 2;
		interval = interval_of(plan, chance, seed);
		bench_contrasts_free(&plan->contrasts);
	}
	free(plan);
	return interval;
}
