/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Results as plain tables, for people at a terminal.
 */
#ifndef BENCH_TABLE_H
#define BENCH_TABLE_H

#include <stdio.h>

#include "result.h"

/* Print the rows from first on, a table for each scenario among them. */
void bench_table_print(FILE *out, const struct bench_results *results, unsigned first);

#endif
