/* SPDX-License-Identifier: BSD-2-Clause
 *
 * When upkeep is due: with weir_db_tick and a time that the test makes up, and
 * then what only the keeper's thread can show. White-box: that it sleeps for
 * good cannot be seen from outside.
 */
#include "db_fixture.h"

#include "testing.h"

#include <sched.h>
#include <string.h>

#include <weir/stub.h>

static struct weir_db *make_db(struct db_fixture *fixture, const char *settings)
{
	struct weir_db *const db = db_make(fixture, settings);

	db_exec(db, "CREATE TABLE t (v)");
	return db;
}

static void read_some(struct weir_db *db, int times)
{
	for (int i = 0; i < times; i++)
		(void)db_number(db, "SELECT count(*) FROM t");
}

static uint32_t pinned(struct weir_db *db)
{
	return db_stats(db).pinned;
}

/* The keeper looks, so much later; when it wants to look again, at the latest. */
static int64_t tick_after(struct weir_db *db, struct weir_time *now, int64_t later_ns)
{
	now->ns += later_ns;
	return weir_db_tick(db, *now).ns - now->ns;
}

/* ---- the pin ---- */

static void a_pin_lives_from_reads(void **state)
{
	struct weir_db *const db = make_db(*state, "keeper=manual");
	struct weir_time now = weir_now();

	(void)tick_after(db, &now, 0);
	assert_int_equal(pinned(db), 0);
	read_some(db, 1);
	(void)tick_after(db, &now, WEIR_MILLISECONDS(1));
	assert_int_equal(pinned(db), 0); /* one read makes no habit */
	read_some(db, 3);
	assert_in_range(tick_after(db, &now, WEIR_MILLISECONDS(1)), 1, WEIR_MILLISECONDS(50));
	assert_int_equal(pinned(db), 1);
	/* Not every look is one without reads. */
	(void)tick_after(db, &now, WEIR_MILLISECONDS(20));
	assert_int_equal(pinned(db), 1);
	for (int i = 0; i < 10; i++) {
		read_some(db, 1);
		assert_in_range(tick_after(db, &now, WEIR_MILLISECONDS(50)), 1, WEIR_MILLISECONDS(50));
		assert_int_equal(pinned(db), 1);
	}
	(void)tick_after(db, &now, WEIR_MILLISECONDS(49));
	assert_int_equal(pinned(db), 1);
	(void)tick_after(db, &now, WEIR_MILLISECONDS(1));
	assert_int_equal(pinned(db), 0);
	read_some(db, 3);
	(void)tick_after(db, &now, WEIR_MILLISECONDS(1));
	assert_int_equal(pinned(db), 1);
	db_end(db);
}

/* How many frames of the log a foreign checkpoint leaves behind. */
static int left_behind(const struct db_fixture *fixture)
{
	sqlite3 *const foreign = db_foreign(fixture);
	int frames = 0;
	int copied = 0;

	db_foreign_exec(foreign, "SELECT * FROM t"); /* or it would not know of the log */
	assert_int_equal(
		sqlite3_wal_checkpoint_v2(foreign, NULL, SQLITE_CHECKPOINT_PASSIVE, &frames, &copied),
		SQLITE_OK);
	assert_int_equal(sqlite3_close(foreign), SQLITE_OK);
	return frames - copied;
}

/* Commits of another program's do not renew it; age does. */
static void a_pin_does_not_grow_old(void **state)
{
	struct weir_db *const db = make_db(*state, "keeper=manual");
	struct weir_time now = weir_now();
	sqlite3 *const foreign = db_foreign(*state);

	db_exec(db, "INSERT INTO t VALUES (1)");
	read_some(db, 3);
	(void)tick_after(db, &now, 0);
	assert_int_equal(pinned(db), 1);
	db_foreign_exec(foreign, "INSERT INTO t VALUES (2)");
	read_some(db, 1);
	(void)tick_after(db, &now, WEIR_MILLISECONDS(50));
	assert_true(left_behind(*state) > 0);
	read_some(db, 1);
	(void)tick_after(db, &now, WEIR_MILLISECONDS(50));
	assert_int_equal(pinned(db), 1);
	assert_int_equal(left_behind(*state), 0);
	assert_int_equal(sqlite3_close(foreign), SQLITE_OK);
	db_end(db);
}

/* ---- the log ---- */

static void an_idle_moment_is_used_for_the_log(void **state)
{
	struct weir_db *const db = make_db(*state, "keeper=manual&wal_ceiling=200");
	struct weir_time now = weir_now();

	(void)tick_after(db, &now, 0);
	(void)tick_after(db, &now, WEIR_SECONDS(1));
	assert_int_equal(db_stats(db).checkpoints, 0); /* too little to copy */
	for (int i = 0; i < 3; i++) {
		db_exec(db, "INSERT INTO t VALUES (zeroblob(230000))");
		/* Something was committed since the last look: not yet. */
		assert_in_range(tick_after(db, &now, WEIR_MILLISECONDS(10)), 1, WEIR_MILLISECONDS(10));
		assert_int_equal(db_stats(db).checkpoints, 0);
	}
	(void)tick_after(db, &now, WEIR_MILLISECONDS(10));
	assert_int_equal(db_stats(db).checkpoints, 1);
	(void)tick_after(db, &now, WEIR_SECONDS(1));
	assert_int_equal(db_stats(db).checkpoints, 1);
	db_end(db);
}

/* ---- who is late ---- */

static void await_line(struct weir_db *db, struct db_fixture *fixture, const char *part)
{
	const struct weir_time until = db_soon();

	while (!db_was_told(fixture, part)) {
		if (weir_now().ns > until.ns)
			fail_msg("nothing was said about \"%s\": %s", part, fixture->lines);
		(void)weir_db_tick(db, weir_now());
		db_pause();
	}
}

static void a_long_hold_is_told_once(void **state)
{
	struct db_fixture *const fixture = *state;
	struct weir_db *const db = make_db(fixture, "keeper=manual&hold_warning=20ms");
	struct db_holder holder;

	(void)weir_db_tick(db, weir_now());
	for (uint32_t i = 1; i <= 2; i++) {
		db_hold(&holder, db);
		/* Its site: where the test holds it. */
		await_line(db, fixture, "db_fixture.c");
		while (db_lines(fixture) < i) {
			(void)weir_db_tick(db, weir_now());
			db_pause();
		}
		for (int looks = 0; looks < 20; looks++) {
			(void)weir_db_tick(db, weir_now());
			db_pause();
		}
		assert_int_equal(db_lines(fixture), i);
		db_end_hold(&holder);
	}
	assert_int_equal(db_stats(db).warnings, 2);
	/* 0: never. */
	assert_code(weir_db_set(db, "hold_warning", "0", NULL), WEIR_OK);
	db_hold(&holder, db);
	for (int looks = 0; looks < 150; looks++) {
		(void)weir_db_tick(db, weir_now());
		db_pause();
	}
	db_end_hold(&holder);
	assert_int_equal(db_lines(fixture), 2);
	db_end(db);
}

/* A reader that pins the log, as a checkpoint has found out. */
static void pin_the_log(struct weir_db *db, struct weir_tx *tx)
{
	const struct weir_read_options options = {.size = sizeof options, .snapshot = true};

	assert_code(weir_read_begin(db, &options, tx, NULL), WEIR_OK);
	db_exec(db, "INSERT INTO t VALUES (1)");
	assert_code(weir_db_checkpoint(db, NULL, NULL), WEIR_OK);
}

static void an_old_reader_is_told(void **state)
{
	struct db_fixture *const fixture = *state;
	struct weir_db *const db = make_db(fixture, "keeper=manual");
	struct weir_time now = weir_now();
	struct weir_tx tx = {0};

	pin_the_log(db, &tx);
	/* 60 s by default, from when the log was first seen to be pinned. */
	for (int i = 0; i < 60; i++) {
		(void)tick_after(db, &now, WEIR_SECONDS(1));
		assert_int_equal(db_lines(fixture), 0);
	}
	(void)tick_after(db, &now, WEIR_SECONDS(1));
	assert_int_equal(db_lines(fixture), 1);
	assert_true(db_was_told(fixture, "keeper_test.c"));
	assert_true(db_was_told(fixture, "keeps"));
	/* And again when it is that much older, not at each look. */
	for (int i = 0; i < 59; i++)
		(void)tick_after(db, &now, WEIR_SECONDS(1));
	assert_int_equal(db_lines(fixture), 1);
	(void)tick_after(db, &now, WEIR_SECONDS(1));
	assert_int_equal(db_lines(fixture), 2);
	/* It is only told. */
	db_tx_exec(&tx, "SELECT * FROM t");
	weir_tx_end(&tx);
	db_end(db);
}

/* One that pins nothing may be as old as it likes; and the time of those before
 * it on that connection does not count. */
static void a_harmless_old_reader_is_left_alone(void **state)
{
	struct db_fixture *const fixture = *state;
	struct weir_db *const db = make_db(fixture, "keeper=manual&snapshot_policy=refuse&max_size=1");
	struct weir_time now = weir_now();
	struct weir_tx tx = {0};

	assert_code(weir_db_checkpoint(db, NULL, NULL), WEIR_OK);
	assert_code(weir_read_begin(db, NULL, &tx, NULL), WEIR_OK);
	for (int i = 0; i < 100; i++)
		(void)tick_after(db, &now, WEIR_SECONDS(1));
	db_tx_exec(&tx, "SELECT * FROM t");
	weir_tx_end(&tx);
	for (int i = 0; i < 4; i++) {
		pin_the_log(db, &tx);
		(void)tick_after(db, &now, WEIR_SECONDS(1));
		(void)tick_after(db, &now, WEIR_SECONDS(50));
		db_tx_exec(&tx, "SELECT * FROM t");
		weir_tx_end(&tx);
	}
	assert_int_equal(db_lines(fixture), 0);
	db_end(db);
}

static void an_old_reader_is_refused(void **state)
{
	struct db_fixture *const fixture = *state;
	struct weir_db *const db =
		make_db(fixture, "keeper=manual&snapshot_age=30ms&snapshot_policy=refuse&max_size=1");
	struct weir_time now = weir_now();
	struct weir_tx tx = {0};
	struct weir_rows rows;
	enum weir_code code = WEIR_OK;

	pin_the_log(db, &tx);
	assert_in_range(tick_after(db, &now, 0), 1, WEIR_MILLISECONDS(30));
	db_tx_exec(&tx, "SELECT 1");
	(void)tick_after(db, &now, WEIR_MILLISECONDS(30));
	assert_true(db_was_told(fixture, "keeper_test.c"));
	assert_code(weir_tx_exec(&tx, "SELECT 1", NULL, 0, NULL, NULL), WEIR_ERR_SNAPSHOT_EXPIRED);
	assert_code(weir_tx_query(&tx, "SELECT 1", NULL, 0, &rows, NULL), WEIR_ERR_SNAPSHOT_EXPIRED);
	assert_false(weir_rows_next(&rows, &code, NULL));
	weir_tx_end(&tx);
	/* The next holder of that connection is not meant. */
	assert_int_equal(db_number(db, "SELECT count(*) FROM t"), 1);
	db_end(db);
}

struct long_read {
	struct weir_tx tx;
	_Atomic bool over;
	enum weir_code code;
	enum weir_code after;
};

static void read_for_ever(void *arg)
{
	struct long_read *const reader = arg;

	reader->code = weir_tx_exec(&reader->tx,
	                            "WITH RECURSIVE c (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) "
	                            "SELECT count(*) FROM c",
	                            NULL, 0, NULL, NULL);
	reader->after = weir_tx_exec(&reader->tx,
	                             "WITH RECURSIVE c (x) AS (SELECT 1 UNION ALL SELECT "
	                             "x + 1 FROM c LIMIT 100000) SELECT count(*) FROM c",
	                             NULL, 0, NULL, NULL);
	weir_tx_end(&reader->tx);
	atomic_store(&reader->over, true);
}

static void an_old_reader_is_interrupted(void **state)
{
	struct weir_db *const db =
		make_db(*state, "keeper=manual&snapshot_age=30ms&snapshot_policy=interrupt&max_size=1");
	struct long_read reader = {{0}, false, WEIR_OK, WEIR_OK};
	const struct weir_time until = db_soon();
	struct unit_thread thread;

	pin_the_log(db, &reader.tx);
	unit_start(&thread, read_for_ever, &reader);
	while (!atomic_load(&reader.over) && weir_now().ns < until.ns) {
		(void)weir_db_tick(db, weir_now());
		db_pause();
	}
	unit_join(&thread);
	assert_code(reader.code, WEIR_ERR_DRIVER_CANCELLED);
	assert_code(reader.after, WEIR_ERR_DRIVER_CANCELLED);
	assert_int_equal(db_number(db, "SELECT count(*) FROM t"), 1);
	db_end(db);
}

/* ---- jobs that do not come back ---- */

struct lost {
	struct weir_db *db;
	struct db_script script;
	enum weir_code code;
};

static void run_lost(void *arg)
{
	struct lost *const lost = arg;

	lost->code = weir_db_run(lost->db, db_run_script, &lost->script, NULL, NULL, NULL);
}

static void close_names_the_job_that_is_still_out(void **state)
{
	struct weir_db *const db = make_db(*state, NULL);
	struct db_meeting meeting = {false, false};
	struct lost lost = {.db = db, .script = {.before = db_meet, .arg = &meeting}};
	struct weir_error err = WEIR_ERROR_INIT;
	struct unit_thread thread;

	lost.script.sql[0] = "INSERT INTO t VALUES (1)";
	unit_start(&thread, run_lost, &lost);
	db_await_arrival(&meeting);
	assert_code(weir_db_close_until(db, weir_deadline_in(WEIR_MILLISECONDS(20)), &err),
	            WEIR_ERR_CLOSE_TIMEOUT);
	assert_has(err.message, "keeper_test.c");
	db_let_go(&meeting);
	unit_join(&thread);
	/* It had begun: it is committed. */
	assert_code(lost.code, WEIR_OK);
	db_end(db);
	db_assert_rows(*state, "SELECT v FROM t", "1");
}

/* ---- the thread ---- */

static void await_pinned(struct weir_db *db, bool reads, uint32_t wanted)
{
	const struct weir_time until = db_soon();

	while (pinned(db) != wanted) {
		if (weir_now().ns > until.ns)
			fail_msg("the pin does not become %u", wanted);
		if (reads)
			read_some(db, 1);
		else
			db_pause();
	}
}

static void the_thread_does_it_by_itself(void **state)
{
	struct weir_db *const db = make_db(*state, "wal_ceiling=40");
	const struct weir_time until = db_soon();

	await_pinned(db, true, 1);
	await_pinned(db, false, 0);
	db_exec(db, "INSERT INTO t VALUES (zeroblob(100000))");
	while (db_stats(db).checkpoints == 0 && weir_now().ns < until.ns)
		db_pause();
	assert_int_equal(db_stats(db).checkpoints, 1);
	db_end(db);
}

static void await_sleep(struct weir_db *db)
{
	const struct weir_time until = db_soon();

	while (wp_load_rlx_32(&db->keeper.own.deep) == 0) {
		if (weir_now().ns > until.ns)
			fail_msg("the keeper does not fall asleep");
		db_pause();
	}
}

/* With nothing to do it sleeps without a timer; whatever needs it wakes it. */
static void it_sleeps_and_wakes(void **state)
{
	struct db_fixture *const fixture = *state;
	struct weir_db *const db = make_db(fixture, "hold_warning=20ms");
	struct db_script script = {.sql = {"INSERT INTO t VALUES (1)"}};
	const struct weir_time until = db_soon();
	struct db_asked asked;
	struct db_holder holder;

	await_sleep(db);
	db_submit(db, &script, NULL, &asked);
	while (!weir_ticket_poll(asked.ticket) && weir_now().ns < until.ns)
		db_pause();
	assert_true(weir_ticket_poll(asked.ticket));
	db_collect(&asked);
	await_sleep(db);
	await_pinned(db, true, 1);
	await_pinned(db, false, 0);
	await_sleep(db);
	/* A hold that begins while it sleeps is watched as any other. */
	db_hold(&holder, db);
	while (!db_was_told(fixture, "db_fixture.c") && weir_now().ns < until.ns)
		db_pause();
	db_end_hold(&holder);
	assert_true(db_was_told(fixture, "db_fixture.c"));
	await_sleep(db);
	db_end(db);
}

/* ---- leaks ---- */

/* Its slot is beyond max_size: what the db keeps by slot has room for it. */
static void a_read_goes_on_in_the_stead_of_a_leak(void **state)
{
	struct weir_db *const db =
		make_db(*state, "keeper=manual&max_size=1&leak_after=1s&leak_policy=reclaim");
	struct weir_time now = weir_now();
	struct weir_tx lost = {0};
	struct weir_tx other = {0};
	int64_t number = -1;

	assert_code(weir_read_begin(db, NULL, &lost, NULL), WEIR_OK);
	(void)tick_after(db, &now, 0);
	(void)tick_after(db, &now, WEIR_SECONDS(2));
	assert_code(weir_read_begin(db, NULL, &other, NULL), WEIR_OK);
	assert_code(db_tx_number(&other, "SELECT count(*) FROM t", &number, NULL), WEIR_OK);
	assert_int_equal(number, 0);
	assert_int_equal(db_stats(db).readers.leased, 2);
	assert_int_equal(db_stats(db).readers.reclaimed, 1);
	weir_tx_end(&other);
	assert_code(db_tx_number(&lost, "SELECT count(*) FROM t", &number, NULL), WEIR_OK);
	weir_tx_end(&lost);
	(void)tick_after(db, &now, WEIR_SECONDS(2));
	assert_int_equal(db_stats(db).readers.max_size, 1);
	assert_int_equal(db_stats(db).readers.idle, 1);
	assert_true(db_stats(db).statement_misses >= 2);
	db_exec(db, "INSERT INTO t VALUES (1)");
	db_end(db);
}

/* What the keeper has begun is the db's own work: destroy waits for it, and leaves nothing
 * behind. */
static void destroy_waits_for_an_open_of_the_keepers(void **state)
{
	const struct weir_stub_script hang = {.size = sizeof hang, .hang_opens = 1};
	struct weir_stub *stub = weir_stub_create();
	struct weir_stub_counts counts = {0};
	const struct weir_db_options options = {.size = sizeof options, .driver_data = stub};
	struct weir_config config;
	struct weir_db *db;

	(void)state;
	weir_config_init(&config, weir_stub_engine_driver());
	config.open_timeout = WEIR_MILLISECONDS(100);
	assert_code(weir_db_create(&db, weir_stub_engine_driver(), &config, &options, NULL), WEIR_OK);
	weir_stub_set(stub, &hang);
	assert_code(weir_db_set(db, "min_idle", "2", NULL), WEIR_OK);
	while (counts.hanging == 0) { /* ends: the keeper was called */
		weir_stub_read(stub, &counts);
		(void)sched_yield();
	}
	weir_db_destroy(db);
	assert_true(weir_stub_drain(stub, weir_deadline_in(WEIR_SECONDS(5))));
	weir_stub_read(stub, &counts);
	assert_int_equal(counts.live, 0);
	weir_stub_destroy(stub);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DB_TEST(a_pin_lives_from_reads),
		DB_TEST(a_pin_does_not_grow_old),
		DB_TEST(an_idle_moment_is_used_for_the_log),
		DB_TEST(a_long_hold_is_told_once),
		DB_TEST(an_old_reader_is_told),
		DB_TEST(a_harmless_old_reader_is_left_alone),
		DB_TEST(an_old_reader_is_refused),
		DB_TEST(an_old_reader_is_interrupted),
		DB_TEST(close_names_the_job_that_is_still_out),
		DB_TEST(the_thread_does_it_by_itself),
		DB_TEST(it_sleeps_and_wakes),
		cmocka_unit_test(destroy_waits_for_an_open_of_the_keepers),
		DB_TEST(a_read_goes_on_in_the_stead_of_a_leak),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
