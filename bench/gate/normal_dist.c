/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The standard normal distribution. See normal_dist.h.
 */
#include "normal_dist.h"

#include <math.h>

/* No double has a chance further out than this one. */
#define FURTHEST 40.0
#define HALVINGS 64

double bench_normal_cdf(double x)
{
	return 0.5 * erfc(-x / sqrt(2.0));
}

/* By halving an interval: slow, and as exact as erfc, which a rational
 * approximation is not. Searches the lower tail, where small chances keep their
 * digits. */
double bench_normal_quantile(double p)
{
	double low = -FURTHEST;
	double high = 0.0;

	if (p > 0.5)
		return -bench_normal_quantile(1.0 - p);
	if (!(p > 0.0))
		return isnan(p) ? p : -INFINITY;
	for (int i = 0; i < HALVINGS; i++) {
		const double middle = (low + high) / 2.0;

		if (bench_normal_cdf(middle) < p)
			low = middle;
		else
			high = middle;
	}
	return (low + high) / 2.0;
}
