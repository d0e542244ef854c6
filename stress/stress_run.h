/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Running one scenario, with a watchdog beside it.
 */
#ifndef STRESS_RUN_H
#define STRESS_RUN_H

#include <stdbool.h>
#include <stdint.h>

#include "stress_scenario.h"

struct stress_run {
	double seconds; /* of each scenario */
	uint64_t seed;
	uint32_t threads;   /* 0: as the scenario says */
	const char *record; /* folder for the histories; NULL: only broken ones are kept */
	unsigned passed;    /* so far */
	unsigned failed;
};

/* Run, print the summary line and count; true if every invariant held. A call that does
 * not return ends the process with exit code 1: its thread cannot be stopped. */
bool stress_run_scenario(struct stress_run *run, const struct stress_scenario *scenario);

/* Catch SIGINT and SIGTERM from now on; whether one came. */
void stress_interrupt_prepare(void);
bool stress_interrupted(void);

#endif
