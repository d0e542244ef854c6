/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Statements on a tx, where a real database cannot be brought to do it: failures
 * of every kind, a holder that is refused, a forked child.
 */
#include <string.h>

#include "testing.h"
#include "unit_check.h"
#include "unit_sql.h"

/* A tx without all that weir_db does around it. */
static struct unit_sql_conn conn;
static struct weir_error err;
static struct weir_db db;
static struct weir__db_conn holder;
static struct weir_tx tx;
static struct weir_sql_value nulls[UNIT_SQL_PARAMETERS];

static void open_tx(void)
{
	memset(&db, 0, sizeof db);
	memset(&holder, 0, sizeof holder);
	memset(&tx, 0, sizeof tx);
	memset(&conn, 0, sizeof conn);
	weir_error_init(&err);
	weir_error_init(&holder.failure);
	assert_true(weir__statements_init(&holder.statements, 2));
	holder.conn = &conn;
	db.magic = WEIR__DB_MAGIC;
	db.sql = &unit_sql;
	tx.db = &db;
	tx.conn = &holder;
	tx.kind = WEIR__TX_JOB;
}

static void close_tx(void)
{
	weir__statements_free(&holder.statements, &unit_sql);
	assert_int_equal(conn.finalized, conn.prepared);
}

static enum weir_code exec(const char *text)
{
	return weir_tx_exec(&tx, text, nulls, UNIT_SQL_PARAMETERS, NULL, &err);
}

static void the_first_failure_is_kept(void **state)
{
	(void)state;
	open_tx();
	assert_code(exec("a"), WEIR_OK);
	assert_false(holder.failed);
	assert_code(weir_tx_exec(&tx, "a; b", NULL, 0, NULL, NULL), WEIR_ERR_DRIVER_SQL);
	assert_true(holder.failed);
	assert_has(holder.failure.message, "more than one");
	assert_code(weir_tx_exec(&tx, "a", NULL, 0, NULL, &err), WEIR_ERR_DRIVER_SQL);
	assert_has(err.message, "0 values");
	assert_null(holder.statements.open);
	conn.step_fails = WEIR_ERR_DRIVER_BUSY;
	assert_code(exec("a"), WEIR_ERR_DRIVER_BUSY);
	assert_int_equal(err.driver_code, 10);
	assert_code(holder.failure.code, WEIR_ERR_DRIVER_SQL);
	conn.step_fails = WEIR_ERR_DRIVER_BROKEN; /* but for this, which ends the connection */
	assert_code(weir_tx_exec(&tx, "a", nulls, UNIT_SQL_PARAMETERS, NULL, NULL),
	            WEIR_ERR_DRIVER_BROKEN);
	assert_code(holder.failure.code, WEIR_ERR_DRIVER_BROKEN);
	conn.step_fails = WEIR_ERR_DRIVER_BUSY;
	assert_code(exec("a"), WEIR_ERR_DRIVER_BUSY);
	assert_code(holder.failure.code, WEIR_ERR_DRIVER_BROKEN);
	assert_null(holder.statements.open);
	close_tx();
}

static void a_refused_holder_begins_no_statement(void **state)
{
	wp_u32 refused[2] = {{0}, {0}};
	struct weir_rows rows;

	(void)state;
	open_tx();
	db.refused = refused;
	tx.kind = WEIR__TX_READ;
	tx.lease.slot = 1;
	tx.lease.generation = 7;
	wp_store_rlx_32(&refused[1], 7);
	assert_code(exec("a"), WEIR_ERR_SNAPSHOT_EXPIRED);
	assert_code(weir_tx_query(&tx, "a", nulls, UNIT_SQL_PARAMETERS, &rows, &err),
	            WEIR_ERR_SNAPSHOT_EXPIRED);
	assert_int_equal(conn.prepared, 0);
	tx.lease.generation = 8; /* another holder of that connection */
	assert_code(exec("a"), WEIR_OK);
	close_tx();
}

static void in_a_forked_child_nothing_is_touched(void **state)
{
	enum weir_code code = WEIR_OK;
	struct weir_rows rows;

	(void)state;
	open_tx();
	assert_code(weir_tx_query(&tx, "a", nulls, UNIT_SQL_PARAMETERS, &rows, &err), WEIR_OK);
	db.magic = 0; /* what a fork makes of it */
	assert_code(exec("b"), WEIR_ERR_FORKED);
	assert_false(weir_rows_next(&rows, &code, &err));
	assert_code(code, WEIR_ERR_FORKED);
	weir_rows_end(&rows);
	assert_int_equal(conn.prepared, 1);
	assert_non_null(holder.statements.open);
	close_tx();
}

static void rows_let_go_of_their_statement_at_the_end(void **state)
{
	enum weir_code code = WEIR_OK;
	struct weir_rows rows;
	struct weir_sql_value value;

	(void)state;
	open_tx();
	assert_code(weir_tx_query(&tx, "a", nulls, UNIT_SQL_PARAMETERS, &rows, &err), WEIR_OK);
	assert_true(weir_rows_next(&rows, &code, &err));
	assert_code(weir_rows_value(&rows, 0, &value, &err), WEIR_OK);
	assert_int_equal(value.as.int64, 1);
	assert_code(weir_rows_value(&rows, 1, &value, &err), WEIR_ERR_DRIVER_SQL);
	assert_true(weir_rows_next(&rows, &code, &err));
	assert_false(weir_rows_next(&rows, &code, &err));
	assert_code(code, WEIR_OK);
	assert_null(holder.statements.open);
	assert_false(weir_rows_next(&rows, &code, &err)); /* and do not begin again */
	assert_code(code, WEIR_OK);
	assert_code(weir_rows_value(&rows, 0, &value, &err), WEIR_ERR_BAD_ARGUMENT);
	weir_rows_end(&rows);
	weir_rows_end(&rows);
	close_tx();
}

static void rows_that_failed_stay_failed(void **state)
{
	enum weir_code code = WEIR_OK;
	struct weir_rows rows;

	(void)state;
	open_tx();
	assert_code(weir_tx_query(&tx, "a", nulls, UNIT_SQL_PARAMETERS, &rows, &err), WEIR_OK);
	conn.step_fails = WEIR_ERR_DRIVER_BUSY;
	assert_false(weir_rows_next(&rows, &code, &err));
	assert_code(code, WEIR_ERR_DRIVER_BUSY);
	assert_null(holder.statements.open);
	conn.step_fails = WEIR_OK;
	assert_false(weir_rows_next(&rows, &code, &err));
	assert_code(code, WEIR_ERR_BAD_ARGUMENT);
	weir_rows_end(&rows);
	close_tx();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_failure_is_kept),
		cmocka_unit_test(a_refused_holder_begins_no_statement),
		cmocka_unit_test(in_a_forked_child_nothing_is_touched),
		cmocka_unit_test(rows_let_go_of_their_statement_at_the_end),
		cmocka_unit_test(rows_that_failed_stay_failed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
