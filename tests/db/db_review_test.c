/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Moments at which upkeep meets something else: a db that is destroyed or closed,
 * readers that pin the log while nothing is written, a writer that is held, a
 * maintenance job; and a read of a private database that the wrong thread ends.
 */
#include "db_fixture.h"

#include <string.h>

static struct weir_db *make_db(struct db_fixture *fixture, const char *settings)
{
	struct weir_db *const db = db_make(fixture, settings);

	db_exec(db, "CREATE TABLE t (v)");
	return db;
}

/* ---- the end, beside upkeep ---- */

/* SQLite's driver, with checkpoints that take a while, and its closings counted. */
static struct weir_driver slow_driver;
static struct weir_engine slow_engine;
static _Atomic uint32_t checkpoints_begun;
static _Atomic uint32_t closings;

static enum weir_code slow_checkpoint(void *writer, void *aide, struct weir_time deadline,
                                      struct weir_checkpoint_result *result, struct weir_error *err)
{
	const struct weir_time until = weir_deadline_in(WEIR_MILLISECONDS(50));

	atomic_fetch_add(&checkpoints_begun, 1);
	while (weir_now().ns < until.ns)
		db_pause();
	return weir_sqlite_driver()->engine->checkpoint(writer, aide, deadline, result, err);
}

static void counted_close(void *conn)
{
	atomic_fetch_add(&closings, 1);
	weir_sqlite_driver()->close(conn);
}

static const struct weir_driver *make_slow_driver(void)
{
	slow_driver = *weir_sqlite_driver();
	slow_engine = *slow_driver.engine;
	slow_engine.checkpoint = slow_checkpoint;
	slow_driver.engine = &slow_engine;
	slow_driver.close = counted_close;
	atomic_store(&checkpoints_begun, 0);
	atomic_store(&closings, 0);
	return &slow_driver;
}

static void await_checkpoint(void)
{
	const struct weir_time until = db_soon();

	while (atomic_load(&checkpoints_begun) == 0) {
		if (weir_now().ns > until.ns)
			fail_msg("there is no checkpoint");
		db_pause();
	}
}

/* The keeper copies the log: nobody is in there, so nothing may be leaked. */
static void destroy_waits_for_the_idle_checkpoint(void **state)
{
	struct db_fixture *const fixture = *state;
	struct weir_db *db;

	fixture->driver = make_slow_driver();
	db = make_db(fixture, "wal_ceiling=200");
	db_exec(db, "INSERT INTO t VALUES (zeroblob(300000))");
	await_checkpoint();
	weir_db_destroy(db);
	assert_true(atomic_load(&closings) >= 2);
}

/* The same after a group that the keeper led, of which all have their outcome. */
static void destroy_waits_for_the_checkpoint_of_a_group(void **state)
{
	struct db_fixture *const fixture = *state;
	struct db_script script = {.sql = {"INSERT INTO t VALUES (zeroblob(300000))"}};
	const struct weir_time until = db_soon();
	struct db_asked asked;
	struct weir_db *db;

	fixture->driver = make_slow_driver();
	db = make_db(fixture, "wal_ceiling=40");
	db_submit(db, &script, NULL, &asked);
	while (!weir_ticket_poll(asked.ticket) && weir_now().ns < until.ns)
		db_pause();
	db_collect(&asked);
	assert_code(asked.code, WEIR_OK);
	weir_db_destroy(db);
	assert_true(atomic_load(&closings) >= 2);
	assert_int_equal(atomic_load(&checkpoints_begun), 1);
}

#define CLOSERS 4
#define ROUNDS 20

struct closer {
	struct unit_thread thread;
	struct weir_db *db;
	enum weir_code code;
};

static void close_it(void *arg)
{
	struct closer *const closer = arg;

	closer->code = weir_db_close(closer->db, NULL);
}

/* Without a lock two of them join the keeper, and one waits for ever. */
static void any_thread_may_close(void **state)
{
	struct closer closers[CLOSERS];

	for (int round = 0; round < ROUNDS; round++) {
		struct weir_db *const db = db_make(*state, NULL);

		for (int i = 0; i < CLOSERS; i++) {
			closers[i].db = db;
			unit_start(&closers[i].thread, close_it, &closers[i]);
		}
		for (int i = 0; i < CLOSERS; i++) {
			unit_join(&closers[i].thread);
			assert_code(closers[i].code, WEIR_OK);
		}
		weir_db_destroy(db);
	}
}

/* ---- a neighbour that fails ---- */

static sqlite3 *stranger;
static struct unit_thread stranger_leaves;
static _Atomic bool stranger_came;

static void commit_soon(void *arg)
{
	const struct weir_time until = weir_deadline_in(WEIR_MILLISECONDS(100));

	(void)arg;
	while (weir_now().ns < until.ns)
		db_pause();
	db_foreign_exec(stranger, "COMMIT");
}

/* Another program takes the lock as soon as weir has let go of it, for a while. */
static enum weir_code rollback_into_company(void *conn, struct weir_error *err)
{
	const enum weir_code code = weir_sqlite_driver()->engine->rollback(conn, err);

	if (stranger != NULL && !atomic_exchange(&stranger_came, true)) {
		db_foreign_exec(stranger, "BEGIN IMMEDIATE");
		unit_start(&stranger_leaves, commit_soon, NULL);
	}
	return code;
}

/* Longer than write_timeout: counted from its first run it would have no time. */
static void take_long(void *arg)
{
	const struct weir_time until = weir_deadline_in(WEIR_MILLISECONDS(2200));

	if (*(bool *)arg)
		return;
	*(bool *)arg = true;
	while (weir_now().ns < until.ns)
		db_pause();
}

/* Undone by a neighbour, and kept out by another program for a moment: it is not
 * the job that has failed. */
static void a_neighbour_costs_no_time(void **state)
{
	struct db_fixture *const fixture = *state;
	struct weir_write_options options = db_options();
	bool ran = false;
	struct db_script sound = {
		.sql = {"INSERT INTO t VALUES (1)"}, .before = take_long, .arg = &ran};
	struct db_script failing = {.returns = 7};
	struct db_asked first;
	struct db_asked second;
	struct weir_db *db;

	fixture->driver = make_slow_driver();
	slow_engine.rollback = rollback_into_company;
	db = make_db(fixture, "keeper=manual&write_timeout=2s");
	options.timeout_ns = DB_PATIENCE_NS;
	db_submit(db, &sound, &options, &first);
	db_submit(db, &failing, &options, &second);
	atomic_store(&stranger_came, false);
	stranger = db_foreign(fixture);
	db_collect(&first);
	db_collect(&second);
	unit_join(&stranger_leaves);
	assert_int_equal(sqlite3_close(stranger), SQLITE_OK);
	stranger = NULL;
	assert_code(second.code, WEIR_ERR_JOB_FAILED);
	assert_code(first.code, WEIR_OK);
	assert_int_equal(first.result.runs, 2);
	db_end(db);
}

/* ---- readers that pin the log ---- */

static void pin_the_log(struct weir_db *db, struct weir_tx *tx)
{
	const struct weir_read_options options = {.size = sizeof options, .snapshot = true};

	assert_code(weir_read_begin(db, &options, tx, NULL), WEIR_OK);
	db_exec(db, "INSERT INTO t VALUES (1)");
	assert_code(weir_db_checkpoint(db, NULL, NULL), WEIR_OK);
}

static void await_refusal(struct weir_db *db, struct weir_tx *tx)
{
	const struct weir_time until = db_soon();
	enum weir_code code = WEIR_OK;

	while (code == WEIR_OK && weir_now().ns < until.ns) {
		code = weir_tx_exec(tx, "SELECT 1", NULL, 0, NULL, NULL);
		db_pause();
	}
	assert_code(code, WEIR_ERR_SNAPSHOT_EXPIRED);
	weir_tx_end(tx);
	db_end(db);
}

/* Readers are watched though the writer's holders are not. */
static void an_old_reader_is_refused_without_hold_warning(void **state)
{
	struct weir_db *const db =
		make_db(*state, "hold_warning=0&snapshot_age=100ms&snapshot_policy=refuse");
	struct weir_tx tx = {0};

	pin_the_log(db, &tx);
	await_refusal(db, &tx);
}

/* And though nothing is written for longer than the keeper needs to fall asleep. */
static void an_old_reader_is_refused_in_the_quiet(void **state)
{
	struct weir_db *const db = make_db(*state, "snapshot_age=2500ms&snapshot_policy=refuse");
	struct weir_tx tx = {0};

	pin_the_log(db, &tx);
	await_refusal(db, &tx);
}

static void tick_after(struct weir_db *db, struct weir_time *now, int64_t later_ns)
{
	now->ns += later_ns;
	(void)weir_db_tick(db, *now);
}

static void the_log_is_copied_when_its_reader_has_gone(void **state)
{
	struct weir_db *const db = make_db(*state, "keeper=manual");
	struct weir_time now = weir_now();
	struct weir_checkpoint_result result = {.size = sizeof result};
	struct weir_tx tx = {0};

	pin_the_log(db, &tx);
	for (int i = 0; i < 4; i++)
		tick_after(db, &now, WEIR_MILLISECONDS(250));
	assert_int_equal(db_stats(db).checkpoints, 1);
	weir_tx_end(&tx);
	for (int i = 0; i < 4; i++)
		tick_after(db, &now, WEIR_MILLISECONDS(250));
	assert_int_equal(db_stats(db).checkpoints, 2);
	assert_code(weir_db_checkpoint(db, &result, NULL), WEIR_OK);
	assert_int_equal(result.copied, result.frames);
	db_end(db);
}

/* ---- a writer that is held ---- */

/* By somebody who commits nothing, and so asks for no checkpoint in the end. */
static void an_idle_checkpoint_is_not_forgotten(void **state)
{
	struct weir_db *const db = make_db(*state, "keeper=manual&wal_ceiling=200");
	struct weir_time now = weir_now();
	struct db_holder holder;

	db_exec(db, "INSERT INTO t VALUES (zeroblob(300000))");
	tick_after(db, &now, 0);
	db_hold(&holder, db);
	tick_after(db, &now, WEIR_MILLISECONDS(10));
	db_end_hold(&holder);
	assert_int_equal(db_stats(db).checkpoints, 0);
	tick_after(db, &now, WEIR_MILLISECONDS(250));
	assert_int_equal(db_stats(db).checkpoints, 1);
	db_end(db);
}

struct beside {
	struct weir_db *db;
	uint32_t pinned;
};

static void read_and_tick(void *arg)
{
	struct beside *const beside = arg;

	for (int i = 0; i < 100; i++)
		(void)!weir_db_query(beside->db, "SELECT count(*) FROM t", NULL, 0, NULL, NULL, NULL);
	(void)weir_db_tick(beside->db, weir_now());
	beside->pinned = db_stats(beside->db).pinned;
}

static int maintain_beside_reads(struct weir_tx *tx, void *arg)
{
	struct unit_thread thread;

	(void)tx;
	unit_start(&thread, read_and_tick, arg);
	unit_join(&thread);
	return 0;
}

/* It could not change the journal, nor end the log, beside a pin. */
static void nothing_is_pinned_during_maintenance(void **state)
{
	struct weir_db *const db = make_db(*state, "keeper=manual");
	struct weir_time now = weir_now();
	struct beside beside = {db, 0};

	assert_code(weir_db_maintain(db, maintain_beside_reads, &beside, NULL, NULL), WEIR_OK);
	assert_int_equal(beside.pinned, 0);
	for (int i = 0; i < 4; i++) {
		(void)db_number(db, "SELECT count(*) FROM t");
		(void)db_number(db, "SELECT count(*) FROM t");
		tick_after(db, &now, WEIR_MILLISECONDS(1));
	}
	assert_int_equal(db_stats(db).pinned, 1);
	db_end(db);
}

/* ---- one connection in all ---- */

static void end_tx(void *arg)
{
	weir_tx_end(arg);
}

/* It does not let go of the gate then, and the right thread still can. */
static void a_private_read_ends_on_its_thread(void **state)
{
	struct weir_db *db = NULL;
	struct weir_tx tx = {0};
	struct unit_thread thread;

	(void)state;
	assert_code(weir_db_open(&db, weir_sqlite_driver(), "sqlite:///:memory:", NULL), WEIR_OK);
	db_exec(db, "CREATE TABLE t (v)");
	assert_code(weir_read_begin(db, NULL, &tx, NULL), WEIR_OK);
	unit_start(&thread, end_tx, &tx);
	unit_join(&thread);
	assert_non_null(tx.conn);
	weir_tx_end(&tx);
	assert_null(tx.conn);
	db_exec(db, "INSERT INTO t VALUES (1)");
	db_end(db);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DB_TEST(destroy_waits_for_the_idle_checkpoint),
		DB_TEST(destroy_waits_for_the_checkpoint_of_a_group),
		DB_TEST(any_thread_may_close),
		DB_TEST(a_neighbour_costs_no_time),
		DB_TEST(an_old_reader_is_refused_without_hold_warning),
		DB_TEST(an_old_reader_is_refused_in_the_quiet),
		DB_TEST(the_log_is_copied_when_its_reader_has_gone),
		DB_TEST(an_idle_checkpoint_is_not_forgotten),
		DB_TEST(nothing_is_pinned_during_maintenance),
		DB_TEST(a_private_read_ends_on_its_thread),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
