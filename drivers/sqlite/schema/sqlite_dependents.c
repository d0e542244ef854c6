/* SPDX-License-Identifier: BSD-2-Clause
 *
 * See sqlite_dependents.h. Who mentions a table is found by its name, as a word, in the
 * text that made the view or trigger; who mentions such a view depends on the table,
 * too. To find too many costs a statement, to find too few the rebuild.
 */
#include "sqlite_dependents.h"

#include <stdlib.h>
#include <string.h>

static const char where[] = "sqlite.rebuild";

/* ---- reading ---- */

static char *copy_of(sqlite3_stmt *row, int column)
{
	return strdup(weir__sqlite_words(row, column));
}

static bool add(struct weir__sqlite_dependents *dependents, sqlite3_stmt *row)
{
	const size_t size = (dependents->count + 1) * sizeof(*dependents->all);
	struct weir__sqlite_dependent *const grown = realloc(dependents->all, size);

	if (grown == NULL)
		return false;
	dependents->all = grown;

	struct weir__sqlite_dependent *const one = &grown[dependents->count++];

	*one = (struct weir__sqlite_dependent){
		.type = copy_of(row, 0),
		.name = copy_of(row, 1),
		.table = copy_of(row, 2),
		.sql = copy_of(row, 3),
	};
	return one->type != NULL && one->name != NULL && one->table != NULL && one->sql != NULL;
}

void weir__sqlite_dependents_free(struct weir__sqlite_dependents *dependents)
{
	for (size_t i = 0; i < dependents->count; i++) {
		free(dependents->all[i].type);
		free(dependents->all[i].name);
		free(dependents->all[i].table);
		free(dependents->all[i].sql);
	}
	free(dependents->all);
	*dependents = (struct weir__sqlite_dependents){0};
}

/* ---- who depends ---- */

static bool is_part_of_word(char c)
{
	const unsigned char byte = (unsigned char)c;

	return (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') ||
	       (byte >= 'a' && byte <= 'z') || byte == '_' || byte == '$' || byte >= 0x80;
}

/* A name with a quote in it is written in many ways: then everybody mentions it. */
static bool mentions(const char *text, const char *name)
{
	const size_t length = strlen(name);
	bool begins = true;

	if (strpbrk(name, "\"'`[]") != NULL)
		return true;
	for (; *text != '\0'; text++) {
		if (begins && sqlite3_strnicmp(text, name, (int)length) == 0 &&
		    !is_part_of_word(text[length]))
			return true;
		begins = !is_part_of_word(*text) || !is_part_of_word(name[0]);
	}
	return false;
}

static bool is(const struct weir__sqlite_dependent *one, const char *type)
{
	return strcmp(one->type, type) == 0;
}

static const struct weir__sqlite_dependent *view_that_goes(
	const struct weir__sqlite_dependents *dependents, const char *name)
{
	for (size_t i = 0; i < dependents->count; i++) {
		const struct weir__sqlite_dependent *const one = &dependents->all[i];

		if (one->again && is(one, "view") && sqlite3_stricmp(one->name, name) == 0)
			return one;
	}
	return NULL;
}

static bool mentions_any(const struct weir__sqlite_dependents *dependents, const char *table,
                         const char *text)
{
	if (mentions(text, table))
		return true;
	for (size_t i = 0; i < dependents->count; i++) {
		const struct weir__sqlite_dependent *const one = &dependents->all[i];

		if (one->again && is(one, "view") && mentions(text, one->name))
			return true;
	}
	return false;
}

/* Look at one once more; whether it was found to depend only now. */
static bool look_at(const struct weir__sqlite_dependents *dependents,
                    struct weir__sqlite_dependent *one, const char *table)
{
	const bool before = one->again;
	const bool on_it = !is(one, "view") && sqlite3_stricmp(one->table, table) == 0;
	const bool goes_along = is(one, "trigger") && view_that_goes(dependents, one->table) != NULL;

	if (on_it || goes_along) {
		one->again = true;
		one->drop = false;
	} else if (!before && !is(one, "index") && mentions_any(dependents, table, one->sql)) {
		one->again = true;
		one->drop = true;
	}
	return one->again && !before;
}

static void find(const struct weir__sqlite_dependents *dependents, const char *table)
{
	bool found = true;

	while (found) { /* ends: each is found once */
		found = false;
		for (size_t i = 0; i < dependents->count; i++)
			found |= look_at(dependents, &dependents->all[i], table);
	}
}

enum weir_code weir__sqlite_dependents_read(struct weir__sqlite_dependents *dependents, sqlite3 *db,
                                            const char *table, struct weir_error *err)
{
	static const char sql[] = "SELECT type, name, tbl_name, sql FROM main.sqlite_master"
							  " WHERE type <> 'table' AND sql IS NOT NULL ORDER BY rowid";
	sqlite3_stmt *stmt = NULL;
	int rc = sqlite3_prepare_v2(db, sql, -1, &stmt, NULL);

	*dependents = (struct weir__sqlite_dependents){0};
	if (rc == SQLITE_OK)
		rc = sqlite3_step(stmt);
	while (rc == SQLITE_ROW)
		rc = add(dependents, stmt) ? sqlite3_step(stmt) : SQLITE_NOMEM;
	(void)sqlite3_finalize(stmt);
	if (rc != SQLITE_DONE)
		return weir__sqlite_fail(db, rc, where, err);
	find(dependents, table);
	return WEIR_OK;
}

/* ---- statements ---- */

void weir__sqlite_end_statement(sqlite3_str *script, const char *sql)
{
	sqlite3_str_appendall(script, strstr(sql, "--") == NULL ? ";\n" : "\n;\n");
}

/* Triggers first: a view that goes takes its own along. */
void weir__sqlite_dependents_drop(const struct weir__sqlite_dependents *dependents,
                                  sqlite3_str *script)
{
	static const char *const types[] = {"trigger", "view"};

	for (size_t t = 0; t < sizeof(types) / sizeof(types[0]); t++) {
		for (size_t i = 0; i < dependents->count; i++) {
			const struct weir__sqlite_dependent *const one = &dependents->all[i];

			if (one->drop && is(one, types[t]))
				sqlite3_str_appendf(script, "DROP %s \"%w\";\n", t == 0 ? "TRIGGER" : "VIEW",
				                    one->name);
		}
	}
}

/* Triggers last: they may be on a view. */
void weir__sqlite_dependents_make(const struct weir__sqlite_dependents *dependents,
                                  sqlite3_str *script)
{
	static const char *const types[] = {"index", "view", "trigger"};

	for (size_t t = 0; t < sizeof(types) / sizeof(types[0]); t++) {
		for (size_t i = 0; i < dependents->count; i++) {
			const struct weir__sqlite_dependent *const one = &dependents->all[i];

			if (one->again && is(one, types[t])) {
				sqlite3_str_appendall(script, one->sql);
				weir__sqlite_end_statement(script, one->sql);
			}
		}
	}
}

/* ---- indexes ---- */

enum weir_code weir__sqlite_dependents_check(const struct weir__sqlite_table *table, sqlite3 *db,
                                             const char *name, struct weir_error *err)
{
	static const char sql[] = "SELECT l.name, x.name FROM pragma_index_list(?1, 'main') AS l,"
							  " pragma_index_xinfo(l.name, 'main') AS x"
							  " WHERE l.origin = 'c' AND x.key = 1 AND x.name IS NOT NULL";
	enum weir_code code = WEIR_OK;
	sqlite3_stmt *stmt = NULL;
	int rc = sqlite3_prepare_v2(db, sql, -1, &stmt, NULL);

	if (rc == SQLITE_OK)
		rc = sqlite3_bind_text(stmt, 1, name, -1, SQLITE_STATIC);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(stmt);
	for (; code == WEIR_OK && rc == SQLITE_ROW; rc = code == WEIR_OK ? sqlite3_step(stmt) : rc) {
		if (weir__sqlite_table_column(table, weir__sqlite_words(stmt, 1)) == NULL)
			code = weir_fail(err, WEIR_ERR_DRIVER_SQL, where, SQLITE_ERROR,
			                 "column \"%.60s\" of \"%.60s\": index \"%.60s\" is on it, and the new "
			                 "table does not have it: drop the index first",
			                 weir__sqlite_words(stmt, 1), name, weir__sqlite_words(stmt, 0));
	}
	(void)sqlite3_finalize(stmt);
	if (code != WEIR_OK || rc == SQLITE_DONE)
		return code;
	return weir__sqlite_fail(db, rc, where, err);
}

bool weir__sqlite_dependents_taken(sqlite3 *db, const char *name)
{
	static const char sql[] = "SELECT 1 FROM main.sqlite_master WHERE name = ?1 COLLATE NOCASE";
	sqlite3_stmt *stmt = NULL;
	bool taken = true;

	if (sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) == SQLITE_OK &&
	    sqlite3_bind_text(stmt, 1, name, -1, SQLITE_STATIC) == SQLITE_OK)
		taken = sqlite3_step(stmt) != SQLITE_DONE;
	(void)sqlite3_finalize(stmt);
	return taken;
}
