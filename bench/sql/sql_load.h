/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The load of the SQL scenarios: each thread runs statements of its role, one
 * operation after another, or whenever one is due. An operation is timed from the
 * call, or from when it was due, to its outcome: waiting for a connection and for
 * the database included.
 */
#ifndef BENCH_SQL_LOAD_H
#define BENCH_SQL_LOAD_H

#include <stdatomic.h>

#include "pass.h"
#include "result.h"
#include "scenario.h"
#include "sql_variant.h"

/* What happened during the measured part of a throughput pass. */
struct bench_sql_window {
	uint64_t syncs;
	uint64_t writes; /* that shared commits; 0: a commit each */
	uint64_t commits;
	int64_t stall_ns; /* the longest checkpoint since the pool was made; -1: not known */
};

struct bench_sql_load {
	const struct bench_sql_variant *variant;
	const struct bench_scenario *scenario;
	unsigned threads; /* of its first role; one for a variant that runs alone */
	const char *wal;  /* file to look at now and then; NULL: none */
	void (*tick)(void *tick_context);
	void *tick_context;

	/* The load's own from here on. */
	void *pool;
	_Atomic bool failed;   /* an operation ended in a way that is no contest */
	_Atomic uint64_t due;  /* operations of open loops, */
	_Atomic uint64_t late; /* and those of them that this program began late by itself */
	double wal_peak_bytes;
	struct bench_sql_window window;
};

struct bench_sql_pass {
	bool timed;
	double seconds;
	uint64_t seed;
	struct bench_histogram *merged; /* [BENCH_ROLES]; may be NULL */
};

/* Make the pool, for the threads of all roles; conns: as bench_sql_setup. */
enum weir_code bench_sql_load_open(struct bench_sql_load *load, const char *path, unsigned conns,
                                   struct weir_error *err);
void bench_sql_load_close(struct bench_sql_load *load);

/* Run one pass. */
enum bench_outcome bench_sql_load_run(struct bench_sql_load *load,
                                      const struct bench_sql_pass *pass,
                                      struct bench_sample *sample, struct weir_error *err);

/* The share of an open loop's operations that began late for want of a processor,
 * and not because of the pool; NAN without an open loop. */
double bench_sql_load_late(const struct bench_sql_load *load);

/* What a throughput pass and its window come to. */
struct bench_sql_figures bench_sql_load_figures(const struct bench_sql_load *load,
                                                const struct bench_sample *throughput);

#endif
