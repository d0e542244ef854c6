/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The routes. Each reads the service once and writes its answer into memory, so that
 * a slow client holds up nobody but itself.
 */
#include "http_routes.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "http_page.h"

#define JSON "application/json; charset=utf-8"
#define TEXT "text/plain; charset=utf-8"
#define PROMETHEUS "text/plain; version=0.0.4; charset=utf-8"

#define LINE_MAX_BYTES 512

void weir__http_say(struct weir__http_reply *reply, unsigned status, const char *format, ...)
{
	struct weir_writer writer = weir__http_body_writer(&reply->body);
	char line[LINE_MAX_BYTES];
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	weir__http_body_free(&reply->body); /* half a document is none */
	reply->status = status;
	reply->type = TEXT;
	/* Without memory even for this the status alone must do. */
	(void)(writer.write(writer.arg, line, strlen(line)) && writer.write(writer.arg, "\n", 1));
}

/* The service could not: it is ending (503), or it or this answer has no memory. */
static void say_failure(struct weir__http_reply *reply, enum weir_code code,
                        const struct weir_error *err)
{
	const bool ending = code == WEIR_ERR_CLOSED || code == WEIR_ERR_FORKED;

	weir__http_say(reply, ending ? 503 : 500, "%s: %s", weir_error_name(code), err->message);
}

/* What /healthz says of each status. Only what a restart or another instance would
 * help is not 200: load balancers that take a busy instance out make the others busier. */
static const struct {
	const char *name;
	unsigned status;
	const char *detail;
} health_words[] = {
	[WEIR_HEALTH_OK] = {"ok", 200, "every database works"},
	[WEIR_HEALTH_BUSY] = {"busy", 200,
                          "a pool is full and callers wait: load, not a fault of the database"},
	[WEIR_HEALTH_DEGRADED] = {"degraded", 200,
                              "a database is suspended, draining or recovering from an outage"},
	[WEIR_HEALTH_BROKEN] = {"broken", 503, "a database cannot be opened, or its writer is down"},
};

static void serve_healthz(struct weir__http_reply *reply)
{
	struct weir_health health = {.size = sizeof(health)};
	const enum weir_code code = weir_service_read_health(reply->service, &health);
	struct weir_writer writer = weir__http_body_writer(&reply->body);
	char text[LINE_MAX_BYTES];
	int length = 0;

	if (code != WEIR_OK) {
		weir__http_say(reply, 503, "%s: the health cannot be read", weir_error_name(code));
		return;
	}
	length = snprintf(text, sizeof(text),
	                  "{\"status\":\"%s\",\"detail\":\"%s\",\"databases\":{\"ok\":%u,\"busy\":%u,"
	                  "\"degraded\":%u,\"broken\":%u}}\n",
	                  health_words[health.status].name, health_words[health.status].detail,
	                  health.databases[WEIR_HEALTH_OK], health.databases[WEIR_HEALTH_BUSY],
	                  health.databases[WEIR_HEALTH_DEGRADED], health.databases[WEIR_HEALTH_BROKEN]);
	reply->status = health_words[health.status].status;
	reply->type = JSON;
	(void)writer.write(writer.arg, text, (size_t)length);
}

static void serve_metrics(struct weir__http_reply *reply)
{
	const char *const format = reply->format;
	const struct weir_writer writer = weir__http_body_writer(&reply->body);
	struct weir_error err = {.size = sizeof(err)};
	bool json = reply->accept != NULL && strstr(reply->accept, "application/json") != NULL;
	enum weir_code code = WEIR_OK;

	if (format != NULL && strcmp(format, "json") != 0 && strcmp(format, "prometheus") != 0) {
		weir__http_say(reply, 400, "format is json or prometheus");
		return;
	}
	if (format != NULL)
		json = strcmp(format, "json") == 0;
	reply->type = json ? JSON : PROMETHEUS;
	code = weir_service_write_metrics(
		reply->service, json ? WEIR_METRICS_JSON : WEIR_METRICS_PROMETHEUS, &writer, &err);
	if (code != WEIR_OK)
		say_failure(reply, code, &err);
}

static void serve_pools(struct weir__http_reply *reply)
{
	const struct weir_writer writer = weir__http_body_writer(&reply->body);
	struct weir_error err = {.size = sizeof(err)};
	enum weir_code code = WEIR_OK;

	reply->type = JSON;
	code = weir_service_write_pools(reply->service, &writer, &err);
	if (code != WEIR_OK)
		say_failure(reply, code, &err);
}

static const struct {
	const char *path;
	void (*serve)(struct weir__http_reply *reply);
} routes[] = {
	{"/", weir__http_serve_page},
	{"/healthz", serve_healthz},
	{"/metrics", serve_metrics},
	{"/pools", serve_pools},
};

void weir__http_route(const char *path, struct weir__http_reply *reply)
{
	for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {
		if (strcmp(routes[i].path, path) == 0) {
			reply->status = 200;
			routes[i].serve(reply);
			return;
		}
	}
	weir__http_say(reply, 404, "not found: there are /, /healthz, /metrics and /pools");
}
