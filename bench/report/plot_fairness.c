/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Fairness bars: what the slowest thread got done over what the fastest did, the
 * fairest pool on top, with the range of the repetitions.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "plot_kinds.h"
#include "plot_style.h"

#define BAR_PITCH 27u
#define BAR_HALF 0.34

struct bars {
	unsigned count;
	const struct bench_row *rows[BENCH_PLOT_SERIES_MAX]; /* fairest first */
};

static double fairness_of(const struct bench_row *row)
{
	return bench_row_value(row, BENCH_FAIRNESS);
}

static void add_bar(struct bars *bars, const struct bench_row *row)
{
	unsigned at = bars->count;

	if (isnan(fairness_of(row)) || at == BENCH_PLOT_SERIES_MAX)
		return;
	for (; at > 0 && fairness_of(bars->rows[at - 1]) < fairness_of(row); at--)
		bars->rows[at] = bars->rows[at - 1];
	bars->rows[at] = row;
	bars->count++;
}

static void put_bar(FILE *script, const struct bench_results *results, const struct bench_row *row,
                    double at)
{
	const struct bench_series series = bench_series_of(results, row);
	const char *const font = series.ours ? BENCH_PLOT_FONT_BOLD : BENCH_PLOT_FONT;
	double least = INFINITY;
	double most = 0.0;
	char text[16];
	char place[64];

	for (unsigned i = 0; i < row->reps; i++)
		if (!isnan(row->values[BENCH_FAIRNESS][i])) {
			least = fmin(least, row->values[BENCH_FAIRNESS][i]);
			most = fmax(most, row->values[BENCH_FAIRNESS][i]);
		}
	(void)fprintf(script,
	              "set object rectangle from 0,%.3f to %.5f,%.3f fc rgb '%s' fs solid 1 noborder "
	              "back\n",
	              at - BAR_HALF, fairness_of(row), at + BAR_HALF, series.colour);
	if (most - least > 0.005)
		(void)fprintf(script,
		              "set arrow from %.5f,%.3f to %.5f,%.3f heads size 0.004,90 front lw 1.2 "
		              "lc rgb '" BENCH_PLOT_INK "'\n",
		              least, at, most, at);
	(void)snprintf(place, sizeof(place), "graph -0.012,first %.3f right", at);
	bench_plot_put_text(script, row->pool, place, series.ours ? series.colour : BENCH_PLOT_INK,
	                    font, 13);
	(void)snprintf(place, sizeof(place), "first %.5f,%.3f left",
	               fmax(fairness_of(row), most) + 0.012, at);
	(void)snprintf(text, sizeof(text), "%.2f", fairness_of(row));
	bench_plot_put_text(script, text, place, BENCH_PLOT_INK, font, 13);
}

unsigned bench_plot_fairness(FILE *script, const struct bench_results *results,
                             const char *scenario)
{
	struct bars bars = {0};
	struct bench_plot_frame frame = {.right = 34, .top = 70, .bottom = 58};
	struct bench_plot_label names[BENCH_PLOT_SERIES_MAX];
	char title[BENCH_SCENARIO_NAME_MAX + 64];
	char subtitle[BENCH_PLOT_SUBTITLE_MAX];

	for (unsigned i = 0; i < results->rows_count; i++)
		if (strcmp(results->rows[i].scenario, scenario) == 0 && results->rows[i].threads > 1)
			add_bar(&bars, &results->rows[i]);
	if (bars.count == 0)
		return 0;
	for (unsigned i = 0; i < bars.count; i++)
		names[i].text = bars.rows[i]->pool;
	(void)snprintf(title, sizeof(title), "%s: fairness", scenario);
	bench_plot_subtitle(subtitle, sizeof(subtitle), bars.rows[0]);
	frame.title = title;
	frame.subtitle = subtitle;
	frame.height = frame.top + frame.bottom + BAR_PITCH * bars.count;
	frame.left = bench_plot_label_margin(names, bars.count);
	bench_plot_begin(script, &frame);
	(void)fprintf(script,
	              "set border 0\nunset ytics\nset xtics 0,0.2,1 format '%%.1f' scale 0\n"
	              "set grid noytics xtics\nset xrange [0:1.06]\nset yrange [%u.5:-0.5]\n",
	              bars.count - 1);
	(void)fputs("set xlabel 'Operations of the slowest thread over those of the fastest "
	            "(thin line: range of the repetitions)' offset 0,0.2 textcolor rgb "
	            "'" BENCH_PLOT_FAINT "'\n",
	            script);
	for (unsigned i = 0; i < bars.count; i++)
		put_bar(script, results, bars.rows[i], i);
	(void)fputs("$d << EOD\n0 0\nEOD\nplot $d using 1:2 with dots lc rgb '" BENCH_PLOT_FAINT "'\n",
	            script);
	return frame.height;
}
