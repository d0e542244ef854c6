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
	uint64_t seed; /* of the last run */
	bool complete; /* every interleaving within the bounds was run */
	bool failed;
	bool bad_schedule;
	char why[512];
	char schedule[8192];
};

/* Run a case as limits say; ends early when it fails, or xp_stop was called. */
void xp_run_case(const struct xp_case *one, const struct xp_limits *limits,
                 struct xp_result *result);

/* From a signal handler: end after the run under way. */
void xp_stop(void);
bool xp_stopped(void);

/* Report a crash of the code under test with its schedule, and exit 1. */
void xp_catch_crashes(void);

/* Whether this is the build that sees plain memory. */
bool xp_instrumented(void);

#endif
