/* SPDX-License-Identifier: BSD-2-Clause
 *
 * usage: http_demo [READS [FAILURES]]
 *
 * Serves the page over three pools that are made up, prints the port, and ends with its
 * standard input. After that many answers of /pools the next FAILURES fail, or, without
 * FAILURES, the server is gone. For browser_test.sh, and for whoever works on the page.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <weir/http.h>

#include "fake_service.h"

#define LOOK_MS 10

static uint64_t reads_of(struct weir_service *service)
{
	uint64_t reads;

	pthread_mutex_lock(&service->lock);
	reads = service->reads;
	pthread_mutex_unlock(&service->lock);
	return reads;
}

/* Whether standard input has ended; looks for so long, for ever if negative. */
static bool has_ended(int wait_ms)
{
	struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
	char byte;

	return poll(&input, 1, wait_ms) > 0 && read(STDIN_FILENO, &byte, 1) <= 0;
}

int main(int argc, char **argv)
{
	const uint64_t last = argc == 2 ? strtoull(argv[1], NULL, 10) : UINT64_MAX;
	struct weir_service service;
	struct weir_http *http = NULL;
	struct weir_error err = {.size = sizeof(err)};

	fake_init(&service);
	if (argc > 2) {
		service.outage_from = strtoull(argv[1], NULL, 10);
		service.outage_to = service.outage_from + strtoull(argv[2], NULL, 10);
	}
	if (weir_http_start(&http, &service, NULL, &err) != WEIR_OK) {
		fprintf(stderr, "http_demo: %s\n", err.message);
		return 1;
	}
	printf("%u\n", (unsigned)weir_http_port(http));
	fflush(stdout);
	while (!has_ended(LOOK_MS)) {
		if (reads_of(&service) < last)
			continue;
		weir_http_stop(http);
		while (!has_ended(-1))
			continue;
		return 0;
	}
	weir_http_stop(http);
	return 0;
}
