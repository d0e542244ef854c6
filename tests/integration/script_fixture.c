/* SPDX-License-Identifier: BSD-2-Clause
 *
 * See script_fixture.h.
 */
#include "script_fixture.h"

struct body {
	struct weir_db *db;
	void (*run)(struct held *held);
	void *arg;
};

struct held held_of(struct weir_db *db, struct weir_tx *tx)
{
	const struct weir_driver *const driver = weir_sqlite_driver();

	return (struct held){
		.db = db,
		.tx = tx,
		.sql = driver->sql,
		.engine = driver->engine,
		.schema = driver->schema,
		.conn = weir_tx_driver_conn(tx, driver),
	};
}

static int run_body(struct weir_tx *tx, void *arg)
{
	const struct body *const body = arg;
	struct held held = held_of(body->db, tx);

	held.arg = body->arg;
	body->run(&held);
	return 0;
}

void held_maintain(struct weir_db *db, void (*run)(struct held *held), void *arg)
{
	struct body body = {db, run, arg};
	struct weir_error err = WEIR_ERROR_INIT;

	if (weir_db_maintain(db, run_body, &body, NULL, &err) != WEIR_OK)
		fail_msg("maintain: %s", err.message);
}

static enum weir_code run_one(struct held *held, void *stmt, struct weir_error *err)
{
	enum weir_sql_step step = WEIR_STEP_ROW;
	enum weir_code code = WEIR_OK;

	while (code == WEIR_OK && step == WEIR_STEP_ROW)
		code = held->sql->step(stmt, &step, err);
	return code;
}

enum weir_code held_try(struct held *held, const char *sql, struct weir_error *err)
{
	size_t length = strlen(sql);
	enum weir_code code = WEIR_OK;

	while (code == WEIR_OK && length > 0) {
		void *stmt = NULL;
		size_t tail = 0;

		code = held->sql->prepare(held->conn, sql, length, &stmt, &tail, err);
		if (code == WEIR_OK && stmt != NULL)
			code = run_one(held, stmt, err);
		held->sql->finalize(stmt);
		sql += tail;
		length -= tail;
	}
	return code;
}

void held_run(struct held *held, const char *sql)
{
	struct weir_error err = WEIR_ERROR_INIT;

	if (held_try(held, sql, &err) != WEIR_OK)
		fail_msg("%s: %s", sql, err.message);
}

int64_t held_number(struct held *held, const char *sql)
{
	struct weir_sql_value value = weir_null();
	enum weir_sql_step step = WEIR_STEP_DONE;
	void *stmt = NULL;
	size_t tail = 0;

	assert_code(held->sql->prepare(held->conn, sql, strlen(sql), &stmt, &tail, NULL), WEIR_OK);
	assert_code(held->sql->step(stmt, &step, NULL), WEIR_OK);
	assert_int_equal(step, WEIR_STEP_ROW);
	assert_code(held->sql->column(stmt, 0, &value, NULL), WEIR_OK);
	held->sql->finalize(stmt);
	return value.as.int64;
}

void held_begin(struct held *held, const struct weir_script_guard *guard)
{
	struct weir_error err = WEIR_ERROR_INIT;

	if (held->schema->script_begin(held->conn, guard, false, &err) != WEIR_OK)
		fail_msg("script_begin: %s", err.message);
}

void held_end(struct held *held)
{
	struct weir_error err = WEIR_ERROR_INIT;

	if (held->schema->script_end(held->conn, &err) != WEIR_OK)
		fail_msg("script_end: %s", err.message);
}

void held_begin_txn(struct held *held)
{
	assert_code(held->engine->begin(held->conn, WEIR_DURABILITY_DURABLE, db_soon(), NULL), WEIR_OK);
}

void held_commit_txn(struct held *held)
{
	assert_code(held->engine->commit(held->conn, NULL), WEIR_OK);
}
