/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The route of the live page.
 */
#include "http_page.h"

#include "http_routes.h"

void weir__http_serve_page(struct weir__http_reply *reply)
{
	reply->type = "text/html; charset=utf-8";
	reply->policy = weir__http_page_policy;
	reply->fixed = weir__http_page;
	reply->fixed_length = weir__http_page_length;
}
