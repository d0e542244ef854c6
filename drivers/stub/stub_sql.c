/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The stub's SQL and transactions, so that a weir_db can be tested over a server that
 * can be taken down: every text up to a semicolon is a statement without rows, and
 * nothing is stored.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include <weir/engine.h>
#include <weir/sql.h>

#include "stub_internal.h"

/* ---- statements ---- */

struct stub_statement {
	uint32_t parameters;
};

static enum weir_code prepare(void *conn, const char *text, size_t length, void **stmt,
                              size_t *tail, struct weir_error *err)
{
	const char *semicolon = memchr(text, ';', length);
	size_t begin = 0;
	struct stub_statement *made;

	(void)conn;
	*stmt = NULL;
	*tail = semicolon != NULL ? (size_t)(semicolon - text) + 1 : length;
	if (memchr(text, '\0', length) != NULL)
		return weir_fail(err, WEIR_ERR_DRIVER_SQL, "stub.prepare", 0, "the text has a NUL byte");
	while (begin < *tail && (isspace((unsigned char)text[begin]) || text[begin] == ';'))
		begin++;
	if (begin == *tail)
		return WEIR_OK;
	made = calloc(1, sizeof *made);
	if (made == NULL)
		return weir_fail(err, WEIR_ERR_NO_MEMORY, "stub.prepare", 0, "no memory for a statement");
	for (size_t i = begin; i < *tail; i++)
		made->parameters += text[i] == '?';
	*stmt = made;
	return WEIR_OK;
}

static enum weir_code bind(void *stmt, uint32_t parameter, const struct weir_sql_value *value,
                           struct weir_error *err)
{
	(void)value;
	if (parameter < ((struct stub_statement *)stmt)->parameters)
		return WEIR_OK;
	return weir_fail(err, WEIR_ERR_DRIVER_SQL, "stub.bind", 0, "there is no parameter %u",
	                 parameter);
}

static enum weir_code step(void *stmt, enum weir_sql_step *result, struct weir_error *err)
{
	(void)stmt;
	(void)err;
	*result = WEIR_STEP_DONE;
	return WEIR_OK;
}

static uint32_t columns(void *stmt)
{
	(void)stmt;
	return 0;
}

static const char *column_name(void *stmt, uint32_t column)
{
	(void)stmt;
	(void)column;
	return NULL;
}

static enum weir_code column(void *stmt, uint32_t index, struct weir_sql_value *value,
                             struct weir_error *err)
{
	(void)stmt;
	(void)value;
	return weir_fail(err, WEIR_ERR_DRIVER_SQL, "stub.column", 0,
	                 "there is no row, and no column %u", index);
}

static void reset(void *stmt)
{
	(void)stmt;
}

static int64_t changes(void *conn)
{
	(void)conn;
	return 0;
}

static enum weir_txn_state txn_state(void *conn)
{
	(void)conn;
	return WEIR_TXN_NONE;
}

static uint32_t parameters(void *stmt)
{
	return ((struct stub_statement *)stmt)->parameters;
}

const struct weir_sql weir__stub_sql = {
	.abi = WEIR_SQL_ABI,
	.size = sizeof(struct weir_sql),
	.prepare = prepare,
	.bind = bind,
	.step = step,
	.columns = columns,
	.column_name = column_name,
	.column = column,
	.reset = reset,
	.finalize = free,
	.changes = changes,
	.txn_state = txn_state,
	.parameters = parameters,
};

/* ---- transactions ---- */

static enum weir_code begin_write(void *opaque, enum weir_durability durability,
                                  struct weir_time deadline, struct weir_error *err)
{
	struct weir__stub_conn *conn = opaque;

	(void)durability;
	(void)deadline;
	if (conn->server == NULL || !weir__stub_is_down(conn->server))
		return WEIR_OK;
	return weir_fail(err, WEIR_ERR_DRIVER_BROKEN, "stub.begin", 0, "the server is down");
}

static enum weir_code succeed(void *conn, struct weir_error *err)
{
	(void)conn;
	(void)err;
	return WEIR_OK;
}

static void job_begin(void *conn, const struct weir_job_guard *guard)
{
	(void)conn;
	(void)guard;
}

static enum weir_job_end job_end(void *conn, struct weir_error *err)
{
	(void)conn;
	(void)err;
	return WEIR_JOB_SOUND;
}

static void snapshot_end(void *conn)
{
	(void)conn;
}

const struct weir_engine weir__stub_engine = {
	.abi = WEIR_ENGINE_ABI,
	.size = sizeof(struct weir_engine),
	.begin = begin_write,
	.commit = succeed,
	.rollback = succeed,
	.savepoint = succeed,
	.savepoint_release = succeed,
	.savepoint_undo = succeed,
	.job_begin = job_begin,
	.job_end = job_end,
	.snapshot_begin = succeed,
	.snapshot_end = snapshot_end,
};
