/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Verdicts: what planted differences come to, which figures decide, and what looks
 * and families cost.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "bench_near.h"
#include "gate_run.h"
#include "multiplicity.h"
#include "random.h"
#include "verdict.h"

#define PAIRS 24

static const struct bench_rules rules = {
	.alpha = BENCH_ALPHA,
	.beta = BENCH_BETA,
	.pairs_max = PAIRS,
	.seed = 1,
};

static struct bench_series_set base;
static struct bench_series_set new_;
static struct bench_pairs pairs;
static struct bench_judgement judgements[8];
static char problem[BENCH_PROBLEM_MAX];

static int clean(void **state)
{
	(void)state;
	bench_series_set_free(&base);
	bench_series_set_free(&new_);
	bench_pairs_free(&pairs);
	memset(judgements, 0, sizeof(judgements));
	return 0;
}

static struct bench_figure figure_of(const char *metric, bool higher)
{
	struct bench_figure figure = {.scenario = "s", .higher_is_better = higher, .gated = true};

	(void)snprintf(figure.metric, sizeof(figure.metric), "%s", metric);
	return figure;
}

static void put(struct bench_series_set *set, const char *metric, bool higher, double value)
{
	const struct bench_figure figure = figure_of(metric, higher);
	struct bench_series *series = bench_series_find(set, &figure);

	if (series == NULL)
		series = bench_series_add(set, &figure);
	assert_non_null(series);
	assert_true(bench_series_append(series, value));
}

/* Between -1 and 1. */
static double noise(struct bench_random *random)
{
	return (double)bench_random_u32(random) / 2147483648.0 - 1.0;
}

/* Pairs of one figure that is slower by a factor, each run off by up to width. */
static enum bench_verdict judge_one(double factor, double width, bool higher)
{
	const struct bench_choice choice = {.min_effect = 0.05};
	struct bench_random random = bench_random_init(3, 0);

	(void)clean(NULL);
	for (int i = 0; i < PAIRS; i++) {
		bench_series_set_free(&base);
		bench_series_set_free(&new_);
		put(&base, "m", higher, 100.0 * (1.0 + width * noise(&random)));
		put(&new_, "m", higher,
		    100.0 * (higher ? 1.0 / factor : factor) * (1.0 + width * noise(&random)));
		if (i == 0)
			assert_true(bench_pairs_init(&pairs, &base, &choice, problem));
		assert_true(bench_pairs_add(&pairs, &base, &new_));
	}
	return bench_judge_pairs(&rules, &pairs, 0, PAIRS, judgements);
}

static void test_planted(void **state)
{
	static const struct {
		double factor;
		double width;
		enum bench_verdict verdict;
	} cases[] = {
		{1.0, 0.02, BENCH_VERDICT_NONE},      {1.1, 0.02, BENCH_VERDICT_REGRESSION},
		{0.8, 0.02, BENCH_VERDICT_NONE},      {1.0, 0.4, BENCH_VERDICT_UNSURE},
		{1.02, 0.01, BENCH_VERDICT_NONE},    /* beyond doubt, and too little to matter */
		{1.046, 0.02, BENCH_VERDICT_UNSURE}, /* on the edge */
		{1.5, 0.0, BENCH_VERDICT_REGRESSION}, {1.0, 0.0, BENCH_VERDICT_NONE},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		for (int higher = 0; higher < 2; higher++)
			if (judge_one(cases[i].factor, cases[i].width, higher == 1) != cases[i].verdict)
				fail_msg("slower by %g, noise %g, higher %d: %d", cases[i].factor, cases[i].width,
				         higher, (int)judgements[0].verdict);
	assert_int_equal(judge_one(1.1, 0.02, true), BENCH_VERDICT_REGRESSION);
	assert_true(judgements[0].worse.lower < log(1.1) && judgements[0].worse.upper > log(1.1));
	assert_true(judgements[0].bootstrap.lower > log(1.05));
	assert_true(judgements[0].adjusted <= BENCH_ALPHA);
	assert_int_equal(judgements[0].pairs, PAIRS);
}

/* A look that passes a figure is not taken back, and the bootstrap that confirms it
 * is kept for the report. */
static void test_looks(void **state)
{
	size_t looks[BENCH_LOOKS_MAX];

	(void)state;
	(void)judge_one(1.0, 0.02, false);
	memset(judgements, 0, sizeof(judgements));
	assert_int_equal(bench_judge_pairs(&rules, &pairs, 0, 16, judgements), BENCH_VERDICT_NONE);
	for (size_t i = 16; i < PAIRS; i++)
		pairs.items[0].worse[i] = 1.0;
	assert_int_equal(bench_judge_pairs(&rules, &pairs, 16, PAIRS, judgements), BENCH_VERDICT_NONE);
	assert_int_equal(judgements[0].done, 16);

	assert_int_equal(bench_looks(96, looks), 4);
	assert_int_equal(looks[0], 12);
	assert_int_equal(looks[3], 96);
	assert_int_equal(bench_looks(1, looks), 1);
	assert_int_equal(bench_looks(6, looks), 2);
	assert_int_equal(looks[0], 2);
	assert_int_equal(looks[1], 6);
}

/* Time ran out after a quarter of the pairs: the look has all that the one before left. */
static void test_last_look(void **state)
{
	struct bench_rules cut = rules;

	(void)state;
	cut.pairs_max = 4 * PAIRS;
	(void)judge_one(1.0, 0.4, false);
	(void)bench_judge_pairs(&cut, &pairs, PAIRS / 2, PAIRS, judgements);
	assert_near(judgements[0].chance, bench_spend(cut.beta, 0.125, 0.25), 1e-12);
	cut.last = true;
	(void)bench_judge_pairs(&cut, &pairs, PAIRS / 2, PAIRS, judgements);
	assert_near(judgements[0].chance, bench_spend(cut.beta, 0.125, 1.0), 1e-12);
}

/* With more figures the same evidence counts less. */
static void test_family(void **state)
{
	struct bench_rules few = rules;

	(void)state;
	few.pairs_max = 8;
	(void)judge_one(1.2, 0.0, false);
	/* 2^-8 = 0.0039 is below 0.5 %, but above what the last of several looks may use. */
	assert_int_equal(bench_judge_pairs(&few, &pairs, 0, 8, judgements), BENCH_VERDICT_REGRESSION);
	assert_int_equal(bench_gate_pairs_needed(&rules, 1), 9);
	assert_true(bench_gate_pairs_needed(&rules, 3) > 9);
	assert_true(bench_gate_pairs_needed(&rules, 100) < 20);
}

static void test_choice(void **state)
{
	struct bench_choice choice = {.min_effect = 0.05, .count = 1};
	const struct bench_figure other = figure_of("other", false);
	double effect;

	(void)state;
	(void)clean(NULL);
	put(&base, "m", false, 1.0);
	put(&base, "other", false, 1.0);
	(void)snprintf(choice.items[0].metric, BENCH_SERIES_NAME_MAX, "m");
	choice.items[0].min_effect = 0.2;
	assert_true(bench_pairs_init(&pairs, &base, &choice, problem));
	assert_true(pairs.items[0].figure.gated);
	assert_near(pairs.items[0].min_effect, 0.2, 0.0);
	assert_false(bench_choice_of(&choice, &other, &effect));
	bench_pairs_free(&pairs);
	/* A baseline's figure of a metric that is chosen. */
	base.items[0].figure.shown_only = true;
	assert_false(bench_choice_of(&choice, &base.items[0].figure, &effect));
	choice.count = 0;
	assert_false(bench_choice_of(&choice, &base.items[0].figure, &effect));
	choice.count = 1;
	base.items[0].figure.shown_only = false;
	(void)snprintf(choice.items[0].metric, BENCH_SERIES_NAME_MAX, "nowhere");
	assert_false(bench_pairs_init(&pairs, &base, &choice, problem));
	assert_non_null(strstr(problem, "\"nowhere\""));
	base.items[0].figure.gated = false;
	base.items[1].figure.gated = false;
	choice.count = 0;
	assert_false(bench_pairs_init(&pairs, &base, &choice, problem));
	assert_non_null(strstr(problem, "no figure that decides"));
}

/* One run that measured nothing is left out, a zero too; a figure that new no longer
 * has is found. */
static void test_missing(void **state)
{
	const struct bench_choice choice = {.min_effect = 0.05};

	(void)state;
	(void)clean(NULL);
	put(&base, "m", false, 1.0);
	assert_true(bench_pairs_init(&pairs, &base, &choice, problem));
	for (int i = 0; i < 8; i++) {
		bench_series_set_free(&new_);
		put(&new_, i == 3 ? "else" : "m", false, 1.0);
		assert_true(bench_pairs_add(&pairs, &base, &new_));
	}
	assert_true(bench_pairs_check(&pairs, problem));
	assert_int_equal(bench_judge_pairs(&rules, &pairs, 0, 8, judgements), BENCH_VERDICT_NONE);
	assert_int_equal(judgements[0].pairs, 7);
	bench_series_set_free(&new_);
	for (int i = 0; i < 3; i++)
		assert_true(bench_pairs_add(&pairs, &base, &new_));
	assert_false(bench_pairs_check(&pairs, problem));
	assert_non_null(strstr(problem, "4 of new"));
	assert_non_null(strstr(problem, "in 0 of 11 runs of base"));
	put(&new_, "m", false, 0.0);
	assert_true(bench_pairs_add(&pairs, &base, &new_));
	assert_true(isnan(pairs.items[0].worse[11]));
}

/* What only new fails to measure is not forgiven: it would be the slow runs. */
static void test_missing_in_new(void **state)
{
	const struct bench_choice choice = {.min_effect = 0.05};

	(void)state;
	(void)clean(NULL);
	put(&base, "m", false, 1.0);
	assert_true(bench_pairs_init(&pairs, &base, &choice, problem));
	for (int i = 0; i < 30; i++) {
		bench_series_set_free(&new_);
		put(&new_, "m", false, i % 10 == 0 ? 0.0 : 1.0);
		assert_true(bench_pairs_add(&pairs, &base, &new_));
		/* Once may happen. */
		assert_true(i != 9 || bench_pairs_check(&pairs, problem));
	}
	assert_false(bench_pairs_check(&pairs, problem));
	assert_non_null(strstr(problem, "3 of new: new fails to measure it"));
	/* Base failed as well: the machine, not the build. */
	for (int i = 0; i < 2; i++)
		pairs.items[0].base[i] = NAN;
	assert_true(bench_pairs_check(&pairs, problem));
}

static bool compare(size_t *count)
{
	const struct bench_choice choice = {.min_effect = 0.05};

	memset(judgements, 0, sizeof(judgements));
	return bench_judge_unpaired(&rules, &choice, &base, &new_, judgements, count, problem);
}

static void test_unpaired(void **state)
{
	struct bench_random random = bench_random_init(5, 0);
	size_t count;

	(void)state;
	(void)clean(NULL);
	for (int i = 0; i < 12; i++) {
		put(&base, "same", false, 100.0 + noise(&random));
		put(&new_, "same", false, 100.0 + noise(&random));
		put(&base, "worse", true, 100.0 + noise(&random));
		put(&new_, "worse", true, 80.0 + noise(&random));
		put(&base, "wild", false, 100.0 + 50.0 * noise(&random));
		put(&new_, "wild", false, 100.0 + 50.0 * noise(&random));
	}
	put(&new_, "only new", false, 1.0);
	assert_true(compare(&count));
	assert_int_equal(count, 3);
	assert_int_equal(judgements[0].verdict, BENCH_VERDICT_NONE);
	assert_int_equal(judgements[1].verdict, BENCH_VERDICT_REGRESSION);
	assert_int_equal(judgements[2].verdict, BENCH_VERDICT_UNSURE);
	assert_int_equal(bench_judge_all(judgements, 3), BENCH_VERDICT_REGRESSION);
	put(&base, "only base", false, 1.0);
	assert_false(compare(&count));
	assert_non_null(strstr(problem, "only base is in base only"));
	put(&new_, "only base", false, 1.0);
	(void)snprintf(new_.items[new_.count - 1].figure.unit, 3, "us");
	assert_false(compare(&count));
	assert_non_null(
		strstr(problem, "only base is in \"\", lower is better, in base, and in \"us\""));
	new_.items[new_.count - 1].figure.unit[0] = '\0';
	put(&new_, "only base", false, -1.0);
	assert_false(compare(&count));
	assert_non_null(strstr(problem, "not positive"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_planted),   cmocka_unit_test(test_looks),
		cmocka_unit_test(test_last_look), cmocka_unit_test(test_family),
		cmocka_unit_test(test_choice),    cmocka_unit_test(test_missing),
		cmocka_unit_test(test_unpaired),  cmocka_unit_test(test_missing_in_new),
	};

	return cmocka_run_group_tests(tests, NULL, clean);
}
