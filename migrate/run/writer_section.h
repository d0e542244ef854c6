/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The writer to oneself, under watch: everything that a migration does is in here.
 */
#ifndef WEIR_MIGRATE_SECTION_H
#define WEIR_MIGRATE_SECTION_H

#include "monitor.h"

struct weir__section {
	struct weir_db *db;
	const struct weir_migrate_options *options;
	struct weir__monitor *monitor; /* NULL: nobody watches */
	bool keep_foreign_keys;
	/* What is done in it; no transaction is open before or after. */
	enum weir_code (*body)(void *arg, const struct weir__session *session, struct weir_error *err);
	void *arg;
	int64_t blocked_ns; /* out: how long writers were kept out */
};

/* Errors: those of weir_db_maintain, of body; DRIVER_BROKEN. */
enum weir_code weir__section_run(struct weir__section *section, struct weir_error *err);

/*
 * In the section: body in a transaction that excludes every writer, of other processes
 * too. Committed (commit), or rolled back at the end or after an error. monitor (or
 * NULL) is asked while others are waited for: DRIVER_BUSY if it says stop.
 */
enum weir_code weir__section_within(
	const struct weir__session *session, const struct weir_migrate_options *options,
	struct weir__monitor *monitor,
	enum weir_code (*body)(void *arg, const struct weir__session *session, struct weir_error *err),
	void *arg, bool commit, struct weir_error *err);

#endif
