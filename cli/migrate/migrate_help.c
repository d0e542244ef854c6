/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Help, out of the tables of verbs and options.
 */
#include <stdio.h>

#include "migrate_command.h"

void migrate_print_help(const struct migrate_verb *verbs, size_t count)
{
	(void)printf("Usage: weir migrate VERB [OPTION...]\n\n"
	             "Take the schema of a database from version to version, while programs use it.\n\n"
	             "Verbs:\n");
	for (size_t i = 0; i < count; i++)
		(void)printf("  %-9s %s\n", verbs[i].name, verbs[i].summary);
	(void)printf("  %-9s %s\n", "help", "show this, or the help of a verb");
	(void)printf(
		"\nThe database is --database or WEIR_DATABASE, a URL or a path. The scripts are in\n"
		"--migrations or WEIR_MIGRATIONS, else in db/migrations or migrations.\n\n"
		"Exit codes: 0 done, 1 failed and rolled back, 2 wrong use or bad input, 3 pending\n"
		"(status --exit-code), 4 deadline, 5 drift, 6 incompatible, 7 needs an operator,\n"
		"8 cancelled.\n");
}

void migrate_print_verb_help(const struct migrate_verb *verb)
{
	size_t count;
	const struct migrate_option *options = migrate_options(&count);

	(void)printf("Usage: weir migrate %s [OPTION...]", verb->name);
	if (verb->word != NULL)
		(void)printf(verb->word_needed ? " %s" : " [%s]", verb->word);
	(void)printf("\n\n%s\n\n", verb->doc);
	for (size_t i = 0; i < count; i++) {
		const struct migrate_option *option = &options[i];
		char name[40];

		if ((option->verbs & (unsigned)verb->bit) == 0)
			continue;
		(void)snprintf(name, sizeof(name), "--%s%s%s", option->name,
		               option->value != NULL ? " " : "",
		               option->value != NULL ? option->value : "");
		(void)printf("  %-22s %s\n", name, option->doc);
	}
}
