/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The live page, as embed_page.cmake made it of page/index.html.
 */
#ifndef WEIR_HTTP_PAGE_H
#define WEIR_HTTP_PAGE_H

#include <stddef.h>

struct weir__http_reply;

extern const char weir__http_page[];
extern const size_t weir__http_page_length;

/* Content-Security-Policy: its own script and style sheet, its own server. */
extern const char weir__http_page_policy[];

/* The route of "/". */
void weir__http_serve_page(struct weir__http_reply *reply);

#endif
