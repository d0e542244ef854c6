/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The three forms, element by element. See sample_form.h.
 */
#include "sample_form.h"

#include <stdio.h>
#include <string.h>

#include "escape.h"
#include "sample_metric.h"

/* ---- weir-bench ---- */

/* The repetitions of a figure; from a file that has none, the median. */
static const json_t *values_of(const json_t *element, const struct bench_sample_metric *metric)
{
	const json_t *const list = json_object_get(json_object_get(element, "samples"), metric->name);
	const json_t *at = element;

	if (list != NULL || metric->key == NULL)
		return list;
	if (metric->group != NULL)
		at = json_object_get(element, metric->group);
	return json_object_get(at, metric->key);
}

/* Whether a row is of a pool that is being built, not of what it is held against. */
static bool read_standing(const struct bench_sample_reader *reader, const json_t *element,
                          bool *judged)
{
	char standing[BENCH_SERIES_NAME_MAX];

	if (!bench_sample_text(reader, element, "standing", "weir", standing))
		return false;
	*judged = strcmp(standing, "weir") == 0 || strcmp(standing, "user") == 0;
	return true;
}

bool bench_sample_weir(struct bench_sample_reader *reader, const json_t *element)
{
	struct bench_figure figure = {0};
	bool judged;
	size_t count;
	const struct bench_sample_metric *const metrics = bench_sample_metrics(&count);
	const json_t *const ops = json_object_get(element, "ops_per_s");

	if (!bench_sample_text(reader, element, "scenario", NULL, figure.scenario) ||
	    !bench_sample_text(reader, element, "pool", NULL, figure.pool) ||
	    !read_standing(reader, element, &judged))
		return false;
	/* null: the pool failed, and has no figures. */
	if (!json_is_number(ops) && !json_is_null(ops))
		return bench_sample_fault(reader, "ops_per_s", "must be a number or null");
	for (size_t i = 0; i < count; i++) {
		const json_t *const values = values_of(element, &metrics[i]);

		if (values == NULL)
			continue;
		(void)snprintf(figure.metric, sizeof(figure.metric), "%s", metrics[i].name);
		(void)snprintf(figure.unit, sizeof(figure.unit), "%s", metrics[i].unit);
		figure.higher_is_better = metrics[i].higher_is_better;
		figure.gated = metrics[i].gated;
		figure.shown_only = !judged;
		if (!bench_sample_add(reader, &figure, values, metrics[i].name, false))
			return false;
	}
	return true;
}

/* ---- google-benchmark ---- */

static bool is_string(const json_t *element, const char *key, const char *value)
{
	const char *const text = json_string_value(json_object_get(element, key));

	return text != NULL && strcmp(text, value) == 0;
}

/* With --benchmark_report_aggregates_only there are only means and medians; their
 * run_name is that of the repetitions, which then are not there. */
static bool is_wanted(const json_t *element)
{
	return !is_string(element, "run_type", "aggregate") ||
	       is_string(element, "aggregate_name", "median");
}

static bool add_google(struct bench_sample_reader *reader, const json_t *element,
                       struct bench_figure *figure, const char *key, bool higher_is_better)
{
	const json_t *const value = json_object_get(element, key);
	const bool median = is_string(element, "run_type", "aggregate");

	(void)snprintf(figure->metric, sizeof(figure->metric), "%s", key);
	figure->higher_is_better = higher_is_better;
	figure->gated = strcmp(key, "real_time") == 0;
	if (value == NULL && !figure->gated)
		return true;
	if (!json_is_number(value))
		return bench_sample_fault(reader, key, "must be a number");
	if (median && bench_series_find(reader->set, figure) != NULL)
		return true;
	return bench_sample_add(reader, figure, value, key, true);
}

bool bench_sample_google(struct bench_sample_reader *reader, const json_t *element)
{
	char unit[BENCH_SERIES_NAME_MAX];
	char message[BENCH_SERIES_NAME_MAX];
	struct bench_figure figure = {0};
	const char *const name = json_object_get(element, "run_name") != NULL ? "run_name" : "name";

	if (!is_wanted(element))
		return true;
	if (!bench_sample_text(reader, element, name, NULL, figure.scenario) ||
	    !bench_sample_text(reader, element, "time_unit", "ns", unit))
		return false;
	if (json_is_true(json_object_get(element, "error_occurred"))) {
		char fault[BENCH_SERIES_NAME_MAX + 32];

		if (!bench_sample_text(reader, element, "error_message", "no message", message))
			return false;
		(void)snprintf(fault, sizeof(fault), "is a benchmark that failed: %s", message);
		return bench_sample_fault(reader, NULL, fault);
	}
	bench_clean_text(figure.unit, sizeof(figure.unit), unit);
	if (!add_google(reader, element, &figure, "real_time", false) ||
	    !add_google(reader, element, &figure, "cpu_time", false))
		return false;
	(void)snprintf(figure.unit, sizeof(figure.unit), "/s");
	return add_google(reader, element, &figure, "items_per_second", true);
}

/* ---- the plain form ---- */

bool bench_sample_plain(struct bench_sample_reader *reader, const json_t *element)
{
	const json_t *const values = json_object_get(element, "values");
	const json_t *const gate = json_object_get(element, "gate");
	char better[BENCH_SERIES_NAME_MAX];
	char unit[BENCH_SERIES_NAME_MAX];
	struct bench_figure figure = {.gated = !json_is_false(gate)};

	if (!bench_sample_text(reader, element, "scenario", "", figure.scenario) ||
	    !bench_sample_text(reader, element, "pool", "", figure.pool) ||
	    !bench_sample_text(reader, element, "metric", NULL, figure.metric) ||
	    !bench_sample_text(reader, element, "unit", "", unit) ||
	    !bench_sample_text(reader, element, "better", NULL, better))
		return false;
	if (gate != NULL && !json_is_boolean(gate))
		return bench_sample_fault(reader, "gate", "must be true or false");
	if (figure.metric[0] == '\0')
		return bench_sample_fault(reader, "metric", "is empty");
	bench_clean_text(figure.unit, sizeof(figure.unit), unit);
	figure.higher_is_better = strcmp(better, "higher") == 0;
	if (!figure.higher_is_better && strcmp(better, "lower") != 0)
		return bench_sample_fault(reader, "better", "must be \"lower\" or \"higher\"");
	if (values == NULL)
		return bench_sample_fault(reader, "values", "is missing");
	if (!json_is_array(values))
		return bench_sample_fault(reader, "values", "must be a list");
	return bench_sample_add(reader, &figure, values, "values", false);
}
