/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What the repetitions of one measurement come to. See stats.h.
 */
#include "stats.h"

#include <math.h>
#include <stdlib.h>

static int compare_doubles(const void *left, const void *right)
{
	const double a = *(const double *)left;
	const double b = *(const double *)right;

	return (a > b) - (a < b);
}

/* Copy the measured values in rising order; returns how many there are. */
static size_t sort_measured(double *sorted, const double *values, size_t count)
{
	size_t measured = 0;

	for (size_t i = 0; i < count && measured < BENCH_STATS_MAX; i++)
		if (!isnan(values[i]))
			sorted[measured++] = values[i];
	if (measured > 0)
		qsort(sorted, measured, sizeof(*sorted), compare_doubles);
	return measured;
}

static double middle(const double *sorted, size_t count)
{
	if (count == 0)
		return NAN;
	return (sorted[(count - 1) / 2] + sorted[count / 2]) / 2.0;
}

double bench_median(const double *values, size_t count)
{
	double sorted[BENCH_STATS_MAX];

	return middle(sorted, sort_measured(sorted, values, count));
}

double bench_spread(const double *values, size_t count)
{
	double sorted[BENCH_STATS_MAX];
	const size_t measured = sort_measured(sorted, values, count);
	const double median = middle(sorted, measured);

	if (measured == 0 || median <= 0.0)
		return NAN;
	return (sorted[measured - 1] - sorted[0]) / median;
}
