/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Jobs that end the thread that runs them, and threads that are cancelled while they
 * write: the group is carried on, everybody has the outcome that is true, and the
 * gate is not held by a thread that is no more.
 */
#include "db_fixture.h"

#include <pthread.h>
#include <time.h>

/* A job that inserts, and then ends its thread. */
static int exit_job(struct weir_tx *tx, void *arg)
{
	(void)!weir_tx_exec(tx, arg, NULL, 0, NULL, NULL);
	pthread_exit(NULL);
	return 0;
}

struct victim {
	struct weir_db *db;
	weir_job job;
	void *arg;
	struct weir_ticket *ticket; /* waits for it in place of running a job */
	_Atomic uint32_t reached;
	struct weir_write_result result;
};

static void *run_job(void *argument)
{
	struct victim *const victim = argument;

	victim->result.size = sizeof victim->result;
	if (victim->ticket != NULL)
		(void)!weir_ticket_wait(victim->ticket, db_soon());
	else
		(void)!weir_db_run(victim->db, victim->job, victim->arg, NULL, &victim->result, NULL);
	atomic_store(&victim->reached, 1);
	pthread_testcancel();
	atomic_store(&victim->reached, 2);
	return NULL;
}

static void start(pthread_t *thread, void *(*run)(void *), void *argument)
{
	assert_int_equal(pthread_create(thread, NULL, run, argument), 0);
}

static void join(pthread_t thread)
{
	assert_int_equal(pthread_join(thread, NULL), 0);
}

static struct weir_db *make_db(void **state, const char *settings)
{
	struct weir_db *const db = db_make(*state, settings);

	db_exec(db, "CREATE TABLE t (v INTEGER)");
	return db;
}

/* Nobody holds the gate, nobody is queued, and it can be had. */
static void assert_free(struct weir_db *db)
{
	const struct weir_db_stats stats = db_stats(db);

	assert_int_equal(stats.gate.held_ns, 0);
	assert_int_equal(stats.gate.length[WEIR_LANE_NORMAL], 0);
	db_exec(db, "INSERT INTO t VALUES (100)");
}

static void a_job_that_ends_its_thread_has_failed(void **state)
{
	struct weir_db *const db = make_db(state, "keeper=manual");
	struct victim victim = {.db = db, .job = exit_job, .arg = "INSERT INTO t VALUES (1)"};
	pthread_t thread;

	start(&thread, run_job, &victim);
	join(thread);
	assert_int_equal(atomic_load(&victim.reached), 0);
	assert_int_equal(db_stats(db).jobs[WEIR_FAILED], 1);
	assert_true(db_was_told(*state, "ended its thread"));
	assert_free(db);
	db_assert_rows(*state, "SELECT v FROM t", "100");
	db_end(db);
}

/* Tickets, one of which ends the thread that leads; that thread is not theirs. */
static void lead_to_an_end(void **state, const char *settings, uint32_t ends)
{
	struct weir_db *const db = make_db(state, settings);
	struct db_script scripts[5] = {{.sql = {"INSERT INTO t VALUES (1)"}},
	                               {.sql = {"INSERT INTO t VALUES (2)"}},
	                               {.sql = {"INSERT INTO t VALUES (3)"}},
	                               {.sql = {"INSERT INTO t VALUES (4)"}},
	                               {.sql = {"INSERT INTO t VALUES (5)"}}};
	struct db_asked asked[5] = {0};
	struct weir_ticket *exits[2] = {0};
	struct victim victim = {.db = db};
	pthread_t thread;

	for (uint32_t i = 0; i < 5; i++) {
		db_submit(db, &scripts[i], NULL, &asked[i]);
		if (i > 0 && i <= ends)
			assert_code(weir_db_submit(db, exit_job, "INSERT INTO t VALUES (99)", NULL,
			                           &exits[i - 1], NULL),
			            WEIR_OK);
	}
	victim.ticket = asked[4].ticket;
	start(&thread, run_job, &victim);
	join(thread);
	assert_int_equal(atomic_load(&victim.reached), 0);
	for (uint32_t i = 0; i < 5; i++) {
		db_collect(&asked[i]);
		assert_code(asked[i].code, WEIR_OK);
	}
	for (uint32_t i = 0; i < ends; i++) {
		struct weir_error err = WEIR_ERROR_INIT;

		assert_code(weir_ticket_collect(exits[i], db_soon(), NULL, &err), WEIR_ERR_JOB_FAILED);
		assert_has(err.message, "ended its thread");
	}
	assert_free(db);
	db_assert_rows(*state, "SELECT v FROM t ORDER BY v", "1,2,3,4,5,100");
	db_end(db);
}

static void its_neighbours_are_committed(void **state)
{
	lead_to_an_end(state, "keeper=manual", 1);
}

static void several_may_end_one_thread(void **state)
{
	lead_to_an_end(state, "keeper=manual", 2);
}

static void groups_of_one_go_on_too(void **state)
{
	lead_to_an_end(state, "keeper=manual&group_max=1", 1);
}

/* Each that ends the thread costs its neighbours a run, but not for ever. */
static void many_that_end_it_cost_a_bounded_number_of_runs(void **state)
{
	enum { JOBS = 40 };
	struct weir_db *const db = make_db(state, "keeper=manual&group_time=10s");
	struct db_script script = {.sql = {"INSERT INTO t VALUES (1)"}};
	struct db_asked asked[JOBS] = {0};
	struct weir_ticket *exits[JOBS] = {0};
	struct victim victim = {.db = db};
	pthread_t thread;

	for (uint32_t i = 0; i < JOBS; i++) {
		db_submit(db, &script, NULL, &asked[i]);
		assert_code(
			weir_db_submit(db, exit_job, "INSERT INTO t VALUES (99)", NULL, &exits[i], NULL),
			WEIR_OK);
	}
	victim.ticket = asked[JOBS - 1].ticket;
	start(&thread, run_job, &victim);
	join(thread);
	for (uint32_t i = 0; i < JOBS; i++) {
		db_collect(&asked[i]);
		assert_code(asked[i].code, WEIR_OK);
		assert_code(weir_ticket_collect(exits[i], db_soon(), NULL, NULL), WEIR_ERR_JOB_FAILED);
	}
	assert_in_range(script.calls, JOBS, 5 * JOBS); /* LOSSES_MAX + 2 */
	db_end(db);
}

/* The leader's own job waits behind those that end its thread. */
static void a_leader_that_is_ended_has_its_own_job_done(void **state)
{
	struct weir_db *const db = make_db(state, "keeper=manual&group_max=1");
	struct db_script own = {.sql = {"INSERT INTO t VALUES (1)"}};
	struct victim victim = {.db = db, .job = db_run_script, .arg = &own};
	struct weir_ticket *tickets[3] = {0};
	pthread_t thread;

	for (int i = 0; i < 3; i++)
		assert_code(
			weir_db_submit(db, exit_job, "INSERT INTO t VALUES (99)", NULL, &tickets[i], NULL),
			WEIR_OK);
	start(&thread, run_job, &victim);
	join(thread);
	assert_int_equal(atomic_load(&victim.reached), 0);
	assert_int_equal(own.calls, 1);
	for (int i = 0; i < 3; i++)
		assert_code(weir_ticket_collect(tickets[i], db_soon(), NULL, NULL), WEIR_ERR_JOB_FAILED);
	assert_free(db);
	db_assert_rows(*state, "SELECT v FROM t ORDER BY v", "1,100");
	db_end(db);
}

static void the_keeper_outlives_jobs_that_end_it(void **state)
{
	struct weir_db *const db = make_db(state, NULL);

	for (int i = 0; i < 3; i++) {
		struct db_script script = {.sql = {"INSERT INTO t VALUES (1)"}};
		struct db_asked asked = {0};
		struct weir_ticket *ticket = NULL;

		assert_code(weir_db_submit(db, exit_job, "INSERT INTO t VALUES (99)", NULL, &ticket, NULL),
		            WEIR_OK);
		while (!weir_ticket_poll(ticket))
			db_pause();
		assert_code(weir_ticket_collect(ticket, db_soon(), NULL, NULL), WEIR_ERR_JOB_FAILED);
		db_submit(db, &script, NULL, &asked);
		while (!weir_ticket_poll(asked.ticket)) /* nobody but the keeper leads it */
			db_pause();
		db_collect(&asked);
		assert_code(asked.code, WEIR_OK);
	}
	assert_free(db);
	db_assert_rows(*state, "SELECT v FROM t ORDER BY v", "1,1,1,100");
	db_end(db);
}

/* How far below the begin of its thread's stack a job runs. */
static int note_depth_and_exit(struct weir_tx *tx, void *arg)
{
	pthread_attr_t attributes;
	void *stack = NULL;
	size_t bytes = 0;

	(void)tx;
	if (pthread_getattr_np(pthread_self(), &attributes) == 0) {
		(void)pthread_attr_getstack(&attributes, &stack, &bytes);
		(void)pthread_attr_destroy(&attributes);
	}
	*(uintptr_t *)arg = (uintptr_t)stack + bytes - (uintptr_t)__builtin_frame_address(0);
	pthread_exit(NULL);
	return 0;
}

/* However often: the keeper does not come to the end of its stack. */
static void a_keeper_that_is_ended_uses_no_more_stack(void **state)
{
	struct weir_db *const db = make_db(state, NULL);
	uintptr_t first = 0;
	uintptr_t last = 0;

	for (int i = 0; i < 40; i++) {
		struct weir_ticket *ticket = NULL;

		assert_code(
			weir_db_submit(db, note_depth_and_exit, i < 2 ? &first : &last, NULL, &ticket, NULL),
			WEIR_OK);
		while (!weir_ticket_poll(ticket)) /* nobody but the keeper leads it */
			db_pause();
		assert_code(weir_ticket_collect(ticket, db_soon(), NULL, NULL), WEIR_ERR_JOB_FAILED);
	}
	assert_in_range(last, first - 1024, first + 1024);
	assert_free(db);
	db_end(db);
}

/* ---- cancellation ---- */

/* Ask for the thread's own cancellation, then do what has cancellation points. */
static int cancelled_job(struct weir_tx *tx, void *arg)
{
	const struct timespec moment = {.tv_nsec = 1000};

	(void)pthread_cancel(pthread_self());
	(void)nanosleep(&moment, NULL);
	return weir_tx_exec(tx, arg, NULL, 0, NULL, NULL) != WEIR_OK;
}

static void a_cancelled_thread_ends_after_its_call(void **state)
{
	struct weir_db *const db = make_db(state, "keeper=manual");
	struct victim victim = {.db = db, .job = cancelled_job, .arg = "INSERT INTO t VALUES (1)"};
	pthread_t thread;

	start(&thread, run_job, &victim);
	join(thread);
	assert_int_equal(atomic_load(&victim.reached), 1);
	assert_int_equal(victim.result.outcome, WEIR_COMMITTED);
	assert_free(db);
	db_assert_rows(*state, "SELECT v FROM t ORDER BY v", "1,100");
	db_end(db);
}

/* One that is cancelled before it begins: what it does is whole nevertheless. */
static void *use_everything(void *argument)
{
	struct victim *const victim = argument;
	struct weir_db *const db = victim->db;
	struct weir_tx tx = {0};
	struct weir_rows rows;
	struct weir_sql_value value;
	int64_t sum = 0;
	bool sound;

	(void)pthread_cancel(pthread_self());
	sound = weir_write_begin(db, NULL, &tx, NULL) == WEIR_OK &&
	        weir_tx_exec(&tx, "INSERT INTO t VALUES (1), (2), (3)", NULL, 0, NULL, NULL) ==
	            WEIR_OK &&
	        weir_write_commit(&tx, NULL, NULL) == WEIR_OK;
	sound = sound && weir_write_begin(db, NULL, &tx, NULL) == WEIR_OK &&
	        weir_tx_exec(&tx, "INSERT INTO t VALUES (99)", NULL, 0, NULL, NULL) == WEIR_OK;
	pthread_testcancel(); /* not while it has a tx */
	weir_tx_end(&tx);
	sound = sound && weir_read_begin(db, NULL, &tx, NULL) == WEIR_OK &&
	        weir_tx_query(&tx, "SELECT v FROM t", NULL, 0, &rows, NULL) == WEIR_OK;
	while (sound && weir_rows_next(&rows, NULL, NULL)) {
		pthread_testcancel();
		sound = weir_rows_value(&rows, 0, &value, NULL) == WEIR_OK;
		sum += value.as.int64;
	}
	weir_rows_end(&rows);
	weir_tx_end(&tx);
	sound = sound && weir_db_checkpoint(db, NULL, NULL) == WEIR_OK;
	atomic_store(&victim->reached, sound && sum == 6 ? 1 : 10);
	pthread_testcancel();
	atomic_store(&victim->reached, 2);
	return NULL;
}

static void no_call_is_cut_by_a_cancellation(void **state)
{
	struct weir_db *const db = make_db(state, "keeper=manual");
	struct victim victim = {.db = db};
	pthread_t thread;

	start(&thread, use_everything, &victim);
	join(thread);
	assert_int_equal(atomic_load(&victim.reached), 1);
	assert_free(db);
	db_assert_rows(*state, "SELECT v FROM t ORDER BY v", "1,2,3,100");
	db_end(db);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DB_TEST(a_job_that_ends_its_thread_has_failed),
		DB_TEST(its_neighbours_are_committed),
		DB_TEST(several_may_end_one_thread),
		DB_TEST(groups_of_one_go_on_too),
		DB_TEST(many_that_end_it_cost_a_bounded_number_of_runs),
		DB_TEST(a_leader_that_is_ended_has_its_own_job_done),
		DB_TEST(the_keeper_outlives_jobs_that_end_it),
		DB_TEST(a_keeper_that_is_ended_uses_no_more_stack),
		DB_TEST(a_cancelled_thread_ends_after_its_call),
		DB_TEST(no_call_is_cut_by_a_cancellation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
