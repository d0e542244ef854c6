/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The plans.
 */
#include "explore_plan.h"

const struct xp_pass *xp_passes(uint32_t *count)
{
	static const struct xp_pass passes[] = {
		/* With every build: some seconds. */
		{"quick", 2, XP_ENUMERATE, 2, 0, 0},
		{"quick", 3, XP_ENUMERATE, 0, 1, 0},
		{"quick", 3, XP_RANDOM, 0, 2, 500},
		/* Two things that go wrong at once need luck, and helpers that cannot start. */
		{"quick", 2, XP_RANDOM, 0, 4, 1000},
		/* Before a merge. */
		{"ci", 2, XP_ENUMERATE, 3, 0, 0},
		{"ci", 2, XP_ENUMERATE, 2, 1, 0},
		{"ci", 3, XP_ENUMERATE, 2, 0, 0},
		{"ci", 2, XP_RANDOM, 0, 4, 10000},
		{"ci", 3, XP_PCT, 0, 2, 2000},
		{"ci", 4, XP_RANDOM, 0, 2, 1000},
		{"ci", 4, XP_PCT, 0, 2, 1000},
		/* By the build that sees plain memory: for its orders fewer interleavings do. */
		{"races", 2, XP_ENUMERATE, 2, 0, 0},
		{"races", 2, XP_ENUMERATE, 1, 1, 0},
		{"races", 3, XP_RANDOM, 0, 2, 500},
		/* When there is time: hours. */
		{"long", 2, XP_ENUMERATE, 4, 1, 0},
		{"long", 3, XP_ENUMERATE, 3, 0, 0},
		{"long", 3, XP_ENUMERATE, 2, 1, 0},
		{"long", 4, XP_ENUMERATE, 1, 0, 0},
		{"long", 4, XP_RANDOM, 0, 2, 100000},
		{"long", 4, XP_PCT, 0, 2, 100000},
	};

	*count = sizeof passes / sizeof passes[0];
	return passes;
}
