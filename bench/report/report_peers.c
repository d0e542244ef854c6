/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The peers' section of the report. See report_peers.h.
 */
#include "report_peers.h"

#include <math.h>
#include <string.h>

#include "format.h"
#include "report_phases.h"

bool bench_has_peers(const struct bench_results *results)
{
	for (unsigned i = 0; i < results->rows_count; i++)
		if (results->rows[i].standing == BENCH_STANDING_PEER)
			return true;
	return false;
}

static bool has_peers(const struct bench_results *results, const char *scenario)
{
	for (unsigned i = 0; i < results->rows_count; i++)
		if (results->rows[i].standing == BENCH_STANDING_PEER &&
		    strcmp(results->rows[i].scenario, scenario) == 0)
			return true;
	return false;
}

/* The peer with the best value, or NULL. */
static const struct bench_row *best_peer(const struct bench_results *results, const char *scenario,
                                         enum bench_metric metric, enum bench_better better)
{
	const struct bench_row *best = NULL;
	double best_value = NAN;

	for (unsigned i = 0; i < results->rows_count; i++) {
		const struct bench_row *const row = &results->rows[i];
		const double value = bench_row_value(row, metric);

		if (row->standing != BENCH_STANDING_PEER || strcmp(row->scenario, scenario) != 0 ||
		    isnan(value))
			continue;
		if (best == NULL || (better == BENCH_HIGHER ? value > best_value : value < best_value)) {
			best = row;
			best_value = value;
		}
	}
	return best;
}

static void write_sentences(struct bench_writer *writer, const struct bench_results *results)
{
	unsigned scenarios = 0;
	unsigned faster = 0;
	unsigned calmer = 0;

	for (unsigned i = 0; i < results->rows_count; i++) {
		const char *const scenario = results->rows[i].scenario;
		const struct bench_row *const weir = bench_results_weir(results, scenario);
		const struct bench_row *const fastest =
			best_peer(results, scenario, BENCH_OPS_PER_S, BENCH_HIGHER);
		const struct bench_row *const calmest =
			best_peer(results, scenario, BENCH_WAIT_P999, BENCH_LOWER);

		/* In an outage who refuses at once waits least, and is not the better for it. */
		if (!bench_row_is_first(results, i) || weir == NULL || fastest == NULL ||
		    results->rows[i].kind == BENCH_KIND_PHASES ||
		    isnan(bench_row_over(weir, fastest, BENCH_OPS_PER_S)))
			continue;
		scenarios++;
		faster += bench_row_over(weir, fastest, BENCH_OPS_PER_S) >= 1.0;
		calmer += bench_row_over(weir, calmest, BENCH_WAIT_P999) <= 1.0;
	}
	if (scenarios > 0)
		bench_write_paragraph(
			writer,
			"Of %u scenario%s without phases, weir's throughput is at or above every peer's in "
			"%u, and its p99.9 wait at or below every peer's in %u.",
			scenarios, scenarios == 1 ? "" : "s", faster, calmer);
}

static const char *role_of(const struct bench_row *row)
{
	static const char *const roles[] = {
		[BENCH_STANDING_WEIR] = "",       [BENCH_STANDING_BASELINE] = "baseline",
		[BENCH_STANDING_PEER] = "peer",   [BENCH_STANDING_USER] = "loaded",
		[BENCH_STANDING_LIMIT] = "limit",
	};

	return roles[row->standing];
}

static void write_formatted(struct bench_writer *writer, double value,
                            void (*format)(char *text, size_t text_size, double value))
{
	char text[BENCH_CELL_MAX];

	format(text, sizeof(text), value);
	bench_write_cell(writer, "%s", text);
}

static void format_2(char *text, size_t text_size, double value)
{
	bench_format_plain(text, text_size, value, 2);
}

static void write_row(struct bench_writer *writer, const struct bench_results *results,
                      const struct bench_row *row)
{
	const enum bench_block block = bench_row_is_weir(row) ? BENCH_OUR_ROW : BENCH_ROW;
	const struct bench_row *const weir = bench_results_weir(results, row->scenario);

	writer->form->begin(writer, block);
	bench_write_cell(writer, "%s", row->pool);
	write_formatted(writer, bench_row_value(row, BENCH_OPS_PER_S), bench_format_count);
	write_formatted(writer, bench_row_over(row, weir, BENCH_OPS_PER_S), format_2);
	write_formatted(writer, bench_row_value(row, BENCH_WAIT_P999), bench_format_ns);
	write_formatted(writer, bench_row_value(row, BENCH_FAIRNESS), format_2);
	/* Seconds for a million are microseconds for one. */
	write_formatted(writer, bench_row_value(row, BENCH_CPU_S_PER_MOP) * 1e3, bench_format_ns);
	bench_write_cell(writer, "%s%s%s", role_of(row),
	                 row->extra_work != NULL && role_of(row)[0] != '\0' ? "; " : "",
	                 row->extra_work != NULL ? row->extra_work : "");
	writer->form->end(writer, block);
}

static void write_scenario(struct bench_writer *writer, const struct bench_results *results,
                           const struct bench_row *first, const struct bench_plots *plots)
{
	static const struct bench_table_column heads[] = {
		{"pool", false},    {"ops/s", true},         {"over weir's", true}, {"wait p99.9", true},
		{"fairness", true}, {"CPU per lease", true}, {"note", false},
	};

	writer->form->heading(writer, 3, first->scenario);
	if (first->doc != NULL)
		bench_write_paragraph(writer, "%s.", first->doc);
	writer->form->table_begin(writer, heads, sizeof(heads) / sizeof(heads[0]));
	for (unsigned i = 0; i < results->rows_count; i++)
		if (strcmp(results->rows[i].scenario, first->scenario) == 0)
			write_row(writer, results, &results->rows[i]);
	writer->form->table_end(writer);
	bench_report_phases(writer, results, first->scenario);
	for (int kind = 0; kind < BENCH_PLOT_THREADS; kind++) {
		const struct bench_plot *const plot =
			bench_plots_find(plots, (enum bench_plot_kind)kind, first->scenario);

		if (plot != NULL)
			writer->form->picture(writer, plot);
	}
}

void bench_report_peers(struct bench_writer *writer, const struct bench_document *document,
                        const struct bench_plots *plots)
{
	const struct bench_results *const results = document->results;
	const struct bench_machine *const machine = &document->machine;

	writer->form->heading(writer, 2, "Peers");
	bench_write_paragraph(writer,
	                      "weir beside other projects' pools, in turn with them and with the "
	                      "baselines, in a run of its own: %s, %s UTC, %.1f minutes, commit %s, on "
	                      "%s with %u processors. Ratios are to weir in the same scenario.",
	                      machine->date, machine->time, document->minutes, machine->commit,
	                      machine->cpu, machine->processors);
	write_sentences(writer, results);
	for (unsigned i = 0; i < results->rows_count; i++)
		if (bench_row_is_first(results, i) && has_peers(results, results->rows[i].scenario))
			write_scenario(writer, results, &results->rows[i], plots);
	for (unsigned i = 0; i < document->notes_count; i++)
		bench_write_paragraph(writer, "%s", document->notes[i]);
}
