/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Running many cases on several processors.
 */
#ifndef EXPLORE_WORK_H
#define EXPLORE_WORK_H

#include "explore_plan.h"

struct xp_work {
	struct xp_pass pass;
	const char *const *filters; /* cases whose names contain one of them; none: all */
	uint32_t filters_count;
	uint32_t jobs;
	uint64_t seed;
	int64_t until_ns; /* on the monotonic clock; INT64_MAX: none */
	bool first;       /* stop at the first failure */
	bool verbose;     /* a line for each case, else for each group */
};

/* What came of a pass. */
struct xp_totals {
	uint64_t cases;
	uint64_t complete; /* and refuted, if they were to be */
	uint64_t refuted;
	uint64_t failed;
	uint64_t unfinished; /* stopped or out of time */
	uint64_t runs;
	uint64_t steps;
};

void xp_totals_add(struct xp_totals *into, const struct xp_totals *more);

/* Run a pass, print its table to standard output and failures to standard error. */
void xp_work_run(const struct xp_work *work, struct xp_totals *totals);

#endif
