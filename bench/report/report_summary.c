/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The summary of a report. See report_summary.h.
 */
#include "report_summary.h"

#include <math.h>

#include "format.h"
#include "target.h"

struct tally {
	unsigned scenarios;
	unsigned ahead;
	unsigned level;
	unsigned behind;
	unsigned calmer; /* weir's p99.9 is shorter than the fastest baseline's */
	unsigned targets;
	unsigned targets_met;
	const struct bench_row *furthest_ahead; /* weir's rows */
	const struct bench_row *furthest_behind;
	double most;
	double least;
};

static const struct bench_row *fastest_beside(const struct bench_results *results,
                                              const char *scenario)
{
	return bench_results_best(results, scenario, BENCH_OPS_PER_S, BENCH_HIGHER);
}

enum lead { NOT_COMPARED = 0, BEHIND, LEVEL, AHEAD };

/* The difference is a share of the slower one, so that a large spread hides a lead
 * no less than a lag. */
static enum lead find_lead(const struct bench_row *weir, const struct bench_row *fastest)
{
	const double ratio = bench_row_over(weir, fastest, BENCH_OPS_PER_S);
	/* A spread that is not known does not count. */
	const double spread = fmax(bench_row_spread(weir), bench_row_spread(fastest));
	const double slack = fmax(BENCH_LEVEL_SLACK, spread);

	if (isnan(ratio))
		return NOT_COMPARED;
	if (ratio > 1.0 + slack)
		return AHEAD;
	return ratio * (1.0 + slack) < 1.0 ? BEHIND : LEVEL;
}

static void count_scenario(struct tally *tally, const struct bench_row *weir,
                           const struct bench_row *fastest)
{
	const double ratio = bench_row_over(weir, fastest, BENCH_OPS_PER_S);
	const enum lead lead = find_lead(weir, fastest);

	if (lead == NOT_COMPARED)
		return;
	tally->scenarios++;
	tally->ahead += lead == AHEAD;
	tally->level += lead == LEVEL;
	tally->behind += lead == BEHIND;
	tally->calmer += bench_row_over(weir, fastest, BENCH_WAIT_P999) < 1.0;
	if (lead == AHEAD && (tally->furthest_ahead == NULL || ratio > tally->most)) {
		tally->most = ratio;
		tally->furthest_ahead = weir;
	}
	if (lead == BEHIND && (tally->furthest_behind == NULL || ratio < tally->least)) {
		tally->least = ratio;
		tally->furthest_behind = weir;
	}
}

static struct tally count_up(const struct bench_document *document)
{
	const struct bench_results *results = document->results;
	struct tally tally = {0};
	size_t targets_count;
	const struct bench_target *targets = bench_targets(&targets_count);

	for (unsigned i = 0; i < results->rows_count; i++) {
		const char *scenario = results->rows[i].scenario;
		const struct bench_row *weir = bench_results_weir(results, scenario);
		const struct bench_row *fastest = fastest_beside(results, scenario);

		if (bench_row_is_first(results, i) && weir != NULL && fastest != NULL)
			count_scenario(&tally, weir, fastest);
	}
	for (size_t i = 0; i < targets_count; i++) {
		double measured;
		const enum bench_verdict verdict = bench_target_judge(&targets[i], results, &measured);

		tally.targets += verdict != BENCH_NOT_MEASURED;
		tally.targets_met += verdict == BENCH_MET;
	}
	return tally;
}

static void write_value(struct bench_writer *writer, const struct bench_row *row,
                        enum bench_metric metric,
                        void (*format)(char *text, size_t text_size, double value))
{
	char text[BENCH_CELL_MAX];

	format(text, sizeof(text), bench_row_value(row, metric));
	bench_write_cell(writer, "%s", text);
}

static void format_2(char *text, size_t text_size, double value)
{
	bench_format_plain(text, text_size, value, 2);
}

static void write_lead(struct bench_writer *writer, const struct bench_row *weir,
                       const struct bench_row *fastest)
{
	static const char *const words[] = {
		[NOT_COMPARED] = "not compared",
		[BEHIND] = "behind",
		[LEVEL] = "level",
		[AHEAD] = "ahead",
	};
	const enum lead lead = find_lead(weir, fastest);

	writer->form->begin(writer, BENCH_CELL);
	bench_write_text(writer, lead == AHEAD ? BENCH_STRONG : BENCH_PLAIN, "%s", words[lead]);
	if (lead != NOT_COMPARED)
		bench_write_text(writer, BENCH_PLAIN, ", %.2f x %s",
		                 bench_row_over(weir, fastest, BENCH_OPS_PER_S), fastest->pool);
	writer->form->end(writer, BENCH_CELL);
}

static void write_calmest(struct bench_writer *writer, const struct bench_row *calmest,
                          const struct bench_row *weir)
{
	const double ratio = bench_row_over(calmest, weir, BENCH_OPS_PER_S);
	char text[BENCH_CELL_MAX];

	if (calmest == NULL) {
		bench_write_cell(writer, "-");
		return;
	}
	bench_format_ns(text, sizeof(text), bench_row_value(calmest, BENCH_WAIT_P999));
	if (isnan(ratio))
		bench_write_cell(writer, "%s (%s)", text, calmest->pool);
	else
		bench_write_cell(writer, "%s at %.2f of weir's ops/s (%s)", text, ratio, calmest->pool);
}

/* One line of the summary: weir beside the fastest baseline, and beside the one
 * with the shortest tail, which is seldom the same. */
static void write_row(struct bench_writer *writer, const struct bench_results *results,
                      const char *scenario)
{
	const struct bench_row *weir = bench_results_weir(results, scenario);
	const struct bench_row *fastest = fastest_beside(results, scenario);
	const struct bench_row *calmest =
		bench_results_best(results, scenario, BENCH_WAIT_P999, BENCH_LOWER);

	writer->form->begin(writer, BENCH_ROW);
	bench_write_cell(writer, "%s", scenario);
	write_lead(writer, weir, fastest);
	write_value(writer, weir, BENCH_OPS_PER_S, bench_format_count);
	write_value(writer, fastest, BENCH_OPS_PER_S, bench_format_count);
	write_value(writer, weir, BENCH_WAIT_P999, bench_format_ns);
	write_value(writer, fastest, BENCH_WAIT_P999, bench_format_ns);
	write_value(writer, weir, BENCH_FAIRNESS, format_2);
	write_value(writer, fastest, BENCH_FAIRNESS, format_2);
	write_calmest(writer, calmest, weir);
	writer->form->end(writer, BENCH_ROW);
}

static void write_sentences(struct bench_writer *writer, const struct bench_document *document,
                            const struct tally *tally)
{
	writer->form->begin(writer, BENCH_PARAGRAPH);
	bench_write_text(
		writer, BENCH_PLAIN,
		"Beside the fastest baseline of each of %u scenarios, weir's throughput is "
		"ahead in %u, level (within %.0f %% or their spread) in %u and behind in %u; its "
		"p99.9 wait is shorter in %u.",
		tally->scenarios, tally->ahead, BENCH_LEVEL_SLACK * 100.0, tally->level, tally->behind,
		tally->calmer);
	if (tally->furthest_ahead != NULL)
		bench_write_text(writer, BENCH_PLAIN,
		                 " It is furthest ahead in %s, at %.2f times the other's.",
		                 tally->furthest_ahead->scenario, tally->most);
	if (tally->furthest_behind != NULL)
		bench_write_text(writer, BENCH_PLAIN, " It is furthest behind in %s, at %.2f times.",
		                 tally->furthest_behind->scenario, tally->least);
	if (document->judged && tally->targets > 0)
		bench_write_text(writer, BENCH_PLAIN, " %u of %u targets are met.", tally->targets_met,
		                 tally->targets);
	writer->form->end(writer, BENCH_PARAGRAPH);
	bench_write_paragraph(
		writer, "One wait in a thousand is longer than the p99.9. Fairness is what the "
				"slowest thread got done over what the fastest did: a fast pool with a "
				"long tail lets some callers starve. The last column is the baseline with "
				"the shortest p99.9, and what it costs.");
}

void bench_report_summary(struct bench_writer *writer, const struct bench_document *document)
{
	static const struct bench_table_column heads[] = {
		{"scenario", false},
		{"weir's throughput", false},
		{"weir, ops/s", true},
		{"fastest baseline, ops/s", true},
		{"weir, p99.9", true},
		{"fastest, p99.9", true},
		{"weir, fairness", true},
		{"fastest, fairness", true},
		{"shortest p99.9 of a baseline", false},
	};
	const struct bench_results *results = document->results;
	const struct tally tally = count_up(document);

	writer->form->heading(writer, 2, "Summary");
	if (tally.scenarios == 0) {
		bench_write_paragraph(writer,
		                      "weir and a baseline did not both finish: nothing to compare.");
		return;
	}
	write_sentences(writer, document, &tally);
	writer->form->table_begin(writer, heads, sizeof(heads) / sizeof(heads[0]));
	for (unsigned i = 0; i < results->rows_count; i++) {
		const char *const scenario = results->rows[i].scenario;

		if (bench_row_is_first(results, i) && bench_results_weir(results, scenario) != NULL &&
		    fastest_beside(results, scenario) != NULL)
			write_row(writer, results, scenario);
	}
	writer->form->table_end(writer);
}

static void write_target(struct bench_writer *writer, const struct bench_target *target,
                         double measured, enum bench_verdict verdict)
{
	char text[BENCH_CELL_MAX];

	if (target->form == BENCH_FORM_NS)
		bench_format_ns(text, sizeof(text), measured);
	else
		bench_format_plain(text, sizeof(text), measured, 3);
	writer->form->begin(writer, BENCH_ROW);
	bench_write_cell(writer, "%s", target->scenario);
	bench_write_cell(writer, "%s", target->text);
	bench_write_cell(writer, "%s", text);
	writer->form->begin(writer, BENCH_CELL);
	writer->form->text(writer, verdict == BENCH_MET ? BENCH_PLAIN : BENCH_STRONG,
	                   verdict == BENCH_MET ? "met" : "not met");
	writer->form->end(writer, BENCH_CELL);
	writer->form->end(writer, BENCH_ROW);
}

void bench_report_targets(struct bench_writer *writer, const struct bench_document *document)
{
	static const struct bench_table_column heads[] = {
		{"scenario", false}, {"target", false}, {"measured", true}, {"verdict", false}};
	size_t count;
	const struct bench_target *targets = bench_targets(&count);

	if (!document->judged || count_up(document).targets == 0)
		return;
	writer->form->heading(writer, 2, "Targets");
	bench_write_paragraph(writer, "Each is judged against the other rows of this run.%s",
	                      document->indicative
	                          ? " Repetitions this few or this short decide nothing: for "
	                            "orientation only."
	                          : "");
	writer->form->table_begin(writer, heads, sizeof(heads) / sizeof(heads[0]));
	for (size_t i = 0; i < count; i++) {
		double measured;
		const enum bench_verdict verdict =
			bench_target_judge(&targets[i], document->results, &measured);

		if (verdict != BENCH_NOT_MEASURED)
			write_target(writer, &targets[i], measured, verdict);
	}
	writer->form->table_end(writer);
	writer->form->begin(writer, BENCH_PARAGRAPH);
	bench_write_text(writer, BENCH_PLAIN,
	                 "What an uncontended lease costs, beside one locked "
	                 "instruction, is measured by ");
	bench_write_text(writer, BENCH_CODE, "weir-micro");
	bench_write_text(writer, BENCH_PLAIN, ".");
	writer->form->end(writer, BENCH_PARAGRAPH);
}
