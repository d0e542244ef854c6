/* SPDX-License-Identifier: BSD-2-Clause
 *
 * How far: a number of steps, a version, or a tag.
 *
 * A bare number that is no version of the set, and is at most the number of its
 * migrations, counts steps: "2" is "+2" upwards and "-2" downwards. When it could be
 * either it is the version, since that is what scripts say; people see a note.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "migrate_command.h"

static bool all_digits(const char *text)
{
	return *text != '\0' && text[strspn(text, "0123456789")] == '\0';
}

/* The version that text names: as the set writes it, zeros in front apart, but for
 * dbmate, to which they are part of it. False: none. */
static bool find_version(const struct weir_migrations *set, const char *text,
                         struct weir_migration *migration)
{
	const bool exact = weir_migrations_format(set) == WEIR_MIGRATE_DBMATE;
	const char *const digits = exact ? text : text + strspn(text, "0");

	for (size_t i = 0; weir_migrations_at(set, i, migration); i++) {
		const char *const version = migration->version;

		if (strcmp(exact ? version : version + strspn(version, "0"), digits) == 0)
			return true;
	}
	return false;
}

/* Whether text is a number from 1 to count. */
static bool is_steps(const char *text, size_t count)
{
	text += strspn(text, "0");
	return all_digits(text) && strlen(text) < 10 && strtoul(text, NULL, 10) <= count;
}

static bool goes_down(const struct migrate_request *request)
{
	return request->verb->bit == VERB_DOWN || request->down ||
	       (request->verb->bit == VERB_PLAN && request->word[0] == '-');
}

enum weir_code migrate_find_target(struct migrate_call *call, struct weir_error *err)
{
	const struct migrate_request *const request = call->request;
	const char *const word = request->word;
	const bool counts = word != NULL && (request->verb->needs & TAKES_STEPS) != 0;

	call->target = word;
	if (!counts)
		return WEIR_OK;

	const char sign = goes_down(request) ? '-' : '+';
	const size_t count = weir_migrations_count(call->set);
	struct weir_migration migration;

	if ((word[0] == '+' || word[0] == '-') && (word[0] != sign || !all_digits(word + 1)))
		return weir_fail(err, WEIR_ERR_BAD_ARGUMENT, "target", 0,
		                 "'%s' cannot be read here: give %cN for N steps, a version or a tag", word,
		                 sign);
	if (!all_digits(word))
		return WEIR_OK;
	if (find_version(call->set, word, &migration)) {
		call->target = migration.version;
		if (is_steps(word, count) && !request->json && !request->quiet)
			(void)fprintf(stderr, "%s: %s is the version of that name; for steps write %c%s\n",
			              request->title, word, sign, word);
		return WEIR_OK;
	}
	if (is_steps(word, count)) {
		(void)snprintf(call->target_text, sizeof(call->target_text), "%c%s", sign, word);
		call->target = call->target_text;
	}
	return WEIR_OK;
}
