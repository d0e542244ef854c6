/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What a statement is like: whether it can be prepared, its parameters and columns, and
 * the plan that the engine has for it. Nothing is run but the explanation. See manifest.h.
 */
#include "manifest.h"

#include <stdlib.h>
#include <string.h>

#include "sql_piece.h"

#define WHERE "migrate.check"

static enum weir_code no_memory(struct weir_error *err)
{
	return weir_fail(err, WEIR_ERR_NO_MEMORY, WHERE, 0, "no memory for statements");
}

/* ---- names ---- */

static bool add_name(struct weir__names *names, const char *name)
{
	void *list = names->list;

	if (!weir__grow(&list, sizeof *names->list, names->count, &names->room))
		return false;
	names->list = list;
	names->list[names->count] = strdup(name == NULL ? "" : name);
	return names->list[names->count++] != NULL;
}

void weir__names_free(struct weir__names *names)
{
	for (size_t i = 0; i < names->count; i++)
		free(names->list[i]);
	free(names->list);
	memset(names, 0, sizeof *names);
}

bool weir__names_have(const struct weir__names *names, const char *name)
{
	for (size_t i = 0; i < names->count; i++) {
		if (strcmp(names->list[i], name) == 0)
			return true;
	}
	return false;
}

struct indexes {
	struct weir__names *names;
	bool failed;
};

static bool add_index(void *arg, const struct weir_schema_object *object)
{
	struct indexes *const indexes = arg;

	if (strcmp(object->type, "index") == 0)
		indexes->failed = !add_name(indexes->names, object->name);
	return !indexes->failed;
}

enum weir_code weir__names_of_indexes(const struct weir__session *session,
                                      struct weir__names *names, struct weir_error *err)
{
	struct indexes indexes = {.names = names};
	const enum weir_code code = session->schema->objects(session->conn, add_index, &indexes, err);

	return indexes.failed ? no_memory(err) : code;
}

/* ---- the plan ---- */

struct planning {
	struct weir__text text;
	uint32_t column;
};

static enum weir_code add_step(void *arg, const struct weir_sql_value *row, uint32_t columns,
                               struct weir_error *err)
{
	struct planning *const planning = arg;
	const struct weir_sql_value *const value = &row[planning->column];

	if (planning->column >= columns || value->type != WEIR_SQL_TEXT)
		return WEIR_OK;
	if (planning->text.length != 0)
		weir__text_put(&planning->text, "\n");
	weir__text_add(&planning->text, value->as.data.bytes, value->as.data.length);
	return planning->text.failed ? no_memory(err) : WEIR_OK;
}

/* Engines do not explain everything: what they refuse to has no plan. */
static enum weir_code explain(const struct weir__session *session, const char *sql,
                              struct weir__shape *shape, struct weir_error *err)
{
	struct planning planning = {.column = session->schema->explain_column};
	struct weir_error refused = WEIR_ERROR_INIT;
	struct weir__text query = {0};
	enum weir_code code = WEIR_OK;

	weir__text_put(&planning.text, "");
	if (session->schema->explain_prefix != NULL) {
		weir__text_printf(&query, "%s %s", session->schema->explain_prefix, sql);
		code = query.failed ? no_memory(&refused)
		                    : weir__session_query(session, query.bytes, NULL, 0, add_step,
		                                          &planning, &refused);
	}
	weir__text_free(&query);
	if (planning.text.failed)
		code = no_memory(&refused);
	if (code != WEIR_OK && code != WEIR_ERR_DRIVER_SQL) {
		weir__text_free(&planning.text);
		return weir_fail(err, code, WHERE, refused.driver_code, "%s", refused.message);
	}
	if (code != WEIR_OK)
		planning.text.bytes[0] = '\0';
	shape->plan = planning.text.bytes;
	return WEIR_OK;
}

/* ---- the shape ---- */

/* The driver may be older than this function of weir_sql. */
static uint32_t parameters(const struct weir_sql *sql, void *stmt)
{
	const size_t needed = offsetof(struct weir_sql, parameters) + sizeof sql->parameters;

	return sql->size >= needed && sql->parameters != NULL ? sql->parameters(stmt) : 0;
}

static enum weir_code look(const struct weir__session *session, void *stmt,
                           struct weir__shape *shape, struct weir_error *err)
{
	shape->parameters = parameters(session->sql, stmt);
	for (uint32_t i = 0; i < session->sql->columns(stmt); i++) {
		if (!add_name(&shape->columns, session->sql->column_name(stmt, i)))
			return no_memory(err);
	}
	return WEIR_OK;
}

static enum weir_code refuse(struct weir__shape *shape, const char *words, struct weir_error *err)
{
	shape->refused = strdup(words);
	return shape->refused == NULL ? no_memory(err) : WEIR_OK;
}

enum weir_code weir__shape_take(const struct weir__session *session, const char *sql,
                                struct weir__shape *shape, struct weir_error *err)
{
	struct weir_error refused = WEIR_ERROR_INIT;
	void *stmt = NULL;
	size_t tail = 0;
	enum weir_code code =
		session->sql->prepare(session->conn, sql, strlen(sql), &stmt, &tail, &refused);

	memset(shape, 0, sizeof *shape);
	if (code == WEIR_ERR_DRIVER_SQL)
		return refuse(shape, refused.message, err);
	if (code != WEIR_OK)
		return weir_fail(err, code, WHERE, refused.driver_code, "%s", refused.message);
	if (stmt == NULL || sql[tail + weir__sql_begin(sql + tail)] != '\0')
		code = refuse(shape, "it is not exactly one statement", err);
	else
		code = look(session, stmt, shape, err);
	session->sql->finalize(stmt);
	if (code == WEIR_OK && shape->refused == NULL)
		code = explain(session, sql, shape, err);
	if (code != WEIR_OK)
		weir__shape_free(shape);
	return code;
}

void weir__shape_free(struct weir__shape *shape)
{
	weir__names_free(&shape->columns);
	free(shape->refused);
	free(shape->plan);
	memset(shape, 0, sizeof *shape);
}
