/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Text from outside (names of plug-ins, JSON files) made harmless in what it is
 * written into. Control characters become spaces, and what is no UTF-8 becomes a
 * question mark, everywhere.
 */
#ifndef BENCH_ESCAPE_H
#define BENCH_ESCAPE_H

#include <stddef.h>
#include <stdio.h>

/* Only that: a copy, cut at a character where it does not fit. */
void bench_clean_text(char *clean, size_t clean_size, const char *text);

/* Also fit for XML and HTML, in text and in quoted attributes. */
void bench_escape_xml(FILE *out, const char *text);

/* Also without a meaning in markdown, in a line or in the cell of a table. */
void bench_escape_markdown(FILE *out, const char *text);

/* Also fit between the single quotes of a gnuplot string. */
void bench_escape_gnuplot(FILE *out, const char *text);

/* Characters, for how wide a text will be. */
size_t bench_text_width(const char *text);

#endif
