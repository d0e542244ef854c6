/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Numbers for people: three significant digits and a unit that fits. What was
 * not measured (NAN) reads "-".
 */
#ifndef BENCH_FORMAT_H
#define BENCH_FORMAT_H

#include <stddef.h>

#define BENCH_CELL_MAX 24

/* "12.3 M" */
void bench_format_count(char *text, size_t text_size, double value);

/* A duration in nanoseconds: "1.52 ms" */
void bench_format_ns(char *text, size_t text_size, double ns);

/* Digits after the point as asked for. */
void bench_format_plain(char *text, size_t text_size, double value, int digits);

#endif
