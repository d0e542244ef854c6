/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Figures as a document: Prometheus' text, where all rows of a name stand together under
 * one HELP and TYPE, and JSON, where all rows of a pool do.
 */
#include <string.h>

#include "db_internal.h"
#include "json_text.h"
#include "metrics_output.h"
#include "platform_os.h"

void weir__metrics_flush(struct weir__metrics_output *output)
{
	output->good =
		output->good && output->text.length < sizeof output->piece &&
		output->writer->write(output->writer->arg, output->text.bytes, output->text.length);
	output->text = weir__text_make(output->piece, sizeof output->piece);
}

/* ---- Prometheus ---- */

void weir__metrics_add_name(struct weir__text *text, const char *name, size_t length)
{
	for (size_t i = 0; i < length; i++)
		weir__text_add(text, "%c", name[i] == '.' ? '_' : name[i]);
}

void weir_metrics_prometheus_name(const struct weir_metric *row, char *name)
{
	static const char kept[] = ".count"; /* for histograms: promtool refuses it elsewhere */
	struct weir__text text = weir__text_make(name, WEIR_METRIC_NAME_MAX);
	const size_t length = strlen(row->name);
	const size_t stem = length > sizeof kept - 1 ? length - (sizeof kept - 1) : length;
	const bool is_count = strcmp(row->name + stem, kept) == 0;

	weir__metrics_add_name(&text, row->name, is_count ? stem : length);
	weir__text_add(&text, "%s%s", is_count ? "s" : "",
	               row->instrument == WEIR_COUNTER ? "_total" : "");
}

static void add_metric_name(struct weir__text *text, const struct weir_metric *row)
{
	char name[WEIR_METRIC_NAME_MAX];

	weir_metrics_prometheus_name(row, name);
	weir__text_add(text, "%s", name);
}

/*
 * The bytes from value on that are not ASCII; returns how many. One that is no UTF-8 would
 * have Prometheus refuse the figures of all pools. Characters never go on past such a run, and
 * a JSON string escapes nothing in it, so what stands between its quotes is what is wanted.
 */
static size_t add_run(struct weir__text *text, const char *value)
{
	char run[WEIR_NAME_MAX]; /* the pool's name is no longer */
	char quoted[3 * sizeof run + 2];
	struct weir__text json = weir__text_make(quoted, sizeof quoted);
	size_t length = 0;

	while (length < sizeof run - 1 && ((unsigned char)value[length] & 0x80) != 0) {
		run[length] = value[length];
		length++;
	}
	run[length] = '\0';
	weir__json_string(&json, run);
	weir__text_add(text, "%.*s", (int)(json.length - 2), quoted + 1);
	return length;
}

/* The value of a label, between its quotes. */
static void add_label(struct weir__text *text, const char *value)
{
	while (*value != '\0') {
		if (((unsigned char)*value & 0x80) != 0) {
			value += add_run(text, value);
			continue;
		}
		if (*value == '\n')
			weir__text_add(text, "\\n");
		else
			weir__text_add(text, "%s%c", *value == '"' || *value == '\\' ? "\\" : "", *value);
		value++;
	}
}

static void add_sample(struct weir__metrics_output *output, const struct weir_metric *row,
                       const struct weir__metrics_pool *pool, uint64_t value)
{
	struct weir__text *text = &output->text;

	add_metric_name(text, row);
	weir__text_add(text, "{db_client_connection_pool_name=\"%s\"", pool->label);
	if (row->attribute[0] != '\0') {
		weir__text_add(text, ",");
		weir__metrics_add_name(text, row->attribute, strlen(row->attribute));
		weir__text_add(text, "=\"%s\"", row->value);
	}
	weir__text_add(text, "} %llu\n", (unsigned long long)value);
	weir__metrics_flush(output);
}

static void write_prometheus(struct weir__metrics_output *output)
{
	size_t count;
	const struct weir_metric *rows = weir_metrics_table(&count);

	for (size_t i = 0; i < count; i++) {
		const struct weir_metric *row = &rows[i];

		if (i == 0 || strcmp(rows[i - 1].name, row->name) != 0) {
			weir__text_add(&output->text, "# HELP ");
			add_metric_name(&output->text, row);
			weir__text_add(&output->text, " %s\n# TYPE ", row->doc);
			add_metric_name(&output->text, row);
			weir__text_add(&output->text, " %s\n",
			               row->instrument == WEIR_COUNTER ? "counter" : "gauge");
			weir__metrics_flush(output);
		}
		for (size_t at = 0; at < output->count; at++) {
			const struct weir__metrics_pool *pool = &output->pools[at];

			if (pool->metrics.has_db || i < WEIR_METRIC_GATE_NORMAL)
				add_sample(output, row, pool, pool->metrics.values[i]);
		}
	}
	weir__metrics_write_prometheus(output);
}

/* ---- JSON ---- */

static void write_json_row(struct weir__metrics_output *output, const struct weir_metric *row,
                           uint64_t value, bool first)
{
	struct weir__text *text = &output->text;

	weir__text_add(text, "%s{\"name\":\"%s\"", first ? "" : ",", row->name);
	if (row->attribute[0] != '\0')
		weir__text_add(text, ",\"attributes\":{\"%s\":\"%s\"}", row->attribute, row->value);
	weir__text_add(text, ",\"type\":\"%s\",\"unit\":\"%s\",\"value\":%llu}",
	               row->instrument == WEIR_COUNTER ? "counter" : "gauge", row->unit,
	               (unsigned long long)value);
	weir__metrics_flush(output);
}

static void write_json(struct weir__metrics_output *output)
{
	size_t count;
	const struct weir_metric *rows = weir_metrics_table(&count);

	weir__text_add(&output->text, "{\"schema\":1,\"pools\":[");
	for (size_t at = 0; at < output->count; at++) {
		const struct weir_metrics *metrics = &output->pools[at].metrics;

		weir__text_add(&output->text, "%s{\"db.client.connection.pool.name\":", at > 0 ? "," : "");
		weir__json_string(&output->text, metrics->pool);
		weir__text_add(&output->text, ",\"metrics\":[");
		for (size_t i = 0; i < count; i++) {
			if (metrics->has_db || i < WEIR_METRIC_GATE_NORMAL)
				write_json_row(output, &rows[i], metrics->values[i], i == 0);
		}
		weir__text_add(&output->text, "]");
		weir__metrics_write_json(output, at);
		weir__text_add(&output->text, "}");
	}
	weir__text_add(&output->text, "]}\n");
	weir__metrics_flush(output);
}

/* ---- */

static bool keeps_histograms(const struct weir_metrics_source *source)
{
	return source->db != NULL ? source->db->config.metrics != 0 : source->pool->config.metrics != 0;
}

static enum weir_code read_all(const struct weir_metrics_source *sources, size_t count,
                               struct weir__metrics_pool *pools, struct weir_error *err)
{
	for (size_t i = 0; i < count; i++) {
		struct weir__text label = weir__text_make(pools[i].label, sizeof pools[i].label);
		enum weir_code code;

		pools[i].source = sources[i];
		pools[i].metrics.size = (uint32_t)sizeof pools[i].metrics;
		code = weir_metrics_read(&sources[i], &pools[i].metrics);
		if (code != WEIR_OK)
			return weir_fail(err, code, "metrics.write", 0, "%s", weir_error_text(code));
		pools[i].has_histograms = keeps_histograms(&sources[i]);
		add_label(&label, pools[i].metrics.pool);
	}
	return WEIR_OK;
}

/* As they are written: two names that are no UTF-8 may differ and yet read the same. */
static enum weir_code check_names(const struct weir__metrics_pool *pools, size_t count,
                                  struct weir_error *err)
{
	for (size_t i = 0; i < count; i++) {
		for (size_t j = 0; j < i; j++) {
			if (strcmp(pools[i].label, pools[j].label) == 0)
				return weir_fail(err, WEIR_ERR_BAD_ARGUMENT, "metrics.write", 0,
				                 "two sources have the name %s: none could be told from the other",
				                 pools[i].label);
		}
	}
	return WEIR_OK;
}

static enum weir_code write_all(struct weir__metrics_output *output,
                                const struct weir_metrics_source *sources,
                                struct weir__metrics_pool *pools, enum weir_metrics_format format,
                                struct weir_error *err)
{
	enum weir_code code = read_all(sources, output->count, pools, err);

	if (code == WEIR_OK)
		code = check_names(pools, output->count, err);
	if (code != WEIR_OK)
		return code;
	output->pools = pools;
	output->text = weir__text_make(output->piece, sizeof output->piece);
	if (format == WEIR_METRICS_JSON)
		write_json(output);
	else
		write_prometheus(output);
	return output->good
	           ? WEIR_OK
	           : weir_fail(err, WEIR_ERR_IO, "metrics.write", 0, "the writer took no more");
}

enum weir_code weir_metrics_write(const struct weir_metrics_source *sources, size_t count,
                                  enum weir_metrics_format format, const struct weir_writer *writer,
                                  struct weir_error *err)
{
	struct weir__metrics_output output = {.writer = writer, .count = count, .good = true};
	struct weir__metrics_pool *pools;
	enum weir_code code;

	if ((sources == NULL && count > 0) || writer == NULL || writer->write == NULL ||
	    (unsigned)format > WEIR_METRICS_JSON)
		return weir_fail(err, WEIR_ERR_BAD_ARGUMENT, "metrics.write", 0,
		                 "sources, writer and format must be given");
	pools = (struct weir__metrics_pool *)wp_alloc(sizeof(void *), (count + 1) * sizeof *pools);
	output.histogram = (struct weir_histogram *)wp_alloc(sizeof(void *), sizeof *output.histogram);
	if (pools != NULL && output.histogram != NULL)
		code = write_all(&output, sources, pools, format, err);
	else
		code = weir_fail(err, WEIR_ERR_NO_MEMORY, "metrics.write", 0, "no memory for the figures");
	wp_free(output.histogram);
	wp_free(pools);
	return code;
}
