/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A run as a markdown report: first what it means, then what it is made of.
 */
#include <math.h>
#include <string.h>

#include "document.h"
#include "format.h"
#include "report_tables.h"
#include "target.h"

/* Medians that differ by less than this are called level. */
#define LEVEL_SLACK 0.02

static void write_head(FILE *out, const struct bench_document *document)
{
	const struct bench_machine *machine = &document->machine;
	const struct bench_versions *versions = &document->versions;
	char fsync_text[BENCH_CELL_MAX];

	(void)fprintf(out, "# Benchmark results\n\n");
	(void)fprintf(out,
	              "weir beside the pools people write by hand, on one machine, in one process, "
	              "variant by variant in turn. %s run of %s, %s UTC, %.1f minutes, seed %llu.\n\n",
	              document->indicative ? "A short, indicative" : "A", machine->date, machine->time,
	              document->minutes, (unsigned long long)document->seed);
	if (strcmp(machine->build, "optimised") != 0)
		(void)fprintf(out, "**This build is %s: the figures say nothing about speed.**\n\n",
		              strcmp(machine->build, "sanitizer") == 0 ? "instrumented by a sanitizer"
		                                                       : machine->build);
	(void)fprintf(out, "| what | |\n|---|---|\n");
	(void)fprintf(out, "| processor | %s, %u for this process%s |\n", machine->cpu,
	              machine->processors, machine->virtual_machine ? ", virtual machine" : "");
	(void)fprintf(out, "| memory | %.1f GiB |\n", machine->memory_gib);
	(void)fprintf(out, "| kernel | %s, %s |\n", machine->kernel, machine->arch);
	(void)fprintf(out, "| frequency governor, idle driver | %s, %s |\n", machine->governor,
	              machine->idle_driver);
	(void)fprintf(out, "| load before the run | %.2f |\n", machine->load_before);
	if (document->storage.file_system[0] != '\0') {
		bench_format_ns(fsync_text, sizeof(fsync_text), document->storage.fsync_ns_p50);
		(void)fprintf(out, "| storage of SQL scenarios | %s, fdatasync of 4 KiB %s (median) |\n",
		              document->storage.file_system, fsync_text);
	}
	(void)fprintf(out, "| compiler | %s, glibc %s |\n", machine->compiler, machine->libc);
	(void)fprintf(out, "| versions | weir %s, SQLite %s, Concurrency Kit %s |\n", versions->weir,
	              versions->sqlite, versions->ck);
	(void)fprintf(out, "| commit | %s |\n\n", machine->commit);
}

static const char *standing(double ratio)
{
	if (isnan(ratio))
		return "not compared";
	if (ratio < 1.0 - LEVEL_SLACK)
		return "behind";
	return ratio > 1.0 + LEVEL_SLACK ? "**ahead**" : "level";
}

/* One line of the summary: weir beside the fastest baseline, and beside the one
 * with the shortest tail, which is seldom the same. */
static void write_summary_row(FILE *out, const struct bench_results *results, const char *scenario)
{
	const struct bench_row *weir = bench_results_weir(results, scenario);
	const struct bench_row *fastest =
		bench_results_best(results, scenario, BENCH_OPS_PER_S, BENCH_HIGHER);
	const struct bench_row *calmest =
		bench_results_best(results, scenario, BENCH_WAIT_P999, BENCH_LOWER);
	const struct bench_row *const shown[] = {weir, fastest};
	const double ratio = bench_row_over(weir, fastest, BENCH_OPS_PER_S);
	char text[BENCH_CELL_MAX];

	(void)fprintf(out, "| %s | %s, %.2f x %s |", scenario, standing(ratio), ratio, fastest->pool);
	for (size_t i = 0; i < 2; i++) {
		bench_format_count(text, sizeof(text), bench_row_value(shown[i], BENCH_OPS_PER_S));
		(void)fprintf(out, " %s |", text);
	}
	for (size_t i = 0; i < 2; i++) {
		bench_format_ns(text, sizeof(text), bench_row_value(shown[i], BENCH_WAIT_P999));
		(void)fprintf(out, " %s |", text);
	}
	for (size_t i = 0; i < 2; i++) {
		bench_format_plain(text, sizeof(text), bench_row_value(shown[i], BENCH_FAIRNESS), 2);
		(void)fprintf(out, " %s |", text);
	}
	if (calmest == NULL) {
		(void)fprintf(out, " - |\n");
		return;
	}
	bench_format_ns(text, sizeof(text), bench_row_value(calmest, BENCH_WAIT_P999));
	(void)fprintf(out, " %s at %.2f of weir's ops/s (%s) |\n", text,
	              bench_row_over(calmest, weir, BENCH_OPS_PER_S), calmest->pool);
}

/* Whether a scenario has what the summary compares. */
static bool comparable(const struct bench_results *results, const char *scenario)
{
	return bench_results_weir(results, scenario) != NULL &&
	       bench_results_best(results, scenario, BENCH_OPS_PER_S, BENCH_HIGHER) != NULL;
}

struct tally {
	unsigned scenarios;
	unsigned ahead;
	unsigned level;
	unsigned calmer; /* weir's p99.9 is shorter than the fastest baseline's */
	unsigned targets;
	unsigned targets_met;
};

static struct tally count_up(const struct bench_document *document)
{
	const struct bench_results *results = document->results;
	struct tally tally = {0};
	size_t targets_count;
	const struct bench_target *targets = bench_targets(&targets_count);

	for (unsigned i = 0; i < results->rows_count; i++) {
		const char *scenario = results->rows[i].scenario;
		const struct bench_row *weir = bench_results_weir(results, scenario);
		const struct bench_row *fastest =
			bench_results_best(results, scenario, BENCH_OPS_PER_S, BENCH_HIGHER);
		double ratio;

		if (!bench_row_is_first(results, i) || weir == NULL || fastest == NULL)
			continue;
		ratio = bench_row_over(weir, fastest, BENCH_OPS_PER_S);
		tally.scenarios++;
		tally.ahead += ratio > 1.0 + LEVEL_SLACK;
		tally.level += ratio >= 1.0 - LEVEL_SLACK && ratio <= 1.0 + LEVEL_SLACK;
		tally.calmer += bench_row_over(weir, fastest, BENCH_WAIT_P999) < 1.0;
	}
	for (size_t i = 0; i < targets_count; i++) {
		double measured;
		const enum bench_verdict verdict = bench_target_judge(&targets[i], results, &measured);

		tally.targets += verdict != BENCH_NOT_MEASURED;
		tally.targets_met += verdict == BENCH_MET;
	}
	return tally;
}

static void write_summary(FILE *out, const struct bench_document *document)
{
	const struct bench_results *results = document->results;
	const struct tally tally = count_up(document);

	(void)fprintf(out, "## Summary\n\n");
	if (tally.scenarios == 0) {
		(void)fprintf(out, "weir and a baseline did not both run: nothing to compare.\n\n");
		return;
	}
	(void)fprintf(out,
	              "Beside the fastest baseline of each of %u scenarios, weir's throughput is ahead "
	              "in %u, level (within %.0f %%) in %u and behind in %u; its p99.9 wait is shorter "
	              "in %u.",
	              tally.scenarios, tally.ahead, LEVEL_SLACK * 100.0, tally.level,
	              tally.scenarios - tally.ahead - tally.level, tally.calmer);
	if (document->judged && tally.targets > 0)
		(void)fprintf(out, " %u of %u targets are met.", tally.targets_met, tally.targets);
	(void)fprintf(out, "\n\nOne wait in a thousand is longer than the p99.9. Fairness is what the "
	                   "slowest thread got done over what the fastest did: a fast pool with a long "
	                   "tail lets some callers starve. The last column is the baseline with the "
	                   "shortest p99.9, and what it costs.\n\n");
	(void)fprintf(out, "| scenario | weir's throughput | weir, ops/s | fastest baseline, ops/s | "
	                   "weir, p99.9 | fastest, p99.9 | weir, fairness | fastest, fairness | "
	                   "shortest p99.9 of a baseline |\n");
	(void)fprintf(out, "|---|---|---:|---:|---:|---:|---:|---:|---|\n");
	for (unsigned i = 0; i < results->rows_count; i++)
		if (bench_row_is_first(results, i) && comparable(results, results->rows[i].scenario))
			write_summary_row(out, results, results->rows[i].scenario);
	(void)fputc('\n', out);
}

static void write_targets(FILE *out, const struct bench_document *document)
{
	size_t count;
	const struct bench_target *targets = bench_targets(&count);

	if (!document->judged || count_up(document).targets == 0)
		return;
	(void)fprintf(out, "## Targets\n\nEach is judged against the other rows of this run.%s\n\n",
	              document->indicative
	                  ? " Repetitions this few or this short decide nothing: for orientation only."
	                  : "");
	(void)fprintf(out, "| scenario | target | measured | verdict |\n|---|---|---:|---|\n");
	for (size_t i = 0; i < count; i++) {
		char text[BENCH_CELL_MAX];
		double measured;
		const enum bench_verdict verdict =
			bench_target_judge(&targets[i], document->results, &measured);

		if (verdict == BENCH_NOT_MEASURED)
			continue;
		if (targets[i].form == BENCH_FORM_NS)
			bench_format_ns(text, sizeof(text), measured);
		else
			bench_format_plain(text, sizeof(text), measured, 3);
		(void)fprintf(out, "| %s | %s | %s | %s |\n", targets[i].scenario, targets[i].text, text,
		              verdict == BENCH_MET ? "met" : "**not met**");
	}
	(void)fprintf(out, "\nWhat an uncontended lease costs, beside one locked instruction, is "
	                   "measured by `weir-micro`.\n\n");
}

bool bench_report_write(FILE *out, const struct bench_document *document)
{
	write_head(out, document);
	write_summary(out, document);
	write_targets(out, document);
	(void)fprintf(out, "## Scenarios\n\nMedians over the repetitions; timeouts and busy errors are "
	                   "sums. `none` is the load without any pool: the limit, not a baseline. "
	                   "docs/reference/benchmarks.md says what every column means.\n\n");
	bench_report_tables(out, document->results);
	(void)fprintf(out,
	              "## How to reproduce\n\n```sh\n%s\n```\n\nIt installs what is missing, builds, "
	              "and runs. Absolute figures are this machine's; the ratios travel.\n",
	              document->command);
	return ferror(out) == 0;
}
