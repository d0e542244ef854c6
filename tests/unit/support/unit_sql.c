/* SPDX-License-Identifier: BSD-2-Clause
 *
 * See unit_sql.h.
 */
#include "unit_sql.h"

#include <stdlib.h>
#include <string.h>

#include <weir/db.h>

#include "unit_check.h"

/* Where a comment at text ends, or text if there is none. */
static const char *past_comment(const char *text)
{
	const char *end;

	if (text[0] == '-' && text[1] == '-') {
		end = strchr(text, '\n');
		return end != NULL ? end : text + strlen(text);
	}
	if (text[0] == '/' && text[1] == '*') {
		end = strstr(text + 2, "*/");
		return end != NULL ? end + 2 : text + strlen(text);
	}
	return text;
}

/* The first byte of text that belongs to a statement, or its terminator. */
static const char *past_blank(const char *text)
{
	const char *before;

	do {
		before = text;
		text += strspn(text, " \t\r\n;");
		text = past_comment(text);
	} while (text != before);
	return text;
}

/* The first statement of text goes up to its first semicolon; what is blank up to
 * the end is none. */
static enum weir_code prepare(void *opaque, const char *text, size_t length, void **stmt,
                              size_t *tail, struct weir_error *err)
{
	struct unit_sql_conn *conn = opaque;
	const char *end = memchr(text, ';', length);
	struct unit_sql_stmt *made;

	if (conn->prepare_fails != WEIR_OK)
		return weir_fail(err, conn->prepare_fails, "fake.prepare", 7, "no such table");
	*tail = end != NULL ? (size_t)(end - text) + 1 : length;
	*stmt = NULL;
	if (*past_blank(text) == '\0') {
		*tail = length;
		return WEIR_OK;
	}
	made = calloc(1, sizeof *made);
	assert_non_null(made);
	made->conn = conn;
	made->rows = 2;
	conn->prepared++;
	*stmt = made;
	return WEIR_OK;
}

static enum weir_code bind(void *opaque, uint32_t parameter, const struct weir_sql_value *value,
                           struct weir_error *err)
{
	struct unit_sql_stmt *stmt = opaque;

	if (parameter >= UNIT_SQL_PARAMETERS ||
	    (value->type == WEIR_SQL_NULL && stmt->conn->no_unbinding))
		return weir_fail(err, WEIR_ERR_DRIVER_SQL, "fake.bind", 25, "no parameter %u", parameter);
	stmt->bound[parameter] = *value;
	return WEIR_OK;
}

static enum weir_code step(void *opaque, enum weir_sql_step *result, struct weir_error *err)
{
	struct unit_sql_stmt *stmt = opaque;

	if (stmt->conn->step_fails != WEIR_OK)
		return weir_fail(err, stmt->conn->step_fails, "fake.step", 10, "a page cannot be read");
	*result = stmt->rows > 0 ? WEIR_STEP_ROW : WEIR_STEP_DONE;
	stmt->rows -= stmt->rows > 0;
	return WEIR_OK;
}

static uint32_t columns(void *stmt)
{
	(void)stmt;
	return 1;
}

static enum weir_code column(void *opaque, uint32_t column, struct weir_sql_value *value,
                             struct weir_error *err)
{
	const struct unit_sql_stmt *stmt = opaque;

	if (column > 0)
		return weir_fail(err, WEIR_ERR_DRIVER_SQL, "fake.column", 25, "no column %u", column);
	*value = weir_int64((int64_t)stmt->rows);
	return WEIR_OK;
}

static void reset(void *opaque)
{
	struct unit_sql_stmt *stmt = opaque;

	stmt->resets++;
	stmt->rows = 2;
}

static void finalize(void *opaque)
{
	struct unit_sql_stmt *stmt = opaque;

	stmt->conn->finalized++;
	free(stmt);
}

static int64_t changes(void *conn)
{
	(void)conn;
	return 3;
}

static uint32_t parameters(void *stmt)
{
	(void)stmt;
	return UNIT_SQL_PARAMETERS;
}

const struct weir_sql unit_sql = {
	.abi = WEIR_SQL_ABI,
	.size = sizeof(struct weir_sql),
	.prepare = prepare,
	.bind = bind,
	.step = step,
	.columns = columns,
	.column = column,
	.reset = reset,
	.finalize = finalize,
	.changes = changes,
	.parameters = parameters,
};
