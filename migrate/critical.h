/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The one critical section: the writer to oneself, and a transaction that excludes
 * every other writer, of other processes too.
 */
#ifndef WEIR_MIGRATE_CRITICAL_H
#define WEIR_MIGRATE_CRITICAL_H

#include "session.h"

/*
 * Wait for the gate, then for foreign writers (options->timeout_ns each), begin, and
 * call body with the connection. Foreign keys are not enforced in it. commit: keep what
 * body did if it returns OK; otherwise, and after any error, it is rolled back. body
 * must not end the transaction, and keeps nothing of session.
 *
 * options: defaults filled in. Errors: body's own; those of weir_db_maintain if body did
 * not run; INDETERMINATE (the commit); DRIVER_BROKEN and others of script_begin, begin,
 * rollback, script_end.
 */
enum weir_code weir__critical(struct weir_db *db, const struct weir_migrate_options *options,
                              enum weir_code (*body)(void *arg, const struct weir__session *session,
                                                     struct weir_error *err),
                              void *arg, bool commit, struct weir_error *err);

#endif
