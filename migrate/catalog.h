/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A schema in memory: its fingerprint, and how two of them differ.
 *
 * History and tracking tables are left out: weir's, and those of other tools.
 */
#ifndef WEIR_MIGRATE_CATALOG_H
#define WEIR_MIGRATE_CATALOG_H

#include "migrate_report.h"
#include "session.h"

struct weir__catalog_column {
	char *name;
	char *type;
	char *default_value; /* NULL: none */
	bool not_null;
	bool generated;
	uint32_t key;
};

struct weir__catalog_object {
	char *type;
	char *name;
	char *table;
	char *sql; /* NULL: none of its own */
	struct weir__catalog_column *columns;
	size_t columns_count;
};

struct weir__catalog {
	struct weir__catalog_object *objects;
	size_t count;
	size_t room;
	char fingerprint[WEIR_MIGRATE_CHECKSUM_MAX];
};

/* Read what the connection sees. history: the name of weir's table. Objects are in the
 * order in which they can be made: tables, views, indexes, triggers, each by name. A view
 * that the engine cannot read has no columns. On failure catalog is empty. Errors: any
 * DRIVER code, NO_MEMORY. */
enum weir_code weir__catalog_read(const struct weir__session *session, const char *history,
                                  struct weir__catalog *catalog, struct weir_error *err);
void weir__catalog_free(struct weir__catalog *catalog);
const struct weir__catalog_object *weir__catalog_find(const struct weir__catalog *catalog,
                                                      const char *type, const char *name);

/* SQL text without what formatting can change: white space and comments outside of quotes
 * are one space, none at its ends or beside punctuation; letters outside of quotes are
 * small ones; a created table's name is not in quotes unless it must be. malloc'ed; NULL:
 * no memory. */
char *weir__catalog_normalise(const char *sql);

/* Add a finding for each difference, a failure: rule "missing", "unexpected" or "changed",
 * its sql what would turn is into wanted, in that order; "" it goes with its table; a
 * comment where only a rebuild does. False: no memory. */
bool weir__catalog_differences(const struct weir__catalog *wanted, const struct weir__catalog *is,
                               struct weir_migrate_report *report);

/* ---- schema/contractions.c, compat/ ---- */

/* What would break between before and after for programs that use before: findings of the
 * rules of weir_migrate_check that need no statements. All are failures but "dropped_index",
 * a note. False: no memory. */
bool weir__catalog_contractions(const struct weir__catalog *before,
                                const struct weir__catalog *after,
                                struct weir_migrate_report *report, const char *version);

/* Statements that must go on working, with what they are like now. */
struct weir__manifest;
/* Read the file at path, a script or {"weir_statements":1,"statements":["…"]} (path NULL:
 * none), and what db has recorded. Takes a read of db. *manifest is NULL on failure.
 * Errors: IO, MIGRATE_SOURCE (with file and line), NO_MEMORY, those of weir_read_begin. */
enum weir_code weir__manifest_read(struct weir__manifest **manifest, struct weir_db *db,
                                   const char *path, struct weir_error *err);
void weir__manifest_free(struct weir__manifest *manifest);
size_t weir__manifest_count(const struct weir__manifest *manifest);
/* Prepare all of them on the connection as it is, and remember their shapes and plans. One
 * that is refused is no error. Errors: NO_MEMORY, any DRIVER code but DRIVER_SQL. */
enum weir_code weir__manifest_before(struct weir__manifest *manifest,
                                     const struct weir__session *session, struct weir_error *err);
/* Prepare them again, in the uncommitted transaction; findings for what differs, of each
 * statement once. One that was refused before, too, is a warning. Errors: as before. */
enum weir_code weir__manifest_after(struct weir__manifest *manifest,
                                    const struct weir__session *session,
                                    struct weir_migrate_report *report, const char *version,
                                    struct weir_error *err);

#endif
