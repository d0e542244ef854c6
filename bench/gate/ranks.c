/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Ranks, and sums of them. See ranks.h.
 */
#include "ranks.h"

#include <math.h>
#include <stdlib.h>

#define EQUAL 1e-12

/* An insertion sort: there are a hundred values at most, often nearly sorted. */
static void sort_order(const double *values, size_t count, size_t *order)
{
	for (size_t i = 0; i < count; i++) {
		size_t at = i;

		for (; at > 0 && values[order[at - 1]] > values[i]; at--)
			order[at] = order[at - 1];
		order[at] = i;
	}
}

void bench_ranks(const double *values, size_t count, unsigned *halves, size_t *order)
{
	sort_order(values, count, order);
	for (size_t first = 0; first < count;) {
		const double value = values[order[first]];
		size_t end = first + 1;

		while (end < count && values[order[end]] - value <= EQUAL * fabs(value))
			end++;
		for (size_t i = first; i < end; i++)
			halves[order[i]] = (unsigned)(first + 1 + end);
		first = end;
	}
}

/* table[s]: the chance of sum s among the ranks so far. */
static void add_signs(double *table, const unsigned *halves, size_t count)
{
	unsigned long highest = 0;

	table[0] = 1.0;
	for (size_t i = 0; i < count; i++) {
		highest += halves[i];
		for (unsigned long s = highest;; s--) {
			const double with = s >= halves[i] ? table[s - halves[i]] : 0.0;

			table[s] = (table[s] + with) / 2.0;
			if (s == 0)
				break;
		}
	}
}

/* table[g * width + s]: how many ways there are to choose g of the ranks so far
 * with sum s. */
static void add_groups(double *table, size_t width, const unsigned *halves, size_t count,
                       size_t group)
{
	table[0] = 1.0;
	for (size_t i = 0; i < count; i++)
		for (size_t g = i < group ? i + 1 : group; g > 0; g--)
			for (size_t s = width; s-- > halves[i];)
				table[g * width + s] += table[(g - 1) * width + s - halves[i]];
}

/* The chances of every sum, from 0 to width - 1; NULL without memory. */
static double *sum_chances(const unsigned *halves, size_t count, enum bench_draw draw, size_t group,
                           size_t *width)
{
	const size_t rows = draw == BENCH_DRAW_GROUP ? group + 1 : 1;
	double total = 0.0;
	double *table;

	*width = 1;
	for (size_t i = 0; i < count; i++)
		*width += halves[i];
	table = calloc(rows * *width, sizeof(*table));
	if (table == NULL)
		return NULL;
	if (draw == BENCH_DRAW_SIGNS) {
		add_signs(table, halves, count);
		return table;
	}
	add_groups(table, *width, halves, count, group);
	for (size_t s = 0; s < *width; s++)
		total += table[group * *width + s];
	for (size_t s = 0; s < *width; s++)
		table[s] = table[group * *width + s] / total;
	return table;
}

double bench_ranks_chance(const unsigned *halves, size_t count, enum bench_draw draw, size_t group,
                          unsigned long sum)
{
	double chance = 0.0;
	size_t width;
	double *table = sum_chances(halves, count, draw, group, &width);

	if (table == NULL)
		return NAN;
	/* The small ones first, so that none of them is lost. */
	for (size_t s = width; s-- > sum;)
		chance += table[s];
	free(table);
	return chance < 1.0 ? chance : 1.0;
}

size_t bench_ranks_limit(size_t count, enum bench_draw draw, size_t group, double chance)
{
	const size_t least = draw == BENCH_DRAW_GROUP ? group * (group + 1) / 2 : 0;
	unsigned *ranks = malloc((count + 1) * sizeof(*ranks));
	double *table = NULL;
	double below = 0.0;
	size_t limit = 0;
	size_t width = 0;

	/* Whole ranks here: nothing is tied, and the table is half as wide. */
	for (size_t i = 0; ranks != NULL && i < count; i++)
		ranks[i] = (unsigned)(i + 1);
	if (ranks != NULL)
		table = sum_chances(ranks, count, draw, group, &width);
	for (size_t s = least; table != NULL && s < width; s++) {
		below += table[s];
		if (below >= chance)
			break;
		limit = s - least + 1;
	}
	free(table);
	free(ranks);
	return limit;
}
