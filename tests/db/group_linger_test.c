/* SPDX-License-Identifier: BSD-2-Clause
 *
 * When a leader that runs dry waits for others to come back. White-box: what it
 * remembers of the last groups is set here, since no timing of a test's threads
 * would bring it about for certain.
 */
#include "db_fixture.h"

#include "testing.h"

static struct weir_db *make_db(struct db_fixture *fixture, const char *settings)
{
	struct weir_db *const db = db_make(fixture, settings);

	db_exec(db, "CREATE TABLE t (v)");
	return db;
}

/* The last group had so many jobs, and a commit takes so long. */
static void remember(struct weir_db *db, uint32_t last, int64_t commit_ns)
{
	db->lingering = (struct weir__linger){.last = last, .commit_ns = commit_ns};
}

struct waiter {
	struct unit_thread thread;
	struct db_asked asked;
};

static void collect(void *arg)
{
	struct waiter *const waiter = arg;
	struct db_asked *const asked = &waiter->asked;

	asked->code = weir_ticket_collect(asked->ticket, db_soon(), &asked->result, &asked->err);
}

static void who_comes_back_in_time_is_in_the_group(void **state)
{
	struct weir_db *const db = make_db(*state, "keeper=manual&group_delay=1s&group_time=10s");
	struct db_meeting meeting = {false, true};
	struct db_script scripts[2] = {{.sql = {"INSERT INTO t VALUES (1)"}},
	                               {.sql = {"INSERT INTO t VALUES (2)"}}};
	struct weir_write_result result = {.size = sizeof result};
	struct waiter waiter;

	scripts[0].before = db_meet;
	scripts[0].arg = &meeting;
	remember(db, 2, WEIR_SECONDS(1));
	db_submit(db, &scripts[0], NULL, &waiter.asked);
	unit_start(&waiter.thread, collect, &waiter);
	db_await_arrival(&meeting);
	assert_code(weir_db_run(db, db_run_script, &scripts[1], NULL, &result, NULL), WEIR_OK);
	unit_join(&waiter.thread);
	assert_code(waiter.asked.code, WEIR_OK);
	assert_int_equal(result.group_size, 2);
	assert_int_equal(waiter.asked.result.group_size, 2);
	assert_int_equal(waiter.asked.result.sequence, result.sequence);
	assert_int_equal(db->lingering.vain, 0);
	db_assert_rows(*state, "SELECT v FROM t ORDER BY rowid", "1,2");
	db_end(db);
}

/* A job alone, and how many groups are to pass before the next wait. */
static uint32_t skips_after(struct weir_db *db)
{
	db->lingering.last = 2;
	db->lingering.commit_ns = WEIR_MICROSECONDS(10);
	db_exec(db, "INSERT INTO t VALUES (1)");
	return db->lingering.skip;
}

static void who_waits_in_vain_waits_less_often(void **state)
{
	struct weir_db *const db = make_db(*state, "keeper=manual&synchronous=off");

	remember(db, 2, WEIR_MICROSECONDS(10));
	for (uint32_t skips = 1; skips <= 512; skips *= 2) {
		const uint32_t most = skips < 256 ? skips : 256;

		assert_int_equal(skips_after(db), most);
		for (uint32_t i = most; i > 0; i--)
			assert_int_equal(skips_after(db), i - 1);
	}
	db_end(db);
}

/* A thread alone never waits, nor a group as large as the last, nor without leave. */
static void nobody_waits_for_nothing(void **state)
{
	struct weir_db *const db = make_db(*state, "keeper=manual");

	remember(db, 1, WEIR_SECONDS(1));
	db_exec(db, "INSERT INTO t VALUES (1)");
	assert_int_equal(db->lingering.last, 1);
	assert_int_equal(db->lingering.vain, 0);
	remember(db, 2, 0);
	db_exec(db, "INSERT INTO t VALUES (1)");
	assert_int_equal(db->lingering.vain, 0);
	assert_code(weir_db_set(db, "group_delay", "0", NULL), WEIR_OK);
	remember(db, 2, WEIR_SECONDS(1));
	db_exec(db, "INSERT INTO t VALUES (1)");
	assert_int_equal(db->lingering.vain, 0);
	/* Nothing to commit: nothing to wait with. */
	assert_code(weir_db_set(db, "group_delay", "1ms", NULL), WEIR_OK);
	remember(db, 2, WEIR_SECONDS(1));
	assert_code(weir_db_exec(db, "INSERT INTO nowhere VALUES (1)", NULL, 0, NULL, NULL),
	            WEIR_ERR_DRIVER_SQL);
	assert_int_equal(db->lingering.vain, 0);
	db_end(db);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DB_TEST(who_comes_back_in_time_is_in_the_group),
		DB_TEST(who_waits_in_vain_waits_less_often),
		DB_TEST(nobody_waits_for_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
