/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What the repetitions of one measurement come to. A value that was not
 * measured is NAN, and stays out of every result.
 */
#ifndef BENCH_STATS_H
#define BENCH_STATS_H

#include <stddef.h>

/* The middle of the measured values (of two middle ones, their mean); NAN if
 * there are none. Sorts a copy of at most BENCH_STATS_MAX values. */
#define BENCH_STATS_MAX 400
double bench_median(const double *values, size_t count);

/* (largest - smallest) / median: how far repetitions lie apart. NAN if the
 * median is not positive. */
double bench_spread(const double *values, size_t count);

#endif
