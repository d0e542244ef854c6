/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Scenarios, as their files say them. docs/reference/scenarios.md describes the
 * format; bench/scenarios/ has the built-in ones, which docs/reference/benchmarks.md
 * explains.
 */
#ifndef BENCH_SCENARIO_H
#define BENCH_SCENARIO_H

#include <stdbool.h>
#include <stddef.h>

#include "arrival.h"
#include "fault_list.h"
#include "hold_spec.h"
#include "sql_conn.h"
#include "sql_statement.h"

enum bench_kind {
	BENCH_KIND_LEASES = 0, /* acquire, hold, release, without a database */
	BENCH_KIND_SPARSE = 1, /* one idle slot among many, without a database */
	BENCH_KIND_SQL = 2,    /* reads and writes on a SQLite file */
	BENCH_KIND_PHASES = 3, /* as LEASES, but with several roles, open loops or phases */
};

#define BENCH_SCENARIO_NAME_MAX 32
#define BENCH_SCENARIO_WORD_MAX 25 /* its name, to which a size may be added */
#define BENCH_SCENARIO_DOC_MAX 256
#define BENCH_SIZES_MAX 8
#define BENCH_SCENARIO_ROLES_MAX 8
#define BENCH_SCENARIO_PHASES_MAX 16
#define BENCH_SCENARIO_POOLS_MAX 16
#define BENCH_SCENARIO_RUN_MAX 8
#define BENCH_SCENARIO_PROCESSES_MAX 16

/* A share of a role's operations. */
struct bench_scenario_run {
	unsigned statement; /* its index */
	uint32_t below;     /* drawn when the draw is below this, and no earlier one was */
	double percent;
};

/* Threads that do the same. */
struct bench_scenario_role {
	char name[BENCH_SCENARIO_NAME_MAX];
	unsigned line;
	unsigned threads; /* 0: the scenario has sizes */
	struct bench_arrival arrival;
	struct bench_hold hold; /* without a database */
	bool companion;         /* keeps the others company: its share is neither fair nor unfair */
	bool transaction_open;  /* holds one read transaction throughout */
	unsigned run_count;     /* SQL */
	struct bench_scenario_run run[BENCH_SCENARIO_RUN_MAX];
};

struct bench_scenario_phase {
	char name[BENCH_SCENARIO_NAME_MAX];
	unsigned line;
	double seconds;
	bool down;           /* the server is */
	double rate_from;    /* factors on the rates of open loops, */
	double rate_to;      /* from the beginning of the phase to its end */
	double active_share; /* of each role's threads */
};

struct bench_scenario {
	char name[BENCH_SCENARIO_NAME_MAX];
	char doc[BENCH_SCENARIO_DOC_MAX]; /* one line */
	enum bench_kind kind;
	unsigned conns_min;   /* less than conns: for pools that grow */
	unsigned conns;       /* 0: as many as threads */
	unsigned conns_small; /* SPARSE: the size that conns is compared with */
	int64_t acquire_timeout_ns;
	int64_t open_ns; /* what opening a connection takes, and a ping */
	int64_t ping_ns;
	int64_t sample_ns; /* PHASES: how often connections and waiters are counted */

	/* Thread counts of the first role, each run as a scenario named
	 * <name>-<threads>; none: its threads. --quick runs those of quick_sizes. */
	unsigned sizes[BENCH_SIZES_MAX];
	unsigned quick_sizes[BENCH_SIZES_MAX];
	double seconds;      /* of a throughput pass in a full run; PHASES: of all phases */
	double wait_seconds; /* of a wait pass */
	uint64_t seed;       /* 0: the run's */
	bool peers;          /* a run with --peers that names no scenario has it */
	bool on_request;     /* left out of a run that names no scenario */

	/* Of the pools that are part of weir-bench, only these; none: all that can. */
	unsigned pools_count;
	char pools[BENCH_SCENARIO_POOLS_MAX][BENCH_SCENARIO_NAME_MAX];
	unsigned abilities; /* POOL_…: what a pool has to be able to do */

	unsigned roles_count;
	struct bench_scenario_role roles[BENCH_SCENARIO_ROLES_MAX];
	unsigned phases_count;
	struct bench_scenario_phase phases[BENCH_SCENARIO_PHASES_MAX];

	/* SQL */
	unsigned processes; /* that many, of as many threads each; 0: this one */
	struct bench_sql_settings settings;
	unsigned statements_count;
	struct bench_statement statements[BENCH_STATEMENTS_MAX];
	char *script; /* makes the database; owned */

	char *text; /* the file; owned, as path */
	size_t text_length;
	char *path;
};

/* The built-in ones, in the order of a full run. */
const struct bench_scenario *const *bench_scenarios(size_t *count);

/* The built-in scenario of that name, or NULL. */
const struct bench_scenario *bench_scenario_find(const char *name);

/* Whether it writes to a database file. */
bool bench_scenario_writes(const struct bench_scenario *scenario);

/* Threads of all roles but the first. */
unsigned bench_scenario_other_threads(const struct bench_scenario *scenario);

/*
 * Read a scenario from text. path names it in messages, and is where the files that
 * it names are looked for. NULL, with what is wrong in faults.
 */
struct bench_scenario *bench_scenario_read(const char *text, size_t length, const char *path,
                                           struct bench_faults *faults);

/* The same, from the file itself; "-" is standard input. */
struct bench_scenario *bench_scenario_load(const char *path, struct bench_faults *faults);

/* NULL is accepted. */
void bench_scenario_free(struct bench_scenario *scenario);

#endif
