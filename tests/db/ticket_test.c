/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Jobs nobody waits for yet: who carries them out, how they are waited for,
 * cancelled, collected and given up.
 */
#include "db_fixture.h"

#include <string.h>

static struct weir_db *make_db(struct db_fixture *fixture, const char *settings)
{
	struct weir_db *const db = db_make(fixture, settings);

	db_exec(db, "CREATE TABLE t (v)");
	return db;
}

#define INSERT(n)                                                                                  \
	{                                                                                              \
		.sql = { "INSERT INTO t VALUES (" #n ")" }                                                 \
	}

static bool await_rows(struct db_fixture *fixture, int64_t count)
{
	const struct weir_time until = db_soon();

	while (weir_now().ns < until.ns) {
		if (db_file_number(fixture, "SELECT count(*) FROM t") == count)
			return true;
		db_pause();
	}
	return false;
}

/* ---- who leads ---- */

static void the_keeper_leads_what_nobody_waits_for(void **state)
{
	struct weir_db *const db = make_db(*state, NULL);
	struct db_script script = INSERT(1);
	struct db_asked asked;
	const struct weir_time until = db_soon();

	db_submit(db, &script, NULL, &asked);
	while (!weir_ticket_poll(asked.ticket) && weir_now().ns < until.ns)
		db_pause();
	assert_true(weir_ticket_poll(asked.ticket));
	db_collect(&asked);
	assert_code(asked.code, WEIR_OK);
	assert_int_equal(asked.result.outcome, WEIR_COMMITTED);
	assert_int_equal(asked.result.runs, 1);
	/* Also after it has been asleep for want of anything to do, and in numbers. */
	for (int i = 0; i < 200; i++) {
		db_submit(db, &script, NULL, &asked);
		weir_ticket_discard(asked.ticket);
	}
	assert_true(await_rows(*state, 201));
	db_end(db);
}

static void by_hand_it_is_led_by_a_tick_or_a_waiter(void **state)
{
	struct weir_db *const db = make_db(*state, "keeper=manual");
	struct db_script script = INSERT(1);
	struct db_asked asked;

	db_submit(db, &script, NULL, &asked);
	assert_false(weir_ticket_poll(asked.ticket));
	db_assert_rows(*state, "SELECT count(*) FROM t", "0");
	(void)weir_db_tick(db, weir_now());
	assert_true(weir_ticket_poll(asked.ticket));
	db_assert_rows(*state, "SELECT count(*) FROM t", "1");
	assert_true(weir_ticket_wait(asked.ticket, (struct weir_time){0}));
	db_collect(&asked);
	assert_code(asked.code, WEIR_OK);
	/* A waiter leads, and carries out what queues beside its own. */
	struct db_asked second;

	db_submit(db, &script, NULL, &asked);
	db_submit(db, &script, NULL, &second);
	assert_true(weir_ticket_wait(second.ticket, db_soon()));
	assert_true(weir_ticket_poll(asked.ticket));
	db_collect(&asked);
	db_collect(&second);
	assert_int_equal(asked.result.group_size, 2);
	assert_int_equal(second.result.sequence, asked.result.sequence);
	/* So does a caller with a job of its own. */
	db_submit(db, &script, NULL, &asked);
	assert_code(weir_db_run(db, db_run_script, &script, NULL, NULL, NULL), WEIR_OK);
	assert_true(weir_ticket_poll(asked.ticket));
	db_collect(&asked);
	db_assert_rows(*state, "SELECT count(*) FROM t", "5");
	db_end(db);
}

/* ---- pending ---- */

static void what_is_not_over_is_pending(void **state)
{
	struct weir_db *const db = make_db(*state, NULL);
	struct db_script script = INSERT(1);
	struct weir_error err = WEIR_ERROR_INIT;
	struct db_holder holder;
	struct db_asked asked;

	db_hold(&holder, db);
	db_submit(db, &script, NULL, &asked);
	assert_false(weir_ticket_poll(asked.ticket));
	assert_false(weir_ticket_wait(asked.ticket, weir_deadline_in(WEIR_MILLISECONDS(20))));
	assert_code(weir_ticket_collect(asked.ticket, (struct weir_time){0}, &asked.result, &err),
	            WEIR_ERR_TICKET_PENDING);
	assert_int_equal(err.code, WEIR_ERR_TICKET_PENDING);
	assert_int_equal(asked.result.outcome, WEIR_OUTCOME_NONE);
	db_end_hold(&holder);
	db_collect(&asked);
	assert_code(asked.code, WEIR_OK);
	db_end(db);
}

static void its_own_deadline_counts(void **state)
{
	struct weir_db *const db = make_db(*state, NULL);
	struct db_script script = INSERT(1);
	struct weir_write_options options = db_options();
	struct db_holder holder;
	struct db_asked asked;

	options.timeout_ns = WEIR_MILLISECONDS(500);
	db_hold(&holder, db);
	db_submit(db, &script, &options, &asked);
	assert_true(weir_ticket_wait(asked.ticket, db_soon()));
	db_end_hold(&holder);
	db_collect(&asked);
	assert_code(asked.code, WEIR_ERR_GATE_TIMEOUT);
	assert_int_equal(asked.result.outcome, WEIR_TIMED_OUT);
	assert_int_equal(script.calls, 0);
	assert_int_equal(db_stats(db).jobs[WEIR_TIMED_OUT], 1);
	db_assert_rows(*state, "SELECT count(*) FROM t", "0");
	db_end(db);
}

/* ---- cancelling ---- */

static void what_has_not_begun_never_will(void **state)
{
	struct weir_db *const db = make_db(*state, NULL);
	struct db_script scripts[3] = {INSERT(1), INSERT(2), INSERT(3)};
	struct db_asked asked[3];
	struct db_holder holder;

	db_hold(&holder, db);
	for (int i = 0; i < 3; i++)
		db_submit(db, &scripts[i], NULL, &asked[i]);
	weir_ticket_cancel(asked[1].ticket);
	weir_ticket_cancel(asked[1].ticket);
	assert_true(weir_ticket_poll(asked[1].ticket));
	assert_true(weir_ticket_wait(asked[1].ticket, (struct weir_time){0}));
	db_end_hold(&holder);
	for (int i = 0; i < 3; i++)
		db_collect(&asked[i]);
	assert_code(asked[0].code, WEIR_OK);
	assert_code(asked[1].code, WEIR_ERR_CANCELLED);
	assert_int_equal(asked[1].result.outcome, WEIR_TIMED_OUT);
	assert_int_equal(asked[1].result.runs, 0);
	assert_int_equal(asked[1].err.code, WEIR_ERR_CANCELLED);
	assert_code(asked[2].code, WEIR_OK);
	assert_int_equal(scripts[1].calls, 0);
	db_assert_rows(*state, "SELECT v FROM t ORDER BY rowid", "1,3");
	db_end(db);
}

#define ENDLESS "WITH RECURSIVE c (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c LIMIT 1000000000) "

/* What cancelled jobs do when the cancel comes, and what comes of them. */
struct stopped {
	const char *sql;
	bool commits;
};

static const struct stopped stopped[] = {
	{ENDLESS "SELECT count(*) FROM c", false},
	{"INSERT INTO t " ENDLESS "SELECT x FROM c", false},
	/* Its next statement is not run any more. */
	{"INSERT INTO t VALUES (8)", false},
	/* There is no next statement: it is done before. */
	{NULL, true},
};

/* The job's meeting is before its statements, or between two of them. */
static void cancel_while_it_runs(struct db_fixture *fixture, struct weir_db *db,
                                 const struct stopped *row)
{
	struct db_meeting meeting = {false, false};
	struct db_script scripts[3] = {INSERT(1), {.sql = {row->sql}}, INSERT(3)};
	struct db_asked asked[3];
	struct db_holder holder;

	scripts[1].before = db_meet;
	scripts[1].arg = &meeting;
	db_hold(&holder, db);
	for (int i = 0; i < 3; i++)
		db_submit(db, &scripts[i], NULL, &asked[i]);
	db_end_hold(&holder);
	db_await_arrival(&meeting); /* on the keeper's thread */
	weir_ticket_cancel(asked[1].ticket);
	db_let_go(&meeting);
	for (int i = 0; i < 3; i++)
		db_collect(&asked[i]);
	assert_code(asked[0].code, WEIR_OK);
	assert_code(asked[2].code, WEIR_OK);
	assert_code(asked[1].code, row->commits ? WEIR_OK : WEIR_ERR_DRIVER_CANCELLED);
	assert_int_equal(asked[1].result.outcome, row->commits ? WEIR_COMMITTED : WEIR_FAILED);
	assert_int_equal(asked[1].result.runs, 1);
	db_assert_rows(fixture, "SELECT v FROM t ORDER BY rowid", "1,3");
	db_exec(db, "DELETE FROM t");
}

static void what_runs_is_stopped_at_its_next_statement(void **state)
{
	struct weir_db *const db = make_db(*state, NULL);

	for (size_t i = 0; i < sizeof stopped / sizeof stopped[0]; i++)
		cancel_while_it_runs(*state, db, &stopped[i]);
	db_end(db);
}

/* In the midst of a statement, not before one. */
static void a_running_statement_is_stopped(void **state)
{
	struct weir_db *const db = make_db(*state, NULL);
	struct db_script script = {.sql = {ENDLESS "SELECT count(*) FROM c"}};
	struct db_asked asked;
	const struct weir_time until = db_soon();

	db_submit(db, &script, NULL, &asked);
	while (atomic_load(&script.calls) == 0 && weir_now().ns < until.ns)
		db_pause();
	for (int i = 0; i < 20; i++)
		db_pause();
	assert_false(weir_ticket_poll(asked.ticket));
	weir_ticket_cancel(asked.ticket);
	db_collect(&asked);
	assert_code(asked.code, WEIR_ERR_DRIVER_CANCELLED);
	db_end(db);
}

static void what_is_over_is_not_cancelled(void **state)
{
	struct weir_db *const db = make_db(*state, NULL);
	struct db_script script = INSERT(1);
	struct db_asked asked;

	db_submit(db, &script, NULL, &asked);
	assert_true(weir_ticket_wait(asked.ticket, db_soon()));
	weir_ticket_cancel(asked.ticket);
	db_collect(&asked);
	assert_code(asked.code, WEIR_OK);
	db_assert_rows(*state, "SELECT v FROM t", "1");
	db_end(db);
}

/* ---- giving up ---- */

static void what_is_given_up_still_runs(void **state)
{
	struct weir_db *const db = make_db(*state, NULL);
	struct db_meeting meeting = {false, false};
	struct db_script scripts[4] = {INSERT(1), INSERT(2), INSERT(3), INSERT(4)};
	struct db_asked asked[4];
	struct db_holder holder;

	scripts[1].before = db_meet;
	scripts[1].arg = &meeting;
	db_hold(&holder, db);
	for (int i = 0; i < 4; i++)
		db_submit(db, &scripts[i], NULL, &asked[i]);
	weir_ticket_discard(asked[0].ticket); /* before it has begun */
	weir_ticket_cancel(asked[3].ticket);
	weir_ticket_discard(asked[3].ticket); /* when it was cancelled */
	db_end_hold(&holder);
	db_await_arrival(&meeting);
	weir_ticket_discard(asked[1].ticket); /* while it runs */
	db_let_go(&meeting);
	assert_true(weir_ticket_wait(asked[2].ticket, db_soon()));
	weir_ticket_discard(asked[2].ticket); /* when it is over */
	assert_true(await_rows(*state, 3));
	db_assert_rows(*state, "SELECT v FROM t ORDER BY rowid", "1,2,3");
	weir_ticket_discard(NULL);
	db_end(db);
}

/* What was never swept ends with the db; with leak checks this test can fail. */
static void the_given_up_end_with_the_db(void **state)
{
	struct weir_db *const db = make_db(*state, "keeper=manual");
	struct db_script script = INSERT(1);
	struct db_asked asked;

	for (int i = 0; i < 3; i++) {
		db_submit(db, &script, NULL, &asked);
		weir_ticket_discard(asked.ticket);
	}
	db_end(db);
	assert_int_equal(script.calls, 0);
	db_assert_rows(*state, "SELECT count(*) FROM t", "0");
}

/* ---- the end of the db ---- */

static void close_ends_what_is_queued(void **state)
{
	struct weir_db *const db = make_db(*state, "keeper=manual");
	struct db_script script = INSERT(1);
	struct weir_write_result result = {.size = sizeof result};
	struct weir_error err = WEIR_ERROR_INIT;
	struct weir_ticket *late = NULL;
	struct db_asked asked;

	db_submit(db, &script, NULL, &asked);
	assert_code(weir_db_close_until(db, db_soon(), NULL), WEIR_OK);
	assert_true(weir_ticket_poll(asked.ticket));
	assert_code(weir_ticket_collect(asked.ticket, db_soon(), &result, &err), WEIR_ERR_CLOSED);
	assert_int_equal(result.outcome, WEIR_REJECTED);
	assert_int_equal(err.code, WEIR_ERR_CLOSED);
	assert_code(weir_db_submit(db, db_run_script, &script, NULL, &late, NULL), WEIR_ERR_CLOSED);
	assert_null(late);
	weir_db_destroy(db);
	assert_int_equal(script.calls, 0);
}

/* ---- a ticket of one's own, seen from inside a job ---- */

static int look_at_ticket(struct weir_tx *tx, void *arg)
{
	struct db_asked *const asked = arg;

	(void)tx;
	if (weir_ticket_wait(asked->ticket, db_soon()))
		return 1;
	return weir_ticket_collect(asked->ticket, db_soon(), NULL, NULL) != WEIR_ERR_TICKET_PENDING;
}

/* It would wait for itself: the answer is there at once. */
static void a_job_does_not_wait_for_tickets(void **state)
{
	struct weir_db *const db = make_db(*state, "keeper=manual");
	struct db_script script = INSERT(1);
	struct db_asked asked;
	struct weir_error err = WEIR_ERROR_INIT;
	struct weir_write_options bulk = db_options();

	bulk.lane = WEIR_LANE_BULK; /* so that it is not taken with the job */
	db_submit(db, &script, &bulk, &asked);
	if (weir_db_run(db, look_at_ticket, &asked, NULL, NULL, &err) != WEIR_OK)
		fail_msg("%s", err.message);
	db_collect(&asked);
	assert_code(asked.code, WEIR_OK);
	db_end(db);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DB_TEST(the_keeper_leads_what_nobody_waits_for),
		DB_TEST(by_hand_it_is_led_by_a_tick_or_a_waiter),
		DB_TEST(what_is_not_over_is_pending),
		DB_TEST(its_own_deadline_counts),
		DB_TEST(what_has_not_begun_never_will),
		DB_TEST(what_runs_is_stopped_at_its_next_statement),
		DB_TEST(a_running_statement_is_stopped),
		DB_TEST(what_is_over_is_not_cancelled),
		DB_TEST(what_is_given_up_still_runs),
		DB_TEST(the_given_up_end_with_the_db),
		DB_TEST(close_ends_what_is_queued),
		DB_TEST(a_job_does_not_wait_for_tickets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
