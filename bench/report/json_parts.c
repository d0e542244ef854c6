/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The larger parts of a row in JSON. See json_parts.h.
 */
#include "json_parts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "curve.h"
#include "escape.h"
#include "timeline_thin.h"

json_t *bench_json_number(double value)
{
	if (isnan(value) || isinf(value))
		return json_null();
	if (value == floor(value) && fabs(value) < 9e15)
		return json_integer((json_int_t)value);
	return json_real(value);
}

json_t *bench_json_text(const char *text)
{
	json_t *const string = text != NULL ? json_string(text) : json_null();
	char clean[256];

	if (string != NULL)
		return string;
	bench_clean_text(clean, sizeof(clean), text);
	return json_string(clean);
}

static json_t *pair(json_t *first, json_t *second)
{
	return json_pack("[o, o]", first, second);
}

/* Percent, without what binary fractions leave behind: 99.9 and not 99.90000001. */
static double percent(double share)
{
	return round(share * 100.0 * 1e6) / 1e6;
}

json_t *bench_json_waits(const struct bench_histogram *waits)
{
	json_t *percentiles;
	json_t *buckets;
	struct bench_curve curve;

	if (waits == NULL)
		return json_null();
	percentiles = json_array();
	buckets = json_array();
	bench_curve_of_waits(&curve, waits);
	for (unsigned i = 0; i < curve.count; i++)
		(void)json_array_append_new(percentiles,
		                            pair(bench_json_number(percent(curve.points[i].share)),
		                                 bench_json_number(curve.points[i].ns)));
	for (unsigned i = 0; i < BENCH_HISTOGRAM_BUCKETS; i++)
		if (waits->buckets[i] > 0)
			(void)json_array_append_new(buckets, pair(json_integer(bench_histogram_top(i)),
			                                          json_integer((json_int_t)waits->buckets[i])));
	return json_pack("{s:I, s:I, s:o, s:o}", "count", (json_int_t)waits->count, "max",
	                 (json_int_t)waits->max, "percentiles", percentiles, "buckets", buckets);
}

static json_t *quantiles(const struct bench_waits *waits)
{
	return json_pack("{s:o, s:o, s:o, s:o}", "p50", bench_json_number(waits->p50), "p99",
	                 bench_json_number(waits->p99), "p999", bench_json_number(waits->p999), "max",
	                 bench_json_number(waits->max));
}

json_t *bench_json_timeline(const struct bench_timeline *timeline)
{
	json_t *phases;
	json_t *samples;
	unsigned kept[BENCH_TIMELINE_KEPT_MAX];
	unsigned count;

	if (timeline == NULL)
		return json_null();
	phases = json_array();
	samples = json_array();
	count = bench_timeline_thin(timeline, BENCH_TIMELINE_KEPT_MAX, kept);
	for (unsigned i = 0; i < timeline->phases_count; i++) {
		const struct bench_timeline_phase *const phase = &timeline->phases[i];

		(void)json_array_append_new(
			phases,
			json_pack("{s:o, s:o, s:o, s:b, s:I, s:I, s:I, s:I, s:o, s:o}", "name",
		              bench_json_text(phase->name), "begin_s", bench_json_number(phase->begin_s),
		              "end_s", bench_json_number(phase->end_s), "down", (int)phase->down, "ops",
		              (json_int_t)phase->ops, "timeouts", (json_int_t)phase->timeouts, "failures",
		              (json_int_t)phase->failures, "unserved", (json_int_t)phase->unserved,
		              "wait_ns", quantiles(&phase->waits), "response_ns",
		              quantiles(&phase->response)));
	}
	for (unsigned i = 0; i < count; i++) {
		const struct bench_timeline_sample *const sample = &timeline->samples[kept[i]];

		(void)json_array_append_new(
			samples, json_pack("[o, i, i, i]", bench_json_number(sample->t_s), (int)sample->open,
		                       (int)sample->in_use, (int)sample->waiting));
	}
	return json_pack("{s:I, s:I, s:o, s:[s, s, s, s], s:o}", "opens", (json_int_t)timeline->opens,
	                 "open_failures", (json_int_t)timeline->open_failures, "phases", phases,
	                 "columns", "t_s", "open", "in_use", "waiting", "samples", samples);
}

/* ---- reading ---- */

struct bench_histogram *bench_json_read_waits(const json_t *value, const char **problem)
{
	const json_t *const buckets = json_object_get(value, "buckets");
	struct bench_histogram *const waits = calloc(1, sizeof(*waits));

	*problem = waits == NULL ? "out of memory" : "\"buckets\" must be a list of [ns, count]";
	if (waits == NULL || !json_is_array(buckets))
		goto fail;
	for (size_t i = 0; i < json_array_size(buckets); i++) {
		const json_t *const entry = json_array_get(buckets, i);
		const json_int_t ns = json_integer_value(json_array_get(entry, 0));
		const json_int_t count = json_integer_value(json_array_get(entry, 1));

		if (!json_is_array(entry) || ns < 0 || count < 1)
			goto fail;
		waits->buckets[bench_histogram_bucket(ns)] += (uint64_t)count;
		waits->count += (uint64_t)count;
		waits->max = ns > waits->max ? ns : waits->max;
	}
	/* The exact one lies within the last bucket. */
	if (json_is_integer(json_object_get(value, "max")))
		waits->max = json_integer_value(json_object_get(value, "max"));
	return waits;
fail:
	free(waits);
	return NULL;
}

static double number_of(const json_t *object, const char *key)
{
	const json_t *const value = json_object_get(object, key);

	return json_is_number(value) ? json_number_value(value) : NAN;
}

static uint64_t count_of(const json_t *object, const char *key)
{
	const json_int_t value = json_integer_value(json_object_get(object, key));

	return value > 0 ? (uint64_t)value : 0;
}

static struct bench_waits read_quantiles(const json_t *object)
{
	return (struct bench_waits){
		.p50 = number_of(object, "p50"),
		.p99 = number_of(object, "p99"),
		.p999 = number_of(object, "p999"),
		.max = number_of(object, "max"),
	};
}

static bool read_phase(struct bench_timeline_phase *phase, const json_t *object)
{
	const char *const name = json_string_value(json_object_get(object, "name"));

	*phase = (struct bench_timeline_phase){
		.begin_s = number_of(object, "begin_s"),
		.end_s = number_of(object, "end_s"),
		.down = json_is_true(json_object_get(object, "down")),
		.ops = count_of(object, "ops"),
		.timeouts = count_of(object, "timeouts"),
		.failures = count_of(object, "failures"),
		.unserved = count_of(object, "unserved"),
		.waits = read_quantiles(json_object_get(object, "wait_ns")),
		.response = read_quantiles(json_object_get(object, "response_ns")),
	};
	if (name != NULL)
		bench_clean_text(phase->name, sizeof(phase->name), name);
	return name != NULL && phase->end_s >= phase->begin_s;
}

static bool read_sample(struct bench_timeline_sample *sample, const json_t *entry)
{
	if (json_array_size(entry) < 4 || !json_is_number(json_array_get(entry, 0)))
		return false;
	*sample = (struct bench_timeline_sample){
		.t_s = json_number_value(json_array_get(entry, 0)),
		.open = (unsigned)json_integer_value(json_array_get(entry, 1)),
		.in_use = (unsigned)json_integer_value(json_array_get(entry, 2)),
		.waiting = (unsigned)json_integer_value(json_array_get(entry, 3)),
	};
	return true;
}

struct bench_timeline *bench_json_read_timeline(const json_t *value, const char **problem)
{
	const json_t *const phases = json_object_get(value, "phases");
	const json_t *const samples = json_object_get(value, "samples");
	struct bench_timeline *const timeline = calloc(1, sizeof(*timeline));
	const size_t count = json_array_size(samples);

	*problem = "out of memory";
	if (timeline == NULL)
		return NULL;
	timeline->samples = calloc(count + 1, sizeof(*timeline->samples));
	if (timeline->samples == NULL)
		goto fail;
	timeline->opens = count_of(value, "opens");
	timeline->open_failures = count_of(value, "open_failures");
	*problem = "\"phases\" must be a list of at most 16 with a name, begin_s and end_s";
	if (!json_is_array(phases) || json_array_size(phases) > BENCH_TIMELINE_PHASES_MAX)
		goto fail;
	for (size_t i = 0; i < json_array_size(phases); i++)
		if (!read_phase(&timeline->phases[timeline->phases_count++], json_array_get(phases, i)))
			goto fail;
	*problem = "\"samples\" must be a list of [t_s, open, in_use, waiting]";
	for (size_t i = 0; i < count; i++)
		if (!read_sample(&timeline->samples[timeline->samples_count++], json_array_get(samples, i)))
			goto fail;
	return timeline;
fail:
	free(timeline->samples);
	free(timeline);
	return NULL;
}
