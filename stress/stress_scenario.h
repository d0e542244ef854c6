/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The scenarios: which pool, which callers, what goes wrong meanwhile.
 */
#ifndef STRESS_SCENARIO_H
#define STRESS_SCENARIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weir/driver.h>

/* Acquires, in percent: the rest is patient and waits for ever. */
struct stress_mix {
	uint32_t tries;    /* weir_try_acquire */
	uint32_t hasty;    /* up to 100 us */
	uint32_t timed;    /* up to 20 ms */
	uint32_t odd;      /* of all: with a deadline from the edges of time instead */
	uint32_t discards; /* of the leases got; the others are released */
	uint32_t passes;   /* of the leases got: given to another thread, which ends them */
	uint32_t sleeps;   /* of the leases got: held across a sleep */
};

/* Failures that a caller may see, beside a timeout. */
#define STRESS_MAY_FAIL_OPEN UINT32_C(1)
#define STRESS_MAY_FAIL_HEALTH UINT32_C(2)
#define STRESS_MAY_BE_REFUSED UINT32_C(4) /* the queue is bounded */
#define STRESS_MAY_CLOSE UINT32_C(8)

struct stress_world;

struct stress_scenario {
	const char *name;
	const char *doc;
	const char *settings; /* of the pool, as pairs */
	const struct weir_driver *(*driver)(void);
	uint32_t threads;
	bool threads_fixed; /* whatever the command line says */
	uint32_t bag;       /* leases that a thread may hold at once; 0: as many as are interesting */
	uint32_t may;       /* STRESS_MAY_* */
	struct stress_mix mix;

	/* Called about every millisecond while the callers run; NULL: nothing. */
	void (*disturb)(struct stress_world *world);

	/* In place of one long run: rounds of this, until the time is over. */
	void (*round)(struct stress_world *world);
};

const struct stress_scenario *stress_scenarios(size_t *count);

/* NULL if there is none of that name. */
const struct stress_scenario *stress_scenario_find(const char *name);

#endif
