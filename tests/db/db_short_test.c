/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A db that is short of memory or of a thread says so, keeps nothing, and goes on as
 * soon as there is enough; and moments between two steps, which a test makes last.
 */
#include "db_fixture.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "db_fault.h"
#include "testing.h"
#include "unit_fault.h"

#define POINTS_MAX 200

static struct weir_db *make_db(struct db_fixture *fixture, const char *settings)
{
	struct weir_db *db;

	db_heal();
	fixture->driver = db_faulty_driver();
	db = db_make(fixture, settings);
	db_exec(db, "CREATE TABLE t (v)");
	return db;
}

/* ---- memory ---- */

/* What a sidecar or a cache lacks costs something, and is no error. */
static void creation_without_memory_is_refused(void **state)
{
	static const struct {
		enum unit_fault fault;
		uint32_t refused_least;
	} cases[] = {{UNIT_FAULT_ALLOC, 8}, {UNIT_FAULT_WIPED, 4}};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		uint32_t refused = 0;
		uint32_t struck = 1;

		for (uint32_t nth = 1; struck > 0; nth++) { /* ends: when all have failed once */
			struct weir_error err = WEIR_ERROR_INIT;
			struct weir_db *db = NULL;
			enum weir_code code;

			assert_in_range(nth, 1, POINTS_MAX);
			unit_fault_arm(cases[i].fault, nth, 1, ENOMEM);
			code = db_try_make(*state, "keeper=manual&min_idle=1", &db, &err);
			struck = unit_fault_disarm();
			if (code != WEIR_OK) {
				assert_int_equal(struck, 1);
				assert_null(db);
				assert_true(strstr(err.message, "memory") != NULL);
				refused++;
				continue;
			}
			db_exec(db, "CREATE TABLE IF NOT EXISTS t (v)");
			db_end(db);
		}
		assert_in_range(refused, cases[i].refused_least, POINTS_MAX);
	}
}

/* Every allocation on the way of a write, with and without a statement in the cache. */
static void a_write_without_memory_is_not_done(void **state)
{
	struct weir_db *const db = make_db(*state, "keeper=manual&statement_cache=2");
	int64_t rows = 0;
	uint32_t failed = 0;
	uint32_t struck = 1;

	for (uint32_t nth = 1; struck > 0 || nth < 4; nth++) { /* ends: when all have failed once */
		struct weir_write_result result = {.size = sizeof result};
		char sql[64];
		enum weir_code code;

		assert_in_range(nth, 1, POINTS_MAX);
		(void)snprintf(sql, sizeof sql, "INSERT INTO t VALUES (%u)", nth);
		unit_fault_arm(UNIT_FAULT_ALLOC, nth, 2, ENOMEM);
		code = weir_db_exec(db, sql, NULL, 0, &result, NULL);
		struck = unit_fault_disarm();
		if (code == WEIR_OK) {
			rows++;
		} else {
			failed++;
			assert_code(code, WEIR_ERR_NO_MEMORY);
			assert_true(struck > 0);
			assert_int_not_equal(result.outcome, WEIR_COMMITTED);
		}
		assert_int_equal(db_file_number(*state, "SELECT count(*) FROM t"), rows);
	}
	assert_true(failed >= 1);
	db_end(db);
}

static void a_ticket_without_memory_is_refused(void **state)
{
	struct weir_db *const db = make_db(*state, "keeper=manual");
	struct db_script script = {.sql = {"INSERT INTO t VALUES (1)"}};
	struct weir_ticket *ticket = NULL;
	struct weir_error err = WEIR_ERROR_INIT;

	unit_fault_arm(UNIT_FAULT_ALLOC, 1, 1, ENOMEM);
	assert_code(weir_db_submit(db, db_run_script, &script, NULL, &ticket, &err),
	            WEIR_ERR_NO_MEMORY);
	assert_int_equal(unit_fault_disarm(), 1);
	assert_null(ticket);
	assert_has(err.message, "ticket");
	assert_int_equal(atomic_load(&script.calls), 0);
	db_end(db);
}

static bool find_text(void *found, const char *sql)
{
	*(bool *)found = strcmp(sql, "SELECT 4711") == 0;
	return !*(bool *)found;
}

/* It is remembered when it is prepared the next time. */
static void a_text_that_cannot_be_remembered_is_run_all_the_same(void **state)
{
	struct weir_db *const db = make_db(*state, "keeper=manual&max_size=1&statement_cache=0");

	for (int i = 0; i < 2; i++) {
		bool found = false;

		assert_int_equal(db_number(db, "SELECT 1"), 1); /* the connection is there */
		unit_fault_arm(UNIT_FAULT_ALLOC, 1, i == 0, ENOMEM);
		assert_int_equal(db_number(db, "SELECT 4711"), 4711);
		(void)unit_fault_disarm();
		assert_code(weir_db_statements(db, find_text, &found, NULL), WEIR_OK);
		assert_int_equal(found, i == 1);
	}
	db_end(db);
}

/* A text that cannot be kept is prepared for this once. */
static void a_cache_without_memory_is_no_cache(void **state)
{
	struct weir_db *const db = make_db(*state, "keeper=manual&max_size=1&statement_record=0");

	assert_int_equal(db_number(db, "SELECT 1"), 1); /* the connection is there */
	unit_fault_arm(UNIT_FAULT_ALLOC, 1, 1, ENOMEM);
	assert_int_equal(db_number(db, "SELECT 4711"), 4711);
	assert_int_equal(unit_fault_disarm(), 1);
	const struct weir_db_stats before = db_stats(db);

	assert_int_equal(db_number(db, "SELECT 4711"), 4711); /* now it is kept */
	assert_int_equal(db_stats(db).statement_hits, before.statement_hits);
	assert_int_equal(db_number(db, "SELECT 4711"), 4711);
	assert_int_equal(db_stats(db).statement_hits, before.statement_hits + 1);
	db_end(db);
}

/* ---- threads ---- */

static void without_a_thread_for_the_keeper_there_is_no_db(void **state)
{
	struct weir_error err = WEIR_ERROR_INIT;
	struct weir_db *db = NULL;

	unit_fault_arm(UNIT_FAULT_THREAD, 1, 1, EAGAIN);
	assert_code(db_try_make(*state, NULL, &db, &err), WEIR_ERR_NO_THREAD);
	assert_int_equal(unit_fault_disarm(), 1);
	assert_null(db);
	assert_has(err.message, "keeper");
	db = db_make(*state, NULL);
	db_exec(db, "CREATE TABLE t (v)");
	db_end(db);
}

/* ---- moments ---- */

static void note(void *arg)
{
	*(bool *)arg = true;
}

static void cancel(void *arg)
{
	const struct db_asked *const asked = arg;

	weir_ticket_cancel(asked->ticket);
}

/* While another process wrote, as far as the group can know. */
static void a_job_cancelled_as_its_transaction_begins_leaves_none(void **state)
{
	struct weir_db *const db = make_db(*state, "keeper=manual");
	struct db_script script = {.sql = {"INSERT INTO t VALUES (1)"}};
	struct db_asked asked;
	bool rolled_back = false;

	db_submit(db, &script, NULL, &asked);
	db_before_next(DB_FAULT_BEGIN, cancel, &asked);
	db_before_next(DB_FAULT_ROLLBACK, note, &rolled_back);
	db_collect(&asked);
	assert_code(asked.code, WEIR_ERR_CANCELLED);
	assert_int_equal(asked.result.outcome, WEIR_TIMED_OUT);
	assert_int_equal(asked.result.runs, 0);
	assert_int_equal(atomic_load(&script.calls), 0);
	/* Others can write. */
	assert_true(rolled_back);
	sqlite3 *const foreign = db_foreign(*state);

	db_foreign_exec(foreign, "INSERT INTO t VALUES (2)");
	assert_int_equal(sqlite3_close(foreign), SQLITE_OK);
	db_exec(db, "INSERT INTO t VALUES (3)");
	db_assert_rows(*state, "SELECT v FROM t ORDER BY rowid", "2,3");
	db_end(db);
}

static void write_beside(void *arg)
{
	db_exec(arg, "INSERT INTO t VALUES (2)");
}

/* A leader comes to it between the look of the cancel and its step. */
static void a_job_that_ends_as_it_is_cancelled_ends_once(void **state)
{
	struct weir_db *const db = make_db(*state, "keeper=manual");
	struct db_script script = {.sql = {"INSERT INTO t VALUES (1)"}};
	struct db_asked asked;

	db_submit(db, &script, NULL, &asked);
	/* The next clock that is read is the one of abandon. */
	unit_fault_interrupt(UNIT_FAULT_NOW, 1, write_beside, db);
	weir_ticket_cancel(asked.ticket);
	assert_int_equal(unit_fault_disarm(), 1);
	db_collect(&asked);
	assert_code(asked.code, WEIR_ERR_CANCELLED);
	assert_int_equal(asked.result.outcome, WEIR_TIMED_OUT);
	assert_int_equal(atomic_load(&script.calls), 0);
	assert_int_equal(db_stats(db).jobs[WEIR_TIMED_OUT], 1);
	assert_string_not_equal(asked.err.where, "ticket.cancel"); /* the leader ended it */
	db_assert_rows(*state, "SELECT v FROM t ORDER BY rowid", "2");
	db_end(db);
}

static void fail_begin(void *arg)
{
	(void)arg;
	db_fail_next(DB_FAULT_BEGIN, 1000000, WEIR_ERR_DRIVER_BROKEN);
}

/* A job that ran, was undone by its neighbour, and cannot run again: it failed. */
static void a_job_that_cannot_run_again_has_failed(void **state)
{
	struct weir_db *const db = make_db(*state, "keeper=manual&group_time=10s");
	struct db_script good = {.sql = {"INSERT INTO t VALUES (1)"}};
	struct db_script bad = {.sql = {"INSERT OR ROLLBACK INTO u VALUES (1)"}, .before = fail_begin};
	struct db_asked asked[2];

	db_exec(db, "CREATE TABLE u (v UNIQUE)");
	db_exec(db, "INSERT INTO u VALUES (1)");
	db_submit(db, &good, NULL, &asked[0]);
	db_submit(db, &bad, NULL, &asked[1]);
	db_collect(&asked[1]);
	db_collect(&asked[0]);
	db_heal();
	assert_int_equal(asked[1].result.outcome, WEIR_FAILED);
	assert_code(asked[0].code, WEIR_ERR_WRITER_DOWN);
	assert_int_equal(asked[0].result.outcome, WEIR_FAILED);
	assert_int_equal(asked[0].result.runs, 1);
	assert_int_equal(db_file_number(*state, "SELECT count(*) FROM t"), 0);
	db_end(db);
}

/* ---- the writer ---- */

static void a_lease_whose_rollback_fails_costs_the_writer(void **state)
{
	struct weir_db *const db = make_db(*state, "keeper=manual");
	const uint64_t opens = db_stats(db).writer_opens;
	struct weir_tx tx = {0};
	struct weir_tx equal[2] = {{0}, {0}};

	assert_code(weir_write_begin(db, NULL, &tx, NULL), WEIR_OK);
	db_tx_exec(&tx, "INSERT INTO t VALUES (1)");
	db_fail_next(DB_FAULT_ROLLBACK, 1, WEIR_ERR_DRIVER_BROKEN);
	weir_tx_end(&tx);
	assert_int_equal(db_file_number(*state, "SELECT count(*) FROM t"), 0);
	db_exec(db, "INSERT INTO t VALUES (2)");
	assert_int_equal(db_stats(db).writer_opens, opens + 1);

	/* So does the transaction that keeps writers out while equal reads begin; they
	 * are as good as ever. */
	db_fail_next(DB_FAULT_ROLLBACK, 1, WEIR_ERR_DRIVER_BROKEN);
	assert_code(weir_read_begin_equal(db, NULL, equal, 2, NULL), WEIR_OK);
	db_exec(db, "INSERT INTO t VALUES (3)");
	assert_int_equal(db_stats(db).writer_opens, opens + 2);
	for (int i = 0; i < 2; i++) {
		int64_t rows = 0;

		assert_code(db_tx_number(&equal[i], "SELECT count(*) FROM t", &rows, NULL), WEIR_OK);
		assert_int_equal(rows, 1);
		weir_tx_end(&equal[i]);
	}
	db_end(db);
}

static void who_comes_late_to_a_free_file_has_timed_out(void **state)
{
	struct weir_db *const db = make_db(*state, "keeper=manual");
	const uint64_t opens = db_stats(db).writer_opens;
	struct weir_tx tx = {0};

	db_fail_next(DB_FAULT_BEGIN, 1, WEIR_ERR_DRIVER_DEADLINE);
	assert_code(weir_write_begin(db, NULL, &tx, NULL), WEIR_ERR_GATE_TIMEOUT);
	db_exec(db, "INSERT INTO t VALUES (1)");
	assert_int_equal(db_stats(db).writer_opens, opens);
	db_end(db);
}

/* Pauses double, up to a second and no further. */
static void pauses_of_a_writer_that_is_down_are_bounded(void **state)
{
	static const struct {
		uint32_t failures; /* before this one */
		int64_t pause_ns;
	} cases[] = {
		{2, WEIR_MILLISECONDS(10)}, {3, WEIR_MILLISECONDS(20)}, {8, WEIR_MILLISECONDS(640)},
		{9, WEIR_SECONDS(1)},       {1000, WEIR_SECONDS(1)},
	};
	struct weir_db *const db = make_db(*state, "keeper=manual");
	struct weir_error why = WEIR_ERROR_INIT;

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		db->troubles.failures = cases[i].failures;
		const int64_t before_ns = wp_now();

		weir__writer_give_up(db, &why);
		assert_in_range(db->troubles.retry_ns, before_ns + cases[i].pause_ns,
		                wp_now() + cases[i].pause_ns);
		db->troubles.retry_ns = 0;
		assert_code(weir__writer_ready(db, NULL), WEIR_OK);
	}
	assert_int_equal(db_lines(*state), 1); /* down, once: at the first pause */
	db_end(db);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DB_TEST(creation_without_memory_is_refused),
		DB_TEST(a_write_without_memory_is_not_done),
		DB_TEST(a_ticket_without_memory_is_refused),
		DB_TEST(a_text_that_cannot_be_remembered_is_run_all_the_same),
		DB_TEST(a_cache_without_memory_is_no_cache),
		DB_TEST(without_a_thread_for_the_keeper_there_is_no_db),
		DB_TEST(a_job_cancelled_as_its_transaction_begins_leaves_none),
		DB_TEST(a_job_that_ends_as_it_is_cancelled_ends_once),
		DB_TEST(a_job_that_cannot_run_again_has_failed),
		DB_TEST(a_lease_whose_rollback_fails_costs_the_writer),
		DB_TEST(who_comes_late_to_a_free_file_has_timed_out),
		DB_TEST(pauses_of_a_writer_that_is_down_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
