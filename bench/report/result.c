/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The results of a run. See result.h.
 */
#include "result.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "stats.h"

/* The figures of one role lie side by side, from ops/s to fairness. */
static const enum bench_metric role_first[BENCH_ROLES] = {
	[BENCH_ROLE_READ] = BENCH_READ_OPS_PER_S,
	[BENCH_ROLE_WRITE] = BENCH_WRITE_OPS_PER_S,
};

static void add(struct bench_row *row, enum bench_metric metric, double value)
{
	row->values[metric][row->reps] = value;
}

static void add_waits(struct bench_row *row, enum bench_metric first,
                      const struct bench_waits *waits)
{
	add(row, first, waits->p50);
	add(row, first + 1, waits->p99);
	add(row, first + 2, waits->p999);
	add(row, first + 3, waits->max);
}

void bench_results_clear(struct bench_results *results)
{
	for (unsigned i = 0; i < results->rows_count; i++) {
		struct bench_row *const row = &results->rows[i];

		if (row->timeline != NULL)
			free(row->timeline->samples);
		free(row->timeline);
		free(row->waits);
	}
	results->rows_count = 0;
}

bool bench_row_add_waits(struct bench_row *row, const struct bench_histogram waits[BENCH_ROLES])
{
	if (row->waits == NULL)
		row->waits = calloc(1, sizeof(*row->waits));
	if (row->waits == NULL)
		return false;
	for (int role = 0; role < BENCH_ROLES; role++)
		bench_histogram_merge(row->waits, &waits[role]);
	return true;
}

double bench_row_wait_ns(const struct bench_row *row, double share)
{
	if (row->waits == NULL ||
	    (double)row->waits->count * (1.0 - share) < BENCH_WAITS_BEYOND * (1.0 - 1e-9))
		return NAN;
	return (double)bench_histogram_quantile(row->waits, share);
}

void bench_row_add(struct bench_row *row, const struct bench_sample *throughput,
                   const struct bench_sample *wait, const struct bench_sql_figures *sql,
                   unsigned processors)
{
	const struct bench_sql_figures none = {NAN, NAN, NAN, NAN};
	const struct bench_sql_figures *const figures = sql != NULL ? sql : &none;
	const double running = row->threads < processors ? row->threads : processors;
	/* The two threads of a sparse step take turns. */
	const double at_once = row->kind == BENCH_KIND_SPARSE ? 1.0 : running;
	const double ops =
		(double)(throughput->ops[BENCH_ROLE_READ] + throughput->ops[BENCH_ROLE_WRITE]);

	if (row->reps == BENCH_REPS_MAX)
		return;
	add(row, BENCH_OPS, ops);
	add(row, BENCH_OPS_PER_S, ops / throughput->seconds);
	/* With open loops a processor that runs nothing is no cost of a pair. */
	add(row, BENCH_NS_PER_PAIR,
	    ops > 0.0 && row->kind != BENCH_KIND_PHASES ? throughput->seconds * 1e9 * at_once / ops
	                                                : NAN);
	add_waits(row, BENCH_WAIT_P50, &wait->waits_all);
	add(row, BENCH_FAIRNESS,
	    fmin(throughput->fairness[BENCH_ROLE_READ], throughput->fairness[BENCH_ROLE_WRITE]));
	add(row, BENCH_TIMEOUTS, (double)(throughput->timeouts + wait->timeouts));
	add(row, BENCH_CPU_S_PER_MOP, ops > 0.0 ? throughput->cpu_s * 1e6 / ops : NAN);
	add(row, BENCH_CTX_SWITCHES,
	    throughput->ctx_switches_unknown ? NAN : (double)throughput->ctx_switches);
	add(row, BENCH_BUSY_ERRORS, (double)(throughput->busy_errors + wait->busy_errors));
	add(row, BENCH_WAL_PEAK_BYTES, figures->wal_peak_bytes);
	add(row, BENCH_GROUP_SIZE, figures->group_size);
	add(row, BENCH_FSYNCS_PER_TX, figures->fsyncs_per_tx);
	add(row, BENCH_CKPT_STALL_NS, figures->ckpt_stall_ns);
	for (int role = 0; role < BENCH_ROLES; role++) {
		const enum bench_metric first = role_first[role];

		add(row, first, (double)throughput->ops[role] / throughput->seconds);
		add_waits(row, first + 1, &wait->waits[role]);
		add(row, first + 5, throughput->fairness[role]);
	}
	row->reps++;
}

double bench_row_value(const struct bench_row *row, enum bench_metric metric)
{
	double sum = NAN;

	if (metric != BENCH_TIMEOUTS && metric != BENCH_BUSY_ERRORS)
		return bench_median(row->values[metric], row->reps);
	/* No errors counted is not the same as no errors. */
	for (unsigned i = 0; i < row->reps; i++)
		if (!isnan(row->values[metric][i]))
			sum = (isnan(sum) ? 0.0 : sum) + row->values[metric][i];
	return sum;
}

double bench_row_spread(const struct bench_row *row)
{
	for (unsigned i = 0; i < row->reps; i++)
		if (isnan(row->values[BENCH_OPS_PER_S][i]))
			return NAN;
	return bench_spread(row->values[BENCH_OPS_PER_S], row->reps);
}

const struct bench_row *bench_results_find(const struct bench_results *results,
                                           const char *scenario, const char *pool)
{
	for (unsigned i = 0; i < results->rows_count; i++)
		if (strcmp(results->rows[i].scenario, scenario) == 0 &&
		    strcmp(results->rows[i].pool, pool) == 0)
			return &results->rows[i];
	return NULL;
}

bool bench_row_is_first(const struct bench_results *results, unsigned index)
{
	for (unsigned i = 0; i < index; i++)
		if (strcmp(results->rows[i].scenario, results->rows[index].scenario) == 0)
			return false;
	return true;
}

double bench_row_over(const struct bench_row *row, const struct bench_row *other,
                      enum bench_metric metric)
{
	if (row == NULL || other == NULL)
		return NAN;
	/* A share of nothing is no measurement. */
	if (!(bench_row_value(other, metric) > 0.0))
		return NAN;
	return bench_row_value(row, metric) / bench_row_value(other, metric);
}

const struct bench_row *bench_results_weir(const struct bench_results *results,
                                           const char *scenario)
{
	for (unsigned i = 0; i < results->rows_count; i++)
		if (strcmp(results->rows[i].scenario, scenario) == 0 &&
		    bench_row_is_weir(&results->rows[i]))
			return &results->rows[i];
	return NULL;
}

const struct bench_row *bench_results_best(const struct bench_results *results,
                                           const char *scenario, enum bench_metric metric,
                                           enum bench_better better)
{
	const struct bench_row *best = NULL;
	double best_value = NAN;

	for (unsigned i = 0; i < results->rows_count; i++) {
		const struct bench_row *row = &results->rows[i];
		const double value = bench_row_value(row, metric);

		if (strcmp(row->scenario, scenario) != 0 || !bench_row_is_baseline(row) || isnan(value))
			continue;
		if (best == NULL || (better == BENCH_HIGHER ? value > best_value : value < best_value)) {
			best = row;
			best_value = value;
		}
	}
	return best;
}

double bench_mean_hold_ns(const struct bench_results *results, const char *scenario)
{
	const struct bench_row *none = bench_results_find(results, scenario, "none");

	if (none == NULL || none->kind == BENCH_KIND_PHASES)
		return NAN;
	return none->threads * 1e9 / bench_row_value(none, BENCH_OPS_PER_S);
}

double bench_row_efficiency(const struct bench_results *results, const struct bench_row *row)
{
	const struct bench_row *none = bench_results_find(results, row->scenario, "none");
	const double ops_per_s = bench_row_value(row, BENCH_OPS_PER_S);

	if (none == NULL || row->kind != BENCH_KIND_LEASES)
		return NAN;
	if (row->sleeps && row != none)
		return ops_per_s * bench_mean_hold_ns(results, row->scenario) / 1e9 / row->conns;
	return ops_per_s / bench_row_value(none, BENCH_OPS_PER_S);
}

double bench_strict_wait_ns(const struct bench_results *results, const char *scenario)
{
	const struct bench_row *none = bench_results_find(results, scenario, "none");

	if (none == NULL || !none->sleeps || none->kind == BENCH_KIND_PHASES)
		return NAN;
	return bench_mean_hold_ns(results, scenario) * none->threads / none->conns;
}

bool bench_row_is_weir(const struct bench_row *row)
{
	return row->standing == BENCH_STANDING_WEIR;
}

bool bench_row_is_baseline(const struct bench_row *row)
{
	return row->standing == BENCH_STANDING_BASELINE;
}

const char *bench_standing_name(enum bench_standing standing)
{
	static const char *const names[] = {
		[BENCH_STANDING_WEIR] = "weir",   [BENCH_STANDING_BASELINE] = "baseline",
		[BENCH_STANDING_PEER] = "peer",   [BENCH_STANDING_USER] = "user",
		[BENCH_STANDING_LIMIT] = "limit",
	};

	return names[standing];
}
