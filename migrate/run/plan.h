/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Which migrations a call is about, in order: the target made into a list.
 *
 * It is made once, before the first of them; the critical section of each looks again
 * whether it is still to be done, since another process may have done it meanwhile.
 */
#ifndef WEIR_MIGRATE_PLAN_H
#define WEIR_MIGRATE_PLAN_H

#include "history.h"
#include "set.h"

struct weir__plan_item {
	size_t index; /* in the set; SIZE_MAX: only the history has it */
	char version[WEIR_MIGRATE_VERSION_MAX];
};

struct weir__plan {
	struct weir__plan_item *items;
	size_t count;
	size_t room;
};

/* Errors: MIGRATE_SOURCE (no such target; a migration without down), MIGRATE_OPERATOR
 * (another direction is to be resumed first), MIGRATE_DRIFT (down of an edited one),
 * NO_MEMORY. */
enum weir_code weir__plan_make(struct weir__plan *plan, const struct weir_migrations *set,
                               const struct weir__history *history,
                               enum weir_migrate_direction direction, const char *target,
                               enum weir_migrate_order order, struct weir_error *err);
void weir__plan_free(struct weir__plan *plan);

/* Whether item may still be done, by the history as it is in the transaction: another
 * process may have gone the other way since the plan was made. An item that was done
 * meanwhile may. Errors: MIGRATE_ORDER (not all below it are applied; for down, another
 * one is the newest), MIGRATE_OPERATOR, MIGRATE_DRIFT, MIGRATE_SOURCE (as plan_make). */
enum weir_code weir__plan_check(const struct weir__plan_item *item,
                                const struct weir_migrations *set,
                                const struct weir__history *history,
                                enum weir_migrate_direction direction,
                                enum weir_migrate_order order, struct weir_error *err);

#endif
