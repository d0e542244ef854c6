/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What each phase of a scenario came to. See report_phases.h.
 */
#include "report_phases.h"

#include <math.h>
#include <string.h>

#include "format.h"

static void write_ns(struct bench_writer *writer, double ns)
{
	char text[BENCH_CELL_MAX];

	bench_format_ns(text, sizeof(text), ns);
	bench_write_cell(writer, "%s", text);
}

static void write_count(struct bench_writer *writer, double value)
{
	char text[BENCH_CELL_MAX];

	bench_format_count(text, sizeof(text), value);
	bench_write_cell(writer, "%s", text);
}

static void write_phase(struct bench_writer *writer, const struct bench_row *row,
                        const struct bench_timeline_phase *phase)
{
	const enum bench_block block = bench_row_is_weir(row) ? BENCH_OUR_ROW : BENCH_ROW;
	const double seconds = phase->end_s - phase->begin_s;

	writer->form->begin(writer, block);
	bench_write_cell(writer, "%s%s", phase->name, phase->down ? " (server down)" : "");
	bench_write_cell(writer, "%s", row->pool);
	bench_write_cell(writer, "%.3g s to %.3g s", phase->begin_s, phase->end_s);
	write_count(writer, seconds > 0.0 ? (double)phase->ops / seconds : NAN);
	write_count(writer, (double)phase->timeouts);
	write_count(writer, (double)phase->failures);
	write_count(writer, (double)phase->unserved);
	write_ns(writer, phase->waits.p50);
	write_ns(writer, phase->waits.p999);
	write_ns(writer, phase->waits.max);
	write_ns(writer, phase->response.p999);
	writer->form->end(writer, block);
}

void bench_report_phases(struct bench_writer *writer, const struct bench_results *results,
                         const char *scenario)
{
	static const struct bench_table_column heads[] = {
		{"phase", false},     {"pool", false},    {"time", false},          {"ops/s", true},
		{"timeouts", true},   {"failures", true}, {"unserved", true},       {"wait p50", true},
		{"wait p99.9", true}, {"max", true},      {"response p99.9", true},
	};
	unsigned phases = 0;

	for (unsigned i = 0; i < results->rows_count; i++)
		if (strcmp(results->rows[i].scenario, scenario) == 0 && results->rows[i].timeline != NULL &&
		    results->rows[i].timeline->phases_count > phases)
			phases = results->rows[i].timeline->phases_count;
	if (phases == 0)
		return;
	bench_write_paragraph(writer, "By phase, of one repetition:");
	writer->form->table_begin(writer, heads, sizeof(heads) / sizeof(heads[0]));
	for (unsigned phase = 0; phase < phases; phase++)
		for (unsigned i = 0; i < results->rows_count; i++) {
			const struct bench_row *const row = &results->rows[i];

			if (strcmp(row->scenario, scenario) == 0 && row->timeline != NULL &&
			    phase < row->timeline->phases_count)
				write_phase(writer, row, &row->timeline->phases[phase]);
		}
	writer->form->table_end(writer);
}
