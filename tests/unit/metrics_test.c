/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Figures: each row is the figure that its name says, and an event moves the rows that
 * belong to it and no other.
 */
#include "db_fault.h"
#include "db_fixture.h"
#include "unit_pool.h"

#include <string.h>
#include <weir/metrics.h>

/* By how much a row moved. */
struct move {
	enum weir_metric_id row;
	int64_t by;
};

static struct weir_metrics figures_of(struct weir_pool *pool, struct weir_db *db)
{
	const struct weir_metrics_source source = {.db = db, .pool = pool};
	struct weir_metrics metrics = {.size = sizeof metrics};

	assert_code(weir_metrics_read(&source, &metrics), WEIR_OK);
	return metrics;
}

/* Since *before, these rows moved as given, and no other; *before is then of now. */
static void expect_moves(struct weir_metrics *before, struct weir_metrics now,
                         const struct move *moves, size_t count, int line)
{
	size_t rows_count;
	const struct weir_metric *rows = weir_metrics_table(&rows_count);

	for (size_t row = 0; row < rows_count; row++) {
		const int64_t by = (int64_t)(now.values[row] - before->values[row]);
		int64_t expected = 0;

		for (size_t i = 0; i < count; i++)
			expected += moves[i].row == (enum weir_metric_id)row ? moves[i].by : 0;
		if (by != expected)
			fail_msg("line %d: %s %s moved by %lld, not %lld", line, rows[row].name,
			         rows[row].value, (long long)by, (long long)expected);
	}
	*before = now;
}

#define EXPECT_MOVES(before, now, ...)                                                             \
	expect_moves((before), (now), (const struct move[]){__VA_ARGS__},                              \
	             sizeof((const struct move[]){__VA_ARGS__}) / sizeof(struct move), __LINE__)
#define ROW(id, by)                                                                                \
	{                                                                                              \
		WEIR_METRIC_##id, (by)                                                                     \
	}

/* ---- the table ---- */

static void rows_stand_together_and_are_whole(void **state)
{
	size_t count;
	const struct weir_metric *rows = weir_metrics_table(&count);

	(void)state;
	assert_int_equal(count, WEIR_METRICS_COUNT);
	for (size_t i = 0; i < count; i++) {
		assert_true(rows[i].name[0] != '\0' && rows[i].unit[0] != '\0' && rows[i].doc[0] != '\0');
		assert_int_equal(rows[i].attribute[0] == '\0', rows[i].value[0] == '\0');
		assert_true(strcmp(rows[i].source, "otel") == 0 || strcmp(rows[i].source, "weir") == 0);
		assert_int_equal(strncmp(rows[i].name, "db.client.", 10) == 0,
		                 strcmp(rows[i].source, "otel") == 0);
		for (size_t j = 0; j < i; j++) {
			if (strcmp(rows[j].name, rows[i].name) != 0)
				continue;
			/* One HELP and one TYPE for all of a name, so they cannot differ. */
			assert_string_equal(rows[i - 1].name, rows[i].name);
			assert_string_equal(rows[j].attribute, rows[i].attribute);
			assert_string_not_equal(rows[j].value, rows[i].value);
			assert_string_equal(rows[j].unit, rows[i].unit);
			assert_string_equal(rows[j].doc, rows[i].doc);
			assert_int_equal(rows[j].instrument, rows[i].instrument);
		}
	}
}

/* Rows are filled by adding the reason, or the outcome, to the first of them. */
static void ranges_stand_in_the_order_of_their_enums(void **state)
{
	static const char *const reasons[WEIR_CLOSE_REASONS] = {
		[WEIR_CLOSE_BROKEN] = "broken",     [WEIR_CLOSE_VALIDATE] = "validate",
		[WEIR_CLOSE_RESET] = "reset",       [WEIR_CLOSE_IDLE] = "idle",
		[WEIR_CLOSE_LIFETIME] = "lifetime", [WEIR_CLOSE_SHUTDOWN] = "shutdown",
		[WEIR_CLOSE_STALE] = "stale",
	};
	static const char *const outcomes[WEIR_INDETERMINATE + 1] = {
		[WEIR_COMMITTED] = "committed",         [WEIR_FAILED] = "failed",
		[WEIR_REJECTED] = "rejected",           [WEIR_TIMED_OUT] = "timed_out",
		[WEIR_INDETERMINATE] = "indeterminate",
	};
	size_t count;
	const struct weir_metric *rows = weir_metrics_table(&count);

	(void)state;
	for (int reason = 0; reason < WEIR_CLOSE_REASONS; reason++) {
		assert_string_equal(rows[WEIR_METRIC_CLOSED_BROKEN + reason].attribute,
		                    "weir.close.reason");
		assert_string_equal(rows[WEIR_METRIC_CLOSED_BROKEN + reason].value, reasons[reason]);
	}
	assert_string_not_equal(rows[WEIR_METRIC_CLOSED_BROKEN + WEIR_CLOSE_REASONS].attribute,
	                        "weir.close.reason");
	for (int outcome = WEIR_COMMITTED; outcome <= WEIR_INDETERMINATE; outcome++)
		assert_string_equal(rows[WEIR_METRIC_COMMITTED + outcome - WEIR_COMMITTED].value,
		                    outcomes[outcome]);
}

static void refuses_bad_arguments(void **state)
{
	struct weir_pool *pool = unit_pool_prompt(NULL, NULL);
	struct weir_metrics metrics = {.size = sizeof metrics};
	struct weir_metrics_source source = {0};

	(void)state;
	assert_code(weir_metrics_read(NULL, &metrics), WEIR_ERR_BAD_ARGUMENT);
	assert_code(weir_metrics_read(&source, &metrics), WEIR_ERR_BAD_ARGUMENT);
	source.pool = pool;
	assert_code(weir_metrics_read(&source, NULL), WEIR_ERR_BAD_ARGUMENT);
	source.db = (struct weir_db *)pool; /* both: never looked at */
	assert_code(weir_metrics_read(&source, &metrics), WEIR_ERR_BAD_ARGUMENT);
	source.db = NULL;
	metrics.size = 0;
	assert_code(weir_metrics_read(&source, &metrics), WEIR_ERR_BAD_ARGUMENT);
	unit_pool_end(pool, NULL);
}

/* ---- a pool ---- */

static void leases_of_a_pool_move_their_rows(void **state)
{
	struct weir_stub *stub = unit_stub(NULL);
	struct weir_pool *pool = unit_pool_prompt(
		stub, "max_size=2 min_idle=1 max_waiters=1 validate_bypass=1h keepalive=0");
	struct weir_metrics before = figures_of(pool, NULL);
	struct weir_lease first = {0};
	struct weir_lease second = {0};
	struct weir_lease third = {0};

	(void)state;
	assert_string_equal(before.pool, weir_pool_name(pool));
	assert_false(before.has_db);
	assert_int_equal(before.values[WEIR_METRIC_MAX], 2);
	assert_int_equal(before.values[WEIR_METRIC_IDLE_MIN], 1);
	assert_int_equal(before.values[WEIR_METRIC_IDLE], 1);
	assert_int_equal(before.values[WEIR_METRIC_OPENS], 1);

	first = unit_acquire(pool);
	EXPECT_MOVES(&before, figures_of(pool, NULL), ROW(IDLE, -1), ROW(USED, 1), ROW(ACQUIRES, 1));
	second = unit_acquire(pool);
	EXPECT_MOVES(&before, figures_of(pool, NULL), ROW(USED, 1), ROW(ACQUIRES, 1), ROW(OPENS, 1));
	unit_discard(&second);
	EXPECT_MOVES(&before, figures_of(pool, NULL), ROW(USED, -1), ROW(CLOSED_BROKEN, 1));
	second = unit_acquire(pool);
	before = figures_of(pool, NULL);
	assert_code(weir_acquire_for(pool, &third, WEIR_MILLISECONDS(2), NULL),
	            WEIR_ERR_ACQUIRE_TIMEOUT);

	/* Whether it ran a barrier is the machine's affair. */
	struct weir_metrics now = figures_of(pool, NULL);

	before.values[WEIR_METRIC_BARRIERS] = now.values[WEIR_METRIC_BARRIERS];
	EXPECT_MOVES(&before, now, ROW(TIMEOUTS, 1), ROW(WAITS, 1));
	unit_release(&first);
	unit_release(&second);
	EXPECT_MOVES(&before, figures_of(pool, NULL), ROW(USED, -2), ROW(IDLE, 2));
	assert_code(weir_pool_reset(pool, "test", NULL), WEIR_OK);
	assert_int_equal(figures_of(pool, NULL).values[WEIR_METRIC_EPOCH], 1);
	first = unit_acquire(pool);
	unit_release(&first);
	assert_true(figures_of(pool, NULL).values[WEIR_METRIC_CLOSED_STALE] > 0);
	unit_pool_end(pool, stub);
}

static void a_queue_moves_its_rows(void **state)
{
	struct weir_stub *stub = unit_stub(NULL);
	struct weir_pool *pool = unit_pool_prompt(stub, "max_size=1 max_waiters=1");
	struct weir_lease held = unit_acquire(pool);
	struct weir_metrics before = figures_of(pool, NULL);
	struct unit_caller caller = {0};
	struct weir_lease other = {0};

	(void)state;
	unit_call(&caller, pool, UNIT_PATIENCE_NS);
	unit_await_waiters(pool, 1);
	assert_int_equal(figures_of(pool, NULL).values[WEIR_METRIC_PENDING], 1);
	assert_code(weir_acquire_for(pool, &other, UNIT_PATIENCE_NS, NULL), WEIR_ERR_EXHAUSTED);
	assert_int_equal(figures_of(pool, NULL).values[WEIR_METRIC_REJECTED], 1);
	unit_release(&held);
	assert_code(unit_answer(&caller), WEIR_OK);
	assert_int_equal(figures_of(pool, NULL).values[WEIR_METRIC_PENDING], 0);
	assert_int_equal(figures_of(pool, NULL).values[WEIR_METRIC_HANDOFFS],
	                 before.values[WEIR_METRIC_HANDOFFS] + 1);
	unit_release(&caller.lease);
	unit_pool_end(pool, stub);
}

static void connections_of_a_pool_move_their_rows(void **state)
{
	const struct weir_stub_script no_open = {.fail_opens = 1};
	const struct weir_stub_script no_validate = {.fail_validates = 1};
	const struct weir_stub_script no_reset = {.fail_resets = 1};
	struct weir_stub *stub = unit_stub(&no_open);
	struct weir_pool *pool = unit_pool_prompt(
		stub, "max_size=1 min_idle=0 validate_on_acquire=on validate_bypass=0 keepalive=0 "
			  "idle_timeout=10s max_lifetime=0");
	struct weir_metrics before = figures_of(pool, NULL);
	struct weir_lease lease = {0};

	(void)state;
	assert_code(weir_acquire_for(pool, &lease, 0, NULL), WEIR_ERR_OPEN_FAILED);
	EXPECT_MOVES(&before, figures_of(pool, NULL), ROW(OPEN_FAILURES, 1));
	lease = unit_acquire(pool);
	unit_release(&lease);
	/* Without a bypass, a connection is asked about even if it was just opened. */
	EXPECT_MOVES(&before, figures_of(pool, NULL), ROW(OPENS, 1), ROW(VALIDATIONS, 1),
	             ROW(ACQUIRES, 1), ROW(IDLE, 1));
	lease = unit_acquire(pool);
	EXPECT_MOVES(&before, figures_of(pool, NULL), ROW(VALIDATIONS, 1), ROW(ACQUIRES, 1),
	             ROW(IDLE, -1), ROW(USED, 1));
	weir_stub_set(stub, &no_reset);
	unit_release(&lease);
	EXPECT_MOVES(&before, figures_of(pool, NULL), ROW(CLOSED_RESET, 1), ROW(USED, -1));
	lease = unit_acquire(pool);
	unit_release(&lease);
	before = figures_of(pool, NULL);
	weir_stub_set(stub, &no_validate);
	lease = unit_acquire(pool);
	EXPECT_MOVES(&before, figures_of(pool, NULL), ROW(VALIDATIONS, 2), ROW(VALIDATE_FAILURES, 1),
	             ROW(CLOSED_VALIDATE, 1), ROW(OPENS, 1), ROW(ACQUIRES, 1), ROW(IDLE, -1),
	             ROW(USED, 1));
	unit_release(&lease);
	(void)weir_pool_tick(pool, weir_now()); /* idle since here: a pass counts from what it saw */
	before = figures_of(pool, NULL);
	(void)weir_pool_tick(pool, weir_deadline_in(WEIR_SECONDS(60)));
	EXPECT_MOVES(&before, figures_of(pool, NULL), ROW(CLOSED_IDLE, 1), ROW(IDLE, -1));
	unit_pool_end(pool, stub);
}

/* On an invented clock. */
static void time_moves_the_rows_of_a_pool(void **state)
{
	const struct weir_pool_options options = {.size = sizeof options, .log = weir_log_silent()};
	const struct weir_driver *const driver = weir_stub_prompt_driver();
	const int64_t start = weir_now().ns;
	struct weir_config config;
	struct weir_pool *pool = NULL;
	struct weir_metrics before;
	struct weir_lease lease;

	(void)state;
	weir_config_init(&config, driver);
	assert_code(weir_config_apply_pairs(&config, driver,
	                                    "max_size=1 min_idle=1 keepalive=10s idle_timeout=0 "
	                                    "max_lifetime=60s lifetime_jitter=0 leak_after=5s "
	                                    "use_warning=2s",
	                                    NULL, NULL),
	            WEIR_OK);
	assert_code(weir_pool_create_with(&pool, driver, NULL, &config, &options, NULL), WEIR_OK);
	(void)weir_pool_tick(pool, (struct weir_time){start});
	before = figures_of(pool, NULL);
	(void)weir_pool_tick(pool, (struct weir_time){start + WEIR_SECONDS(11)});
	EXPECT_MOVES(&before, figures_of(pool, NULL), ROW(KEEPALIVES, 1), ROW(VALIDATIONS, 1));
	lease = unit_acquire(pool);
	before = figures_of(pool, NULL);
	(void)weir_pool_tick(pool, (struct weir_time){start + WEIR_SECONDS(12)});
	(void)weir_pool_tick(pool, (struct weir_time){start + WEIR_SECONDS(20)});
	EXPECT_MOVES(&before, figures_of(pool, NULL), ROW(LEAKS, 1), ROW(LEAKED, 1), ROW(OVER_USES, 1));
	unit_release(&lease);
	(void)weir_pool_tick(pool, (struct weir_time){start + WEIR_SECONDS(21)});
	EXPECT_MOVES(&before, figures_of(pool, NULL), ROW(LEAKED, -1), ROW(USED, -1), ROW(IDLE, 1));
	(void)weir_pool_tick(pool, (struct weir_time){start + WEIR_SECONDS(90)});
	assert_int_equal(figures_of(pool, NULL).values[WEIR_METRIC_CLOSED_LIFETIME],
	                 before.values[WEIR_METRIC_CLOSED_LIFETIME] + 1);
	unit_pool_end(pool, NULL);
}

/* ---- a db ---- */

static void writes_of_a_db_move_their_rows(void **state)
{
	struct db_fixture *fixture = *state;
	struct weir_db *db = db_make(fixture, "name=the_db");
	struct db_script good = {.sql = {"INSERT INTO t VALUES (1)"}};
	struct db_script bad = {.sql = {"INSERT INTO nowhere VALUES (1)"}};
	const struct weir_write_options options = db_options();
	struct weir_metrics before;
	struct weir_metrics now;
	struct db_asked asked;

	db_exec(db, "CREATE TABLE t (x)");
	before = figures_of(NULL, db);
	assert_true(before.has_db);
	assert_string_equal(before.pool, "the_db");
	assert_int_equal(before.values[WEIR_METRIC_MAX], 4);
	assert_int_equal(before.values[WEIR_METRIC_WRITER_OPENS], 1);
	db_submit(db, &good, &options, &asked);
	db_collect(&asked);
	assert_int_equal(asked.result.outcome, WEIR_COMMITTED);
	now = figures_of(NULL, db);
	assert_int_equal(now.values[WEIR_METRIC_COMMITTED], before.values[WEIR_METRIC_COMMITTED] + 1);
	assert_int_equal(now.values[WEIR_METRIC_COMMITS], before.values[WEIR_METRIC_COMMITS] + 1);
	assert_int_equal(now.values[WEIR_METRIC_GATE_GROUPS],
	                 before.values[WEIR_METRIC_GATE_GROUPS] + 1);
	assert_true(now.values[WEIR_METRIC_STATEMENT_MISSES] >
	            before.values[WEIR_METRIC_STATEMENT_MISSES]);
	before = now;
	db_submit(db, &bad, &options, &asked);
	db_collect(&asked);
	now = figures_of(NULL, db);
	assert_int_equal(now.values[WEIR_METRIC_FAILED], before.values[WEIR_METRIC_FAILED] + 1);
	assert_int_equal(now.values[WEIR_METRIC_COMMITTED], before.values[WEIR_METRIC_COMMITTED]);
	before = now;
	db_submit(db, &good, &options, &asked);
	db_collect(&asked);
	now = figures_of(NULL, db);
	assert_true(now.values[WEIR_METRIC_STATEMENT_HITS] > before.values[WEIR_METRIC_STATEMENT_HITS]);
	db_end(db);
}

static void a_held_writer_shows_in_the_rows_of_the_gate(void **state)
{
	struct db_fixture *fixture = *state;
	struct weir_db *db = db_make(fixture, NULL);
	struct db_script good = {.sql = {"SELECT 1"}};
	struct weir_write_options options = db_options();
	struct db_holder holder = {0};
	struct weir_metrics before;
	struct weir_metrics now;
	struct db_asked asked;

	db_hold(&holder, db);
	before = figures_of(NULL, db);
	options.timeout_ns = WEIR_MILLISECONDS(2);
	db_submit(db, &good, &options, &asked);
	db_collect(&asked);
	assert_int_equal(asked.result.outcome, WEIR_TIMED_OUT);
	now = figures_of(NULL, db);
	assert_int_equal(now.values[WEIR_METRIC_WRITES_TIMED_OUT], 1);
	assert_int_equal(now.values[WEIR_METRIC_GATE_TIMEOUTS], 1);
	options = db_options();
	options.lane = WEIR_LANE_BULK;
	db_submit(db, &good, &options, &asked);
	db_await_queue(db, 1);
	now = figures_of(NULL, db);
	assert_int_equal(now.values[WEIR_METRIC_GATE_NORMAL], 0);
	assert_int_equal(now.values[WEIR_METRIC_GATE_BULK], 1);
	db_end_hold(&holder);
	db_collect(&asked);
	assert_int_equal(figures_of(NULL, db).values[WEIR_METRIC_GATE_BULK], 0);
	assert_int_equal(before.values[WEIR_METRIC_GATE_BULK], 0);
	db_end(db);
}

/* Let the gate refuse one write, and one more wait in vain. */
static void crowd_the_gate(struct weir_db *db)
{
	struct db_script script = {.sql = {"SELECT 1"}};
	struct weir_write_options options = db_options();
	struct db_holder holder = {0};
	struct db_asked asked[2];

	db_hold(&holder, db);
	options.timeout_ns = WEIR_MILLISECONDS(2);
	for (int i = 0; i < 2; i++)
		db_submit(db, &script, &options, &asked[i]);
	assert_code(weir_db_run(db, db_run_script, &script, NULL, NULL, NULL), WEIR_ERR_REJECTED);
	for (int i = 0; i < 2; i++)
		db_collect(&asked[i]);
	db_end_hold(&holder);
}

/* One job fails beside another, which runs again. */
static void spoil_a_group(struct weir_db *db)
{
	struct db_script good = {.sql = {"INSERT INTO t VALUES (1)"}};
	struct db_script bad = {.sql = {"INSERT INTO nowhere VALUES (1)"}};
	struct db_asked asked[2];

	db_submit(db, &good, NULL, &asked[0]);
	db_submit(db, &bad, NULL, &asked[1]);
	db_collect(&asked[0]);
	db_collect(&asked[1]);
}

/* Rows that nothing moves above, each against the figure that it is made of, and each
 * moved: a row that was forgotten is 0. */
static void rows_are_the_stats(void **state)
{
	struct db_fixture *fixture = *state;
	struct weir_metrics metrics;
	struct weir_db_stats stats;
	struct weir_db *db;

	db_heal();
	fixture->driver = db_faulty_driver();
	db = db_make(fixture, "keeper=manual&max_writers_waiting=2");
	db_fail_next(DB_FAULT_WARNING, 1, WEIR_ERR_DRIVER);
	db_exec(db, "CREATE TABLE t (x)");
	crowd_the_gate(db);
	spoil_a_group(db);
	db_fail_next(DB_FAULT_CHECKPOINT, 2, WEIR_ERR_DRIVER_BUSY);
	for (int i = 0; i < 5; i++)
		assert_code(weir_db_checkpoint(db, NULL, NULL), i < 2 ? WEIR_ERR_DRIVER_BUSY : WEIR_OK);
	for (int i = 0; i < 5; i++)
		assert_int_equal(db_number(db, "SELECT count(*) FROM t"), 1);
	(void)weir_db_tick(db, weir_now());
	metrics = figures_of(NULL, db);
	stats = db_stats(db);

	const struct {
		enum weir_metric_id row;
		uint64_t value;
	} wanted[] = {
		{WEIR_METRIC_ACQUIRES, stats.readers.acquires},
		{WEIR_METRIC_CHECKPOINTS, stats.checkpoints},
		{WEIR_METRIC_CHECKPOINT_FAILURES, stats.checkpoint_failures},
		{WEIR_METRIC_WAL_FRAMES, stats.log_frames},
		{WEIR_METRIC_PINNED, stats.pinned},
		{WEIR_METRIC_WARNINGS, stats.warnings},
		{WEIR_METRIC_RUNS_AGAIN, stats.runs_again},
		{WEIR_METRIC_GATE_TIMEOUTS, stats.gate.timeouts},
		{WEIR_METRIC_GATE_REJECTED, stats.gate.rejected},
	};

	for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
		assert_int_equal(metrics.values[wanted[i].row], wanted[i].value);
		if (wanted[i].value == 0)
			fail_msg("%s did not move", weir_metrics_table(&(size_t){0})[wanted[i].row].name);
	}
	db_end(db);
}

static void an_outage_moves_the_rows_of_the_breaker(void **state)
{
	const struct weir_stub_script down = {.size = sizeof down, .fail_opens = 2};
	struct weir_stub *stub = unit_stub(&down);
	struct weir_pool *pool = unit_pool_prompt(
		stub, "max_size=2 max_opening=2 breaker_failures=2 breaker_delay=1h breaker_delay_max=1h");
	struct weir_metrics before = figures_of(pool, NULL);
	struct weir_lease lease = {0};

	(void)state;
	for (int i = 0; i < 2; i++)
		assert_code(weir_acquire(pool, &lease, NULL), WEIR_ERR_OPEN_FAILED);
	EXPECT_MOVES(&before, figures_of(pool, NULL), ROW(OPEN_FAILURES, 2), ROW(TRIPS, 1),
	             ROW(BREAKER_CLOSED, -1), ROW(BREAKER_OPEN, 1));
	for (int i = 0; i < 3; i++)
		assert_code(weir_acquire(pool, &lease, NULL), WEIR_ERR_UNAVAILABLE);
	EXPECT_MOVES(&before, figures_of(pool, NULL), ROW(REFUSALS, 3));
	(void)weir_pool_tick(pool, (struct weir_time){weir_now().ns + 2 * WEIR_HOUR_NS});
	EXPECT_MOVES(&before, figures_of(pool, NULL), ROW(OPENS, 1), ROW(IDLE, 1),
	             ROW(BREAKER_OPEN, -1), ROW(BREAKER_SLOW_START, 1));
	unit_pool_end(pool, stub);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_stand_together_and_are_whole),
		cmocka_unit_test(ranges_stand_in_the_order_of_their_enums),
		cmocka_unit_test(refuses_bad_arguments),
		cmocka_unit_test(leases_of_a_pool_move_their_rows),
		cmocka_unit_test(a_queue_moves_its_rows),
		cmocka_unit_test(connections_of_a_pool_move_their_rows),
		cmocka_unit_test(time_moves_the_rows_of_a_pool),
		cmocka_unit_test(an_outage_moves_the_rows_of_the_breaker),
		DB_TEST(writes_of_a_db_move_their_rows),
		DB_TEST(a_held_writer_shows_in_the_rows_of_the_gate),
		DB_TEST(rows_are_the_stats),
	};

	return cmocka_run_group_tests(tests, unit_count_threads, unit_await_threads);
}
