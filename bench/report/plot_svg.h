/* SPDX-License-Identifier: BSD-2-Clause
 *
 * gnuplot's SVG made fit for a page: light and dark by the reader's choice, fonts
 * of the system, a description in words, and names within it that do not meet those
 * of other pictures on the same page.
 */
#ifndef BENCH_PLOT_SVG_H
#define BENCH_PLOT_SVG_H

/* malloc'ed, from "<svg" to its end; NULL if raw is no SVG, or without memory. name:
 * of the picture, of letters, digits, dots and dashes. */
char *bench_plot_svg(const char *raw, const char *name, const char *alt, unsigned width,
                     unsigned height);

#endif
