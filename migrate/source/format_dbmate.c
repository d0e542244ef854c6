/* SPDX-License-Identifier: BSD-2-Clause
 *
 * dbmate's folders: 001_name.sql with "-- migrate:up" and "-- migrate:down".
 *
 * A name is ^(\d+).*\.sql$; the version is the digits as text, and the order that of
 * the files' names. Both markers have to be there, up first, at the beginning of a
 * line; of their options only transaction:false says anything.
 */
#include <string.h>

#include "scan.h"

#define UP "migrate:up"
#define DOWN "migrate:down"

static bool takes(const char *name)
{
	return weir__digits(name) > 0 && weir__ends_with(name, ".sql") && strchr(name, '\n') == NULL;
}

/* What follows mark on its line; NULL: it is another. A longer word is another, too. */
static const char *marker(const struct weir__line *line, const char *mark)
{
	const char *const rest = weir__marker(line, mark, NULL);

	if (rest == NULL || (rest != line->bytes + line->length && !weir__is_space(*rest)))
		return NULL;
	return rest;
}

static bool claims(const struct weir__file *file)
{
	struct weir__line line = {0};

	while (takes(file->name) && weir__line_next(file->text, file->length, &line)) {
		if (marker(&line, UP) != NULL)
			return true;
	}
	return false;
}

static bool says_no_transaction(const struct weir__line *line, const char *rest)
{
	static const char option[] = "transaction:false";
	struct weir__word word;

	while (weir__word_next(&rest, line->bytes + line->length, &word)) {
		if (word.length == sizeof option - 1 && memcmp(word.bytes, option, word.length) == 0)
			return true;
	}
	return false;
}

/* A marker as it was found. */
struct section {
	bool there;
	bool no_transaction;
	size_t at;    /* of the marker */
	size_t begin; /* of what belongs to it */
	uint32_t line;
};

static enum weir_code find(const struct weir__file *file, struct section *up, struct section *down,
                           struct weir_error *err)
{
	struct weir__line line = {0};

	while (weir__line_next(file->text, file->length, &line)) {
		const char *const up_rest = marker(&line, UP);
		const char *const rest = up_rest != NULL ? up_rest : marker(&line, DOWN);
		struct section *const section = up_rest != NULL ? up : down;

		if (rest != NULL && section->there)
			return weir__source_fault(
				file, line.number, err,
				"several pairs of up and down: dbmate undoes the second and says "
				"that it is applied; make a file of each");
		if (rest != NULL)
			*section = (struct section){true, says_no_transaction(&line, rest), line.begin,
			                            line.next, line.number};
		else if (!up->there && !down->there && !weir__is_remark(&line))
			return weir__source_fault(file, line.number, err,
			                          "a statement before \"-- migrate:up\": only lines of \"--\" "
			                          "comment may stand there");
	}
	if (!up->there)
		return weir__source_fault(file, 0, err, "there is no line \"-- migrate:up\" in it");
	if (!down->there)
		return weir__source_fault(
			file, 0, err,
			"there is no line \"-- migrate:down\" in it: dbmate wants one, even "
			"with nothing behind it");
	if (down->at < up->at)
		return weir__source_fault(file, down->line, err,
		                          "\"-- migrate:down\" comes before \"-- migrate:up\"");
	return WEIR_OK;
}

static enum weir_code read_text(struct weir__migration *migration, const struct weir__file *file,
                                struct weir_error *err)
{
	struct section up = {0};
	struct section down = {0};
	const enum weir_code code = find(file, &up, &down, err);

	if (code != WEIR_OK)
		return code;
	migration->up.no_transaction = up.no_transaction;
	migration->down.no_transaction = down.no_transaction;
	if (!weir__take_section(&migration->up, file, up.begin, down.at, up.line + 1) ||
	    !weir__take_section(&migration->down, file, down.begin, file->length, down.line + 1))
		return weir__no_memory(err);
	return WEIR_OK;
}

static enum weir_code read_file(struct weir_migrations *set, const struct weir__file *file,
                                const struct weir_migrations_options *options,
                                struct weir_error *err)
{
	const size_t digits = weir__digits(file->name);
	const size_t title = digits + (file->name[digits] == '_');
	const size_t end = strlen(file->name) - strlen(".sql");
	struct weir__migration *const migration = weir__set_add(set);

	(void)options;
	if (migration == NULL)
		return weir__no_memory(err);
	if (!weir__take_version(migration, file->name, digits, false))
		return weir__source_fault(file, 0, err, "its version has more than 63 digits");
	if (strlen(file->name) >= sizeof migration->order)
		return weir__source_fault(file, 0, err, "its name is longer than 255 bytes");
	memcpy(migration->order, file->name, strlen(file->name) + 1);
	weir__take_name(migration, file->name + title, end - title);
	if (weir__is_blank(file->text, file->length))
		return weir__take_nothing(migration, file) ? WEIR_OK : weir__no_memory(err);
	return read_text(migration, file, err);
}

static size_t blank(const char *version, const char *name, struct weir__file files[2])
{
	static const char text[] = "-- migrate:up\n\n\n-- migrate:down\n\n";

	return weir__file_make(&files[0], text, "%s_%s.sql", version, name) ? 1 : 0;
}

const struct weir__format weir__format_dbmate = {
	.format = WEIR_MIGRATE_DBMATE,
	.name = "dbmate",
	.marks = "\"-- migrate:up\"",
	.takes = takes,
	.claims = claims,
	.read = read_file,
	.blank = blank,
};
