/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The schema that scripts make: applied to an empty database in memory, and looked at.
 */
#ifndef WEIR_MIGRATE_REPLAY_H
#define WEIR_MIGRATE_REPLAY_H

#include "catalog.h"
#include "set.h"

/* Whether the driver has databases in memory. */
bool weir__replay_can(const struct weir_driver *driver);

/* Apply those of set that keep (as long as it) says, and read what comes of it. catalog
 * is empty after an error. Errors: those of weir_db_open and weir_migrate_up. */
enum weir_code weir__replay(const struct weir_driver *driver, const struct weir_migrations *set,
                            const bool *keep, const char *history, struct weir__catalog *catalog,
                            struct weir_error *err);

#endif
