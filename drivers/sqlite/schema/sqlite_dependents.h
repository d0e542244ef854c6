/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What must be made again when a table is made anew: its indexes and triggers, which go
 * with it, and the views and triggers elsewhere that mention it.
 */
#ifndef WEIR_SQLITE_DEPENDENTS_H
#define WEIR_SQLITE_DEPENDENTS_H

#include "sqlite_catalog.h"
#include "sqlite_table.h"

struct weir__sqlite_dependent {
	char *type; /* "index", "trigger", "view" */
	char *name;
	char *table;
	char *sql;
	bool again; /* it is made again, */
	bool drop;  /* and must be dropped before: it does not go with another */
};

struct weir__sqlite_dependents {
	struct weir__sqlite_dependent *all; /* every one there is, by age */
	size_t count;
};

/* Find them. To be freed in any case. Errors: NO_MEMORY, any DRIVER code. */
enum weir_code weir__sqlite_dependents_read(struct weir__sqlite_dependents *dependents, sqlite3 *db,
                                            const char *table, struct weir_error *err);
void weir__sqlite_dependents_free(struct weir__sqlite_dependents *dependents);

/* Append the statements that drop them, and that make them again. */
void weir__sqlite_dependents_drop(const struct weir__sqlite_dependents *dependents,
                                  sqlite3_str *script);
void weir__sqlite_dependents_make(const struct weir__sqlite_dependents *dependents,
                                  sqlite3_str *script);

/* End a statement, on a line of its own where its text may end with a comment. */
void weir__sqlite_end_statement(sqlite3_str *script, const char *sql);

/* Whether the columns that indexes of name are on are those of table, too: SQLite takes
 * one in double quotes that is gone for a text, and makes the index on that. Errors:
 * DRIVER_SQL (one is not), any DRIVER code. */
enum weir_code weir__sqlite_dependents_check(const struct weir__sqlite_table *table, sqlite3 *db,
                                             const char *name, struct weir_error *err);

/* Whether an object of that name is there; also if that cannot be told. */
bool weir__sqlite_dependents_taken(sqlite3 *db, const char *name);

#endif
