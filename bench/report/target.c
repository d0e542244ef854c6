/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What weir is to reach. See target.h.
 */
#include "target.h"

#include <math.h>

/* "At or above" allows for what two medians of one thing differ by. */
#define LEVEL 0.98
#define MS 1e6

static double value(const struct bench_row *row, enum bench_metric metric)
{
	return row != NULL ? bench_row_value(row, metric) : NAN;
}

/* A share of nothing is no measurement. */
static double over(double part, double whole)
{
	return whole > 0.0 ? part / whole : NAN;
}

static double weir_value(const struct bench_results *results, const char *scenario,
                         enum bench_metric metric)
{
	return value(bench_results_weir(results, scenario), metric);
}

static double over_pool(const struct bench_results *results, const char *scenario, const char *pool,
                        enum bench_metric metric)
{
	return over(weir_value(results, scenario, metric),
	            value(bench_results_find(results, scenario, pool), metric));
}

static double over_mutex_lifo(const struct bench_results *results, const char *scenario)
{
	return over_pool(results, scenario, "mutex-lifo", BENCH_OPS_PER_S);
}

static double over_busy_timeout(const struct bench_results *results, const char *scenario)
{
	return over_pool(results, scenario, "busy-timeout", BENCH_OPS_PER_S);
}

static double reads_over_busy_timeout(const struct bench_results *results, const char *scenario)
{
	return over_pool(results, scenario, "busy-timeout", BENCH_READ_OPS_PER_S);
}

static double p999_over_busy_timeout(const struct bench_results *results, const char *scenario)
{
	return over_pool(results, scenario, "busy-timeout", BENCH_WAIT_P999);
}

static double over_group_of_32(const struct bench_results *results, const char *scenario)
{
	return over_pool(results, scenario, "group-of-32", BENCH_OPS_PER_S);
}

static double over_raw_1(const struct bench_results *results, const char *scenario)
{
	return over_pool(results, scenario, "raw-1", BENCH_OPS_PER_S);
}

static double fairness(const struct bench_results *results, const char *scenario)
{
	return weir_value(results, scenario, BENCH_FAIRNESS);
}

static double busy_errors(const struct bench_results *results, const char *scenario)
{
	return weir_value(results, scenario, BENCH_BUSY_ERRORS);
}

static double over_best(const struct bench_results *results, const char *scenario,
                        enum bench_metric metric, enum bench_better better)
{
	return over(weir_value(results, scenario, metric),
	            value(bench_results_best(results, scenario, metric, better), metric));
}

static double over_best_baseline(const struct bench_results *results, const char *scenario)
{
	return over_best(results, scenario, BENCH_OPS_PER_S, BENCH_HIGHER);
}

static double max_over_lowest_max(const struct bench_results *results, const char *scenario)
{
	return over_best(results, scenario, BENCH_WAIT_MAX, BENCH_LOWER);
}

static double wait_p999(const struct bench_results *results, const char *scenario)
{
	return weir_value(results, scenario, BENCH_WAIT_P999);
}

static double efficiency(const struct bench_results *results, const char *scenario)
{
	const struct bench_row *weir = bench_results_weir(results, scenario);

	return weir != NULL ? bench_row_efficiency(results, weir) : NAN;
}

static double p999_over_strict_wait(const struct bench_results *results, const char *scenario)
{
	return over(wait_p999(results, scenario), bench_strict_wait_ns(results, scenario));
}

static double p999_over_fifo_handoff(const struct bench_results *results, const char *scenario)
{
	return over_pool(results, scenario, "fifo-handoff", BENCH_WAIT_P999);
}

static double fairness_over_none(const struct bench_results *results, const char *scenario)
{
	return over(weir_value(results, scenario, BENCH_FAIRNESS),
	            value(bench_results_find(results, scenario, "none"), BENCH_FAIRNESS));
}

static double step_over_small_step(const struct bench_results *results, const char *scenario)
{
	return over(weir_value(results, "sparse-8", BENCH_OPS_PER_S),
	            weir_value(results, scenario, BENCH_OPS_PER_S));
}

static const struct bench_target targets[] = {
	{"churn", "ops/s at least 2 times mutex-lifo's", BENCH_HIGHER, 2.0, BENCH_FORM_RATIO,
     over_mutex_lifo},
	{"short-hold", "ops/s at least 0.9 of the best baseline's (reach for 0.98)", BENCH_HIGHER, 0.9,
     BENCH_FORM_RATIO, over_best_baseline},
	{"short-hold", "p99.9 wait at most 1 ms", BENCH_LOWER, MS, BENCH_FORM_NS, wait_p999},
	{"short-hold", "longest wait below every baseline's", BENCH_LOWER, 1.0, BENCH_FORM_RATIO,
     max_over_lowest_max},
	{"short-hold", "fairness at least 0.95 of that without a pool", BENCH_HIGHER, 0.95,
     BENCH_FORM_RATIO, fairness_over_none},
	{"blocking", "efficiency at least 0.97", BENCH_HIGHER, 0.97, BENCH_FORM_RATIO, efficiency},
	{"blocking", "p99.9 wait at most 2 times a strict queue's wait", BENCH_LOWER, 2.0,
     BENCH_FORM_RATIO, p999_over_strict_wait},
	{"blocking", "fairness at least 0.95 of that without a pool", BENCH_HIGHER, 0.95,
     BENCH_FORM_RATIO, fairness_over_none},
	{"mixed", "ops/s at or above the best baseline's (0.98 counts as at)", BENCH_HIGHER, LEVEL,
     BENCH_FORM_RATIO, over_best_baseline},
	{"mixed", "p99.9 wait at most 1.5 times fifo-handoff's", BENCH_LOWER, 1.5, BENCH_FORM_RATIO,
     p999_over_fifo_handoff},
	{"mixed", "fairness at least 0.95 of that without a pool", BENCH_HIGHER, 0.95, BENCH_FORM_RATIO,
     fairness_over_none},
	{"sparse", "a step on 4,096 connections at most 2 times one on 8", BENCH_LOWER, 2.0,
     BENCH_FORM_RATIO, step_over_small_step},
	{"sqlite-read-1", "ops/s at least 2 times those of a private connection (busy-timeout)",
     BENCH_HIGHER, 2.0, BENCH_FORM_RATIO, over_busy_timeout},
	{"sqlite-read-cached-1", "ops/s at least 3 times those of a private connection (busy-timeout)",
     BENCH_HIGHER, 3.0, BENCH_FORM_RATIO, over_busy_timeout},
	{"sqlite-read-beside-1", "reads/s at least those of private connections (busy-timeout)",
     BENCH_HIGHER, 1.0, BENCH_FORM_RATIO, reads_over_busy_timeout},
	{"sqlite-read-beside-2", "reads/s at least those of private connections (busy-timeout)",
     BENCH_HIGHER, 1.0, BENCH_FORM_RATIO, reads_over_busy_timeout},
	{"sqlite-read-beside-4", "reads/s at least those of private connections (busy-timeout)",
     BENCH_HIGHER, 1.0, BENCH_FORM_RATIO, reads_over_busy_timeout},
	{"sqlite-read-beside-8", "reads/s at least those of private connections (busy-timeout)",
     BENCH_HIGHER, 1.0, BENCH_FORM_RATIO, reads_over_busy_timeout},
	{"sqlite-durable-1", "ops/s at least 0.97 of SQLite's alone (raw-1)", BENCH_HIGHER, 0.97,
     BENCH_FORM_RATIO, over_raw_1},
	{"sqlite-durable-32", "ops/s at least 8 times busy-timeout's", BENCH_HIGHER, 8.0,
     BENCH_FORM_RATIO, over_busy_timeout},
	{"sqlite-durable-32", "ops/s at least 0.9 of group-of-32's", BENCH_HIGHER, 0.9,
     BENCH_FORM_RATIO, over_group_of_32},
	{"sqlite-durable-32", "p99.9 at most 1/100 of busy-timeout's", BENCH_LOWER, 0.01,
     BENCH_FORM_RATIO, p999_over_busy_timeout},
	{"sqlite-durable-32", "fairness at least 0.95", BENCH_HIGHER, 0.95, BENCH_FORM_RATIO, fairness},
	{"sqlite-durable-32", "no busy errors", BENCH_LOWER, 0.0, BENCH_FORM_RATIO, busy_errors},
};

const struct bench_target *bench_targets(size_t *count)
{
	*count = sizeof(targets) / sizeof(targets[0]);
	return targets;
}

enum bench_verdict bench_target_judge(const struct bench_target *target,
                                      const struct bench_results *results, double *measured)
{
	*measured = target->measure(results, target->scenario);
	if (isnan(*measured))
		return BENCH_NOT_MEASURED;
	if (target->better == BENCH_HIGHER)
		return *measured >= target->limit ? BENCH_MET : BENCH_NOT_MET;
	return *measured <= target->limit ? BENCH_MET : BENCH_NOT_MET;
}
