/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The contrasts of a comparison, in rising order: of pairs the averages of any
 * two differences (each with itself, too), of independent samples every
 * difference between one and the other. Their median is the estimate of Hodges
 * and Lehmann. A bootstrap weighs the same contrasts anew, so they are made and
 * sorted once.
 */
#ifndef BENCH_CONTRASTS_H
#define BENCH_CONTRASTS_H

#include <stddef.h>

struct bench_contrast {
	double value;
	unsigned one; /* the values that it is made of */
	unsigned other;
};

struct bench_contrasts {
	struct bench_contrast *items;
	size_t count;  /* 0: no values, or no memory */
	size_t values; /* how many values there are; of two samples, base first */
	size_t split;  /* how many of them are base's; of pairs 0 */
};

void bench_contrasts_paired(struct bench_contrasts *contrasts, const double *differences,
                            size_t count);
void bench_contrasts_unpaired(struct bench_contrasts *contrasts, const double *base,
                              size_t base_count, const double *new_, size_t new_count);
void bench_contrasts_free(struct bench_contrasts *contrasts);

/* The median when value i was drawn times[i] times; NULL: each of them once. */
double bench_contrasts_median(const struct bench_contrasts *contrasts, const unsigned *times);

#endif
