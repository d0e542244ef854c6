/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Comparing parts of catalogs, formatting apart. Inside schema/ and compat/.
 */
#ifndef WEIR_MIGRATE_CATALOG_TEXT_H
#define WEIR_MIGRATE_CATALOG_TEXT_H

#include "catalog.h"

/* Fill in the fingerprint; false: no memory. What has no SQL of its own is in the SQL of
 * its table; where columns follow from the SQL, only that counts. */
bool weir__catalog_sum(struct weir__catalog *catalog);

/* Whether the columns follow from the SQL: those of a view, and those of a virtual table,
 * whose module may not be there to tell them. */
bool weir__catalog_follows(const struct weir__catalog_object *object);

/* Whether two texts say the same; NULL is the same as NULL only. *same is not changed
 * when false is returned: no memory. */
bool weir__catalog_same_text(const char *left, const char *right, bool *same);

/* The same of two columns: name, type, default and flags. */
bool weir__catalog_same_column(const struct weir__catalog_column *left,
                               const struct weir__catalog_column *right, bool *same);

/* A column by name; NULL: there is none. */
const struct weir__catalog_column *weir__catalog_column_of(
	const struct weir__catalog_object *object, const char *name);

/* Statements that add to table `is` the columns at its end that `wanted` has and it has
 * not, or that drop those it has alone. *sql is malloc'ed; NULL: that would not make the
 * one of the other (more differs, or a column is one with which it cannot be done). False:
 * no memory. */
bool weir__catalog_alter_columns(const struct weir__catalog_object *wanted,
                                 const struct weir__catalog_object *is, char **sql);

#endif
