/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Broken references, before and after a migration.
 *
 * Only what a migration breaks undoes it: rows that pointed to nothing before it are not
 * its fault. They are compared by number for each pair of tables, since a rebuilt table
 * numbers its rows anew. A table with a foreign key that fits no key of its parent, which
 * no engine can check, is told as such, and is no fault either if it was so before.
 */
#ifndef WEIR_MIGRATE_KEYS_H
#define WEIR_MIGRATE_KEYS_H

#include "monitor.h"

struct weir__keys_tables {
	char **list;
	size_t count;
	size_t room;
};

struct weir__keys_pair {
	char *table;
	char *parent;
	int64_t rows;
	int64_t first; /* row number of one of them; -1: it has none */
	bool unsound;  /* none of the table can hold: parent is what the engine says */
};

struct weir__keys {
	struct weir__keys_pair *pairs;
	size_t count;
	size_t room;
	struct weir__keys_tables tables; /* that there were */
	bool read;
};

/* The tables that there are. */
enum weir_code weir__keys_list(struct weir__keys_tables *tables,
                               const struct weir__session *session, struct weir_error *err);
void weir__keys_unlist(struct weir__keys_tables *tables);

/* As the session sees them: of the tables that watched says were touched, and those that
 * refer to one; of all, if watched is NULL. One that is not among those of before counts
 * as touched: it was renamed, and what was touched had another name then. */
enum weir_code weir__keys_read(struct weir__keys *keys, const struct weir__session *session,
                               const struct weir__monitor *watched,
                               const struct weir__keys_tables *before, struct weir_error *err);
void weir__keys_free(struct weir__keys *keys);

/* What is committed, while a transaction of this thread is open: by a reader. Errors also:
 * those of weir_read_begin. */
enum weir_code weir__keys_read_committed(struct weir__keys *keys, struct weir_db *db,
                                         struct weir_error *err);

/* Errors: MIGRATE_KEYS (more of a pair are in after). */
enum weir_code weir__keys_compare(const struct weir__keys *before, const struct weir__keys *after,
                                  const char *version, struct weir_error *err);

#endif
