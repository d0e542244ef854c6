/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Output that all subcommands share.
 */
#include <stdlib.h>
#include <string.h>

#include "command.h"

enum exit_code usage_error(const char *command)
{
	(void)fprintf(stderr, "Try '%s --help'.\n", command);
	return EXIT_USAGE;
}

json_t *json_text(const char *text)
{
	json_t *string = json_string(text);

	if (string != NULL)
		return string;

	/* jansson takes nothing but UTF-8, a path may be anything. */
	char *escaped = malloc(3 * strlen(text) + 1);
	char *to = escaped;

	if (escaped == NULL)
		return NULL;
	for (; *text != '\0'; text++) {
		if ((unsigned char)*text < 0x80)
			*to++ = *text;
		else
			to += sprintf(to, "%%%02X", (unsigned)(unsigned char)*text);
	}
	*to = '\0';
	string = json_string(escaped);
	free(escaped);
	return string;
}

enum exit_code print_json(json_t *root)
{
	if (root == NULL) {
		(void)fprintf(stderr, "weir: out of memory\n");
		return EXIT_FAILED;
	}

	/* A failed write shows when stdout is closed. */
	(void)json_dumpf(root, stdout, JSON_INDENT(2));
	(void)putchar('\n');
	json_decref(root);
	return EXIT_DONE;
}
