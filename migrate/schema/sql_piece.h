/* SPDX-License-Identifier: BSD-2-Clause
 *
 * SQL text as far as formatting goes: space, what is in quotes, and the rest.
 *
 * No parser: whatever means something is the engine's to say.
 */
#ifndef WEIR_MIGRATE_SQL_PIECE_H
#define WEIR_MIGRATE_SQL_PIECE_H

#include <stddef.h>

enum weir__sql_kind {
	WEIR__SQL_END = 0,
	WEIR__SQL_SPACE = 1,  /* white space and comments, as much as there is */
	WEIR__SQL_QUOTED = 2, /* 'x', "x", `x`, [x]; one that never ends goes to the end */
	WEIR__SQL_OTHER = 3,  /* one byte */
};

/* What text begins with, and how long that is. */
enum weir__sql_kind weir__sql_piece(const char *text, size_t *length);

/* Where the statement that text begins with ends, a semicolon counted, for one that the
 * engine cannot read; and where the white space and comments before it end. */
size_t weir__sql_end(const char *text);
size_t weir__sql_begin(const char *text);

/* As weir__catalog_normalise (catalog.h), but letter case stays as it is, so that the
 * result is SQL for people to read. malloc'ed; NULL: no memory. */
char *weir__sql_squeeze(const char *sql);

#endif
