/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The summary of a report: sentences, and weir beside the baselines scenario by
 * scenario.
 */
#ifndef BENCH_REPORT_SUMMARY_H
#define BENCH_REPORT_SUMMARY_H

#include "document.h"
#include "report_writer.h"

void bench_report_summary(struct bench_writer *writer, const struct bench_document *document);

/* The targets and whether they are met; nothing where none can be judged. */
void bench_report_targets(struct bench_writer *writer, const struct bench_document *document);

/* Medians that differ by no more than this, or than the repetitions of either row
 * do, are called level. */
#define BENCH_LEVEL_SLACK 0.02

#endif
