/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Where every migration stands: the set and the history, laid side by side.
 */
#ifndef WEIR_MIGRATE_STATE_H
#define WEIR_MIGRATE_STATE_H

#include "history.h"
#include "migrate_report.h"
#include "set.h"

/*
 * Add a row to report for each migration of set, and for each version that only the
 * history has as applied or interrupted (MISSING), in the order in which they are
 * applied; the latter by version between the others. report->version becomes the newest
 * that is applied. history is empty where there is none.
 *
 * EDITED: the checksum is another than the one of when it was applied, if that was taken
 * (adopted from a tool without checksums: it was not). REORDERED: the same, but the
 * script that was applied is still in the set, under another version. A migration that was
 * applied below others, since somebody allowed it, is APPLIED: that the log has it
 * later is no fault. OUT_OF_ORDER: pending, and one behind it is applied or interrupted.
 *
 * Errors: NO_MEMORY.
 */
enum weir_code weir__state_rows(const struct weir_migrations *set,
                                const struct weir__history *history,
                                struct weir_migrate_report *report, struct weir_error *err);

/* Whether up must not begin. INTERRUPTED is no reason: it is resumed. Errors:
 * MIGRATE_DRIFT (EDITED, MISSING or REORDERED ones, listed), MIGRATE_ORDER (OUT_OF_ORDER
 * ones, if order refuses them). */
enum weir_code weir__state_refuse(const struct weir_migrate_report *report,
                                  enum weir_migrate_order order, struct weir_error *err);

#endif
