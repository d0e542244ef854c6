/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The schema face of the SQLite driver (weir/schema.h): what a database consists of.
 * Only "main" is looked at: what is temporary, or attached, is not part of it.
 */
#include <stdarg.h>
#include <string.h>

#include "sqlite_catalog.h"

/* ---- reading rows ---- */

static enum weir_code step_all(struct weir__sqlite_conn *conn, sqlite3_stmt *stmt,
                               weir__sqlite_on_row on_row, void *arg, const char *where,
                               struct weir_error *err)
{
	int rc = sqlite3_step(stmt);

	while (rc == SQLITE_ROW) {
		if (!on_row(arg, stmt))
			return weir_fail(err, WEIR_ERR_JOB_FAILED, where, 0, "the caller ended the walk");
		rc = sqlite3_step(stmt);
	}
	return rc == SQLITE_DONE ? WEIR_OK : weir__sqlite_fail_call(conn, rc, where, err);
}

enum weir_code weir__sqlite_walk(struct weir__sqlite_conn *conn, weir__sqlite_on_row on_row,
                                 void *arg, const char *where, struct weir_error *err,
                                 const char *format, ...)
{
	sqlite3_stmt *stmt = NULL;
	va_list args;

	va_start(args, format);

	char *const sql = sqlite3_vmprintf(format, args);

	va_end(args);
	if (sql == NULL)
		return weir_fail(err, WEIR_ERR_NO_MEMORY, where, SQLITE_NOMEM, "no memory for a statement");
	conn->denied = NULL;

	const int rc = sqlite3_prepare_v2(conn->db, sql, -1, &stmt, NULL);
	const enum weir_code code = rc == SQLITE_OK ? step_all(conn, stmt, on_row, arg, where, err)
	                                            : weir__sqlite_fail_call(conn, rc, where, err);

	(void)sqlite3_finalize(stmt);
	sqlite3_free(sql);
	return code;
}

const char *weir__sqlite_words(sqlite3_stmt *row, int column)
{
	const unsigned char *const text = sqlite3_column_text(row, column);

	return text == NULL ? "" : (const char *)text;
}

/* NULL stays NULL. */
static const char *text_of(sqlite3_stmt *row, int column)
{
	return (const char *)sqlite3_column_text(row, column);
}

/* ---- objects ---- */

struct objects {
	bool (*each)(void *arg, const struct weir_schema_object *object);
	void *arg;
};

static bool on_object(void *arg, sqlite3_stmt *row)
{
	const struct objects *const walk = arg;
	const struct weir_schema_object object = {
		.type = weir__sqlite_words(row, 0),
		.name = weir__sqlite_words(row, 1),
		.table = weir__sqlite_words(row, 2),
		.sql = text_of(row, 3),
	};

	return walk->each(walk->arg, &object);
}

/* The tables behind a virtual one, such as those of FTS5, are made and dropped with it;
 * SQLite tells which they are since 3.37. */
#define SINCE_SHADOWS 3037000
#define NO_SHADOWS                                                                                 \
	" AND tbl_name NOT IN (SELECT name FROM pragma_table_list"                                     \
	" WHERE schema = 'main' AND type = 'shadow')"

static enum weir_code objects(void *opaque, bool (*each)(void *, const struct weir_schema_object *),
                              void *arg, struct weir_error *err)
{
	struct objects walk = {each, arg};
	const bool tells = sqlite3_libversion_number() >= SINCE_SHADOWS;

	return weir__sqlite_walk(opaque, on_object, &walk, "sqlite.objects", err,
	                         "SELECT type, name, tbl_name, sql FROM main.sqlite_master"
	                         " WHERE name NOT LIKE 'sqlite\\_%%' ESCAPE '\\'%s"
	                         " ORDER BY type <> 'table', type, name",
	                         tells ? NO_SHADOWS : "");
}

/* ---- columns ---- */

struct columns {
	bool (*each)(void *arg, const struct weir_schema_column *column);
	void *arg;
	bool any;
};

/* The last column of PRAGMA table_xinfo. */
enum {
	HIDDEN = 1, /* of a virtual table */
	GENERATED_VIRTUAL = 2,
	GENERATED_STORED = 3,
};

static bool on_column(void *arg, sqlite3_stmt *row)
{
	struct columns *const walk = arg;
	const int kind = sqlite3_column_int(row, 6);
	const struct weir_schema_column column = {
		.name = weir__sqlite_words(row, 1),
		.type = weir__sqlite_words(row, 2),
		.default_value = text_of(row, 4),
		.not_null = sqlite3_column_int(row, 3) != 0,
		.generated = kind == GENERATED_VIRTUAL || kind == GENERATED_STORED,
		.key = (uint32_t)sqlite3_column_int(row, 5),
	};

	walk->any = true;
	return kind == HIDDEN || walk->each(walk->arg, &column);
}

static enum weir_code columns(void *opaque, const char *table,
                              bool (*each)(void *, const struct weir_schema_column *), void *arg,
                              struct weir_error *err)
{
	static const char where[] = "sqlite.columns";
	struct columns walk = {each, arg, false};
	const enum weir_code code = weir__sqlite_walk(opaque, on_column, &walk, where, err,
	                                              "PRAGMA main.table_xinfo(%Q)", table);

	if (code == WEIR_OK && !walk.any)
		return weir_fail(err, WEIR_ERR_DRIVER_SQL, where, SQLITE_ERROR,
		                 "there is no table or view \"%.100s\"", table);
	return code;
}

/* ---- references ---- */

struct violations {
	bool (*each)(void *arg, const struct weir_schema_violation *violation);
	void *arg;
};

static bool on_violation(void *arg, sqlite3_stmt *row)
{
	const struct violations *const walk = arg;
	const bool numbered = sqlite3_column_type(row, 1) != SQLITE_NULL;
	const struct weir_schema_violation violation = {
		.table = weir__sqlite_words(row, 0),
		.row = numbered ? sqlite3_column_int64(row, 1) : -1,
		.parent = weir__sqlite_words(row, 2),
	};

	return walk->each(walk->arg, &violation);
}

static enum weir_code violations(void *opaque, const char *table,
                                 bool (*each)(void *, const struct weir_schema_violation *),
                                 void *arg, struct weir_error *err)
{
	struct violations walk = {each, arg};

	if (table == NULL)
		return weir__sqlite_walk(opaque, on_violation, &walk, "sqlite.violations", err,
		                         "PRAGMA main.foreign_key_check");
	return weir__sqlite_walk(opaque, on_violation, &walk, "sqlite.violations", err,
	                         "PRAGMA main.foreign_key_check(%Q)", table);
}

struct parents {
	bool (*each)(void *arg, const char *parent);
	void *arg;
};

static bool on_parent(void *arg, sqlite3_stmt *row)
{
	const struct parents *const walk = arg;

	return walk->each(walk->arg, weir__sqlite_words(row, 0));
}

static enum weir_code parents(void *opaque, const char *table, bool (*each)(void *, const char *),
                              void *arg, struct weir_error *err)
{
	struct parents walk = {each, arg};

	return weir__sqlite_walk(opaque, on_parent, &walk, "sqlite.parents", err,
	                         "SELECT DISTINCT \"table\" FROM pragma_foreign_key_list(%Q, 'main')"
	                         " ORDER BY 1",
	                         table);
}

const struct weir_schema weir__sqlite_schema = {
	.abi = WEIR_SCHEMA_ABI,
	.size = sizeof(struct weir_schema),
	.explain_prefix = "EXPLAIN QUERY PLAN ",
	.explain_column = 3,
	.script_begin = weir__sqlite_script_begin,
	.script_end = weir__sqlite_script_end,
	.kind = weir__sqlite_kind,
	.settle = weir__sqlite_settle,
	.objects = objects,
	.columns = columns,
	.violations = violations,
	.parents = parents,
	.integrity = weir__sqlite_integrity,
	.facts = weir__sqlite_facts,
	.copy = weir__sqlite_copy,
	.lock = weir__sqlite_migrate_lock,
	.unlock = weir__sqlite_migrate_unlock,
	.rebuild = weir__sqlite_rebuild,
};
