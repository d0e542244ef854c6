/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The tables of a report. See report_tables.h.
 */
#include "report_tables.h"

#include <math.h>
#include <string.h>

#include "format.h"

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

static const struct column lease_columns[] = {
	{"ops/s", bench_format_count, BENCH_OPS_PER_S, NULL},
	{"weir's ops/s over this", format_2, 0, get_ops_ratio},
	{"per pair", bench_format_ns, BENCH_NS_PER_PAIR, NULL},
	{"efficiency", format_3, 0, bench_row_efficiency},
	{"wait p50", bench_format_ns, BENCH_WAIT_P50, NULL},
	{"p99", bench_format_ns, BENCH_WAIT_P99, NULL},
	{"p99.9", bench_format_ns, BENCH_WAIT_P999, NULL},
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

static void write_head(FILE *out, const struct bench_results *results, const struct bench_row *row)
{
	const double strict_ns = bench_strict_wait_ns(results, row->scenario);
	char hold[BENCH_CELL_MAX];
	char strict[BENCH_CELL_MAX];

	(void)fprintf(out, "### %s\n\n", row->scenario);
	if (row->doc != NULL)
		(void)fprintf(out, "%s.\n\n", row->doc);
	(void)fprintf(out, "%u %s, %u connections, `%s`, %u x %g s.", row->threads,
	              row->threads == 1 ? "thread" : "threads", row->conns, row->hold, row->reps,
	              row->seconds);
	if (!isnan(strict_ns)) {
		bench_format_ns(hold, sizeof(hold), bench_mean_hold_ns(results, row->scenario));
		bench_format_ns(strict, sizeof(strict), strict_ns);
		(void)fprintf(out,
		              " Mean hold without a pool %s; in a strict queue everybody would wait %s.",
		              hold, strict);
	}
	(void)fprintf(out, "\n\n");
}

/* The table of the scenario whose first row is first. */
static void write_table(FILE *out, const struct bench_results *results, unsigned first)
{
	const char *scenario = results->rows[first].scenario;
	const bool sql = results->rows[first].kind == BENCH_KIND_SQL;
	const struct column *columns = sql ? sql_columns : lease_columns;
	const size_t count = sql ? COUNT(sql_columns) : COUNT(lease_columns);
	char text[BENCH_CELL_MAX];

	(void)fprintf(out, "| pool |");
	for (size_t i = 0; i < count; i++)
		if (!is_blank(&columns[i], results, scenario))
			(void)fprintf(out, " %s |", columns[i].title);
	(void)fprintf(out, "\n|---|");
	for (size_t i = 0; i < count; i++)
		if (!is_blank(&columns[i], results, scenario))
			(void)fprintf(out, "---:|");
	for (unsigned i = first; i < results->rows_count; i++) {
		const struct bench_row *row = &results->rows[i];

		if (strcmp(row->scenario, scenario) != 0)
			continue;
		(void)fprintf(out, "\n| %s |", row->pool);
		for (size_t at = 0; at < count; at++) {
			if (is_blank(&columns[at], results, scenario))
				continue;
			columns[at].format(text, sizeof(text), column_value(&columns[at], results, row));
			(void)fprintf(out, " %s |", text);
		}
	}
	(void)fprintf(out, "\n\n");
}

void bench_report_tables(FILE *out, const struct bench_results *results)
{
	for (unsigned i = 0; i < results->rows_count; i++) {
		if (!bench_row_is_first(results, i))
			continue;
		write_head(out, results, &results->rows[i]);
		write_table(out, results, i);
	}
}
