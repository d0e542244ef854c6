/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Statements as JSON, and no other JSON: {"weir_statements":1,"statements":["…"]}, both
 * members once, in either order. See manifest.h.
 */
#include "manifest.h"

#include <stdlib.h>
#include <string.h>

#define WHERE "migrate.manifest"
#define VERSION "1"

struct reader {
	struct weir__manifest *manifest;
	const char *at;
	const char *counted; /* so far line is of */
	uint32_t line;
	struct weir_error *err;
};

static uint32_t line_of(struct reader *reader)
{
	for (; reader->counted < reader->at; reader->counted++)
		reader->line += *reader->counted == '\n' ? 1 : 0;
	return reader->line;
}

static enum weir_code refuse(struct reader *reader, const char *what)
{
	return weir_fail(reader->err, WEIR_ERR_MIGRATE_SOURCE, WHERE, 0,
	                 "%s:%u: %s; this has to be {\"weir_statements\":" VERSION
	                 ",\"statements\":[\"…\"]}, or a script",
	                 reader->manifest->path, line_of(reader), what);
}

static enum weir_code no_memory(struct reader *reader)
{
	return weir_fail(reader->err, WEIR_ERR_NO_MEMORY, WHERE, 0, "no memory for statements");
}

/* Skip white space, and then sign if it is there. */
static bool take(struct reader *reader, char sign)
{
	reader->at += strspn(reader->at, " \t\r\n");
	if (*reader->at != sign)
		return false;
	reader->at++;
	return true;
}

/* ---- strings ---- */

/* Four hexadecimal digits; false: they are none. */
static bool take_unit(struct reader *reader, uint32_t *unit)
{
	static const char digits[] = "0123456789abcdef0123456789ABCDEF";

	*unit = 0;
	for (int i = 0; i < 4; i++, reader->at++) {
		const char *const digit = *reader->at == '\0' ? NULL : strchr(digits, *reader->at);

		if (digit == NULL)
			return false;
		*unit = *unit * 16 + (uint32_t)(digit - digits) % 16;
	}
	return true;
}

static void put_utf8(struct weir__text *text, uint32_t point)
{
	static const uint32_t marks[] = {0x00, 0x00, 0xc0, 0xe0, 0xf0};
	const int length = point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
	char bytes[4];

	for (int i = length - 1; i > 0; i--) {
		bytes[i] = (char)(0x80 | (point & 0x3f));
		point >>= 6;
	}
	bytes[0] = (char)(marks[length] | point);
	weir__text_add(text, bytes, (size_t)length);
}

/* What follows \u. */
static bool take_point(struct reader *reader, struct weir__text *text)
{
	uint32_t point;
	uint32_t low;

	if (!take_unit(reader, &point) || point == 0 || (point >= 0xdc00 && point <= 0xdfff))
		return false;
	if (point >= 0xd800 && point <= 0xdbff) {
		if (strncmp(reader->at, "\\u", 2) != 0)
			return false;
		reader->at += 2;
		if (!take_unit(reader, &low) || low < 0xdc00 || low > 0xdfff)
			return false;
		point = 0x10000 + ((point - 0xd800) << 10) + (low - 0xdc00);
	}
	put_utf8(text, point);
	return true;
}

static bool take_escape(struct reader *reader, struct weir__text *text)
{
	static const char names[] = "\"\\/bfnrt";
	static const char values[] = "\"\\/\b\f\n\r\t";
	const char *const name = *reader->at == '\0' ? NULL : strchr(names, *reader->at);

	if (*reader->at == 'u') {
		reader->at++;
		return take_point(reader, text);
	}
	if (name == NULL)
		return false;
	weir__text_add(text, &values[name - names], 1);
	reader->at++;
	return true;
}

static enum weir_code take_string(struct reader *reader, struct weir__text *text)
{
	if (!take(reader, '"'))
		return refuse(reader, "a string is missing");
	weir__text_put(text, "");
	while (*reader->at != '"') {
		if ((unsigned char)*reader->at < 0x20)
			return refuse(reader, "a string does not end, or has a bare control character");
		if (*reader->at == '\\') {
			reader->at++;
			if (!take_escape(reader, text))
				return refuse(reader, "an escape is not one");
			continue;
		}
		weir__text_add(text, reader->at++, 1);
	}
	reader->at++;
	return text->failed ? no_memory(reader) : WEIR_OK;
}

/* ---- the document ---- */

static enum weir_code take_version(struct reader *reader)
{
	size_t length;

	reader->at += strspn(reader->at, " \t\r\n");
	length = strspn(reader->at, "0123456789");
	if (length != strlen(VERSION) || strncmp(reader->at, VERSION, length) != 0)
		return refuse(reader, "weir_statements is not " VERSION
		                      ", the version that this weir knows; a newer one may");
	reader->at += length;
	return WEIR_OK;
}

static enum weir_code take_statement(struct reader *reader)
{
	struct weir__text text = {0};
	enum weir_code code = take_string(reader, &text);

	if (code == WEIR_OK &&
	    !weir__manifest_add(reader->manifest, text.bytes, text.length, line_of(reader)))
		code = no_memory(reader);
	weir__text_free(&text);
	return code;
}

static enum weir_code take_statements(struct reader *reader)
{
	if (!take(reader, '['))
		return refuse(reader, "statements is not an array");
	if (take(reader, ']'))
		return WEIR_OK;
	do {
		const enum weir_code code = take_statement(reader);

		if (code != WEIR_OK)
			return code;
	} while (take(reader, ','));
	return take(reader, ']') ? WEIR_OK : refuse(reader, "the array does not end");
}

static const struct {
	const char *name;
	enum weir_code (*take)(struct reader *reader);
} members[] = {
	{"weir_statements", take_version},
	{"statements", take_statements},
};
#define MEMBERS (sizeof members / sizeof members[0])

static enum weir_code take_member(struct reader *reader, bool seen[MEMBERS])
{
	struct weir__text name = {0};
	enum weir_code code = take_string(reader, &name);
	size_t i = 0;

	while (code == WEIR_OK && i < MEMBERS && strcmp(members[i].name, name.bytes) != 0)
		i++;
	if (code == WEIR_OK && i == MEMBERS)
		code = refuse(reader, "there is a member which weir does not know");
	if (code == WEIR_OK && seen[i])
		code = refuse(reader, "a member is there twice");
	if (code == WEIR_OK && !take(reader, ':'))
		code = refuse(reader, "a colon is missing");
	if (code == WEIR_OK) {
		seen[i] = true;
		code = members[i].take(reader);
	}
	weir__text_free(&name);
	return code;
}

enum weir_code weir__manifest_json(struct weir__manifest *manifest, const char *text,
                                   struct weir_error *err)
{
	struct reader reader = {
		.manifest = manifest, .at = text, .counted = text, .line = 1, .err = err};
	bool seen[MEMBERS] = {false};
	enum weir_code code;

	if (!take(&reader, '{'))
		return refuse(&reader, "an object is missing");
	do {
		code = take_member(&reader, seen);
		if (code != WEIR_OK)
			return code;
	} while (take(&reader, ','));
	if (!take(&reader, '}'))
		return refuse(&reader, "the object does not end");
	reader.at += strspn(reader.at, " \t\r\n");
	if (*reader.at != '\0')
		return refuse(&reader, "something follows the object");
	if (!seen[0] || !seen[1])
		return refuse(&reader, "a member is missing");
	return WEIR_OK;
}
