/* SPDX-License-Identifier: BSD-2-Clause
 *
 * From a table to the same table with more columns at its end, or with less, without a
 * rebuild.
 *
 * What the catalog knows of a column is not all there is to it (collations, checks,
 * references), so that its definition is taken from the text that makes the table with
 * more: it is what must be put in there to make the one text of the other. See
 * catalog_text.h.
 */
#include "catalog_text.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "sql_piece.h"
#include "text.h"

/* ---- what is the same ---- */

static bool begins_alike(const struct weir__catalog_object *more,
                         const struct weir__catalog_object *less, bool *alike)
{
	*alike = more->columns_count > less->columns_count;
	for (size_t i = 0; *alike && i < less->columns_count; i++) {
		if (!weir__catalog_same_column(&more->columns[i], &less->columns[i], alike))
			return false;
	}
	return true;
}

/* ---- what was put in ---- */

/*
 * more = less with something put in that begins with a comma: where, or SIZE_MAX. Where
 * the texts part is not yet the place if what follows happens to go on alike, as in
 * "a,from x" and "a,for x,from x"; then it is moved back, letter by letter.
 */
static size_t put_in(const char *less, const char *more)
{
	const size_t length = strlen(more) - strlen(less);
	size_t at = 0;

	if (strlen(more) <= strlen(less))
		return SIZE_MAX;
	while (less[at] != '\0' && less[at] == more[at])
		at++;
	if (strcmp(less + at, more + at + length) != 0)
		return SIZE_MAX;
	while (at > 0 && more[at] != ',' && more[at - 1] == more[at + length - 1])
		at--;
	return more[at] == ',' ? at : SIZE_MAX;
}

/* The length of a column's definition: up to a comma that is in nothing. */
static size_t definition(const char *text, size_t length)
{
	size_t at = 0;
	size_t piece;
	int depth = 0;

	while (at < length) {
		const bool other = weir__sql_piece(text + at, &piece) == WEIR__SQL_OTHER;

		if (other && text[at] == ',' && depth == 0)
			return at;
		if (other && text[at] == '(')
			depth++;
		if (other && text[at] == ')')
			depth--;
		at += piece;
	}
	return length;
}

/* Whether a definition has the word. A name that has it counts, too: then a rebuild is
 * proposed where it could have been done without. */
static bool has_word(const char *text, size_t length, const char *word)
{
	for (size_t i = 0; i < length; i++) {
		if (strncasecmp(text + i, word, strlen(word)) == 0)
			return true;
	}
	return false;
}

/* Engines give rows that are there a value which is the same for all, and which is a
 * reference to nothing. */
static bool can_be_added(const struct weir__catalog_column *column, const char *text, size_t length)
{
	const char *const value = column->default_value;

	if (column->key != 0 || column->generated || has_word(text, length, "unique"))
		return false;
	if (value == NULL)
		return !column->not_null;
	return strncasecmp(value, "current_", 8) != 0 && !has_word(text, length, "default(") &&
	       !has_word(text, length, "references");
}

static bool can_be_dropped(const struct weir__catalog_column *column, const char *text,
                           size_t length)
{
	return column->key == 0 && !column->generated && !has_word(text, length, "unique") &&
	       !has_word(text, length, "references");
}

/* ---- the statements ---- */

struct change {
	const struct weir__catalog_object *more; /* the table with more columns */
	const struct weir__catalog_object *less;
	bool drop;
	struct weir__text sql;
};

/* The column at place of more, whose definition is text. False: it cannot be done. */
static bool put_column(struct change *change, size_t place, const char *text, size_t length)
{
	const struct weir__catalog_column *const column = &change->more->columns[place];
	const char *const gap = change->sql.length == 0 ? "" : "\n";
	char table[WEIR__QUOTED_MAX];
	char name[WEIR__QUOTED_MAX];

	if (length == 0 ||
	    !(change->drop ? can_be_dropped(column, text, length) : can_be_added(column, text, length)))
		return false;
	(void)weir__quote(change->less->name, table);
	if (change->drop)
		weir__text_printf(&change->sql, "%sALTER TABLE %s DROP COLUMN %s;", gap, table,
		                  weir__quote(column->name, name));
	else
		weir__text_printf(&change->sql, "%sALTER TABLE %s ADD COLUMN %.*s;", gap, table,
		                  (int)length, text);
	return true;
}

/* text: ",a int,b int". False: these are not the columns, or it cannot be done. */
static bool put_columns(struct change *change, const char *text, size_t length)
{
	size_t place = change->less->columns_count;

	while (length > 0) {
		const size_t size = definition(text + 1, length - 1);

		if (place == change->more->columns_count || !put_column(change, place++, text + 1, size))
			return false;
		text += size + 1;
		length -= size + 1;
	}
	return place == change->more->columns_count;
}

/* False: no memory. */
static bool compare_texts(struct change *change)
{
	char *const less = weir__sql_squeeze(change->less->sql);
	char *const more = weir__sql_squeeze(change->more->sql);
	const bool squeezed = less != NULL && more != NULL;
	const size_t at = squeezed ? put_in(less, more) : SIZE_MAX;

	if (at != SIZE_MAX && !put_columns(change, more + at, strlen(more) - strlen(less)))
		change->sql.length = 0;
	free(less);
	free(more);
	return squeezed && !change->sql.failed;
}

bool weir__catalog_alter_columns(const struct weir__catalog_object *wanted,
                                 const struct weir__catalog_object *is, char **sql)
{
	const bool drop = is->columns_count > wanted->columns_count;
	struct change change = {.more = drop ? is : wanted, .less = drop ? wanted : is, .drop = drop};
	bool alike;
	bool compared;

	*sql = NULL;
	if (!begins_alike(change.more, change.less, &alike))
		return false;
	compared = !alike || compare_texts(&change);
	if (!compared || change.sql.length == 0)
		weir__text_free(&change.sql);
	*sql = change.sql.bytes;
	return compared;
}
