/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Results as plain tables. See table.h.
 */
#include "table.h"

#include <math.h>
#include <string.h>

#include "format.h"

enum form { FORM_COUNT, FORM_NS, FORM_2, FORM_3 };

/* Which tables have a column. */
enum where { BOTH, LEASES, SQL };

static const struct {
	const char *title;
	enum bench_metric metric;
	enum form form;
	enum where where;
} columns[] = {
	{"ops/s", BENCH_OPS_PER_S, FORM_COUNT, BOTH},
	{"per pair", BENCH_NS_PER_PAIR, FORM_NS, LEASES},
	{"p50", BENCH_WAIT_P50, FORM_NS, BOTH},
	{"p99", BENCH_WAIT_P99, FORM_NS, BOTH},
	{"p99.9", BENCH_WAIT_P999, FORM_NS, BOTH},
	{"max", BENCH_WAIT_MAX, FORM_NS, BOTH},
	{"fairness", BENCH_FAIRNESS, FORM_2, BOTH},
	{"timeouts", BENCH_TIMEOUTS, FORM_COUNT, BOTH},
	{"busy", BENCH_BUSY_ERRORS, FORM_COUNT, SQL},
	{"cpu s/M", BENCH_CPU_S_PER_MOP, FORM_2, BOTH},
	{"switches", BENCH_CTX_SWITCHES, FORM_COUNT, LEASES},
	{"writes/tx", BENCH_GROUP_SIZE, FORM_2, SQL},
	{"fsyncs/wr", BENCH_FSYNCS_PER_TX, FORM_3, SQL},
	{"checkpt", BENCH_CKPT_STALL_NS, FORM_NS, SQL},
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void format_cell(char *text, size_t text_size, double value, enum form form)
{
	if (form == FORM_COUNT)
		bench_format_count(text, text_size, value);
	else if (form == FORM_NS)
		bench_format_ns(text, text_size, value);
	else
		bench_format_plain(text, text_size, value, form == FORM_3 ? 3 : 2);
}

static bool has_column(const struct bench_row *row, size_t index)
{
	const enum where here = row->kind == BENCH_KIND_SQL ? SQL : LEASES;

	return columns[index].where == BOTH || columns[index].where == here;
}

static void print_heading(FILE *out, const struct bench_results *results,
                          const struct bench_row *row)
{
	const double hold_ns = bench_mean_hold_ns(results, row->scenario);
	const double strict_ns = bench_strict_wait_ns(results, row->scenario);
	char hold[BENCH_CELL_MAX];
	char strict[BENCH_CELL_MAX];

	(void)fprintf(out, "\n%s: %u thread%s, %u connections%s%s, %u x %g s", row->scenario,
	              row->threads, row->threads == 1 ? "" : "s", row->conns,
	              row->hold[0] != '\0' ? ", hold " : "", row->hold, row->reps, row->seconds);
	if (!isnan(strict_ns)) {
		bench_format_ns(hold, sizeof(hold), hold_ns);
		bench_format_ns(strict, sizeof(strict), strict_ns);
		(void)fprintf(out, "; mean hold %s, a strict queue's wait %s", hold, strict);
	}
	(void)fprintf(out, "\n%-13s", "");
	for (size_t i = 0; i < COUNT(columns); i++)
		if (has_column(row, i))
			(void)fprintf(out, " %9s", columns[i].title);
	(void)fprintf(out, " %9s %9s %9s\n", "spread", "effic.", "weir x");
}

static void print_row(FILE *out, const struct bench_results *results, const struct bench_row *row)
{
	const struct bench_row *weir = bench_results_weir(results, row->scenario);
	const double ops_per_s = bench_row_value(row, BENCH_OPS_PER_S);
	char text[BENCH_CELL_MAX];

	(void)fprintf(out, "%-13s", row->pool);
	if (row->failure[0] != '\0') {
		(void)fprintf(out, " dropped out: %s\n", row->failure);
		return;
	}
	for (size_t i = 0; i < COUNT(columns); i++) {
		if (!has_column(row, i))
			continue;
		format_cell(text, sizeof(text), bench_row_value(row, columns[i].metric), columns[i].form);
		(void)fprintf(out, " %9s", text);
	}
	bench_format_plain(text, sizeof(text), bench_row_spread(row), 2);
	(void)fprintf(out, " %9s", text);
	bench_format_plain(text, sizeof(text), bench_row_efficiency(results, row), 3);
	(void)fprintf(out, " %9s", text);
	bench_format_plain(text, sizeof(text),
	                   weir != NULL ? bench_row_value(weir, BENCH_OPS_PER_S) / ops_per_s : NAN, 2);
	(void)fprintf(out, " %9s\n", text);
}

/* What some do at each lease that the others do not: it is in their figures. */
static void print_notes(FILE *out, const struct bench_results *results, const char *scenario)
{
	for (unsigned i = 0; i < results->rows_count; i++) {
		const struct bench_row *row = &results->rows[i];

		if (row->extra_work != NULL && strcmp(row->scenario, scenario) == 0)
			(void)fprintf(out, "%s %s\n", row->pool, row->extra_work);
	}
}

void bench_table_print(FILE *out, const struct bench_results *results, unsigned first)
{
	const char *scenario = "";

	for (unsigned i = first; i < results->rows_count; i++) {
		const struct bench_row *row = &results->rows[i];

		if (strcmp(scenario, row->scenario) != 0)
			print_heading(out, results, row);
		scenario = row->scenario;
		print_row(out, results, row);
		if (i + 1 == results->rows_count || strcmp(row[1].scenario, scenario) != 0)
			print_notes(out, results, scenario);
	}
	(void)fflush(out);
}
