/* SPDX-License-Identifier: BSD-2-Clause
 *
 * See scan.h.
 */
#include "scan.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

#define PATH_SHOWN 120 /* of a longer one only the name is in a message */

bool weir__is_space(char byte)
{
	return byte == ' ' || (byte >= '\t' && byte <= '\r');
}

bool weir__is_blank(const char *text, size_t length)
{
	size_t at = 0;

	while (at < length && weir__is_space(text[at]))
		at++;
	return at == length;
}

bool weir__line_next(const char *text, size_t length, struct weir__line *line)
{
	const size_t begin = line->next;
	const char *end;

	if (begin >= length)
		return false;
	end = memchr(text + begin, '\n', length - begin);
	line->bytes = text + begin;
	line->begin = begin;
	line->length = end == NULL ? length - begin : (size_t)(end - line->bytes);
	line->next = begin + line->length + (end != NULL);
	if (line->length > 0 && line->bytes[line->length - 1] == '\r')
		line->length--;
	line->number++;
	return true;
}

bool weir__is_remark(const struct weir__line *line)
{
	size_t at = 0;

	while (at < line->length && weir__is_space(line->bytes[at]))
		at++;
	return at == line->length || (line->length - at >= 2 && memcmp(line->bytes + at, "--", 2) == 0);
}

size_t weir__digits(const char *text)
{
	return strspn(text, "0123456789");
}

bool weir__ends_with(const char *text, const char *end)
{
	const size_t length = strlen(text);
	const size_t tail = strlen(end);

	return length >= tail && strcmp(text + length - tail, end) == 0;
}

bool weir__word_next(const char **rest, const char *end, struct weir__word *word)
{
	const char *at = *rest;

	while (at < end && weir__is_space(*at))
		at++;
	word->bytes = at;
	while (at < end && !weir__is_space(*at))
		at++;
	word->length = (size_t)(at - word->bytes);
	*rest = at;
	return word->length > 0;
}

const char *weir__marker(const struct weir__line *line, const char *mark, bool *indented)
{
	const char *const end = line->bytes + line->length;
	const size_t length = strlen(mark);
	const char *at = line->bytes;

	while (indented != NULL && at < end && weir__is_space(*at))
		at++;
	if (indented != NULL)
		*indented = at != line->bytes;
	if (end - at < 2 || memcmp(at, "--", 2) != 0)
		return NULL;
	at += 2;
	while (at < end && weir__is_space(*at))
		at++;
	if ((size_t)(end - at) < length || memcmp(at, mark, length) != 0)
		return NULL;
	return at + length;
}

enum weir_code weir__source_fault(const struct weir__file *file, uint32_t line,
                                  struct weir_error *err, const char *format, ...)
{
	const char *const shown = strlen(file->path) > PATH_SHOWN ? file->name : file->path;
	char text[WEIR_ERROR_MESSAGE_MAX];
	char where[16] = "";
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	if (line != 0)
		(void)snprintf(where, sizeof where, ":%u", (unsigned)line);
	return weir_fail(err, WEIR_ERR_MIGRATE_SOURCE, "migrate.source", 0, "%s%s: %s", shown, where,
	                 text);
}

enum weir_code weir__no_memory(struct weir_error *err)
{
	return weir_fail(err, WEIR_ERR_NO_MEMORY, "migrate.source", 0,
	                 "out of memory while migrations were read");
}

bool weir__take_version(struct weir__migration *migration, const char *digits, size_t length,
                        bool number)
{
	while (number && length > 1 && digits[0] == '0') {
		digits++;
		length--;
	}
	if (length >= sizeof migration->version)
		return false;
	memcpy(migration->version, digits, length);
	migration->version[length] = '\0';
	return true;
}

void weir__take_name(struct weir__migration *migration, const char *name, size_t length)
{
	if (length >= sizeof migration->name) {
		length = sizeof migration->name - 1;
		while (length > 0 && ((unsigned char)name[length] & 0xC0) == 0x80)
			length--;
	}
	memcpy(migration->name, name, length);
	migration->name[length] = '\0';
}

bool weir__take_section(struct weir__step *step, const struct weir__file *file, size_t begin,
                        size_t end, uint32_t line)
{
	step->there = true;
	step->line = line;
	step->length = end - begin;
	step->sql = malloc(step->length + 1);
	step->path = strdup(file->path);
	if (step->sql == NULL || step->path == NULL)
		return false;
	memcpy(step->sql, file->text + begin, step->length);
	step->sql[step->length] = '\0';
	return true;
}

bool weir__take_nothing(struct weir__migration *migration, const struct weir__file *file)
{
	return weir__take_section(&migration->up, file, 0, 0, 1) &&
	       weir__take_section(&migration->down, file, 0, 0, 1);
}

static bool is_letter(char byte)
{
	return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
}

bool weir__tag_fits(const char *tag, size_t length)
{
	size_t at = 0;

	while (at < length && (is_letter(tag[at]) || (tag[at] >= '0' && tag[at] <= '9') ||
	                       tag[at] == '.' || tag[at] == '-' || tag[at] == '_'))
		at++;
	return length > 0 && at == length && length < WEIR_MIGRATE_TAG_MAX && is_letter(tag[0]);
}

/* Bytes of the character that text begins with; 0: it is none, or NUL. What could be
 * written shorter, surrogates and what is past U+10FFFF are none (RFC 3629, section 4). */
static size_t character(const unsigned char *text, size_t length)
{
	static const struct {
		unsigned char first, last; /* of the first byte */
		unsigned char low, high;   /* of the second */
		size_t length;
	} forms[] = {
		{0x01, 0x7F, 0, 0, 1},       {0xC2, 0xDF, 0x80, 0xBF, 2}, {0xE0, 0xE0, 0xA0, 0xBF, 3},
		{0xE1, 0xEC, 0x80, 0xBF, 3}, {0xED, 0xED, 0x80, 0x9F, 3}, {0xEE, 0xEF, 0x80, 0xBF, 3},
		{0xF0, 0xF0, 0x90, 0xBF, 4}, {0xF1, 0xF3, 0x80, 0xBF, 4}, {0xF4, 0xF4, 0x80, 0x8F, 4},
	};
	size_t form = 0;

	while (form < sizeof forms / sizeof forms[0] &&
	       (text[0] < forms[form].first || text[0] > forms[form].last))
		form++;
	if (form == sizeof forms / sizeof forms[0] || forms[form].length > length)
		return 0;
	for (size_t i = 1; i < forms[form].length; i++) {
		if (text[i] < (i == 1 ? forms[form].low : 0x80) ||
		    text[i] > (i == 1 ? forms[form].high : 0xBF))
			return 0;
	}
	return forms[form].length;
}

uint32_t weir__bad_text_line(const char *text, size_t length)
{
	const unsigned char *const bytes = (const unsigned char *)text;
	uint32_t line = 1;
	size_t at = 0;

	while (at < length) {
		const size_t width = character(bytes + at, length - at);

		if (width == 0)
			return line;
		line += bytes[at] == '\n';
		at += width;
	}
	return 0;
}

bool weir__file_make(struct weir__file *file, const char *text, const char *name, ...)
{
	struct weir__text made = {0};
	char buffer[512];
	va_list arguments;

	va_start(arguments, name);
	(void)vsnprintf(buffer, sizeof buffer, name, arguments);
	va_end(arguments);
	weir__text_put(&made, text);
	memset(file, 0, sizeof *file);
	file->name = strdup(buffer);
	file->text = made.bytes;
	file->length = made.length;
	if (!made.failed && file->name != NULL)
		return true;
	weir__file_free(file);
	return false;
}

void weir__file_free(struct weir__file *file)
{
	free(file->name);
	free(file->path);
	free(file->text);
	memset(file, 0, sizeof *file);
}
