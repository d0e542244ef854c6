/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A client that sends what it is told, byte for byte: no library would send what a
 * server must refuse.
 */
#ifndef HTTP_CLIENT_H
#define HTTP_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

#define ANSWER_MAX (256 * 1024)

/* A connection to address (IPv4 or IPv6) and port. */
int client_connect(const char *address, uint16_t port);

void client_send(int fd, const char *text);

/* Read until the server hangs up or 20 s pass; text is a string. False: time is over. */
bool client_read(int fd, char text[static ANSWER_MAX]);

/* Connect to 127.0.0.1, send request, read, close; returns the status, 0 when the
 * server hung up without one. */
int client_ask(uint16_t port, const char *request, char text[static ANSWER_MAX]);

/* The same for "<method> <path>" with that Host header (NULL: a good one). */
int client_get(uint16_t port, const char *what, const char *host, char text[static ANSWER_MAX]);

#endif
