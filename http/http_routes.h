/* SPDX-License-Identifier: BSD-2-Clause
 *
 * From path to answer: a table of routes, none of which changes anything.
 */
#ifndef WEIR_HTTP_ROUTES_H
#define WEIR_HTTP_ROUTES_H

#include <weir/http.h>

#include "http_body.h"

/* What is asked for, and the answer while it is made. */
struct weir__http_reply {
	struct weir_service *service;
	const char *format; /* of the query; NULL: none */
	const char *accept; /* the header; NULL: none */

	unsigned status; /* 200 unless a route says otherwise */
	const char *type;
	const char *policy; /* Content-Security-Policy; NULL: that of data */
	const char *fixed;  /* static text to send instead of body */
	size_t fixed_length;
	struct weir__http_body body;
};

/* Fill reply with what path is; with a 404 when it is nothing. */
void weir__http_route(const char *path, struct weir__http_reply *reply);

/* Make reply a line of plain text of that status; format as printf's. */
void weir__http_say(struct weir__http_reply *reply, unsigned status, const char *format, ...)
	WEIR_PRINTF(3, 4);

#endif
