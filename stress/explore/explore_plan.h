/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What is explored how: a plan is a list of passes, each over all cases of so many
 * threads.
 */
#ifndef EXPLORE_PLAN_H
#define EXPLORE_PLAN_H

#include "explore_run.h"

struct xp_pass {
	const char *plan;
	uint32_t threads;
	enum xp_mode mode;
	uint32_t preemptions; /* when enumerated */
	uint32_t events;
	uint64_t runs; /* of each case, at most; 0: all there are */
};

/* The passes, in order; those of one plan stand together. */
const struct xp_pass *xp_passes(uint32_t *count);

#endif
