/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Statements that must go on working: what the files of compat/ share. The functions for
 * others are in catalog.h.
 */
#ifndef WEIR_MIGRATE_MANIFEST_H
#define WEIR_MIGRATE_MANIFEST_H

#include "catalog.h"
#include "text.h"

struct weir__names {
	char **list;
	size_t count;
	size_t room;
};

/* What programs see of a statement. */
struct weir__shape {
	char *refused; /* in the engine's words; NULL: it can be prepared */
	uint32_t parameters;
	struct weir__names columns;
	char *plan; /* a line for each step; "" unknown */
};

struct weir__manifest_item {
	char *sql;
	uint32_t line; /* of the file; 0: recorded by the db */
	size_t place;  /* in which it came */
	struct weir__shape before;
	bool told; /* there is a finding about it */
};

struct weir__manifest {
	char *path; /* of the file; "" none */
	struct weir__manifest_item *items;
	size_t count;
	size_t room;
	struct weir__names indexes; /* that were there before */
};

/* Add a statement, unless it is none, or a setting: those take effect as they are
 * prepared, and no schema breaks them. False: no memory. */
bool weir__manifest_add(struct weir__manifest *manifest, const char *sql, size_t length,
                        uint32_t line);
bool weir__manifest_is_setting(const char *sql);

/* Add the statements of a document {"weir_statements":1,"statements":["…"]}. Errors:
 * MIGRATE_SOURCE with the line, NO_MEMORY. */
enum weir_code weir__manifest_json(struct weir__manifest *manifest, const char *text,
                                   struct weir_error *err);

/* What sql is like on the connection. A statement that is refused is no error. Errors:
 * NO_MEMORY, any DRIVER code but DRIVER_SQL. */
enum weir_code weir__shape_take(const struct weir__session *session, const char *sql,
                                struct weir__shape *shape, struct weir_error *err);
void weir__shape_free(struct weir__shape *shape);

/* The names of all indexes. Errors: NO_MEMORY, any DRIVER code. */
enum weir_code weir__names_of_indexes(const struct weir__session *session,
                                      struct weir__names *names, struct weir_error *err);
bool weir__names_have(const struct weir__names *names, const char *name);
void weir__names_free(struct weir__names *names);

#endif
