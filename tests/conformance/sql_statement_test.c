/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Does a driver keep what weir/sql.h promises of statements and their values?
 */
#include "sql_session.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- statements ---- */

static void every_operation_is_there(void **state)
{
	const struct weir_sql *const sql = ((struct session *)*state)->sql;

	assert_int_equal(sql->abi, WEIR_SQL_ABI);
	assert_int_equal(sql->size, sizeof(struct weir_sql));
	assert_non_null(sql->prepare);
	assert_non_null(sql->bind);
	assert_non_null(sql->step);
	assert_non_null(sql->columns);
	assert_non_null(sql->column_name);
	assert_non_null(sql->column);
	assert_non_null(sql->reset);
	assert_non_null(sql->finalize);
	assert_non_null(sql->changes);
	assert_non_null(sql->txn_state);
}

static void tail_leads_through_many_statements(void **state)
{
	const struct session *const session = *state;
	const char text[] = "INSERT INTO t VALUES (1, 10); ; INSERT INTO t VALUES (2, 20)\n;"
						" -- the end\n SELECT sum(v) FROM t; -- nothing more";
	const size_t length = strlen(text);
	size_t offset = 0;
	size_t statements = 0;
	int64_t sum = 0;

	while (offset < length) {
		void *stmt = NULL;
		size_t tail = 0;

		assert_int_equal(session->sql->prepare(session->conn, text + offset, length - offset, &stmt,
		                                       &tail, NULL),
		                 WEIR_OK);
		assert_in_range(tail, 1, length - offset);
		offset += tail;
		if (stmt == NULL)
			continue;
		statements++;
		if (step(session, stmt) == WEIR_STEP_ROW)
			sum = column(session, stmt, 0).as.int64;
		session->sql->finalize(stmt);
	}
	assert_int_equal(statements, 3);
	assert_int_equal(sum, 30);
}

static void nothing_to_prepare(void **state)
{
	const struct session *const session = *state;
	static const char *const texts[] = {"", "  \n\t", "-- comment", "/* comment */ ", ";"};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		int sentinel = 0;
		void *stmt = &sentinel;
		size_t tail = SIZE_MAX;

		assert_int_equal(
			session->sql->prepare(session->conn, texts[i], strlen(texts[i]), &stmt, &tail, NULL),
			WEIR_OK);
		assert_null(stmt);
		assert_int_equal(tail, strlen(texts[i]));
	}
	session->sql->finalize(NULL);
}

static void length_bounds_the_text(void **state)
{
	const struct session *const session = *state;
	void *stmt = NULL;
	size_t tail = 0;

	assert_int_equal(session->sql->prepare(session->conn, "SELECT 12345", strlen("SELECT 12"),
	                                       &stmt, &tail, NULL),
	                 WEIR_OK);
	assert_int_equal(tail, strlen("SELECT 12"));
	assert_int_equal(step(session, stmt), WEIR_STEP_ROW);
	assert_int_equal(column(session, stmt, 0).as.int64, 12);
	session->sql->finalize(stmt);
}

static void refused_statements_say_why(void **state)
{
	const struct session *const session = *state;
	static const struct {
		const char *text;
		size_t length;
	} refused[] = {
		{"SELEC 1", 7},
		{"SELECT * FROM no_such_table", 27},
		{"SELECT (", 8},
		{"SELECT 1\0; SELECT 2", 19},
	};

	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		struct weir_error err = WEIR_ERROR_INIT;
		void *stmt = NULL;
		size_t tail = 0;

		assert_int_equal(session->sql->prepare(session->conn, refused[i].text, refused[i].length,
		                                       &stmt, &tail, &err),
		                 WEIR_ERR_DRIVER_SQL);
		assert_null(stmt);
		assert_int_equal(err.code, WEIR_ERR_DRIVER_SQL);
		assert_true(err.driver_code != 0);
		assert_non_null(err.where);
		assert_true(err.message[0] != '\0');
	}
	assert_int_equal(ask_int64(session, "SELECT 1"), 1);
}

static void columns_and_their_names(void **state)
{
	const struct session *const session = *state;
	void *stmt = prepare(session, "SELECT id AS first, v AS second FROM t");

	assert_int_equal(session->sql->columns(stmt), 2);
	assert_string_equal(session->sql->column_name(stmt, 0), "first");
	assert_string_equal(session->sql->column_name(stmt, 1), "second");
	assert_null(session->sql->column_name(stmt, 2));
	assert_null(session->sql->column_name(stmt, UINT32_MAX));
	session->sql->finalize(stmt);
	stmt = prepare(session, "INSERT INTO t VALUES (1, 1)");
	assert_int_equal(session->sql->columns(stmt), 0);
	assert_null(session->sql->column_name(stmt, 0));
	session->sql->finalize(stmt);
}

static void a_column_needs_a_row(void **state)
{
	const struct session *const session = *state;
	void *const stmt = prepare(session, "SELECT 7");
	struct weir_error err = WEIR_ERROR_INIT;
	struct weir_sql_value value;

	assert_int_equal(session->sql->column(stmt, 0, &value, &err), WEIR_ERR_DRIVER_SQL);
	assert_true(err.message[0] != '\0');
	assert_int_equal(step(session, stmt), WEIR_STEP_ROW);
	assert_int_equal(column(session, stmt, 0).as.int64, 7);
	assert_int_equal(session->sql->column(stmt, 1, &value, NULL), WEIR_ERR_DRIVER_SQL);
	assert_int_equal(session->sql->column(stmt, UINT32_MAX, &value, NULL), WEIR_ERR_DRIVER_SQL);
	assert_int_equal(step(session, stmt), WEIR_STEP_DONE);
	assert_int_equal(session->sql->column(stmt, 0, &value, NULL), WEIR_ERR_DRIVER_SQL);
	session->sql->finalize(stmt);
}

/* ---- values ---- */

static struct weir_sql_value of_bytes(enum weir_sql_type type, const void *bytes, size_t length)
{
	return (struct weir_sql_value){.type = type, .as.data = {bytes, length}};
}

/* What goes in comes out, of the same type. */
static void check_round_trip(const struct session *session, const struct weir_sql_value *value)
{
	void *const stmt = prepare(session, "SELECT ?");

	assert_int_equal(session->sql->bind(stmt, 0, value, NULL), WEIR_OK);
	assert_int_equal(step(session, stmt), WEIR_STEP_ROW);

	const struct weir_sql_value seen = column(session, stmt, 0);

	assert_int_equal(seen.type, value->type);
	switch (value->type) {
	case WEIR_SQL_NULL:
		break;
	case WEIR_SQL_INT64:
		assert_true(seen.as.int64 == value->as.int64);
		break;
	case WEIR_SQL_DOUBLE:
		assert_memory_equal(&seen.as.real, &value->as.real, sizeof(double));
		break;
	case WEIR_SQL_TEXT:
	case WEIR_SQL_BLOB:
		assert_int_equal(seen.as.data.length, value->as.data.length);
		assert_non_null(seen.as.data.bytes);
		if (value->as.data.length > 0)
			assert_memory_equal(seen.as.data.bytes, value->as.data.bytes, value->as.data.length);
		break;
	}
	session->sql->finalize(stmt);
}

static void numbers_round_trip(void **state)
{
	static const int64_t integers[] = {0, 1, -1, INT32_MAX, INT64_MAX, INT64_MIN};
	static const double reals[] = {0.0, -0.5, 1e308, -1e-308, 0.1, HUGE_VAL, -HUGE_VAL};
	const struct weir_sql_value null = {.type = WEIR_SQL_NULL};

	check_round_trip(*state, &null);
	for (size_t i = 0; i < sizeof(integers) / sizeof(integers[0]); i++) {
		const struct weir_sql_value value = of_int64(integers[i]);

		check_round_trip(*state, &value);
	}
	for (size_t i = 0; i < sizeof(reals) / sizeof(reals[0]); i++) {
		const struct weir_sql_value value = {.type = WEIR_SQL_DOUBLE, .as.real = reals[i]};

		check_round_trip(*state, &value);
	}
}

static void bytes_round_trip(void **state)
{
	char *const large = malloc(1 << 20);

	assert_non_null(large);
	memset(large, 'w', 1 << 20);

	const struct weir_sql_value values[] = {
		of_bytes(WEIR_SQL_TEXT, "weir", 4),     of_bytes(WEIR_SQL_TEXT, "gr\xc3\xbc\xc3\x9f", 6),
		of_bytes(WEIR_SQL_TEXT, "", 0),         of_bytes(WEIR_SQL_TEXT, NULL, 0),
		of_bytes(WEIR_SQL_TEXT, "a\0b\0", 4),   of_bytes(WEIR_SQL_TEXT, large, 1 << 20),
		of_bytes(WEIR_SQL_BLOB, "\0\1\xff", 3), of_bytes(WEIR_SQL_BLOB, "", 0),
		of_bytes(WEIR_SQL_BLOB, NULL, 0),       of_bytes(WEIR_SQL_BLOB, large, 1 << 20),
	};

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		check_round_trip(*state, &values[i]);
	free(large);
}

static void bindings_outlive_a_reset(void **state)
{
	const struct session *const session = *state;
	void *const stmt = prepare(session, "SELECT ? + ?");
	const struct weir_sql_value two = of_int64(2);
	const struct weir_sql_value five = of_int64(5);

	assert_int_equal(session->sql->bind(stmt, 0, &two, NULL), WEIR_OK);
	assert_int_equal(session->sql->bind(stmt, 1, &five, NULL), WEIR_OK);
	assert_int_equal(step(session, stmt), WEIR_STEP_ROW);
	assert_int_equal(column(session, stmt, 0).as.int64, 7);
	session->sql->reset(stmt);
	assert_int_equal(session->sql->bind(stmt, 0, &five, NULL), WEIR_OK);
	assert_int_equal(step(session, stmt), WEIR_STEP_ROW);
	assert_int_equal(column(session, stmt, 0).as.int64, 10);
	session->sql->finalize(stmt);
}

static void binding_what_cannot_be_bound(void **state)
{
	const struct session *const session = *state;
	void *const stmt = prepare(session, "SELECT ?");
	const struct weir_sql_value one = of_int64(1);
	const struct weir_sql_value unknown = {.type = (enum weir_sql_type)99};
	struct weir_error err = WEIR_ERROR_INIT;

	assert_int_equal(session->sql->bind(stmt, 1, &one, &err), WEIR_ERR_DRIVER_SQL);
	assert_true(err.message[0] != '\0');
	assert_int_equal(session->sql->bind(stmt, UINT32_MAX, &one, NULL), WEIR_ERR_DRIVER_SQL);
	assert_int_equal(session->sql->bind(stmt, 0, &unknown, NULL), WEIR_ERR_DRIVER_SQL);
	assert_int_equal(session->sql->bind(stmt, 0, &one, NULL), WEIR_OK);
	assert_int_equal(step(session, stmt), WEIR_STEP_ROW);
	assert_int_equal(session->sql->bind(stmt, 0, &one, NULL), WEIR_ERR_DRIVER_SQL);
	assert_int_equal(step(session, stmt), WEIR_STEP_DONE);
	session->sql->reset(stmt);
	assert_int_equal(session->sql->bind(stmt, 0, &one, NULL), WEIR_OK);
	session->sql->finalize(stmt);
}

int main(void)
{
	const struct CMUnitTest cases[] = {
		SESSION_TEST(every_operation_is_there),
		SESSION_TEST(tail_leads_through_many_statements),
		SESSION_TEST(nothing_to_prepare),
		SESSION_TEST(length_bounds_the_text),
		SESSION_TEST(refused_statements_say_why),
		SESSION_TEST(columns_and_their_names),
		SESSION_TEST(a_column_needs_a_row),
		SESSION_TEST(numbers_round_trip),
		SESSION_TEST(bytes_round_trip),
		SESSION_TEST(bindings_outlive_a_reset),
		SESSION_TEST(binding_what_cannot_be_bound),
	};

	return run_on_subjects(cases, sizeof(cases) / sizeof(cases[0]), true);
}
