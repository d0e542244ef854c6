/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Raw sockets with a time limit, so that a server that hangs fails the test.
 */
#include "http_client.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define LIMIT_MS 20000

int client_connect(const char *address, uint16_t port)
{
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} to = {.v6 = {0}};
	const bool v6 = strchr(address, ':') != NULL;
	int fd = -1;

	if (v6) {
		to.v6.sin6_family = AF_INET6;
		to.v6.sin6_port = htons(port);
		assert_int_equal(inet_pton(AF_INET6, address, &to.v6.sin6_addr), 1);
	} else {
		to.v4.sin_family = AF_INET;
		to.v4.sin_port = htons(port);
		assert_int_equal(inet_pton(AF_INET, address, &to.v4.sin_addr), 1);
	}
	fd = socket(to.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(fd >= 0);
	assert_int_equal(connect(fd, &to.any, v6 ? sizeof(to.v6) : sizeof(to.v4)), 0);
	return fd;
}

void client_send(int fd, const char *text)
{
	size_t left = strlen(text);

	while (left > 0) {
		const ssize_t sent = send(fd, text, left, MSG_NOSIGNAL);

		if (sent <= 0)
			return; /* refused in the middle: the answer says why */
		text += sent;
		left -= (size_t)sent;
	}
}

bool client_read(int fd, char text[static ANSWER_MAX])
{
	size_t length = 0;

	text[0] = '\0';
	for (;;) {
		struct pollfd ready = {.fd = fd, .events = POLLIN};
		ssize_t got = 0;

		if (poll(&ready, 1, LIMIT_MS) != 1)
			return false;
		assert_true(length < ANSWER_MAX - 1);
		got = recv(fd, text + length, ANSWER_MAX - 1 - length, 0);
		if (got <= 0)
			return true;
		length += (size_t)got;
		text[length] = '\0';
	}
}

int client_ask(uint16_t port, const char *request, char text[static ANSWER_MAX])
{
	const int fd = client_connect("127.0.0.1", port);
	int status = 0;

	client_send(fd, request);
	assert_true(client_read(fd, text));
	close(fd);
	if (strncmp(text, "HTTP/1.", 7) == 0)
		status = (int)strtol(text + 9, NULL, 10);
	return status;
}

int client_get(uint16_t port, const char *what, const char *host, char text[static ANSWER_MAX])
{
	char request[512];

	snprintf(request, sizeof(request), "%s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n", what,
	         host != NULL ? host : "localhost");
	return client_ask(port, request, text);
}
