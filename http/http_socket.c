/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Address to listening socket, with an error that says what to do.
 */
#include "http_socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define WHERE "http.start"
#define BACKLOG 64

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

static bool parse(struct weir__http_socket *made, union address *to, const char *text,
                  uint16_t port)
{
	*to = (union address){.v6 = {0}};
	if (inet_pton(AF_INET, text, &to->v4.sin_addr) == 1) {
		to->v4.sin_family = AF_INET;
		to->v4.sin_port = htons(port);
		made->loopback = ntohl(to->v4.sin_addr.s_addr) >> 24 == 127;
	} else if (inet_pton(AF_INET6, text, &to->v6.sin6_addr) == 1) {
		to->v6.sin6_family = AF_INET6;
		to->v6.sin6_port = htons(port);
		made->ipv6 = true;
		made->loopback = IN6_IS_ADDR_LOOPBACK(&to->v6.sin6_addr);
	} else {
		return false;
	}
	snprintf(made->address, sizeof(made->address), "%s", text);
	return true;
}

/* What whoever reads the message can do about it. */
static const char *advice(int error)
{
	static const struct {
		int error;
		const char *advice;
	} known[] = {
		{EADDRINUSE, "another program listens there; stop it, or choose another port (0: any)"},
		{EADDRNOTAVAIL, "this machine has no such address; use one of `ip address`"},
		{EACCES, "this user may not listen there; choose a port above 1023"},
		{EAFNOSUPPORT, "this machine has no such kind of address; use an IPv4 one"},
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (known[i].error == error)
			return known[i].advice;
	}
	return "the system refused it";
}

static enum weir_code refuse(const struct weir__http_socket *made, uint16_t port, int error,
                             struct weir_error *err)
{
	char reason[64];

	return weir_fail(err, WEIR_ERR_IO, WHERE, error, "cannot listen on %s%s%s port %u: %s (%s)",
	                 made->ipv6 ? "[" : "", made->address, made->ipv6 ? "]" : "", (unsigned)port,
	                 advice(error), strerror_r(error, reason, sizeof(reason)));
}

enum weir_code weir__http_listen(struct weir__http_socket *made, const char *address, uint16_t port,
                                 struct weir_error *err)
{
	union address to;
	socklen_t length = 0;
	const int on = 1;

	*made = (struct weir__http_socket){.fd = -1};
	if (!parse(made, &to, address, port))
		return weir_fail(err, WEIR_ERR_BAD_ARGUMENT, WHERE, 0,
		                 "\"%.64s\" is no IPv4 or IPv6 address (names are not looked up)", address);
	length = made->ipv6 ? sizeof(to.v6) : sizeof(to.v4);
	made->fd = socket(to.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (made->fd < 0)
		return refuse(made, port, errno, err);
	/* Else a restart would have to wait for the connections of the run before. */
	(void)setsockopt(made->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(made->fd, &to.any, length) != 0 || listen(made->fd, BACKLOG) != 0 ||
	    getsockname(made->fd, &to.any, &length) != 0) {
		const int error = errno;

		close(made->fd);
		return refuse(made, port, error, err);
	}
	made->port = ntohs(made->ipv6 ? to.v6.sin6_port : to.v4.sin_port);
	return WEIR_OK;
}
