/* SPDX-License-Identifier: BSD-2-Clause
 *
 * `weir-bench compare`: two files, as independent samples.
 */
#include <stdlib.h>

#include "gate_output.h"
#include "run_command.h"

static bool read_side(struct bench_series_set *set, const char *path)
{
	char problem[BENCH_PROBLEM_MAX];

	if (bench_sample_read(set, path, problem))
		return true;
	(void)fprintf(stderr, "weir-bench: \"%s\": %s\n", path, problem);
	return false;
}

/* Say how many values it takes, if no number of differences could have told. */
static void warn_few(const struct bench_gate_report *report)
{
	size_t gated = 0;
	size_t fewest = SIZE_MAX;
	double chance = 1.0;

	for (size_t i = 0; i < report->count; i++) {
		const struct bench_judgement *const judgement = &report->judgements[i];
		const size_t values = judgement->pairs < judgement->new_count ? judgement->pairs
		                                                              : judgement->new_count;

		if (!judgement->figure.gated)
			continue;
		gated++;
		fewest = values < fewest ? values : fewest;
	}
	if (gated == 0)
		return;
	/* The chance that n values all lie above n others: n! n! / (2n)!. */
	for (size_t i = 1; i <= fewest; i++)
		chance *= (double)i / (double)(fewest + i);
	if (chance <= report->rules.alpha / (double)gated)
		return;
	for (; chance > report->rules.alpha / (double)gated; fewest++)
		chance *= ((double)fewest + 1.0) / (2.0 * (2.0 * (double)fewest + 1.0));
	(void)fprintf(stderr,
	              "weir-bench: too few values to show a regression of one of %zu figures: it takes "
	              "%zu on each side (weir-bench run --reps %zu)\n",
	              gated, fewest, fewest);
}

static int compare(const struct bench_gate_options *options, struct bench_gate_output *output,
                   const struct bench_series_set *base, const struct bench_series_set *new_)
{
	struct bench_judgement *const judgements = calloc(base->count, sizeof(*judgements));
	struct bench_gate_report report = {
		.base = options->files[0],
		.new_ = options->files[1],
		.rules = options->plan.rules,
		.judgements = judgements,
	};
	char problem[BENCH_PROBLEM_MAX] = "out of memory";
	int exit_code = BENCH_EXIT_USAGE;

	bench_machine_read(&report.machine);
	if (judgements != NULL &&
	    bench_judge_unpaired(&options->plan.rules, &options->plan.choice, base, new_, judgements,
	                         &report.count, problem)) {
		report.verdict = bench_judge_all(judgements, report.count);
		exit_code = bench_gate_output_write(output, &report);
		warn_few(&report);
	} else {
		(void)fprintf(stderr, "weir-bench: %s\n", problem);
	}
	free(judgements);
	return exit_code;
}

int bench_command_compare(int argc, char **argv)
{
	struct bench_gate_options options;
	struct bench_gate_output *const output = calloc(1, sizeof(*output));
	struct bench_series_set base = {0};
	struct bench_series_set new_ = {0};
	int exit_code = BENCH_EXIT_USAGE;

	if (output == NULL) {
		(void)fprintf(stderr, "weir-bench: out of memory\n");
		return BENCH_EXIT_USAGE;
	}
	if (bench_gate_options_read(&options, BENCH_COMMAND_COMPARE, argc, argv)) {
		if (options.help)
			exit_code = fputs(bench_compare_help, stdout) >= 0 ? BENCH_EXIT_DONE
			                                                   : BENCH_EXIT_FAILED;
		else if (read_side(&base, options.files[0]) && read_side(&new_, options.files[1]) &&
		         bench_gate_output_open(output, &options))
			exit_code = compare(&options, output, &base, &new_);
	}
	bench_gate_output_abandon(output);
	bench_series_set_free(&base);
	bench_series_set_free(&new_);
	free(output);
	return exit_code;
}
