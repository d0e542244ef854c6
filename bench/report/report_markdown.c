/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Reports as markdown, with pictures beside the file. See report_writer.h.
 */
#include "escape.h"
#include "report_writer.h"

static void heading(struct bench_writer *writer, unsigned level, const char *text)
{
	(void)fprintf(writer->out, "%.*s ", (int)level, "######");
	bench_escape_markdown(writer->out, text);
	(void)fputs("\n\n", writer->out);
}

static void begin(struct bench_writer *writer, enum bench_block block)
{
	static const char *const texts[] = {
		[BENCH_PARAGRAPH] = "",
		[BENCH_ROW] = "|",
		[BENCH_OUR_ROW] = "|",
		[BENCH_CELL] = " ",
	};

	(void)fputs(texts[block], writer->out);
}

static void end(struct bench_writer *writer, enum bench_block block)
{
	static const char *const texts[] = {
		[BENCH_PARAGRAPH] = "\n\n",
		[BENCH_ROW] = "\n",
		[BENCH_OUR_ROW] = "\n",
		[BENCH_CELL] = " |",
	};

	(void)fputs(texts[block], writer->out);
}

/* Within code nothing is escaped, so what would end it has to go. */
static void write_code(FILE *out, const char *code)
{
	char clean[1024];

	bench_clean_text(clean, sizeof(clean), code);
	(void)fputc('`', out);
	for (const char *at = clean; *at != '\0'; at++) {
		if (*at == '|')
			(void)fputc('\\', out);
		(void)fputc(*at == '`' ? '\'' : *at, out);
	}
	(void)fputc('`', out);
}

static void text(struct bench_writer *writer, enum bench_tone tone, const char *content)
{
	if (tone == BENCH_CODE) {
		write_code(writer->out, content);
		return;
	}
	(void)fputs(tone == BENCH_STRONG ? "**" : "", writer->out);
	bench_escape_markdown(writer->out, content);
	(void)fputs(tone == BENCH_STRONG ? "**" : "", writer->out);
}

static void table_begin(struct bench_writer *writer, const struct bench_table_column *columns,
                        size_t count)
{
	begin(writer, BENCH_ROW);
	for (size_t i = 0; i < count; i++) {
		(void)fputc(' ', writer->out);
		bench_escape_markdown(writer->out, columns[i].title);
		(void)fputs(" |", writer->out);
	}
	(void)fputs("\n|", writer->out);
	for (size_t i = 0; i < count; i++)
		(void)fputs(columns[i].number ? "---:|" : "---|", writer->out);
	(void)fputc('\n', writer->out);
}

static void table_end(struct bench_writer *writer)
{
	(void)fputc('\n', writer->out);
}

static void code(struct bench_writer *writer, const char *content)
{
	char clean[1024];

	bench_clean_text(clean, sizeof(clean), content);
	(void)fprintf(writer->out, "```sh\n%s\n```\n\n", clean);
}

static void picture(struct bench_writer *writer, const struct bench_plot *plot)
{
	if (writer->plots_href == NULL)
		return;
	(void)fputs("![", writer->out);
	bench_escape_markdown(writer->out, plot->alt);
	(void)fprintf(writer->out, "](<%s/%s.svg>)\n\n", writer->plots_href, plot->name);
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

void bench_markdown_open(struct bench_writer *writer, FILE *out, const char *plots_href)
{
	*writer = (struct bench_writer){.form = &form, .out = out, .plots_href = plots_href};
}
