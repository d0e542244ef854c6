/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Text that is built piece by piece in a caller's buffer, cut to fit, with the
 * whole length counted as snprintf counts it.
 */
#ifndef WEIR_CORE_TEXT_BUFFER_H
#define WEIR_CORE_TEXT_BUFFER_H

#include <stdarg.h>
#include <stdio.h>

#include <weir/base.h>

struct weir__text {
	char *bytes; /* NULL or size 0: only count */
	size_t size;
	size_t length; /* of the whole text, cut or not */
};

static inline struct weir__text weir__text_make(char *bytes, size_t size)
{
	if (bytes != NULL && size > 0)
		bytes[0] = '\0';
	return (struct weir__text){.bytes = bytes, .size = bytes == NULL ? 0 : size};
}

WEIR_PRINTF(2, 3)
static inline void weir__text_add(struct weir__text *text, const char *format, ...)
{
	const size_t room = text->length < text->size ? text->size - text->length : 0;
	va_list args;

	va_start(args, format);
	const int added = vsnprintf(room > 0 ? text->bytes + text->length : NULL, room, format, args);
	va_end(args);
	/* vsnprintf fails only past INT_MAX bytes; such a piece counts as nothing. */
	if (added > 0)
		text->length += (size_t)added;
}

#endif
