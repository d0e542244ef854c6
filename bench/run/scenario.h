/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The scenarios that weir-bench knows: one table. docs/reference/benchmarks.md
 * says what each is for and how to read it.
 */
#ifndef BENCH_SCENARIO_H
#define BENCH_SCENARIO_H

#include <stdbool.h>
#include <stddef.h>

#include "sql_conn.h"

enum bench_kind {
	BENCH_KIND_LEASES = 0, /* acquire, hold, release, on the stub driver */
	BENCH_KIND_SPARSE = 1, /* one idle slot among many, on the stub driver */
	BENCH_KIND_SQL = 2,    /* reads and writes on a SQLite file */
};

/* What one more thread does beside the callers of a SQL scenario. */
enum bench_beside {
	BENCH_BESIDE_NOTHING = 0,
	BENCH_BESIDE_WRITER = 1, /* it commits an update every millisecond */
	BENCH_BESIDE_READER = 2, /* it holds one read transaction open throughout */
};

struct bench_sql_shape {
	struct bench_sql_settings settings;
	unsigned pools;        /* a bit for each enum bench_sql_pool that takes part */
	unsigned read_percent; /* share of reads */
	enum bench_beside beside;
	unsigned processes; /* that many, of as many threads each; 0: this one */
};

#define BENCH_SCENARIO_NAME_MAX 32
#define BENCH_SIZES_MAX 4

struct bench_scenario {
	const char *name;
	const char *doc; /* one line */
	enum bench_kind kind;
	unsigned threads;
	unsigned conns;       /* 0: as many as threads */
	unsigned conns_small; /* SPARSE: the size that conns is compared with */
	const char *hold;     /* LEASES: as --hold takes it */
	/* Thread counts, each run as a scenario named <name>-<threads>; none: threads
	 * is the only one. --quick runs those of quick_sizes. */
	unsigned sizes[BENCH_SIZES_MAX];
	unsigned quick_sizes[BENCH_SIZES_MAX];
	struct bench_sql_shape sql; /* SQL */
	double seconds;             /* of a throughput pass in a full run */
	double wait_seconds;        /* of a wait pass */
	bool peers;                 /* a run with --peers that names no scenario has it */
	bool on_request;            /* left out of a run that names no scenario */
};

const struct bench_scenario *bench_scenarios(size_t *count);

/* Whether it writes to a database file. */
bool bench_scenario_writes(const struct bench_scenario *scenario);

/* The scenario of that name, or NULL. */
const struct bench_scenario *bench_scenario_find(const char *name);

#endif
