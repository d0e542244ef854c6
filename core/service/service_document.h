/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The JSON of what a service does, on its way to a writer, piece by piece: what
 * service_report.c and service_histograms.c share.
 */
#ifndef WEIR_CORE_SERVICE_DOCUMENT_H
#define WEIR_CORE_SERVICE_DOCUMENT_H

#include <weir/histogram.h>

#include "json_text.h"

#define WEIR__DOCUMENT_PIECE_MAX 8192

struct weir__document {
	const struct weir_writer *writer;
	struct weir_histogram *histogram; /* room for one at a time */
	struct weir__text text;
	bool good;
	char piece[WEIR__DOCUMENT_PIECE_MAX];
};

/* service_report.c: hand over what was added to text, which is empty then. */
void weir__document_flush(struct weir__document *document);

/* service_histograms.c: the histograms of db, as a member of its object. */
void weir__document_histograms(struct weir__document *document, struct weir_db *db);

#endif
