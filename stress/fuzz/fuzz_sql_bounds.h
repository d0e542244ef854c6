/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Bounds for SQL that nobody wrote: what would touch a file, end a transaction, take
 * long, or give another result each time is refused.
 */
#ifndef STRESS_FUZZ_SQL_BOUNDS_H
#define STRESS_FUZZ_SQL_BOUNDS_H

#include <sqlite3.h>
#include <stdint.h>

/* How much of the budget is left; one for each connection. */
struct fuzz_sql_bounds {
	uint32_t left;
};

/* Puts an authorizer, a progress handler and limits of its own on db, for as long as
 * bounds is there. */
void fuzz_sql_bound(struct fuzz_sql_bounds *bounds, sqlite3 *db);

#endif
