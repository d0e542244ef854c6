/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A reset: what was open dies as it is met, what is opened afterwards lives.
 */
#include "testing.h"
#include "unit_check.h"
#include "unit_pool.h"
#include "unit_thread.h"

static struct weir_pool_stats stats_of(struct weir_pool *pool)
{
	struct weir_pool_stats stats = {.size = sizeof stats};

	assert_code(weir_pool_read_stats(pool, &stats), WEIR_OK);
	return stats;
}

static void old_connections_die_as_they_are_met(void **state)
{
	struct weir_stub *stub = unit_stub(NULL);
	struct weir_pool *pool = unit_pool_prompt(stub, "max_size=4 min_idle=3");
	struct weir_lease held = unit_acquire(pool);
	struct weir_lease lease = {0};

	(void)state;
	assert_code(weir_pool_reset(pool, "failover", NULL), WEIR_OK);
	assert_int_equal(stats_of(pool).epoch, 1);
	/* An idle one: never leased again. */
	lease = unit_acquire(pool);
	assert_true(stats_of(pool).closed[WEIR_CLOSE_STALE] >= 1);
	assert_int_equal(unit_counts(stub).opens, 4);
	unit_release(&lease);
	/* A leased one: dies on its way back. */
	const uint64_t closed = stats_of(pool).closed[WEIR_CLOSE_STALE];

	unit_release(&held);
	assert_int_equal(stats_of(pool).closed[WEIR_CLOSE_STALE], closed + 1);
	(void)weir_pool_tick(pool, weir_now());
	assert_int_equal(stats_of(pool).closed[WEIR_CLOSE_STALE], 3);
	assert_int_equal(wp_load_rlx_32(&pool->way) & WEIR__WAY_STALE, 0);
	/* What is there now stays. */
	lease = unit_acquire(pool);
	unit_release(&lease);
	assert_int_equal(stats_of(pool).closed[WEIR_CLOSE_STALE], 3);
	unit_pool_end(pool, stub);
}

static void the_way_stays_long_while_old_ones_are_out(void **state)
{
	struct weir_stub *stub = unit_stub(NULL);
	struct weir_pool *pool = unit_pool_prompt(stub, "max_size=2");
	struct weir_lease held = unit_acquire(pool);

	(void)state;
	assert_code(weir_pool_reset(pool, NULL, NULL), WEIR_OK);
	(void)weir_pool_tick(pool, weir_now());
	assert_int_not_equal(wp_load_rlx_32(&pool->way) & WEIR__WAY_STALE, 0);
	unit_release(&held);
	(void)weir_pool_tick(pool, weir_now());
	assert_int_equal(wp_load_rlx_32(&pool->way) & WEIR__WAY_STALE, 0);
	assert_int_equal(unit_counts(stub).live, 0);
	unit_pool_end(pool, stub);
}

static void bad_calls_are_refused(void **state)
{
	struct weir_pool *pool = unit_pool_prompt(NULL, "max_size=1");

	(void)state;
	assert_code(weir_pool_reset(NULL, NULL, NULL), WEIR_ERR_BAD_ARGUMENT);
	assert_code(weir_pool_close(pool, NULL), WEIR_OK);
	assert_code(weir_pool_reset(pool, NULL, NULL), WEIR_ERR_CLOSED);
	assert_code(weir_pool_suspend(pool, NULL), WEIR_ERR_CLOSED);
	assert_code(weir_pool_resume(NULL, NULL), WEIR_ERR_BAD_ARGUMENT);
	assert_int_equal(weir_pool_tick(pool, weir_now()).ns, INT64_MAX);
	assert_int_equal(weir_pool_tick(NULL, weir_now()).ns, INT64_MAX);
	weir_pool_destroy(pool);
}

/* An open that began before the reset ends after it: its connection is old. */
static void an_open_on_its_way_counts_as_old(void **state)
{
	const struct weir_stub_script script = {.hang_opens = 1};
	struct weir_stub *stub = unit_stub(&script);
	struct weir_pool *pool = unit_pool_prompt(stub, "max_size=2");
	struct unit_caller caller = {.done = false};

	(void)state;
	unit_call(&caller, pool, UNIT_PATIENCE_NS);
	unit_await_hanging(stub, 1);
	assert_code(weir_pool_reset(pool, "meanwhile", NULL), WEIR_OK);
	(void)weir_pool_tick(pool, weir_now());
	assert_int_not_equal(wp_load_rlx_32(&pool->way) & WEIR__WAY_STALE, 0);
	weir_stub_unhang(stub);
	assert_code(unit_answer(&caller), WEIR_OK);
	assert_int_equal(stats_of(pool).closed[WEIR_CLOSE_STALE], 1);
	assert_int_equal(unit_counts(stub).opens, 2);
	unit_release(&caller.lease);
	assert_int_equal(unit_counts(stub).live, 1);
	(void)weir_pool_tick(pool, weir_now());
	assert_int_equal(wp_load_rlx_32(&pool->way) & WEIR__WAY_STALE, 0);
	unit_pool_end(pool, stub);
}

struct user {
	struct unit_thread thread;
	struct weir_pool *pool;
	_Atomic bool stop;
	_Atomic uint32_t wrong;
	_Atomic uint32_t leases;
};

/* Only the two answers a suspended pool may give. */
static void use(void *argument)
{
	struct user *user = argument;

	while (!atomic_load(&user->stop)) {
		struct weir_lease lease = {0};
		const enum weir_code code = weir_acquire_for(user->pool, &lease, UNIT_PATIENCE_NS, NULL);

		if (code == WEIR_OK && weir_release(&lease, NULL) == WEIR_OK)
			atomic_fetch_add(&user->leases, 1);
		else if (code != WEIR_ERR_SUSPENDED)
			atomic_fetch_add(&user->wrong, 1);
	}
}

/* Suspend, resume, reset and ticks beside users: no wake-up is lost, no connection is
 * leaked, and a bit of the ways never takes another one along. */
static void all_of_it_beside_users(void **state)
{
	static const char *const settings[] = {
		"max_size=1 when_down=wait",
		"max_size=1 when_down=fail",
		"max_size=2 when_down=wait validate_on_acquire=on",
	};

	(void)state;
	for (int s = 0; s < 3; s++) {
		struct weir_stub *stub = unit_stub(NULL);
		struct weir_pool *pool = unit_pool_prompt(stub, settings[s]);
		struct user users[2] = {{.pool = pool}, {.pool = pool}};

		pool->options.log = weir_log_silent();
		for (int i = 0; i < 2; i++)
			unit_start(&users[i].thread, use, &users[i]);
		for (int round = 0; round < 300; round++) {
			assert_code(weir_pool_suspend(pool, NULL), WEIR_OK);
			assert_code(weir_pool_reset(pool, NULL, NULL), WEIR_OK);
			(void)weir_pool_tick(pool, weir_now());
			assert_code(weir_pool_resume(pool, NULL), WEIR_OK);
			if (round % 16 == 0)
				unit_pause();
		}
		for (int i = 0; i < 2; i++) {
			const uint32_t before = atomic_load(&users[i].leases);

			while (atomic_load(&users[i].leases) == before) /* ends: resumed */
				unit_pause();
			atomic_store(&users[i].stop, true);
			unit_join(&users[i].thread);
			assert_int_equal(atomic_load(&users[i].wrong), 0);
		}
		(void)weir_pool_tick(pool, weir_now());
		assert_int_equal(wp_load_rlx_32(&pool->way) & (WEIR__WAY_STALE | WEIR__WAY_SUSPENDED), 0);
		assert_int_equal(stats_of(pool).epoch, 300);
		unit_pool_end(pool, stub);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(old_connections_die_as_they_are_met),
		cmocka_unit_test(the_way_stays_long_while_old_ones_are_out),
		cmocka_unit_test(bad_calls_are_refused),
		cmocka_unit_test(an_open_on_its_way_counts_as_old),
		cmocka_unit_test(all_of_it_beside_users),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
