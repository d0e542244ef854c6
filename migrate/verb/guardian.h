/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What looks after the programs of before, inside the uncommitted transaction.
 */
#ifndef WEIR_MIGRATE_GUARDIAN_H
#define WEIR_MIGRATE_GUARDIAN_H

#include "apply.h"

struct weir__guardian {
	const struct weir_migrate_options *options;
	struct weir_migrate_report *report;
	struct weir__manifest *manifest;
	struct weir__catalog catalog; /* as it was before the present migration */
	bool contractions;            /* what contracts the schema is found, too */
	bool refuse;                  /* a failure undoes the migration */
};

/* Read the statements. Errors: those of weir__manifest_read. */
enum weir_code weir__guardian_begin(struct weir__guardian *guardian, struct weir_db *db,
                                    const struct weir_migrate_options *options,
                                    struct weir_migrate_report *report, struct weir_error *err);
void weir__guardian_end(struct weir__guardian *guardian);

/* For weir__apply; arg is the guardian. Errors also: MIGRATE_INCOMPATIBLE. */
enum weir_code weir__guardian_before(void *arg, const struct weir__session *session,
                                     struct weir_error *err);
enum weir_code weir__guardian_inspect(void *arg, const struct weir__session *session,
                                      const struct weir__migration *migration,
                                      enum weir_migrate_direction direction,
                                      struct weir_error *err);

/* MIGRATE_INCOMPATIBLE with the first failure that report has, or OK. */
enum weir_code weir__guardian_verdict(const struct weir_migrate_report *report,
                                      struct weir_error *err);

#endif
