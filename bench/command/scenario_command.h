/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Scenario files on the command line, and `weir-bench show` and `weir-bench check`.
 */
#ifndef BENCH_SCENARIO_COMMAND_H
#define BENCH_SCENARIO_COMMAND_H

#include <stdbool.h>

#include "scenario.h"

/* Whether a word of the command line means a file, and not a built-in scenario. */
bool bench_is_scenario_file(const char *word);

/* Read a file; NULL, with everything that is wrong with it on stderr. */
struct bench_scenario *bench_scenario_open(const char *path);

#endif
