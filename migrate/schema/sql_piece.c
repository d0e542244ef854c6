/* SPDX-License-Identifier: BSD-2-Clause
 *
 * See sql_piece.h.
 */
#include "sql_piece.h"

#include <string.h>

static size_t to_end_of(const char *text, const char *end, size_t begin)
{
	const char *const found = strstr(text + begin, end);

	return found == NULL ? strlen(text) : (size_t)(found - text) + strlen(end);
}

/* The length of one stretch of white space, or of one comment; 0: neither. */
static size_t space(const char *text)
{
	const size_t blank = strspn(text, " \t\n\v\f\r");

	if (blank != 0)
		return blank;
	if (strncmp(text, "--", 2) == 0)
		return strcspn(text, "\n");
	if (strncmp(text, "/*", 2) == 0)
		return to_end_of(text, "*/", 2);
	return 0;
}

size_t weir__sql_begin(const char *text)
{
	size_t length = 0;

	for (size_t more = space(text); more != 0; more = space(text + length))
		length += more;
	return length;
}

enum weir__sql_kind weir__sql_piece(const char *text, size_t *length)
{
	static const char begins[] = "'\"`[";
	static const char *const ends[] = {"'", "\"", "`", "]"};
	const char *quote;

	*length = 0;
	if (*text == '\0')
		return WEIR__SQL_END;
	*length = weir__sql_begin(text);
	if (*length != 0)
		return WEIR__SQL_SPACE;
	quote = strchr(begins, *text);
	if (quote != NULL) {
		/* A doubled quote is the end of one piece and the begin of the next. */
		*length = to_end_of(text, ends[quote - begins], 1);
		return WEIR__SQL_QUOTED;
	}
	*length = 1;
	return WEIR__SQL_OTHER;
}

size_t weir__sql_end(const char *text)
{
	size_t at = 0;
	size_t length;
	enum weir__sql_kind kind;

	while ((kind = weir__sql_piece(text + at, &length)) != WEIR__SQL_END) {
		at += length;
		if (kind == WEIR__SQL_OTHER && text[at - 1] == ';')
			break;
	}
	return at;
}
