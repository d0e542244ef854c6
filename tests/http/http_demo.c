/* SPDX-License-Identifier: BSD-2-Clause
 *
 * usage: http_demo
 *
 * Serves the page over three pools that are made up, prints the port, and ends with
 * its standard input. For browser_test.sh, and for whoever works on the page.
 */
#include <stdio.h>

#include <weir/http.h>

#include "fake_service.h"

int main(void)
{
	struct weir_service service;
	struct weir_http *http = NULL;
	struct weir_error err = {.size = sizeof(err)};

	fake_init(&service);
	if (weir_http_start(&http, &service, NULL, &err) != WEIR_OK) {
		fprintf(stderr, "http_demo: %s\n", err.message);
		return 1;
	}
	printf("%u\n", (unsigned)weir_http_port(http));
	fflush(stdout);
	while (getchar() != EOF)
		continue;
	weir_http_stop(http);
	return 0;
}
