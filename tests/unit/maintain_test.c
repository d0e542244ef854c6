/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Housekeeping: what it retires, what it keeps and what it opens. Time is not
 * waited for: the connections are made older.
 */
#include "testing.h"
#include "unit_check.h"
#include "unit_pool.h"
#include "unit_thread.h"

static void make_older(struct weir_pool *pool, int64_t by_ns)
{
	for (uint32_t i = 0; i < pool->ring.count; i++) {
		struct weir__slot *slot = weir__pool_slot(pool, i);

		slot->born_ns -= by_ns;
		slot->seen_ns -= by_ns;
		slot->sound_ns -= by_ns;
		if (slot->expires_ns != 0)
			slot->expires_ns -= by_ns;
	}
}

static void maintain(struct weir_pool *pool)
{
	struct weir_error err = WEIR_ERROR_INIT;

	assert_code(weir_pool_maintain(pool, &err), WEIR_OK);
}

static void use_all(struct weir_pool *pool, uint32_t count)
{
	struct weir_lease leases[16];

	assert_true(count <= 16);
	for (uint32_t i = 0; i < count; i++)
		leases[i] = unit_acquire(pool);
	for (uint32_t i = 0; i < count; i++)
		unit_release(&leases[i]);
}

static void idle_connections_retire_after_idle_timeout(void **state)
{
	struct weir_stub *stub = unit_stub(NULL);
	struct weir_pool *pool = unit_pool_prompt(stub, "max_size=4 idle_timeout=10m");

	(void)state;
	use_all(pool, 4);
	maintain(pool);
	assert_int_equal(unit_stats(pool).idle, 4);
	make_older(pool, WEIR_SECONDS(599));
	maintain(pool);
	assert_int_equal(unit_stats(pool).idle, 4);
	make_older(pool, WEIR_SECONDS(2));
	maintain(pool);
	assert_int_equal(unit_stats(pool).idle, 0);
	assert_int_equal(unit_stats(pool).closed[WEIR_CLOSE_IDLE], 4);
	assert_int_equal(unit_counts(stub).live, 0);
	unit_pool_end(pool, stub);
}

static void a_use_begins_the_idle_time_anew(void **state)
{
	struct weir_stub *stub = unit_stub(NULL);
	struct weir_pool *pool = unit_pool_prompt(stub, "max_size=1 idle_timeout=10m");

	(void)state;
	use_all(pool, 1);
	maintain(pool);
	make_older(pool, WEIR_SECONDS(601));
	use_all(pool, 1);
	maintain(pool);
	assert_int_equal(unit_stats(pool).idle, 1);
	make_older(pool, WEIR_SECONDS(601));
	maintain(pool);
	assert_int_equal(unit_stats(pool).idle, 0);
	unit_pool_end(pool, stub);
}

static void connections_retire_after_max_lifetime_however_busy(void **state)
{
	struct weir_stub *stub = unit_stub(NULL);
	struct weir_pool *pool =
		unit_pool_prompt(stub, "max_size=8 max_lifetime=1000s idle_timeout=0s");

	(void)state;
	use_all(pool, 8);
	make_older(pool, WEIR_SECONDS(890)); /* a tenth is cut off at most */
	maintain(pool);
	assert_int_equal(unit_stats(pool).idle, 8);
	use_all(pool, 8);
	make_older(pool, WEIR_SECONDS(110));
	for (int pass = 0; pass < 3; pass++) /* a quarter, and one, in each */
		maintain(pool);
	assert_int_equal(unit_stats(pool).idle, 0);
	assert_int_equal(unit_stats(pool).closed[WEIR_CLOSE_LIFETIME], 8);
	unit_pool_end(pool, stub);
}

static void zero_means_never(void **state)
{
	struct weir_stub *stub = unit_stub(NULL);
	struct weir_pool *pool = unit_pool_prompt(stub, "max_size=2 max_lifetime=0s idle_timeout=0s");

	(void)state;
	use_all(pool, 2);
	maintain(pool);
	make_older(pool, 1000 * WEIR_HOUR_NS);
	maintain(pool);
	assert_int_equal(unit_stats(pool).idle, 2);
	unit_pool_end(pool, stub);
}

static void a_leased_connection_is_left_alone(void **state)
{
	struct weir_stub *stub = unit_stub(NULL);
	struct weir_pool *pool = unit_pool_prompt(stub, "max_size=2 max_lifetime=30m");
	struct weir_lease lease = unit_acquire(pool);

	(void)state;
	maintain(pool);
	make_older(pool, 2 * WEIR_HOUR_NS);
	maintain(pool);
	assert_int_equal(unit_stats(pool).leased, 1);
	unit_release(&lease);
	maintain(pool);
	assert_int_equal(unit_stats(pool).closed[WEIR_CLOSE_LIFETIME], 1);
	unit_pool_end(pool, stub);
}

static void min_idle_is_kept_ready(void **state)
{
	const struct weir_driver *const drivers[] = {weir_stub_prompt_driver(), weir_stub_driver()};

	(void)state;
	for (int d = 0; d < 2; d++) {
		struct weir_stub *stub = unit_stub(NULL);
		struct weir_pool *pool = unit_pool(drivers[d], stub, "max_size=4 min_idle=2");
		struct weir_lease leases[3];

		assert_int_equal(unit_stats(pool).idle, 2);
		leases[0] = unit_acquire(pool);
		maintain(pool);
		unit_await_idle(pool, 2);
		leases[1] = unit_acquire(pool);
		leases[2] = unit_acquire(pool);
		maintain(pool);
		unit_await_idle(pool, 1); /* there is no room for more */
		for (int i = 0; i < 3; i++)
			unit_release(&leases[i]);
		maintain(pool);
		assert_int_equal(unit_stats(pool).idle, 4);
		assert_int_equal(unit_counts(stub).opens, 4);
		unit_pool_end(pool, stub);
	}
}

static void what_retires_is_replaced_up_to_min_idle(void **state)
{
	struct weir_stub *stub = unit_stub(NULL);
	struct weir_pool *pool = unit_pool_prompt(stub, "max_size=4 min_idle=2 max_lifetime=30m");

	(void)state;
	use_all(pool, 4);
	make_older(pool, WEIR_HOUR_NS);
	maintain(pool); /* a quarter, and one, in each pass */
	maintain(pool);
	assert_int_equal(unit_stats(pool).closed[WEIR_CLOSE_LIFETIME], 4);
	assert_int_equal(unit_stats(pool).idle, 2);
	assert_int_equal(unit_counts(stub).live_max, 4);
	unit_pool_end(pool, stub);
}

static void an_open_that_fails_is_told(void **state)
{
	struct weir_stub *stub = unit_stub(NULL);
	struct weir_pool *pool = unit_pool_prompt(stub, "max_size=4");
	const struct weir_stub_script down = {.fail_opens = 1, .driver_code = 9};
	struct weir_error err = WEIR_ERROR_INIT;

	(void)state;
	assert_code(weir_pool_set(pool, "min_idle", "3", &err), WEIR_OK);
	weir_stub_set(stub, &down);
	assert_code(weir_pool_maintain(pool, &err), WEIR_ERR_OPEN_FAILED);
	assert_int_equal(err.driver_code, 9);
	assert_int_equal(unit_stats(pool).opening, 0);
	maintain(pool);
	assert_int_equal(unit_stats(pool).idle, 3);
	unit_pool_end(pool, stub);
}

static void bad_calls_are_refused(void **state)
{
	struct weir_stub *stub = unit_stub(NULL);
	struct weir_pool *pool = unit_pool_prompt(stub, NULL);

	(void)state;
	assert_code(weir_pool_maintain(NULL, NULL), WEIR_ERR_BAD_ARGUMENT);
	assert_code(weir_pool_close(pool, NULL), WEIR_OK);
	assert_code(weir_pool_maintain(pool, NULL), WEIR_ERR_CLOSED);
	unit_pool_end(pool, stub);
}

struct housekeeper {
	struct unit_thread thread;
	struct weir_pool *pool;
	_Atomic bool stop;
	_Atomic uint64_t passes;
	_Atomic uint64_t wrong;
};

static void keep_house(void *argument)
{
	struct housekeeper *keeper = argument;

	while (!atomic_load(&keeper->stop)) {
		if (weir_pool_maintain(keeper->pool, NULL) != WEIR_OK)
			atomic_fetch_add(&keeper->wrong, 1);
		atomic_fetch_add(&keeper->passes, 1);
	}
}

/* A slot that housekeeping looks at is missing for a moment only. */
static void nobody_misses_a_slot_that_is_looked_at(void **state)
{
	static const char *const settings[] = {
		"max_size=1",
		"max_size=1 wake_barrier=fence",
		"max_size=1 fairness=fifo",
	};

	(void)state;
	for (int s = 0; s < 3; s++) {
		struct weir_stub *stub = unit_stub(NULL);
		struct housekeeper keepers[2] = {{.wrong = 0}};

		keepers[0].pool = unit_pool_prompt(stub, settings[s]);
		keepers[1].pool = keepers[0].pool;
		for (int i = 0; i < 2; i++)
			unit_start(&keepers[i].thread, keep_house, &keepers[i]);
		for (int i = 0; i < 2000; i++) {
			struct weir_lease lease = unit_acquire(keepers[0].pool);

			unit_release(&lease);
		}
		while (atomic_load(&keepers[0].passes) < 10) /* ends: the thread goes on */
			unit_pause();
		for (int i = 0; i < 2; i++) {
			atomic_store(&keepers[i].stop, true);
			unit_join(&keepers[i].thread);
			assert_int_equal(atomic_load(&keepers[i].wrong), 0);
		}
		assert_int_equal(unit_counts(stub).opens, 1);
		unit_pool_end(keepers[0].pool, stub);
	}
}

static struct weir_time tick(struct weir_pool *pool, int64_t now_ns)
{
	const struct weir_time now = {now_ns};

	return weir_pool_tick(pool, now);
}

/* The ends are spread over the share that the setting gives, and looks do not move them. */
static void jitter_is_drawn_once(void **state)
{
	struct weir_stub *stub = unit_stub(NULL);
	struct weir_pool *pool =
		unit_pool_prompt(stub, "max_size=16 max_lifetime=1000s lifetime_jitter=50 idle_timeout=0s");
	int64_t ends_ns[16];
	int64_t least_ns = INT64_MAX;
	int64_t most_ns = 0;

	(void)state;
	use_all(pool, 16);
	for (uint32_t i = 0; i < 16; i++) {
		const struct weir__slot *slot = weir__pool_slot(pool, i);
		const int64_t life_ns = slot->expires_ns - slot->born_ns;

		ends_ns[i] = slot->expires_ns;
		assert_true(life_ns > WEIR_SECONDS(500) && life_ns <= WEIR_SECONDS(1000));
		least_ns = life_ns < least_ns ? life_ns : least_ns;
		most_ns = life_ns > most_ns ? life_ns : most_ns;
	}
	assert_true(most_ns - least_ns > WEIR_SECONDS(50));
	for (int pass = 0; pass < 3; pass++)
		(void)tick(pool, weir_now().ns);
	for (uint32_t i = 0; i < 16; i++)
		assert_true(weir__pool_slot(pool, i)->expires_ns == ends_ns[i]);
	unit_pool_end(pool, stub);
}

static void a_quarter_and_one_ends_per_pass(void **state)
{
	struct weir_stub *stub = unit_stub(NULL);
	struct weir_pool *pool =
		unit_pool_prompt(stub, "max_size=8 max_lifetime=1000s lifetime_jitter=0 idle_timeout=0s");
	int64_t now_ns;

	(void)state;
	use_all(pool, 8);
	now_ns = weir_now().ns + WEIR_SECONDS(1000);
	assert_true(tick(pool, now_ns).ns <= now_ns + WEIR_SECONDS(1)); /* the rest is due soon */
	assert_int_equal(unit_stats(pool).closed[WEIR_CLOSE_LIFETIME], 3);
	(void)tick(pool, now_ns);
	assert_int_equal(unit_stats(pool).closed[WEIR_CLOSE_LIFETIME], 6);
	(void)tick(pool, now_ns);
	assert_int_equal(unit_stats(pool).closed[WEIR_CLOSE_LIFETIME], 8);
	unit_pool_end(pool, stub);
}

/* A pass that comes when the last one said finds what is due. */
static void the_next_time_is_when_something_is_due(void **state)
{
	struct weir_stub *stub = unit_stub(NULL);
	struct weir_pool *pool = unit_pool_prompt(stub, "max_size=1 idle_timeout=100s max_lifetime=0s");
	const int64_t began_ns = weir_now().ns;
	int64_t now_ns = began_ns;

	(void)state;
	use_all(pool, 1);
	for (int pass = 0; pass < 10 && unit_stats(pool).idle == 1; pass++) {
		const int64_t next_ns = tick(pool, now_ns).ns;

		assert_true(next_ns > now_ns);
		if (unit_stats(pool).idle == 1)
			now_ns = next_ns;
	}
	assert_int_equal(unit_stats(pool).closed[WEIR_CLOSE_IDLE], 1);
	assert_true(now_ns == began_ns + WEIR_SECONDS(100));
	unit_pool_end(pool, stub);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(idle_connections_retire_after_idle_timeout),
		cmocka_unit_test(a_use_begins_the_idle_time_anew),
		cmocka_unit_test(connections_retire_after_max_lifetime_however_busy),
		cmocka_unit_test(zero_means_never),
		cmocka_unit_test(a_leased_connection_is_left_alone),
		cmocka_unit_test(min_idle_is_kept_ready),
		cmocka_unit_test(what_retires_is_replaced_up_to_min_idle),
		cmocka_unit_test(an_open_that_fails_is_told),
		cmocka_unit_test(bad_calls_are_refused),
		cmocka_unit_test(nobody_misses_a_slot_that_is_looked_at),
		cmocka_unit_test(jitter_is_drawn_once),
		cmocka_unit_test(a_quarter_and_one_ends_per_pass),
		cmocka_unit_test(the_next_time_is_when_something_is_due),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
