/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A copy of a database that is in use, for a backup or a rehearsal: made in a folder
 * that only its owner can read, once there is found to be room for it.
 */
#ifndef WEIR_MIGRATE_DATABASE_COPY_H
#define WEIR_MIGRATE_DATABASE_COPY_H

#include "history.h"

#define WEIR__PATH_MAX 4096

struct weir__database_copy {
	/* What is asked for. */
	struct weir_db *db;
	const struct weir_migrate_options *options; /* timeout, reserve, table, progress */
	const char *path;                           /* of the new file */
	const char *phase;                          /* what on_progress is told; static */
	uint32_t times; /* so many times the database's bytes have to be free */

	/* What was found. */
	uint64_t bytes;     /* of the copy */
	uint64_t log_bytes; /* of the live database's log */
	int64_t duration_ns;
};

/* Make it. On failure no file is left. Errors: DRIVER_UNSUPPORTED (the driver cannot copy),
 * DRIVER_FULL (no room: bytes needed and free are named), DRIVER_CANCELLED (on_progress
 * said no), IO, those of weir_read_begin and of weir_schema's copy. */
enum weir_code weir__database_copy(struct weir__database_copy *copy, struct weir_error *err);

/* The newest version that is applied, "" for none: of set by its order, or, where set is
 * NULL or has none of them, by number. Errors: those of weir__history_read. */
enum weir_code weir__database_version(const struct weir__session *session, const char *table,
                                      const struct weir_migrations *set,
                                      char version[WEIR_MIGRATE_VERSION_MAX],
                                      struct weir_error *err);

/* The file's name without its folder, "memory" for a database without a file; and the
 * folder, "." for none. */
const char *weir__database_name(struct weir_db *db);
void weir__database_folder(struct weir_db *db, char *folder, size_t size);

/* Whether it lives in one connection only, and has no file. */
bool weir__database_is_private(struct weir_db *db);

#endif
