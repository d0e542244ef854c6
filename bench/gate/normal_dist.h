/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The standard normal distribution.
 */
#ifndef BENCH_NORMAL_DIST_H
#define BENCH_NORMAL_DIST_H

/* The chance of a value of at most x. */
double bench_normal_cdf(double x);

/* The value that is not exceeded with chance p; infinite for 0 and 1. */
double bench_normal_quantile(double p);

#endif
