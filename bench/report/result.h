/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The results of a run: one row for each scenario and pool, with every figure
 * of every repetition. Tables, JSON and report show the medians.
 */
#ifndef BENCH_RESULT_H
#define BENCH_RESULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hold_spec.h"
#include "pass.h"
#include "scenario.h"
#include "standing.h"
#include "timeline.h"

#define BENCH_REPS_MAX 100
#define BENCH_ROWS_MAX 512
#define BENCH_FAILURE_MAX 256
#define BENCH_LEFT_OUT_MAX 512

/* What a repetition yields. NAN: not measured. Waits come from the wait pass,
 * timeouts and busy errors from both, all else from the throughput pass. */
enum bench_metric {
	BENCH_OPS = 0,
	BENCH_OPS_PER_S,
	BENCH_NS_PER_PAIR, /* processor time that was there for each pair */
	BENCH_WAIT_P50,
	BENCH_WAIT_P99,
	BENCH_WAIT_P999,
	BENCH_WAIT_MAX,
	BENCH_FAIRNESS, /* the lower of the roles' */
	BENCH_TIMEOUTS,
	BENCH_CPU_S_PER_MOP,
	BENCH_CTX_SWITCHES,
	BENCH_BUSY_ERRORS,
	BENCH_WAL_PEAK_BYTES, /* this and the next three in SQL scenarios only */
	BENCH_GROUP_SIZE,
	BENCH_FSYNCS_PER_TX,
	BENCH_CKPT_STALL_NS,
	BENCH_READ_OPS_PER_S, /* by role, in SQL scenarios; in the order of struct bench_waits */
	BENCH_READ_P50,
	BENCH_READ_P99,
	BENCH_READ_P999,
	BENCH_READ_MAX,
	BENCH_READ_FAIRNESS,
	BENCH_WRITE_OPS_PER_S,
	BENCH_WRITE_P50,
	BENCH_WRITE_P99,
	BENCH_WRITE_P999,
	BENCH_WRITE_MAX,
	BENCH_WRITE_FAIRNESS,
	BENCH_METRICS
};

/* What only SQL scenarios have; NAN: not measured. */
struct bench_sql_figures {
	double wal_peak_bytes;
	double group_size;    /* writes that shared a commit */
	double fsyncs_per_tx; /* files synced for each write */
	double ckpt_stall_ns; /* the longest checkpoint */
};

struct bench_row {
	char scenario[BENCH_SCENARIO_NAME_MAX];
	const char *doc; /* of the scenario, or NULL */
	enum bench_kind kind;
	const char *pool;
	const char *extra_work; /* a note beside its figures, or NULL */
	enum bench_standing standing;
	const char *driver;
	char failure[BENCH_FAILURE_MAX]; /* why it has no figures, or not all; "": it has */
	unsigned threads;
	unsigned conns;
	char hold[BENCH_HOLD_TEXT_MAX]; /* "" in SQL scenarios */
	bool sleeps;                    /* the hold leaves the processor */
	double seconds;
	unsigned reps; /* done so far */
	double values[BENCH_METRICS][BENCH_REPS_MAX];
	struct bench_timeline *timeline;   /* malloc'ed; NULL: no phases */
	struct bench_histogram *waits;     /* of all repetitions and roles; malloc'ed; NULL: not kept */
	char left_out[BENCH_LEFT_OUT_MAX]; /* pools that did not run, and why; of a scenario's first
	                                      row, and "" if there are none */
};

struct bench_results {
	unsigned rows_count;
	struct bench_row rows[BENCH_ROWS_MAX];
};

/* Free what rows own. */
void bench_results_clear(struct bench_results *results);

/* Add a repetition. sql: NULL outside SQL scenarios. processors: how many this
 * process may use. */
void bench_row_add(struct bench_row *row, const struct bench_sample *throughput,
                   const struct bench_sample *wait, const struct bench_sql_figures *sql,
                   unsigned processors);

/* Add the waits of a repetition, by role; false without memory. */
bool bench_row_add_waits(struct bench_row *row, const struct bench_histogram waits[BENCH_ROLES]);

/* The wait that a share of all waits of a row does not exceed; NAN unless enough
 * of them lie beyond it for one more or less to make no difference. */
#define BENCH_WAITS_BEYOND 10
double bench_row_wait_ns(const struct bench_row *row, double share);

/* The median over repetitions; for timeouts and busy errors the sum. NAN if none
 * has a value. */
double bench_row_value(const struct bench_row *row, enum bench_metric metric);

/* How far the repetitions' ops/s lie apart, as a share of their median; NAN unless
 * those of all of them are known. */
double bench_row_spread(const struct bench_row *row);

/* The row of that scenario and pool, or NULL. */
const struct bench_row *bench_results_find(const struct bench_results *results,
                                           const char *scenario, const char *pool);

/* The first row of each scenario stands for it. */
bool bench_row_is_first(const struct bench_results *results, unsigned index);

/* A metric of one row over that of another; NAN if either is NULL, or the other's
 * is not above 0. */
double bench_row_over(const struct bench_row *row, const struct bench_row *other,
                      enum bench_metric metric);

/* weir's row of a scenario (of several, the first), or NULL. */
const struct bench_row *bench_results_weir(const struct bench_results *results,
                                           const char *scenario);

/* The baseline with the best value of a metric: the highest, or the lowest. NULL
 * if none ran, or none has a value. */
enum bench_better { BENCH_HIGHER = 0, BENCH_LOWER = 1 };
const struct bench_row *bench_results_best(const struct bench_results *results,
                                           const char *scenario, enum bench_metric metric,
                                           enum bench_better better);

/* The mean hold of a scenario in nanoseconds, measured without a pool by as
 * many threads; NAN if `none` did not run. */
double bench_mean_hold_ns(const struct bench_results *results, const char *scenario);

/* How near a row comes to what its connections could do: with holds that sleep
 * ops/s * mean hold / connections, else ops/s over `none`'s. NAN if `none` did
 * not run, and for scenarios of other kinds. */
double bench_row_efficiency(const struct bench_results *results, const struct bench_row *row);

/* The longest wait that a strict queue would give, in nanoseconds: threads /
 * connections * mean hold. NAN unless holds sleep. */
double bench_strict_wait_ns(const struct bench_results *results, const char *scenario);

/* Whether a row is weir's, and whether it is a baseline's: a limit (`none`,
 * `group-of-32`, `raw-1`) is neither. */
bool bench_row_is_weir(const struct bench_row *row);
bool bench_row_is_baseline(const struct bench_row *row);

#endif
