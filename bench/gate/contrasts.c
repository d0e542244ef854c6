/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Contrasts. See contrasts.h.
 */
#include "contrasts.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>

static int compare_contrasts(const void *left, const void *right)
{
	const double a = ((const struct bench_contrast *)left)->value;
	const double b = ((const struct bench_contrast *)right)->value;

	return (a > b) - (a < b);
}

static void make_room(struct bench_contrasts *contrasts, size_t count, size_t values)
{
	*contrasts = (struct bench_contrasts){.values = values};
	if (count > 0)
		contrasts->items = malloc(count * sizeof(*contrasts->items));
}

static void add(struct bench_contrasts *contrasts, double value, size_t one, size_t other)
{
	contrasts->items[contrasts->count++] = (struct bench_contrast){
		.value = value,
		.one = (unsigned)one,
		.other = (unsigned)other,
	};
}

static void sort(struct bench_contrasts *contrasts)
{
	if (contrasts->count > 0)
		qsort(contrasts->items, contrasts->count, sizeof(*contrasts->items), compare_contrasts);
}

void bench_contrasts_paired(struct bench_contrasts *contrasts, const double *differences,
                            size_t count)
{
	make_room(contrasts, count * (count + 1) / 2, count);
	for (size_t i = 0; contrasts->items != NULL && i < count; i++)
		for (size_t j = i; j < count; j++)
			add(contrasts, (differences[i] + differences[j]) / 2.0, i, j);
	sort(contrasts);
}

void bench_contrasts_unpaired(struct bench_contrasts *contrasts, const double *base,
                              size_t base_count, const double *new_, size_t new_count)
{
	make_room(contrasts, base_count * new_count, base_count + new_count);
	contrasts->split = base_count;
	for (size_t i = 0; contrasts->items != NULL && i < base_count; i++)
		for (size_t j = 0; j < new_count; j++)
			add(contrasts, new_[j] - base[i], i, base_count + j);
	sort(contrasts);
}

void bench_contrasts_free(struct bench_contrasts *contrasts)
{
	free(contrasts->items);
	*contrasts = (struct bench_contrasts){0};
}

/* A value drawn three times meets itself in six ways: 1 + 2 + 3. */
static uint64_t weight(const struct bench_contrast *item, const unsigned *times)
{
	const uint64_t one = times[item->one];

	return item->one == item->other ? one * (one + 1) / 2 : one * times[item->other];
}

/* What the weights add up to, without adding them up. */
static uint64_t total_weight(const struct bench_contrasts *contrasts, const unsigned *times)
{
	uint64_t base = 0;
	uint64_t others = 0;

	for (size_t i = 0; i < contrasts->values; i++) {
		if (i < contrasts->split)
			base += times[i];
		else
			others += times[i];
	}
	return contrasts->split > 0 ? base * others : others * (others + 1) / 2;
}

static double plain_median(const struct bench_contrasts *contrasts)
{
	const struct bench_contrast *const items = contrasts->items;
	const size_t count = contrasts->count;

	return count > 0 ? (items[(count - 1) / 2].value + items[count / 2].value) / 2.0 : NAN;
}

double bench_contrasts_median(const struct bench_contrasts *contrasts, const unsigned *times)
{
	uint64_t passed = 0;
	uint64_t total;
	size_t lower = 0;
	size_t upper;

	if (times == NULL)
		return plain_median(contrasts);
	total = total_weight(contrasts, times);
	while (lower < contrasts->count) {
		passed += weight(&contrasts->items[lower], times);
		if (2 * passed >= total)
			break;
		lower++;
	}
	/* Where exactly half lies here or below, the median is between two contrasts. */
	upper = lower;
	if (2 * passed == total)
		while (++upper < contrasts->count && weight(&contrasts->items[upper], times) == 0)
			;
	if (upper >= contrasts->count)
		return NAN;
	return (contrasts->items[lower].value + contrasts->items[upper].value) / 2.0;
}
