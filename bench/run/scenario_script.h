/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Files as a whole: a scenario's own, and those with SQL that it names.
 */
#ifndef BENCH_SCENARIO_SCRIPT_H
#define BENCH_SCENARIO_SCRIPT_H

#include "scenario.h"

/* Read a file of some megabytes at most ("-": standard input), with a NUL byte behind
 * it; NULL, with a problem. To be freed. */
char *bench_file_read(const char *path, size_t *length, char *problem, size_t problem_size);

/* Add a file's SQL to what makes the database; name is relative to the scenario's. */
bool bench_script_add_file(struct bench_scenario *scenario, const char *name, char *problem,
                           size_t problem_size);

#endif
