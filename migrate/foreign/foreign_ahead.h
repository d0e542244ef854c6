/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Whether another tool has gone on since its table was adopted.
 */
#ifndef WEIR_MIGRATE_FOREIGN_AHEAD_H
#define WEIR_MIGRATE_FOREIGN_AHEAD_H

#include "foreign.h"
#include "history.h"

/*
 * Refuse if the tool says that a migration of set is applied which history has never had:
 * it would be applied a second time, or what is below it undone. (One that weir has undone
 * is no such case: a table that is not kept says for ever what it said.) A table that
 * cannot be understood, or is of another format than set, is not looked at. Errors:
 * MIGRATE_FOREIGN, MIGRATE_OPERATOR (the table is dirty), any DRIVER code, NO_MEMORY.
 */
enum weir_code weir__foreign_ahead(const struct weir__session *session, const char *table,
                                   const struct weir_migrations *set,
                                   const struct weir__history *history, struct weir_error *err);

#endif
