/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A run as a report for people: first what it means, then what it is made of.
 */
#ifndef BENCH_REPORT_H
#define BENCH_REPORT_H

#include "document.h"
#include "report_writer.h"

#define BENCH_REPORT_TITLE "Benchmark results"

/* Everything but the title. plots may be NULL: no pictures were asked for. */
void bench_report_write(struct bench_writer *writer, const struct bench_document *document,
                        const struct bench_plots *plots);

/* What the run ran on, as a table. */
void bench_report_machine(struct bench_writer *writer, const struct bench_document *document);

/* As markdown, with its title; false when out fails. plots_href: where pictures
 * are, seen from the report; NULL: no pictures. */
bool bench_report_markdown(FILE *out, const struct bench_document *document,
                           const struct bench_plots *plots, const char *plots_href);

/* As one HTML page; false without memory, or when out fails. */
bool bench_report_html(FILE *out, const struct bench_document *document,
                       const struct bench_plots *plots);

#endif
