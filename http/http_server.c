/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The server's life, and the rules that hold for every request: GET and HEAD, no
 * body, a Host header that fits, nothing kept by caches.
 *
 * One thread of libmicrohttpd does all: it calls `answer` for each request, which
 * makes the whole answer in memory. The owner's thread only starts and stops it;
 * what they share is `under_way`, under `lock`.
 */
#include <errno.h>
#include <microhttpd.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <weir/http.h>

#include "http_host.h"
#include "http_routes.h"
#include "http_socket.h"

#define WHERE "http.start"
#define ADDRESS_DEFAULT "127.0.0.1"
#define CONNECTIONS_DEFAULT 16u
#define CONNECTIONS_MAX 1000u        /* more than any use of it; each costs MEMORY_BYTES */
#define TIMEOUT_S 10u                /* of a connection on which nothing moves */
#define MEMORY_BYTES ((size_t)16384) /* of a connection: the longest request and its headers */
#define STOP_WAIT_NS WEIR_MILLISECONDS(500)

struct weir_http {
	struct MHD_Daemon *daemon;       /* r/o after start */
	struct weir_service *service;    /* r/o after start */
	struct weir__http_socket socket; /* r/o after start */
	pthread_mutex_t lock;
	pthread_cond_t none_left; /* under_way became 0 */
	uint32_t under_way;       /* under lock: requests that were begun and not completed */
};

static const struct {
	const char *name;
	const char *value;
} headers[] = {
	{"Cache-Control", "no-store"},
	{"X-Content-Type-Options", "nosniff"},
	{"X-Frame-Options", "DENY"},
	{"Referrer-Policy", "no-referrer"},
	{"Cross-Origin-Resource-Policy", "same-origin"},
};

/* Hand reply over to be sent; its body is the response's from then on. */
static enum MHD_Result send_reply(struct MHD_Connection *connection, struct weir__http_reply *reply)
{
	const bool fixed = reply->fixed != NULL;
	union {
		const char *fixed;
		void *bytes;
	} body = {.fixed = reply->fixed};
	struct MHD_Response *response = NULL;
	enum MHD_Result queued = MHD_NO;

	if (!fixed)
		body.bytes = reply->body.bytes;
	response = MHD_create_response_from_buffer(
		fixed ? reply->fixed_length : reply->body.length, body.bytes,
		fixed || reply->body.bytes == NULL ? MHD_RESPMEM_PERSISTENT : MHD_RESPMEM_MUST_FREE);
	if (response == NULL) {
		weir__http_body_free(&reply->body);
		return MHD_NO;
	}
	for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++)
		(void)MHD_add_response_header(response, headers[i].name, headers[i].value);
	(void)MHD_add_response_header(response, "Content-Type", reply->type);
	(void)MHD_add_response_header(
		response, "Content-Security-Policy",
		reply->policy != NULL ? reply->policy : "default-src 'none'; frame-ancestors 'none'");
	if (reply->status == MHD_HTTP_METHOD_NOT_ALLOWED)
		(void)MHD_add_response_header(response, "Allow", "GET, HEAD");
	queued = MHD_queue_response(connection, reply->status, response);
	MHD_destroy_response(response);
	return queued;
}

static enum MHD_Result answer(void *cls, struct MHD_Connection *connection, const char *url,
                              const char *method, const char *version, const char *upload_data,
                              size_t *upload_data_size, void **request)
{
	struct weir_http *const http = cls;
	struct weir__http_reply reply = {.service = http->service};
	const char *host = NULL;

	(void)version;
	(void)upload_data;
	if (*request == NULL) {
		*request = http;
		pthread_mutex_lock(&http->lock);
		http->under_way++;
		pthread_mutex_unlock(&http->lock);
		if (strcmp(method, MHD_HTTP_METHOD_GET) == 0 || strcmp(method, MHD_HTTP_METHOD_HEAD) == 0)
			return MHD_YES; /* called again, when the request is complete */
	}
	if (*upload_data_size != 0)
		return MHD_NO; /* nothing here takes a body: hang up rather than read it */
	host = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_HOST);
	reply.accept = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_ACCEPT);
	reply.format = MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, "format");
	if (http->socket.loopback && !weir__http_host_is_local(host, http->socket.address))
		weir__http_say(&reply, MHD_HTTP_FORBIDDEN,
		               "this Host is not served on loopback: use localhost, 127.0.0.1 or [::1]");
	else if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0)
		weir__http_say(&reply, MHD_HTTP_METHOD_NOT_ALLOWED,
		               "nothing can be changed here: only GET and HEAD");
	else
		weir__http_route(url, &reply);
	return send_reply(connection, &reply);
}

static void completed(void *cls, struct MHD_Connection *connection, void **request,
                      enum MHD_RequestTerminationCode why)
{
	struct weir_http *const http = cls;

	(void)connection;
	(void)why;
	if (*request == NULL)
		return; /* it ended before answer was called */
	pthread_mutex_lock(&http->lock);
	http->under_way--;
	if (http->under_way == 0)
		pthread_cond_signal(&http->none_left);
	pthread_mutex_unlock(&http->lock);
}

static enum weir_code check_options(const struct weir_http_options *options, struct weir_error *err)
{
	if (options->size < sizeof(*options))
		return weir_fail(err, WEIR_ERR_BAD_ARGUMENT, WHERE, 0,
		                 "options.size is %u: set it to sizeof(struct weir_http_options)",
		                 options->size);
	if (options->connections_max > CONNECTIONS_MAX)
		return weir_fail(err, WEIR_ERR_BAD_ARGUMENT, WHERE, 0,
		                 "connections_max is %u, and can be %u at most", options->connections_max,
		                 CONNECTIONS_MAX);
	return WEIR_OK;
}

static bool make_sync(struct weir_http *http)
{
	pthread_condattr_t attributes;
	bool made = false;

	if (pthread_condattr_init(&attributes) != 0)
		return false;
	made = pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) == 0 &&
	       pthread_cond_init(&http->none_left, &attributes) == 0;
	pthread_condattr_destroy(&attributes);
	if (made && pthread_mutex_init(&http->lock, NULL) != 0) {
		pthread_cond_destroy(&http->none_left);
		made = false;
	}
	return made;
}

static void free_http(struct weir_http *http)
{
	pthread_mutex_destroy(&http->lock);
	pthread_cond_destroy(&http->none_left);
	free(http);
}

enum weir_code weir_http_start(struct weir_http **made, struct weir_service *service,
                               const struct weir_http_options *options, struct weir_error *err)
{
	const struct weir_http_options defaults = {.size = sizeof(defaults)};
	struct weir_http *http = NULL;
	unsigned connections = CONNECTIONS_DEFAULT;
	enum weir_code code = WEIR_OK;

	if (made == NULL || service == NULL)
		return weir_fail(err, WEIR_ERR_BAD_ARGUMENT, WHERE, 0, "http and service must be given");
	*made = NULL;
	if (options == NULL)
		options = &defaults;
	code = check_options(options, err);
	if (code != WEIR_OK)
		return code;
	if (options->connections_max > 0)
		connections = options->connections_max;
	http = calloc(1, sizeof(*http));
	if (http == NULL || !make_sync(http)) {
		free(http);
		return weir_fail(err, WEIR_ERR_NO_MEMORY, WHERE, 0, "no memory for the server");
	}
	http->service = service;
	code = weir__http_listen(&http->socket,
	                         options->address != NULL ? options->address : ADDRESS_DEFAULT,
	                         options->port, err);
	if (code == WEIR_OK) {
		http->daemon = MHD_start_daemon(
			MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_AUTO | MHD_USE_ITC |
				(http->socket.ipv6 ? MHD_USE_IPv6 : 0),
			0, NULL, NULL, answer, http, MHD_OPTION_LISTEN_SOCKET, http->socket.fd,
			MHD_OPTION_CONNECTION_LIMIT, connections, MHD_OPTION_CONNECTION_TIMEOUT, TIMEOUT_S,
			MHD_OPTION_CONNECTION_MEMORY_LIMIT, MEMORY_BYTES, MHD_OPTION_NOTIFY_COMPLETED,
			completed, http, MHD_OPTION_END);
		/* It closes the socket when it fails: nothing is left but to say so. */
		if (http->daemon == NULL)
			code = weir_fail(err, WEIR_ERR_NO_MEMORY, WHERE, errno,
			                 "the server's thread or its memory could not be had");
	}
	if (code != WEIR_OK) {
		free_http(http);
		return code;
	}
	*made = http;
	return WEIR_OK;
}

uint16_t weir_http_port(const struct weir_http *http)
{
	return http->socket.port;
}

void weir_http_stop(struct weir_http *http)
{
	const struct weir_time end = weir_deadline_in(STOP_WAIT_NS);
	const struct timespec until = {.tv_sec = end.ns / WEIR_SECONDS(1),
	                               .tv_nsec = end.ns % WEIR_SECONDS(1)};
	int fd = -1;

	if (http == NULL)
		return;
	/* Nobody new; a client that does not read its answer is not waited for. */
	fd = MHD_quiesce_daemon(http->daemon);
	pthread_mutex_lock(&http->lock);
	while (http->under_way > 0 &&
	       pthread_cond_timedwait(&http->none_left, &http->lock, &until) == 0)
		continue;
	pthread_mutex_unlock(&http->lock);
	MHD_stop_daemon(http->daemon);
	if (fd >= 0)
		close(fd);
	free_http(http);
}
