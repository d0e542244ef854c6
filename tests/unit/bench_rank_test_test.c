/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Rank tests against published tables and examples, and against counting every
 * case. Sources:
 *   Wilcoxon, Wilcox: Some Rapid Approximate Statistical Procedures, 1964, table 2
 *   Siegel: Nonparametric Statistics for the Behavioral Sciences, 1956, table K
 *     (after Auble, 1953)
 *   Hollander, Wolfe: Nonparametric Statistical Methods, 1973, pp. 29 and 69
 *   Abramowitz, Stegun: Handbook of Mathematical Functions, 1964, table 26.5
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "bench_near.h"
#include "normal_dist.h"
#include "random.h"
#include "rank_test.h"
#include "ranks.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void test_normal(void **state)
{
	static const struct {
		double p;
		double x;
	} table[] = {{0.9, 1.281552},   {0.95, 1.644854},  {0.975, 1.959964}, {0.99, 2.326348},
	             {0.995, 2.575829}, {0.999, 3.090232}, {0.9999, 3.719016}};

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		assert_near(bench_normal_quantile(table[i].p), table[i].x, 1e-6);
		assert_near(bench_normal_quantile(1.0 - table[i].p), -table[i].x, 1e-6);
		assert_near(bench_normal_cdf(table[i].x), table[i].p, 1e-7);
	}
	assert_near(bench_normal_quantile(0.5), 0.0, 1e-12);
	assert_true(isinf(bench_normal_quantile(0.0)) && isinf(bench_normal_quantile(1.0)));
	assert_true(isnan(bench_normal_quantile(NAN)));
}

/* The largest sum of the rarer signs that is significant, one-sided. */
static void test_signed_rank_table(void **state)
{
	static const double chances[] = {0.05, 0.025, 0.01, 0.005};
	static const struct {
		size_t pairs;
		int critical[COUNT(chances)];
	} table[] = {
		{5, {0, -1, -1, -1}},       {8, {5, 3, 1, 0}},          {10, {10, 8, 5, 3}},
		{12, {17, 13, 9, 7}},       {15, {30, 25, 19, 15}},     {20, {60, 52, 43, 37}},
		{25, {100, 89, 76, 68}},    {30, {151, 137, 120, 109}}, {40, {286, 264, 238, 220}},
		{50, {466, 434, 397, 373}},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++)
		for (size_t k = 0; k < COUNT(chances); k++)
			assert_int_equal(
				(int)bench_ranks_limit(table[i].pairs, BENCH_DRAW_SIGNS, 0, chances[k]) - 1,
				table[i].critical[k]);
}

/* The largest U that is significant, one-sided; both samples alike. */
static void test_rank_sum_table(void **state)
{
	static const struct {
		size_t one;
		size_t other;
		double chance;
		int critical;
	} table[] = {
		{9, 9, 0.025, 17},    {10, 10, 0.025, 23}, {12, 12, 0.025, 37}, {15, 15, 0.025, 64},
		{20, 20, 0.025, 127}, {10, 15, 0.025, 39}, {10, 10, 0.05, 27},  {20, 20, 0.05, 138},
		{10, 10, 0.01, 19},   {20, 20, 0.01, 114},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		const size_t count = table[i].one + table[i].other;

		assert_int_equal(
			(int)bench_ranks_limit(count, BENCH_DRAW_GROUP, table[i].one, table[i].chance) - 1,
			table[i].critical);
		assert_int_equal(
			(int)bench_ranks_limit(count, BENCH_DRAW_GROUP, table[i].other, table[i].chance) - 1,
			table[i].critical);
	}
}

/* Depression scores before and after therapy; permeability of the chorioamnion. */
static void test_examples(void **state)
{
	static const double first[] = {1.83, 0.50, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.30};
	static const double second[] = {0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29};
	static const double term[] = {0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46};
	static const double early[] = {1.15, 0.88, 0.90, 0.74, 1.21};
	double differences[COUNT(first)];
	struct bench_rank_test test;
	struct bench_interval shift;

	(void)state;
	for (size_t i = 0; i < COUNT(first); i++)
		differences[i] = first[i] - second[i];
	test = bench_signed_rank(differences, COUNT(first));
	assert_true(test.exact);
	assert_near(test.statistic, 40.0, 0.0);
	assert_near(test.p, 0.01953, 5e-6);
	shift = bench_paired_shift(differences, COUNT(first), 0.025);
	assert_near(shift.estimate, 0.46, 0.005);

	test = bench_rank_sum(early, COUNT(early), term, COUNT(term));
	assert_near(test.statistic, 35.0, 0.0);
	assert_near(test.p, 0.1272, 5e-5);
	shift = bench_unpaired_shift(early, COUNT(early), term, COUNT(term), 0.05);
	assert_near(shift.estimate, 0.305, 0.0005);
}

/* Count every assignment of signs by hand. */
static double count_signs(const double *differences, size_t count)
{
	const double statistic = bench_signed_rank(differences, count).statistic;
	double turned[16];
	unsigned long as_large = 0;

	for (unsigned long signs = 0; signs < 1UL << count; signs++) {
		for (size_t i = 0; i < count; i++)
			turned[i] = (signs >> i & 1UL) != 0 ? fabs(differences[i]) : -fabs(differences[i]);
		as_large += bench_signed_rank(turned, count).statistic >= statistic ? 1 : 0;
	}
	return (double)as_large / (double)(1UL << count);
}

static void test_signed_rank_ties(void **state)
{
	static const double tied[] = {1.0, -1.0, 2.0, 2.0, 2.0, -3.0, 5.0, 5.0, 6.0};
	static const double zeros[] = {0.0, 0.0, 1.0, -2.0, 3.0, 3.0, 4.0};
	static const double equal[] = {0.0, 0.0, 0.0};
	struct bench_rank_test test;

	(void)state;
	assert_near(bench_signed_rank(tied, COUNT(tied)).p, count_signs(tied, COUNT(tied)), 1e-12);
	assert_near(bench_signed_rank(zeros, COUNT(zeros)).p, count_signs(zeros, COUNT(zeros)), 1e-12);
	/* Pratt: the two zeros take ranks 1 and 2. */
	assert_near(bench_signed_rank(zeros, COUNT(zeros)).statistic, 3.0 + 5.5 + 5.5 + 7.0, 0.0);
	test = bench_signed_rank(equal, COUNT(equal));
	assert_near(test.p, 1.0, 0.0);
	test = bench_signed_rank(equal, 0);
	assert_near(test.p, 1.0, 0.0);
}

/* Equal ratios, written the other way round, differ in the last bit. */
static void test_nearly_equal(void **state)
{
	const double values[] = {log(1.1), log(1.1 * (1.0 + 1e-15)), 1.0};
	unsigned halves[3];
	size_t order[3];

	(void)state;
	bench_ranks(values, 3, halves, order);
	assert_int_equal(halves[0], 3);
	assert_int_equal(halves[1], 3);
	assert_int_equal(halves[2], 6);
}

static void test_rank_sum_ties(void **state)
{
	static const double all[] = {1.0, 2.0, 2.0, 3.0, 3.0, 3.0, 4.0, 6.0};
	static const double base[] = {1.0, 2.0, 3.0, 3.0};
	static const double new_[] = {2.0, 3.0, 4.0, 6.0};
	const struct bench_rank_test test = bench_rank_sum(base, 4, new_, 4);
	unsigned as_large = 0;
	unsigned cases = 0;

	(void)state;
	/* 1 beats 4 values; 2 ties with one, ... */
	assert_near(test.statistic, 1.5 + 3.0 + 4.0 + 4.0, 0.0);
	for (unsigned chosen = 0; chosen < 256; chosen++) {
		double sides[2][8];
		size_t counts[2] = {0, 0};

		for (size_t i = 0; i < 8; i++) {
			const unsigned side = chosen >> i & 1u;

			sides[side][counts[side]++] = all[i];
		}
		if (counts[1] != 4)
			continue;
		cases++;
		as_large += bench_rank_sum(sides[0], 4, sides[1], 4).statistic >= test.statistic ? 1 : 0;
	}
	assert_int_equal(cases, 70);
	assert_near(test.p, as_large / 70.0, 1e-12);
}

/* Beyond the exact range the approximation goes on where it ended. */
static void test_large(void **state)
{
	double values[BENCH_VALUES_MAX];
	double others[BENCH_VALUES_MAX];
	struct bench_random random = bench_random_init(7, 0);
	struct bench_rank_test exact;
	struct bench_rank_test normal;

	(void)state;
	for (size_t i = 0; i < BENCH_VALUES_MAX; i++) {
		values[i] = (double)bench_random_below(&random, 1000000) - 440000.0;
		others[i] = (double)bench_random_below(&random, 1000000) - 500000.0;
	}
	exact = bench_signed_rank(values, BENCH_EXACT_PAIRS);
	assert_true(exact.exact);
	values[BENCH_EXACT_PAIRS] = 1e-3; /* of the lowest rank */
	normal = bench_signed_rank(values, BENCH_EXACT_PAIRS + 1);
	assert_false(normal.exact);
	assert_near(normal.p, exact.p, 0.01);
	exact = bench_rank_sum(others, 30, values, 30);
	assert_true(exact.exact);
	others[30] = -1e9;
	values[30] = -1e9;
	normal = bench_rank_sum(others, 31, values, 31);
	assert_false(normal.exact);
	assert_near(normal.p, exact.p, 0.02);
	assert_true(bench_paired_shift(values, 200, 0.01).lower <
	            bench_paired_shift(values, 200, 0.01).estimate);
	assert_true(bench_unpaired_shift(others, 100, values, 100, 0.01).upper >
	            bench_unpaired_shift(others, 100, values, 100, 0.01).estimate);
}

/* A limit that no value is far enough out for is infinite, never the outermost. */
static void test_too_few(void **state)
{
	static const double values[] = {1.0, 2.0, 3.0, 4.0};
	struct bench_interval shift = bench_paired_shift(values, 4, 0.05);

	(void)state;
	assert_true(isinf(shift.lower) && isinf(shift.upper));
	assert_near(shift.estimate, 2.5, 0.0);
	shift = bench_paired_shift(values, 4, 0.07); /* 1/16 */
	assert_near(shift.lower, 1.0, 0.0);
	assert_near(shift.upper, 4.0, 0.0);
	shift = bench_unpaired_shift(values, 2, values, 2, 0.05);
	assert_true(isinf(shift.lower) && isinf(shift.upper));
	assert_true(isnan(bench_paired_shift(values, 0, 0.05).estimate));
	assert_near(bench_rank_sum(values, 0, values, 4).p, 1.0, 0.0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_normal),           cmocka_unit_test(test_signed_rank_table),
		cmocka_unit_test(test_rank_sum_table),   cmocka_unit_test(test_examples),
		cmocka_unit_test(test_signed_rank_ties), cmocka_unit_test(test_nearly_equal),
		cmocka_unit_test(test_rank_sum_ties),    cmocka_unit_test(test_large),
		cmocka_unit_test(test_too_few),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
