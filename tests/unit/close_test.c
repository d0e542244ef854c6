/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The end of a pool: waiters are sent away, leases drain, and what is out when
 * the pool goes comes back safely.
 */
#include <string.h>

#include "testing.h"
#include "unit_check.h"
#include "unit_pool.h"
#include "unit_thread.h"

static const char *const modes[] = {
	"max_size=2 wake_barrier=auto",
	"max_size=2 wake_barrier=fence",
	"max_size=2 wake_barrier=auto fairness=fifo",
	"max_size=40 wake_barrier=auto",
};

#define MODES_COUNT (sizeof modes / sizeof modes[0])

static const struct weir_time at_once = {0};

static void an_idle_pool_closes_at_once(void **state)
{
	(void)state;
	for (size_t m = 0; m < MODES_COUNT; m++) {
		struct weir_stub *stub = unit_stub(NULL);
		struct weir_pool *pool = unit_pool_prompt(stub, modes[m]);
		struct weir_lease lease = unit_acquire(pool);
		struct weir_error err = WEIR_ERROR_INIT;

		unit_release(&lease);
		assert_code(weir_pool_close_until(pool, at_once, &err), WEIR_OK);
		assert_int_equal(unit_counts(stub).live, 0);
		assert_int_equal(unit_stats(pool).closed[WEIR_CLOSE_SHUTDOWN], 1);
		assert_code(weir_acquire(pool, &lease, &err), WEIR_ERR_CLOSED);
		assert_int_equal(err.reason, WEIR_WAIT_CLOSED);
		assert_code(weir_try_acquire(pool, &lease, &err), WEIR_ERR_CLOSED);
		assert_code(weir_pool_maintain(pool, &err), WEIR_ERR_CLOSED);
		assert_code(weir_pool_close(pool, &err), WEIR_OK);
		weir_pool_destroy(pool);
		unit_stub_end(stub);
	}
}

static void a_pool_that_never_opened_closes(void **state)
{
	struct weir_pool *pool = unit_pool(weir_stub_driver(), NULL, NULL);

	(void)state;
	assert_code(weir_pool_close_until(pool, at_once, NULL), WEIR_OK);
	weir_pool_destroy(pool);
	weir_pool_destroy(NULL);
	assert_code(weir_pool_close(NULL, NULL), WEIR_ERR_BAD_ARGUMENT);
	assert_code(weir_pool_close_until(NULL, at_once, NULL), WEIR_ERR_BAD_ARGUMENT);
}

static void every_waiter_is_sent_away(void **state)
{
	(void)state;
	for (size_t m = 0; m < MODES_COUNT; m++) {
		struct weir_stub *stub = unit_stub(NULL);
		struct weir_pool *pool = unit_pool_prompt(stub, modes[m]);
		struct weir_lease leases[40];
		const uint32_t size = unit_stats(pool).max_size;
		struct unit_caller waiters[5];
		struct weir_error err = WEIR_ERROR_INIT;

		for (uint32_t i = 0; i < size; i++)
			leases[i] = unit_acquire(pool);
		for (uint32_t i = 0; i < 5; i++) {
			unit_call(&waiters[i], pool, WEIR_TIMEOUT_NEVER);
			unit_await_waiters(pool, i + 1);
		}
		assert_code(weir_pool_close_until(pool, at_once, &err), WEIR_ERR_CLOSE_TIMEOUT);
		assert_int_equal(err.holders_total, size);
		for (int i = 0; i < 5; i++) {
			assert_code(unit_answer(&waiters[i]), WEIR_ERR_CLOSED);
			assert_int_equal(waiters[i].err.reason, WEIR_WAIT_CLOSED);
			assert_null(waiters[i].lease.conn);
		}
		for (uint32_t i = 0; i < size; i++)
			unit_release(&leases[i]);
		unit_pool_end(pool, stub);
	}
}

static void holders_that_do_not_return_are_named(void **state)
{
	struct weir_stub *stub = unit_stub(NULL);
	struct weir_pool *pool = unit_pool_prompt(stub, "max_size=12 close_timeout=3ms");
	struct weir_lease leases[10] = {0};
	struct weir_error err = WEIR_ERROR_INIT;

	(void)state;
	for (int i = 0; i < 10; i++)
		assert_code(weir_acquire(pool, &leases[i], &err), WEIR_OK);
	const int64_t before_ns = weir_now().ns;

	assert_code(weir_pool_close(pool, &err), WEIR_ERR_CLOSE_TIMEOUT);
	assert_true(weir_now().ns - before_ns >= WEIR_MILLISECONDS(3));
	assert_int_equal(err.holders_total, 10);
	assert_int_equal(err.holders_count, WEIR_ERROR_HOLDERS_MAX);
	for (uint32_t i = 0; i < err.holders_count; i++) {
		assert_has(err.holders[i].site, "close_test.c:");
		assert_int_equal(err.holders[i].thread, wp_thread_id());
	}
	assert_has(err.message, "10");
	for (int i = 0; i < 10; i++) {
		assert_int_equal(unit_counts(stub).live, 10 - i);
		unit_release(&leases[i]);
	}
	assert_code(weir_pool_close(pool, &err), WEIR_OK);
	weir_pool_destroy(pool);
	unit_stub_end(stub);
}

struct closer {
	struct unit_thread thread;
	struct weir_pool *pool;
	enum weir_code code;
};

static void close_patiently(void *argument)
{
	struct closer *closer = argument;

	closer->code = weir_pool_close_until(closer->pool, weir_deadline_in(UNIT_PATIENCE_NS), NULL);
}

static void close_waits_for_the_last_lease(void **state)
{
	(void)state;
	for (size_t m = 0; m < MODES_COUNT; m++) {
		struct weir_stub *stub = unit_stub(NULL);
		struct closer closers[2];
		struct weir_pool *pool = unit_pool_prompt(stub, modes[m]);
		struct weir_lease first = unit_acquire(pool);
		struct weir_lease second = unit_acquire(pool);
		struct weir_lease none = {0};

		for (int i = 0; i < 2; i++) {
			closers[i].pool = pool;
			unit_start(&closers[i].thread, close_patiently, &closers[i]);
		}
		while (weir_try_acquire(pool, &none, NULL) != WEIR_ERR_CLOSED) {
			/* ends: the closers run */
			if (weir_lease_held(&none))
				unit_release(&none);
			unit_pause();
		}
		unit_release(&first);
		unit_discard(&second);
		for (int i = 0; i < 2; i++) {
			unit_join(&closers[i].thread);
			assert_code(closers[i].code, WEIR_OK);
		}
		assert_int_equal(unit_counts(stub).live, 0);
		weir_pool_destroy(pool);
		unit_stub_end(stub);
	}
}

static void a_lease_outlives_the_destroyed_pool(void **state)
{
	const struct weir_driver *const drivers[] = {weir_stub_prompt_driver(), weir_stub_driver()};

	(void)state;
	for (size_t m = 0; m < 2 * MODES_COUNT; m++) {
		struct weir_stub *stub = unit_stub(NULL);
		struct weir_pool *pool = unit_pool(drivers[m % 2], stub, modes[m / 2]);
		struct weir_lease first = unit_acquire(pool);
		struct weir_lease second = unit_acquire(pool);
		struct weir_lease copy = first;

		weir_pool_destroy(pool);
		assert_int_equal(unit_counts(stub).live, 2);
		unit_release(&first);
		assert_code(weir_release(&copy, NULL), WEIR_ERR_DOUBLE_RELEASE);
		assert_int_equal(unit_counts(stub).live, 1);
		unit_discard(&second);
		assert_int_equal(unit_counts(stub).live, 0);
		unit_stub_end(stub);
	}
}

static void an_open_that_hangs_outlives_the_destroyed_pool(void **state)
{
	const struct weir_stub_script hang = {.hang_opens = UINT32_MAX};
	struct weir_stub *stub = unit_stub(&hang);
	struct weir_pool *pool = unit_pool(weir_stub_driver(), stub, "max_size=1");
	struct weir_error err = WEIR_ERROR_INIT;

	(void)state;
	unit_make_hang(pool, stub, &err);
	assert_code(weir_pool_close_until(pool, weir_deadline_in(WEIR_MILLISECONDS(2)), &err),
	            WEIR_ERR_CLOSE_TIMEOUT);
	assert_int_equal(err.holders_total, 0);
	weir_pool_destroy(pool);
	weir_stub_set(stub, NULL);
	weir_stub_unhang(stub);
	assert_true(weir_stub_drain(stub, weir_deadline_in(UNIT_PATIENCE_NS)));
	assert_int_equal(unit_counts(stub).opens, 1);
	unit_stub_end(stub);
}

struct late {
	struct unit_thread thread;
	struct weir_lease lease;
	_Atomic bool *go;
	enum weir_code code;
};

static void release_late(void *argument)
{
	struct late *late = argument;

	while (!atomic_load(late->go)) /* ends: the test says go */
		unit_pause();
	late->code = weir_release(&late->lease, NULL);
}

/* The last of them frees the pool, whichever that is. */
static void leases_come_back_at_once_after_destroy(void **state)
{
	(void)state;
	for (int round = 0; round < 20; round++) {
		struct weir_stub *stub = unit_stub(NULL);
		struct weir_pool *pool = unit_pool_prompt(stub, modes[(size_t)round % MODES_COUNT]);
		struct late late[2];
		_Atomic bool go = false;

		for (int i = 0; i < 2; i++) {
			late[i].lease = unit_acquire(pool);
			late[i].go = &go;
			unit_start(&late[i].thread, release_late, &late[i]);
		}
		weir_pool_destroy(pool);
		atomic_store(&go, true);
		for (int i = 0; i < 2; i++) {
			unit_join(&late[i].thread);
			assert_code(late[i].code, WEIR_OK);
		}
		assert_int_equal(unit_counts(stub).live, 0);
		unit_stub_end(stub);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_idle_pool_closes_at_once),
		cmocka_unit_test(a_pool_that_never_opened_closes),
		cmocka_unit_test(every_waiter_is_sent_away),
		cmocka_unit_test(holders_that_do_not_return_are_named),
		cmocka_unit_test(close_waits_for_the_last_lease),
		cmocka_unit_test(a_lease_outlives_the_destroyed_pool),
		cmocka_unit_test(an_open_that_hangs_outlives_the_destroyed_pool),
		cmocka_unit_test(leases_come_back_at_once_after_destroy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
