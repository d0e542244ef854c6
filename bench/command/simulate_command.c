/* SPDX-License-Identifier: BSD-2-Clause
 *
 * `weir-bench gate --simulate`: the gate's error rates on recorded noise.
 */
#include "gate_output.h"
#include "noise.h"
#include "run_command.h"
#include "simulate.h"

#define TRIALS_SEED 20241127
#define SLOWDOWN 0.10

static int simulate_one(const struct bench_gate_options *options, const struct bench_pairs *noise,
                        double slowdown)
{
	const struct bench_trials trials = {
		.count = (unsigned)options->trials,
		.slowdown = slowdown,
		.seed = TRIALS_SEED,
	};
	struct bench_error_rates rates;
	char planted[16];

	if (!bench_simulate(&options->plan.rules, noise, &trials, &rates)) {
		(void)fprintf(stderr, "weir-bench: out of memory\n");
		return BENCH_EXIT_FAILED;
	}
	if (rates.cancelled) {
		(void)fprintf(stderr, "weir-bench: stopped\n");
		return BENCH_EXIT_CANCELLED;
	}
	(void)snprintf(planted, sizeof(planted), "%g %%", slowdown * 100.0);
	(void)printf("  %-8s %10.1f %% %10.1f %% %10.1f %% %10.1f %% %10.1f\n", planted,
	             100.0 * rates.passed / rates.trials, 100.0 * rates.regressions / rates.trials,
	             100.0 * rates.misnamed / rates.trials, 100.0 * rates.unsure / rates.trials,
	             rates.pairs);
	return fflush(stdout) == 0 ? BENCH_EXIT_DONE : BENCH_EXIT_FAILED;
}

int bench_gate_simulate(const struct bench_gate_options *options)
{
	for (size_t i = 0; i < options->noise_count; i++) {
		char problem[BENCH_PROBLEM_MAX];
		struct bench_pairs noise;
		int exit_code;

		if (!bench_noise_read(&noise, options->noise[i], &options->plan.choice, problem)) {
			(void)fprintf(stderr, "weir-bench: \"%s\": %s\n", options->noise[i], problem);
			return BENCH_EXIT_USAGE;
		}
		(void)printf("%s: %zu figures, %zu pairs recorded, %lu trials\n"
		             "  %-8s %12s %12s %12s %12s %10s\n",
		             options->noise[i], noise.count, noise.pairs, options->trials, "slower by",
		             "pass", "regression", "misnamed", "cannot tell", "pairs");
		(void)fflush(stdout);
		exit_code = simulate_one(options, &noise, 0.0);
		if (exit_code == BENCH_EXIT_DONE)
			exit_code = simulate_one(options, &noise, SLOWDOWN);
		bench_pairs_free(&noise);
		if (exit_code != BENCH_EXIT_DONE)
			return exit_code;
	}
	return BENCH_EXIT_DONE;
}
