/* SPDX-License-Identifier: BSD-2-Clause
 *
 * weir/http.h: a service seen by HTTP: /metrics, /healthz, /pools and a live page.
 *
 * Its own library (weir-http, over libmicrohttpd), so that who does not want it
 * does not link it. Loopback unless told otherwise; nothing can be changed by it.
 */
#ifndef WEIR_HTTP_H
#define WEIR_HTTP_H

#include <weir/base.h>
#include <weir/error.h>
#include <weir/service.h>

struct weir_http;

struct weir_http_options {
	uint32_t size;            /* sizeof(struct weir_http_options) */
	const char *address;      /* IPv4 or IPv6; NULL: 127.0.0.1 */
	uint16_t port;            /* 0: the system chooses one, see weir_http_port */
	uint32_t connections_max; /* at once; 0: 16 */
};

#ifdef __cplusplus
extern "C" {
#endif

/* Serve service, which must outlive it, on a thread of its own; options NULL: the
 * defaults. Errors: BAD_ARGUMENT (also: address), IO (the port is in use: the
 * message says by which address), NO_MEMORY. Owner. */
WEIR_API WEIR_MUST_USE enum weir_code weir_http_start(struct weir_http **http,
                                                      struct weir_service *service,
                                                      const struct weir_http_options *options,
                                                      struct weir_error *err);

/* The port it listens on. Any thread; wait-free. */
WEIR_API uint16_t weir_http_port(const struct weir_http *http);

/* Answer what is under way, and stop; NULL is accepted. Owner. Blocks briefly. */
WEIR_API void weir_http_stop(struct weir_http *http);

#ifdef __cplusplus
}
#endif

#endif
