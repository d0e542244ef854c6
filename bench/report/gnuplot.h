/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Runs gnuplot, if it is there. Nothing is left on disk.
 */
#ifndef BENCH_GNUPLOT_H
#define BENCH_GNUPLOT_H

#include <stddef.h>

enum bench_gnuplot_outcome {
	BENCH_GNUPLOT_DRAWN = 0,
	BENCH_GNUPLOT_MISSING = 1, /* no gnuplot in PATH */
	BENCH_GNUPLOT_FAILED = 2,
};

/* Run a script; *output is what it printed, malloc'ed, or NULL unless DRAWN. */
enum bench_gnuplot_outcome bench_gnuplot_run(const char *script, size_t script_size, char **output);

#endif
