/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Rank tests, and the estimates and intervals that belong to them: Wilcoxon's
 * signed-rank test for pairs, Mann and Whitney's test for independent samples,
 * each with the estimate of Hodges and Lehmann.
 *
 * Distributions are exact, ties included (every assignment of the ranks at hand
 * is counted), up to BENCH_EXACT_PAIRS pairs or BENCH_EXACT_VALUES values in both
 * samples; beyond, they are normal approximations corrected for ties.
 */
#ifndef BENCH_RANK_TEST_H
#define BENCH_RANK_TEST_H

#include <stdbool.h>
#include <stddef.h>

#define BENCH_EXACT_PAIRS 50
#define BENCH_EXACT_VALUES 60
#define BENCH_VALUES_MAX 400 /* in a sample, and pairs */

struct bench_rank_test {
	double statistic; /* W+, the ranks of positive differences; or U, pairs in which new is
	                     larger; equal ones count a half */
	double p;         /* the chance of a statistic as large where nothing differs */
	bool exact;
};

/* Whether differences lie above 0. Those that are 0 are ranked and then left
 * out, as Pratt does: leaving them out first makes small ones look large. */
struct bench_rank_test bench_signed_rank(const double *differences, size_t count);

/* Whether the values of new lie above those of base. */
struct bench_rank_test bench_rank_sum(const double *base, size_t base_count, const double *new_,
                                      size_t new_count);

/* A shift and its limits; the limits are infinite where the values are too few
 * for that confidence. */
struct bench_interval {
	double estimate;
	double lower;
	double upper;
};

/* The median of the averages of all two differences, and the limits that the
 * signed-rank test does not reject; each is wrong with less than that chance. */
struct bench_interval bench_paired_shift(const double *differences, size_t count, double chance);

/* The same in two steps, for many series of one length: where the limits lie among
 * the averages, and what they are. */
size_t bench_paired_limit(size_t count, double chance);
struct bench_interval bench_paired_shift_at(const double *differences, size_t count, size_t limit);

/* The median of all differences new - base, and the limits of the rank-sum test. */
struct bench_interval bench_unpaired_shift(const double *base, size_t base_count,
                                           const double *new_, size_t new_count, double chance);

#endif
