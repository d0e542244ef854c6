/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The gate's error rates: its whole decision procedure, 1,000 times with equal builds
 * and 1,000 times with one scenario 10 % slower, on noise that was recorded from real
 * runs in turn. The seed is fixed. The same by hand:
 *
 *   weir-bench gate --simulate 1000 --noise bench/gate/noise/FILE
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "gate_run.h"
#include "noise.h"
#include "random.h"
#include "simulate.h"

#define TRIALS 1000
#define SEED 20241127

static const struct bench_choice choice = {.min_effect = BENCH_MIN_EFFECT};
static const struct bench_rules rules = {
	.alpha = BENCH_ALPHA,
	.beta = BENCH_BETA,
	.pairs_max = BENCH_GATE_PAIRS_MAX,
	.seed = 1,
};

static struct bench_error_rates rates_of(const struct bench_pairs *noise, double slowdown,
                                         unsigned trials_count)
{
	const struct bench_trials trials = {
		.count = trials_count,
		.slowdown = slowdown,
		.seed = SEED,
	};
	struct bench_error_rates rates;

	assert_true(bench_simulate(&rules, noise, &trials, &rates));
	print_message("slower by %g %%: %u pass, %u regressions (%u misnamed), %u cannot tell, %.0f "
	              "pairs\n",
	              slowdown * 100.0, rates.passed, rates.regressions, rates.misnamed, rates.unsure,
	              rates.pairs);
	assert_int_equal(rates.passed + rates.regressions + rates.unsure, trials_count);
	return rates;
}

static void test_recorded(void **state)
{
	char problem[BENCH_PROBLEM_MAX] = "";
	struct bench_error_rates rates;
	struct bench_pairs noise;

	(void)state;
	if (!bench_noise_read(&noise, BENCH_NOISE_FILE, &choice, problem))
		fail_msg("%s: %s", BENCH_NOISE_FILE, problem);
	rates = rates_of(&noise, 0.0, TRIALS);
	assert_true(rates.regressions <= TRIALS / 100);
	assert_true(rates.unsure <= TRIALS / 20);
	rates = rates_of(&noise, 0.10, TRIALS);
	assert_true(rates.regressions - rates.misnamed >= TRIALS * 95 / 100);
	assert_true(rates.unsure <= TRIALS / 20);
	bench_pairs_free(&noise);
}

/* Noise without end: nothing is told, and nothing is invented. */
static void test_wild(void **state)
{
	const struct bench_figure figure = {.scenario = "s", .metric = "m", .gated = true};
	struct bench_series_set base = {0};
	struct bench_series_set new_ = {0};
	struct bench_random random = bench_random_init(SEED, 0);
	char problem[BENCH_PROBLEM_MAX];
	struct bench_error_rates rates;
	struct bench_pairs noise;

	(void)state;
	for (int pair = 0; pair < 400; pair++) {
		bench_series_set_free(&base);
		bench_series_set_free(&new_);
		assert_true(bench_series_append(bench_series_add(&base, &figure),
		                                1.0 + bench_random_below(&random, 1000)));
		assert_true(bench_series_append(bench_series_add(&new_, &figure),
		                                1.0 + bench_random_below(&random, 1000)));
		if (pair == 0)
			assert_true(bench_pairs_init(&noise, &base, &choice, problem));
		assert_true(bench_pairs_add(&noise, &base, &new_));
	}
	rates = rates_of(&noise, 0.0, 100);
	assert_true(rates.regressions <= 3);
	assert_true(rates.unsure >= 80);
	bench_pairs_free(&noise);
	bench_series_set_free(&base);
	bench_series_set_free(&new_);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_recorded),
		cmocka_unit_test(test_wild),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
