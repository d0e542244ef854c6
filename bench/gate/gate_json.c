/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A verdict as JSON, for programs. See gate_report.h.
 */
#include "gate_report.h"

#include <jansson.h>
#include <math.h>

#include "gate_words.h"
#include "json_parts.h"

#define SCHEMA 1

static json_t *number(double value)
{
	return isfinite(value) ? json_real(value) : json_null();
}

/* Ratios, not logarithms: 1.1 is 10 % worse. */
static json_t *interval_json(const struct bench_interval *interval)
{
	return json_pack("{s:o, s:o, s:o}", "estimate", number(exp(interval->estimate)), "lower",
	                 number(exp(interval->lower)), "upper", number(exp(interval->upper)));
}

static json_t *judgement_json(const struct bench_judgement *judgement)
{
	const struct bench_figure *const figure = &judgement->figure;

	return json_pack(
		"{s:o, s:o, s:o, s:o, s:s, s:b, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:I,"
		" s:I}",
		"scenario", bench_json_text(figure->scenario), "pool", bench_json_text(figure->pool),
		"metric", bench_json_text(figure->metric), "unit", bench_json_text(figure->unit), "better",
		figure->higher_is_better ? "higher" : "lower", "gated", (int)figure->gated, "verdict",
		bench_verdict_word(judgement->verdict), "base", number(judgement->base), "new",
		number(judgement->new_), "worse", interval_json(&judgement->worse), "worse_bootstrap",
		interval_json(&judgement->bootstrap), "min_effect", number(judgement->min_effect), "p",
		number(judgement->p), "p_adjusted", number(judgement->adjusted), "limit_error",
		number(judgement->chance), "noise", number(expm1(judgement->spread)), "base_count",
		(json_int_t)judgement->pairs, "new_count", (json_int_t)judgement->new_count);
}

bool bench_gate_json(FILE *out, const struct bench_gate_report *report)
{
	const struct bench_machine *const machine = &report->machine;
	json_t *const figures = json_array();
	json_t *root;
	bool whole = true;
	bool written;

	for (size_t i = 0; i < report->count; i++)
		whole = json_array_append_new(figures, judgement_json(&report->judgements[i])) == 0 &&
		        whole;
	root = json_pack("{s:i, s:s, s:o, s:o, s:b, s:I, s:I, s:i, s:o, s:o, s:o, s:I, s:s, s:s,"
	                 " s:{s:o, s:i, s:o}, s:o}",
	                 "schema", SCHEMA, "verdict", bench_verdict_word(report->verdict), "base",
	                 bench_json_text(report->base), "new", bench_json_text(report->new_), "paired",
	                 (int)report->paired, "pairs", (json_int_t)report->pairs, "pairs_max",
	                 (json_int_t)report->rules.pairs_max, "looks", (int)report->looks, "minutes",
	                 number(report->minutes), "alpha", number(report->rules.alpha), "beta",
	                 number(report->rules.beta), "seed", (json_int_t)report->rules.seed, "date",
	                 machine->date, "time", machine->time, "machine", "cpu",
	                 bench_json_text(machine->cpu), "processors", (int)machine->processors,
	                 "load_before", number(machine->load_before), "figures", figures);
	written = whole && root != NULL &&
	          json_dumpf(root, out, JSON_INDENT(2) | JSON_REAL_PRECISION(9)) == 0 &&
	          fputc('\n', out) != EOF;
	json_decref(root);
	return written;
}
