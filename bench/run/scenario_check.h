/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Whether the settings of a scenario go together, and what follows from them.
 */
#ifndef BENCH_SCENARIO_CHECK_H
#define BENCH_SCENARIO_CHECK_H

#include "scenario_keys.h"

/* Add what is wrong to the reading's faults; fill in what its file leaves open. */
void bench_scenario_check(struct bench_scenario_reading *reading);

#endif
