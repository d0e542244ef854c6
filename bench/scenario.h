/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The scenarios that weir-bench knows: one table. docs/reference/benchmarks.md
 * says what each is for and how to read it.
 */
#ifndef BENCH_SCENARIO_H
#define BENCH_SCENARIO_H

#include <stdbool.h>
#include <stddef.h>

enum bench_kind {
	BENCH_KIND_LEASES = 0, /* acquire, hold, release, on the stub driver */
	BENCH_KIND_SPARSE = 1, /* one idle slot among many, on the stub driver */
	BENCH_KIND_SQL = 2,    /* reads and writes on a SQLite file */
};

#define BENCH_SCENARIO_NAME_MAX 32

struct bench_scenario {
	const char *name;
	const char *doc; /* one line */
	enum bench_kind kind;
	unsigned threads;
	unsigned conns;
	unsigned conns_small;  /* SPARSE: the size that conns is compared with */
	const char *hold;      /* LEASES: as --hold takes it */
	unsigned read_percent; /* SQL: share of reads */
	double seconds;        /* of a throughput pass in a full run */
	double wait_seconds;   /* of a wait pass */
	bool on_request;       /* left out of a run that names no scenario */
};

const struct bench_scenario *bench_scenarios(size_t *count);

/* The scenario of that name, or NULL. */
const struct bench_scenario *bench_scenario_find(const char *name);

#endif
