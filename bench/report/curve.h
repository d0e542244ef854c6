/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Latency by percentile: a row's waits as the points of a curve.
 */
#ifndef BENCH_CURVE_H
#define BENCH_CURVE_H

#include "result.h"

#define BENCH_CURVE_POINTS_MAX 80

struct bench_curve_point {
	double share; /* of all waits, that are no longer than */
	double ns;
};

struct bench_curve {
	unsigned count;
	struct bench_curve_point points[BENCH_CURVE_POINTS_MAX];
};

/* From the median to the highest percentile that was reached by enough waits, at
 * most p99.99. */
void bench_curve_of_waits(struct bench_curve *curve, const struct bench_histogram *waits);

/* The same of a row; one whose waits were not kept has the percentiles of its
 * table. */
void bench_curve_of_row(struct bench_curve *curve, const struct bench_row *row);

#endif
