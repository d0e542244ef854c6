/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Writing from the caller's side: jobs one waits for, write leases, maintenance,
 * who waits for whom, and what is refused.
 */
#include "db_fixture.h"

#include <string.h>

static struct weir_db *make_db(struct db_fixture *fixture, const char *settings)
{
	struct weir_db *const db = db_make(fixture, settings);

	db_exec(db, "CREATE TABLE t (v)");
	return db;
}

/* ---- results ---- */

static void a_result_tells_what_happened(void **state)
{
	struct weir_db *const db = make_db(*state, NULL);
	struct weir_write_result result = {.size = sizeof result};
	struct weir_write_result before = {.size = sizeof before};
	struct weir_error err = WEIR_ERROR_INIT;
	const struct weir_sql_value values[] = {weir_text("Ada"), weir_int64(7)};

	assert_code(weir_db_exec(db, "INSERT INTO t VALUES (?), (?)", values, 2, &before, &err),
	            WEIR_OK);
	assert_int_equal(before.outcome, WEIR_COMMITTED);
	assert_int_equal(before.size, sizeof before);
	assert_int_equal(before.group_size, 1);
	assert_int_equal(before.runs, 1);
	assert_true(before.queued_ns >= 0);
	assert_int_equal(before.sequence, db_stats(db).sequence);
	assert_code(weir_db_exec(db, "INSERT INTO t VALUES (1)", NULL, 0, &result, &err), WEIR_OK);
	assert_int_equal(result.sequence, before.sequence + 1);
	assert_code(weir_db_exec(db, "INSERT INTO nowhere VALUES (1)", NULL, 0, &result, &err),
	            WEIR_ERR_DRIVER_SQL);
	assert_int_equal(result.outcome, WEIR_FAILED);
	assert_int_equal(result.sequence, 0);
	assert_int_equal(err.code, WEIR_ERR_DRIVER_SQL);
	assert_has(err.message, "nowhere");
	assert_code(weir_db_exec(db, "INSERT INTO t VALUES (?)", values, 2, NULL, NULL),
	            WEIR_ERR_DRIVER_SQL);
	assert_code(weir_db_exec(db, NULL, NULL, 0, NULL, NULL), WEIR_ERR_BAD_ARGUMENT);
	/* One that is smaller than it says it must be is left alone. */
	memset(&result, 0, sizeof result);
	result.size = 8;
	assert_code(weir_db_exec(db, "INSERT INTO t VALUES (2)", NULL, 0, &result, &err), WEIR_OK);
	assert_int_equal(result.outcome, WEIR_OUTCOME_NONE);
	db_assert_rows(*state, "SELECT v FROM t ORDER BY rowid", "Ada,7,1,2");

	const struct weir_db_stats stats = db_stats(db);

	assert_int_equal(stats.jobs[WEIR_COMMITTED], 4);
	assert_int_equal(stats.jobs[WEIR_FAILED], 3);
	assert_int_equal(stats.commits, 4);
	db_end(db);
}

/* ---- leases ---- */

static void a_lease_commits_what_it_did(void **state)
{
	struct weir_db *const db = make_db(*state, NULL);
	struct weir_write_result result = {.size = sizeof result};
	struct weir_error err = WEIR_ERROR_INIT;
	struct weir_tx tx = {0};
	int64_t changes = 0;
	int64_t number = 0;

	assert_code(weir_write_begin(db, NULL, &tx, &err), WEIR_OK);
	assert_code(weir_tx_exec(&tx, "INSERT INTO t VALUES (1), (2)", NULL, 0, &changes, &err),
	            WEIR_OK);
	assert_int_equal(changes, 2);
	/* It sees its own, and nobody else does. */
	assert_code(db_tx_number(&tx, "SELECT count(*) FROM t", &number, &err), WEIR_OK);
	assert_int_equal(number, 2);
	assert_int_equal(db_file_number(*state, "SELECT count(*) FROM t"), 0);
	assert_code(weir_write_commit(&tx, &result, &err), WEIR_OK);
	assert_int_equal(result.outcome, WEIR_COMMITTED);
	assert_int_equal(result.sequence, db_stats(db).sequence);
	assert_int_equal(result.group_size, 1);
	assert_int_equal(db_number(db, "SELECT count(*) FROM t"), 2);
	/* It is over. */
	assert_code(weir_tx_exec(&tx, "INSERT INTO t VALUES (3)", NULL, 0, NULL, &err),
	            WEIR_ERR_BAD_ARGUMENT);
	assert_code(weir_write_commit(&tx, &result, &err), WEIR_ERR_BAD_ARGUMENT);
	weir_tx_end(&tx);
	/* A failed statement does not end it, nor what it did before. */
	assert_code(weir_write_begin(db, NULL, &tx, &err), WEIR_OK);
	db_tx_exec(&tx, "INSERT INTO t VALUES (3)");
	assert_code(weir_tx_exec(&tx, "INSERT INTO nowhere VALUES (3)", NULL, 0, NULL, &err),
	            WEIR_ERR_DRIVER_SQL);
	assert_code(weir_write_commit(&tx, NULL, NULL), WEIR_OK);
	db_assert_rows(*state, "SELECT v FROM t ORDER BY rowid", "1,2,3");
	db_end(db);
}

static void leave_a_block(struct weir_db *db)
{
	WEIR_SCOPED_TX(tx);
	assert_code(weir_write_begin(db, NULL, &tx, NULL), WEIR_OK);
	db_tx_exec(&tx, "INSERT INTO t VALUES (1)");
}

static void a_lease_that_is_left_is_rolled_back(void **state)
{
	struct weir_db *const db = make_db(*state, NULL);
	struct weir_tx tx = {0};
	struct weir_rows rows;
	enum weir_code code;

	leave_a_block(db);
	assert_code(weir_write_begin(db, NULL, &tx, NULL), WEIR_OK);
	db_tx_exec(&tx, "INSERT INTO t VALUES (2)");
	/* With rows that nobody read to the end. */
	assert_code(weir_tx_query(&tx, "SELECT v FROM t", NULL, 0, &rows, NULL), WEIR_OK);
	assert_true(weir_rows_next(&rows, &code, NULL));
	weir_tx_end(&tx);
	assert_false(weir_rows_next(&rows, &code, NULL));
	assert_int_equal(db_stats(db).jobs[WEIR_FAILED], 2);
	db_exec(db, "INSERT INTO t VALUES (3)");
	db_assert_rows(*state, "SELECT v FROM t", "3");
	db_end(db);
}

/* A transaction of its own does not mean that one may end it by hand; savepoints
 * are the holder's affair. */
static void a_lease_is_ended_by_weir_alone(void **state)
{
	static const char *const texts[] = {"COMMIT", "END", "ROLLBACK", "BEGIN"};
	struct weir_db *const db = make_db(*state, NULL);
	struct weir_tx tx = {0};

	assert_code(weir_write_begin(db, NULL, &tx, NULL), WEIR_OK);
	db_tx_exec(&tx, "INSERT INTO t VALUES (1)");
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		assert_code(weir_tx_exec(&tx, texts[i], NULL, 0, NULL, NULL), WEIR_ERR_DRIVER_SQL);
	db_tx_exec(&tx, "SAVEPOINT mine");
	db_tx_exec(&tx, "INSERT INTO t VALUES (2)");
	db_tx_exec(&tx, "ROLLBACK TO mine");
	db_tx_exec(&tx, "RELEASE mine");
	assert_int_equal(db_file_number(*state, "SELECT count(*) FROM t"), 0);
	assert_code(weir_write_commit(&tx, NULL, NULL), WEIR_OK);
	db_assert_rows(*state, "SELECT v FROM t", "1");
	db_end(db);
}

struct stranger {
	struct weir_tx *tx;
	enum weir_code code;
};

static void commit_as_stranger(void *arg)
{
	struct stranger *const stranger = arg;

	stranger->code = weir_write_commit(stranger->tx, NULL, NULL);
	weir_tx_end(stranger->tx);
}

static void a_lease_ends_where_it_began(void **state)
{
	struct weir_db *const db = make_db(*state, NULL);
	struct weir_tx tx = {0};
	struct stranger stranger = {.tx = &tx};
	struct unit_thread thread;

	assert_code(weir_write_begin(db, NULL, &tx, NULL), WEIR_OK);
	db_tx_exec(&tx, "INSERT INTO t VALUES (1)");
	unit_start(&thread, commit_as_stranger, &stranger);
	unit_join(&thread);
	assert_code(stranger.code, WEIR_ERR_BAD_ARGUMENT);
	assert_code(weir_write_commit(&tx, NULL, NULL), WEIR_OK);
	db_assert_rows(*state, "SELECT v FROM t", "1");
	db_end(db);
}

/* ---- waiting ---- */

struct waiter {
	struct unit_thread thread;
	struct weir_db *db;
	struct weir_write_options options;
	bool leases;
	_Atomic bool over;
	enum weir_code code;
	struct weir_write_result result;
	struct weir_error err;
};

static void write_one(void *arg)
{
	struct waiter *const waiter = arg;
	struct db_script script = {.sql = {"INSERT INTO t VALUES (2)"}};
	struct weir_tx tx = {0};

	waiter->result.size = sizeof waiter->result;
	weir_error_init(&waiter->err);
	if (!waiter->leases) {
		waiter->code = weir_db_run(waiter->db, db_run_script, &script, &waiter->options,
		                           &waiter->result, &waiter->err);
	} else {
		waiter->code = weir_write_begin(waiter->db, &waiter->options, &tx, &waiter->err);
		if (waiter->code == WEIR_OK)
			waiter->code = weir_tx_exec(&tx, "INSERT INTO t VALUES (2)", NULL, 0, NULL, NULL);
		if (waiter->code == WEIR_OK)
			waiter->code = weir_write_commit(&tx, &waiter->result, &waiter->err);
		weir_tx_end(&tx);
	}
	atomic_store(&waiter->over, true);
}

static void start_waiter(struct waiter *waiter, struct weir_db *db, bool leases, int64_t timeout_ns)
{
	memset(waiter, 0, sizeof *waiter);
	waiter->db = db;
	waiter->leases = leases;
	waiter->options = db_options();
	waiter->options.timeout_ns = timeout_ns;
	unit_start(&waiter->thread, write_one, waiter);
}

static void a_second_writer_waits_for_the_first(void **state)
{
	struct weir_db *const db = make_db(*state, NULL);

	for (int leases = 0; leases < 2; leases++) {
		struct waiter waiter;
		struct weir_tx tx = {0};

		db_exec(db, "DELETE FROM t");
		assert_code(weir_write_begin(db, NULL, &tx, NULL), WEIR_OK);
		db_tx_exec(&tx, "INSERT INTO t VALUES (1)");
		start_waiter(&waiter, db, leases == 1, 0);
		db_await_queue(db, 1);
		assert_false(atomic_load(&waiter.over));
		assert_code(weir_write_commit(&tx, NULL, NULL), WEIR_OK);
		unit_join(&waiter.thread);
		assert_code(waiter.code, WEIR_OK);
		assert_int_equal(waiter.result.outcome, WEIR_COMMITTED);
		assert_int_equal(waiter.result.runs, 1);
		db_assert_rows(*state, "SELECT v FROM t ORDER BY rowid", "1,2");
	}
	db_end(db);
}

static void who_waits_too_long_never_ran(void **state)
{
	struct weir_db *const db = make_db(*state, NULL);

	for (int leases = 0; leases < 2; leases++) {
		const uint64_t timed_out = db_stats(db).jobs[WEIR_TIMED_OUT];
		struct db_holder holder;
		struct waiter waiter;

		db_hold(&holder, db);
		start_waiter(&waiter, db, leases == 1, WEIR_MILLISECONDS(500));
		unit_join(&waiter.thread);
		db_end_hold(&holder);
		assert_code(waiter.code, WEIR_ERR_GATE_TIMEOUT);
		assert_int_equal(waiter.err.code, WEIR_ERR_GATE_TIMEOUT);
		if (!leases)
			assert_int_equal(waiter.result.outcome, WEIR_TIMED_OUT);
		assert_int_equal(db_stats(db).jobs[WEIR_TIMED_OUT], timed_out + 1);
	}
	db_assert_rows(*state, "SELECT count(*) FROM t", "0");
	db_end(db);
}

/* A writer of another program: weir waits for it, and says so when in vain. */
static void a_foreign_writer_is_waited_for(void **state)
{
	struct weir_db *const db = make_db(*state, NULL);
	sqlite3 *const foreign = db_foreign(*state);

	for (int leases = 0; leases < 2; leases++) {
		struct waiter waiter;

		db_foreign_exec(foreign, "BEGIN IMMEDIATE; INSERT INTO t VALUES (1)");
		start_waiter(&waiter, db, leases == 1, WEIR_MILLISECONDS(300));
		unit_join(&waiter.thread);
		assert_code(waiter.code, WEIR_ERR_DRIVER_BUSY);
		if (!leases)
			assert_int_equal(waiter.result.outcome, WEIR_TIMED_OUT);
		assert_int_equal(db_stats(db).jobs[WEIR_TIMED_OUT], leases + 1);
		start_waiter(&waiter, db, leases == 1, 0);
		db_pause();
		db_foreign_exec(foreign, "COMMIT");
		unit_join(&waiter.thread);
		assert_code(waiter.code, WEIR_OK);
	}
	assert_int_equal(sqlite3_close(foreign), SQLITE_OK);
	db_assert_rows(*state, "SELECT v FROM t ORDER BY rowid", "1,2,1,2");
	db_end(db);
}

static void a_full_queue_rejects(void **state)
{
	struct weir_db *const db = make_db(*state, "max_writers_waiting=1&keeper=manual");
	struct db_script script = {.sql = {"INSERT INTO t VALUES (1)"}};
	struct weir_write_result result = {.size = sizeof result};
	struct weir_error err = WEIR_ERROR_INIT;
	struct db_holder holder;
	struct db_asked asked;

	db_hold(&holder, db);
	db_submit(db, &script, NULL, &asked);
	assert_code(weir_db_run(db, db_run_script, &script, NULL, &result, &err), WEIR_ERR_REJECTED);
	assert_int_equal(result.outcome, WEIR_REJECTED);
	assert_int_equal(result.runs, 0);
	assert_int_equal(err.code, WEIR_ERR_REJECTED);
	assert_int_equal(db_stats(db).jobs[WEIR_REJECTED], 1);
	db_end_hold(&holder);
	db_collect(&asked);
	assert_code(asked.code, WEIR_OK);
	db_assert_rows(*state, "SELECT v FROM t", "1");
	db_end(db);
}

/* ---- from within ---- */

/* What each call that would wait says to a thread that holds the writer. */
struct within {
	struct weir_db *db;
	enum weir_code run;
	enum weir_code exec;
	enum weir_code submit;
	enum weir_code begin;
	enum weir_code maintain;
	enum weir_code checkpoint;
	enum weir_code equal;
	enum weir_code close;
	bool next_tick;
	struct weir_ticket *ticket;
	struct weir_write_result result;
};

static int nothing(struct weir_tx *tx, void *arg)
{
	(void)tx;
	(void)arg;
	return 0;
}

static int call_from_within(struct weir_tx *tx, void *arg)
{
	struct within *const within = arg;
	struct weir_db *const db = within->db;
	struct weir_tx other = {0};

	(void)tx;
	within->result.size = sizeof within->result;
	within->run = weir_db_run(db, nothing, NULL, NULL, &within->result, NULL);
	within->exec = weir_db_exec(db, "INSERT INTO t VALUES (1)", NULL, 0, NULL, NULL);
	within->submit = weir_db_submit(db, nothing, NULL, NULL, &within->ticket, NULL);
	within->begin = weir_write_begin(db, NULL, &other, NULL);
	within->maintain = weir_db_maintain(db, nothing, NULL, NULL, NULL);
	within->checkpoint = weir_db_checkpoint(db, NULL, NULL);
	within->equal = weir_read_begin_equal(db, NULL, &other, 1, NULL);
	within->close = weir_db_close(db, NULL);
	within->next_tick = weir_db_tick(db, weir_now()).ns == INT64_MAX;
	return 0;
}

static void check_within(const struct within *within)
{
	assert_code(within->run, WEIR_ERR_REENTRANT);
	assert_int_equal(within->result.outcome, WEIR_REJECTED);
	assert_code(within->exec, WEIR_ERR_REENTRANT);
	assert_code(within->submit, WEIR_ERR_REENTRANT);
	assert_null(within->ticket);
	assert_code(within->begin, WEIR_ERR_REENTRANT);
	assert_code(within->maintain, WEIR_ERR_REENTRANT);
	assert_code(within->checkpoint, WEIR_ERR_REENTRANT);
	assert_code(within->equal, WEIR_ERR_REENTRANT);
	assert_code(within->close, WEIR_ERR_REENTRANT);
	assert_true(within->next_tick);
}

static void nobody_waits_for_itself(void **state)
{
	struct weir_db *const db = make_db(*state, NULL);
	struct within within = {.db = db};
	struct weir_tx tx = {0};

	assert_code(weir_db_run(db, call_from_within, &within, NULL, NULL, NULL), WEIR_OK);
	check_within(&within);
	within = (struct within){.db = db};
	assert_code(weir_db_maintain(db, call_from_within, &within, NULL, NULL), WEIR_OK);
	check_within(&within);
	within = (struct within){.db = db};
	assert_code(weir_write_begin(db, NULL, &tx, NULL), WEIR_OK);
	(void)call_from_within(&tx, &within);
	check_within(&within);
	/* Reads go on, of the state before it. */
	db_tx_exec(&tx, "INSERT INTO t VALUES (1)");
	assert_int_equal(db_number(db, "SELECT count(*) FROM t"), 0);
	assert_code(weir_write_commit(&tx, NULL, NULL), WEIR_OK);
	db_end(db);
}

static void a_checkpoint_copies_the_log(void **state)
{
	struct weir_db *const db = make_db(*state, "keeper=manual");
	struct weir_checkpoint_result result = {.size = sizeof result};
	struct weir_error err = WEIR_ERROR_INIT;

	db_exec(db, "INSERT INTO t VALUES (zeroblob(50000))");
	assert_code(weir_db_checkpoint(db, &result, &err), WEIR_OK);
	assert_true(result.frames >= 12);
	assert_int_equal(result.copied, result.frames);
	assert_true(result.stall_ns > 0);
	assert_int_equal(db_stats(db).checkpoints, 1);
	assert_int_equal(db_stats(db).log_frames, result.frames);
	assert_true(db_stats(db).checkpoint_stall_ns_max > 0);
	assert_int_equal(db_stats(db).checkpoint_stall_ns_sum, db_stats(db).checkpoint_stall_ns_max);
	assert_code(weir_db_checkpoint(db, NULL, &err), WEIR_OK);
	db_end(db);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DB_TEST(a_result_tells_what_happened),
		DB_TEST(a_lease_commits_what_it_did),
		DB_TEST(a_lease_that_is_left_is_rolled_back),
		DB_TEST(a_lease_is_ended_by_weir_alone),
		DB_TEST(a_lease_ends_where_it_began),
		DB_TEST(a_second_writer_waits_for_the_first),
		DB_TEST(who_waits_too_long_never_ran),
		DB_TEST(a_foreign_writer_is_waited_for),
		DB_TEST(a_full_queue_rejects),
		DB_TEST(nobody_waits_for_itself),
		DB_TEST(a_checkpoint_copies_the_log),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
