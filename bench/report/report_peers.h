/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The peers' section of the report: weir beside other projects' pools, of a run of
 * its own, which has a date and a commit of its own.
 */
#ifndef BENCH_REPORT_PEERS_H
#define BENCH_REPORT_PEERS_H

#include "document.h"
#include "report_writer.h"

/* The name of the section in a markdown file. */
#define BENCH_PEERS_SECTION "peers"

/* Whether any row is a peer's. */
bool bench_has_peers(const struct bench_results *results);

/* plots may be NULL. */
void bench_report_peers(struct bench_writer *writer, const struct bench_document *document,
                        const struct bench_plots *plots);

#endif
