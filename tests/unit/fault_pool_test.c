/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A pool where the system is short of something: memory, threads, the barrier. It
 * says so, keeps nothing, and works as soon as there is enough again.
 */
#include <errno.h>
#include <string.h>

#include "testing.h"
#include "unit_check.h"
#include "unit_fault.h"
#include "unit_pool.h"
#include "unit_thread.h"

/* max_size needs hints, and the plain driver an opener. */
#define LARGE "max_size=100"

static enum weir_code try_create(const struct weir_driver *driver, struct weir_stub *stub,
                                 const char *pairs, struct weir_pool **pool, struct weir_error *err)
{
	struct weir_config config;

	weir_error_init(err);
	weir_config_init(&config, driver);
	assert_code(weir_config_apply_pairs(&config, driver, pairs, NULL, NULL), WEIR_OK);
	return weir_pool_create(pool, driver, stub, &config, err);
}

static void creation_fails_at_every_allocation(void **state)
{
	static const struct {
		enum unit_fault fault;
		uint32_t points;
	} cases[] = {{UNIT_FAULT_WIPED, 1}, {UNIT_FAULT_ALLOC, 8}};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct weir_stub *stub = unit_stub(NULL);
		struct weir_pool *pool = NULL;
		uint32_t struck = 1;

		for (uint32_t nth = 1; struck > 0; nth++) { /* ends: when all have failed once */
			struct weir_error err;
			enum weir_code code;

			unit_fault_arm(cases[i].fault, nth, 1, ENOMEM);
			code = try_create(weir_stub_driver(), stub, LARGE, &pool, &err);
			struck = unit_fault_disarm();
			assert_int_equal(struck, nth <= cases[i].points);
			assert_code(code, struck > 0 ? WEIR_ERR_NO_MEMORY : WEIR_OK);
			if (struck > 0) {
				assert_null(pool);
				assert_has(err.message, "memory");
			}
		}
		assert_int_equal(unit_counts(stub).opens, 0);
		struct weir_lease lease = unit_acquire(pool);

		unit_release(&lease);
		unit_pool_end(pool, stub);
	}
}

static void who_cannot_queue_is_told_so(void **state)
{
	struct weir_stub *stub = unit_stub(NULL);
	struct weir_pool *pool = unit_pool_prompt(stub, "max_size=1");
	struct weir_lease held = unit_acquire(pool);
	struct weir_lease lease = {0};
	struct weir_error err = WEIR_ERROR_INIT;

	(void)state;
	unit_fault_arm(UNIT_FAULT_ALLOC, 1, 1, ENOMEM);
	assert_code(weir_acquire_for(pool, &lease, UNIT_PATIENCE_NS, &err), WEIR_ERR_NO_MEMORY);
	assert_int_equal(unit_fault_disarm(), 1);
	assert_false(weir_lease_held(&lease));
	assert_int_equal(unit_stats(pool).waiters, 0);
	assert_code(weir_acquire_for(pool, &lease, WEIR_MILLISECONDS(2), &err),
	            WEIR_ERR_ACQUIRE_TIMEOUT);
	unit_release(&held);
	lease = unit_acquire(pool);
	unit_release(&lease);
	unit_pool_end(pool, stub);
}

/* ---- threads ---- */

static void without_any_thread_the_waiter_is_told(void **state)
{
	struct weir_stub *stub = unit_stub(NULL);
	struct weir_pool *pool = unit_pool(weir_stub_driver(), stub, "max_size=2");
	struct weir_lease lease = {0};
	struct weir_error err = WEIR_ERROR_INIT;

	(void)state;
	unit_fault_arm(UNIT_FAULT_THREAD, 1, UINT32_MAX, EAGAIN);
	assert_code(weir_acquire_for(pool, &lease, UNIT_PATIENCE_NS, &err), WEIR_ERR_NO_THREAD);
	assert_true(unit_fault_disarm() > 0);
	assert_int_equal(err.last_open_code, WEIR_ERR_NO_THREAD);
	assert_int_equal(unit_stats(pool).opening, 0);
	assert_int_equal(unit_stats(pool).waiters, 0);
	assert_true(unit_stats(pool).open_failures >= 1);
	assert_int_equal(unit_counts(stub).opens, 0);
	lease = unit_acquire(pool);
	unit_release(&lease);
	unit_pool_end(pool, stub);
}

static void a_try_without_a_thread_leaves_the_place_free(void **state)
{
	struct weir_stub *stub = unit_stub(NULL);
	struct weir_pool *pool = unit_pool(weir_stub_driver(), stub, "max_size=1");
	struct weir_lease lease = {0};

	(void)state;
	unit_fault_arm(UNIT_FAULT_THREAD, 1, UINT32_MAX, EAGAIN);
	assert_code(weir_try_acquire(pool, &lease, NULL), WEIR_ERR_EXHAUSTED);
	assert_int_equal(unit_fault_disarm(), 1);
	assert_int_equal(unit_stats(pool).opening, 0);
	/* The place can be used: this try makes a helper open it. */
	assert_code(weir_try_acquire(pool, &lease, NULL), WEIR_ERR_EXHAUSTED);
	unit_await_idle(pool, 1);
	assert_code(weir_try_acquire(pool, &lease, NULL), WEIR_OK);
	unit_release(&lease);
	unit_pool_end(pool, stub);
}

static void min_idle_without_a_thread_is_an_error(void **state)
{
	struct weir_stub *stub = unit_stub(NULL);
	struct weir_pool *pool = NULL;
	struct weir_error err = WEIR_ERROR_INIT;

	(void)state;
	unit_fault_arm(UNIT_FAULT_THREAD, 1, UINT32_MAX, EAGAIN);
	assert_code(
		try_create(weir_stub_driver(), stub, "max_size=2 min_idle=1 name=ledger", &pool, &err),
		WEIR_ERR_NO_THREAD);
	assert_true(unit_fault_disarm() > 0);
	assert_null(pool);
	assert_has(err.message, "ledger");

	pool = unit_pool(weir_stub_driver(), stub, "max_size=2");
	assert_code(weir_pool_set(pool, "min_idle", "2", NULL), WEIR_OK);
	unit_fault_arm(UNIT_FAULT_THREAD, 1, UINT32_MAX, EAGAIN);
	assert_code(weir_pool_maintain(pool, &err), WEIR_ERR_NO_THREAD);
	assert_true(unit_fault_disarm() > 0);
	assert_int_equal(unit_stats(pool).opening, 0);
	assert_code(weir_pool_maintain(pool, &err), WEIR_OK);
	unit_await_idle(pool, 2);
	unit_pool_end(pool, stub);
}

/* With one helper at work a second request waits for it. */
static void one_thread_serves_two_when_there_is_no_second(void **state)
{
	const struct weir_stub_script hang = {.hang_opens = 1};
	struct weir_stub *stub = unit_stub(&hang);
	struct weir_pool *pool = unit_pool(weir_stub_driver(), stub, "max_size=2 max_opening=2");
	struct unit_caller first;
	struct unit_caller second;

	(void)state;
	unit_call(&first, pool, WEIR_TIMEOUT_NEVER);
	unit_await_hanging(stub, 1);
	unit_fault_arm(UNIT_FAULT_THREAD, 2, UINT32_MAX, EAGAIN); /* the first is the caller's own */
	unit_call(&second, pool, WEIR_TIMEOUT_NEVER);
	/* The slot is taken before a thread is asked for. Ends, or the test's time limit does. */
	while (unit_stats(pool).opening < 2 || unit_fault_struck() == 0)
		unit_pause();
	assert_int_equal(unit_fault_disarm(), 1);
	weir_stub_unhang(stub);
	assert_code(unit_answer(&first), WEIR_OK);
	assert_code(unit_answer(&second), WEIR_OK);
	assert_int_equal(unit_stats(pool).open_failures, 0);
	unit_release(&first.lease);
	unit_release(&second.lease);
	unit_pool_end(pool, stub);
}

/* ---- the barrier ---- */

static void without_the_barrier_auto_uses_fences(void **state)
{
	struct weir_stub *stub = unit_stub(NULL);
	struct weir_pool *pool = NULL;
	struct weir_error err = WEIR_ERROR_INIT;
	struct unit_caller waiter;

	(void)state;
	unit_fault_arm(UNIT_FAULT_BARRIER, 1, UINT32_MAX, ENOSYS);
	assert_code(try_create(weir_stub_prompt_driver(), stub, "wake_barrier=membarrier", &pool, &err),
	            WEIR_ERR_CONFIG_VALUE);
	assert_null(pool);
	assert_has(err.message, "auto");
	pool = unit_pool_prompt(stub, "max_size=1 wake_barrier=auto");
	assert_true((wp_load_rlx_32(&pool->way) & WEIR__WAY_FENCE) != 0);

	/* A waiter arms and is served without the call, which would abort. */
	struct weir_lease lease = unit_acquire(pool);

	unit_call(&waiter, pool, WEIR_TIMEOUT_NEVER);
	unit_await_waiters(pool, 1);
	unit_release(&lease);
	assert_code(unit_answer(&waiter), WEIR_OK);
	unit_release(&waiter.lease);
	unit_pool_end(pool, stub);
	assert_int_equal(unit_fault_disarm(), 2); /* each creation asked once */
}

/* ---- settings ---- */

static void settings_that_cannot_be_read_change_nothing(void **state)
{
	const struct weir_driver *driver = weir_stub_driver();
	struct weir_config config;
	struct weir_error err = WEIR_ERROR_INIT;

	(void)state;
	weir_config_init(&config, driver);
	const int64_t before = config.max_size;

	unit_fault_arm(UNIT_FAULT_STRDUP, 1, UINT32_MAX, ENOMEM);
	assert_code(weir_config_apply_pairs(&config, driver, "max_size=7", NULL, &err),
	            WEIR_ERR_NO_MEMORY);
	assert_has(err.message, "memory");
	assert_code(weir_config_apply_url(&config, driver, "stub:?max_size=7", NULL, &err),
	            WEIR_ERR_NO_MEMORY);
	assert_has(err.message, "memory");
	assert_int_equal(unit_fault_disarm(), 2);
	assert_int_equal(config.max_size, before);
	assert_code(weir_config_apply_url(&config, driver, "stub:?max_size=7", NULL, &err), WEIR_OK);
	assert_int_equal(config.max_size, 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(creation_fails_at_every_allocation),
		cmocka_unit_test(who_cannot_queue_is_told_so),
		cmocka_unit_test(without_any_thread_the_waiter_is_told),
		cmocka_unit_test(a_try_without_a_thread_leaves_the_place_free),
		cmocka_unit_test(min_idle_without_a_thread_is_an_error),
		cmocka_unit_test(one_thread_serves_two_when_there_is_no_second),
		cmocka_unit_test(without_the_barrier_auto_uses_fences),
		cmocka_unit_test(settings_that_cannot_be_read_change_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
