/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A schema, read into memory through weir_schema. See catalog.h.
 */
#include "catalog.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "catalog_text.h"
#include "foreign.h"
#include "text.h"

#define WHERE "migrate.catalog"

struct reading {
	struct weir__catalog *catalog;
	const char *history;
	bool failed; /* no memory */
};

/* ---- objects ---- */

static bool copy(char **to, const char *from)
{
	*to = from == NULL ? NULL : strdup(from);
	return from == NULL || *to != NULL;
}

static bool left_out(const struct reading *reading, const char *table)
{
	return strcasecmp(table, reading->history) == 0 || weir__foreign_is_table(table);
}

static bool add_object(void *arg, const struct weir_schema_object *object)
{
	struct reading *const reading = arg;
	struct weir__catalog *const catalog = reading->catalog;
	struct weir__catalog_object *made;
	void *objects = catalog->objects;

	if (left_out(reading, object->table == NULL ? object->name : object->table))
		return true;
	reading->failed = true;
	if (!weir__grow(&objects, sizeof *catalog->objects, catalog->count, &catalog->room))
		return false;
	catalog->objects = objects;
	made = &catalog->objects[catalog->count++];
	memset(made, 0, sizeof *made);
	reading->failed = !copy(&made->type, object->type) || !copy(&made->name, object->name) ||
	                  !copy(&made->table, object->table == NULL ? object->name : object->table) ||
	                  !copy(&made->sql, object->sql);
	return !reading->failed;
}

static int place(const struct weir__catalog_object *object)
{
	static const char *const types[] = {"table", "view", "index", "trigger"};
	int i = 0;

	while (i < 4 && strcmp(types[i], object->type) != 0)
		i++;
	return i;
}

static int compare(const void *left, const void *right)
{
	const struct weir__catalog_object *const a = left;
	const struct weir__catalog_object *const b = right;
	int order = place(a) - place(b);

	if (order == 0)
		order = strcmp(a->type, b->type);
	return order == 0 ? strcmp(a->name, b->name) : order;
}

/* ---- columns ---- */

struct columns {
	struct weir__catalog_object *object;
	size_t room;
	bool failed;
};

static bool add_column(void *arg, const struct weir_schema_column *column)
{
	struct columns *const columns = arg;
	struct weir__catalog_object *const object = columns->object;
	struct weir__catalog_column *made;
	void *list = object->columns;

	columns->failed = true;
	if (!weir__grow(&list, sizeof *object->columns, object->columns_count, &columns->room))
		return false;
	object->columns = list;
	made = &object->columns[object->columns_count++];
	memset(made, 0, sizeof *made);
	made->not_null = column->not_null;
	made->generated = column->generated;
	made->key = column->key;
	columns->failed = !copy(&made->name, column->name) || !copy(&made->type, column->type) ||
	                  !copy(&made->default_value, column->default_value);
	return !columns->failed;
}

static void free_columns(struct weir__catalog_object *object)
{
	for (size_t i = 0; i < object->columns_count; i++) {
		free(object->columns[i].name);
		free(object->columns[i].type);
		free(object->columns[i].default_value);
	}
	free(object->columns);
	object->columns = NULL;
	object->columns_count = 0;
}

static enum weir_code read_columns(const struct weir__session *session,
                                   struct weir__catalog_object *object, struct weir_error *err)
{
	struct columns columns = {.object = object};
	const bool follows = weir__catalog_follows(object);
	enum weir_code code;

	if (!follows && strcmp(object->type, "table") != 0)
		return WEIR_OK;
	code = session->schema->columns(session->conn, object->name, add_column, &columns, err);
	if (columns.failed)
		return weir_fail(err, WEIR_ERR_NO_MEMORY, WHERE, 0, "no memory for a schema");
	if (follows && code == WEIR_ERR_DRIVER_SQL) { /* of what is not there */
		free_columns(object);
		code = WEIR_OK;
	}
	return code;
}

/* ---- all of it ---- */

static enum weir_code read_all(const struct weir__session *session, const char *history,
                               struct weir__catalog *catalog, struct weir_error *err)
{
	struct reading reading = {.catalog = catalog, .history = history};
	enum weir_code code = session->schema->objects(session->conn, add_object, &reading, err);

	if (reading.failed)
		return weir_fail(err, WEIR_ERR_NO_MEMORY, WHERE, 0, "no memory for a schema");
	if (code == WEIR_OK && catalog->count != 0)
		qsort(catalog->objects, catalog->count, sizeof *catalog->objects, compare);
	for (size_t i = 0; code == WEIR_OK && i < catalog->count; i++)
		code = read_columns(session, &catalog->objects[i], err);
	if (code == WEIR_OK && !weir__catalog_sum(catalog))
		return weir_fail(err, WEIR_ERR_NO_MEMORY, WHERE, 0, "no memory for a fingerprint");
	return code;
}

enum weir_code weir__catalog_read(const struct weir__session *session, const char *history,
                                  struct weir__catalog *catalog, struct weir_error *err)
{
	enum weir_code code;

	memset(catalog, 0, sizeof *catalog);
	code = read_all(session, history, catalog, err);
	if (code != WEIR_OK)
		weir__catalog_free(catalog);
	return code;
}

void weir__catalog_free(struct weir__catalog *catalog)
{
	for (size_t i = 0; i < catalog->count; i++) {
		struct weir__catalog_object *const object = &catalog->objects[i];

		free(object->type);
		free(object->name);
		free(object->table);
		free(object->sql);
		free_columns(object);
	}
	free(catalog->objects);
	memset(catalog, 0, sizeof *catalog);
}

const struct weir__catalog_object *weir__catalog_find(const struct weir__catalog *catalog,
                                                      const char *type, const char *name)
{
	for (size_t i = 0; i < catalog->count; i++) {
		const struct weir__catalog_object *const object = &catalog->objects[i];

		if (strcmp(object->type, type) == 0 && strcasecmp(object->name, name) == 0)
			return object;
	}
	return NULL;
}
