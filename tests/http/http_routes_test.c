/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What each route answers, and what is refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include <weir/http.h>

#include "fake_service.h"
#include "http_body.h"
#include "http_client.h"

struct fixture {
	struct weir_service service;
	struct weir_http *http;
	uint16_t port;
	char text[ANSWER_MAX];
};

static int start(void **state)
{
	struct fixture *const f = calloc(1, sizeof(*f));

	assert_non_null(f);
	fake_init(&f->service);
	assert_int_equal(weir_http_start(&f->http, &f->service, NULL, NULL), WEIR_OK);
	f->port = weir_http_port(f->http);
	*state = f;
	return 0;
}

static int stop(void **state)
{
	struct fixture *const f = *state;

	weir_http_stop(f->http);
	free(f);
	return 0;
}

static void set(struct fixture *f, enum weir_health_status status, enum weir_code fails,
                size_t metrics_bytes)
{
	pthread_mutex_lock(&f->service.lock);
	f->service.status = status;
	f->service.fails = fails;
	f->service.metrics_bytes = metrics_bytes;
	pthread_mutex_unlock(&f->service.lock);
}

static int get(struct fixture *f, const char *what)
{
	return client_get(f->port, what, NULL, f->text);
}

static void has(const struct fixture *f, const char *part)
{
	if (strstr(f->text, part) == NULL)
		fail_msg("\"%s\" is not in: %.600s", part, f->text);
}

static void the_page_has_its_policy(void **state)
{
	struct fixture *const f = *state;

	assert_int_equal(get(f, "GET /"), 200);
	has(f, "Content-Type: text/html; charset=utf-8\r\n");
	has(f, "default-src 'none'; connect-src 'self'");
	has(f, "script-src 'sha256-");
	has(f, "Cache-Control: no-store\r\n");
	has(f, "X-Content-Type-Options: nosniff\r\n");
	has(f, "</html>");
	assert_null(strstr(f->text, "unsafe-inline"));
	assert_null(strstr(f->text, "Access-Control"));
}

static void only_broken_is_unhealthy(void **state)
{
	struct fixture *const f = *state;

	assert_int_equal(get(f, "GET /healthz"), 200);
	has(f, "Content-Type: application/json");
	has(f, "{\"status\":\"ok\",");
	set(f, WEIR_HEALTH_BUSY, WEIR_OK, 0);
	assert_int_equal(get(f, "GET /healthz"), 200);
	has(f, "{\"status\":\"busy\",\"detail\":\"a pool is full");
	has(f, "\"databases\":{\"ok\":0,\"busy\":3,\"degraded\":0,\"broken\":0}}");
	set(f, WEIR_HEALTH_DEGRADED, WEIR_OK, 0);
	assert_int_equal(get(f, "GET /healthz"), 200);
	set(f, WEIR_HEALTH_BROKEN, WEIR_OK, 0);
	assert_int_equal(get(f, "GET /healthz"), 503);
	has(f, "{\"status\":\"broken\",");
}

static void metrics_have_two_formats(void **state)
{
	struct fixture *const f = *state;

	assert_int_equal(get(f, "GET /metrics"), 200);
	has(f, "Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n");
	has(f, "# TYPE weir gauge");
	assert_int_equal(get(f, "GET /metrics?format=json"), 200);
	has(f, "Content-Type: application/json");
	has(f, "{\"metrics\":[]}");
	assert_int_equal(get(f, "GET /metrics?format=prometheus"), 200);
	has(f, "# TYPE");
	assert_int_equal(get(f, "GET /metrics?format=xml"), 400);
	assert_int_equal(client_ask(f->port,
	                            "GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
	                            "Accept: application/json\r\n\r\n",
	                            f->text),
	                 200);
	has(f, "{\"metrics\":[]}");
}

static void pools_are_json(void **state)
{
	struct fixture *const f = *state;

	assert_int_equal(get(f, "GET /pools"), 200);
	has(f, "Content-Type: application/json");
	has(f, "\r\n\r\n{\"schema\":1,");
	has(f, "]}\n");
}

static void head_is_get_without_its_body(void **state)
{
	struct fixture *const f = *state;
	static const char *const what[] = {"HEAD /", "HEAD /healthz", "HEAD /metrics", "HEAD /pools"};

	for (size_t i = 0; i < sizeof(what) / sizeof(what[0]); i++) {
		assert_int_equal(get(f, what[i]), 200);
		has(f, "Content-Length: ");
		assert_string_equal(strstr(f->text, "\r\n\r\n"), "\r\n\r\n");
	}
}

static void other_methods_and_paths_are_refused(void **state)
{
	struct fixture *const f = *state;
	static const char *const methods[] = {"POST /",    "PUT /pools",     "DELETE /pools",
	                                      "OPTIONS /", "PATCH /metrics", "BREW /"};
	static const char *const paths[] = {"GET /x",          "GET /pools/",
	                                    "GET //",          "GET /../etc/passwd",
	                                    "GET /index.html", "GET /metrics%00"};

	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
		assert_int_equal(get(f, methods[i]), 405);
		has(f, "Allow: GET, HEAD\r\n");
	}
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]) - 1; i++)
		assert_int_equal(get(f, paths[i]), 404);
	assert_int_equal(client_ask(f->port,
	                            "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000000"
	                            "\r\n\r\nabc",
	                            f->text),
	                 405);
	assert_int_not_equal(client_ask(f->port,
	                                "GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3"
	                                "\r\n\r\nabc",
	                                f->text),
	                     200);
}

static void another_host_is_refused(void **state)
{
	struct fixture *const f = *state;

	assert_int_equal(client_get(f->port, "GET /pools", "evil.example", f->text), 403);
	assert_null(strstr(f->text, "schema"));
	assert_int_equal(client_get(f->port, "GET /pools", "[::1]:9", f->text), 200);
}

static void what_is_too_long_is_refused(void **state)
{
	struct fixture *const f = *state;
	static char request[70000];

	memset(request, 'a', sizeof(request) - 1);
	memcpy(request, "GET /", 5);
	assert_in_range(client_ask(f->port, request, f->text), 0, 499);
	assert_int_equal(strncmp(f->text, "HTTP/1.1 2", 10) == 0, 0);
	assert_int_equal(get(f, "GET /healthz"), 200);
}

static void failures_of_the_service_are_said(void **state)
{
	struct fixture *const f = *state;

	set(f, WEIR_HEALTH_OK, WEIR_ERR_CLOSED, 0);
	assert_int_equal(get(f, "GET /metrics"), 503);
	has(f, "as the test says");
	assert_null(strstr(f->text, "# TYPE"));
	assert_int_equal(get(f, "GET /pools"), 503);
	assert_int_equal(get(f, "GET /healthz"), 503);
	set(f, WEIR_HEALTH_OK, WEIR_ERR_NO_MEMORY, 0);
	assert_int_equal(get(f, "GET /metrics"), 500);
	set(f, WEIR_HEALTH_OK, WEIR_OK, WEIR__HTTP_BODY_MAX + 1);
	assert_int_equal(get(f, "GET /metrics"), 500);
	has(f, "the writer gave up");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_page_has_its_policy, start, stop),
		cmocka_unit_test_setup_teardown(only_broken_is_unhealthy, start, stop),
		cmocka_unit_test_setup_teardown(metrics_have_two_formats, start, stop),
		cmocka_unit_test_setup_teardown(pools_are_json, start, stop),
		cmocka_unit_test_setup_teardown(head_is_get_without_its_body, start, stop),
		cmocka_unit_test_setup_teardown(other_methods_and_paths_are_refused, start, stop),
		cmocka_unit_test_setup_teardown(another_host_is_refused, start, stop),
		cmocka_unit_test_setup_teardown(what_is_too_long_is_refused, start, stop),
		cmocka_unit_test_setup_teardown(failures_of_the_service_are_said, start, stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
