/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The scenarios of a report: for each a table with a line for each pool, and its
 * pictures.
 */
#ifndef BENCH_REPORT_TABLES_H
#define BENCH_REPORT_TABLES_H

#include "result.h"
#include "report_writer.h"

/* plots may be NULL. */
void bench_report_tables(struct bench_writer *writer, const struct bench_results *results,
                         const struct bench_plots *plots);

#endif
