/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What a scenario with phases yields beside a row's figures: what each phase came
 * to, and how many connections, leases and waiters there were from moment to
 * moment. It is of one repetition; a median of curves shows what never happened.
 */
#ifndef BENCH_TIMELINE_H
#define BENCH_TIMELINE_H

#include <stdbool.h>
#include <stdint.h>

#include "pass.h"

#define BENCH_TIMELINE_PHASES_MAX 16
#define BENCH_TIMELINE_NAME_MAX 32

struct bench_timeline_phase {
	char name[BENCH_TIMELINE_NAME_MAX];
	double begin_s; /* from the beginning of the first */
	double end_s;
	bool down; /* the server was */
	uint64_t ops;
	uint64_t timeouts;
	uint64_t failures;           /* operations on a connection that turned out broken */
	struct bench_waits waits;    /* from when an operation was due to its connection */
	struct bench_waits response; /* to its end */
	uint64_t unserved;           /* due, but not begun when the run ended */
};

struct bench_timeline_sample {
	double t_s;
	unsigned open;    /* connections */
	unsigned in_use;  /* of them, between acquire and release */
	unsigned waiting; /* callers inside acquire */
};

struct bench_timeline {
	unsigned phases_count;
	struct bench_timeline_phase phases[BENCH_TIMELINE_PHASES_MAX];
	unsigned samples_count;
	struct bench_timeline_sample *samples; /* malloc'ed */
	uint64_t opens;
	uint64_t open_failures;

	/* Of all phases. */
	struct bench_waits waits;
	struct bench_waits response;

	/* The load generator itself, in open loops: how long after an operation was due
	 * a thread woke up that had nothing else to do, and the share of operations that
	 * came due while their thread was still busy with the one before. NAN where
	 * nothing was due. */
	struct bench_waits late;
	double behind;
};

#endif
