/* SPDX-License-Identifier: BSD-2-Clause
 *
 * goose's folders: 001_name.sql with "-- +goose Up" and, it may be, "-- +goose Down".
 *
 * The version is what stands before the first "_", a number of 63 bits from 1. An
 * annotation is a line that begins with "--" and has "+goose" in it. Statements are
 * split by the database's own parser, so that StatementBegin and StatementEnd have no
 * work to do here; they have to be where goose wants them all the same.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "scan.h"

#define MARK "+goose"
#define WORD_MAX 64

struct reading {
	const struct weir__file *file;
	struct weir__migration *migration;
	struct weir__step *step; /* whose section is open; NULL: none yet */
	size_t begin;
	uint32_t line;
	uint32_t statement; /* line of the StatementBegin that has no end yet; 0: none */
	bool no_transaction;
	struct weir_error *err;
};

/* ---- annotations ---- */

static enum weir_code close_section(struct reading *reading, size_t end)
{
	if (reading->statement != 0)
		return weir__source_fault(reading->file, reading->statement, reading->err,
		                          "\"-- +goose StatementBegin\" without a StatementEnd");
	if (reading->step == NULL ||
	    weir__take_section(reading->step, reading->file, reading->begin, end, reading->line))
		return WEIR_OK;
	return weir__no_memory(reading->err);
}

static enum weir_code open_section(struct reading *reading, struct weir__step *step,
                                   const struct weir__line *line)
{
	const enum weir_code code = close_section(reading, line->begin);

	reading->step = step;
	reading->begin = line->next;
	reading->line = line->number + 1;
	return code;
}

static enum weir_code take_up(struct reading *reading, const struct weir__line *line)
{
	if (reading->step != NULL)
		return weir__source_fault(reading->file, line->number, reading->err,
		                          "a second \"-- +goose Up\": a file has one, and it comes first");
	return open_section(reading, &reading->migration->up, line);
}

static enum weir_code take_down(struct reading *reading, const struct weir__line *line)
{
	if (reading->step != &reading->migration->up)
		return weir__source_fault(reading->file, line->number, reading->err,
		                          reading->step == NULL
		                              ? "\"-- +goose Up\" has to come first"
		                              : "a second \"-- +goose Down\": a file has one");
	return open_section(reading, &reading->migration->down, line);
}

static enum weir_code take_begin(struct reading *reading, const struct weir__line *line)
{
	if (reading->step == NULL || reading->statement != 0)
		return weir__source_fault(reading->file, line->number, reading->err,
		                          "StatementBegin belongs behind Up or Down, and not into another");
	reading->statement = line->number;
	return WEIR_OK;
}

static enum weir_code take_end(struct reading *reading, const struct weir__line *line)
{
	if (reading->statement == 0)
		return weir__source_fault(reading->file, line->number, reading->err,
		                          "StatementEnd without a StatementBegin");
	reading->statement = 0;
	return WEIR_OK;
}

static enum weir_code take_no_transaction(struct reading *reading, const struct weir__line *line)
{
	(void)line;
	reading->no_transaction = true;
	return WEIR_OK;
}

static enum weir_code refuse_environment(struct reading *reading, const struct weir__line *line)
{
	return weir__source_fault(
		reading->file, line->number, reading->err,
		"ENVSUB ON: weir does not put variables of the environment into scripts, "
		"since each place would run another one; write the values out");
}

static enum weir_code pass(struct reading *reading, const struct weir__line *line)
{
	(void)reading;
	(void)line;
	return WEIR_OK;
}

static const struct annotation {
	const char *name;
	enum weir_code (*take)(struct reading *reading, const struct weir__line *line);
} annotations[] = {
	{"Up", take_up},
	{"Down", take_down},
	{"StatementBegin", take_begin},
	{"StatementEnd", take_end},
	{"NO TRANSACTION", take_no_transaction},
	{"ENVSUB ON", refuse_environment},
	{"ENVSUB OFF", pass},
};

/* Whether line has "+goose" in it; *after is what follows it. */
static bool is_annotation(const struct weir__line *line, const char **after)
{
	const size_t mark = strlen(MARK);
	const char *at = line->bytes;

	for (size_t left = line->length; left >= mark; left--, at++) {
		if (memcmp(at, MARK, mark) == 0) {
			*after = at + mark;
			return true;
		}
	}
	return false;
}

/* The annotation's own text: the line without every "--" and without "+goose". */
static bool text_of(const struct weir__line *line, const char *after, char text[WORD_MAX])
{
	const char *const end = line->bytes + line->length;
	const char *const mark = after - strlen(MARK);
	const char *at = line->bytes;
	size_t length = 0;

	while (at < end) {
		if (at == mark) {
			at = after;
		} else if (end - at >= 2 && memcmp(at, "--", 2) == 0) {
			at += 2;
		} else {
			if (!(length == 0 && weir__is_space(*at))) {
				if (length + 1 >= WORD_MAX)
					return false;
				text[length++] = *at;
			}
			at++;
		}
	}
	while (length > 0 && weir__is_space(text[length - 1]))
		length--;
	text[length] = '\0';
	return true;
}

static enum weir_code take_annotation(struct reading *reading, const struct weir__line *line,
                                      const char *after)
{
	char text[WORD_MAX];

	if (weir__is_space(line->bytes[0]))
		return weir__source_fault(reading->file, line->number, reading->err,
		                          "an annotation has to begin its line: take away the white space "
		                          "before it");
	if (text_of(line, after, text)) {
		for (size_t i = 0; i < sizeof annotations / sizeof annotations[0]; i++) {
			if (strcasecmp(text, annotations[i].name) == 0)
				return annotations[i].take(reading, line);
		}
	}
	return weir__source_fault(reading->file, line->number, reading->err,
	                          "goose has no such annotation; it has Up, Down, StatementBegin, "
	                          "StatementEnd, NO TRANSACTION, ENVSUB ON and ENVSUB OFF");
}

static enum weir_code take_text(struct reading *reading)
{
	const struct weir__file *const file = reading->file;
	enum weir_code code = WEIR_OK;
	struct weir__line line = {0};

	while (code == WEIR_OK && weir__line_next(file->text, file->length, &line)) {
		const bool remark = weir__is_remark(&line);
		const char *after;

		if (remark && is_annotation(&line, &after))
			code = take_annotation(reading, &line, after);
		else if (!remark && reading->step == NULL)
			code = weir__source_fault(
				file, line.number, reading->err,
				"a statement before \"-- +goose Up\": only comments may stand there");
	}
	if (code == WEIR_OK && reading->step == NULL)
		code = weir__source_fault(file, 0, reading->err, "there is no line \"-- +goose Up\" in it");
	return code == WEIR_OK ? close_section(reading, file->length) : code;
}

/* ---- the format ---- */

/* goose passes over what is Go and has no version: the program around them. */
static bool takes(const char *name)
{
	if (name[0] == '.')
		return false;
	if (weir__ends_with(name, ".sql"))
		return true;
	return weir__ends_with(name, ".go") && !weir__ends_with(name, "_test.go") &&
	       weir__digits(name) > 0 && name[weir__digits(name)] == '_';
}

static bool claims(const struct weir__file *file)
{
	struct weir__line line = {0};
	const char *after;

	if (!takes(file->name) || weir__digits(file->name) == 0)
		return false;
	if (weir__ends_with(file->name, ".go"))
		return strstr(file->text, "goose.AddMigration") != NULL;
	while (weir__line_next(file->text, file->length, &line)) {
		if (weir__is_remark(&line) && is_annotation(&line, &after))
			return true;
	}
	return false;
}

static enum weir_code read_file(struct weir_migrations *set, const struct weir__file *file,
                                const struct weir_migrations_options *options,
                                struct weir_error *err)
{
	const size_t digits = weir__digits(file->name);
	struct reading reading = {.file = file, .err = err};
	struct weir__migration *migration;
	enum weir_code code;

	(void)options;
	if (digits == 0 || file->name[digits] != '_')
		return weir__source_fault(
			file, 0, err,
			"its name has to be digits, \"_\", a name and \".sql\": goose refuses "
			"the whole folder for it; put it into another one");
	errno = 0;
	if (strtoll(file->name, NULL, 10) < 1 || errno == ERANGE)
		return weir__source_fault(file, 0, err,
		                          "its version has to be from 1 to 9223372036854775807");
	migration = weir__set_add(set);
	if (migration == NULL)
		return weir__no_memory(err);
	if (!weir__take_version(migration, file->name, digits, true))
		return weir__source_fault(file, 0, err, "its version has more than 63 digits");
	weir__take_name(migration, file->name + digits + 1,
	                strlen(file->name) - strlen(".sql") - digits - 1);
	if (weir__is_blank(file->text, file->length))
		return weir__take_nothing(migration, file) ? WEIR_OK : weir__no_memory(err);
	reading.migration = migration;
	code = take_text(&reading);
	migration->up.no_transaction = migration->down.no_transaction = reading.no_transaction;
	return code;
}

static size_t blank(const char *version, const char *name, struct weir__file files[2])
{
	static const char text[] = "-- +goose Up\n\n-- +goose Down\n";

	return weir__file_make(&files[0], text, "%s_%s.sql", version, name) ? 1 : 0;
}

const struct weir__format weir__format_goose = {
	.format = WEIR_MIGRATE_GOOSE,
	.name = "goose",
	.marks = "\"-- +goose Up\"",
	.code = ".go",
	.takes = takes,
	.claims = claims,
	.read = read_file,
	.blank = blank,
};
