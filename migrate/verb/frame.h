/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What status, baseline, adopt, repair and verify share: their arguments, a report, the
 * history, and how a row of it is made.
 */
#ifndef WEIR_MIGRATE_FRAME_H
#define WEIR_MIGRATE_FRAME_H

#include "apply.h"

struct weir__frame {
	struct weir_db *db;
	const struct weir_migrations *set;
	struct weir_migrate_options options; /* defaults filled in */
	struct weir_migrate_report *report;
	struct weir_migrate_report *before; /* where everything stood, by weir__frame_look */
	struct weir__history history;
	struct weir__foreign foreign; /* format DETECT: there is none */
	int64_t now;                  /* seconds since 1970 */
};

/* Check the arguments and make a report; *report becomes NULL first. end is called if it
 * returns OK. Errors: BAD_ARGUMENT, NO_MEMORY. */
enum weir_code weir__frame_begin(struct weir__frame *frame, struct weir_db *db,
                                 const struct weir_migrations *set,
                                 const struct weir_migrate_options *given,
                                 struct weir_migrate_report **report, struct weir_error *err);
void weir__frame_end(struct weir__frame *frame, struct weir_migrate_report **report);

/* Call body with a reader whose statements see one state. Errors: those of
 * weir_read_begin, of body. */
enum weir_code weir__frame_read(const struct weir__frame *frame,
                                enum weir_code (*body)(void *arg,
                                                       const struct weir__session *session,
                                                       struct weir_error *err),
                                void *arg, struct weir_error *err);

/* Where in the set a version is that somebody has named, by itself, with other leading
 * zeros, or by a tag; SIZE_MAX: nowhere. */
size_t weir__frame_find(const struct weir_migrations *set, const char *name);

/* For verbs that change the history: take down where everything stands, and the schema's
 * fingerprint, into the report. Errors: NO_MEMORY, any DRIVER code. */
enum weir_code weir__frame_look(struct weir__frame *frame, const struct weir__session *session,
                                struct weir_error *err);

/* Where a version stood; NULL: nobody has heard of it. */
const struct weir_migrate_row *weir__frame_row(const struct weir__frame *frame,
                                               const char *version);

/*
 * Add a row to the history, outcome done, for a version of the set or, if it is not in
 * it, one of the history; and one to the report, done unless nothing shall be changed.
 * fingerprint: "" not taken. In the open transaction; the table is made if it is not there.
 */
struct weir__frame_note {
	const char *version;
	const char *direction;
	const char *fingerprint;
	int64_t applied_at;
};
enum weir_code weir__frame_add(struct weir__frame *frame, const struct weir__session *session,
                               const struct weir__frame_note *note, struct weir_error *err);

/* The newest version by frame's history as it is now, into the report. Errors: NO_MEMORY. */
enum weir_code weir__frame_version(struct weir__frame *frame, struct weir_error *err);

/* Errors: NO_MEMORY if added is false. */
enum weir_code weir__frame_found(bool added, struct weir_error *err);

#endif
