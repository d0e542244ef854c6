/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What programs of before would miss: the rules of expand and contract.
 *
 * A change that programs in use do not survive is made in two releases: the first adds
 * what the new programs need and takes nothing away (expand); the second takes away what
 * nobody uses any more (contract). Each finding says how. See catalog.h.
 */
#include "catalog.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "catalog_text.h"

struct contractions {
	const struct weir__catalog *before;
	const struct weir__catalog *after;
	struct weir_migrate_report *report;
	const char *version;
	const struct weir__catalog_object **taken; /* of after: what something was renamed to */
	size_t taken_count;
	bool failed; /* no memory */
};

enum rule {
	DROPPED_TABLE,
	RENAMED_TABLE,
	DROPPED_COLUMN,
	RENAMED_COLUMN,
	NEW_NOT_NULL,
	CHANGED_TYPE,
	DROPPED_INDEX,
};

static const struct {
	const char *name;
	enum weir_migrate_severity severity;
	const char *way; /* to do it in two releases */
} rules[] = {
	[DROPPED_TABLE] = {"dropped_table", WEIR_MIGRATE_FAILURE,
                       "First release programs that do without it; drop it in a later release, "
                       "when none of before runs any more"},
	[RENAMED_TABLE] = {"renamed_table", WEIR_MIGRATE_FAILURE,
                       "First rename it and leave a view of the old name (with triggers, if "
                       "programs write to it); drop the view in a later release"},
	[DROPPED_COLUMN] = {"dropped_column", WEIR_MIGRATE_FAILURE,
                        "First release programs that do without it; drop it in a later release, "
                        "when none of before runs any more"},
	[RENAMED_COLUMN] = {"renamed_column", WEIR_MIGRATE_FAILURE,
                        "First add a column of the new name, copy the values and keep both alike "
                        "by triggers; drop the old one and the triggers in a later release"},
	[NEW_NOT_NULL] = {"new_not_null", WEIR_MIGRATE_FAILURE,
                      "First allow NULL or give it a default, and release programs that write it; "
                      "demand a value in a later release"},
	[CHANGED_TYPE] = {"changed_type", WEIR_MIGRATE_FAILURE,
                      "First add another column of the new type, copy the values and keep both "
                      "alike by triggers; drop the old one in a later release"},
	[DROPPED_INDEX] = {"dropped_index", WEIR_MIGRATE_NOTE,
                       "If programs of before need it to be fast, drop it in a later release"},
};

/* column NULL: of the object itself. */
static void find(struct contractions *all, enum rule rule,
                 const struct weir__catalog_object *object, const char *column, const char *what)
{
	if (!weir__report_find(all->report, rules[rule].severity, rules[rule].name, all->version, "",
	                       "%s %s%s%s %s. %s", column == NULL ? object->type : "column",
	                       object->name, column == NULL ? "" : ".", column == NULL ? "" : column,
	                       what, rules[rule].way))
		all->failed = true;
}

static void find_renamed(struct contractions *all, enum rule rule,
                         const struct weir__catalog_object *object, const char *column,
                         const char *to)
{
	if (!weir__report_find(all->report, rules[rule].severity, rules[rule].name, all->version, "",
	                       "%s %s%s%s is called %s now. %s",
	                       column == NULL ? object->type : "column", object->name,
	                       column == NULL ? "" : ".", column == NULL ? "" : column, to,
	                       rules[rule].way))
		all->failed = true;
}

static bool same_text(struct contractions *all, const char *left, const char *right)
{
	bool same = false;

	if (!weir__catalog_same_text(left, right, &same))
		all->failed = true;
	return same;
}

/* ---- columns ---- */

/* The column that stands where column stood, if it is new and of the same type. */
static const struct weir__catalog_column *renamed_column(struct contractions *all,
                                                         const struct weir__catalog_object *before,
                                                         const struct weir__catalog_object *after,
                                                         size_t place)
{
	const struct weir__catalog_column *column;

	if (place >= after->columns_count)
		return NULL;
	column = &after->columns[place];
	if (weir__catalog_column_of(before, column->name) != NULL ||
	    !same_text(all, before->columns[place].type, column->type))
		return NULL;
	return column;
}

static bool demands_value(const struct weir__catalog_column *column)
{
	/* The row's number, which the engine finds by itself. */
	if (column->key == 1 && strcasecmp(column->type, "INTEGER") == 0)
		return false;
	return column->not_null && !column->generated && column->default_value == NULL;
}

static void look_at_pair(struct contractions *all, const struct weir__catalog_object *table,
                         const struct weir__catalog_column *before,
                         const struct weir__catalog_column *after)
{
	if (!same_text(all, before->type, after->type))
		find(all, CHANGED_TYPE, table, before->name, "has another type");
	if (after->not_null && !before->not_null && !after->generated)
		find(all, NEW_NOT_NULL, table, before->name, "does not take NULL any more");
	else if (demands_value(after) && !demands_value(before))
		find(all, NEW_NOT_NULL, table, before->name, "has no default any more");
}

static void look_at_old_columns(struct contractions *all, const struct weir__catalog_object *before,
                                const struct weir__catalog_object *after)
{
	/* What a view's columns are of follows from tables. */
	const bool tables = strcmp(before->type, "table") == 0 && strcmp(after->type, "table") == 0;

	for (size_t i = 0; i < before->columns_count; i++) {
		const struct weir__catalog_column *const column = &before->columns[i];
		const struct weir__catalog_column *now = weir__catalog_column_of(after, column->name);

		if (now != NULL) {
			if (tables)
				look_at_pair(all, before, column, now);
			continue;
		}
		now = renamed_column(all, before, after, i);
		if (now != NULL)
			find_renamed(all, RENAMED_COLUMN, before, column->name, now->name);
		else
			find(all, DROPPED_COLUMN, before, column->name, "is gone");
	}
}

/* Whether column, new in after, is an old one under a new name. */
static bool is_renamed(struct contractions *all, const struct weir__catalog_object *before,
                       const struct weir__catalog_object *after, size_t place)
{
	return place < before->columns_count &&
	       weir__catalog_column_of(after, before->columns[place].name) == NULL &&
	       renamed_column(all, before, after, place) != NULL;
}

static void look_at_new_columns(struct contractions *all, const struct weir__catalog_object *before,
                                const struct weir__catalog_object *after)
{
	for (size_t i = 0; i < after->columns_count; i++) {
		const struct weir__catalog_column *const column = &after->columns[i];

		if (demands_value(column) && weir__catalog_column_of(before, column->name) == NULL &&
		    !is_renamed(all, before, after, i))
			find(all, NEW_NOT_NULL, after, column->name,
			     "is new, takes no NULL and has no default: rows of programs that do not know it "
			     "are refused");
	}
}

/* ---- tables, views and indexes ---- */

static bool same_columns(struct contractions *all, const struct weir__catalog_object *before,
                         const struct weir__catalog_object *after)
{
	bool same = before->columns_count == after->columns_count && before->columns_count != 0;

	for (size_t i = 0; same && i < before->columns_count; i++)
		same = strcasecmp(before->columns[i].name, after->columns[i].name) == 0 &&
		       same_text(all, before->columns[i].type, after->columns[i].type);
	return same;
}

static bool is_taken(const struct contractions *all, const struct weir__catalog_object *object)
{
	for (size_t i = 0; i < all->taken_count; i++) {
		if (all->taken[i] == object)
			return true;
	}
	return false;
}

/* A new one with the same columns, for which no other was taken yet. */
static const struct weir__catalog_object *renamed_object(struct contractions *all,
                                                         const struct weir__catalog_object *object)
{
	for (size_t i = 0; i < all->after->count; i++) {
		const struct weir__catalog_object *const now = &all->after->objects[i];

		if (strcmp(now->type, object->type) == 0 && !is_taken(all, now) &&
		    weir__catalog_find(all->before, now->type, now->name) == NULL &&
		    same_columns(all, object, now)) {
			all->taken[all->taken_count++] = now;
			return now;
		}
	}
	return NULL;
}

static const struct weir__catalog_object *readable(const struct weir__catalog *catalog,
                                                   const char *name)
{
	const struct weir__catalog_object *const table = weir__catalog_find(catalog, "table", name);

	return table != NULL ? table : weir__catalog_find(catalog, "view", name);
}

static void look_at_table(struct contractions *all, const struct weir__catalog_object *before)
{
	/* A view in the place of a table may do for programs, and the other way round. */
	const struct weir__catalog_object *const after = readable(all->after, before->name);
	const struct weir__catalog_object *now;

	if (after != NULL && after->columns_count == 0 && before->columns_count != 0) {
		find(all, DROPPED_TABLE, before, NULL, "cannot be read any more");
	} else if (after != NULL) {
		look_at_old_columns(all, before, after);
		if (strcmp(after->type, "table") == 0)
			look_at_new_columns(all, before, after);
	} else if ((now = renamed_object(all, before)) != NULL) {
		find_renamed(all, RENAMED_TABLE, before, NULL, now->name);
	} else {
		find(all, DROPPED_TABLE, before, NULL, "is gone");
	}
}

static void look_at_index(struct contractions *all, const struct weir__catalog_object *before)
{
	if (before->sql != NULL && weir__catalog_find(all->after, "index", before->name) == NULL &&
	    weir__catalog_find(all->after, "table", before->table) != NULL)
		find(all, DROPPED_INDEX, before, NULL, "is gone");
}

bool weir__catalog_contractions(const struct weir__catalog *before,
                                const struct weir__catalog *after,
                                struct weir_migrate_report *report, const char *version)
{
	struct contractions all = {
		.before = before, .after = after, .report = report, .version = version};

	all.taken = calloc(after->count + 1, sizeof *all.taken);
	if (all.taken == NULL)
		return false;
	for (size_t i = 0; !all.failed && i < before->count; i++) {
		const struct weir__catalog_object *const object = &before->objects[i];

		if (strcmp(object->type, "index") == 0)
			look_at_index(&all, object);
		else if (strcmp(object->type, "trigger") != 0)
			look_at_table(&all, object);
	}
	free(all.taken);
	return !all.failed;
}
