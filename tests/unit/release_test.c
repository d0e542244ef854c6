/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The ways back of a lease, and every handle that is not one.
 */
#include <string.h>

#include "testing.h"
#include "unit_check.h"
#include "unit_pool.h"
#include "unit_thread.h"
#include "unit_watched.h"

static const char *const modes[] = {
	"max_size=1 wake_barrier=auto",
	"max_size=1 wake_barrier=fence",
	"max_size=1 wake_barrier=auto fairness=fifo",
	"max_size=1 wake_barrier=fence fairness=fifo",
};

#define MODES_COUNT (sizeof modes / sizeof modes[0])

static void a_released_lease_is_empty_and_its_connection_idle(void **state)
{
	(void)state;
	for (size_t m = 0; m < MODES_COUNT; m++) {
		struct weir_stub *stub = unit_stub(NULL);
		struct weir_pool *pool = unit_pool_prompt(stub, modes[m]);
		struct weir_lease lease = unit_acquire(pool);

		assert_int_equal(unit_stats(pool).leased, 1);
		unit_release(&lease);
		assert_null(lease.conn);
		assert_int_equal(unit_stats(pool).leased, 0);
		assert_int_equal(unit_stats(pool).idle, 1);
		assert_int_equal(unit_counts(stub).resets, 1);
		unit_pool_end(pool, stub);
	}
}

static void a_second_release_is_told_apart(void **state)
{
	(void)state;
	for (size_t m = 0; m < MODES_COUNT; m++) {
		struct weir_stub *stub = unit_stub(NULL);
		struct weir_pool *pool = unit_pool_prompt(stub, modes[m]);
		struct weir_lease lease = unit_acquire(pool);
		struct weir_lease copy = lease;
		struct weir_error err = WEIR_ERROR_INIT;

		unit_release(&lease);
		assert_code(weir_release(&lease, &err), WEIR_ERR_DOUBLE_RELEASE);
		assert_has(err.message, "same variable");
		assert_code(weir_release(&copy, &err), WEIR_ERR_DOUBLE_RELEASE);
		assert_has(err.message, "copy");
		assert_code(weir_discard(&copy, &err), WEIR_ERR_DOUBLE_RELEASE);
		lease = unit_acquire(pool);
		assert_code(weir_release(&copy, &err), WEIR_ERR_STALE_HANDLE);
		assert_code(weir_discard(&copy, &err), WEIR_ERR_STALE_HANDLE);
		assert_int_equal(unit_stats(pool).leased, 1);
		unit_release(&lease);
		assert_code(weir_release(&copy, NULL), WEIR_ERR_STALE_HANDLE);
		assert_int_equal(unit_counts(stub).opens, 1);
		assert_int_equal(unit_counts(stub).closes, 0);
		unit_pool_end(pool, stub);
	}
}

static void a_lease_that_was_handed_over_is_stale_for_its_giver(void **state)
{
	struct weir_stub *stub = unit_stub(NULL);
	struct weir_pool *pool = unit_pool_prompt(stub, "max_size=1 fairness=fifo");
	struct weir_lease lease = unit_acquire(pool);
	struct weir_lease copy = lease;
	struct unit_caller waiter;

	(void)state;
	unit_call(&waiter, pool, UNIT_PATIENCE_NS);
	unit_await_waiters(pool, 1);
	unit_release(&lease);
	assert_code(unit_answer(&waiter), WEIR_OK);
	assert_int_equal(waiter.lease.slot, copy.slot);
	assert_int_not_equal(waiter.lease.generation, copy.generation);
	assert_code(weir_release(&copy, NULL), WEIR_ERR_STALE_HANDLE);
	unit_release(&waiter.lease);
	unit_pool_end(pool, stub);
}

static void what_is_no_lease_is_refused(void **state)
{
	struct weir_stub *stub = unit_stub(NULL);
	struct weir_pool *pool = unit_pool_prompt(stub, "max_size=2");
	struct weir_lease lease = unit_acquire(pool);
	struct weir_lease empty = {0};
	struct weir_lease far = lease;
	struct weir_lease forged = lease;
	struct weir_error err = WEIR_ERROR_INIT;

	(void)state;
	assert_code(weir_release(NULL, &err), WEIR_ERR_BAD_ARGUMENT);
	assert_code(weir_discard(NULL, &err), WEIR_ERR_BAD_ARGUMENT);
	assert_code(weir_release(&empty, &err), WEIR_ERR_BAD_ARGUMENT);
	assert_code(weir_discard(&empty, &err), WEIR_ERR_BAD_ARGUMENT);
	far.slot = 2;
	assert_code(weir_release(&far, &err), WEIR_ERR_FOREIGN_HANDLE);
	far.slot = UINT32_MAX;
	assert_code(weir_discard(&far, &err), WEIR_ERR_FOREIGN_HANDLE);
	forged.generation += 1000;
	assert_code(weir_release(&forged, &err), WEIR_ERR_STALE_HANDLE);
	assert_int_equal(unit_stats(pool).leased, 1);
	unit_release(&lease);
	unit_pool_end(pool, stub);
}

static void a_lease_of_something_that_is_no_pool_is_foreign(void **state)
{
	static struct weir_pool impostor;
	int connection = 0;
	struct weir_lease lease = {.pool = &impostor, .conn = &connection};

	(void)state;
	impostor.magic = 1;
	assert_code(weir_release(&lease, NULL), WEIR_ERR_FOREIGN_HANDLE);
	assert_code(weir_discard(&lease, NULL), WEIR_ERR_FOREIGN_HANDLE);
}

static void the_generation_wraps_around_unnoticed(void **state)
{
	struct weir_stub *stub = unit_stub(NULL);
	struct weir_pool *pool = unit_pool_prompt(stub, "max_size=1 min_idle=1");

	(void)state;
	wp_store_rlx_64(&pool->ring.slots[0].word, weir__word_make(WEIR__IDLE, UINT32_MAX - 1));
	for (int i = 0; i < 4; i++) {
		struct weir_lease lease = unit_acquire(pool);
		struct weir_lease copy = lease;

		unit_release(&lease);
		assert_code(weir_release(&copy, NULL), WEIR_ERR_DOUBLE_RELEASE);
	}
	unit_pool_end(pool, stub);
}

static void another_thread_may_release(void *argument)
{
	struct weir_lease *lease = argument;

	if (weir_release(lease, NULL) != WEIR_OK)
		lease->slot = UINT32_MAX;
}

static void a_lease_may_be_passed_on(void **state)
{
	(void)state;
	for (size_t m = 0; m < MODES_COUNT; m++) {
		struct weir_stub *stub = unit_stub(NULL);
		struct weir_pool *pool = unit_pool_prompt(stub, modes[m]);
		struct weir_lease lease = unit_acquire(pool);
		struct unit_thread thread;

		unit_start(&thread, another_thread_may_release, &lease);
		unit_join(&thread);
		assert_null(lease.conn);
		assert_int_not_equal(lease.slot, UINT32_MAX);
		assert_int_equal(unit_stats(pool).idle, 1);
		unit_pool_end(pool, stub);
	}
}

static void a_release_serves_a_waiter(void **state)
{
	(void)state;
	for (size_t m = 0; m < MODES_COUNT; m++) {
		struct weir_stub *stub = unit_stub(NULL);
		struct weir_pool *pool = unit_pool_prompt(stub, modes[m]);
		struct weir_lease lease = unit_acquire(pool);
		struct unit_caller waiters[3];

		for (uint32_t i = 0; i < 3; i++) {
			unit_call(&waiters[i], pool, WEIR_TIMEOUT_NEVER);
			unit_await_waiters(pool, i + 1);
		}
		unit_release(&lease);
		for (int served = 0; served < 3; served++) {
			struct unit_caller *waiter = &waiters[unit_answer_any(waiters, 3)];

			assert_code(waiter->code, WEIR_OK);
			unit_release(&waiter->lease);
		}
		assert_int_equal(unit_stats(pool).waiters, 0);
		assert_int_equal(unit_counts(stub).opens, 1);
		unit_pool_end(pool, stub);
	}
}

static void a_discard_makes_room_for_a_waiter(void **state)
{
	const struct weir_driver *const drivers[] = {weir_stub_prompt_driver(), weir_stub_driver()};

	(void)state;
	for (size_t m = 0; m < 2 * MODES_COUNT; m++) {
		struct weir_stub *stub = unit_stub(NULL);
		struct weir_pool *pool = unit_pool(drivers[m % 2], stub, modes[m / 2]);
		struct weir_lease lease = unit_acquire(pool);
		struct unit_caller waiter;

		unit_call(&waiter, pool, WEIR_TIMEOUT_NEVER);
		unit_await_waiters(pool, 1);
		unit_discard(&lease);
		assert_code(unit_answer(&waiter), WEIR_OK);
		assert_int_equal(unit_counts(stub).opens, 2);
		assert_int_equal(unit_counts(stub).closes, 1);
		assert_int_equal(unit_stats(pool).closed[WEIR_CLOSE_BROKEN], 1);
		unit_release(&waiter.lease);
		unit_pool_end(pool, stub);
	}
}

static void a_discarded_place_is_opened_again(void **state)
{
	struct weir_stub *stub = unit_stub(NULL);
	struct weir_pool *pool = unit_pool_prompt(stub, "max_size=1");

	(void)state;
	for (int i = 0; i < 5; i++) {
		struct weir_lease lease = unit_acquire(pool);
		struct weir_lease copy = lease;

		unit_discard(&lease);
		assert_int_equal(unit_counts(stub).live, 0);
		assert_code(weir_release(&copy, NULL), WEIR_ERR_DOUBLE_RELEASE);
		assert_code(weir_discard(&lease, NULL), WEIR_ERR_DOUBLE_RELEASE);
	}
	assert_int_equal(unit_counts(stub).opens, 5);
	assert_int_equal(unit_stats(pool).acquires, 5);
	unit_pool_end(pool, stub);
}

static void a_connection_that_cannot_be_reset_is_closed(void **state)
{
	(void)state;
	for (size_t m = 0; m < MODES_COUNT; m++) {
		const struct weir_stub_script script = {.fail_resets = 1};
		struct weir_stub *stub = unit_stub(&script);
		struct weir_pool *pool = unit_pool_prompt(stub, modes[m]);
		struct weir_lease lease = unit_acquire(pool);
		struct unit_caller waiter;

		unit_call(&waiter, pool, WEIR_TIMEOUT_NEVER);
		unit_await_waiters(pool, 1);
		unit_release(&lease);
		assert_code(unit_answer(&waiter), WEIR_OK);
		assert_int_equal(unit_stats(pool).closed[WEIR_CLOSE_RESET], 1);
		assert_int_equal(unit_counts(stub).opens, 2);
		unit_release(&waiter.lease);
		assert_int_equal(unit_stats(pool).idle, 1);
		unit_pool_end(pool, stub);
	}
}

static void a_driver_without_reset_is_not_asked(void **state)
{
	struct unit_watched server = {0};
	struct weir_pool *pool = unit_pool(unit_watched_prompt(), &server, "max_size=1");

	(void)state;
	for (int i = 0; i < 3; i++) {
		struct weir_lease lease = unit_acquire(pool);

		unit_watched_use(lease.conn, 0);
		unit_release(&lease);
	}
	unit_pool_end(pool, NULL);
	assert_int_equal(atomic_load(&server.opens), 1);
	assert_int_equal(atomic_load(&server.closes), 1);
	assert_int_equal(atomic_load(&server.overlaps), 0);
}

static void a_failing_release_leaves_the_lease_as_it_is(void **state)
{
	struct weir_stub *stub = unit_stub(NULL);
	struct weir_pool *pool = unit_pool_prompt(stub, "max_size=1");
	struct weir_lease lease = unit_acquire(pool);
	struct weir_lease forged = lease;

	(void)state;
	forged.slot = 7;
	const struct weir_lease before = forged;

	assert_code(weir_release(&forged, NULL), WEIR_ERR_FOREIGN_HANDLE);
	assert_memory_equal(&forged, &before, sizeof forged);
	unit_release(&lease);
	unit_pool_end(pool, stub);
}

/* The memory of a pool that is gone may become the next one's. */
static void a_lease_of_a_pool_that_is_gone_is_refused_by_the_next(void **state)
{
	struct weir_pool *gone = unit_pool_prompt(NULL, "max_size=1");
	struct weir_lease old = unit_acquire(gone);
	struct weir_lease copy = old;

	(void)state;
	unit_release(&old);
	unit_pool_end(gone, NULL);
	struct weir_pool *next = unit_pool_prompt(NULL, "max_size=1");
	struct weir_lease lease = unit_acquire(next);

	if (copy.pool == next) {
		assert_code(weir_release(&copy, NULL), WEIR_ERR_STALE_HANDLE);
		assert_int_equal(unit_stats(next).leased, 1);
	}
	unit_release(&lease);
	unit_pool_end(next, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_lease_of_a_pool_that_is_gone_is_refused_by_the_next),
		cmocka_unit_test(a_released_lease_is_empty_and_its_connection_idle),
		cmocka_unit_test(a_second_release_is_told_apart),
		cmocka_unit_test(a_lease_that_was_handed_over_is_stale_for_its_giver),
		cmocka_unit_test(what_is_no_lease_is_refused),
		cmocka_unit_test(a_lease_of_something_that_is_no_pool_is_foreign),
		cmocka_unit_test(the_generation_wraps_around_unnoticed),
		cmocka_unit_test(a_lease_may_be_passed_on),
		cmocka_unit_test(a_release_serves_a_waiter),
		cmocka_unit_test(a_discard_makes_room_for_a_waiter),
		cmocka_unit_test(a_discarded_place_is_opened_again),
		cmocka_unit_test(a_connection_that_cannot_be_reset_is_closed),
		cmocka_unit_test(a_driver_without_reset_is_not_asked),
		cmocka_unit_test(a_failing_release_leaves_the_lease_as_it_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
