/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The socket that is listened on. It is made here rather than by libmicrohttpd,
 * which does not say why it could not.
 */
#ifndef WEIR_HTTP_SOCKET_H
#define WEIR_HTTP_SOCKET_H

#include <netinet/in.h>

#include <weir/error.h>

struct weir__http_socket {
	int fd;
	bool ipv6;
	bool loopback; /* nobody but this machine can ask */
	uint16_t port;
	char address[INET6_ADDRSTRLEN];
};

/* Listen on address (IPv4 or IPv6) and port (0: any). Errors: BAD_ARGUMENT, IO. */
enum weir_code weir__http_listen(struct weir__http_socket *made, const char *address, uint16_t port,
                                 struct weir_error *err);

#endif
