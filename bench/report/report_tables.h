/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The tables of a report: one for each scenario, a line for each pool.
 */
#ifndef BENCH_REPORT_TABLES_H
#define BENCH_REPORT_TABLES_H

#include <stdio.h>

#include "result.h"

void bench_report_tables(FILE *out, const struct bench_results *results);

#endif
