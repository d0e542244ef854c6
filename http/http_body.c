/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A buffer that grows: doubled, so that a document costs few copies.
 */
#include "http_body.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_ROOM ((size_t)16384)

static bool add(void *arg, const char *bytes, size_t length)
{
	struct weir__http_body *const body = arg;

	if (length > WEIR__HTTP_BODY_MAX - body->length)
		return false;
	if (length > body->room - body->length) {
		size_t room = body->room == 0 ? FIRST_ROOM : body->room;
		char *grown = NULL;

		while (room < body->length + length)
			room *= 2;
		grown = realloc(body->bytes, room);
		if (grown == NULL)
			return false;
		body->bytes = grown;
		body->room = room;
	}
	if (length > 0)
		memcpy(body->bytes + body->length, bytes, length);
	body->length += length;
	return true;
}

struct weir_writer weir__http_body_writer(struct weir__http_body *body)
{
	return (struct weir_writer){.write = add, .arg = body};
}

void weir__http_body_free(struct weir__http_body *body)
{
	free(body->bytes);
	*body = (struct weir__http_body){0};
}
