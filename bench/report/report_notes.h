/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The notes of a report: which pools do more for each lease than others, and who
 * took no part.
 */
#ifndef BENCH_REPORT_NOTES_H
#define BENCH_REPORT_NOTES_H

#include "document.h"
#include "report_writer.h"

/* With a heading; nothing where there is nothing to note. */
void bench_report_notes(struct bench_writer *writer, const struct bench_document *document);

#endif
