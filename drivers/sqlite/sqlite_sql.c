/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The SQL operations of weir/sql.h on SQLite.
 *
 * A statement knows its connection: whether the borrower was asked to stop is
 * looked up before each step, since SQLite itself looks only every so many steps
 * of its own, which a short statement never reaches.
 */
#include "sqlite_internal.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

static sqlite3 *db_of(void *conn)
{
	return ((struct weir__sqlite_conn *)conn)->db;
}

static sqlite3_stmt *stmt_of(void *opaque)
{
	return ((struct weir__sqlite_stmt *)opaque)->stmt;
}

/* ---- the life of a statement ---- */

static void link_to(struct weir__sqlite_conn *conn, struct weir__sqlite_stmt *stmt)
{
	stmt->conn = conn;
	stmt->next = conn->statements;
	stmt->link = &conn->statements;
	if (stmt->next != NULL)
		stmt->next->link = &stmt->next;
	conn->statements = stmt;
}

static void finalize(void *opaque)
{
	struct weir__sqlite_stmt *const stmt = opaque;

	if (stmt == NULL)
		return;
	*stmt->link = stmt->next;
	if (stmt->next != NULL)
		stmt->next->link = stmt->link;
	(void)sqlite3_finalize(stmt->stmt);
	free(stmt);
}

void weir__sqlite_drop_statements(struct weir__sqlite_conn *conn)
{
	while (conn->statements != NULL) /* ends: each is taken off the list */
		finalize(conn->statements);
}

/* Compile what is not empty; *out is NULL for white space and comment. */
static enum weir_code compile(struct weir__sqlite_conn *conn, const char *text, int length,
                              struct weir__sqlite_stmt **out, const char **rest,
                              struct weir_error *err)
{
	/* weir_db keeps its statements. */
	const unsigned flags = conn->role == WEIR_ROLE_ANY ? 0 : SQLITE_PREPARE_PERSISTENT;
	struct weir__sqlite_stmt *const stmt = malloc(sizeof(*stmt));

	if (stmt == NULL)
		return weir_fail(err, WEIR_ERR_NO_MEMORY, "sqlite.prepare", SQLITE_NOMEM,
		                 "no memory for a statement");
	conn->denied = NULL;
	weir__sqlite_kind_begin(conn);

	const int rc = sqlite3_prepare_v3(conn->db, text, length, flags, &stmt->stmt, rest);

	stmt->kind = weir__sqlite_kind_end(conn, rc == SQLITE_OK ? stmt->stmt : NULL);

	if (rc != SQLITE_OK || stmt->stmt == NULL) {
		free(stmt);
		return rc == SQLITE_OK ? WEIR_OK : weir__sqlite_fail_call(conn, rc, "sqlite.prepare", err);
	}
	link_to(conn, stmt);
	*out = stmt;
	return WEIR_OK;
}

static enum weir_code prepare(void *conn, const char *text, size_t length, void **stmt,
                              size_t *tail, struct weir_error *err)
{
	struct weir__sqlite_stmt *prepared = NULL;
	const char *rest = text;

	if (length > INT_MAX)
		return weir_fail(err, WEIR_ERR_DRIVER_SQL, "sqlite.prepare", SQLITE_TOOBIG,
		                 "a text of %zu bytes is longer than SQLite takes", length);
	/* SQLite would stop there and report success for what it did not read. */
	if (length > 0 && memchr(text, '\0', length) != NULL)
		return weir_fail(err, WEIR_ERR_DRIVER_SQL, "sqlite.prepare", SQLITE_ERROR,
		                 "the text of the statement contains a NUL byte");
	if (length > 0) {
		const enum weir_code code = compile(conn, text, (int)length, &prepared, &rest, err);

		if (code != WEIR_OK)
			return code;
	}
	*stmt = prepared;
	*tail = (size_t)(rest - text);
	return WEIR_OK;
}

static void reset(void *stmt)
{
	(void)sqlite3_reset(stmt_of(stmt));
}

/* ---- values and rows ---- */

/* Text and blobs are not copied: weir/sql.h makes the caller keep them. */
static int bind_value(sqlite3_stmt *stmt, int index, const struct weir_sql_value *value)
{
	/* SQLite takes a NULL pointer for SQL's NULL, whatever the length. */
	const void *const bytes = value->as.data.bytes != NULL ? value->as.data.bytes : "";
	const size_t length = value->as.data.length;

	switch (value->type) {
	case WEIR_SQL_NULL:
		return sqlite3_bind_null(stmt, index);
	case WEIR_SQL_INT64:
		return sqlite3_bind_int64(stmt, index, value->as.int64);
	case WEIR_SQL_DOUBLE:
		return sqlite3_bind_double(stmt, index, value->as.real);
	case WEIR_SQL_TEXT:
		return sqlite3_bind_text64(stmt, index, bytes, length, SQLITE_STATIC, SQLITE_UTF8);
	case WEIR_SQL_BLOB:
		return sqlite3_bind_blob64(stmt, index, bytes, length, SQLITE_STATIC);
	}
	return SQLITE_MISMATCH;
}

static enum weir_code bind(void *opaque, uint32_t parameter, const struct weir_sql_value *value,
                           struct weir_error *err)
{
	sqlite3_stmt *const stmt = stmt_of(opaque);
	const int count = sqlite3_bind_parameter_count(stmt);

	if (parameter >= (uint32_t)count)
		return weir_fail(err, WEIR_ERR_DRIVER_SQL, "sqlite.bind", SQLITE_RANGE,
		                 "there is no parameter %u: the statement has %d", parameter, count);

	const int rc = bind_value(stmt, (int)parameter + 1, value);

	if (rc == SQLITE_MISUSE)
		return weir_fail(err, WEIR_ERR_DRIVER_SQL, "sqlite.bind", rc,
		                 "the statement was run; reset it before binding");
	if (rc != SQLITE_OK)
		return weir__sqlite_fail(sqlite3_db_handle(stmt), rc, "sqlite.bind", err);
	return WEIR_OK;
}

static enum weir_code step(void *opaque, enum weir_sql_step *result, struct weir_error *err)
{
	const struct weir__sqlite_stmt *const stmt = opaque;
	struct weir__sqlite_conn *const conn = stmt->conn;
	const enum weir_code stopped = weir__sqlite_stopped(conn);

	if (stopped != WEIR_OK)
		return weir__sqlite_fail_stopped(stopped, SQLITE_INTERRUPT, "sqlite.step", err);

	/* The authorizer is not asked about it again. */
	if (stmt->kind != WEIR_STATEMENT_PLAIN && !conn->script.on)
		return weir_fail(err, WEIR_ERR_DRIVER_SQL, "sqlite.step", SQLITE_MISUSE,
		                 "the statement was prepared for a script, which has ended");

	const bool outer = conn->stepping; /* a function of the borrower's may step in turn */

	conn->stepping = true;

	const int rc = sqlite3_step(stmt->stmt);

	conn->stepping = outer;
	if (rc == SQLITE_ROW || rc == SQLITE_DONE) {
		*result = rc == SQLITE_ROW ? WEIR_STEP_ROW : WEIR_STEP_DONE;
		return WEIR_OK;
	}
	return weir__sqlite_fail_call(conn, rc, "sqlite.step", err);
}

static uint32_t columns(void *stmt)
{
	return (uint32_t)sqlite3_column_count(stmt_of(stmt));
}

static const char *column_name(void *stmt, uint32_t column)
{
	return column < columns(stmt) ? sqlite3_column_name(stmt_of(stmt), (int)column) : NULL;
}

static const enum weir_sql_type type_table[] = {
	[SQLITE_INTEGER] = WEIR_SQL_INT64, [SQLITE_FLOAT] = WEIR_SQL_DOUBLE,
	[SQLITE_TEXT] = WEIR_SQL_TEXT,     [SQLITE_BLOB] = WEIR_SQL_BLOB,
	[SQLITE_NULL] = WEIR_SQL_NULL,
};

static enum weir_code column_value(void *opaque, uint32_t column, struct weir_sql_value *value,
                                   struct weir_error *err)
{
	sqlite3_stmt *const stmt = stmt_of(opaque);
	const int index = (int)column;

	if (column >= (uint32_t)sqlite3_data_count(stmt))
		return weir_fail(err, WEIR_ERR_DRIVER_SQL, "sqlite.column", SQLITE_RANGE,
		                 "there is no column %u: the current row has %d", column,
		                 sqlite3_data_count(stmt));
	*value = (struct weir_sql_value){.type = type_table[sqlite3_column_type(stmt, index)]};
	switch (value->type) {
	case WEIR_SQL_NULL:
		return WEIR_OK;
	case WEIR_SQL_INT64:
		value->as.int64 = sqlite3_column_int64(stmt, index);
		return WEIR_OK;
	case WEIR_SQL_DOUBLE:
		value->as.real = sqlite3_column_double(stmt, index);
		return WEIR_OK;
	case WEIR_SQL_TEXT:
		value->as.data.bytes = sqlite3_column_text(stmt, index);
		break;
	case WEIR_SQL_BLOB:
		value->as.data.bytes = sqlite3_column_blob(stmt, index);
		break;
	}
	value->as.data.length = (size_t)sqlite3_column_bytes(stmt, index);
	if (value->as.data.bytes == NULL && value->as.data.length > 0)
		return weir__sqlite_fail(sqlite3_db_handle(stmt), SQLITE_NOMEM, "sqlite.column", err);
	if (value->as.data.bytes == NULL)
		value->as.data.bytes = ""; /* an empty blob */
	return WEIR_OK;
}

/* ---- the connection ---- */

static int64_t changes(void *conn)
{
	return sqlite3_changes64(db_of(conn));
}

static enum weir_txn_state txn_state(void *conn)
{
	sqlite3 *const db = db_of(conn);

	switch (sqlite3_txn_state(db, NULL)) {
	case SQLITE_TXN_WRITE:
		return WEIR_TXN_WRITE;
	case SQLITE_TXN_READ:
		return WEIR_TXN_READ;
	default:
		/* After BEGIN and before the first statement SQLite has no lock yet, but
		 * a transaction is open. */
		return sqlite3_get_autocommit(db) ? WEIR_TXN_NONE : WEIR_TXN_READ;
	}
}

static uint32_t parameters(void *stmt)
{
	return (uint32_t)sqlite3_bind_parameter_count(stmt_of(stmt));
}

const struct weir_sql weir__sqlite_sql = {
	.abi = WEIR_SQL_ABI,
	.size = sizeof(struct weir_sql),
	.prepare = prepare,
	.bind = bind,
	.step = step,
	.columns = columns,
	.column_name = column_name,
	.column = column_value,
	.reset = reset,
	.finalize = finalize,
	.changes = changes,
	.txn_state = txn_state,
	.parameters = parameters,
};
