/* SPDX-License-Identifier: BSD-2-Clause
 *
 * How pictures look, in one place: sizes, fonts, the colours of Okabe and Ito,
 * markers and line types, so that colour is never the only cue. weir has the
 * boldest line; limits, which are no pools, are grey.
 */
#ifndef BENCH_PLOT_STYLE_H
#define BENCH_PLOT_STYLE_H

#include <stdint.h>
#include <stdio.h>

#include "result.h"

#define BENCH_PLOT_WIDTH 860u
#define BENCH_PLOT_FONT "sans-serif"
#define BENCH_PLOT_FONT_BOLD BENCH_PLOT_FONT ":Bold"
#define BENCH_PLOT_SERIES_MAX 32

/* Colours as gnuplot takes them. */
#define BENCH_PLOT_INK "#1f2328"
#define BENCH_PLOT_FAINT "#59636e"

/* A colour of the light picture, and what it is in a dark page. */
struct bench_plot_tone {
	uint32_t rgb;
	const char *dark;
};

const struct bench_plot_tone *bench_plot_tones(size_t *count);

struct bench_series {
	const char *colour;
	const char *dash; /* as gnuplot's dashtype */
	unsigned point;   /* as gnuplot's pointtype */
	double width;
	bool ours;
};

/* How a row is drawn: the same in every picture of its driver's scenarios. */
struct bench_series bench_series_of(const struct bench_results *results,
                                    const struct bench_row *row);

struct bench_plot_frame {
	unsigned height;
	unsigned left; /* margins, in pixels */
	unsigned right;
	unsigned top;
	unsigned bottom;
	const char *title;
	const char *subtitle;
};

/* Terminal, margins, axes, and the title on top. */
void bench_plot_begin(FILE *script, const struct bench_plot_frame *frame);

/* Colour, width and dashes of a line; the markers on it. */
void bench_plot_put_line(FILE *script, const struct bench_series *series);
void bench_plot_put_points(FILE *script, const struct bench_series *series);

/* A text of the colour and font given at a place in gnuplot's words. */
void bench_plot_put_text(FILE *script, const char *text, const char *place, const char *colour,
                         const char *font, unsigned size);

/* What stands over the vertical axis, and below the horizontal one. */
void bench_plot_name_axes(FILE *script, const char *vertical, const char *horizontal);

/* A line's name beside the plot, at the height where it ends. */
struct bench_plot_label {
	const char *text;
	struct bench_series series;
	double height; /* share of the plot's */
	double end_x;  /* where the line ends, on the axes */
	double end_y;
};

/* How wide the margin for such names has to be. */
unsigned bench_plot_label_margin(const struct bench_plot_label *labels, unsigned count);

/* Put all of them so that none covers another. last_x: where the plot ends. */
void bench_plot_put_labels(FILE *script, const struct bench_plot_frame *frame,
                           struct bench_plot_label *labels, unsigned count, double last_x);

/* The same names as a list from the top on, for lines that end together. */
void bench_plot_put_key(FILE *script, const struct bench_plot_frame *frame, unsigned plot_height,
                        const struct bench_plot_label *labels, unsigned count);

/* The horizontal axis' range and marks for 0 to max, and where it ends. */
double bench_plot_linear_axis(FILE *script, const char *axis, double max);

#endif
