/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Queue length and pool size over time, one above the other on the same axis, with
 * the phases of the scenario behind them.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "plot_kinds.h"
#include "plot_style.h"
#include "timeline_thin.h"

#define HEIGHT 620u
#define PANEL 210u /* height of one plot */
#define GAP 38u    /* between the two */

/* More than there are pixels is of no use. */
#define POINTS_MAX 800u

#define DOWN "#f9ddd5"
#define BAND "#f1f4f7"

struct chart {
	unsigned count;
	const struct bench_row *rows[BENCH_PLOT_SERIES_MAX];
	struct bench_plot_label labels[BENCH_PLOT_SERIES_MAX];
	double end_s;
	double most_waiting;
	double most_open;
};

static void add_row(struct chart *chart, const struct bench_results *results,
                    const struct bench_row *row)
{
	const struct bench_timeline *const timeline = row->timeline;

	if (timeline == NULL || timeline->samples_count < 2 || chart->count == BENCH_PLOT_SERIES_MAX)
		return;
	for (unsigned i = 0; i < timeline->samples_count; i++) {
		chart->most_waiting = fmax(chart->most_waiting, timeline->samples[i].waiting);
		chart->most_open = fmax(chart->most_open, timeline->samples[i].open);
		chart->end_s = fmax(chart->end_s, timeline->samples[i].t_s);
	}
	if (timeline->phases_count > 0)
		chart->end_s = fmax(chart->end_s, timeline->phases[timeline->phases_count - 1].end_s);
	chart->labels[chart->count] = (struct bench_plot_label){
		.text = row->pool,
		.series = bench_series_of(results, row),
	};
	chart->rows[chart->count++] = row;
}

static void put_data(FILE *script, const struct bench_timeline *timeline, unsigned index)
{
	unsigned kept[BENCH_TIMELINE_KEPT_MAX];
	const unsigned count = bench_timeline_thin(timeline, POINTS_MAX, kept);

	(void)fprintf(script, "$d%u << EOD\n", index);
	for (unsigned i = 0; i < count; i++) {
		const struct bench_timeline_sample *const sample = &timeline->samples[kept[i]];

		(void)fprintf(script, "%.6g %u %u\n", sample->t_s, sample->waiting, sample->open);
	}
	(void)fputs("EOD\n", script);
}

static void put_bands(FILE *script, const struct bench_timeline *timeline)
{
	for (unsigned i = 0; i < timeline->phases_count; i++) {
		const struct bench_timeline_phase *const phase = &timeline->phases[i];

		if (phase->down || i % 2 == 1)
			(void)fprintf(script,
			              "set object rectangle from first %.6g,graph 0 to first %.6g,graph 1 "
			              "fc rgb '%s' fs solid 1 noborder behind\n",
			              phase->begin_s, phase->end_s, phase->down ? DOWN : BAND);
	}
}

/* The names of phases above the upper plot; one that would cover the name before
 * it goes a line higher. */
static void put_phase_names(FILE *script, const struct bench_timeline *timeline, double width_px,
                            double end_s)
{
	double taken[2] = {-1.0, -1.0};

	for (unsigned i = 0; i < timeline->phases_count; i++) {
		const struct bench_timeline_phase *const phase = &timeline->phases[i];
		const double begin_px = phase->begin_s / end_s * width_px;
		const unsigned line = begin_px < taken[0] ? 1 : 0;
		char text[BENCH_TIMELINE_NAME_MAX + 24];
		char place[64];

		if (begin_px < taken[line])
			continue;
		(void)snprintf(text, sizeof(text), "%s%s", phase->name,
		               phase->down && strstr(phase->name, "down") == NULL ? " (server down)" : "");
		(void)snprintf(place, sizeof(place), "first %.6g,graph %.4f left", phase->begin_s,
		               1.0 + (11.0 + 15.0 * line) / PANEL);
		bench_plot_put_text(script, text, place, BENCH_PLOT_FAINT, BENCH_PLOT_FONT, 12);
		taken[line] = begin_px + (double)strlen(text) * 7.0 + 6.0;
	}
}

static void put_lines(FILE *script, const struct chart *chart, unsigned column)
{
	const char *comma = "plot ";

	for (unsigned pass = 0; pass < 2; pass++)
		for (unsigned i = 0; i < chart->count; i++) {
			const struct bench_series *const series = &chart->labels[i].series;
			const unsigned samples = chart->rows[i]->timeline->samples_count;
			const unsigned points = samples < BENCH_TIMELINE_KEPT_MAX ? samples
			                                                          : BENCH_TIMELINE_KEPT_MAX;

			if (series->ours != (pass == 1))
				continue;
			(void)fprintf(script, "%s$d%u using 1:%u with linespoints pi %u ", comma, i, column,
			              points / 9 + 1);
			bench_plot_put_line(script, series);
			bench_plot_put_points(script, series);
			comma = ", ";
		}
	(void)fputc('\n', script);
}

static void put_panels(FILE *script, const struct chart *chart,
                       const struct bench_plot_frame *frame)
{
	const struct bench_timeline *const timeline = chart->rows[0]->timeline;
	const double width_px = BENCH_PLOT_WIDTH - frame->left - frame->right;

	(void)fputs("set multiplot\nset format x ''\n", script);
	put_bands(script, timeline);
	put_phase_names(script, timeline, width_px, chart->end_s);
	bench_plot_put_key(script, frame, PANEL, chart->labels, chart->count);
	bench_plot_name_axes(script, "Callers waiting", "");
	(void)bench_plot_linear_axis(script, "y", chart->most_waiting);
	put_lines(script, chart, 2);
	(void)fprintf(
		script,
		"unset label\nset format x '%%g'\nset tmargin at screen %.5f\nset bmargin at screen %.5f\n",
		1.0 - (frame->top + PANEL + GAP) / (double)HEIGHT,
		1.0 - (frame->top + PANEL + GAP + PANEL) / (double)HEIGHT);
	bench_plot_name_axes(script, "Connections open", "Time (s)");
	(void)bench_plot_linear_axis(script, "y", chart->most_open);
	put_lines(script, chart, 3);
	(void)fputs("unset multiplot\n", script);
}

unsigned bench_plot_timeline(FILE *script, const struct bench_results *results,
                             const char *scenario)
{
	struct chart chart = {0};
	struct bench_plot_frame frame = {.height = HEIGHT, .left = 70, .top = 104};
	char title[BENCH_SCENARIO_NAME_MAX + 64];
	char subtitle[BENCH_PLOT_SUBTITLE_MAX];

	for (unsigned i = 0; i < results->rows_count; i++)
		if (strcmp(results->rows[i].scenario, scenario) == 0)
			add_row(&chart, results, &results->rows[i]);
	if (chart.count == 0 || chart.end_s <= 0.0)
		return 0;
	(void)snprintf(title, sizeof(title), "%s: queue length and pool size over time", scenario);
	bench_plot_subtitle(subtitle, sizeof(subtitle), chart.rows[0]);
	frame.title = title;
	frame.subtitle = subtitle;
	frame.bottom = HEIGHT - frame.top - PANEL;
	frame.right = bench_plot_label_margin(chart.labels, chart.count);
	bench_plot_begin(script, &frame);
	for (unsigned i = 0; i < chart.count; i++)
		put_data(script, chart.rows[i]->timeline, i);
	(void)fprintf(script, "set xrange [0:%.6g]\n", chart.end_s);
	put_panels(script, &chart, &frame);
	return HEIGHT;
}
