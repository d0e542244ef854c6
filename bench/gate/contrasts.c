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
	const uint64_t one = times != NULL ? times[item->one] : 1;

	if (item->one == item->other)
		return one * (one + 1) / 2;
	return one * (times != NULL ? times[item->other] : 1);
}

double bench_contrasts_median(const struct bench_contrasts *contrasts, const unsigned *times)
{
	uint64_t total = 0;
	uint64_t passed = 0;
	double lower = NAN;

	if (times == NULL)
		total = contrasts->count;
	else
		for (size_t i = 0; i < contrasts->count; i++)
			total += weight(&contrasts->items[i], times);
	for (size_t i = 0; i < contrasts->count; i++) {
		const uint64_t here = weight(&contrasts->items[i], times);

		passed += here;
		if (here == 0 || 2 * passed < total)
			continue;
		/* Exactly half lies here or below: the median is between two contrasts. */
		if (2 * passed == total && isnan(lower)) {
			lower = contrasts->items[i].value;
			continue;
		}
		return isnan(lower) ? contrasts->items[i].value : (lower + contrasts->items[i].value) / 2.0;
	}
	return lower;
}
