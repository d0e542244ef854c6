/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The tables in which other tools keep what they have applied.
 *
 * They are known by their columns, never by name: several tools call theirs
 * schema_migrations. weir reads them to adopt a database, and, where it is asked to
 * keep them, writes to them in the transaction of its own history, so that the other
 * tool finds what it would have left itself.
 */
#ifndef WEIR_MIGRATE_FOREIGN_H
#define WEIR_MIGRATE_FOREIGN_H

#include "session.h"
#include "set.h"

struct weir__foreign {
	enum weir_migrate_format format; /* DETECT: there is none */
	char table[128];
	bool dirty; /* golang-migrate: it stopped on its way to newest */
	char (*versions)[WEIR_MIGRATE_VERSION_MAX]; /* applied, oldest first; golang-migrate: one */
	int64_t *applied_at; /* seconds since 1970, 0 unknown; as long as versions */
	size_t count;
};

/* Find and read it. table NULL: look at the names these tools use. Errors:
 * MIGRATE_FOREIGN (two of them; a table of that name that is none of theirs). */
enum weir_code weir__foreign_read(const struct weir__session *session, const char *table,
                                  struct weir__foreign *foreign, struct weir_error *err);
void weir__foreign_free(struct weir__foreign *foreign);

/* Whether the tool would say that migration is applied; NULL is golang-migrate's none. */
bool weir__foreign_has(const struct weir__foreign *foreign, const char *version);

/* Write what the tool would have left after version was applied or undone; below is the
 * version that is then the newest, "" none. In the open transaction. */
enum weir_code weir__foreign_write(const struct weir__session *session,
                                   const struct weir__foreign *foreign,
                                   enum weir_migrate_direction direction, const char *version,
                                   const char *below, struct weir_error *err);

/* Whether name is a table these tools keep: left out of fingerprints and dumps. */
bool weir__foreign_is_table(const char *name);

#endif
