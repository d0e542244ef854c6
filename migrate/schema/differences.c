/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Two schemas side by side, and the SQL that makes one of the other. See catalog.h.
 */
#include "catalog.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "catalog_text.h"
#include "text.h"

/* ---- the SQL ---- */

static void put_drop(struct weir__text *sql, const struct weir__catalog_object *object)
{
	static const char *const types[][2] = {
		{"table", "TABLE"}, {"view", "VIEW"}, {"index", "INDEX"}, {"trigger", "TRIGGER"}};
	const char *type = object->type;
	char quoted[WEIR__QUOTED_MAX];

	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
		if (strcmp(types[i][0], type) == 0)
			type = types[i][1];
	}
	weir__text_printf(sql, "DROP %s %s;", type, weir__quote(object->name, quoted));
}

static void put_create(struct weir__text *sql, const struct weir__catalog_object *object)
{
	weir__text_printf(sql, "%s;", object->sql);
}

/* No statement does it: what the table should be like, as a comment. */
static void put_rebuild(struct weir__text *sql, const struct weir__catalog_object *object)
{
	weir__text_printf(sql, "-- weir migrate rebuild %s, to become:\n-- ", object->name);
	for (const char *at = object->sql; *at != '\0'; at++) {
		weir__text_add(sql, at, 1);
		if (*at == '\n')
			weir__text_put(sql, "-- ");
	}
}

static bool find(struct weir_migrate_report *report, const char *rule, struct weir__text *sql,
                 const struct weir__catalog_object *object, const char *text)
{
	const bool found = !sql->failed &&
	                   weir__report_find(report, WEIR_MIGRATE_FAILURE, rule, "",
	                                     sql->bytes == NULL ? "" : sql->bytes, "%s %s %s",
	                                     object->type, object->name, text);

	weir__text_free(sql);
	return found;
}

/* ---- the differences ---- */

static bool missing(const struct weir__catalog_object *object, struct weir_migrate_report *report)
{
	struct weir__text sql = {0};

	put_create(&sql, object);
	return find(report, "missing", &sql, object, "is not in the database");
}

static bool unexpected(const struct weir__catalog *wanted,
                       const struct weir__catalog_object *object,
                       struct weir_migrate_report *report)
{
	const bool of_table = strcasecmp(object->table, object->name) != 0;
	struct weir__text sql = {0};

	if (of_table && weir__catalog_find(wanted, "table", object->table) == NULL &&
	    weir__catalog_find(wanted, "view", object->table) == NULL)
		return find(report, "unexpected", &sql, object,
		            "is in the database, but not in the migrations; it goes with its table");
	put_drop(&sql, object);
	return find(report, "unexpected", &sql, object,
	            "is in the database, but not in the migrations");
}

static bool changed_table(const struct weir__catalog_object *wanted,
                          const struct weir__catalog_object *is, struct weir_migrate_report *report)
{
	struct weir__text sql = {0};
	char *columns = NULL;

	if (!weir__catalog_alter_columns(wanted, is, &columns))
		return false;
	if (columns != NULL) {
		weir__text_put(&sql, columns);
		free(columns);
		return find(report, "changed", &sql, wanted,
		            wanted->columns_count > is->columns_count
		                ? "lacks columns"
		                : "has columns that are not in the migrations");
	}
	put_rebuild(&sql, wanted);
	return find(report, "changed", &sql, wanted,
	            "is not what the migrations make of it: no single statement mends that, "
	            "'weir migrate rebuild' writes the script");
}

static bool changed(const struct weir__catalog_object *wanted,
                    const struct weir__catalog_object *is, struct weir_migrate_report *report)
{
	struct weir__text sql = {0};

	if (strcmp(wanted->type, "table") == 0)
		return changed_table(wanted, is, report);
	put_drop(&sql, is);
	weir__text_put(&sql, "\n");
	put_create(&sql, wanted);
	return find(report, "changed", &sql, wanted, "is not what the migrations make of it");
}

/* As a fingerprint sees it (fingerprint.c). */
static bool same_object(const struct weir__catalog_object *wanted,
                        const struct weir__catalog_object *is, bool *same)
{
	const bool follows = weir__catalog_follows(wanted);

	if (!weir__catalog_same_text(wanted->sql, is->sql, same))
		return false;
	*same = *same && strcmp(wanted->name, is->name) == 0 && strcmp(wanted->table, is->table) == 0 &&
	        (follows || wanted->columns_count == is->columns_count);
	for (size_t i = 0; *same && !follows && i < wanted->columns_count; i++) {
		if (!weir__catalog_same_column(&wanted->columns[i], &is->columns[i], same))
			return false;
	}
	return true;
}

static bool look(const struct weir__catalog_object *wanted, const struct weir__catalog *is,
                 struct weir_migrate_report *report)
{
	const struct weir__catalog_object *const there =
		weir__catalog_find(is, wanted->type, wanted->name);
	bool same = false;

	if (wanted->sql == NULL)
		return true;
	if (there == NULL || there->sql == NULL)
		return missing(wanted, report);
	if (!same_object(wanted, there, &same))
		return false;
	return same || changed(wanted, there, report);
}

bool weir__catalog_differences(const struct weir__catalog *wanted, const struct weir__catalog *is,
                               struct weir_migrate_report *report)
{
	bool ok = true;

	if (strcmp(wanted->fingerprint, is->fingerprint) == 0)
		return true;
	for (size_t i = 0; ok && i < is->count; i++) {
		const struct weir__catalog_object *const object = &is->objects[i];

		if (object->sql != NULL && weir__catalog_find(wanted, object->type, object->name) == NULL)
			ok = unexpected(wanted, object, report);
	}
	for (size_t i = 0; ok && i < wanted->count; i++)
		ok = look(&wanted->objects[i], is, report);
	return ok;
}
