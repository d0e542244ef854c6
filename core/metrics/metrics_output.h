/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A document of figures on its way to a writer: what metrics_write.c and
 * metrics_histogram_write.c share.
 */
#ifndef WEIR_CORE_METRICS_OUTPUT_H
#define WEIR_CORE_METRICS_OUTPUT_H

#include <weir/config.h>
#include <weir/histogram.h>

#include "text_buffer.h"

#define WEIR__METRICS_PIECE_MAX 2048

/* Room for a pool's name as the value of a label, with its final 0: each byte may become
 * three (json_text.h), or two. */
#define WEIR__METRICS_LABEL_MAX (3 * WEIR_NAME_MAX)

/* One source, its figures, and its name as Prometheus has it. */
struct weir__metrics_pool {
	struct weir_metrics_source source;
	struct weir_metrics metrics;
	char label[WEIR__METRICS_LABEL_MAX];
	bool has_histograms;
};

struct weir__metrics_output {
	const struct weir_writer *writer;
	const struct weir__metrics_pool *pools; /* count of them */
	size_t count;
	struct weir_histogram *histogram; /* room for one at a time */
	bool good;
	struct weir__text text;
	char piece[WEIR__METRICS_PIECE_MAX];
};

/* Hand over what was added to text, which is empty then. */
void weir__metrics_flush(struct weir__metrics_output *output);

/* A name as Prometheus has it: letters, digits and underscores. */
void weir__metrics_add_name(struct weir__text *text, const char *name, size_t length);

/* metrics_histogram_write.c: all histograms of all pools; those of pools[at], as a member of
 * its object. */
void weir__metrics_write_prometheus(struct weir__metrics_output *output);
void weir__metrics_write_json(struct weir__metrics_output *output, size_t at);

#endif
