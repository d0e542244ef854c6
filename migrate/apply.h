/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Applying migrations: the run that up, down, rehearse and check share.
 */
#ifndef WEIR_MIGRATE_APPLY_H
#define WEIR_MIGRATE_APPLY_H

#include "catalog.h"
#include "foreign.h"
#include "history.h"
#include "migrate_report.h"
#include "set.h"

/* What a caller of weir__apply wants beside the migrations themselves. */
struct weir__apply {
	struct weir_db *db;
	const struct weir_migrations *set;
	const struct weir_migrate_options *options; /* not NULL; defaults filled in */
	enum weir_migrate_direction direction;
	const char *target;
	const char *what; /* "up", "down", "rehearse", "check": static, for who looks */
	bool only_plan;   /* list what would be done, and do nothing */
	bool roll_back;   /* check: undo all of it at the end, in one transaction */
	/* Looked at in the transaction, before it is committed or undone, once for each
	 * migration; an error undoes it. NULL: nothing. */
	enum weir_code (*inspect)(void *arg, const struct weir__session *session,
	                          const struct weir__migration *migration,
	                          enum weir_migrate_direction direction, struct weir_error *err);
	/* The same, once, before the first. */
	enum weir_code (*before)(void *arg, const struct weir__session *session,
	                         struct weir_error *err);
	void *arg;
	struct weir_migrate_report *report; /* rows and figures are added; never NULL */
};

enum weir_code weir__apply(const struct weir__apply *apply, struct weir_error *err);

/* Options with the defaults filled in. Errors: BAD_ARGUMENT. */
enum weir_code weir__options(const struct weir_migrate_options *given,
                             struct weir_migrate_options *filled, struct weir_error *err);

/* Copy db to a new file in options->backup and delete the oldest beyond those that are
 * kept (backup.c). path: where it went. */
enum weir_code weir__backup(struct weir_db *db, const struct weir_migrate_options *options,
                            char *path, size_t size, struct weir_error *err);

/* How long up is expected to keep writers out, by the last rehearsal of exactly these
 * migrations on this database; 0: unknown. Kept beside the database (rehearse_memory.c). */
int64_t weir__rehearsed_ns(struct weir_db *db, const char *from, const char *to);

#endif
