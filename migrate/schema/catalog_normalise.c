/* SPDX-License-Identifier: BSD-2-Clause
 *
 * SQL text without what formatting can change: see weir__catalog_normalise.
 */
#include "catalog.h"

#include <string.h>
#include <strings.h>

#include "sql_piece.h"
#include "text.h"

struct squeeze {
	struct weir__text text;
	bool fold;  /* letters outside of quotes in lower case */
	bool space; /* there was some since the last piece */
};

/* Space means nothing beside these, unless what it parts would become a comment. */
static bool parts(char before, char after)
{
	static const char signs[] = "(),;=<>+-*/%|&~!";

	if ((before == '-' && after == '-') || (before == '/' && after == '*'))
		return false;
	return strchr(signs, before) != NULL || strchr(signs, after) != NULL;
}

/* Not <ctype.h>: a fingerprint does not depend on a locale. */
static char lower(char letter)
{
	return letter >= 'A' && letter <= 'Z' ? (char)(letter - 'A' + 'a') : letter;
}

static bool plain_name(const char *name, size_t length)
{
	static const char digits[] = "0123456789";

	for (size_t i = 0; i < length; i++) {
		const char letter = lower(name[i]);

		if ((letter < 'a' || letter > 'z') && letter != '_' &&
		    (i == 0 || strchr(digits, letter) == NULL))
			return false;
	}
	return length != 0;
}

static void add(struct squeeze *squeeze, const char *piece, size_t length, bool fold)
{
	struct weir__text *const text = &squeeze->text;
	const size_t begin = text->length;

	weir__text_add(text, piece, length);
	for (size_t i = begin; fold && !text->failed && i < text->length; i++)
		text->bytes[i] = lower(text->bytes[i]);
}

/* The name of a table that was renamed is in quotes since then, though nobody put it there. */
static bool add_table_name(struct squeeze *squeeze, const char *piece, size_t length)
{
	if (squeeze->text.bytes == NULL || strcasecmp(squeeze->text.bytes, "create table ") != 0 ||
	    piece[0] == '\'' || length < 3 || !plain_name(piece + 1, length - 2))
		return false;
	add(squeeze, piece + 1, length - 2, squeeze->fold);
	return true;
}

static void add_piece(struct squeeze *squeeze, const char *piece, size_t length, bool quoted)
{
	const struct weir__text *const text = &squeeze->text;

	if (squeeze->space && text->length != 0 && !parts(text->bytes[text->length - 1], piece[0]))
		weir__text_put(&squeeze->text, " ");
	squeeze->space = false;
	if (!quoted || !add_table_name(squeeze, piece, length))
		add(squeeze, piece, length, squeeze->fold && !quoted);
}

static char *run(const char *sql, bool fold)
{
	struct squeeze squeeze = {.fold = fold};
	size_t length;
	enum weir__sql_kind kind;

	weir__text_put(&squeeze.text, "");
	while ((kind = weir__sql_piece(sql, &length)) != WEIR__SQL_END && !squeeze.text.failed) {
		if (kind == WEIR__SQL_SPACE)
			squeeze.space = true;
		else
			add_piece(&squeeze, sql, length, kind == WEIR__SQL_QUOTED);
		sql += length;
	}
	if (squeeze.text.failed)
		weir__text_free(&squeeze.text);
	return squeeze.text.bytes;
}

char *weir__catalog_normalise(const char *sql)
{
	return run(sql, true);
}

char *weir__sql_squeeze(const char *sql)
{
	return run(sql, false);
}
