/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The field of a kind of scenario: who takes part, and how one of them runs one
 * repetition.
 */
#ifndef BENCH_FIELD_H
#define BENCH_FIELD_H

#include "hold_spec.h"
#include "pass.h"
#include "result.h"
#include "scenario.h"

/* One scenario at one size to run, with what the user changed. */
struct bench_selection {
	const struct bench_scenario *scenario;
	char name[BENCH_SCENARIO_NAME_MAX]; /* its rows' */
	unsigned threads;                   /* of its first role */
	unsigned conns;
	unsigned conns_min;     /* less than conns: for pools that grow */
	struct bench_hold hold; /* of its first role */
	double links_per_us;    /* of work, for the holds of the other roles */
	double seconds;
	double wait_seconds;
	uint64_t seed; /* 0: the run's */
};

/* One repetition of one contender. */
struct bench_rep_spec {
	const struct bench_selection *selection;
	size_t contender; /* index into the field */
	unsigned conns;   /* of this row; sparse has two sizes */
	uint64_t seed;
	const char *dir;               /* for database files */
	struct bench_histogram *waits; /* [BENCH_ROLES]: receives those of the wait pass */
	void (*tick)(void *tick_context);
	void *tick_context;
};

struct bench_rep {
	struct bench_sample throughput;
	struct bench_sample wait;
	struct bench_sql_figures sql;
	struct bench_timeline *timeline; /* malloc'ed; NULL: none */
	double late; /* the share of operations of open loops that the load generator itself
	                began late; NAN: none were due */
};

struct bench_contender {
	const char *name;
	const char *doc;
	const char *extra_work; /* what it does at each lease that others do not, or NULL */
	enum bench_standing standing;
	double warm_s; /* that its first pass of either kind in a scenario takes longer */
};

struct bench_field {
	const char *driver;
	size_t (*count)(void);
	struct bench_contender (*contender)(size_t index);

	/* Why a contender does not run in a selection; "" if nobody would expect it to;
	 * NULL: it runs. */
	const char *(*left_out)(size_t index, const struct bench_selection *selection);

	/* How many threads its row stands for; NULL: the selection's. */
	unsigned (*threads)(size_t index, const struct bench_selection *selection);

	/* Before and after all repetitions of a scenario; NULL: nothing to do. */
	enum weir_code (*prepare)(const struct bench_rep_spec *spec, struct weir_error *err);
	void (*clean)(const struct bench_rep_spec *spec);

	/* Both passes, on a pool of their own. */
	enum bench_outcome (*run)(const struct bench_rep_spec *spec, struct bench_rep *rep,
	                          struct weir_error *err);
};

/* The field of a kind of scenario. Static storage. */
const struct bench_field *bench_field_of(enum bench_kind kind);

extern const struct bench_field bench_field_leases;
extern const struct bench_field bench_field_sparse;
extern const struct bench_field bench_field_phases;
extern const struct bench_field bench_field_sql;

#endif
