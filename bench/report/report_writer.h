/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What a report is made of (headings, paragraphs, tables, pictures), for whoever
 * writes one. The forms behind it, markdown and HTML, escape every text: a report
 * says what it wants to say, and never how.
 */
#ifndef BENCH_REPORT_WRITER_H
#define BENCH_REPORT_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "plots.h"

enum bench_block {
	BENCH_PARAGRAPH = 0,
	BENCH_ROW,     /* of a table, between its begin and end */
	BENCH_OUR_ROW, /* the same, to be seen first: weir's */
	BENCH_CELL,
};

enum bench_tone { BENCH_PLAIN = 0, BENCH_STRONG = 1, BENCH_CODE = 2 };

struct bench_table_column {
	const char *title;
	bool number; /* set to the right */
};

struct bench_writer;

struct bench_writer_form {
	void (*heading)(struct bench_writer *writer, unsigned level, const char *text);
	void (*begin)(struct bench_writer *writer, enum bench_block block);
	void (*end)(struct bench_writer *writer, enum bench_block block);
	void (*text)(struct bench_writer *writer, enum bench_tone tone, const char *text);
	void (*table_begin)(struct bench_writer *writer, const struct bench_table_column *columns,
	                    size_t count);
	void (*table_end)(struct bench_writer *writer);
	void (*code)(struct bench_writer *writer, const char *text);
	void (*picture)(struct bench_writer *writer, const struct bench_plot *plot);
};

struct bench_writer {
	const struct bench_writer_form *form;
	FILE *out; /* markdown: the report; HTML: its body, which is collected first */

	/* The form's own. */
	const char *plots_href;
	FILE *page;
	FILE *contents;
	char *body_text;
	char *contents_text;
	size_t body_size;
	size_t contents_size;
	const struct bench_table_column *columns;
	size_t columns_count;
	size_t column;
	unsigned headings;
	unsigned level;
};

/* Write markdown to out. plots_href: where pictures are, seen from the report;
 * NULL: nowhere. */
void bench_markdown_open(struct bench_writer *writer, FILE *out, const char *plots_href);

/* Write one HTML page to out, with a title and pictures within; nothing appears
 * before close. false without memory. */
bool bench_html_open(struct bench_writer *writer, FILE *out);
bool bench_html_close(struct bench_writer *writer, const char *title);

/* A piece of text; a whole paragraph of it; a whole cell. */
__attribute__((format(printf, 3, 4))) void bench_write_text(struct bench_writer *writer,
                                                            enum bench_tone tone,
                                                            const char *format, ...);
__attribute__((format(printf, 2, 3))) void bench_write_paragraph(struct bench_writer *writer,
                                                                 const char *format, ...);
__attribute__((format(printf, 2, 3))) void bench_write_cell(struct bench_writer *writer,
                                                            const char *format, ...);

#endif
