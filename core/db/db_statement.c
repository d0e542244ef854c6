/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Statements on a struct weir_tx, and the rows they yield.
 *
 * rows refer to the tx, to one use of a statement (cached, state: see S3 in
 * statements.h), and for speed to the driver's statement. A tx ends whether or
 * not its rows were ended; they are then looked for before they are touched, and
 * found to be over.
 *
 * The first failure of a statement is kept beside the connection, since a job
 * that passes no struct weir_error still has an outcome that says why.
 */
#include "db_internal.h"
#include "error_internal.h"

#include <string.h>

#define EXEC "db.exec"
#define ROWS "db.rows"

/* States of struct weir_rows beside the generation of a use, which is not 0: what
 * is over says so in tx, which is NULL, or in cached: they were read to the end. */
#define AT_THE_END UINT32_C(0)

static enum weir_code check(const struct weir_tx *tx, const char *where, struct weir_error *err)
{
	if (tx == NULL || tx->conn == NULL)
		return weir_fail(err, WEIR_ERR_BAD_ARGUMENT, where, 0, "tx is over or was never begun");
	if (!weir__db_ours(tx->db))
		return weir_fail(err, WEIR_ERR_FORKED, where, 0, "%s", weir_error_text(WEIR_ERR_FORKED));
	return WEIR_OK;
}

/* Where a failure is written, before it is known that there will be one. */
static struct weir_error *sink_of(struct weir__db_conn *conn)
{
	if (!conn->failed)
		return &conn->failure;
	weir_error_init(&conn->later);
	return &conn->later;
}

/* A statement failed, and its sink says how. */
static WP_OUT_OF_LINE enum weir_code fail(struct weir__db_conn *conn, const struct weir_error *sink,
                                          struct weir_error *err)
{
	/* That the connection broke decides what becomes of it, whatever a job made of
	 * an earlier failure. */
	if (conn->failed && sink->code == WEIR_ERR_DRIVER_BROKEN)
		conn->failure = *sink;
	conn->failed = true;
	return weir__error_store(err, sink);
}

/* Whether the keeper wants this read to end; it says so by the lease's generation,
 * so that whoever has the connection next is not meant. */
static bool is_refused(const struct weir_tx *tx)
{
	return tx->kind == WEIR__TX_READ &&
	       wp_load_rlx_32(&tx->db->refused[tx->lease.slot]) == tx->lease.generation;
}

/* Find or prepare a statement, and bind its parameters. */
static enum weir_code begin(struct weir_tx *tx, const char *where, const char *text,
                            const struct weir_sql_value *params, uint32_t count,
                            struct weir__statement **statement, struct weir_error *sink)
{
	struct weir__db_conn *conn = tx->conn;
	const struct weir_sql *sql = tx->db->sql;
	enum weir_code code;

	if (text == NULL || (params == NULL && count > 0))
		return weir_fail(sink, WEIR_ERR_BAD_ARGUMENT, where, 0, "%s is NULL",
		                 text == NULL ? "the text of the statement" : "params");
	if (is_refused(tx))
		return weir_fail(sink, WEIR_ERR_SNAPSHOT_EXPIRED, where, 0, "%s",
		                 weir_error_text(WEIR_ERR_SNAPSHOT_EXPIRED));
	code =
		weir__statements_get(&conn->statements, sql, conn->conn, text, tx->kind, statement, sink);
	if (code != WEIR_OK)
		return code;
	if (conn->statements.shown != NULL)
		wp_store_rel_64(conn->statements.shown, (uint64_t)(uintptr_t)(*statement)->text);
	code = weir__statements_bind(*statement, sql, params, count, sink);
	if (code != WEIR_OK)
		weir__statements_put(&conn->statements, sql, *statement);
	return code;
}

enum weir_code weir_tx_exec(struct weir_tx *tx, const char *sql,
                            const struct weir_sql_value *params, uint32_t count, int64_t *changes,
                            struct weir_error *err)
{
	enum weir_code code = check(tx, EXEC, err);
	enum weir_sql_step reached = WEIR_STEP_ROW;
	struct weir__statement *statement = NULL;

	if (code != WEIR_OK)
		return code;
	struct weir__db_conn *conn = tx->conn;
	const struct weir_sql *ops = tx->db->sql;
	struct weir_error *sink = sink_of(conn);

	code = begin(tx, EXEC, sql, params, count, &statement, sink);
	if (code != WEIR_OK)
		return fail(conn, sink, err);
	while (code == WEIR_OK && reached != WEIR_STEP_DONE)
		code = ops->step(statement->stmt, &reached, sink);
	if (code == WEIR_OK && changes != NULL)
		*changes = ops->changes(conn->conn);
	weir__statements_put(&conn->statements, ops, statement);
	return code == WEIR_OK ? WEIR_OK : fail(conn, sink, err);
}

/* ---- rows ---- */

enum weir_code weir_tx_query(struct weir_tx *tx, const char *sql,
                             const struct weir_sql_value *params, uint32_t count,
                             struct weir_rows *rows, struct weir_error *err)
{
	struct weir__statement *statement = NULL;
	enum weir_code code;

	if (rows == NULL)
		return weir_fail(err, WEIR_ERR_BAD_ARGUMENT, ROWS, 0, "rows is NULL");
	memset(rows, 0, sizeof *rows);
	code = check(tx, ROWS, err);
	if (code != WEIR_OK)
		return code;
	struct weir_error *sink = sink_of(tx->conn);

	code = begin(tx, ROWS, sql, params, count, &statement, sink);
	if (code != WEIR_OK)
		return fail(tx->conn, sink, err);
	rows->tx = tx;
	rows->statement = statement->stmt;
	rows->cached = statement;
	rows->state = statement->generation;
	rows->columns = tx->db->sql->columns(statement->stmt);
	return WEIR_OK;
}

/* Whether rows can still be read. */
static bool are_open(const struct weir_rows *rows)
{
	const struct weir_tx *tx = rows->tx;

	return tx != NULL && tx->conn != NULL && rows->cached != NULL && weir__db_ours(tx->db) &&
	       weir__statements_is_open(&tx->conn->statements, rows->cached, rows->state);
}

/* Why they cannot. */
static enum weir_code over(const struct weir_rows *rows, struct weir_error *err)
{
	enum weir_code code = WEIR_ERR_BAD_ARGUMENT;

	if (rows != NULL && rows->tx != NULL)
		code = check(rows->tx, ROWS, err);
	if (code == WEIR_ERR_FORKED)
		return code;
	return weir_fail(err, WEIR_ERR_BAD_ARGUMENT, ROWS, 0,
	                 "rows are over, failed before, or were never begun");
}

/* The database may have prepared the statement anew, for a schema that changed,
 * and "*" be another list of columns: known with the first row. */
static bool is_at_a_row(struct weir_rows *rows, const struct weir_sql *sql)
{
	struct weir__statement *statement = (struct weir__statement *)rows->cached;

	if (!statement->stepped)
		rows->columns = sql->columns(rows->statement);
	statement->stepped = true;
	return true;
}

/* Let go of the statement as soon as there is no more to read: in a read without
 * a snapshot it is what keeps the log from being copied. */
static void finish(struct weir_rows *rows, struct weir_tx *tx)
{
	weir__statements_put(&rows->tx->conn->statements, rows->tx->db->sql,
	                     (struct weir__statement *)rows->cached);
	rows->tx = tx;
	rows->statement = NULL;
	rows->cached = NULL;
	rows->state = AT_THE_END;
}

bool weir_rows_next(struct weir_rows *rows, enum weir_code *code, struct weir_error *err)
{
	enum weir_sql_step reached = WEIR_STEP_DONE;
	enum weir_code unwanted;

	if (code == NULL)
		code = &unwanted;
	if (rows == NULL || !are_open(rows)) {
		const bool at_the_end = rows != NULL && rows->tx != NULL && rows->cached == NULL;

		*code = at_the_end ? WEIR_OK : over(rows, err);
		return false;
	}
	struct weir__db_conn *conn = rows->tx->conn;
	const struct weir_sql *sql = rows->tx->db->sql;
	struct weir_error *sink = sink_of(conn);

	*code = sql->step(rows->statement, &reached, sink);
	if (*code == WEIR_OK && reached == WEIR_STEP_ROW)
		return is_at_a_row(rows, sql);
	if (*code != WEIR_OK)
		(void)fail(conn, sink, err);
	finish(rows, *code == WEIR_OK ? rows->tx : NULL);
	return false;
}

enum weir_code weir_rows_value(struct weir_rows *rows, uint32_t column,
                               struct weir_sql_value *value, struct weir_error *err)
{
	enum weir_code code;

	if (rows == NULL || value == NULL || !are_open(rows))
		return over(value == NULL ? NULL : rows, err);
	struct weir__db_conn *conn = rows->tx->conn;
	struct weir_error *sink = sink_of(conn);

	code = rows->tx->db->sql->column(rows->statement, column, value, sink);
	return code == WEIR_OK ? WEIR_OK : fail(conn, sink, err);
}

void weir_rows_end(struct weir_rows *rows)
{
	if (rows == NULL)
		return;
	if (are_open(rows))
		finish(rows, NULL);
	memset(rows, 0, sizeof *rows);
}
