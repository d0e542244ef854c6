/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A table as a rebuild looks at it: its columns, what numbers its rows, and the text
 * that makes it.
 */
#ifndef WEIR_SQLITE_TABLE_H
#define WEIR_SQLITE_TABLE_H

#include "sqlite_catalog.h"

struct weir__sqlite_column {
	char *name;
	bool generated;
	bool not_null;
	bool defaulted;
	uint32_t key; /* place in the primary key from 1 */
};

struct weir__sqlite_table {
	char *name; /* as it was written when the table was made */
	char *sql;  /* "CREATE TABLE " and its name come first, however it was written */
	struct weir__sqlite_column *columns;
	size_t count;
	const char *row; /* a name for the number of a row; NULL: it has none, or none is free */
	bool numbered;   /* one of its columns is that number */
	bool counting;   /* and never used again: AUTOINCREMENT */
};

/* Read a table of "main". *table is to be freed in any case. Errors: DRIVER_SQL (there is
 * none of that name, or it is virtual), NO_MEMORY, any DRIVER code. */
enum weir_code weir__sqlite_table_read(struct weir__sqlite_table *table, sqlite3 *db,
                                       const char *name, struct weir_error *err);

/*
 * The same of a table that is not there: *db is a private database in which sql was
 * run, and closed by the caller in any case. Errors also: DRIVER_SQL (sql is anything but
 * one CREATE TABLE of that name).
 */
enum weir_code weir__sqlite_table_imagine(struct weir__sqlite_table *table, sqlite3 **db,
                                          const char *name, const char *sql,
                                          struct weir_error *err);

void weir__sqlite_table_free(struct weir__sqlite_table *table);

/* The column of that name, in letters of either case; or NULL. */
const struct weir__sqlite_column *weir__sqlite_table_column(const struct weir__sqlite_table *table,
                                                            const char *name);

#endif
