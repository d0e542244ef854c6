/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The tables of a report: one for each scenario, a line for each pool.
 */
#ifndef BENCH_REPORT_TABLES_H
#define BENCH_REPORT_TABLES_H

#include <stdio.h>

#include "result.h"

void bench_report_tables(FILE *out, const struct bench_results *results);

/* The first row of each scenario stands for it. */
bool bench_row_is_first(const struct bench_results *results, unsigned index);

/* A metric of one row over that of another; NAN if either is NULL. */
double bench_row_over(const struct bench_row *row, const struct bench_row *other,
                      enum bench_metric metric);

#endif
