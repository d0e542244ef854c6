/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Intervals by simulation with a fixed seed: how often a limit lies on the wrong
 * side of the truth. And what looking more than once costs. Sources:
 *   Holm: A Simple Sequentially Rejective Multiple Test Procedure, 1979
 *   Lan, DeMets: Discrete Sequential Boundaries for Clinical Trials, 1983
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "bench_near.h"
#include "bootstrap.h"
#include "contrasts.h"
#include "multiplicity.h"
#include "normal_dist.h"
#include "random.h"

#define TRIALS 400
#define CHANCE 0.05

static double uniform(struct bench_random *random)
{
	return ((double)bench_random_u32(random) + 0.5) / 4294967296.0;
}

/* A normal value; one in ten comes from further out, as timings do. */
static double value_of(struct bench_random *random)
{
	const double width = bench_random_below(random, 10) == 0 ? 5.0 : 1.0;

	return width * bench_normal_quantile(uniform(random));
}

struct misses {
	double lower; /* share of the trials in which the truth, 0, was below the limit */
	double upper;
};

static void count_miss(struct misses *misses, const struct bench_interval *interval)
{
	misses->lower += interval->lower > 0.0 ? 1.0 / TRIALS : 0.0;
	misses->upper += interval->upper < 0.0 ? 1.0 / TRIALS : 0.0;
}

/* Pairs; with block 2 the second of two repeats the first. */
static void simulate_pairs(size_t count, size_t block, struct misses *exact,
                           struct misses *bootstrap)
{
	double values[BENCH_VALUES_MAX];

	*exact = (struct misses){0};
	*bootstrap = (struct misses){0};
	for (unsigned trial = 0; trial < TRIALS; trial++) {
		struct bench_random random = bench_random_init(11, trial);
		struct bench_interval interval;

		for (size_t i = 0; i < count; i++)
			values[i] = i % block == 0 ? value_of(&random) : values[i - 1];
		interval = bench_paired_shift(values, count, CHANCE);
		count_miss(exact, &interval);
		interval = bench_bootstrap_paired(values, count, block, CHANCE, trial + 1);
		count_miss(bootstrap, &interval);
	}
	print_message("%zu pairs in blocks of %zu: exact %.3f %.3f, bootstrap %.3f %.3f\n", count,
	              block, exact->lower, exact->upper, bootstrap->lower, bootstrap->upper);
}

/* Four standard errors of a share near CHANCE in TRIALS trials. */
#define SLACK 0.044

static void test_paired_coverage(void **state)
{
	struct misses exact;
	struct misses bootstrap;

	(void)state;
	simulate_pairs(30, 1, &exact, &bootstrap);
	assert_true(exact.lower <= CHANCE + SLACK && exact.upper <= CHANCE + SLACK);
	assert_true(exact.lower + exact.upper >= 0.04);
	assert_near(bootstrap.lower, CHANCE, SLACK);
	assert_near(bootstrap.upper, CHANCE, SLACK);
	/* With few pairs the exact interval still holds; that is why it decides. */
	simulate_pairs(8, 1, &exact, &bootstrap);
	assert_true(exact.lower <= CHANCE + SLACK && exact.upper <= CHANCE + SLACK);
}

/* Where neighbours hang together the exact interval is too narrow, and drawing
 * blocks is not: that is why both have to agree. */
static void test_blocks(void **state)
{
	struct misses exact;
	struct misses bootstrap;

	(void)state;
	simulate_pairs(60, 2, &exact, &bootstrap);
	assert_true(exact.lower + exact.upper > 2.0 * CHANCE + SLACK);
	assert_near(bootstrap.lower, CHANCE, SLACK);
	assert_near(bootstrap.upper, CHANCE, SLACK);
}

static void test_unpaired_coverage(void **state)
{
	struct misses exact = {0};
	struct misses bootstrap = {0};
	double base[20];
	double new_[20];

	(void)state;
	for (unsigned trial = 0; trial < TRIALS; trial++) {
		struct bench_random random = bench_random_init(13, trial);
		struct bench_interval interval;

		for (size_t i = 0; i < 20; i++) {
			base[i] = value_of(&random);
			new_[i] = value_of(&random);
		}
		interval = bench_unpaired_shift(base, 20, new_, 20, CHANCE);
		count_miss(&exact, &interval);
		interval = bench_bootstrap_unpaired(base, 20, new_, 20, CHANCE, trial + 1);
		count_miss(&bootstrap, &interval);
	}
	print_message("20 and 20: exact %.3f %.3f, bootstrap %.3f %.3f\n", exact.lower, exact.upper,
	              bootstrap.lower, bootstrap.upper);
	assert_true(exact.lower <= CHANCE + SLACK && exact.upper <= CHANCE + SLACK);
	assert_near(bootstrap.lower, CHANCE, SLACK);
	assert_near(bootstrap.upper, CHANCE, SLACK);
}

static void test_bootstrap_edges(void **state)
{
	static const double equal[] = {2.0, 2.0, 2.0, 2.0};
	static const double rising[] = {1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0};
	struct bench_interval one = bench_bootstrap_paired(equal, 4, 1, CHANCE, 1);
	struct bench_interval other;

	(void)state;
	assert_near(one.lower, 2.0, 0.0);
	assert_near(one.upper, 2.0, 0.0);
	/* A single block cannot be drawn in two ways. */
	one = bench_bootstrap_paired(equal, 2, 2, CHANCE, 1);
	assert_true(isinf(one.lower) && isinf(one.upper));
	one = bench_bootstrap_paired(equal, 0, 2, CHANCE, 1);
	assert_true(isnan(one.estimate));
	/* The seed decides, and an odd last block is drawn too. */
	one = bench_bootstrap_paired(rising, 9, 2, CHANCE, 5);
	other = bench_bootstrap_paired(rising, 9, 2, CHANCE, 5);
	assert_near(one.lower, other.lower, 0.0);
	assert_near(one.upper, other.upper, 0.0);
	assert_true(one.upper > 6.0 && one.upper <= 9.0);
}

/* The weighted median of contrasts is the median of the values written out. */
static void test_contrasts(void **state)
{
	static const double values[] = {4.0, 1.0, 7.0};
	static const unsigned times[] = {2, 0, 3};
	static const double written[] = {4.0, 4.0, 7.0, 7.0, 7.0};
	struct bench_contrasts some;
	struct bench_contrasts all;

	(void)state;
	bench_contrasts_paired(&some, values, 3);
	bench_contrasts_paired(&all, written, 5);
	assert_int_equal(some.count, 6);
	assert_near(bench_contrasts_median(&some, times), bench_contrasts_median(&all, NULL), 0.0);
	assert_near(bench_contrasts_median(&some, NULL), 4.0, 0.0); /* 1 2.5 4 4 5.5 7 */
	bench_contrasts_free(&some);
	bench_contrasts_free(&all);
	bench_contrasts_unpaired(&some, values, 1, values + 1, 2);
	assert_near(bench_contrasts_median(&some, NULL), 0.0, 0.0); /* -3 3 */
	bench_contrasts_free(&some);
}

static void test_holm(void **state)
{
	static const double p[] = {0.01, 0.04, 0.03, 0.005};
	static const double expected[] = {0.03, 0.06, 0.06, 0.02};
	static const double large[] = {0.6, 0.7};
	double adjusted[4];

	(void)state;
	bench_holm(p, adjusted, 4);
	for (size_t i = 0; i < 4; i++)
		assert_near(adjusted[i], expected[i], 1e-12);
	bench_holm(large, adjusted, 2);
	assert_near(adjusted[0], 1.0, 0.0);
	assert_near(adjusted[1], 1.0, 0.0);
}

static void test_spending(void **state)
{
	static const double cumulative[] = {0.0179, 0.0310, 0.0414, 0.05}; /* of 0.05, by quarters */
	double spent = 0.0;

	(void)state;
	for (int look = 0; look < 4; look++) {
		spent += bench_spend(0.05, look / 4.0, (look + 1) / 4.0);
		assert_near(spent, cumulative[look], 5e-5);
	}
	assert_near(bench_spend(0.01, 0.0, 1.0), 0.01, 1e-15);
	assert_near(bench_spend(0.01, 0.5, 2.0), bench_spend(0.01, 0.5, 1.0), 0.0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_paired_coverage),   cmocka_unit_test(test_blocks),
		cmocka_unit_test(test_unpaired_coverage), cmocka_unit_test(test_bootstrap_edges),
		cmocka_unit_test(test_contrasts),         cmocka_unit_test(test_holm),
		cmocka_unit_test(test_spending),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
