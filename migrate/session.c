/* SPDX-License-Identifier: BSD-2-Clause
 *
 * See session.h. Statements of weir's own run beside the connection's cache, and are
 * finalized: they come once.
 */
#include "session.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define COLUMNS_MAX 32
#define WHERE "migrate"

static bool has_schema(const struct weir_driver *driver)
{
	return driver->size >= offsetof(struct weir_driver, schema) + sizeof driver->schema &&
	       driver->schema != NULL;
}

enum weir_code weir__session_check(struct weir_db *db, struct weir_error *err)
{
	if (db == NULL)
		return weir_fail(err, WEIR_ERR_BAD_ARGUMENT, WHERE, 0, "db is NULL");
	if (!has_schema(weir_db_driver(db)))
		return weir_fail(err, WEIR_ERR_DRIVER_UNSUPPORTED, WHERE, 0,
		                 "driver %s cannot migrate: it has no weir_schema",
		                 weir_db_driver(db)->name);
	return WEIR_OK;
}

enum weir_code weir__session_init(struct weir__session *session, struct weir_db *db,
                                  struct weir_tx *tx, struct weir_error *err)
{
	const enum weir_code code = weir__session_check(db, err);

	if (code != WEIR_OK)
		return code;
	session->db = db;
	session->tx = tx;
	session->driver = weir_db_driver(db);
	session->sql = session->driver->sql;
	session->engine = session->driver->engine;
	session->schema = session->driver->schema;
	session->conn = weir_tx_driver_conn(tx, session->driver);
	return WEIR_OK;
}

static enum weir_code begin(const struct weir__session *session, const char *sql,
                            const struct weir_sql_value *params, uint32_t count, void **stmt,
                            struct weir_error *err)
{
	size_t tail = 0;
	enum weir_code code;

	*stmt = NULL;
	code = session->sql->prepare(session->conn, sql, strlen(sql), stmt, &tail, err);
	if (code == WEIR_OK && *stmt == NULL)
		return weir_fail(err, WEIR_ERR_DRIVER_SQL, WHERE, 0, "no statement: %.100s", sql);
	for (uint32_t i = 0; code == WEIR_OK && i < count; i++)
		code = session->sql->bind(*stmt, i, &params[i], err);
	return code;
}

static enum weir_code read_row(const struct weir__session *session, void *stmt, uint32_t columns,
                               weir__on_row on_row, void *arg, struct weir_error *err)
{
	struct weir_sql_value row[COLUMNS_MAX];
	enum weir_code code = WEIR_OK;

	for (uint32_t i = 0; code == WEIR_OK && i < columns; i++)
		code = session->sql->column(stmt, i, &row[i], err);
	return code == WEIR_OK ? on_row(arg, row, columns, err) : code;
}

enum weir_code weir__session_query(const struct weir__session *session, const char *sql,
                                   const struct weir_sql_value *params, uint32_t count,
                                   weir__on_row on_row, void *arg, struct weir_error *err)
{
	enum weir_sql_step step = WEIR_STEP_ROW;
	void *stmt;
	enum weir_code code = begin(session, sql, params, count, &stmt, err);
	uint32_t columns = 0;

	if (code == WEIR_OK)
		columns = session->sql->columns(stmt);
	if (columns > COLUMNS_MAX)
		columns = COLUMNS_MAX;
	while (code == WEIR_OK) { /* ends: as the statement does */
		code = session->sql->step(stmt, &step, err);
		if (code != WEIR_OK || step == WEIR_STEP_DONE)
			break;
		if (on_row != NULL)
			code = read_row(session, stmt, columns, on_row, arg, err);
	}
	session->sql->finalize(stmt);
	return code;
}

enum weir_code weir__session_exec(const struct weir__session *session, const char *sql,
                                  const struct weir_sql_value *params, uint32_t count,
                                  struct weir_error *err)
{
	return weir__session_query(session, sql, params, count, NULL, NULL, err);
}

void weir__value_text(const struct weir_sql_value *value, char *text, size_t size)
{
	size_t length = 0;

	if (value->type == WEIR_SQL_INT64) {
		(void)snprintf(text, size, "%" PRId64, value->as.int64);
		return;
	}
	if (value->type == WEIR_SQL_DOUBLE) {
		(void)snprintf(text, size, "%.17g", value->as.real);
		return;
	}
	if (value->type == WEIR_SQL_TEXT || value->type == WEIR_SQL_BLOB)
		length = value->as.data.length < size ? value->as.data.length : size - 1;
	if (length != 0)
		memcpy(text, value->as.data.bytes, length);
	text[length] = '\0';
}

int64_t weir__value_int64(const struct weir_sql_value *value)
{
	return value->type == WEIR_SQL_INT64 ? value->as.int64 : 0;
}

const char *weir__quote(const char *name, char quoted[WEIR__QUOTED_MAX])
{
	size_t at = 0;

	quoted[at++] = '"';
	for (; *name != '\0' && at + 3 < WEIR__QUOTED_MAX; name++) {
		if (*name == '"')
			quoted[at++] = '"';
		quoted[at++] = *name;
	}
	quoted[at++] = '"';
	quoted[at] = '\0';
	return quoted;
}

struct sought {
	const char *name;
	bool found;
};

static bool look(void *arg, const struct weir_schema_object *object)
{
	struct sought *const sought = arg;

	if (strcmp(object->type, "table") == 0 && strcasecmp(object->name, sought->name) == 0)
		sought->found = true;
	return true;
}

enum weir_code weir__session_has_table(const struct weir__session *session, const char *table,
                                       bool *there, struct weir_error *err)
{
	struct sought sought = {table, false};
	const enum weir_code code = session->schema->objects(session->conn, look, &sought, err);

	*there = sought.found;
	return code;
}
