/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What the last rehearsal found, kept beside the database for the progress of up.
 *
 * <database>-weir-rehearsal is JSON, one member a line, in this order:
 *
 *   format       1; a file of another one is left as it is, and counts as unknown
 *   from, to     the versions before and after; "" none
 *   blocked_ns   how long writers are kept out
 *   duration_ns  of all scripts and commits
 *   rehearsed_at seconds since 1970
 *   steps        of each migration: version, duration_ns, blocked_ns
 */
#ifndef WEIR_MIGRATE_REHEARSE_MEMORY_H
#define WEIR_MIGRATE_REHEARSE_MEMORY_H

#include "apply.h"

enum weir__memory_state {
	WEIR__MEMORY_NONE = 0,    /* no file */
	WEIR__MEMORY_THERE = 1,   /* read */
	WEIR__MEMORY_FOREIGN = 2, /* of a format that this weir does not know */
	WEIR__MEMORY_BROKEN = 3,  /* it cannot be read, or is none */
};

struct weir__memory {
	char from[WEIR_MIGRATE_VERSION_MAX];
	char to[WEIR_MIGRATE_VERSION_MAX];
	int64_t blocked_ns;
	int64_t duration_ns;
};

/* Read it. format: that of a FOREIGN one. */
enum weir__memory_state weir__memory_read(struct weir_db *db, struct weir__memory *memory,
                                          int64_t *format);

/* Remember report, whole or not at all. A file of an unknown format stays, and a finding
 * says so; so it does of a file that cannot be written. false: no memory. */
bool weir__memory_write(struct weir_db *db, const struct weir__memory *memory,
                        struct weir_migrate_report *report);

#endif
