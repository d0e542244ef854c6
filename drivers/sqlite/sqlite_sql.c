/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The SQL operations of weir/sql.h on SQLite. A statement is SQLite's own.
 */
#include "sqlite_internal.h"

#include <limits.h>
#include <string.h>

static sqlite3 *db_of(void *conn)
{
	return ((struct weir__sqlite_conn *)conn)->db;
}

static enum weir_code prepare(void *conn, const char *text, size_t length, void **stmt,
                              size_t *tail, struct weir_error *err)
{
	sqlite3 *const db = db_of(conn);
	sqlite3_stmt *prepared = NULL;
	const char *rest = text;

	if (length > INT_MAX)
		return weir_fail(err, WEIR_ERR_DRIVER_SQL, "sqlite.prepare", SQLITE_TOOBIG,
		                 "a text of %zu bytes is longer than SQLite takes", length);
	/* SQLite would stop there and report success for what it did not read. */
	if (length > 0 && memchr(text, '\0', length) != NULL)
		return weir_fail(err, WEIR_ERR_DRIVER_SQL, "sqlite.prepare", SQLITE_ERROR,
		                 "the text of the statement contains a NUL byte");
	if (length > 0) {
		const int rc = sqlite3_prepare_v3(db, text, (int)length, 0, &prepared, &rest);

		if (rc != SQLITE_OK)
			return weir__sqlite_fail(db, rc, "sqlite.prepare", err);
	}
	*stmt = prepared;
	*tail = (size_t)(rest - text);
	return WEIR_OK;
}

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

static enum weir_code bind(void *stmt, uint32_t parameter, const struct weir_sql_value *value,
                           struct weir_error *err)
{
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

static enum weir_code step(void *stmt, enum weir_sql_step *result, struct weir_error *err)
{
	const int rc = sqlite3_step(stmt);

	if (rc == SQLITE_ROW || rc == SQLITE_DONE) {
		*result = rc == SQLITE_ROW ? WEIR_STEP_ROW : WEIR_STEP_DONE;
		return WEIR_OK;
	}
	return weir__sqlite_fail(sqlite3_db_handle(stmt), rc, "sqlite.step", err);
}

static uint32_t columns(void *stmt)
{
	return (uint32_t)sqlite3_column_count(stmt);
}

static const char *column_name(void *stmt, uint32_t column)
{
	return column < columns(stmt) ? sqlite3_column_name(stmt, (int)column) : NULL;
}

static const enum weir_sql_type type_table[] = {
	[SQLITE_INTEGER] = WEIR_SQL_INT64, [SQLITE_FLOAT] = WEIR_SQL_DOUBLE,
	[SQLITE_TEXT] = WEIR_SQL_TEXT,     [SQLITE_BLOB] = WEIR_SQL_BLOB,
	[SQLITE_NULL] = WEIR_SQL_NULL,
};

static enum weir_code column_value(void *stmt, uint32_t column, struct weir_sql_value *value,
                                   struct weir_error *err)
{
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

static void reset(void *stmt)
{
	(void)sqlite3_reset(stmt);
}

static void finalize(void *stmt)
{
	(void)sqlite3_finalize(stmt);
}

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
};
