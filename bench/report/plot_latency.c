/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Latency by percentile: each further nine of the percentile takes the same width,
 * because the tail is what a pool is chosen for.
 */
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "curve.h"
#include "plot_kinds.h"
#include "plot_style.h"

/* The percentiles that are named, where a line also has its marker. */
static const struct {
	double share;
	const char *text;
} marks[] = {
	/* A mark's text is a format to gnuplot. */
	{0.5, "50 %%"}, {0.9, "90 %%"}, {0.99, "99 %%"}, {0.999, "99.9 %%"}, {0.9999, "99.99 %%"},
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Eleven days: no run lasts as long, and an axis up to what a file may claim would
 * have no end. */
#define NS_MAX 1e15

struct lines {
	unsigned count;
	struct bench_curve curves[BENCH_PLOT_SERIES_MAX];
	struct bench_plot_label labels[BENCH_PLOT_SERIES_MAX];
	double least;
	double most;
	double last; /* the highest percentile of any, on the axis */
};

static double position(double share)
{
	return -log10(1.0 - share);
}

static bool is_mark(double share)
{
	for (size_t i = 0; i < COUNT(marks); i++)
		if (fabs(position(share) - position(marks[i].share)) < 1e-6)
			return true;
	return false;
}

static void keep_drawable(struct bench_curve *curve)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < curve->count; i++) {
		if (!(curve->points[i].ns < NS_MAX))
			continue;
		curve->points[kept] = curve->points[i];
		/* A logarithm has no place for 0. */
		curve->points[kept].ns = fmax(curve->points[kept].ns, 1.0);
		kept++;
	}
	curve->count = kept;
}

static void add_line(struct lines *lines, const struct bench_results *results,
                     const struct bench_row *row)
{
	struct bench_curve *const curve = &lines->curves[lines->count];
	const struct bench_curve_point *end;

	bench_curve_of_row(curve, row);
	keep_drawable(curve);
	if (curve->count < 2)
		return;
	for (unsigned i = 0; i < curve->count; i++) {
		lines->least = fmin(lines->least, curve->points[i].ns);
		lines->most = fmax(lines->most, curve->points[i].ns);
	}
	end = &curve->points[curve->count - 1];
	lines->last = fmax(lines->last, position(end->share));
	lines->labels[lines->count++] = (struct bench_plot_label){
		.text = row->pool,
		.series = bench_series_of(results, row),
		.end_x = position(end->share),
		.end_y = end->ns,
	};
}

/* The nearest of 1, 2 and 5 times a power of ten, downwards or upwards. */
static double round_125(double value, bool up)
{
	static const double steps[] = {1.0, 2.0, 5.0, 10.0};
	const double power = pow(10.0, floor(log10(value) + 1e-9));

	for (size_t i = 0; i < COUNT(steps); i++) {
		if (up && steps[i] * power >= value * (1.0 - 1e-9))
			return steps[i] * power;
		if (!up && i + 1 < COUNT(steps) && steps[i + 1] * power > value * (1.0 + 1e-9))
			return steps[i] * power;
	}
	return power;
}

static void put_time(FILE *script, double ns)
{
	static const struct {
		double above;
		const char *unit;
	} units[] = {{1e9, "s"}, {1e6, "ms"}, {1e3, "us"}, {1.0, "ns"}};
	size_t unit = 0;

	while (unit + 1 < COUNT(units) && ns < units[unit].above * (1.0 - 1e-9))
		unit++;
	(void)fprintf(script, "'%.3g %s' %.9g", ns / units[unit].above, units[unit].unit, ns);
}

/* A little longer than its last marks, which gnuplot would leave out at the very end. */
static void put_axes(FILE *script, const struct lines *lines, double low, double high)
{
	static const double fine[] = {1.0, 2.0, 5.0};
	/* Between few powers of ten there is room for 2 and 5. */
	const size_t per_power = high / low > 500.0 ? 1 : COUNT(fine);
	const char *comma = "";

	(void)fprintf(script, "set logscale y 10\nset yrange [%.9g:%.9g]\nset ytics (", low * 0.9999,
	              high);
	for (int power = (int)floor(log10(low) + 1e-9);
	     power <= DBL_MAX_10_EXP && pow(10.0, power) <= high * 1.001; power++)
		for (size_t i = 0; i < per_power; i++) {
			const double ns = pow(10.0, power) * fine[i];

			if (ns < low * 0.999 || ns > high * 1.001)
				continue;
			(void)fputs(comma, script);
			put_time(script, ns);
			comma = ", ";
		}
	(void)fprintf(script, ")\nset xrange [%.9g:%.9g]\nset xtics (", position(0.5),
	              fmax(lines->last, position(0.99)));
	for (size_t i = 0; i < COUNT(marks); i++)
		(void)fprintf(script, "%s'%s' %.9g", i > 0 ? ", " : "", marks[i].text,
		              position(marks[i].share));
	(void)fputs(")\nset grid xtics\n", script);
}

static void put_data(FILE *script, const struct bench_curve *curve, unsigned index, bool only_marks)
{
	(void)fprintf(script, "$%c%u << EOD\n", only_marks ? 'm' : 'd', index);
	for (unsigned i = 0; i < curve->count; i++)
		if (!only_marks || is_mark(curve->points[i].share))
			(void)fprintf(script, "%.9g %.9g\n", position(curve->points[i].share),
			              curve->points[i].ns);
	(void)fputs("EOD\n", script);
}

/* weir's is drawn last, over the others. */
static void put_lines(FILE *script, const struct lines *lines, const struct bench_series *series)
{
	const char *comma = "plot ";

	for (unsigned pass = 0; pass < 2; pass++)
		for (unsigned i = 0; i < lines->count; i++) {
			if (series[i].ours != (pass == 1))
				continue;
			(void)fprintf(script, "%s$d%u using 1:2 with lines ", comma, i);
			bench_plot_put_line(script, &series[i]);
			(void)fprintf(script, ", $m%u using 1:2 with points lc rgb '%s'", i, series[i].colour);
			bench_plot_put_points(script, &series[i]);
			comma = ", ";
		}
	(void)fputc('\n', script);
}

static void put_picture(FILE *script, const struct bench_row *row, struct lines *lines)
{
	struct bench_plot_frame frame = {.height = 450, .left = 94, .top = 80, .bottom = 58};
	struct bench_series series[BENCH_PLOT_SERIES_MAX];
	const double low = round_125(lines->least, false);
	double high = round_125(lines->most, true);
	char title[BENCH_SCENARIO_NAME_MAX + 64];
	char subtitle[BENCH_PLOT_SUBTITLE_MAX];

	high = high > low * 1.5 ? high : low * 10.0;
	(void)snprintf(title, sizeof(title), "%s: latency by percentile", row->scenario);
	bench_plot_subtitle(subtitle, sizeof(subtitle), row);
	frame.title = title;
	frame.subtitle = subtitle;
	frame.right = bench_plot_label_margin(lines->labels, lines->count);
	bench_plot_begin(script, &frame);
	bench_plot_name_axes(script,
	                     row->kind == BENCH_KIND_SQL ? "Time of an operation (log scale)"
	                                                 : "Wait for a connection (log scale)",
	                     row->kind == BENCH_KIND_SQL ? "Share of operations that were no slower"
	                                                 : "Share of waits that were no longer");
	put_axes(script, lines, low, high);
	for (unsigned i = 0; i < lines->count; i++) {
		put_data(script, &lines->curves[i], i, false);
		put_data(script, &lines->curves[i], i, true);
		series[i] = lines->labels[i].series;
		lines->labels[i].height = log(lines->labels[i].end_y / low) / log(high / low);
	}
	bench_plot_put_labels(script, &frame, lines->labels, lines->count,
	                      fmax(lines->last, position(0.99)));
	put_lines(script, lines, series);
}

unsigned bench_plot_latency(FILE *script, const struct bench_results *results, const char *scenario)
{
	struct lines lines = {.least = INFINITY};
	const struct bench_row *first = NULL;

	for (unsigned i = 0; i < results->rows_count && lines.count < BENCH_PLOT_SERIES_MAX; i++) {
		if (strcmp(results->rows[i].scenario, scenario) != 0)
			continue;
		first = first != NULL ? first : &results->rows[i];
		add_line(&lines, results, &results->rows[i]);
	}
	if (lines.count == 0)
		return 0;
	put_picture(script, first, &lines);
	return 450;
}
