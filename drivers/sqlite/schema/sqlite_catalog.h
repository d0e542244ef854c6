/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What the files of the schema face share: reading rows, and its calls.
 *
 * They run as the holder of the connection would: a guard, or whoever cancels the
 * lease, stops them, too.
 */
#ifndef WEIR_SQLITE_CATALOG_H
#define WEIR_SQLITE_CATALOG_H

#include "sqlite_internal.h"

/* One row; false ends the walk, with JOB_FAILED. */
typedef bool (*weir__sqlite_on_row)(void *arg, sqlite3_stmt *row);

/* Run sql, made of format by sqlite3_mprintf, and call on_row for each row. */
enum weir_code weir__sqlite_walk(struct weir__sqlite_conn *conn, weir__sqlite_on_row on_row,
                                 void *arg, const char *where, struct weir_error *err,
                                 const char *format, ...);

/* A column as text, "" for NULL. */
const char *weir__sqlite_words(sqlite3_stmt *row, int column);

/* ---- sqlite_facts.c ---- */

enum weir_code weir__sqlite_integrity(void *opaque, struct weir_error *err);
enum weir_code weir__sqlite_facts(void *opaque, struct weir_schema_facts *facts,
                                  struct weir_error *err);

/* ---- sqlite_copy.c ---- */

enum weir_code weir__sqlite_copy(void *opaque, const char *path,
                                 bool (*progress)(void *, uint64_t done, uint64_t all), void *arg,
                                 struct weir_error *err);

/* ---- sqlite_migrate_lock.c ---- */

enum weir_code weir__sqlite_migrate_lock(const struct weir_config *config,
                                         struct weir_time deadline, void **held,
                                         struct weir_error *err);
void weir__sqlite_migrate_unlock(void *held);

/* ---- sqlite_rebuild.c ---- */

enum weir_code weir__sqlite_rebuild(void *opaque, const struct weir_schema_rebuild *request,
                                    char **script, struct weir_error *err);

#endif
