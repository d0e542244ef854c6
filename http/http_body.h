/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The body of an answer while it is written: a buffer that grows up to a limit.
 */
#ifndef WEIR_HTTP_BODY_H
#define WEIR_HTTP_BODY_H

#include <weir/base.h>

/* More than a service of some hundred pools with all their buckets writes; a
 * document past it is an answer 500, not memory without end. */
#define WEIR__HTTP_BODY_MAX ((size_t)16 << 20)

struct weir__http_body {
	char *bytes; /* from malloc; NULL while empty */
	size_t length;
	size_t room;
};

/* What writes to the end of body; it gives up when memory or the limit ends. */
struct weir_writer weir__http_body_writer(struct weir__http_body *body);

void weir__http_body_free(struct weir__http_body *body);

#endif
