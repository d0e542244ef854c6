/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The server's life: how it starts and is refused, many and slow clients, its end.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <weir/http.h>

#include "fake_service.h"
#include "http_client.h"

#define CONNECTIONS 4

static struct weir_service service;
static char text[ANSWER_MAX];

static int make_service(void **state)
{
	(void)state;
	fake_init(&service);
	return 0;
}

static size_t open_files(void)
{
	DIR *const folder = opendir("/proc/self/fd");
	size_t count = 0;

	assert_non_null(folder);
	while (readdir(folder) != NULL)
		count++;
	closedir(folder);
	return count;
}

static struct weir_http *start(const char *address, uint16_t port)
{
	const struct weir_http_options options = {
		.size = sizeof(options), .address = address, .port = port, .connections_max = CONNECTIONS};
	struct weir_error err = {.size = sizeof(err)};
	struct weir_http *http = NULL;

	if (weir_http_start(&http, &service, &options, &err) != WEIR_OK)
		fail_msg("%s", err.message);
	return http;
}

static void starts_and_stops_leave_nothing(void **state)
{
	const size_t before = open_files();

	(void)state;
	for (int i = 0; i < 20; i++)
		weir_http_stop(start(NULL, 0));
	weir_http_stop(NULL);
	assert_int_equal(open_files(), before);
}

static void a_port_in_use_is_said(void **state)
{
	struct weir_http *const first = start(NULL, 0);
	const struct weir_http_options options = {.size = sizeof(options),
	                                          .port = weir_http_port(first)};
	struct weir_error err = {.size = sizeof(err)};
	struct weir_http *second = first;
	char port[16];

	(void)state;
	snprintf(port, sizeof(port), "port %u", (unsigned)weir_http_port(first));
	assert_int_equal(weir_http_start(&second, &service, &options, &err), WEIR_ERR_IO);
	assert_null(second);
	assert_non_null(strstr(err.message, "127.0.0.1"));
	assert_non_null(strstr(err.message, port));
	assert_non_null(strstr(err.message, "choose another port"));
	weir_http_stop(first);
	weir_http_stop(start(NULL, options.port));
}

static void bad_options_are_refused(void **state)
{
	static const char *const addresses[] = {"", "localhost", "127.0.0.1:80", "1.2.3", "[::1]"};
	struct weir_http_options options = {.size = sizeof(options)};
	struct weir_error err = {.size = sizeof(err)};
	struct weir_http *http = NULL;

	(void)state;
	for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
		options.address = addresses[i];
		assert_int_equal(weir_http_start(&http, &service, &options, &err), WEIR_ERR_BAD_ARGUMENT);
	}
	options.address = "192.0.2.1";
	assert_int_equal(weir_http_start(&http, &service, &options, &err), WEIR_ERR_IO);
	options.address = NULL;
	options.connections_max = 100000;
	assert_int_equal(weir_http_start(&http, &service, &options, &err), WEIR_ERR_BAD_ARGUMENT);
	options.size = 0;
	assert_int_equal(weir_http_start(&http, &service, &options, &err), WEIR_ERR_BAD_ARGUMENT);
	assert_int_equal(weir_http_start(&http, NULL, NULL, &err), WEIR_ERR_BAD_ARGUMENT);
	assert_int_equal(weir_http_start(NULL, &service, NULL, &err), WEIR_ERR_BAD_ARGUMENT);
}

static void ipv6_is_served(void **state)
{
	const struct weir_http_options options = {.size = sizeof(options), .address = "::1"};
	struct weir_http *http = NULL;
	int fd = -1;

	(void)state;
	if (weir_http_start(&http, &service, &options, NULL) == WEIR_ERR_IO) {
		print_message("skipped: this machine has no ::1\n");
		skip();
	}
	fd = client_connect("::1", weir_http_port(http));
	client_send(fd, "GET /healthz HTTP/1.1\r\nHost: [::1]\r\nConnection: close\r\n\r\n");
	assert_true(client_read(fd, text));
	assert_int_equal(strncmp(text, "HTTP/1.1 200", 12), 0);
	close(fd);
	weir_http_stop(http);
}

/* Whether an answer begins to come within that time. */
static bool is_served(int fd, int timeout_ms)
{
	struct pollfd ready = {.fd = fd, .events = POLLIN};
	char got[16] = "";

	return poll(&ready, 1, timeout_ms) == 1 && read(fd, got, sizeof(got) - 1) > 0 &&
	       strncmp(got, "HTTP/1.1 200", 12) == 0;
}

/* Those past the limit wait in the system's queue until one of the others leaves. */
static void the_limit_of_connections_holds(void **state)
{
	struct weir_http *const http = start(NULL, 0);
	int fds[CONNECTIONS + 2];

	(void)state;
	for (size_t i = 0; i < CONNECTIONS + 2; i++) {
		fds[i] = client_connect("127.0.0.1", weir_http_port(http));
		client_send(fds[i], "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
		if (i < CONNECTIONS)
			assert_true(is_served(fds[i], 9000));
	}
	assert_false(is_served(fds[CONNECTIONS], 500));
	assert_false(is_served(fds[CONNECTIONS + 1], 100));
	close(fds[0]);
	close(fds[1]);
	assert_true(is_served(fds[CONNECTIONS], 20000));
	assert_true(is_served(fds[CONNECTIONS + 1], 20000));
	for (size_t i = 2; i < CONNECTIONS + 2; i++)
		close(fds[i]);
	weir_http_stop(http);
}

/* It is hung up on, and others are served meanwhile. */
static void a_slow_client_holds_up_nobody(void **state)
{
	struct weir_http *const http = start(NULL, 0);
	const int slow = client_connect("127.0.0.1", weir_http_port(http));

	(void)state;
	client_send(slow, "GET /healthz HT");
	for (int i = 0; i < 20; i++)
		assert_int_equal(client_get(weir_http_port(http), "GET /healthz", NULL, text), 200);
	assert_true(client_read(slow, text));
	assert_null(strstr(text, " 200 "));
	close(slow);
	weir_http_stop(http);
}

/* One in the middle of its request, one idle, one that does not read 8 MiB. */
static void a_stop_waits_for_no_client(void **state)
{
	struct weir_http *const http = start(NULL, 0);
	int fds[3];

	(void)state;
	service.metrics_bytes = (size_t)8 << 20;
	for (size_t i = 0; i < 3; i++)
		fds[i] = client_connect("127.0.0.1", weir_http_port(http));
	client_send(fds[0], "GET /hea");
	client_send(fds[2], "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n");
	assert_int_equal(read(fds[2], text, 4), 4);
	weir_http_stop(http);
	assert_true(client_read(fds[0], text));
	assert_true(client_read(fds[1], text));
	for (size_t i = 0; i < 3; i++)
		close(fds[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(starts_and_stops_leave_nothing, make_service),
		cmocka_unit_test_setup(a_port_in_use_is_said, make_service),
		cmocka_unit_test_setup(bad_options_are_refused, make_service),
		cmocka_unit_test_setup(ipv6_is_served, make_service),
		cmocka_unit_test_setup(the_limit_of_connections_holds, make_service),
		cmocka_unit_test_setup(a_slow_client_holds_up_nobody, make_service),
		cmocka_unit_test_setup(a_stop_waits_for_no_client, make_service),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
