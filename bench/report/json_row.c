/* SPDX-License-Identifier: BSD-2-Clause
 *
 * One result of a run's JSON, read back. See json_row.h.
 */
#include "json_row.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "escape.h"
#include "json_parts.h"
#include "names.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static bool fail(struct bench_json_fault *fault, const char *where, const char *what)
{
	(void)snprintf(fault->where, sizeof(fault->where), "%s", where);
	(void)snprintf(fault->what, sizeof(fault->what), "%s", what);
	return false;
}

/* ---- what the row is of ---- */

static bool read_text(const json_t *object, const char *key, const char **text,
                      struct bench_json_fault *fault)
{
	const json_t *const value = json_object_get(object, key);

	*text = json_string_value(value);
	return *text != NULL || value == NULL || json_is_null(value) ||
	       fail(fault, key, "must be a string");
}

static bool read_count(const json_t *object, const char *key, unsigned max, unsigned *count,
                       struct bench_json_fault *fault)
{
	const json_t *const value = json_object_get(object, key);
	const json_int_t read = json_integer_value(value);
	char what[64];

	*count = read >= 0 && read <= (json_int_t)max ? (unsigned)read : 0;
	if (value == NULL || (json_is_integer(value) && read == (json_int_t)*count))
		return true;
	(void)snprintf(what, sizeof(what), "must be a whole number from 0 to %u", max);
	return fail(fault, key, what);
}

/* Schema 1 had few pools, and did not say what they are. */
static enum bench_standing guess_standing(const char *pool)
{
	static const struct {
		const char *pool;
		enum bench_standing standing;
	} known[] = {
		{"weir", BENCH_STANDING_WEIR},   {"weir-pool", BENCH_STANDING_WEIR},
		{"none", BENCH_STANDING_LIMIT},  {"group-of-32", BENCH_STANDING_LIMIT},
		{"raw-1", BENCH_STANDING_LIMIT},
	};

	for (size_t i = 0; i < COUNT(known); i++)
		if (strcmp(pool, known[i].pool) == 0)
			return known[i].standing;
	return BENCH_STANDING_BASELINE;
}

static enum bench_kind guess_kind(const struct bench_row *row)
{
	if (strcmp(row->driver, "sqlite") == 0)
		return BENCH_KIND_SQL;
	return strncmp(row->scenario, "sparse", 6) == 0 ? BENCH_KIND_SPARSE : BENCH_KIND_LEASES;
}

/* Schema 1 kept no scenario's line; those that still are have theirs. */
static const char *guess_doc(const char *scenario)
{
	const char *const dash = strrchr(scenario, '-');
	const struct bench_scenario *found = bench_scenario_find(scenario);
	char base[BENCH_SCENARIO_NAME_MAX];

	if (found == NULL && dash != NULL && strspn(dash + 1, "0123456789") == strlen(dash + 1)) {
		(void)snprintf(base, sizeof(base), "%.*s", (int)(dash - scenario), scenario);
		found = bench_scenario_find(base);
		if (found != NULL && found->sizes[0] == 0)
			found = NULL;
	}
	return found != NULL ? found->doc : NULL;
}

static bool read_words(struct bench_row *row, const json_t *object, struct bench_json_fault *fault)
{
	const char *const kind = json_string_value(json_object_get(object, "kind"));
	const char *const standing = json_string_value(json_object_get(object, "standing"));
	struct bench_hold hold = {0};
	char problem[200];

	row->kind = guess_kind(row);
	if (kind != NULL && !bench_kind_read(&row->kind, kind))
		return fail(fault, "kind", "is a word that this weir-bench does not know");
	row->standing = guess_standing(row->pool);
	if (standing != NULL && !bench_standing_read(&row->standing, standing))
		return fail(fault, "standing", "is a word that this weir-bench does not know");
	if (row->doc == NULL && json_object_get(object, "doc") == NULL)
		row->doc = guess_doc(row->scenario);
	if (json_object_get(object, "sleeps") != NULL)
		row->sleeps = json_is_true(json_object_get(object, "sleeps"));
	else if (row->kind == BENCH_KIND_LEASES &&
	         bench_hold_parse(&hold, row->hold, problem, sizeof(problem)))
		row->sleeps = bench_hold_sleeps(&hold);
	return true;
}

static bool read_identity(struct bench_row *row, const json_t *object,
                          struct bench_json_fault *fault)
{
	const char *scenario;
	const char *failure;
	const char *hold;

	if (!read_text(object, "scenario", &scenario, fault) ||
	    !read_text(object, "pool", &row->pool, fault) ||
	    !read_text(object, "driver", &row->driver, fault) ||
	    !read_text(object, "hold", &hold, fault) || !read_text(object, "doc", &row->doc, fault) ||
	    !read_text(object, "extra_work", &row->extra_work, fault) ||
	    !read_text(object, "failure", &failure, fault) ||
	    !read_count(object, "threads", 1u << 24, &row->threads, fault) ||
	    !read_count(object, "conns", 1u << 24, &row->conns, fault) ||
	    !read_count(object, "reps", BENCH_REPS_MAX, &row->reps, fault))
		return false;
	if (scenario == NULL || row->pool == NULL)
		return fail(fault, scenario == NULL ? "scenario" : "pool", "is missing");
	bench_clean_text(row->scenario, sizeof(row->scenario), scenario);
	bench_clean_text(row->failure, sizeof(row->failure), failure != NULL ? failure : "");
	bench_clean_text(row->hold, sizeof(row->hold), hold != NULL ? hold : "");
	row->driver = row->driver != NULL ? row->driver : "stub";
	row->seconds = json_number_value(json_object_get(object, "seconds"));
	return read_words(row, object, fault);
}

/* ---- figures ---- */

static bool read_number(const json_t *value, double *number)
{
	*number = json_is_number(value) ? json_number_value(value) : NAN;
	return value == NULL || json_is_null(value) || json_is_number(value);
}

/* Where a row holds the figure that a metric's repetitions come to. */
static const json_t *median_of(const json_t *object, enum bench_metric metric)
{
	static const char *const in_waits[] = {"p50", "p99", "p999", "max"};
	const json_t *at = object;

	if (metric >= BENCH_READ_OPS_PER_S) {
		const int role = metric >= BENCH_WRITE_OPS_PER_S;

		at = json_object_get(object, role ? "write" : "read");
		metric -= role ? BENCH_WRITE_OPS_PER_S : BENCH_READ_OPS_PER_S;
		if (metric == 0)
			return json_object_get(at, "ops_per_s");
		if (metric == 5)
			return json_object_get(at, "fairness");
		return json_object_get(json_object_get(at, "wait_ns"), in_waits[metric - 1]);
	}
	if (metric >= BENCH_WAIT_P50 && metric <= BENCH_WAIT_MAX)
		return json_object_get(json_object_get(at, "wait_ns"), in_waits[metric - BENCH_WAIT_P50]);
	return json_object_get(at, bench_metric_key(metric));
}

static bool read_metric(struct bench_row *row, const json_t *object, enum bench_metric metric,
                        struct bench_json_fault *fault)
{
	const char *const key = bench_metric_key(metric);
	const json_t *const list = json_object_get(json_object_get(object, "samples"), key);
	double *const values = row->values[metric];

	for (unsigned i = 0; i < row->reps; i++)
		values[i] = NAN;
	if (list == NULL)
		return read_number(median_of(object, metric), &values[0]) ||
		       fail(fault, key, "must be a number, or null if not measured");
	if (!json_is_array(list) || json_array_size(list) != row->reps)
		return fail(fault, key, "must be a list with a value for each of the \"reps\"");
	for (unsigned i = 0; i < row->reps; i++)
		if (!read_number(json_array_get(list, i), &values[i]))
			return fail(fault, key, "must hold numbers, or null for what was not measured");
	return true;
}

static bool is_there(const json_t *value)
{
	return value != NULL && !json_is_null(value);
}

static bool read_parts(struct bench_row *row, const json_t *object, struct bench_json_fault *fault)
{
	const json_t *const waits = json_object_get(object, "waits");
	const json_t *const timeline = json_object_get(object, "timeline");
	const char *problem = "";

	if (is_there(waits)) {
		row->waits = bench_json_read_waits(waits, &problem);
		if (row->waits == NULL)
			return fail(fault, "waits", problem);
	}
	if (is_there(timeline)) {
		row->timeline = bench_json_read_timeline(timeline, &problem);
		if (row->timeline == NULL)
			return fail(fault, "timeline", problem);
	}
	return true;
}

bool bench_json_read_row(struct bench_row *row, const json_t *object,
                         struct bench_json_fault *fault)
{
	if (!json_is_object(object))
		return fail(fault, "", "must be an object");
	if (!read_identity(row, object, fault))
		return false;
	for (int metric = 0; metric < BENCH_METRICS; metric++)
		if (!read_metric(row, object, (enum bench_metric)metric, fault))
			return false;
	return read_parts(row, object, fault);
}
