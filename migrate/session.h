/* SPDX-License-Identifier: BSD-2-Clause
 *
 * One connection of a db, held, and how migrate/ runs its own statements on it.
 */
#ifndef WEIR_MIGRATE_SESSION_H
#define WEIR_MIGRATE_SESSION_H

#include <weir/migrate.h>
#include <weir/schema.h>

struct weir__session {
	struct weir_db *db;
	struct weir_tx *tx;
	const struct weir_driver *driver;
	const struct weir_sql *sql;
	const struct weir_engine *engine;
	const struct weir_schema *schema;
	void *conn;
};

/* What is the matter with db for migrations, or OK. Errors: DRIVER_UNSUPPORTED,
 * BAD_ARGUMENT. */
enum weir_code weir__session_check(struct weir_db *db, struct weir_error *err);

/* Of a tx that is held: a read, a write lease, or a job of weir_db_maintain. */
enum weir_code weir__session_init(struct weir__session *session, struct weir_db *db,
                                  struct weir_tx *tx, struct weir_error *err);

/* Run one statement of weir's own to its end. */
enum weir_code weir__session_exec(const struct weir__session *session, const char *sql,
                                  const struct weir_sql_value *params, uint32_t count,
                                  struct weir_error *err);

/* The same for each row: on_row gets the values of all columns, valid during the call
 * (TEXT is not terminated), and ends the reading by returning an error, which it has put
 * into err. */
typedef enum weir_code (*weir__on_row)(void *arg, const struct weir_sql_value *row,
                                       uint32_t columns, struct weir_error *err);
enum weir_code weir__session_query(const struct weir__session *session, const char *sql,
                                   const struct weir_sql_value *params, uint32_t count,
                                   weir__on_row on_row, void *arg, struct weir_error *err);

/* Copy a value as text, cut to size; NULL is "". An integer is written in decimal. */
void weir__value_text(const struct weir_sql_value *value, char *text, size_t size);
int64_t weir__value_int64(const struct weir_sql_value *value);

/* name in double quotes, those in it doubled. */
#define WEIR__QUOTED_MAX 280
const char *weir__quote(const char *name, char quoted[WEIR__QUOTED_MAX]);

/* Whether a table of that name is there. */
enum weir_code weir__session_has_table(const struct weir__session *session, const char *table,
                                       bool *there, struct weir_error *err);

/* How long to wait for a connection to read with: never less than a moment, as timeout_ns
 * is about other writers, and opening a connection takes longer than nothing. */
int64_t weir__read_timeout(const struct weir_migrate_options *options);

#endif
