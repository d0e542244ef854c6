/* SPDX-License-Identifier: BSD-2-Clause
 *
 * weir/db_schema.h: what a db knows of its schema: that it changed, what is run on it,
 * and how far a migration is. For weir/migrate.h, and for programs that change their
 * schema in another way.
 *
 * Threads. As weir/db.h.
 */
#ifndef WEIR_DB_SCHEMA_H
#define WEIR_DB_SCHEMA_H

#include <weir/base.h>
#include <weir/db.h>
#include <weir/error.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Say that the schema has changed: statements prepared before are not found again, each
 * connection prepares them anew as it is leased. (SQLite would notice a change itself,
 * but at the first step, after a caller has asked for the columns.) Wait-free.
 */
WEIR_API void weir_db_schema_changed(struct weir_db *db);

/*
 * The distinct texts of statements that were prepared on db, at most as many as the
 * setting statement_record, the first that came. each is called for one after the other,
 * under no lock; it ends the walk by returning false. Any thread. Errors: BAD_ARGUMENT,
 * FORKED, NO_MEMORY.
 */
WEIR_API WEIR_MUST_USE enum weir_code weir_db_statements(struct weir_db *db,
                                                         bool (*each)(void *arg, const char *sql),
                                                         void *arg, struct weir_error *err);

/* What a migration of db is doing: for stats, metrics, the dump, the page, and with
 * each change of phase or version a line of the log. */
enum weir_db_migration_phase {
	WEIR_DB_MIGRATION_NONE = 0,
	WEIR_DB_MIGRATION_RUNNING = 1,
	WEIR_DB_MIGRATION_APPLIED = 2,
	WEIR_DB_MIGRATION_FAILED = 3,
};
#define WEIR_DB_MIGRATION_TEXT_MAX 64
struct weir_db_migration {
	uint32_t size; /* set by the caller */
	enum weir_db_migration_phase phase;
	char version[WEIR_DB_MIGRATION_TEXT_MAX];
	char what[WEIR_DB_MIGRATION_TEXT_MAX]; /* "up", "down", "rehearse", … */
	uint32_t step;                         /* of steps, from 1 */
	uint32_t steps;
	uint32_t statement; /* of its script, from 1 */
	int32_t permille;   /* of the step; below 0: unknown */
	int64_t elapsed_ns;
};
/* Note it, for whoever migrates. err: why it failed, for the log; else NULL. Any thread,
 * one at a time. Copies what it is given; takes a short lock. */
WEIR_API void weir_db_note_migration(struct weir_db *db, const struct weir_db_migration *migration,
                                     const struct weir_error *err);
/* Read what was noted last (set size first). Errors: BAD_ARGUMENT, FORKED. */
WEIR_API WEIR_MUST_USE enum weir_code weir_db_read_migration(struct weir_db *db,
                                                             struct weir_db_migration *migration);

#ifdef __cplusplus
}
#endif

#endif
