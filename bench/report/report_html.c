/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Reports as one HTML page that needs nothing else: its style and its pictures
 * are in it. Well-formed as XML, too, so that a test can read it. See report_writer.h.
 */
#include <stdlib.h>

#include "escape.h"
#include "page_style.h"
#include "report_writer.h"

static void heading(struct bench_writer *writer, unsigned level, const char *text)
{
	const unsigned number = ++writer->headings;

	/* The title of the page stands above its contents, and not among them. */
	if (level > 1) {
		if (level > writer->level)
			(void)fputs("<ol>", writer->contents);
		else
			(void)fputs("</li>", writer->contents);
		for (unsigned i = level; i < writer->level; i++)
			(void)fputs("</ol></li>", writer->contents);
		(void)fprintf(writer->contents, "\n<li><a href=\"#s%u\">", number);
		bench_escape_xml(writer->contents, text);
		(void)fputs("</a>", writer->contents);
		writer->level = level;
	}
	if (level == 1)
		return;
	(void)fprintf(writer->out, "<h%u id=\"s%u\">", level, number);
	bench_escape_xml(writer->out, text);
	(void)fprintf(writer->out, "</h%u>\n", level);
}

static void begin(struct bench_writer *writer, enum bench_block block)
{
	switch (block) {
	case BENCH_PARAGRAPH:
		(void)fputs("<p>", writer->out);
		break;
	case BENCH_ROW:
	case BENCH_OUR_ROW:
		writer->column = 0;
		(void)fputs(block == BENCH_OUR_ROW ? "<tr class=\"ours\">" : "<tr>", writer->out);
		break;
	case BENCH_CELL:
		(void)fputs(writer->column < writer->columns_count && writer->columns[writer->column].number
		                ? "<td class=\"n\">"
		                : "<td>",
		            writer->out);
		writer->column++;
		break;
	}
}

static void end(struct bench_writer *writer, enum bench_block block)
{
	static const char *const texts[] = {
		[BENCH_PARAGRAPH] = "</p>\n",
		[BENCH_ROW] = "</tr>\n",
		[BENCH_OUR_ROW] = "</tr>\n",
		[BENCH_CELL] = "</td>",
	};

	(void)fputs(texts[block], writer->out);
}

static void text(struct bench_writer *writer, enum bench_tone tone, const char *content)
{
	static const char *const tags[] = {
		[BENCH_PLAIN] = NULL,
		[BENCH_STRONG] = "strong",
		[BENCH_CODE] = "code",
	};

	if (tags[tone] != NULL)
		(void)fprintf(writer->out, "<%s>", tags[tone]);
	bench_escape_xml(writer->out, content);
	if (tags[tone] != NULL)
		(void)fprintf(writer->out, "</%s>", tags[tone]);
}

static void table_begin(struct bench_writer *writer, const struct bench_table_column *columns,
                        size_t count)
{
	writer->columns = columns;
	writer->columns_count = count;
	(void)fputs("<div class=\"wide\"><table>\n<thead><tr>", writer->out);
	for (size_t i = 0; i < count; i++) {
		(void)fputs(columns[i].number ? "<th class=\"n\" scope=\"col\">" : "<th scope=\"col\">",
		            writer->out);
		bench_escape_xml(writer->out, columns[i].title);
		(void)fputs("</th>", writer->out);
	}
	(void)fputs("</tr></thead>\n<tbody>\n", writer->out);
}

static void table_end(struct bench_writer *writer)
{
	(void)fputs("</tbody></table></div>\n", writer->out);
	writer->columns_count = 0;
}

static void code(struct bench_writer *writer, const char *content)
{
	(void)fputs("<pre><code>", writer->out);
	bench_escape_xml(writer->out, content);
	(void)fputs("</code></pre>\n", writer->out);
}

static void picture(struct bench_writer *writer, const struct bench_plot *plot)
{
	(void)fprintf(writer->out, "<figure>\n%s</figure>\n", plot->svg);
}

static const struct bench_writer_form form = {
	.heading = heading,
	.begin = begin,
	.end = end,
	.text = text,
	.table_begin = table_begin,
	.table_end = table_end,
	.code = code,
	.picture = picture,
};

bool bench_html_open(struct bench_writer *writer, FILE *out)
{
	*writer = (struct bench_writer){.form = &form, .page = out, .level = 1};
	writer->out = open_memstream(&writer->body_text, &writer->body_size);
	writer->contents = open_memstream(&writer->contents_text, &writer->contents_size);
	return writer->out != NULL && writer->contents != NULL;
}

static void write_page(const struct bench_writer *writer, const char *title)
{
	FILE *const page = writer->page;

	(void)fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n"
	            "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n"
	            "<meta name=\"color-scheme\" content=\"light dark\"/>\n<title>",
	            page);
	bench_escape_xml(page, title);
	(void)fprintf(page, "</title>\n<style>\n%s</style>\n</head>\n<body>\n<main>\n<h1>",
	              bench_page_style);
	bench_escape_xml(page, title);
	(void)fprintf(page,
	              "</h1>\n<nav aria-label=\"Contents\">\n<details><summary>Contents"
	              "</summary>\n%s\n</details>\n</nav>\n%s</main>\n</body>\n</html>\n",
	              writer->contents_text, writer->body_text);
}

bool bench_html_close(struct bench_writer *writer, const char *title)
{
	bool written = writer->out != NULL && writer->contents != NULL;

	for (unsigned i = 1; written && i < writer->level; i++)
		(void)fputs("</li></ol>", writer->contents);
	if (writer->contents != NULL)
		written = fclose(writer->contents) == 0 && written;
	if (writer->out != NULL)
		written = fclose(writer->out) == 0 && written;
	if (written)
		write_page(writer, title);
	free(writer->contents_text);
	free(writer->body_text);
	return written && ferror(writer->page) == 0;
}
