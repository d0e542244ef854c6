/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What a report is made of: the forms' common part. See report_writer.h.
 */
#include "report_writer.h"

#include <stdarg.h>

#define TEXT_MAX 1024

__attribute__((format(printf, 3, 0))) static void write_formatted(struct bench_writer *writer,
                                                                  enum bench_tone tone,
                                                                  const char *format,
                                                                  va_list arguments)
{
	char text[TEXT_MAX];

	(void)vsnprintf(text, sizeof(text), format, arguments);
	writer->form->text(writer, tone, text);
}

void bench_write_text(struct bench_writer *writer, enum bench_tone tone, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	write_formatted(writer, tone, format, arguments);
	va_end(arguments);
}

void bench_write_paragraph(struct bench_writer *writer, const char *format, ...)
{
	va_list arguments;

	writer->form->begin(writer, BENCH_PARAGRAPH);
	va_start(arguments, format);
	write_formatted(writer, BENCH_PLAIN, format, arguments);
	va_end(arguments);
	writer->form->end(writer, BENCH_PARAGRAPH);
}

void bench_write_cell(struct bench_writer *writer, const char *format, ...)
{
	va_list arguments;

	writer->form->begin(writer, BENCH_CELL);
	va_start(arguments, format);
	write_formatted(writer, BENCH_PLAIN, format, arguments);
	va_end(arguments);
	writer->form->end(writer, BENCH_CELL);
}
