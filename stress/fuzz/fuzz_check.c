/* SPDX-License-Identifier: BSD-2-Clause
 *
 * See fuzz_check.h.
 */
#include "fuzz_check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void fuzz_fail(const char *file, int line, const char *what)
{
	const char *slash = strrchr(file, '/');

	(void)fprintf(stderr, "%s:%d: does not hold: %s\n", slash != NULL ? slash + 1 : file, line,
	              what);
	abort();
}

char *fuzz_string(const uint8_t *data, size_t size)
{
	const size_t length = size > 0 ? strnlen((const char *)data, size) : 0;
	char *text = malloc(length + 1);

	if (text == NULL)
		abort();
	if (length > 0)
		memcpy(text, data, length);
	text[length] = '\0';
	return text;
}
