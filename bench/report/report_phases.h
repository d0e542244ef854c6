/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What each phase of a scenario came to, pool by pool, as a table.
 */
#ifndef BENCH_REPORT_PHASES_H
#define BENCH_REPORT_PHASES_H

#include "result.h"
#include "report_writer.h"

/* Nothing where no row of the scenario has phases. */
void bench_report_phases(struct bench_writer *writer, const struct bench_results *results,
                         const char *scenario);

#endif
