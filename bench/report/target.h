/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What weir is to reach in each scenario, judged against the baselines and the
 * limit of the same run: one table.
 */
#ifndef BENCH_TARGET_H
#define BENCH_TARGET_H

#include <stddef.h>

#include "result.h"

enum bench_verdict { BENCH_MET = 0, BENCH_NOT_MET = 1, BENCH_NOT_MEASURED = 2 };

enum bench_target_form { BENCH_FORM_RATIO = 0, BENCH_FORM_NS = 1 };

struct bench_target {
	const char *scenario;
	const char *text;
	enum bench_better better; /* HIGHER: limit is a minimum; LOWER: a maximum */
	double limit;
	enum bench_target_form form;
	double (*measure)(const struct bench_results *results, const char *scenario);
};

const struct bench_target *bench_targets(size_t *count);

/* Judge one target; *measured is NAN where the run lacks a row for it. */
enum bench_verdict bench_target_judge(const struct bench_target *target,
                                      const struct bench_results *results, double *measured);

#endif
