/* SPDX-License-Identifier: BSD-2-Clause
 *
 * See sqlite_table.h. Of a definition that is only text, SQLite's own parser says what
 * it means: it is run in a private database, where it can do no harm.
 */
#include "sqlite_table.h"

#include <stdlib.h>
#include <string.h>

static const char where[] = "sqlite.rebuild";

/* ---- reading ---- */

static enum weir_code fail(sqlite3 *db, int rc, struct weir_error *err)
{
	return weir__sqlite_fail(db, rc, where, err);
}

static enum weir_code no_memory(struct weir_error *err)
{
	return weir_fail(err, WEIR_ERR_NO_MEMORY, where, SQLITE_NOMEM, "no memory for a table");
}

static int add_column(struct weir__sqlite_table *table, sqlite3_stmt *row)
{
	const size_t size = (table->count + 1) * sizeof(*table->columns);
	struct weir__sqlite_column *const grown = realloc(table->columns, size);

	if (grown == NULL)
		return SQLITE_NOMEM;
	table->columns = grown;
	grown[table->count] = (struct weir__sqlite_column){
		.name = strdup(weir__sqlite_words(row, 1)),
		.not_null = sqlite3_column_int(row, 3) != 0,
		.defaulted = sqlite3_column_type(row, 4) != SQLITE_NULL,
		.key = (uint32_t)sqlite3_column_int(row, 5),
		.generated = sqlite3_column_int(row, 6) != 0,
	};
	return grown[table->count++].name == NULL ? SQLITE_NOMEM : SQLITE_OK;
}

static int keep_texts(struct weir__sqlite_table *table, sqlite3_stmt *row)
{
	table->name = strdup(weir__sqlite_words(row, 0));
	table->sql = strdup(weir__sqlite_words(row, 1));
	return table->name == NULL || table->sql == NULL ? SQLITE_NOMEM : SQLITE_OK;
}

/* Each row of sql, of which the only parameter is name, to on_row. */
static int read_rows(struct weir__sqlite_table *table, sqlite3 *db, const char *sql,
                     const char *name, int (*on_row)(struct weir__sqlite_table *, sqlite3_stmt *))
{
	sqlite3_stmt *stmt = NULL;
	int rc = sqlite3_prepare_v2(db, sql, -1, &stmt, NULL);

	if (rc == SQLITE_OK)
		rc = sqlite3_bind_text(stmt, 1, name, -1, SQLITE_STATIC);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(stmt);
	while (rc == SQLITE_ROW) {
		rc = on_row(table, stmt);
		if (rc == SQLITE_OK)
			rc = sqlite3_step(stmt);
	}
	(void)sqlite3_finalize(stmt);
	return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

/* ---- row numbers ---- */

/* Whether "SELECT word FROM name" compiles. The word is not in quotes: SQLite would take
 * a name that is unknown for a text. */
static int selects(sqlite3 *db, const char *name, const char *word, bool *compiles)
{
	sqlite3_stmt *stmt = NULL;
	char *const sql = sqlite3_mprintf("SELECT %s FROM main.\"%w\"", word, name);
	const int rc = sql == NULL ? SQLITE_NOMEM : sqlite3_prepare_v2(db, sql, -1, &stmt, NULL);

	*compiles = rc == SQLITE_OK;
	(void)sqlite3_finalize(stmt);
	sqlite3_free(sql);
	return (rc & 0xff) == SQLITE_ERROR ? SQLITE_OK : rc;
}

static int find_row_word(struct weir__sqlite_table *table, sqlite3 *db)
{
	static const char *const words[] = {"rowid", "_rowid_", "oid"};
	int rc = SQLITE_OK;

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]) && rc == SQLITE_OK; i++) {
		bool compiles = false;

		if (table->row != NULL || weir__sqlite_table_column(table, words[i]) != NULL)
			continue;
		rc = selects(db, table->name, words[i], &compiles);
		if (compiles)
			table->row = words[i];
	}
	return rc;
}

static int count_row(struct weir__sqlite_table *table, sqlite3_stmt *row)
{
	(void)row;
	table->numbered = false; /* its key has an index, so that it is not the row's number */
	return SQLITE_OK;
}

static int read_numbers(struct weir__sqlite_table *table, sqlite3 *db)
{
	const struct weir__sqlite_column *key = NULL;
	size_t keys = 0;
	int counting = 0;
	int rc = find_row_word(table, db);

	for (size_t i = 0; i < table->count; i++) {
		if (table->columns[i].key == 0)
			continue;
		key = &table->columns[i];
		keys++;
	}
	table->numbered = keys == 1;
	if (rc == SQLITE_OK && table->numbered)
		rc = read_rows(table, db, "SELECT 1 FROM pragma_index_list(?1, 'main') WHERE origin = 'pk'",
		               table->name, count_row);
	if (rc == SQLITE_OK && table->numbered)
		rc = sqlite3_table_column_metadata(db, "main", table->name, key->name, NULL, NULL, NULL,
		                                   NULL, &counting);
	table->counting = counting != 0;
	return rc;
}

/* ---- tables ---- */

enum weir_code weir__sqlite_table_read(struct weir__sqlite_table *table, sqlite3 *db,
                                       const char *name, struct weir_error *err)
{
	static const char create[] = "CREATE TABLE ";

	*table = (struct weir__sqlite_table){0};

	int rc = read_rows(table, db,
	                   "SELECT name, sql FROM main.sqlite_master"
	                   " WHERE type = 'table' AND name = ?1 COLLATE NOCASE",
	                   name, keep_texts);

	if (rc == SQLITE_OK && table->name == NULL)
		return weir_fail(err, WEIR_ERR_DRIVER_SQL, where, SQLITE_ERROR,
		                 "there is no table \"%.100s\"", name);
	if (rc == SQLITE_OK && strncmp(table->sql, create, sizeof(create) - 1) != 0)
		return weir_fail(err, WEIR_ERR_DRIVER_SQL, where, SQLITE_ERROR,
		                 "\"%.100s\" is a virtual table, which cannot be rebuilt", name);
	if (rc == SQLITE_OK)
		rc = read_rows(table, db, "SELECT * FROM pragma_table_xinfo(?1, 'main')", table->name,
		               add_column);
	if (rc == SQLITE_OK)
		rc = read_numbers(table, db);
	return rc == SQLITE_OK ? WEIR_OK : fail(db, rc, err);
}

void weir__sqlite_table_free(struct weir__sqlite_table *table)
{
	for (size_t i = 0; i < table->count; i++)
		free(table->columns[i].name);
	free(table->columns);
	free(table->name);
	free(table->sql);
	*table = (struct weir__sqlite_table){0};
}

const struct weir__sqlite_column *weir__sqlite_table_column(const struct weir__sqlite_table *table,
                                                            const char *name)
{
	for (size_t i = 0; i < table->count; i++) {
		if (sqlite3_stricmp(table->columns[i].name, name) == 0)
			return &table->columns[i];
	}
	return NULL;
}

/* ---- a table that is not there ---- */

/* What a definition may not do: read anything, as CREATE TABLE … AS does, or reach out
 * of its private database. */
static int judge(void *opaque, int action, const char *detail, const char *more,
                 const char *database, const char *inner)
{
	(void)opaque;
	(void)detail;
	(void)more;
	(void)database;
	(void)inner;
	return action == SQLITE_SELECT || action == SQLITE_ATTACH ? SQLITE_DENY : SQLITE_OK;
}

/* An order of the program's own, which nothing is sorted by here. */
static int compare(void *opaque, int left_length, const void *left, int right_length,
                   const void *right)
{
	(void)opaque;
	(void)left;
	(void)right;
	return left_length - right_length;
}

static void supply_collation(void *opaque, sqlite3 *db, int encoding, const char *name)
{
	(void)opaque;
	(void)sqlite3_create_collation(db, name, encoding, NULL, compare);
}

static enum weir_code fail_text(const char *name, const char *reason, struct weir_error *err)
{
	return weir_fail(err, WEIR_ERR_DRIVER_SQL, where, SQLITE_ERROR,
	                 "the new definition is not one CREATE TABLE of \"%.80s\": %.160s", name,
	                 reason);
}

static enum weir_code run_definition(sqlite3 *db, const char *name, const char *sql,
                                     struct weir_error *err)
{
	sqlite3_stmt *stmt = NULL;
	sqlite3_stmt *next = NULL;
	const char *rest = NULL;
	int rc = sqlite3_prepare_v2(db, sql, -1, &stmt, &rest);

	if (rc == SQLITE_OK && stmt != NULL) {
		(void)sqlite3_step(stmt);
		rc = sqlite3_finalize(stmt);
	}
	if (rc == SQLITE_OK)
		rc = sqlite3_prepare_v2(db, rest, -1, &next, NULL);
	(void)sqlite3_finalize(next);
	if (rc == SQLITE_NOMEM)
		return no_memory(err);
	if (rc != SQLITE_OK)
		return fail_text(
			name, rc == SQLITE_AUTH ? "it takes its rows from a query" : sqlite3_errmsg(db), err);
	return next == NULL ? WEIR_OK : fail_text(name, "another statement follows it", err);
}

enum weir_code weir__sqlite_table_imagine(struct weir__sqlite_table *table, sqlite3 **db,
                                          const char *name, const char *sql, struct weir_error *err)
{
	struct weir_error why = WEIR_ERROR_INIT;

	*table = (struct weir__sqlite_table){0};

	const int rc = sqlite3_open_v2(
		":memory:", db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL);

	if (rc != SQLITE_OK)
		return fail(*db, rc, err);
	(void)sqlite3_set_authorizer(*db, judge, NULL);
	(void)sqlite3_collation_needed(*db, NULL, supply_collation);

	enum weir_code code = run_definition(*db, name, sql, err);

	(void)sqlite3_set_authorizer(*db, NULL, NULL);
	if (code != WEIR_OK)
		return code;
	code = weir__sqlite_table_read(table, *db, name, &why);
	if (code == WEIR_ERR_DRIVER_SQL)
		return fail_text(name, why.message, err);
	if (code != WEIR_OK)
		return fail(*db, why.driver_code, err);
	return WEIR_OK;
}
