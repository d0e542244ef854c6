/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What the phases of a scenario came to, for people at a terminal.
 */
#ifndef BENCH_PHASE_TABLE_H
#define BENCH_PHASE_TABLE_H

#include <stdio.h>

#include "result.h"

/* Print the phases of the rows from first on that have some, and who was left out. */
void bench_phase_table_print(FILE *out, const struct bench_results *results, unsigned first);

#endif
