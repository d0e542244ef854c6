/* SPDX-License-Identifier: BSD-2-Clause
 *
 * How a group begins while another program writes: who waits how long, and who
 * never begins.
 */
#include "db_fixture.h"

#include <string.h>

#define MEMBERS 3

struct crew {
	struct db_script scripts[MEMBERS];
	struct db_asked asked[MEMBERS];
	struct unit_thread leader;
};

/* The last member is waited for, by a thread that leads for all of them. */
static void lead(void *arg)
{
	struct crew *const crew = arg;
	struct db_asked *const asked = &crew->asked[MEMBERS - 1];

	asked->code = weir_ticket_collect(asked->ticket, db_soon(), &asked->result, &asked->err);
}

static void start_crew(struct crew *crew, struct weir_db *db,
                       const struct weir_write_options *options)
{
	static const char *const texts[MEMBERS] = {
		"INSERT INTO t VALUES (1)",
		"INSERT INTO t VALUES (2)",
		"INSERT INTO t VALUES (3)",
	};

	memset(crew, 0, sizeof *crew);
	for (int i = 0; i < MEMBERS; i++) {
		crew->scripts[i].sql[0] = texts[i];
		db_submit(db, &crew->scripts[i], &options[i], &crew->asked[i]);
	}
	unit_start(&crew->leader, lead, crew);
}

static void await_over(struct db_asked *asked)
{
	const struct weir_time until = db_soon();

	while (!weir_ticket_poll(asked->ticket)) {
		if (weir_now().ns > until.ns)
			fail_msg("a member was kept beyond its deadline");
		db_pause();
	}
}

/* Until the leader has taken them all, and waits for the other program. */
static void await_taken(struct weir_db *db)
{
	const struct weir_time until = db_soon();

	while (db_stats(db).gate.length[WEIR_LANE_NORMAL] > 0 && weir_now().ns < until.ns)
		db_pause();
	assert_int_equal(db_stats(db).gate.length[WEIR_LANE_NORMAL], 0);
}

static void each_waits_until_its_own_deadline(void **state)
{
	struct weir_db *const db = db_make(*state, "keeper=manual");
	sqlite3 *const foreign = db_foreign(*state);
	struct weir_write_options options[MEMBERS];
	struct crew crew;

	for (int i = 0; i < MEMBERS; i++)
		options[i] = db_options();
	options[0].timeout_ns = WEIR_MILLISECONDS(400);
	options[1].timeout_ns = WEIR_MILLISECONDS(200);
	db_exec(db, "CREATE TABLE t (v)");
	db_foreign_exec(foreign, "BEGIN IMMEDIATE");
	start_crew(&crew, db, options);
	/* Those with little time are told, though the third waits on. */
	await_over(&crew.asked[1]);
	await_over(&crew.asked[0]);
	assert_false(weir_ticket_poll(crew.asked[2].ticket));
	db_foreign_exec(foreign, "COMMIT");
	unit_join(&crew.leader);
	assert_code(crew.asked[2].code, WEIR_OK);
	for (int i = 0; i < 2; i++) {
		db_collect(&crew.asked[i]);
		assert_code(crew.asked[i].code, WEIR_ERR_DRIVER_BUSY);
		assert_int_equal(crew.asked[i].result.outcome, WEIR_TIMED_OUT);
		assert_int_equal(crew.asked[i].result.runs, 0);
		assert_int_equal(crew.scripts[i].calls, 0);
	}
	assert_int_equal(sqlite3_close(foreign), SQLITE_OK);
	db_assert_rows(*state, "SELECT v FROM t", "3");
	db_end(db);
}

/* While the leader waits nothing has begun: a cancel is in time. */
static void who_is_cancelled_meanwhile_never_begins(void **state)
{
	struct weir_db *const db = db_make(*state, "keeper=manual");
	sqlite3 *const foreign = db_foreign(*state);
	struct weir_write_options options[MEMBERS];
	struct crew crew;

	for (int i = 0; i < MEMBERS; i++)
		options[i] = db_options();
	db_exec(db, "CREATE TABLE t (v)");
	db_foreign_exec(foreign, "BEGIN IMMEDIATE");
	start_crew(&crew, db, options);
	await_taken(db);
	weir_ticket_cancel(crew.asked[0].ticket);
	weir_ticket_cancel(crew.asked[1].ticket);
	db_foreign_exec(foreign, "COMMIT");
	unit_join(&crew.leader);
	assert_code(crew.asked[2].code, WEIR_OK);
	for (int i = 0; i < 2; i++) {
		db_collect(&crew.asked[i]);
		assert_code(crew.asked[i].code, WEIR_ERR_CANCELLED);
		assert_int_equal(crew.asked[i].result.outcome, WEIR_TIMED_OUT);
		assert_int_equal(crew.scripts[i].calls, 0);
	}
	assert_int_equal(sqlite3_close(foreign), SQLITE_OK);
	db_assert_rows(*state, "SELECT v FROM t", "3");
	db_end(db);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DB_TEST(each_waits_until_its_own_deadline),
		DB_TEST(who_is_cancelled_meanwhile_never_begins),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
