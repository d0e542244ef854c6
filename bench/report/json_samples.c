/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Every repetition of a row as JSON. See json_samples.h.
 */
#include "json_samples.h"

#include <math.h>

#include "sample_metric.h"

static json_t *number(double value)
{
	return isfinite(value) ? json_real(value) : json_null();
}

json_t *bench_json_samples(const struct bench_row *row)
{
	size_t count;
	const struct bench_sample_metric *const metrics = bench_sample_metrics(&count);
	json_t *const samples = json_object();

	for (size_t i = 0; i < count; i++) {
		const double *const values = row->values[metrics[i].metric];
		json_t *list;
		bool measured = false;

		/* Outside SQL the roles are all the same, and nothing is ever busy. */
		if (metrics[i].metric >= BENCH_BUSY_ERRORS && row->kind != BENCH_KIND_SQL)
			continue;
		for (unsigned rep = 0; rep < row->reps; rep++)
			measured = measured || isfinite(values[rep]);
		if (!measured)
			continue;
		list = json_array();
		for (unsigned rep = 0; rep < row->reps; rep++)
			(void)json_array_append_new(list, number(values[rep]));
		(void)json_object_set_new(samples, metrics[i].name, list);
	}
	return samples;
}
