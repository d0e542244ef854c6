/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Latency by percentile. See curve.h.
 */
#include "curve.h"

#include <math.h>

/* Percentiles lie evenly where a tenth of the waits before is left at every whole
 * number: 90 % at 1, 99 % at 2. */
#define STEPS_PER_TENTH 20
#define TENTHS_MAX 4

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void add_point(struct bench_curve *curve, double share, double ns)
{
	if (!isnan(ns) && curve->count < BENCH_CURVE_POINTS_MAX)
		curve->points[curve->count++] = (struct bench_curve_point){share, ns};
}

/* As bench_row_wait_ns says: a percentile with hardly a wait beyond it is chance. */
static void add_share(struct bench_curve *curve, const struct bench_histogram *waits, double share)
{
	if ((double)waits->count * (1.0 - share) >= BENCH_WAITS_BEYOND * (1.0 - 1e-9))
		add_point(curve, share, (double)bench_histogram_quantile(waits, share));
}

void bench_curve_of_waits(struct bench_curve *curve, const struct bench_histogram *waits)
{
	curve->count = 0;
	add_share(curve, waits, 0.5);
	/* The first step beyond one half is 0.35 tenths. */
	for (int step = 7; step <= STEPS_PER_TENTH * TENTHS_MAX; step++)
		add_share(curve, waits, 1.0 - pow(10.0, -(double)step / STEPS_PER_TENTH));
}

void bench_curve_of_row(struct bench_curve *curve, const struct bench_row *row)
{
	static const struct {
		double share;
		enum bench_metric metric;
	} known[] = {
		{0.5, BENCH_WAIT_P50},
		{0.99, BENCH_WAIT_P99},
		{0.999, BENCH_WAIT_P999},
	};

	curve->count = 0;
	if (row->waits != NULL) {
		bench_curve_of_waits(curve, row->waits);
		return;
	}
	for (size_t i = 0; i < COUNT(known); i++)
		add_point(curve, known[i].share, bench_row_value(row, known[i].metric));
}
