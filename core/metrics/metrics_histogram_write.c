/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Histograms as a document. Prometheus has few bounds, and each has all that is below it;
 * what it is told are our fine buckets, added up to each bound. One that a bound goes
 * through counts as below if its middle is, so that a value is on the wrong side of a
 * bound only if it is within the documented error of it.
 */
#include <string.h>

#include "metrics_output.h"

/* A bound in what is counted, and in the unit. Never by way of a double, whose decimal
 * point is the program's locale's. */
struct bound {
	uint64_t most;
	const char *le;
};

static const struct bound times[] = {
	{1000, "1e-06"},     {2500, "2.5e-06"},   {5000, "5e-06"},     {10000, "1e-05"},
	{25000, "2.5e-05"},  {50000, "5e-05"},    {100000, "0.0001"},  {250000, "0.00025"},
	{500000, "0.0005"},  {1000000, "0.001"},  {2500000, "0.0025"}, {5000000, "0.005"},
	{10000000, "0.01"},  {25000000, "0.025"}, {50000000, "0.05"},  {100000000, "0.1"},
	{250000000, "0.25"}, {500000000, "0.5"},  {1000000000, "1"},   {2500000000, "2.5"},
	{5000000000, "5"},   {10000000000, "10"}, {25000000000, "25"}, {50000000000, "50"},
};

static const struct bound counts[] = {
	{1, "1"},   {2, "2"},     {4, "4"},     {8, "8"},     {16, "16"},     {32, "32"},
	{64, "64"}, {128, "128"}, {256, "256"}, {512, "512"}, {1024, "1024"},
};

static bool is_time(const struct weir_histogram_row *row)
{
	return strcmp(row->unit, "s") == 0;
}

static bool has(const struct weir__metrics_pool *pool, const struct weir_histogram_row *row)
{
	return pool->has_histograms && (pool->metrics.has_db || !row->is_db);
}

void weir_histogram_prometheus_name(const struct weir_histogram_row *row, char *name)
{
	struct weir__text text = weir__text_make(name, WEIR_METRIC_NAME_MAX);

	weir__metrics_add_name(&text, row->name, strlen(row->name));
	weir__text_add(&text, "%s", is_time(row) ? "_seconds" : "");
}

/* What was counted, in the unit: nanoseconds as seconds. */
static void add_value(struct weir__text *text, const struct weir_histogram_row *row, uint64_t value)
{
	const unsigned long long whole = value;

	if (is_time(row))
		weir__text_add(text, "%llu.%09llu", whole / 1000000000, whole % 1000000000);
	else
		weir__text_add(text, "%llu", whole);
}

static uint64_t middle_of(size_t bucket)
{
	const uint64_t lower = bucket == 0 ? 0 : weir_histogram_upper(bucket - 1) + 1;

	return lower + (weir_histogram_upper(bucket) - lower) / 2;
}

/* ---- Prometheus ---- */

static void add_sample(struct weir__metrics_output *output, const char *name, const char *suffix,
                       const struct weir__metrics_pool *pool)
{
	weir__text_add(&output->text, "%s%s{db_client_connection_pool_name=\"%s\"", name, suffix,
	               pool->label);
}

static void add_buckets(struct weir__metrics_output *output, const char *name,
                        const struct weir__metrics_pool *pool, const struct weir_histogram_row *row)
{
	const struct bound *const bounds = is_time(row) ? times : counts;
	const size_t bounds_count = is_time(row) ? sizeof times / sizeof times[0]
	                                         : sizeof counts / sizeof counts[0];
	uint64_t below = 0;
	size_t bucket = 0;

	for (size_t i = 0; i < bounds_count; i++) {
		for (; bucket < WEIR_HISTOGRAM_BUCKETS && middle_of(bucket) <= bounds[i].most; bucket++)
			below += output->histogram->buckets[bucket];
		add_sample(output, name, "_bucket", pool);
		weir__text_add(&output->text, ",le=\"%s\"} %llu\n", bounds[i].le,
		               (unsigned long long)below);
		weir__metrics_flush(output);
	}
}

static void write_one(struct weir__metrics_output *output, const char *name,
                      const struct weir__metrics_pool *pool, const struct weir_histogram_row *row)
{
	const unsigned long long count = output->histogram->count;

	add_buckets(output, name, pool, row);
	add_sample(output, name, "_bucket", pool);
	weir__text_add(&output->text, ",le=\"+Inf\"} %llu\n", count);
	add_sample(output, name, "_sum", pool);
	weir__text_add(&output->text, "} ");
	add_value(&output->text, row, output->histogram->sum);
	weir__text_add(&output->text, "\n");
	add_sample(output, name, "_count", pool);
	weir__text_add(&output->text, "} %llu\n", count);
	weir__metrics_flush(output);
}

/* Read one that is there; what keeps it from being read has kept the figures, before. */
static void read_one(struct weir__metrics_output *output, const struct weir__metrics_pool *pool,
                     size_t id)
{
	output->histogram->size = (uint32_t)sizeof *output->histogram;
	(void)!weir_metrics_histogram(&pool->source, (enum weir_histogram_id)id, output->histogram);
}

void weir__metrics_write_prometheus(struct weir__metrics_output *output)
{
	size_t count;
	const struct weir_histogram_row *rows = weir_histogram_table(&count);

	for (size_t id = 0; id < count; id++) {
		char name[WEIR_METRIC_NAME_MAX];
		bool declared = false;

		weir_histogram_prometheus_name(&rows[id], name);
		for (size_t at = 0; at < output->count; at++) {
			if (!has(&output->pools[at], &rows[id]))
				continue;
			if (!declared)
				weir__text_add(&output->text, "# HELP %s %s\n# TYPE %s histogram\n", name,
				               rows[id].doc, name);
			declared = true;
			read_one(output, &output->pools[at], id);
			write_one(output, name, &output->pools[at], &rows[id]);
		}
	}
}

/* ---- JSON ---- */

static void write_json_one(struct weir__metrics_output *output,
                           const struct weir_histogram_row *row, bool first)
{
	const struct weir_histogram *const histogram = output->histogram;
	const struct {
		const char *name;
		uint64_t value;
	} values[] = {
		{"sum", histogram->sum},
		{"max", histogram->max},
		{"p50", weir_histogram_quantile(histogram, 0.5)},
		{"p99", weir_histogram_quantile(histogram, 0.99)},
		{"p99.9", weir_histogram_quantile(histogram, 0.999)},
	};
	struct weir__text *text = &output->text;

	weir__text_add(text, "%s{\"name\":\"%s\",\"unit\":\"%s\",\"count\":%llu", first ? "" : ",",
	               row->name, row->unit, (unsigned long long)histogram->count);
	for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
		weir__text_add(text, ",\"%s\":", values[i].name);
		add_value(text, row, values[i].value);
	}
	weir__text_add(text, "}");
	weir__metrics_flush(output);
}

void weir__metrics_write_json(struct weir__metrics_output *output, size_t at)
{
	const struct weir__metrics_pool *const pool = &output->pools[at];
	size_t count;
	const struct weir_histogram_row *rows = weir_histogram_table(&count);
	bool first = true;

	weir__text_add(&output->text, ",\"histograms\":[");
	for (size_t id = 0; id < count; id++) {
		if (!has(pool, &rows[id]))
			continue;
		read_one(output, pool, id);
		write_json_one(output, &rows[id], first);
		first = false;
	}
	weir__text_add(&output->text, "]");
}
