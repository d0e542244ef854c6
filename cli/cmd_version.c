/* SPDX-License-Identifier: BSD-2-Clause
 *
 * `weir version`.
 */
#include <getopt.h>
#include <stdio.h>

#include <weir/version.h>

#include "command.h"

static const char help[] = "Usage: weir version [--json]\n"
						   "\n"
						   "Show the version of weir.\n"
						   "\n"
						   "  --json  as {\"schema\":1,\"version\":...}\n"
						   "  --help  show this\n";

enum exit_code cmd_version(int argc, char **argv)
{
	static const struct option options[] = {
		{"json", no_argument, NULL, 'j'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	bool json = false;

	for (int option; (option = getopt_long(argc, argv, "h", options, NULL)) != -1;) {
		if (option == 'h') {
			(void)fputs(help, stdout);
			return EXIT_DONE;
		}
		if (option != 'j')
			return usage_error(argv[0]);
		json = true;
	}
	if (optind < argc) {
		(void)fprintf(stderr, "%s: '%s' is not expected\n", argv[0], argv[optind]);
		return usage_error(argv[0]);
	}
	if (json)
		return print_json(json_pack("{s:i,s:s}", "schema", 1, "version", weir_version()));
	(void)printf("weir %s\n", weir_version());
	return EXIT_DONE;
}
