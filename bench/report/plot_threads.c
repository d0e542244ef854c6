/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Throughput against threads, for scenarios that run with several numbers of them.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "plot_kinds.h"
#include "plot_style.h"
#include "plots.h"

#define SIZES_MAX 16

struct chart {
	const struct bench_results *results;
	const char *scenario;
	unsigned sizes_count;
	unsigned sizes[SIZES_MAX]; /* rising */
	unsigned pools_count;
	const struct bench_row *pools[BENCH_PLOT_SERIES_MAX]; /* a row of each */
	double most;
};

/* The size of a row that belongs to the chart, or 0. */
static unsigned size_of(const struct chart *chart, const struct bench_row *row)
{
	char base[BENCH_SCENARIO_NAME_MAX];
	const unsigned size = bench_scenario_size(chart->results, row->scenario, base);

	return size != 0 && strcmp(base, chart->scenario) == 0 &&
	               isfinite(bench_row_value(row, BENCH_OPS_PER_S))
	           ? size
	           : 0;
}

static void add_size(struct chart *chart, unsigned size)
{
	unsigned at = chart->sizes_count;

	for (unsigned i = 0; i < chart->sizes_count; i++)
		if (chart->sizes[i] == size)
			return;
	if (chart->sizes_count == SIZES_MAX)
		return;
	for (; at > 0 && chart->sizes[at - 1] > size; at--)
		chart->sizes[at] = chart->sizes[at - 1];
	chart->sizes[at] = size;
	chart->sizes_count++;
}

static void add_pool(struct chart *chart, const struct bench_row *row)
{
	for (unsigned i = 0; i < chart->pools_count; i++)
		if (strcmp(chart->pools[i]->pool, row->pool) == 0)
			return;
	if (chart->pools_count < BENCH_PLOT_SERIES_MAX)
		chart->pools[chart->pools_count++] = row;
}

static void read_chart(struct chart *chart)
{
	for (unsigned i = 0; i < chart->results->rows_count; i++) {
		const struct bench_row *const row = &chart->results->rows[i];
		const unsigned size = size_of(chart, row);

		if (size == 0)
			continue;
		add_size(chart, size);
		add_pool(chart, row);
		chart->most = fmax(chart->most, bench_row_value(row, BENCH_OPS_PER_S));
	}
}

/* The points of one pool; the last is where its name goes. */
static void put_points(FILE *script, const struct chart *chart, unsigned index,
                       struct bench_plot_label *label)
{
	(void)fprintf(script, "$d%u << EOD\n", index);
	for (unsigned at = 0; at < chart->sizes_count; at++)
		for (unsigned i = 0; i < chart->results->rows_count; i++) {
			const struct bench_row *const row = &chart->results->rows[i];

			if (size_of(chart, row) != chart->sizes[at] ||
			    strcmp(row->pool, chart->pools[index]->pool) != 0)
				continue;
			label->end_x = chart->sizes[at];
			label->end_y = bench_row_value(row, BENCH_OPS_PER_S);
			(void)fprintf(script, "%.9g %.9g\n", label->end_x, label->end_y);
		}
	(void)fputs("EOD\n", script);
}

/* A little longer than its last mark, which gnuplot would leave out at the very end. */
static void put_thread_axis(FILE *script, const struct chart *chart)
{
	(void)fprintf(script, "set logscale x 2\nset xrange [%g:%g]\nset xtics (",
	              chart->sizes[0] * 0.94, chart->sizes[chart->sizes_count - 1] * 1.0005);
	for (unsigned i = 0; i < chart->sizes_count; i++)
		(void)fprintf(script, "%s'%u' %u", i > 0 ? ", " : "", chart->sizes[i], chart->sizes[i]);
	(void)fputs(")\n", script);
}

unsigned bench_plot_threads(FILE *script, const struct bench_results *results, const char *scenario)
{
	struct chart chart = {.results = results, .scenario = scenario};
	struct bench_plot_frame frame = {.height = 410, .left = 84, .top = 80, .bottom = 58};
	struct bench_plot_label labels[BENCH_PLOT_SERIES_MAX] = {0};
	struct bench_series series[BENCH_PLOT_SERIES_MAX];
	char title[BENCH_SCENARIO_NAME_MAX + 64];
	const char *comma = "plot ";
	double end;

	read_chart(&chart);
	if (chart.sizes_count < 2)
		return 0;
	(void)snprintf(title, sizeof(title), "%s: throughput against threads", scenario);
	frame.title = title;
	frame.subtitle = chart.pools[0]->doc != NULL ? chart.pools[0]->doc : "";
	for (unsigned i = 0; i < chart.pools_count; i++) {
		series[i] = bench_series_of(results, chart.pools[i]);
		labels[i].text = chart.pools[i]->pool;
		labels[i].series = series[i];
	}
	frame.right = bench_plot_label_margin(labels, chart.pools_count);
	bench_plot_begin(script, &frame);
	bench_plot_name_axes(script, "Operations per second", "Threads (log scale)");
	end = bench_plot_linear_axis(script, "y", chart.most);
	put_thread_axis(script, &chart);
	for (unsigned i = 0; i < chart.pools_count; i++) {
		put_points(script, &chart, i, &labels[i]);
		labels[i].height = labels[i].end_y / end;
	}
	bench_plot_put_labels(script, &frame, labels, chart.pools_count,
	                      chart.sizes[chart.sizes_count - 1]);
	for (unsigned pass = 0; pass < 2; pass++)
		for (unsigned i = 0; i < chart.pools_count; i++) {
			if (series[i].ours != (pass == 1))
				continue;
			(void)fprintf(script, "%s$d%u using 1:2 with linespoints ", comma, i);
			bench_plot_put_line(script, &series[i]);
			bench_plot_put_points(script, &series[i]);
			comma = ", ";
		}
	(void)fputc('\n', script);
	return frame.height;
}
