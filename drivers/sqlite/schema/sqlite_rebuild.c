/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The script that rebuilds a table, after the twelve steps of SQLite's documentation:
 * make the new table under another name, copy the rows, drop the old one, and give the
 * new one its name. Never the other way round: what refers to a table that is renamed
 * aside follows it there.
 *
 * A rename looks at every view and trigger, and fails at one that refers to a table
 * which is not there just then. So those that mention the table, or a view that does, are
 * dropped first and made again at the end, by the texts they were made with. What
 * mentions it is found by looking for its name as a word: too many do no harm.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sqlite_dependents.h"
#include "sqlite_table.h"

static const char where[] = "sqlite.rebuild";

#define NAME_MAX_BYTES 256

struct rebuild {
	struct weir__sqlite_conn *conn;
	const struct weir_schema_rebuild *request;
	struct weir__sqlite_table old;
	struct weir__sqlite_table new;
	sqlite3 *imagined; /* where new is */
	sqlite3_str *script;
	char name[NAME_MAX_BYTES]; /* of the new table, until it takes the old one's */
};

/* ---- what becomes of each column ---- */

/* The place of a column among those the caller named; columns_count: it did not. */
static uint32_t named(const struct weir_schema_rebuild *request, const char *column)
{
	uint32_t i = 0;

	while (i < request->columns_count && sqlite3_stricmp(request->columns[i], column) != 0)
		i++;
	return i;
}

static const char *expression_of(const struct rebuild *rebuild, const char *column)
{
	const uint32_t i = named(rebuild->request, column);

	return i < rebuild->request->columns_count ? rebuild->request->expressions[i] : NULL;
}

static enum weir_code fail_column(const struct rebuild *rebuild, const char *column,
                                  const char *reason, struct weir_error *err)
{
	return weir_fail(err, WEIR_ERR_DRIVER_SQL, where, SQLITE_ERROR,
	                 "column \"%.60s\" of \"%.60s\": %s", column, rebuild->old.name, reason);
}

/* Takes over sql. */
static enum weir_code check_sql(const struct rebuild *rebuild, const char *column, char *sql,
                                struct weir_error *err)
{
	sqlite3 *const db = rebuild->conn->db;
	const char *rest = "";
	sqlite3_stmt *stmt = NULL;

	if (sql == NULL)
		return weir_fail(err, WEIR_ERR_NO_MEMORY, where, SQLITE_NOMEM, "no memory for a statement");

	const int rc = sqlite3_prepare_v2(db, sql, -1, &stmt, &rest);
	enum weir_code code = WEIR_OK;

	if (rc != SQLITE_OK && (rc & 0xff) != SQLITE_ERROR)
		code = weir__sqlite_fail(db, rc, where, err);
	else if (rc != SQLITE_OK)
		code = fail_column(rebuild, column, sqlite3_errmsg(db), err);
	else if (*rest != '\0' || sqlite3_column_count(stmt) != 1)
		code = fail_column(rebuild, column, "more than one expression", err);
	(void)sqlite3_finalize(stmt);
	sqlite3_free(sql);
	return code;
}

/* An expression must be one, over the old table, and of one row: DISTINCT, or what makes
 * one row of many, would lose the others. WHERE takes neither. */
static enum weir_code check_expression(const struct rebuild *rebuild, uint32_t i,
                                       struct weir_error *err)
{
	const char *const column = rebuild->request->columns[i];
	const char *const expression = rebuild->request->expressions[i];
	const char *const table = rebuild->old.name;

	if (expression == NULL)
		return WEIR_OK;

	const enum weir_code code = check_sql(
		rebuild, column, sqlite3_mprintf("SELECT %s\n FROM main.\"%w\"", expression, table), err);

	if (code != WEIR_OK)
		return code;
	return check_sql(
		rebuild, column,
		sqlite3_mprintf("SELECT 1 FROM main.\"%w\" WHERE (%s\n) IS NULL", table, expression), err);
}

static enum weir_code check_named(const struct rebuild *rebuild, uint32_t i, struct weir_error *err)
{
	const char *const name = rebuild->request->columns[i];
	const struct weir__sqlite_column *const becomes =
		weir__sqlite_table_column(&rebuild->new, name);

	if (named(rebuild->request, name) != i)
		return fail_column(rebuild, name, "it is named twice", err);
	if (rebuild->request->expressions[i] == NULL && becomes != NULL)
		return fail_column(rebuild, name, "it is said to go, but the new table has it", err);
	if (rebuild->request->expressions[i] != NULL && becomes == NULL)
		return fail_column(rebuild, name, "it is given a value, but the new table does not have it",
		                   err);
	if (becomes != NULL && becomes->generated)
		return fail_column(rebuild, name, "it is given a value, but is generated", err);
	if (becomes == NULL && weir__sqlite_table_column(&rebuild->old, name) == NULL)
		return fail_column(rebuild, name, "neither the old table nor the new one has it", err);
	return check_expression(rebuild, i, err);
}

static enum weir_code check_lost(const struct rebuild *rebuild, size_t i, struct weir_error *err)
{
	const struct weir__sqlite_column *const column = &rebuild->old.columns[i];

	if (column->generated || weir__sqlite_table_column(&rebuild->new, column->name) != NULL ||
	    named(rebuild->request, column->name) < rebuild->request->columns_count)
		return WEIR_OK;
	return fail_column(rebuild, column->name,
	                   "its values would be lost: name it, with no expression, if it may go", err);
}

static bool has_source(const struct rebuild *rebuild, const struct weir__sqlite_column *column)
{
	return expression_of(rebuild, column->name) != NULL ||
	       weir__sqlite_table_column(&rebuild->old, column->name) != NULL;
}

static enum weir_code check_filled(const struct rebuild *rebuild, size_t i, struct weir_error *err)
{
	const struct weir__sqlite_column *const column = &rebuild->new.columns[i];
	const bool numbers = rebuild->new.numbered && column->key != 0;

	if (!column->not_null || column->defaulted || column->generated || numbers ||
	    has_source(rebuild, column))
		return WEIR_OK;
	return fail_column(rebuild, column->name,
	                   "it is new, NOT NULL and without a default: give an expression for it", err);
}

static enum weir_code check_columns(const struct rebuild *rebuild, struct weir_error *err)
{
	enum weir_code code = WEIR_OK;

	for (uint32_t i = 0; i < rebuild->request->columns_count && code == WEIR_OK; i++)
		code = check_named(rebuild, i, err);
	for (size_t i = 0; i < rebuild->old.count && code == WEIR_OK; i++)
		code = check_lost(rebuild, i, err);
	for (size_t i = 0; i < rebuild->new.count &&code == WEIR_OK; i++)
		code = check_filled(rebuild, i, err);
	return code;
}

/* ---- the rows ---- */

/* The number of a row stays, where it is not one of the columns. */
static bool keeps_row(const struct rebuild *rebuild)
{
	return rebuild->old.row != NULL && rebuild->new.row != NULL && !rebuild->new.numbered;
}

/* The columns that are copied, by their names, or the expressions that yield them: those
 * on lines of their own, where a comment at the end of one does no harm. */
static void write_columns(const struct rebuild *rebuild, bool expressions)
{
	const char *const comma = expressions ? "\n\t, " : ", ";
	const char *between = "";

	if (keeps_row(rebuild)) {
		sqlite3_str_appendall(rebuild->script, expressions ? rebuild->old.row : rebuild->new.row);
		between = comma;
	}
	for (size_t i = 0; i < rebuild->new.count; i++) {
		const struct weir__sqlite_column *const column = &rebuild->new.columns[i];
		const char *const expression = expression_of(rebuild, column->name);

		if (column->generated || !has_source(rebuild, column))
			continue;
		if (expressions && expression != NULL)
			sqlite3_str_appendf(rebuild->script, "%s%s", between, expression);
		else
			sqlite3_str_appendf(rebuild->script, "%s\"%w\"", between, column->name);
		between = comma;
	}
}

static bool copies_any(const struct rebuild *rebuild)
{
	bool any = keeps_row(rebuild);

	for (size_t i = 0; i < rebuild->new.count; i++)
		any |= !rebuild->new.columns[i].generated &&has_source(rebuild, &rebuild->new.columns[i]);
	return any;
}

static enum weir_code write_rows(const struct rebuild *rebuild, struct weir_error *err)
{
	if (!copies_any(rebuild))
		return weir_fail(err, WEIR_ERR_DRIVER_SQL, where, SQLITE_ERROR,
		                 "nothing of \"%.80s\" would be kept: drop it, and make another",
		                 rebuild->old.name);
	/* A definition's own ON CONFLICT would drop rows, and say nothing. */
	sqlite3_str_appendf(rebuild->script, "INSERT OR ABORT INTO \"%w\" (", rebuild->name);
	write_columns(rebuild, false);
	sqlite3_str_appendall(rebuild->script, ")\n\tSELECT ");
	write_columns(rebuild, true);
	sqlite3_str_appendf(rebuild->script, "\n\tFROM \"%w\";\n", rebuild->old.name);
	return WEIR_OK;
}

/* AUTOINCREMENT goes on after the highest number that ever was. */
static void write_count(const struct rebuild *rebuild)
{
	if (!rebuild->old.counting || !rebuild->new.counting)
		return;
	sqlite3_str_appendf(rebuild->script,
	                    "INSERT INTO sqlite_sequence (name, seq)\n\tSELECT %Q, 0 WHERE NOT EXISTS"
	                    " (SELECT 1 FROM sqlite_sequence WHERE name = %Q);\n",
	                    rebuild->name, rebuild->name);
	sqlite3_str_appendf(rebuild->script,
	                    "UPDATE sqlite_sequence SET seq = max(seq, ifnull((SELECT max(seq)"
	                    " FROM sqlite_sequence WHERE name = %Q), 0))\n\tWHERE name = %Q;\n",
	                    rebuild->old.name, rebuild->name);
}

/* ---- the script ---- */

/* A name that no object has. */
static enum weir_code find_name(struct rebuild *rebuild, struct weir_error *err)
{
	bool taken = true;

	for (int i = 0; taken && i < 100; i++) {
		(void)snprintf(rebuild->name, sizeof(rebuild->name), "weir_rebuild_%d", i);
		taken = weir__sqlite_dependents_taken(rebuild->conn->db, rebuild->name);
	}
	if (!taken)
		return WEIR_OK;
	return weir_fail(err, WEIR_ERR_DRIVER_SQL, where, SQLITE_ERROR,
	                 "no name is free for the new table, such as %s", rebuild->name);
}

/* The end of the name that text begins with: a word, or one in quotes, where two of them
 * stand for one. */
static const char *skip_name(const char *text)
{
	const char close = *text == '[' ? ']' : *text;

	if (strchr("\"`'[", *text) == NULL)
		return text + strcspn(text, " \t\r\n\f(/-");
	for (text++; *text != '\0'; text++) {
		if (*text != close)
			continue;
		if (text[1] != close || close == ']')
			return text + 1;
		text++;
	}
	return text;
}

/* SQLite keeps "CREATE TABLE " and then the text from the name on. */
static void write_table(const struct rebuild *rebuild)
{
	const char *const rest = skip_name(rebuild->new.sql + sizeof("CREATE TABLE ") - 1);

	sqlite3_str_appendf(rebuild->script, "CREATE TABLE \"%w\"%s%s", rebuild->name,
	                    *rest == '(' ? " " : "", rest);
	weir__sqlite_end_statement(rebuild->script, rest);
}

static enum weir_code write_script(struct rebuild *rebuild, struct weir_error *err)
{
	struct weir__sqlite_dependents dependents;
	enum weir_code code =
		weir__sqlite_dependents_read(&dependents, rebuild->conn->db, rebuild->old.name, err);

	if (code == WEIR_OK) {
		weir__sqlite_dependents_drop(&dependents, rebuild->script);
		write_table(rebuild);
		code = write_rows(rebuild, err);
	}
	if (code == WEIR_OK) {
		write_count(rebuild);
		sqlite3_str_appendf(rebuild->script, "DROP TABLE \"%w\";\n", rebuild->old.name);
		sqlite3_str_appendf(rebuild->script, "ALTER TABLE \"%w\" RENAME TO \"%w\";\n",
		                    rebuild->name, rebuild->old.name);
		weir__sqlite_dependents_make(&dependents, rebuild->script);
	}
	weir__sqlite_dependents_free(&dependents);
	return code;
}

static enum weir_code make_script(struct rebuild *rebuild, struct weir_error *err)
{
	const struct weir_schema_rebuild *const request = rebuild->request;
	enum weir_code code =
		weir__sqlite_table_read(&rebuild->old, rebuild->conn->db, request->table, err);

	if (code == WEIR_OK)
		code = weir__sqlite_table_imagine(&rebuild->new, &rebuild->imagined, request->table,
		                                  request->sql, err);
	if (code == WEIR_OK)
		code = check_columns(rebuild, err);
	if (code == WEIR_OK)
		code =
			weir__sqlite_dependents_check(&rebuild->new, rebuild->conn->db, rebuild->old.name, err);
	if (code == WEIR_OK)
		code = find_name(rebuild, err);
	if (code == WEIR_OK)
		code = write_script(rebuild, err);
	return code;
}

/* What SQLite allocated as what the caller can free. */
static enum weir_code hand_over(char *text, char **script, struct weir_error *err)
{
	*script = text == NULL ? NULL : strdup(text);
	sqlite3_free(text);
	if (*script != NULL)
		return WEIR_OK;
	return weir_fail(err, WEIR_ERR_NO_MEMORY, where, SQLITE_NOMEM, "no memory for a script");
}

enum weir_code weir__sqlite_rebuild(void *opaque, const struct weir_schema_rebuild *request,
                                    char **script, struct weir_error *err)
{
	struct weir_schema_rebuild whole = {0};
	struct rebuild rebuild = {.conn = opaque, .request = &whole};

	memcpy(&whole, request, request->size < sizeof(whole) ? request->size : sizeof(whole));
	*script = NULL;
	if (whole.table == NULL || whole.sql == NULL ||
	    (whole.columns_count > 0 && (whole.columns == NULL || whole.expressions == NULL)))
		return weir_fail(err, WEIR_ERR_DRIVER_SQL, where, SQLITE_MISUSE,
		                 "a rebuild needs the table, its new definition, and pairs of columns");
	rebuild.script = sqlite3_str_new(rebuild.conn->db);
	weir__sqlite_begin_work(rebuild.conn, (struct weir_time){WEIR_TIME_NEVER_NS});

	const enum weir_code code = make_script(&rebuild, err);

	weir__sqlite_end_work(rebuild.conn);
	weir__sqlite_table_free(&rebuild.old);
	weir__sqlite_table_free(&rebuild.new);
	(void)sqlite3_close(rebuild.imagined);

	char *const text = sqlite3_str_finish(rebuild.script);

	if (code == WEIR_OK)
		return hand_over(text, script, err);
	sqlite3_free(text);
	return code;
}
