/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The tables of a report. See report_tables.h.
 */
#include "report_tables.h"

#include <math.h>
#include <string.h>

#include "format.h"
#include "report_phases.h"

/* What a column shows of a row: a metric, or, with get, something worked out
 * from the rows around. */
struct column {
	const char *title;
	void (*format)(char *text, size_t text_size, double value);
	enum bench_metric metric;
	double (*get)(const struct bench_results *results, const struct bench_row *row);
};

static void format_2(char *text, size_t text_size, double value)
{
	bench_format_plain(text, text_size, value, 2);
}

static void format_3(char *text, size_t text_size, double value)
{
	bench_format_plain(text, text_size, value, 3);
}

static double get_spread(const struct bench_results *results, const struct bench_row *row)
{
	(void)results;
	return bench_row_spread(row);
}

static double get_ops_ratio(const struct bench_results *results, const struct bench_row *row)
{
	return bench_row_over(bench_results_weir(results, row->scenario), row, BENCH_OPS_PER_S);
}

static double get_p999_ratio(const struct bench_results *results, const struct bench_row *row)
{
	/* Without a pool nobody waits: what is measured there is the clock. */
	if (!bench_row_is_baseline(row))
		return NAN;
	return bench_row_over(bench_results_weir(results, row->scenario), row, BENCH_WAIT_P999);
}

static double get_p9999(const struct bench_results *results, const struct bench_row *row)
{
	(void)results;
	return bench_row_wait_ns(row, 0.9999);
}

static const struct column lease_columns[] = {
	{"ops/s", bench_format_count, BENCH_OPS_PER_S, NULL},
	{"weir's ops/s over this", format_2, 0, get_ops_ratio},
	{"per pair", bench_format_ns, BENCH_NS_PER_PAIR, NULL},
	{"efficiency", format_3, 0, bench_row_efficiency},
	{"wait p50", bench_format_ns, BENCH_WAIT_P50, NULL},
	{"p99", bench_format_ns, BENCH_WAIT_P99, NULL},
	{"p99.9", bench_format_ns, BENCH_WAIT_P999, NULL},
	{"p99.99", bench_format_ns, 0, get_p9999},
	{"weir's p99.9 over this", format_2, 0, get_p999_ratio},
	{"max", bench_format_ns, BENCH_WAIT_MAX, NULL},
	{"fairness", format_2, BENCH_FAIRNESS, NULL},
	{"timeouts", bench_format_count, BENCH_TIMEOUTS, NULL},
	{"CPU s per M", format_2, BENCH_CPU_S_PER_MOP, NULL},
	{"switches", bench_format_count, BENCH_CTX_SWITCHES, NULL},
	{"spread", format_2, 0, get_spread},
};

static const struct column sql_columns[] = {
	{"ops/s", bench_format_count, BENCH_OPS_PER_S, NULL},
	{"weir's ops/s over this", format_2, 0, get_ops_ratio},
	{"read p50", bench_format_ns, BENCH_READ_P50, NULL},
	{"read p99.9", bench_format_ns, BENCH_READ_P999, NULL},
	{"read max", bench_format_ns, BENCH_READ_MAX, NULL},
	{"read fairness", format_2, BENCH_READ_FAIRNESS, NULL},
	{"write p50", bench_format_ns, BENCH_WRITE_P50, NULL},
	{"write p99.9", bench_format_ns, BENCH_WRITE_P999, NULL},
	{"write max", bench_format_ns, BENCH_WRITE_MAX, NULL},
	{"write fairness", format_2, BENCH_WRITE_FAIRNESS, NULL},
	{"p99.99 of all", bench_format_ns, 0, get_p9999},
	{"weir's p99.9 over this", format_2, 0, get_p999_ratio},
	{"busy errors", bench_format_count, BENCH_BUSY_ERRORS, NULL},
	{"timeouts", bench_format_count, BENCH_TIMEOUTS, NULL},
	{"CPU s per M", format_2, BENCH_CPU_S_PER_MOP, NULL},
	{"switches", bench_format_count, BENCH_CTX_SWITCHES, NULL},
	{"writes per commit", format_2, BENCH_GROUP_SIZE, NULL},
	{"fsyncs per write", format_3, BENCH_FSYNCS_PER_TX, NULL},
	{"longest checkpoint", bench_format_ns, BENCH_CKPT_STALL_NS, NULL},
	{"WAL peak, bytes", bench_format_count, BENCH_WAL_PEAK_BYTES, NULL},
	{"spread", format_2, 0, get_spread},
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define COLUMNS_MAX 24
_Static_assert(COUNT(sql_columns) <= COLUMNS_MAX && COUNT(lease_columns) <= COLUMNS_MAX,
               "a table of a report has no place for a column");

static double column_value(const struct column *column, const struct bench_results *results,
                           const struct bench_row *row)
{
	return column->get != NULL ? column->get(results, row) : bench_row_value(row, column->metric);
}

/* A column that no row of the scenario has a value for is left out. */
static bool is_blank(const struct column *column, const struct bench_results *results,
                     const char *scenario)
{
	for (unsigned i = 0; i < results->rows_count; i++)
		if (strcmp(results->rows[i].scenario, scenario) == 0 &&
		    !isnan(column_value(column, results, &results->rows[i])))
			return false;
	return true;
}

static void write_head(struct bench_writer *writer, const struct bench_results *results,
                       const struct bench_row *row)
{
	const double strict_ns = bench_strict_wait_ns(results, row->scenario);
	char hold[BENCH_CELL_MAX];
	char strict[BENCH_CELL_MAX];

	writer->form->heading(writer, 3, row->scenario);
	if (row->doc != NULL)
		bench_write_paragraph(writer, "%s.", row->doc);
	writer->form->begin(writer, BENCH_PARAGRAPH);
	bench_write_text(writer, BENCH_PLAIN, "%u %s, %u connections, ", row->threads,
	                 row->threads == 1 ? "thread" : "threads", row->conns);
	if (row->hold[0] != '\0') {
		bench_write_text(writer, BENCH_CODE, "%s", row->hold);
		bench_write_text(writer, BENCH_PLAIN, ", ");
	}
	bench_write_text(writer, BENCH_PLAIN, "%u x %g s.", row->reps, row->seconds);
	if (!isnan(strict_ns)) {
		bench_format_ns(hold, sizeof(hold), bench_mean_hold_ns(results, row->scenario));
		bench_format_ns(strict, sizeof(strict), strict_ns);
		bench_write_text(writer, BENCH_PLAIN,
		                 " Mean hold without a pool %s; in a strict queue everybody would wait %s.",
		                 hold, strict);
	}
	writer->form->end(writer, BENCH_PARAGRAPH);
}

/* The columns that at least one row of a scenario has a value for. */
static size_t choose_columns(const struct column *chosen[COLUMNS_MAX],
                             struct bench_table_column heads[COLUMNS_MAX + 1],
                             const struct bench_results *results, const struct bench_row *first)
{
	const bool sql = first->kind == BENCH_KIND_SQL;
	const struct column *const columns = sql ? sql_columns : lease_columns;
	const size_t all = sql ? COUNT(sql_columns) : COUNT(lease_columns);
	size_t count = 0;

	heads[0] = (struct bench_table_column){"pool", false};
	for (size_t i = 0; i < all; i++)
		if (!is_blank(&columns[i], results, first->scenario)) {
			chosen[count++] = &columns[i];
			heads[count] = (struct bench_table_column){columns[i].title, true};
		}
	return count;
}

/* The table of the scenario that first stands for. */
static void write_table(struct bench_writer *writer, const struct bench_results *results,
                        const struct bench_row *first)
{
	const struct column *chosen[COLUMNS_MAX];
	struct bench_table_column heads[COLUMNS_MAX + 1];
	const size_t count = choose_columns(chosen, heads, results, first);

	writer->form->table_begin(writer, heads, count + 1);
	for (unsigned i = 0; i < results->rows_count; i++) {
		const struct bench_row *const row = &results->rows[i];
		const enum bench_block block = bench_row_is_weir(row) ? BENCH_OUR_ROW : BENCH_ROW;
		char text[BENCH_CELL_MAX];

		if (strcmp(row->scenario, first->scenario) != 0)
			continue;
		writer->form->begin(writer, block);
		bench_write_cell(writer, "%s", row->pool);
		for (size_t at = 0; at < count; at++) {
			chosen[at]->format(text, sizeof(text), column_value(chosen[at], results, row));
			bench_write_cell(writer, "%s", text);
		}
		writer->form->end(writer, block);
	}
	writer->form->table_end(writer);
}

void bench_report_tables(struct bench_writer *writer, const struct bench_results *results,
                         const struct bench_plots *plots)
{
	for (unsigned i = 0; i < results->rows_count; i++) {
		const struct bench_row *const row = &results->rows[i];

		if (!bench_row_is_first(results, i))
			continue;
		write_head(writer, results, row);
		write_table(writer, results, row);
		bench_report_phases(writer, results, row->scenario);
		for (int kind = 0; kind < BENCH_PLOT_THREADS; kind++) {
			const struct bench_plot *const plot =
				bench_plots_find(plots, (enum bench_plot_kind)kind, row->scenario);

			if (plot != NULL)
				writer->form->picture(writer, plot);
		}
	}
}
