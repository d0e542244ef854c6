/* SPDX-License-Identifier: BSD-2-Clause
 *
 * `weir metrics`: the figures of pools and databases, as a table, JSON, or the page
 * docs/reference/metrics.md.
 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <weir/histogram.h>

#include "command.h"

static const char help[] =
	"Usage: weir metrics [--json | --reference]\n"
	"\n"
	"List the figures and histograms of pools and databases: name, type, unit,\n"
	"attribute, meaning.\n"
	"\n"
	"  --json       as {\"schema\":1,\"metrics\":[...]}\n"
	"  --reference  as the text of docs/reference/metrics.md\n"
	"  --help       show this\n";

#define ATTRIBUTE_MAX 96

static const char row_format[] = "%-40s %-9s %-14s %-34s %s\n";

static const char *type_word(const struct weir_metric *row)
{
	return row->instrument == WEIR_COUNTER ? "counter" : "gauge";
}

/* Whether rows[i] goes on with the name of the row before it. */
static bool goes_on(const struct weir_metric *rows, size_t i)
{
	return i > 0 && strcmp(rows[i - 1].name, rows[i].name) == 0;
}

/* The values of the attribute of the name that begins at rows[i]. */
static json_t *values_of(const struct weir_metric *rows, size_t count, size_t i)
{
	json_t *values = json_array();

	if (rows[i].attribute[0] == '\0')
		return values;
	do {
		if (json_array_append_new(values, json_string(rows[i].value)) != 0) {
			json_decref(values);
			return NULL;
		}
	} while (++i < count && goes_on(rows, i));
	return values;
}

static enum exit_code print_table(void)
{
	size_t count;
	const struct weir_metric *rows = weir_metrics_table(&count);

	(void)printf(row_format, "NAME", "TYPE", "UNIT", "ATTRIBUTE", "MEANING");
	for (size_t i = 0; i < count; i++) {
		char attribute[ATTRIBUTE_MAX];

		(void)snprintf(attribute, sizeof attribute, "%s%s%s", rows[i].attribute,
		               rows[i].attribute[0] == '\0' ? "" : "=", rows[i].value);
		(void)printf(row_format, rows[i].name, type_word(&rows[i]), rows[i].unit, attribute,
		             rows[i].doc);
	}

	const struct weir_histogram_row *histograms = weir_histogram_table(&count);

	for (size_t i = 0; i < count; i++)
		(void)printf(row_format, histograms[i].name, "histogram", histograms[i].unit, "",
		             histograms[i].doc);
	return EXIT_DONE;
}

static const char *source_of(const struct weir_histogram_row *row)
{
	return strncmp(row->name, "db.client.", 10) == 0 ? "otel" : "weir";
}

static bool append(json_t *metrics, json_t *entry)
{
	return entry != NULL && json_array_append_new(metrics, entry) == 0;
}

static bool append_rows(json_t *metrics)
{
	size_t count;
	const struct weir_metric *rows = weir_metrics_table(&count);

	for (size_t i = 0; i < count; i++) {
		char name[WEIR_METRIC_NAME_MAX];

		if (goes_on(rows, i))
			continue;
		weir_metrics_prometheus_name(&rows[i], name);
		if (!append(metrics,
		            json_pack("{s:s,s:s,s:s,s:s,s:s,s:o,s:s,s:b,s:s}", "name", rows[i].name,
		                      "prometheus", name, "type", type_word(&rows[i]), "unit", rows[i].unit,
		                      "attribute", rows[i].attribute, "values", values_of(rows, count, i),
		                      "source", rows[i].source, "db_only", i >= WEIR_METRIC_GATE_NORMAL,
		                      "doc", rows[i].doc)))
			return false;
	}
	return true;
}

static bool append_histograms(json_t *metrics)
{
	size_t count;
	const struct weir_histogram_row *rows = weir_histogram_table(&count);

	for (size_t i = 0; i < count; i++) {
		char name[WEIR_METRIC_NAME_MAX];

		weir_histogram_prometheus_name(&rows[i], name);
		if (!append(metrics,
		            json_pack("{s:s,s:s,s:s,s:s,s:s,s:[],s:s,s:b,s:s}", "name", rows[i].name,
		                      "prometheus", name, "type", "histogram", "unit", rows[i].unit,
		                      "attribute", "", "values", "source", source_of(&rows[i]), "db_only",
		                      (int)rows[i].is_db, "doc", rows[i].doc)))
			return false;
	}
	return true;
}

static enum exit_code print_metrics_json(void)
{
	json_t *metrics = json_array();

	if (!append_rows(metrics) || !append_histograms(metrics)) {
		json_decref(metrics);
		return print_json(NULL);
	}
	return print_json(json_pack("{s:i,s:o}", "schema", 1, "metrics", metrics));
}

static const char reference_head[] =
	"# Metrics\n"
	"\n"
	"<!-- Written by `weir metrics --reference`; change include/weir/metrics.h instead. -->\n"
	"\n"
	"`weir_metrics_read` fills a `struct weir_metrics` with the figures of a pool or `weir_db`,\n"
	"`weir_metrics_write` writes those of several as Prometheus' text or as JSON, and\n"
	"`weir_service_write_metrics` does so for all databases of a service. Each figure is exact by\n"
	"itself; together they are not one snapshot. Counters begin at 0 when the pool is made.\n"
	"Histograms are at the end of this page.\n"
	"\n"
	"Each row has the attribute `db.client.connection.pool.name`. *Source* says who chose the\n"
	"name: `otel` are OpenTelemetry's semantic conventions for database clients, whose names,\n"
	"units and attributes are kept; `weir` is this library, in the same style. In Prometheus'\n"
	"names and labels points are underscores, and counters end in `_total`; `x.count` is `xs`\n"
	"there, because Prometheus keeps `_count` for histograms. Units are UCUM's.\n";

static void print_reference_row(const struct weir_metric *rows, size_t count, size_t i)
{
	char name[WEIR_METRIC_NAME_MAX];

	weir_metrics_prometheus_name(&rows[i], name);
	(void)printf("| `%s` | `%s` | %s | `%s` | ", rows[i].name, name, type_word(&rows[i]),
	             rows[i].unit);
	if (rows[i].attribute[0] != '\0') {
		(void)printf("`%s`: ", rows[i].attribute);
		for (size_t at = i; at == i || (at < count && goes_on(rows, at)); at++)
			(void)printf("%s%s", at == i ? "" : ", ", rows[at].value);
		(void)putchar(' ');
	}
	(void)printf("| %s | %s |\n", rows[i].source, rows[i].doc);
}

static const char histograms_head[] =
	"\n## Histograms\n"
	"\n"
	"Kept unless `metrics` is false. `weir_metrics_histogram` copies one: counts by value, in\n"
	"2368 buckets of which the middle differs from any value in them by less than 0.8 %, with a\n"
	"sum and a maximum that are exact. `weir_histogram_quantile` reads it. JSON has `count`,\n"
	"`sum`, `max`, `p50`, `p99` and `p99.9`, in the unit.\n"
	"\n"
	"In Prometheus' text what is in seconds ends in `_seconds`, and the bounds are 1, 2.5 and 5\n"
	"of each decade from 1 µs to 50 s, or, for what is no time, the powers of two up to 1024. A\n"
	"bound's count is right but for values within 0.8 % of the bound, which may be on its other\n"
	"side.\n"
	"\n"
	"| name | Prometheus | unit | of | source | meaning |\n"
	"|---|---|---|---|---|---|\n";

static void print_histograms(void)
{
	size_t count;
	const struct weir_histogram_row *rows = weir_histogram_table(&count);

	(void)fputs(histograms_head, stdout);
	for (size_t i = 0; i < count; i++) {
		char name[WEIR_METRIC_NAME_MAX];

		weir_histogram_prometheus_name(&rows[i], name);
		(void)printf("| `%s` | `%s` | `%s` | %s | %s | %s |\n", rows[i].name, name, rows[i].unit,
		             rows[i].is_db ? "a database" : "each pool", source_of(&rows[i]), rows[i].doc);
	}
}

static enum exit_code print_reference(void)
{
	static const char columns[] =
		"| name | Prometheus | type | unit | attribute | source | meaning |\n"
		"|---|---|---|---|---|---|---|\n";
	size_t count;
	const struct weir_metric *rows = weir_metrics_table(&count);

	(void)printf("%s\n## Of each pool, and of the readers of a database\n\n%s", reference_head,
	             columns);
	for (size_t i = 0; i < count; i++) {
		if (i == WEIR_METRIC_GATE_NORMAL)
			(void)printf("\n## Of a database alone\n\n%s", columns);
		if (!goes_on(rows, i))
			print_reference_row(rows, count, i);
	}
	print_histograms();
	return EXIT_DONE;
}

enum exit_code cmd_metrics(int argc, char **argv)
{
	static const struct listing listing = {help, print_table, print_metrics_json, print_reference};

	return run_listing(argc, argv, &listing);
}
