/* SPDX-License-Identifier: BSD-2-Clause
 *
 * How pictures look. See plot_style.h.
 */
#include "plot_style.h"

#include <math.h>
#include <string.h>

#include "escape.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define PAPER "#fefefe"
#define AXIS "#8c959f"
#define GRID "#e4e8ec"

/* Text sizes, in pixels. */
#define TITLE_SIZE 17
#define TEXT_SIZE 13
#define LABEL_SIZE 13

/* What a character of a label takes at most, on average, and what its marker. */
#define CHARACTER_WIDTH 7.4
#define MARKER_WIDTH 46u
#define LABEL_PITCH 18.0
#define MARKER_OFFSET 22.0
#define NAME_OFFSET 32.0

const struct bench_plot_tone *bench_plot_tones(size_t *count)
{
	static const struct bench_plot_tone tones[] = {
		{0xfefefe, "#0d1117"},                        /* paper */
		{0x1f2328, "#e6edf3"},                        /* ink */
		{0x59636e, "#9198a1"},                        /* faint text */
		{0x8c959f, "#6e7681"},                        /* axes */
		{0xe4e8ec, "#262c34"},                        /* grid */
		{0xf9ddd5, "#4a2218"},                        /* the server is down */
		{0xf1f4f7, "#161c24"},                        /* every other phase */
		{0x0072b2, "#3a9ae0"},                        /* weir: its blue is too dark there */
		{0xe69f00, "#f0b429"}, {0x56b4e9, "#9ad8f5"}, /* apart from what becomes of weir's */
		{0x7d8590, "#8b949e"},                        /* limits */
	};

	*count = COUNT(tones);
	return tones;
}

/* The place of a row's pool among those of its driver that are no limit and not
 * weir's, or among the others. */
static unsigned place_of(const struct bench_results *results, const struct bench_row *row,
                         bool limits)
{
	const char *seen[BENCH_PLOT_SERIES_MAX];
	unsigned count = 0;

	for (unsigned i = 0; i < results->rows_count; i++) {
		const struct bench_row *const other = &results->rows[i];
		bool known = false;

		if (strcmp(other->driver, row->driver) != 0 || bench_row_is_weir(other) ||
		    (other->standing == BENCH_STANDING_LIMIT) != limits)
			continue;
		if (strcmp(other->pool, row->pool) == 0)
			return count;
		for (unsigned at = 0; at < count; at++)
			known = known || strcmp(seen[at], other->pool) == 0;
		if (!known && count < BENCH_PLOT_SERIES_MAX)
			seen[count++] = other->pool;
	}
	return count;
}

struct bench_series bench_series_of(const struct bench_results *results,
                                    const struct bench_row *row)
{
	static const struct bench_series pools[] = {
		{"#d55e00", "1", 9, 1.9, false},      {"#009e73", "1", 5, 1.9, false},
		{"#e69f00", "1", 13, 1.9, false},     {"#cc79a7", "1", 11, 1.9, false},
		{"#56b4e9", "1", 15, 1.9, false},     {BENCH_PLOT_INK, "1", 2, 1.6, false},
		{"#d55e00", "(9,4)", 8, 1.9, false},  {"#009e73", "(9,4)", 4, 1.9, false},
		{"#e69f00", "(9,4)", 12, 1.9, false}, {"#cc79a7", "(9,4)", 10, 1.9, false},
		{"#56b4e9", "(9,4)", 14, 1.9, false}, {BENCH_PLOT_INK, "(9,4)", 1, 1.6, false},
	};
	static const struct bench_series limits[] = {
		{"#7d8590", "(2,4)", 3, 1.6, false},
		{"#7d8590", "(6,3,2,3)", 1, 1.6, false},
		{"#7d8590", "(10,4)", 2, 1.6, false},
	};

	if (bench_row_is_weir(row)) {
		if (strcmp(row->pool, "weir") == 0)
			return (struct bench_series){"#0072b2", "1", 7, 3.6, true};
		return (struct bench_series){"#0072b2", "(9,4)", 6, 2.4, true};
	}
	if (row->standing == BENCH_STANDING_LIMIT)
		return limits[place_of(results, row, true) % COUNT(limits)];
	return pools[place_of(results, row, false) % COUNT(pools)];
}

void bench_plot_put_text(FILE *script, const char *text, const char *place, const char *colour,
                         const char *font, unsigned size)
{
	(void)fputs("set label '", script);
	bench_escape_gnuplot(script, text);
	(void)fprintf(script, "' at %s textcolor rgb '%s' font '%s,%u' front noenhanced\n", place,
	              colour, font, size);
}

void bench_plot_begin(FILE *script, const struct bench_plot_frame *frame)
{
	const double height = frame->height;
	const double width = BENCH_PLOT_WIDTH;
	char place[64];

	(void)fprintf(script,
	              "set encoding utf8\n"
	              "set terminal svg size %u,%u fixed noenhanced font '" BENCH_PLOT_FONT
	              ",%d' background rgb '" PAPER "'\n",
	              BENCH_PLOT_WIDTH, frame->height, TEXT_SIZE);
	(void)fprintf(script,
	              "set lmargin at screen %.5f\nset rmargin at screen %.5f\n"
	              "set tmargin at screen %.5f\nset bmargin at screen %.5f\n",
	              frame->left / width, 1.0 - frame->right / width, 1.0 - frame->top / height,
	              frame->bottom / height);
	(void)fprintf(script, "set border 1 lc rgb '" AXIS "'\n"
	                      "set tics nomirror scale 0.5 textcolor rgb '" BENCH_PLOT_FAINT "'\n"
	                      "set ytics scale 0\n"
	                      "set grid ytics lt 1 dt 1 lw 1 lc rgb '" GRID "'\n"
	                      "set grid back\nset key off\n");
	(void)snprintf(place, sizeof(place), "screen %.5f,%.5f left", 18.0 / width,
	               1.0 - 26.0 / height);
	bench_plot_put_text(script, frame->title, place, BENCH_PLOT_INK, BENCH_PLOT_FONT_BOLD,
	                    TITLE_SIZE);
	(void)snprintf(place, sizeof(place), "screen %.5f,%.5f left", 18.0 / width,
	               1.0 - 47.0 / height);
	bench_plot_put_text(script, frame->subtitle, place, BENCH_PLOT_FAINT, BENCH_PLOT_FONT,
	                    TEXT_SIZE);
}

void bench_plot_name_axes(FILE *script, const char *vertical, const char *horizontal)
{
	char place[64];

	/* As a label: gnuplot would push it out of the picture beside wide marks. */
	(void)snprintf(place, sizeof(place), "screen %.5f,graph 0.5 center rotate by 90",
	               19.0 / BENCH_PLOT_WIDTH);
	bench_plot_put_text(script, vertical, place, BENCH_PLOT_FAINT, BENCH_PLOT_FONT, TEXT_SIZE);
	(void)fputs("set xlabel '", script);
	bench_escape_gnuplot(script, horizontal);
	(void)fputs("' offset 0,0.2 textcolor rgb '" BENCH_PLOT_FAINT "'\n", script);
}

void bench_plot_put_line(FILE *script, const struct bench_series *series)
{
	(void)fprintf(script, "lc rgb '%s' lw %.1f dt %s", series->colour, series->width, series->dash);
}

void bench_plot_put_points(FILE *script, const struct bench_series *series)
{
	(void)fprintf(script, " pt %u ps %.2f", series->point, series->ours ? 0.95 : 0.8);
}

unsigned bench_plot_label_margin(const struct bench_plot_label *labels, unsigned count)
{
	size_t widest = 0;

	for (unsigned i = 0; i < count; i++) {
		const size_t width = bench_text_width(labels[i].text);

		widest = width > widest ? width : widest;
	}
	return MARKER_WIDTH + (unsigned)((double)widest * CHARACTER_WIDTH);
}

/* One name with its marker, height from 0 at the bottom of the plot to 1. */
static void put_label(FILE *script, const struct bench_plot_frame *frame,
                      const struct bench_plot_label *label, double height)
{
	const double width = BENCH_PLOT_WIDTH - frame->left - frame->right;

	(void)fputs("set label '", script);
	bench_escape_gnuplot(script, label->text);
	(void)fprintf(script,
	              "' at graph %.5f,%.5f left textcolor rgb '%s' "
	              "font '%s,%d' noenhanced\n",
	              1.0 + NAME_OFFSET / width, height,
	              label->series.ours ? label->series.colour : BENCH_PLOT_INK,
	              label->series.ours ? BENCH_PLOT_FONT_BOLD : BENCH_PLOT_FONT, LABEL_SIZE);
	(void)fprintf(script, "set label '' at graph %.5f,%.5f point pt %u ps %.2f lc rgb '%s'\n",
	              1.0 + MARKER_OFFSET / width, height, label->series.point,
	              label->series.ours ? 0.95 : 0.8, label->series.colour);
}

/*
 * Move heights, which rise, apart until each is pitch above the one before, each
 * as little as can be: those that meet form a block, which stands where the mean
 * of its members wanted to.
 */
static void spread(double *heights, unsigned count, double pitch)
{
	struct {
		double base; /* mean of height less the pitches below, within the block */
		unsigned members;
	} blocks[BENCH_PLOT_SERIES_MAX];
	unsigned used = 0;
	unsigned at = 0;

	for (unsigned i = 0; i < count; i++) {
		blocks[used].base = heights[i] - i * pitch;
		blocks[used].members = 1;
		used++;
		while (used > 1 && blocks[used - 1].base < blocks[used - 2].base) {
			const unsigned lower = blocks[used - 2].members;
			const unsigned upper = blocks[used - 1].members;

			blocks[used - 2].base =
				(blocks[used - 2].base * lower + blocks[used - 1].base * upper) / (lower + upper);
			blocks[used - 2].members = lower + upper;
			used--;
		}
	}
	for (unsigned block = 0; block < used; block++)
		for (unsigned i = 0; i < blocks[block].members; i++, at++)
			heights[at] = blocks[block].base + at * pitch;
}

/* Keep them within the plot, as far as they fit. */
static void contain(double *heights, unsigned count, double pitch)
{
	for (unsigned i = count; i-- > 0;)
		heights[i] = fmin(heights[i], 1.0 - (count - 1 - i) * pitch);
	for (unsigned i = 0; i < count; i++)
		heights[i] = fmax(heights[i], i * pitch);
}

void bench_plot_put_labels(FILE *script, const struct bench_plot_frame *frame,
                           struct bench_plot_label *labels, unsigned count, double last_x)
{
	const double width = BENCH_PLOT_WIDTH - frame->left - frame->right;
	const double pitch = LABEL_PITCH / (double)(frame->height - frame->top - frame->bottom);
	double heights[BENCH_PLOT_SERIES_MAX];

	for (unsigned i = 1; i < count; i++)
		for (unsigned at = i; at > 0 && labels[at - 1].height > labels[at].height; at--) {
			const struct bench_plot_label other = labels[at];

			labels[at] = labels[at - 1];
			labels[at - 1] = other;
		}
	for (unsigned i = 0; i < count; i++)
		heights[i] = labels[i].height;
	spread(heights, count, pitch);
	contain(heights, count, pitch);
	for (unsigned i = 0; i < count; i++) {
		put_label(script, frame, &labels[i], heights[i]);
		/* A line to the name, but for one that would run across the plot. */
		if (labels[i].end_x > last_x * 0.999)
			(void)fprintf(script,
			              "set arrow from first %.9g,%.9g to graph %.5f,%.5f nohead back lw 0.8 "
			              "dt (2,3) lc rgb '%s'\n",
			              labels[i].end_x, labels[i].end_y, 1.0 + (MARKER_OFFSET - 6.0) / width,
			              heights[i], labels[i].series.colour);
	}
}

void bench_plot_put_key(FILE *script, const struct bench_plot_frame *frame, unsigned plot_height,
                        const struct bench_plot_label *labels, unsigned count)
{
	const double pitch = LABEL_PITCH / (double)plot_height;

	for (unsigned i = 0; i < count; i++)
		put_label(script, frame, &labels[i], 1.0 - (i + 0.5) * pitch);
}

/* "250", "2.5 k", "10 M" */
static void put_count(FILE *script, double value)
{
	static const struct {
		double above;
		const char *unit;
	} units[] = {{1e9, " G"}, {1e6, " M"}, {1e3, " k"}, {0.0, ""}};
	size_t unit = 0;

	while (units[unit].above > value && units[unit].above > 0.0)
		unit++;
	(void)fprintf(script, "'%.4g%s' %.9g",
	              units[unit].above > 0.0 ? value / units[unit].above : value, units[unit].unit,
	              value);
}

double bench_plot_linear_axis(FILE *script, const char *axis, double max)
{
	static const double steps[] = {1.0, 2.0, 5.0, 10.0};
	/* Beyond it a step or the end would be infinite. */
	const double reach = max > 0.0 ? fmin(max, 1e300) : 1.0;
	const double rough = reach / 5.0;
	const double power = pow(10.0, floor(log10(rough)));
	double step = power;
	double end;

	for (size_t i = 0; i < COUNT(steps) && step < rough; i++)
		step = power * steps[i];
	/* Callers and connections are whole. */
	step = step < 1.0 && reach >= 1.0 ? 1.0 : step;
	end = ceil(reach * 1.02 / step) * step;
	(void)fprintf(script, "set %srange [0:%.9g]\nset %stics (", axis, end, axis);
	for (unsigned i = 0; i * step <= end * (1.0 + 1e-9); i++) {
		(void)fputs(i > 0 ? ", " : "", script);
		put_count(script, i * step);
	}
	(void)fputs(")\n", script);
	return end;
}
