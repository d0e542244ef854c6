/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The options of the subcommands that list a table.
 */
#include <getopt.h>

#include "command.h"

enum exit_code run_listing(int argc, char **argv, const struct listing *listing)
{
	static const struct option options[] = {
		{"json", no_argument, NULL, 'j'},
		{"reference", no_argument, NULL, 'r'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	enum exit_code (*print)(void) = listing->table;

	for (int option; (option = getopt_long(argc, argv, "h", options, NULL)) != -1;) {
		if (option == 'h') {
			(void)fputs(listing->help, stdout);
			return EXIT_DONE;
		}
		if (option != 'j' && option != 'r')
			return usage_error(argv[0]);
		if (print != listing->table) {
			(void)fprintf(stderr, "%s: give one of --json and --reference\n", argv[0]);
			return usage_error(argv[0]);
		}
		print = option == 'j' ? listing->json : listing->reference;
	}
	if (optind < argc) {
		(void)fprintf(stderr, "%s: '%s' is not expected\n", argv[0], argv[optind]);
		return usage_error(argv[0]);
	}
	return print();
}
