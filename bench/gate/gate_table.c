/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A verdict as a plain table, and as a comment in Markdown. See gate_report.h.
 */
#include "gate_report.h"

#include <math.h>

#include "escape.h"
#include "gate_words.h"

#define CELL 48

struct cells {
	char name[BENCH_FIGURE_TEXT_MAX];
	char base[CELL];
	char new_[CELL];
	char worse[CELL];
	char interval[2 * CELL];
	char spread[CELL];
};

static void fill(struct cells *cells, const struct bench_judgement *judgement)
{
	bench_figure_text(&judgement->figure, cells->name, sizeof(cells->name));
	bench_words_value(&judgement->figure, judgement->base, cells->base, sizeof(cells->base));
	bench_words_value(&judgement->figure, judgement->new_, cells->new_, sizeof(cells->new_));
	bench_words_percent(judgement->worse.estimate, cells->worse, sizeof(cells->worse));
	bench_words_interval(judgement, cells->interval, sizeof(cells->interval));
	if (isfinite(judgement->spread))
		(void)snprintf(cells->spread, sizeof(cells->spread), "%.1f %%",
		               100.0 * expm1(judgement->spread));
	else
		(void)snprintf(cells->spread, sizeof(cells->spread), "?");
}

/* Call for every judgement: those that decide first, the worst among them first. */
static void in_order(FILE *out, const struct bench_gate_report *report, bool gated,
                     void (*write_one)(FILE *, const struct bench_judgement *))
{
	static const enum bench_verdict order[] = {BENCH_VERDICT_REGRESSION, BENCH_VERDICT_UNSURE,
	                                           BENCH_VERDICT_NONE, BENCH_VERDICT_INFO};

	for (size_t k = 0; k < sizeof(order) / sizeof(order[0]); k++)
		for (size_t i = 0; i < report->count; i++)
			if (report->judgements[i].verdict == order[k] &&
			    report->judgements[i].figure.gated == gated)
				write_one(out, &report->judgements[i]);
}

/* ---- plain ---- */

static void plain_row(FILE *out, const struct bench_judgement *judgement)
{
	struct cells cells;

	fill(&cells, judgement);
	(void)fprintf(out, "%-34s %12s %12s %9s  %-22s %8s  %s\n", cells.name, cells.base, cells.new_,
	              cells.worse, cells.interval, cells.spread,
	              bench_verdict_word(judgement->verdict));
}

bool bench_gate_table(FILE *out, const struct bench_gate_report *report)
{
	char words[BENCH_WORDS_MAX];

	(void)fprintf(out, "%-34s %12s %12s %9s  %-22s %8s  %s\n", "figure", "base", "new", "worse by",
	              "interval", "noise", "verdict");
	in_order(out, report, true, plain_row);
	in_order(out, report, false, plain_row);
	bench_words_headline(report, words, sizeof(words));
	(void)fprintf(out, "\n%s.\n", words);
	for (size_t i = 0; i < report->count; i++) {
		const enum bench_verdict verdict = report->judgements[i].verdict;

		if (verdict != BENCH_VERDICT_REGRESSION && verdict != BENCH_VERDICT_UNSURE)
			continue;
		bench_words_reason(report, &report->judgements[i], words, sizeof(words));
		(void)fprintf(out, "  %s: %s\n", bench_verdict_word(verdict), words);
	}
	bench_words_method(report, words, sizeof(words));
	(void)fprintf(out, "%s\n", words);
	if (!report->paired)
		(void)fprintf(out, "%s\n", bench_words_unpaired);
	return fflush(out) == 0 && ferror(out) == 0;
}

/* ---- Markdown ---- */

static void write_code(FILE *out, const char *text)
{
	(void)fputs("<code>", out);
	bench_escape_markdown(out, text);
	(void)fputs("</code>", out);
}

/* A value, whose unit comes from outside. */
static void write_cell(FILE *out, const char *text)
{
	(void)fputs(" | ", out);
	bench_escape_markdown(out, text);
}

static void markdown_row(FILE *out, const struct bench_judgement *judgement)
{
	const bool bold = judgement->verdict == BENCH_VERDICT_REGRESSION;
	struct cells cells;

	fill(&cells, judgement);
	(void)fputs("| ", out);
	write_code(out, cells.name);
	write_cell(out, cells.base);
	write_cell(out, cells.new_);
	(void)fprintf(out, " | %s | %s | %s | %s%s%s |\n", cells.worse, cells.interval, cells.spread,
	              bold ? "**" : "", bench_verdict_word(judgement->verdict), bold ? "**" : "");
}

static void markdown_head(FILE *out)
{
	(void)fputs("| figure | base | new | worse by | interval | noise | verdict |\n"
	            "|---|---:|---:|---:|---|---:|---|\n",
	            out);
}

static void markdown_sources(FILE *out, const struct bench_gate_report *report)
{
	const struct bench_machine *const machine = &report->machine;

	(void)fputs("- base: ", out);
	write_code(out, report->base);
	(void)fputs("\n- new: ", out);
	write_code(out, report->new_);
	(void)fputs("\n- on ", out);
	bench_escape_markdown(out, machine->cpu);
	(void)fprintf(out, ", %u processors, load before %.2f, %s %s UTC\n", machine->processors,
	              machine->load_before, machine->date, machine->time);
}

bool bench_gate_markdown(FILE *out, const struct bench_gate_report *report)
{
	char words[BENCH_WORDS_MAX];
	bool others = false;

	bench_words_headline(report, words, sizeof(words));
	(void)fprintf(out, "### %s\n\n", words);
	markdown_head(out);
	in_order(out, report, true, markdown_row);
	bench_words_method(report, words, sizeof(words));
	(void)fprintf(out, "\n%s Positive is worse; noise is how far %s lie apart.\n\n", words,
	              report->paired ? "pairs" : "values");
	if (!report->paired)
		(void)fprintf(out, "%s\n\n", bench_words_unpaired);
	markdown_sources(out, report);
	for (size_t i = 0; i < report->count; i++)
		others = others || !report->judgements[i].figure.gated;
	if (others) {
		(void)fputs("\n<details><summary>Figures that do not decide</summary>\n\n", out);
		markdown_head(out);
		in_order(out, report, false, markdown_row);
		(void)fputs("\n</details>\n", out);
	}
	return fflush(out) == 0 && ferror(out) == 0;
}
