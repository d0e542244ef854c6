/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The figures of weir-bench that can be compared: what they are called under
 * "samples" in its JSON, where their medians are, and which way is better.
 */
#ifndef BENCH_SAMPLE_METRIC_H
#define BENCH_SAMPLE_METRIC_H

#include <stdbool.h>
#include <stddef.h>

struct bench_sample_metric {
	const char *name;
	const char *group; /* where the median is: group and key of a result; no group: at its top */
	const char *key;   /* NULL: nowhere */
	const char *unit;
	bool higher_is_better;
	bool gated; /* decides unless the user chooses others */
};

const struct bench_sample_metric *bench_sample_metrics(size_t *count);

#endif
