/* SPDX-License-Identifier: BSD-2-Clause
 *
 * See sql_session.h.
 */
#include "sql_session.h"

#include <stdlib.h>
#include <string.h>

struct weir_sql_value of_int64(int64_t number)
{
	return (struct weir_sql_value){.type = WEIR_SQL_INT64, .as.int64 = number};
}

void *prepare(const struct session *session, const char *text)
{
	struct weir_error err = WEIR_ERROR_INIT;
	void *stmt = NULL;
	size_t tail = 0;

	if (session->sql->prepare(session->conn, text, strlen(text), &stmt, &tail, &err) != WEIR_OK)
		fail_msg("%s: %s", text, err.message);
	assert_non_null(stmt);
	return stmt;
}

enum weir_sql_step step(const struct session *session, void *stmt)
{
	struct weir_error err = WEIR_ERROR_INIT;
	enum weir_sql_step result = WEIR_STEP_DONE;

	if (session->sql->step(stmt, &result, &err) != WEIR_OK)
		fail_msg("step: %s", err.message);
	return result;
}

void run(const struct session *session, const char *text)
{
	void *const stmt = prepare(session, text);

	while (step(session, stmt) == WEIR_STEP_ROW) {
	}
	session->sql->finalize(stmt);
}

struct weir_sql_value column(const struct session *session, void *stmt, uint32_t index)
{
	struct weir_sql_value value = {.type = WEIR_SQL_NULL};

	assert_int_equal(session->sql->column(stmt, index, &value, NULL), WEIR_OK);
	return value;
}

int64_t ask_int64(const struct session *session, const char *text)
{
	void *const stmt = prepare(session, text);

	assert_int_equal(step(session, stmt), WEIR_STEP_ROW);

	const struct weir_sql_value value = column(session, stmt, 0);

	assert_int_equal(value.type, WEIR_SQL_INT64);
	assert_int_equal(step(session, stmt), WEIR_STEP_DONE);
	session->sql->finalize(stmt);
	return value.as.int64;
}

int open_session(void **state)
{
	struct session *const session = calloc(1, sizeof(*session));

	assert_non_null(session);
	arrange_place(state);
	session->place = *state;
	session->driver = session->place->driver;
	session->sql = session->driver->sql;
	session->conn = open_one(session->place);
	run(session, "CREATE TABLE t (id INTEGER PRIMARY KEY, v INTEGER NOT NULL)");
	*state = session;
	return 0;
}

int close_session(void **state)
{
	struct session *const session = *state;

	session->driver->close(session->conn);
	*state = session->place;
	free(session);
	return clear_place(state);
}
