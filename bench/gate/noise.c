/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Recorded noise. See noise.h.
 */
#include "noise.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "json_parts.h"
#include "machine.h"

#define FEWEST_PAIRS 16

static json_t *list_of(const double *values, size_t count)
{
	json_t *const list = json_array();

	for (size_t i = 0; i < count; i++)
		(void)json_array_append_new(list, isnan(values[i]) ? json_null() : json_real(values[i]));
	return list;
}

static json_t *figure_json(const struct bench_pair_series *series, const double *values,
                           size_t pairs)
{
	const struct bench_figure *const figure = &series->figure;

	return json_pack(
		"{s:o, s:o, s:o, s:o, s:s, s:o}", "scenario", bench_json_text(figure->scenario), "pool",
		bench_json_text(figure->pool), "metric", bench_json_text(figure->metric), "unit",
		bench_json_text(figure->unit), "better", figure->higher_is_better ? "higher" : "lower",
		"values", list_of(values, pairs));
}

bool bench_noise_write(FILE *out, const struct bench_pairs *pairs, const char *command)
{
	json_t *const base = json_array();
	json_t *const new_ = json_array();
	struct bench_machine machine;
	json_t *root;
	bool whole = true;
	bool written;

	bench_machine_read(&machine);
	for (size_t i = 0; i < pairs->count; i++) {
		const struct bench_pair_series *const series = &pairs->items[i];

		if (!series->figure.gated || !bench_pairs_measured(series, pairs->pairs))
			continue;
		whole = json_array_append_new(base, figure_json(series, series->base, pairs->pairs)) == 0 &&
		        json_array_append_new(new_, figure_json(series, series->new_, pairs->pairs)) == 0 &&
		        whole;
	}
	root = json_pack("{s:i, s:s, s:o, s:i, s:f, s:o, s:{s:o}, s:{s:o}}", "schema", 1, "date",
	                 machine.date, "cpu", bench_json_text(machine.cpu), "processors",
	                 (int)machine.processors, "load_before", machine.load_before, "command",
	                 bench_json_text(command), "base", "metrics", base, "new", "metrics", new_);
	/* Five digits: the noise is in the third. */
	written = whole && root != NULL &&
	          json_dumpf(root, out, JSON_INDENT(0) | JSON_REAL_PRECISION(5)) == 0 &&
	          fputc('\n', out) != EOF;
	json_decref(root);
	return written;
}

static bool read_side(struct bench_series_set *set, const json_t *root, const char *side,
                      char problem[BENCH_PROBLEM_MAX])
{
	char *const text = json_dumps(json_object_get(root, side), 0);
	char inner[BENCH_PROBLEM_MAX];
	bool read;

	if (text == NULL) {
		(void)snprintf(problem, BENCH_PROBLEM_MAX, "no \"%s\": not written by gate --record", side);
		return false;
	}
	read = bench_sample_parse(set, text, strlen(text), inner);
	if (!read)
		(void)snprintf(problem, BENCH_PROBLEM_MAX, "in \"%s\": %.300s", side, inner);
	free(text);
	return read;
}

/* Values number `pair` of every series, as if a run had printed them. */
static bool one_run(const struct bench_series_set *set, size_t pair, struct bench_series_set *run)
{
	for (size_t i = 0; i < set->count; i++) {
		struct bench_series *const series = bench_series_add(run, &set->items[i].figure);

		if (series == NULL || pair >= set->items[i].count ||
		    !bench_series_append(series, set->items[i].values[pair]))
			return false;
	}
	return true;
}

static bool add_pairs(struct bench_pairs *pairs, const struct bench_series_set *base,
                      const struct bench_series_set *new_, char problem[BENCH_PROBLEM_MAX])
{
	for (size_t pair = 0; pair < base->items[0].count; pair++) {
		struct bench_series_set runs[2] = {{0}, {0}};
		bool added = one_run(base, pair, &runs[0]) && one_run(new_, pair, &runs[1]);

		if (!added)
			(void)snprintf(problem, BENCH_PROBLEM_MAX, "figures have different numbers of values");
		if (added && !bench_pairs_add(pairs, &runs[0], &runs[1])) {
			(void)snprintf(problem, BENCH_PROBLEM_MAX, "more than %d pairs", BENCH_PAIRS_MAX);
			added = false;
		}
		bench_series_set_free(&runs[0]);
		bench_series_set_free(&runs[1]);
		if (!added)
			return false;
	}
	if (pairs->pairs >= FEWEST_PAIRS)
		return true;
	(void)snprintf(problem, BENCH_PROBLEM_MAX, "%zu pairs; %d are the fewest to draw from",
	               pairs->pairs, FEWEST_PAIRS);
	return false;
}

/* Leave out what does not decide. */
static void drop_others(struct bench_series_set *set, const struct bench_choice *choice)
{
	size_t kept = 0;

	for (size_t i = 0; i < set->count; i++) {
		double min_effect;

		if (bench_choice_of(choice, &set->items[i].figure, &min_effect))
			set->items[kept++] = set->items[i];
		else
			free(set->items[i].values);
	}
	set->count = kept;
}

bool bench_noise_read(struct bench_pairs *pairs, const char *path,
                      const struct bench_choice *choice, char problem[BENCH_PROBLEM_MAX])
{
	struct bench_series_set base = {0};
	struct bench_series_set new_ = {0};
	json_error_t error;
	json_t *const root = json_load_file(path, JSON_REJECT_DUPLICATES, &error);
	bool read;

	*pairs = (struct bench_pairs){0};
	if (root == NULL) {
		(void)snprintf(problem, BENCH_PROBLEM_MAX, "line %d: %s", error.line, error.text);
		return false;
	}
	read = read_side(&base, root, "base", problem) && read_side(&new_, root, "new", problem) &&
	       bench_choice_check(choice, &base, problem);
	if (read)
		drop_others(&base, choice);
	read = read && bench_pairs_init(pairs, &base, choice, problem) &&
	       bench_pairs_agree(pairs, "new", &new_, problem) &&
	       add_pairs(pairs, &base, &new_, problem);
	if (!read)
		bench_pairs_free(pairs);
	bench_series_set_free(&base);
	bench_series_set_free(&new_);
	json_decref(root);
	return read;
}
