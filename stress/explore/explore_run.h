/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Running one case, and what came of it.
 */
#ifndef EXPLORE_RUN_H
#define EXPLORE_RUN_H

#include "explore_engine.h"

struct xp_result {
	uint64_t runs; /* distinct interleavings, when they are enumerated */
	uint64_t steps;
	bool complete; /* every interleaving within the bounds was run */
	bool failed;
	bool bad_schedule;
	char why[512];
	char schedule[8192];
};

/* Run a case as limits say; ends early when it fails, or xp_stop was called. */
void xp_run_case(const struct xp_case *one, const struct xp_limits *limits,
                 struct xp_result *result);

/* From a signal handler, in whatever process: all of them end after the runs under way.
 * To be called before they are forked; false if there is no memory. */
bool xp_share_stop(void);
void xp_stop(void);
bool xp_stopped(void);

/* Report a crash of the code under test with its schedule, and exit 1. */
void xp_catch_crashes(void);

/* The name of this program. */
const char *xp_tool(void);

/* Nanoseconds on the machine's monotonic clock. */
int64_t xp_monotonic_ns(void);

#endif
