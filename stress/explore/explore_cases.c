/* SPDX-License-Identifier: BSD-2-Clause
 *
 * All cases, in a fixed order: by number of threads, then by family.
 */
#include "explore_cases.h"

#include <stdio.h>
#include <stdlib.h>

#define CASES_MAX 16384
#define LEAST_THREADS 2
#define MOST_THREADS 4

void xp_check_room(bool room)
{
	if (room)
		return;
	(void)fprintf(stderr, "weir-explore: there are more cases than its tables hold\n");
	abort();
}

typedef uint32_t family(uint32_t threads, struct xp_case *cases, uint32_t max);

static uint32_t make_all(struct xp_case *cases)
{
	static family *const families[] = {pool_cases, gate_cases, turnstile_cases, lock_cases,
	                                   litmus_cases};
	uint32_t made = 0;

	for (uint32_t threads = LEAST_THREADS; threads <= MOST_THREADS; threads++) {
		for (size_t i = 0; i < sizeof families / sizeof families[0]; i++)
			made += families[i](threads, cases + made, CASES_MAX - made);
	}
	return made;
}

const struct xp_case *xp_cases(uint32_t *count)
{
	static struct xp_case cases[CASES_MAX];
	static uint32_t made;

	if (made == 0)
		made = make_all(cases);
	*count = made;
	return cases;
}
