/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What two schemas that are the same have in common. See catalog_text.h.
 */
#include "catalog_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "set.h"

static void add_string(struct weir__sha256 *sum, const char *string)
{
	weir__sha256_add(sum, string, strlen(string) + 1); /* its end keeps neighbours apart */
}

static bool add_sql(struct weir__sha256 *sum, const char *sql)
{
	char *const text = weir__catalog_normalise(sql == NULL ? "" : sql);

	if (text == NULL)
		return false;
	add_string(sum, sql == NULL ? "-" : "+");
	add_string(sum, text);
	free(text);
	return true;
}

static bool add_column(struct weir__sha256 *sum, const struct weir__catalog_column *column)
{
	char flags[32];

	(void)snprintf(flags, sizeof flags, "%d %d %u", column->not_null, column->generated,
	               column->key);
	add_string(sum, column->name);
	add_string(sum, flags);
	return add_sql(sum, column->type) && add_sql(sum, column->default_value);
}

bool weir__catalog_follows(const struct weir__catalog_object *object)
{
	static const char virtual[] = "CREATE VIRTUAL ";

	return strcmp(object->type, "view") == 0 ||
	       (object->sql != NULL && strncasecmp(object->sql, virtual, sizeof virtual - 1) == 0);
}

static bool add_object(struct weir__sha256 *sum, const struct weir__catalog_object *object)
{
	bool added;

	if (object->sql == NULL)
		return true;
	add_string(sum, object->type);
	add_string(sum, object->name);
	add_string(sum, object->table);
	added = add_sql(sum, object->sql);
	if (weir__catalog_follows(object))
		return added;
	for (size_t i = 0; added && i < object->columns_count; i++)
		added = add_column(sum, &object->columns[i]);
	return added;
}

bool weir__catalog_sum(struct weir__catalog *catalog)
{
	struct weir__sha256 sum;
	bool added = true;

	weir__sha256_begin(&sum);
	add_string(&sum, "weir schema 1");
	for (size_t i = 0; added && i < catalog->count; i++)
		added = add_object(&sum, &catalog->objects[i]);
	weir__sha256_end(&sum, catalog->fingerprint);
	return added;
}

bool weir__catalog_same_text(const char *left, const char *right, bool *same)
{
	char *const a = weir__catalog_normalise(left == NULL ? "" : left);
	char *const b = weir__catalog_normalise(right == NULL ? "" : right);
	const bool compared = a != NULL && b != NULL;

	if (compared)
		*same = (left == NULL) == (right == NULL) && strcmp(a, b) == 0;
	free(a);
	free(b);
	return compared;
}

bool weir__catalog_same_column(const struct weir__catalog_column *left,
                               const struct weir__catalog_column *right, bool *same)
{
	bool type = false;
	bool value = false;

	if (!weir__catalog_same_text(left->type, right->type, &type) ||
	    !weir__catalog_same_text(left->default_value, right->default_value, &value))
		return false;
	*same = type && value && strcmp(left->name, right->name) == 0 &&
	        left->not_null == right->not_null && left->generated == right->generated &&
	        left->key == right->key;
	return true;
}

const struct weir__catalog_column *weir__catalog_column_of(
	const struct weir__catalog_object *object, const char *name)
{
	for (size_t i = 0; i < object->columns_count; i++) {
		if (strcasecmp(object->columns[i].name, name) == 0)
			return &object->columns[i];
	}
	return NULL;
}
