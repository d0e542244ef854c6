/* SPDX-License-Identifier: BSD-2-Clause
 *
 * See text.h.
 */
#include "text.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROOM_LEAST 256

static bool reserve(struct weir__text *text, size_t more)
{
	size_t room = text->room == 0 ? ROOM_LEAST : text->room;
	char *bytes;

	if (text->failed || more > SIZE_MAX / 4 || text->length > SIZE_MAX / 4) {
		text->failed = true;
		return false;
	}
	while (room < text->length + more + 1)
		room *= 2;
	if (room == text->room)
		return true;
	bytes = realloc(text->bytes, room);
	if (bytes == NULL) {
		text->failed = true;
		return false;
	}
	text->bytes = bytes;
	text->room = room;
	return true;
}

void weir__text_add(struct weir__text *text, const char *bytes, size_t length)
{
	if (!reserve(text, length))
		return;
	if (length != 0)
		memcpy(text->bytes + text->length, bytes, length);
	text->length += length;
	text->bytes[text->length] = '\0';
}

void weir__text_put(struct weir__text *text, const char *string)
{
	weir__text_add(text, string, strlen(string));
}

void weir__text_printf(struct weir__text *text, const char *format, ...)
{
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vsnprintf(NULL, 0, format, arguments);
	va_end(arguments);
	if (length < 0 || !reserve(text, (size_t)length)) {
		text->failed = true;
		return;
	}
	va_start(arguments, format);
	(void)vsnprintf(text->bytes + text->length, (size_t)length + 1, format, arguments);
	va_end(arguments);
	text->length += (size_t)length;
}

void weir__text_free(struct weir__text *text)
{
	free(text->bytes);
	memset(text, 0, sizeof *text);
}

bool weir__grow(void **items, size_t size, size_t count, size_t *room)
{
	const size_t wanted = *room == 0 ? 16 : *room * 2;
	void *grown;

	if (count < *room)
		return true;
	if (wanted > SIZE_MAX / size)
		return false;
	grown = realloc(*items, wanted * size);
	if (grown == NULL)
		return false;
	*items = grown;
	*room = wanted;
	return true;
}
