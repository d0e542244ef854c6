/* SPDX-License-Identifier: BSD-2-Clause
 *
 * weir's own format: 001_name.sql, with "-- weir:up" and "-- weir:down".
 *
 *     -- weir:tag v1.0
 *     -- weir:up transaction:off
 *     VACUUM;
 *     -- weir:down
 *
 * Nothing is guessed: what looks like a marker and is none is an error, since as a
 * comment it would hand the statements below it to the other direction.
 */
#include <weir/config.h>

#include <stdio.h>
#include <string.h>

#include "scan.h"

#define MARK "weir:"

struct reading {
	const struct weir__file *file;
	struct weir__migration *migration;
	struct weir__step *step; /* whose section is open; NULL: none yet */
	size_t begin;            /* of that section */
	uint32_t line;
	struct weir_error *err;
};

/* ---- options of a marker ---- */

static const struct option {
	const char *name;
	const char *set; /* the value that sets the flag */
	const char *unset;
	size_t flag; /* of struct weir__step */
} options[] = {
	{"transaction", "off", "on", offsetof(struct weir__step, no_transaction)},
	{"foreign_keys", "on", "off", offsetof(struct weir__step, keep_foreign_keys)},
};
#define OPTIONS (sizeof options / sizeof options[0])

static bool is_word(const struct weir__word *word, const char *text)
{
	return word->length == strlen(text) && memcmp(word->bytes, text, word->length) == 0;
}

/* ": did you mean up?", or "" */
static const char *hint(const struct weir__word *word, const char *const *names, size_t count,
                        char *text, size_t size)
{
	char name[64];
	const char *near;

	(void)snprintf(name, sizeof name, "%.*s", (int)(word->length < 63 ? word->length : 63),
	               word->bytes);
	near = weir_nearest(name, names, count);
	text[0] = '\0';
	if (near != NULL)
		(void)snprintf(text, size, ": did you mean \"%s\"?", near);
	return text;
}

static enum weir_code unknown_option(const struct reading *reading, uint32_t line,
                                     const struct weir__word *word, const struct weir__word *key)
{
	const char *names[OPTIONS];
	char text[64];

	for (size_t i = 0; i < OPTIONS; i++)
		names[i] = options[i].name;
	return weir__source_fault(reading->file, line, reading->err,
	                          "there is no option \"%.*s\"%s; there are transaction:off and "
	                          "foreign_keys:on",
	                          (int)(word->length < 40 ? word->length : 40), word->bytes,
	                          hint(key, names, OPTIONS, text, sizeof text));
}

static enum weir_code take_option(const struct reading *reading, uint32_t line,
                                  const struct weir__word *word)
{
	const char *const colon = memchr(word->bytes, ':', word->length);
	struct weir__word key = *word;
	struct weir__word value = {0};

	if (colon != NULL) {
		key.length = (size_t)(colon - word->bytes);
		value = (struct weir__word){colon + 1, word->length - key.length - 1};
	}
	for (size_t i = 0; i < OPTIONS; i++) {
		const struct option *const option = &options[i];

		if (!is_word(&key, option->name))
			continue;
		if (value.length == 0 || (!is_word(&value, option->set) && !is_word(&value, option->unset)))
			return weir__source_fault(reading->file, line, reading->err,
			                          "%s has to be %s:%s or %s:%s", option->name, option->name,
			                          option->set, option->name, option->unset);
		*(bool *)((char *)reading->step + option->flag) = is_word(&value, option->set);
		return WEIR_OK;
	}
	return unknown_option(reading, line, word, &key);
}

/* ---- markers ---- */

static enum weir_code close_section(const struct reading *reading, size_t end)
{
	if (reading->step == NULL ||
	    weir__take_section(reading->step, reading->file, reading->begin, end, reading->line))
		return WEIR_OK;
	return weir__no_memory(reading->err);
}

static enum weir_code open_section(struct reading *reading, struct weir__step *step,
                                   const struct weir__line *line, const char *rest)
{
	enum weir_code code = close_section(reading, line->begin);
	struct weir__word word;

	reading->step = step;
	reading->begin = line->next;
	reading->line = line->number + 1;
	while (code == WEIR_OK && weir__word_next(&rest, line->bytes + line->length, &word))
		code = take_option(reading, line->number, &word);
	return code;
}

static enum weir_code marker_up(struct reading *reading, const struct weir__line *line,
                                const char *rest)
{
	if (reading->step != NULL)
		return weir__source_fault(
			reading->file, line->number, reading->err,
			"a second \"-- weir:up\", or one behind \"-- weir:down\": a file has "
			"one of each, up first");
	return open_section(reading, &reading->migration->up, line, rest);
}

static enum weir_code marker_down(struct reading *reading, const struct weir__line *line,
                                  const char *rest)
{
	if (reading->step != &reading->migration->up)
		return weir__source_fault(reading->file, line->number, reading->err,
		                          reading->step == NULL
		                              ? "\"-- weir:up\" has to come first"
		                              : "a second \"-- weir:down\": a file has one");
	return open_section(reading, &reading->migration->down, line, rest);
}

static enum weir_code marker_tag(struct reading *reading, const struct weir__line *line,
                                 const char *rest)
{
	const char *const end = line->bytes + line->length;
	struct weir__word tag;
	struct weir__word more;

	if (reading->step != NULL)
		return weir__source_fault(reading->file, line->number, reading->err,
		                          "\"-- weir:tag\" belongs before \"-- weir:up\"");
	if (reading->migration->tag[0] != '\0')
		return weir__source_fault(reading->file, line->number, reading->err,
		                          "a second tag: a migration has one");
	if (!weir__word_next(&rest, end, &tag) || weir__word_next(&rest, end, &more) ||
	    !weir__tag_fits(tag.bytes, tag.length))
		return weir__source_fault(reading->file, line->number, reading->err, "%s", WEIR__TAG_RULE);
	memcpy(reading->migration->tag, tag.bytes, tag.length);
	return WEIR_OK;
}

static const struct marker {
	const char *name;
	enum weir_code (*take)(struct reading *reading, const struct weir__line *line,
	                       const char *rest);
} markers[] = {
	{"up", marker_up},
	{"down", marker_down},
	{"tag", marker_tag},
};
#define MARKERS (sizeof markers / sizeof markers[0])

static enum weir_code take_marker(struct reading *reading, const struct weir__line *line,
                                  const char *rest, bool indented)
{
	const char *const begin = rest;
	const char *names[MARKERS];
	struct weir__word word;
	char text[64];

	if (indented)
		return weir__source_fault(
			reading->file, line->number, reading->err,
			"a marker has to begin its line: take away the white space before it");
	(void)weir__word_next(&rest, line->bytes + line->length, &word);
	for (size_t i = 0; i < MARKERS; i++) {
		names[i] = markers[i].name;
		if (word.bytes == begin && is_word(&word, markers[i].name))
			return markers[i].take(reading, line, rest);
	}
	return weir__source_fault(reading->file, line->number, reading->err,
	                          "there is no marker \"-- weir:%.*s\"%s; there are up, down and tag",
	                          (int)(word.length < 40 ? word.length : 40), word.bytes,
	                          hint(&word, names, MARKERS, text, sizeof text));
}

static enum weir_code take_text(struct reading *reading)
{
	const struct weir__file *const file = reading->file;
	enum weir_code code = WEIR_OK;
	struct weir__line line = {0};

	while (code == WEIR_OK && weir__line_next(file->text, file->length, &line)) {
		bool indented;
		const char *const rest = weir__marker(&line, MARK, &indented);

		if (rest != NULL)
			code = take_marker(reading, &line, rest, indented);
		else if (reading->step == NULL && !weir__is_remark(&line))
			code = weir__source_fault(
				file, line.number, reading->err,
				"a statement before \"-- weir:up\": only comments may stand there");
	}
	if (code == WEIR_OK && reading->step == NULL)
		code =
			weir__source_fault(file, 0, reading->err,
		                       "there is no line \"-- weir:up\" in it, behind which its statements "
		                       "are expected");
	return code == WEIR_OK ? close_section(reading, file->length) : code;
}

/* ---- the format ---- */

static bool takes(const char *name)
{
	return name[0] != '.' && weir__ends_with(name, ".sql");
}

static bool claims(const struct weir__file *file)
{
	struct weir__line line = {0};

	if (!takes(file->name) || weir__digits(file->name) == 0)
		return false;
	while (weir__line_next(file->text, file->length, &line)) {
		const char *const rest = weir__marker(&line, MARK "up", NULL);

		if (rest != NULL && (rest == line.bytes + line.length || weir__is_space(*rest)))
			return true;
	}
	return false;
}

static enum weir_code read_file(struct weir_migrations *set, const struct weir__file *file,
                                const struct weir_migrations_options *given, struct weir_error *err)
{
	const size_t digits = weir__digits(file->name);
	const size_t length = strlen(file->name) - strlen(".sql");
	struct weir__migration *migration;
	struct reading reading = {.file = file, .err = err};

	(void)given;
	if (digits == 0 || file->name[digits] != '_' || length <= digits + 1)
		return weir__source_fault(file, 0, err,
		                          "its name has to be digits, \"_\", a name and \".sql\", as "
		                          "001_users.sql; rename it, or put it into another folder");
	if (strspn(file->name, "0") == digits)
		return weir__source_fault(file, 0, err,
		                          "version 0 stands for no migration at all: begin with 1");
	migration = weir__set_add(set);
	if (migration == NULL)
		return weir__no_memory(err);
	if (!weir__take_version(migration, file->name, digits, true))
		return weir__source_fault(file, 0, err, "its version has more than 63 digits");
	weir__take_name(migration, file->name + digits + 1, length - digits - 1);
	if (weir__is_blank(file->text, file->length))
		return weir__take_nothing(migration, file) ? WEIR_OK : weir__no_memory(err);
	reading.migration = migration;
	return take_text(&reading);
}

static size_t blank(const char *version, const char *name, struct weir__file files[2])
{
	return weir__file_make(&files[0], "-- weir:up\n\n-- weir:down\n", "%s_%s.sql", version, name)
	           ? 1
	           : 0;
}

const struct weir__format weir__format_weir = {
	.format = WEIR_MIGRATE_WEIR,
	.name = "weir",
	.marks = "\"-- weir:up\"",
	.takes = takes,
	.claims = claims,
	.read = read_file,
	.blank = blank,
};
