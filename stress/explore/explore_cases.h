/* SPDX-License-Identifier: BSD-2-Clause
 *
 * All cases of the explorer, by family and number of threads.
 */
#ifndef EXPLORE_CASES_H
#define EXPLORE_CASES_H

#include "explore.h"

/* The cases, in a fixed order. */
const struct xp_case *xp_cases(uint32_t *count);

/* Unless there is room for one more case, end: none may be left out unnoticed. */
void xp_check_room(bool room);

/* What each family appends: its cases of that many threads; how many. */
uint32_t pool_cases(uint32_t threads, struct xp_case *cases, uint32_t max);
uint32_t gate_cases(uint32_t threads, struct xp_case *cases, uint32_t max);
uint32_t turnstile_cases(uint32_t threads, struct xp_case *cases, uint32_t max);
uint32_t litmus_cases(uint32_t threads, struct xp_case *cases, uint32_t max);
uint32_t lock_cases(uint32_t threads, struct xp_case *cases, uint32_t max);

#endif
