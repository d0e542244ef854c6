/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The histograms of a database as JSON: figures, and the buckets that are not empty, from
 * which the page draws what came since it was opened.
 */
#include <string.h>

#include "service_document.h"
#include "service_internal.h"

static const char *const names[WEIR_HISTOGRAMS_COUNT] = {
	[WEIR_HISTOGRAM_WAIT] = "wait",
	[WEIR_HISTOGRAM_USE] = "use",
	[WEIR_HISTOGRAM_CREATE] = "create",
	[WEIR_HISTOGRAM_GATE_WAIT] = "gate_wait",
	[WEIR_HISTOGRAM_COMMIT] = "commit",
	[WEIR_HISTOGRAM_SYNC] = "sync",
	[WEIR_HISTOGRAM_CHECKPOINT] = "checkpoint",
	[WEIR_HISTOGRAM_GROUP_SIZE] = "group_size",
};

/* Each as [the greatest value in it, count]; of the last one that is max, since it has no
 * bound of its own. */
static void add_buckets(struct weir__document *document)
{
	const struct weir_histogram *const histogram = document->histogram;
	bool first = true;

	for (size_t i = 0; i < WEIR_HISTOGRAM_BUCKETS; i++) {
		const bool is_last = i == WEIR_HISTOGRAM_BUCKETS - 1;

		if (histogram->buckets[i] == 0)
			continue;
		weir__text_add(&document->text, "%s[%llu,%llu]", first ? "" : ",",
		               (unsigned long long)(is_last ? histogram->max : weir_histogram_upper(i)),
		               (unsigned long long)histogram->buckets[i]);
		first = false;
		if (document->text.length > sizeof document->piece / 2)
			weir__document_flush(document);
	}
}

static void add_one(struct weir__document *document, const char *name, const char *suffix)
{
	const struct weir_histogram *const histogram = document->histogram;
	const struct {
		const char *name;
		uint64_t value;
	} values[] = {
		{"sum", histogram->sum},
		{"max", histogram->max},
		{"p50", weir_histogram_quantile(histogram, 0.5)},
		{"p99", weir_histogram_quantile(histogram, 0.99)},
		{"p999", weir_histogram_quantile(histogram, 0.999)},
	};

	weir__text_add(&document->text, "\"%s\":{\"count\":%llu", name,
	               (unsigned long long)histogram->count);
	for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
		weir__text_add(&document->text, ",\"%s%s\":%llu", values[i].name, suffix,
		               (unsigned long long)values[i].value);
	weir__text_add(&document->text, ",\"buckets\":[");
	add_buckets(document);
	weir__text_add(&document->text, "]}");
}

void weir__document_histograms(struct weir__document *document, struct weir_db *db)
{
	const struct weir_metrics_source source = {.db = db};
	size_t count;
	const struct weir_histogram_row *rows = weir_histogram_table(&count);

	if (db->config.metrics == 0) {
		weir__text_add(&document->text, ",\"histograms\":null");
		return;
	}
	weir__text_add(&document->text, ",\"histograms\":{");
	for (size_t id = 0; id < count; id++) {
		document->histogram->size = (uint32_t)sizeof *document->histogram;
		(void)!weir_metrics_histogram(&source, (enum weir_histogram_id)id, document->histogram);
		weir__text_add(&document->text, "%s", id == 0 ? "" : ",");
		add_one(document, names[id], strcmp(rows[id].unit, "s") == 0 ? "_ns" : "");
	}
	weir__text_add(&document->text, "}");
}
