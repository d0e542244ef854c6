/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What weir_db counts in its own histograms: each write that was let in, each commit,
 * group, sync and checkpoint, once, and nothing else; and no time shorter than what it
 * took. By hand, so that nothing happens at a time of its own.
 */
#include "db_fixture.h"

#include "db_fault.h"

#include <string.h>
#include <unistd.h>
#include <weir/histogram.h>

#define MEMBERS 5
#define PAUSE_NS WEIR_MILLISECONDS(3)

static struct weir_db *make_db(struct db_fixture *fixture, const char *settings)
{
	struct weir_db *db;

	db_heal();
	fixture->driver = db_faulty_driver();
	db = db_make(fixture, settings);
	db_exec(db, "CREATE TABLE t (v)");
	return db;
}

/* All of a db's, as they are now. */
struct figures {
	struct weir_histogram of[WEIR_HISTOGRAMS_COUNT];
};

static void read_figures(struct weir_db *db, struct figures *figures)
{
	const struct weir_metrics_source source = {.db = db};

	for (int id = 0; id < WEIR_HISTOGRAMS_COUNT; id++) {
		struct weir_histogram *const histogram = &figures->of[id];
		uint64_t total = 0;

		histogram->size = sizeof *histogram;
		assert_code(weir_metrics_histogram(&source, (enum weir_histogram_id)id, histogram),
		            WEIR_OK);
		for (size_t i = 0; i < WEIR_HISTOGRAM_BUCKETS; i++)
			total += histogram->buckets[i];
		assert_int_equal(histogram->count, total);
	}
}

static struct figures before;
static struct figures now;

/* Since the last look: how many values came, and their sum. */
static uint64_t came(enum weir_histogram_id id)
{
	return now.of[id].count - before.of[id].count;
}

static uint64_t added(enum weir_histogram_id id)
{
	return now.of[id].sum - before.of[id].sum;
}

static void pause_a_moment(void *arg)
{
	(void)arg;
	(void)usleep((useconds_t)(PAUSE_NS / WEIR_MICROSECONDS(1)));
}

/* ---- writes ---- */

static void a_group_counts_each_member_and_one_commit(void **state)
{
	struct weir_db *const db = make_db(*state, "keeper=manual&synchronous=off");
	struct db_script script = {.sql = {"INSERT INTO t VALUES (1)"}};
	struct db_asked asked[MEMBERS];
	uint64_t queued_ns = 0;

	read_figures(db, &before);
	for (int i = 0; i < MEMBERS; i++)
		db_submit(db, &script, NULL, &asked[i]);
	pause_a_moment(NULL);
	db_before_next(DB_FAULT_COMMIT, pause_a_moment, NULL);
	for (int i = 0; i < MEMBERS; i++) {
		db_collect(&asked[i]);
		assert_code(asked[i].code, WEIR_OK);
		assert_int_equal(asked[i].result.group_size, MEMBERS);
		queued_ns += (uint64_t)asked[i].result.queued_ns;
	}
	read_figures(db, &now);
	assert_int_equal(came(WEIR_HISTOGRAM_GATE_WAIT), MEMBERS);
	assert_int_equal(added(WEIR_HISTOGRAM_GATE_WAIT), queued_ns);
	assert_true(queued_ns >= (uint64_t)(MEMBERS * PAUSE_NS));
	assert_int_equal(came(WEIR_HISTOGRAM_COMMIT), 1);
	assert_true(added(WEIR_HISTOGRAM_COMMIT) >= (uint64_t)PAUSE_NS);
	assert_int_equal(came(WEIR_HISTOGRAM_GROUP_SIZE), 1);
	assert_int_equal(added(WEIR_HISTOGRAM_GROUP_SIZE), MEMBERS);
	assert_int_equal(now.of[WEIR_HISTOGRAM_GROUP_SIZE].buckets[MEMBERS], 1);
	assert_int_equal(came(WEIR_HISTOGRAM_SYNC), 0);
	assert_int_equal(came(WEIR_HISTOGRAM_CHECKPOINT), 0);
	db_end(db);
}

/* One that runs again because of a neighbour was let in once. */
static void a_job_that_runs_twice_has_waited_once(void **state)
{
	struct weir_db *const db = make_db(*state, "keeper=manual");
	struct db_script good = {.sql = {"INSERT INTO t VALUES (1)"}};
	struct db_script bad = {.sql = {"INSERT INTO nowhere VALUES (1)"}};
	struct db_asked asked[2];

	read_figures(db, &before);
	db_submit(db, &good, NULL, &asked[0]);
	db_submit(db, &bad, NULL, &asked[1]);
	db_collect(&asked[0]);
	db_collect(&asked[1]);
	assert_int_equal(asked[0].result.runs, 2);
	assert_int_equal(asked[1].result.outcome, WEIR_FAILED);
	read_figures(db, &now);
	assert_int_equal(came(WEIR_HISTOGRAM_GATE_WAIT), 2);
	assert_int_equal(came(WEIR_HISTOGRAM_COMMIT), 1);
	assert_int_equal(added(WEIR_HISTOGRAM_GROUP_SIZE), 1);
	db_end(db);
}

static void a_lease_waits_and_commits_as_a_job_does(void **state)
{
	struct weir_db *const db = make_db(*state, "keeper=manual");
	struct weir_tx tx = {0};

	read_figures(db, &before);
	db_before_next(DB_FAULT_BEGIN, pause_a_moment, NULL);
	assert_code(weir_write_begin(db, NULL, &tx, NULL), WEIR_OK);
	db_tx_exec(&tx, "INSERT INTO t VALUES (1)");
	db_before_next(DB_FAULT_COMMIT, pause_a_moment, NULL);
	assert_code(weir_write_commit(&tx, NULL, NULL), WEIR_OK);
	read_figures(db, &now);
	assert_int_equal(came(WEIR_HISTOGRAM_GATE_WAIT), 1);
	assert_true(added(WEIR_HISTOGRAM_GATE_WAIT) >= (uint64_t)PAUSE_NS);
	assert_int_equal(came(WEIR_HISTOGRAM_COMMIT), 1);
	assert_true(added(WEIR_HISTOGRAM_COMMIT) >= (uint64_t)PAUSE_NS);
	assert_int_equal(came(WEIR_HISTOGRAM_GROUP_SIZE), 0); /* it is no group */
	/* One that is rolled back has waited, too. */
	assert_code(weir_write_begin(db, NULL, &tx, NULL), WEIR_OK);
	weir_tx_end(&tx);
	read_figures(db, &now);
	assert_int_equal(came(WEIR_HISTOGRAM_GATE_WAIT), 2);
	assert_int_equal(came(WEIR_HISTOGRAM_COMMIT), 1);
	db_end(db);
}

static void what_was_not_let_in_or_not_committed_does_not_count(void **state)
{
	struct weir_db *const db = make_db(*state, "keeper=manual");
	struct db_script script = {.sql = {"INSERT INTO t VALUES (1)"}};
	struct weir_write_options options = db_options();
	struct db_holder holder = {0};
	struct weir_tx tx = {0};
	struct db_asked asked;

	db_hold(&holder, db);
	read_figures(db, &before);
	options.timeout_ns = WEIR_MILLISECONDS(2);
	db_submit(db, &script, &options, &asked);
	db_collect(&asked);
	assert_int_equal(asked.result.outcome, WEIR_TIMED_OUT);
	assert_code(weir_write_begin(db, &options, &tx, NULL), WEIR_ERR_GATE_TIMEOUT);
	read_figures(db, &now);
	assert_int_equal(came(WEIR_HISTOGRAM_GATE_WAIT), 0);
	db_end_hold(&holder);
	db_fail_next(DB_FAULT_COMMIT, 1, WEIR_ERR_DRIVER);
	db_submit(db, &script, NULL, &asked);
	db_collect(&asked);
	assert_int_equal(asked.result.outcome, WEIR_FAILED);
	read_figures(db, &now);
	assert_int_equal(came(WEIR_HISTOGRAM_GATE_WAIT), 1);
	assert_int_equal(came(WEIR_HISTOGRAM_COMMIT), 0);
	assert_int_equal(came(WEIR_HISTOGRAM_GROUP_SIZE), 0);
	db_end(db);
}

/* ---- what writes lead to ---- */

static void checkpoints_and_syncs_are_timed(void **state)
{
	struct weir_db *const db = make_db(*state, "keeper=manual&synchronous=full");

	read_figures(db, &before);
	db_exec(db, "INSERT INTO t VALUES (1)");
	read_figures(db, &now);
	assert_int_equal(came(WEIR_HISTOGRAM_SYNC), 1);
	assert_true(added(WEIR_HISTOGRAM_SYNC) > 0);
	assert_true(added(WEIR_HISTOGRAM_SYNC) <= added(WEIR_HISTOGRAM_COMMIT));
	db_before_next(DB_FAULT_CHECKPOINT, pause_a_moment, NULL);
	assert_code(weir_db_checkpoint(db, NULL, NULL), WEIR_OK);
	read_figures(db, &now);
	assert_int_equal(came(WEIR_HISTOGRAM_CHECKPOINT), 1);
	assert_int_equal(now.of[WEIR_HISTOGRAM_CHECKPOINT].count, db_stats(db).checkpoints);
	assert_true(added(WEIR_HISTOGRAM_CHECKPOINT) >= (uint64_t)PAUSE_NS);
	/* The aide's count as well: the log, and then what was copied. */
	assert_true(came(WEIR_HISTOGRAM_SYNC) >= 2);
	before = now;
	db_fail_next(DB_FAULT_CHECKPOINT, 1, WEIR_ERR_DRIVER_BUSY);
	assert_code(weir_db_checkpoint(db, NULL, NULL), WEIR_ERR_DRIVER_BUSY);
	read_figures(db, &now);
	assert_int_equal(came(WEIR_HISTOGRAM_CHECKPOINT), 0);
	db_end(db);
}

static void a_private_database_has_groups_and_no_syncs(void **state)
{
	struct weir_config config;
	struct weir_db *db = NULL;

	(void)state;
	weir_config_init(&config, weir_sqlite_driver());
	assert_code(weir_config_apply_url(&config, weir_sqlite_driver(), "sqlite::memory:", NULL, NULL),
	            WEIR_OK);
	assert_code(weir_db_create(&db, weir_sqlite_driver(), &config, NULL, NULL), WEIR_OK);
	db_exec(db, "CREATE TABLE t (v)");
	read_figures(db, &now);
	assert_int_equal(now.of[WEIR_HISTOGRAM_GROUP_SIZE].count, 1);
	assert_int_equal(now.of[WEIR_HISTOGRAM_COMMIT].count, 1);
	assert_int_equal(now.of[WEIR_HISTOGRAM_SYNC].count, 0);
	db_end(db);
}

static void without_metrics_there_is_nothing(void **state)
{
	struct weir_db *const db = make_db(*state, "keeper=manual&metrics=false");
	struct weir_tx tx = {0};

	assert_code(weir_write_begin(db, NULL, &tx, NULL), WEIR_OK);
	db_tx_exec(&tx, "INSERT INTO t VALUES (1)");
	assert_code(weir_write_commit(&tx, NULL, NULL), WEIR_OK);
	assert_code(weir_db_checkpoint(db, NULL, NULL), WEIR_OK);
	assert_int_equal(db_number(db, "SELECT count(*) FROM t"), 1);
	read_figures(db, &now);
	for (int id = 0; id < WEIR_HISTOGRAMS_COUNT; id++)
		assert_int_equal(now.of[id].count, 0);
	db_end(db);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DB_TEST(a_group_counts_each_member_and_one_commit),
		DB_TEST(a_job_that_runs_twice_has_waited_once),
		DB_TEST(a_lease_waits_and_commits_as_a_job_does),
		DB_TEST(what_was_not_let_in_or_not_committed_does_not_count),
		DB_TEST(checkpoints_and_syncs_are_timed),
		DB_TEST(a_private_database_has_groups_and_no_syncs),
		DB_TEST(without_metrics_there_is_nothing),
	};

	return cmocka_run_group_tests(tests, unit_count_threads, unit_await_threads);
}
