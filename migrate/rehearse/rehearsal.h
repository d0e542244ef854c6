/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A rehearsal: up on a copy of the database, and what is looked at there.
 */
#ifndef WEIR_MIGRATE_REHEARSAL_H
#define WEIR_MIGRATE_REHEARSAL_H

#include "apply.h"
#include "database_copy.h"

/* The copy: a folder that only its owner can read, with the database in it. */
struct weir__rehearsal_copy {
	char folder[WEIR__PATH_MAX]; /* "": there is none */
	char path[WEIR__PATH_MAX];
	int lock;           /* of the folder, if there is one */
	struct weir_db *db; /* NULL: it is not open */
};

/* A row that points to nothing. */
struct weir__rehearsal_reference {
	char *table;
	char *parent;
	int64_t row;
	bool unsound; /* none of the table can hold: parent is what the engine says */
};
struct weir__rehearsal_references {
	struct weir__rehearsal_reference *list; /* sorted */
	size_t count;
	size_t room;
};

/* How many rows a table has. */
struct weir__rehearsal_count {
	char *table;
	int64_t rows;
	bool named; /* by the caller, and not by "*" */
};
struct weir__rehearsal_counts {
	struct weir__rehearsal_count *list;
	size_t count;
	size_t room;
};

/* A statement that prepares if a view or a trigger can be used. */
struct weir__rehearsal_probe {
	char *sql;
	char *about;   /* what it is for, the same before and after */
	char *failure; /* NULL: it prepares */
	bool must;     /* a failure is one even if there was none to compare with */
};
struct weir__rehearsal_probes {
	struct weir__rehearsal_probe *list;
	size_t count;
	size_t room;
};

/* What the copy is like at some time. */
struct weir__rehearsal_state {
	struct weir__catalog catalog;
	struct weir__rehearsal_references references;
	struct weir__rehearsal_counts counts;
	struct weir__rehearsal_probes probes;
	char version[WEIR_MIGRATE_VERSION_MAX];
	uint64_t bytes;
	uint64_t log_bytes;
};

struct weir__rehearsal {
	struct weir_db *db; /* the live one */
	const struct weir_migrations *set;
	const char *target;
	struct weir_migrate_options options; /* of the caller; defaults filled in */
	struct weir_migrate_options inner;   /* of up and down on the copy */
	struct weir_rehearse_options wishes;
	struct weir__rehearsal_copy copy;
	struct weir__rehearsal_state before;
	struct weir__rehearsal_state after;
	struct weir_migrate_report *report; /* of the rehearsal */
	struct weir_migrate_report *up;     /* of the first up on the copy */
	int64_t began_ns;
};

/* ---- rehearsal_copy.c ---- */

/* Make and open the copy. Errors: as weir__database_copy; BAD_ARGUMENT (a database
 * without a file, and no folder); those of weir_db_create. */
enum weir_code weir__rehearsal_copy_make(struct weir__rehearsal *rehearsal, struct weir_error *err);
/* Close it, and remove it unless it is to be kept. Errors: IO. */
enum weir_code weir__rehearsal_copy_end(struct weir__rehearsal *rehearsal, struct weir_error *err);

/* ---- rehearsal_state.c ---- */

/* Look at the copy. Errors: DRIVER_CANCELLED, NO_MEMORY, BAD_ARGUMENT (same_rows names a
 * table that is not there: only where first is set), any DRIVER code. */
enum weir_code weir__rehearsal_look(struct weir__rehearsal *rehearsal,
                                    struct weir__rehearsal_state *state, bool first,
                                    struct weir_error *err);
void weir__rehearsal_state_free(struct weir__rehearsal_state *state);

/* Show progress to whoever watches the live db, and to on_progress; false: stop. */
bool weir__rehearsal_show(struct weir__rehearsal *rehearsal,
                          const struct weir_migrate_progress *progress);
/* Nothing is being rehearsed any more. */
void weir__rehearsal_show_end(struct weir__rehearsal *rehearsal);
/* Show what is being done; DRIVER_CANCELLED if it says no. */
enum weir_code weir__rehearsal_tell(struct weir__rehearsal *rehearsal, const char *phase,
                                    struct weir_error *err);

/* ---- rehearsal_references.c, rehearsal_counts.c, rehearsal_probes.c: parts of a look, and
 * the findings about what is after and was not before. false: no memory ---- */

enum weir_code weir__rehearsal_references_read(const struct weir__session *session,
                                               const struct weir__catalog *catalog,
                                               struct weir__rehearsal_references *references,
                                               struct weir_error *err);
bool weir__rehearsal_references_compare(const struct weir__rehearsal *rehearsal);
void weir__rehearsal_references_free(struct weir__rehearsal_references *references);

enum weir_code weir__rehearsal_counts_read(const struct weir__rehearsal *rehearsal,
                                           const struct weir__session *session,
                                           const struct weir__catalog *catalog, bool first,
                                           struct weir__rehearsal_counts *counts,
                                           struct weir_error *err);
bool weir__rehearsal_counts_compare(const struct weir__rehearsal *rehearsal);
void weir__rehearsal_counts_free(struct weir__rehearsal_counts *counts);

enum weir_code weir__rehearsal_probes_run(const struct weir__session *session,
                                          const struct weir__catalog *catalog,
                                          struct weir__rehearsal_probes *probes,
                                          struct weir_error *err);
bool weir__rehearsal_probes_compare(const struct weir__rehearsal *rehearsal);
void weir__rehearsal_probes_free(struct weir__rehearsal_probes *probes);

/* ---- rehearsal_checks.c ---- */

/* Storage and invariants of the copy as it is now, and all that compares before with
 * after: findings. Errors: DRIVER_CANCELLED, NO_MEMORY, any DRIVER code. */
enum weir_code weir__rehearsal_check(struct weir__rehearsal *rehearsal, struct weir_error *err);

/* ---- rehearsal_walk.c ---- */

/* Up, the first time. What up says against it is a finding; other errors are returned. */
enum weir_code weir__rehearsal_up(struct weir__rehearsal *rehearsal, struct weir_error *err);

/* Down and up again, as far as there are scripts for it, and findings about schemas that
 * are not what they were. Errors as weir__rehearsal_up. */
enum weir_code weir__rehearsal_walk(struct weir__rehearsal *rehearsal, struct weir_error *err);

#endif
