/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Does a driver keep what weir/sql.h promises of changes and transactions, and
 * what reset, close and cancel of weir/driver.h mean for them?
 */
#include "sql_session.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

/* Runs until it is stopped. */
#define ENDLESS                                                                                    \
	"WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x+1 FROM c) SELECT count(*) FROM c"

/* ---- changes and transactions ---- */

static void changes_are_counted(void **state)
{
	const struct session *const session = *state;

	run(session, "INSERT INTO t VALUES (1, 1), (2, 2), (3, 3)");
	assert_int_equal(session->sql->changes(session->conn), 3);
	run(session, "UPDATE t SET v = v + 1 WHERE id > 1");
	assert_int_equal(session->sql->changes(session->conn), 2);
	run(session, "DELETE FROM t WHERE id = 99");
	assert_int_equal(session->sql->changes(session->conn), 0);
}

static void a_refused_row_leaves_the_connection_usable(void **state)
{
	const struct session *const session = *state;
	void *const stmt = prepare(session, "INSERT INTO t VALUES (1, ?)");
	const struct weir_sql_value one = of_int64(1);
	struct weir_error err = WEIR_ERROR_INIT;
	enum weir_sql_step result = WEIR_STEP_ROW;

	/* Nothing is bound: NULL, which the table refuses. */
	assert_int_equal(session->sql->step(stmt, &result, &err), WEIR_ERR_DRIVER_SQL);
	assert_true(err.driver_code != 0);
	assert_true(err.message[0] != '\0');
	session->sql->reset(stmt);
	assert_int_equal(session->sql->bind(stmt, 0, &one, NULL), WEIR_OK);
	assert_int_equal(step(session, stmt), WEIR_STEP_DONE);
	session->sql->finalize(stmt);
	assert_int_equal(ask_int64(session, "SELECT count(*) FROM t"), 1);
}

static void transaction_state_is_told(void **state)
{
	const struct session *const session = *state;
	const struct weir_sql *const sql = session->sql;

	assert_int_equal(sql->txn_state(session->conn), WEIR_TXN_NONE);
	run(session, "BEGIN");
	assert_int_equal(sql->txn_state(session->conn), WEIR_TXN_READ);
	assert_int_equal(ask_int64(session, "SELECT count(*) FROM t"), 0);
	assert_int_equal(sql->txn_state(session->conn), WEIR_TXN_READ);
	run(session, "INSERT INTO t VALUES (1, 1)");
	assert_int_equal(sql->txn_state(session->conn), WEIR_TXN_WRITE);
	run(session, "COMMIT");
	assert_int_equal(sql->txn_state(session->conn), WEIR_TXN_NONE);
	run(session, "BEGIN");
	run(session, "INSERT INTO t VALUES (2, 2)");
	run(session, "ROLLBACK");
	assert_int_equal(sql->txn_state(session->conn), WEIR_TXN_NONE);
	assert_int_equal(ask_int64(session, "SELECT count(*) FROM t"), 1);
}

/* ---- what a borrower leaves behind ---- */

static void reset_ends_a_transaction(void **state)
{
	const struct session *const session = *state;

	run(session, "BEGIN");
	run(session, "INSERT INTO t VALUES (1, 1)");
	run(session, "SAVEPOINT s");
	run(session, "INSERT INTO t VALUES (2, 2)");
	assert_int_equal(session->driver->reset(session->conn, soon(), NULL), WEIR_OK);
	assert_int_equal(session->sql->txn_state(session->conn), WEIR_TXN_NONE);
	assert_int_equal(ask_int64(session, "SELECT count(*) FROM t"), 0);
	run(session, "BEGIN");
	run(session, "COMMIT");
}

static void reset_ends_running_statements(void **state)
{
	const struct session *const session = *state;

	run(session, "INSERT INTO t VALUES (1, 1), (2, 2)");

	void *const reader = prepare(session, "SELECT id FROM t");
	void *const writer = prepare(session, "INSERT INTO t VALUES (3, 3), (4, 4) RETURNING id");

	assert_int_equal(step(session, reader), WEIR_STEP_ROW);
	assert_int_equal(step(session, writer), WEIR_STEP_ROW);
	assert_true(session->sql->txn_state(session->conn) != WEIR_TXN_NONE);
	assert_int_equal(session->driver->reset(session->conn, soon(), NULL), WEIR_OK);
	assert_int_equal(session->sql->txn_state(session->conn), WEIR_TXN_NONE);
	session->sql->finalize(reader);
	session->sql->finalize(writer);
	run(session, "DELETE FROM t");
}

static void another_connection_is_not_blocked_after_reset(void **state)
{
	struct session *const session = *state;
	struct session other = *session;

	run(session, "BEGIN IMMEDIATE");
	run(session, "INSERT INTO t VALUES (1, 1)");
	assert_int_equal(session->driver->reset(session->conn, soon(), NULL), WEIR_OK);
	other.conn = open_one(session->place);
	run(&other, "INSERT INTO t VALUES (1, 2)");
	assert_int_equal(ask_int64(session, "SELECT v FROM t"), 2);
	session->driver->close(other.conn);
}

static void close_with_everything_left_open(void **state)
{
	struct session *const session = *state;
	struct session other = *session;

	/* Once before counting: closing a descriptor would drop the locks of every
	 * connection to its file, so SQLite keeps the first for the next open. */
	session->driver->close(open_one(session->place));

	const size_t descriptors = count_descriptors();

	other.conn = open_one(session->place);
	run(&other, "BEGIN");
	run(&other, "INSERT INTO t VALUES (1, 1)");
	(void)prepare(&other, "SELECT 1");
	assert_int_equal(step(&other, prepare(&other, "SELECT 1 UNION SELECT 2")), WEIR_STEP_ROW);
	session->driver->close(other.conn);
	assert_int_equal(count_descriptors(), descriptors);
	assert_int_equal(ask_int64(session, "SELECT count(*) FROM t"), 0);
	run(session, "INSERT INTO t VALUES (1, 1)");
}

/* ---- cancel ---- */

struct canceller {
	const struct session *session;
	atomic_bool done;
};

/* Until it has worked: a cancel that comes before the statement may be lost. */
static void *cancel_until_done(void *argument)
{
	struct canceller *const canceller = argument;

	while (!atomic_load(&canceller->done)) {
		canceller->session->driver->cancel(canceller->session->conn);
		sched_yield();
	}
	return NULL;
}

static enum weir_code run_endless_cancelled(const struct session *session, const char *text,
                                            struct weir_error *err)
{
	void *const stmt = prepare(session, text);
	struct canceller canceller = {.session = session};
	enum weir_sql_step result = WEIR_STEP_ROW;
	pthread_t thread;

	assert_int_equal(pthread_create(&thread, NULL, cancel_until_done, &canceller), 0);

	const enum weir_code code = session->sql->step(stmt, &result, err);

	atomic_store(&canceller.done, true);
	pthread_join(thread, NULL);
	session->sql->finalize(stmt);
	return code;
}

static void cancel_ends_a_long_statement(void **state)
{
	const struct session *const session = *state;
	struct weir_error err = WEIR_ERROR_INIT;

	if (session->driver->cancel == NULL)
		skip();

	const enum weir_code code = run_endless_cancelled(session, ENDLESS, &err);

	assert_true(weir_error_is(code, WEIR_ERR_DRIVER));
	assert_int_equal(err.code, code);
	assert_true(err.driver_code != 0);
	assert_int_equal(session->driver->reset(session->conn, soon(), NULL), WEIR_OK);
	assert_int_equal(session->driver->validate(session->conn, soon(), NULL), WEIR_OK);
	run(session, "INSERT INTO t VALUES (1, 1)");
	/* Longer than the next look for a cancel: none may be left. */
	assert_int_equal(ask_int64(session,
	                           "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x+1 FROM "
	                           "c WHERE x < 20000) SELECT count(*) FROM c"),
	                 20000);
}

static void cancel_of_a_write_leaves_no_half(void **state)
{
	const struct session *const session = *state;

	if (session->driver->cancel == NULL)
		skip();
	run(session, "BEGIN");
	run(session, "INSERT INTO t VALUES (1, 1)");

	const enum weir_code code = run_endless_cancelled(
		session,
		"INSERT INTO t(v) WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x+1 FROM c) SELECT x "
		"FROM c",
		NULL);

	assert_true(weir_error_is(code, WEIR_ERR_DRIVER));
	assert_int_equal(session->driver->reset(session->conn, soon(), NULL), WEIR_OK);
	assert_int_equal(ask_int64(session, "SELECT count(*) FROM t"), 0);
}

static bool is_asked(const void *asked)
{
	return atomic_load((const atomic_bool *)asked);
}

/* The next statement after the request fails, however short; what the driver does
 * between two holders does not; and nothing is left once nobody asks any more. */
static void a_request_to_stop_is_heeded(void **state)
{
	const struct session *const session = *state;
	struct place *const place = session->place;
	atomic_bool asked = false;
	const struct weir_open_request request = {
		.size = sizeof(request),
		.config = &place->config,
		.deadline = soon(),
		.driver_data = place->driver_data,
		.cancelled = is_asked,
		.token = &asked,
	};
	struct session other = *session;
	enum weir_sql_step result = WEIR_STEP_ROW;

	if ((place->driver->flags & WEIR_DRIVER_HEEDS_CANCEL) == 0)
		skip();
	assert_int_equal(place->driver->open(&request, &other.conn, NULL), WEIR_OK);
	run(&other, "INSERT INTO t VALUES (1, 1)");

	void *const stmt = prepare(&other, "INSERT INTO t VALUES (2, 2)");

	atomic_store(&asked, true);
	assert_int_equal(other.sql->step(stmt, &result, NULL), WEIR_ERR_DRIVER_CANCELLED);
	assert_int_equal(place->driver->reset(other.conn, soon(), NULL), WEIR_OK);
	assert_int_equal(place->driver->validate(other.conn, soon(), NULL), WEIR_OK);
	atomic_store(&asked, false);
	other.sql->finalize(stmt);
	assert_int_equal(ask_int64(&other, "SELECT count(*) FROM t"), 1);
	place->driver->close(other.conn);
}

int main(void)
{
	const struct CMUnitTest cases[] = {
		SESSION_TEST(changes_are_counted),
		SESSION_TEST(a_refused_row_leaves_the_connection_usable),
		SESSION_TEST(transaction_state_is_told),
		SESSION_TEST(reset_ends_a_transaction),
		SESSION_TEST(reset_ends_running_statements),
		SESSION_TEST(another_connection_is_not_blocked_after_reset),
		SESSION_TEST(close_with_everything_left_open),
		SESSION_TEST(cancel_ends_a_long_statement),
		SESSION_TEST(cancel_of_a_write_leaves_no_half),
		SESSION_TEST(a_request_to_stop_is_heeded),
	};

	return run_on_subjects(cases, sizeof(cases) / sizeof(cases[0]), true);
}
