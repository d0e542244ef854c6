/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Asking the holder of a lease to stop: who is asked, who is not, and what is
 * refused.
 */
#include <stdlib.h>
#include <string.h>

#include "testing.h"
#include "unit_check.h"
#include "unit_child.h"
#include "unit_pool.h"
#include "unit_thread.h"

/* A driver whose connections can only be asked whether to stop. */
struct conn {
	bool (*cancelled)(const void *token);
	const void *token;
};

static enum weir_code open_conn(const struct weir_open_request *request, void **out,
                                struct weir_error *err)
{
	struct conn *conn = malloc(sizeof *conn);

	if (conn == NULL)
		return weir_fail(err, WEIR_ERR_NO_MEMORY, "open", 0, "no memory");
	conn->cancelled = request->cancelled;
	conn->token = request->token;
	*out = conn;
	return WEIR_OK;
}

static void close_conn(void *conn)
{
	free(conn);
}

static const struct weir_driver driver = {
	.abi = WEIR_DRIVER_ABI,
	.size = sizeof(struct weir_driver),
	.name = "heeds",
	.flags = WEIR_DRIVER_OPEN_HONOURS_DEADLINE | WEIR_DRIVER_HEEDS_CANCEL,
	.open = open_conn,
	.close = close_conn,
};

static bool is_asked(const struct weir_lease *lease)
{
	const struct conn *conn = lease->conn;

	return conn->cancelled(conn->token);
}

static const char *const modes[] = {
	"max_size=1",
	"max_size=1 wake_barrier=fence",
	"max_size=1 fairness=fifo",
};

#define MODES_COUNT (sizeof modes / sizeof modes[0])

static void the_holder_is_asked_until_it_releases(void **state)
{
	(void)state;
	for (size_t m = 0; m < MODES_COUNT; m++) {
		struct weir_pool *pool = unit_pool(&driver, NULL, modes[m]);

		for (int round = 0; round < 3; round++) {
			struct weir_lease lease = unit_acquire(pool);
			const struct weir_lease copy = lease;

			assert_false(is_asked(&lease));
			assert_code(weir_cancel(&copy, NULL), WEIR_OK);
			assert_true(is_asked(&lease));
			assert_code(weir_cancel(&copy, NULL), WEIR_OK); /* once more is no harm */
			assert_true(is_asked(&lease));
			unit_release(&lease);
		}
		unit_pool_end(pool, NULL);
	}
}

static void nobody_is_asked_for_a_lease_that_is_over(void **state)
{
	(void)state;
	for (size_t m = 0; m < MODES_COUNT; m++) {
		struct weir_pool *pool = unit_pool(&driver, NULL, modes[m]);
		struct weir_lease lease = unit_acquire(pool);
		const struct weir_lease first = lease;
		struct weir_error err = WEIR_ERROR_INIT;

		assert_code(weir_cancel(&first, NULL), WEIR_OK);
		unit_release(&lease);
		assert_code(weir_cancel(&lease, &err), WEIR_ERR_STALE_HANDLE); /* released through it */
		assert_code(weir_cancel(&first, &err), WEIR_ERR_STALE_HANDLE);
		assert_has(err.message, "over already");
		lease = unit_acquire(pool);
		assert_false(is_asked(&lease));
		assert_code(weir_cancel(&first, NULL), WEIR_ERR_STALE_HANDLE);
		assert_false(is_asked(&lease));
		/* Nor does it undo what the present one was asked. */
		assert_code(weir_cancel(&lease, NULL), WEIR_OK);
		assert_code(weir_cancel(&first, NULL), WEIR_ERR_STALE_HANDLE);
		assert_true(is_asked(&lease));
		unit_discard(&lease);
		lease = unit_acquire(pool);
		assert_false(is_asked(&lease));
		unit_release(&lease);
		unit_pool_end(pool, NULL);
	}
}

/* Slots have words of their own. */
static void the_neighbour_is_not_asked(void **state)
{
	struct weir_pool *pool = unit_pool(&driver, NULL, "max_size=2");
	struct weir_lease one = unit_acquire(pool);
	struct weir_lease other = unit_acquire(pool);

	(void)state;
	assert_code(weir_cancel(&one, NULL), WEIR_OK);
	assert_true(is_asked(&one));
	assert_false(is_asked(&other));
	unit_release(&one);
	unit_release(&other);
	unit_pool_end(pool, NULL);
}

static void a_waiter_that_is_handed_the_slot_is_not_asked(void **state)
{
	struct weir_pool *pool = unit_pool(&driver, NULL, "max_size=1 fairness=fifo");
	struct weir_lease lease = unit_acquire(pool);
	const struct weir_lease copy = lease;
	struct unit_caller waiter;

	(void)state;
	unit_call(&waiter, pool, WEIR_TIMEOUT_NEVER);
	unit_await_waiters(pool, 1);
	assert_code(weir_cancel(&copy, NULL), WEIR_OK);
	unit_release(&lease);
	assert_code(unit_answer(&waiter), WEIR_OK);
	assert_false(is_asked(&waiter.lease));
	assert_code(weir_cancel(&copy, NULL), WEIR_ERR_STALE_HANDLE);
	assert_false(is_asked(&waiter.lease));
	unit_release(&waiter.lease);
	unit_pool_end(pool, NULL);
}

static void the_generation_may_wrap_around(void **state)
{
	struct weir_pool *pool = unit_pool(&driver, NULL, "max_size=1 min_idle=1");

	(void)state;
	wp_store_rlx_64(&pool->ring.slots[0].word, weir__word_make(WEIR__IDLE, UINT32_MAX - 1));
	for (int i = 0; i < 4; i++) {
		struct weir_lease lease = unit_acquire(pool);

		assert_false(is_asked(&lease));
		assert_code(weir_cancel(&lease, NULL), WEIR_OK);
		assert_true(is_asked(&lease));
		unit_release(&lease);
	}
	unit_pool_end(pool, NULL);
}

/* A request that was left behind long ago is as good as none. */
static void an_ancient_request_is_in_nobodys_way(void **state)
{
	static const uint32_t ages[] = {1, 2, UINT32_C(1) << 31, UINT32_C(0x80000001), UINT32_MAX};

	(void)state;
	for (size_t i = 0; i < sizeof ages / sizeof ages[0]; i++) {
		struct weir_pool *pool = unit_pool(&driver, NULL, "max_size=1 min_idle=1");
		struct weir_lease lease = unit_acquire(pool);

		wp_store_rlx_64(&pool->ring.slots[0].cancel,
		                weir__word_make(WEIR__LEASED, lease.generation - ages[i]));
		assert_false(is_asked(&lease));
		assert_code(weir_cancel(&lease, NULL), WEIR_OK);
		assert_true(is_asked(&lease));
		unit_release(&lease);
		unit_pool_end(pool, NULL);
	}
}

static void what_cannot_be_asked_is_refused(void **state)
{
	static struct weir_pool impostor;
	int connection = 0;
	const struct weir_lease no_pool = {.pool = &impostor, .conn = &connection};
	const struct weir_lease empty = {0};
	struct weir_pool *pool = unit_pool(&driver, NULL, "max_size=1");
	struct weir_lease lease = unit_acquire(pool);
	struct weir_lease forged = lease;
	struct weir_error err = WEIR_ERROR_INIT;

	(void)state;
	assert_code(weir_cancel(NULL, &err), WEIR_ERR_BAD_ARGUMENT);
	assert_code(weir_cancel(&empty, &err), WEIR_ERR_BAD_ARGUMENT);
	impostor.magic = 1;
	assert_code(weir_cancel(&no_pool, &err), WEIR_ERR_FOREIGN_HANDLE);
	forged.slot = 1;
	assert_code(weir_cancel(&forged, &err), WEIR_ERR_FOREIGN_HANDLE);
	forged = lease;
	forged.generation++;
	assert_code(weir_cancel(&forged, &err), WEIR_ERR_STALE_HANDLE);
	assert_false(is_asked(&lease));
	unit_release(&lease);
	unit_pool_end(pool, NULL);
}

static void a_driver_that_does_not_look_is_told(void **state)
{
	struct weir_driver deaf = driver;
	struct weir_error err = WEIR_ERROR_INIT;

	(void)state;
	deaf.flags = WEIR_DRIVER_OPEN_HONOURS_DEADLINE;
	struct weir_pool *pool = unit_pool(&deaf, NULL, "max_size=1");
	struct weir_lease lease = unit_acquire(pool);

	assert_code(weir_cancel(&lease, &err), WEIR_ERR_DRIVER_UNSUPPORTED);
	assert_has(err.message, "heeds");
	unit_release(&lease);
	unit_pool_end(pool, NULL);
}

/* One built before there were engines: what it does not have counts as NULL. */
static void a_driver_of_an_older_size_is_taken(void **state)
{
	struct weir_driver older = driver;

	(void)state;
	older.size = (uint32_t)offsetof(struct weir_driver, engine);
	struct weir_pool *pool = unit_pool(&older, NULL, "max_size=1");
	struct weir_lease lease = unit_acquire(pool);

	assert_code(weir_cancel(&lease, NULL), WEIR_OK);
	assert_true(is_asked(&lease));
	unit_release(&lease);
	unit_pool_end(pool, NULL);
}

static void cancel_as_child(void *argument)
{
	if (weir_cancel((const struct weir_lease *)argument, NULL) != WEIR_ERR_FORKED)
		abort();
}

static void a_child_cancels_nothing(void **state)
{
	struct weir_pool *pool = unit_pool(&driver, NULL, "max_size=1");
	struct weir_lease lease = unit_acquire(pool);

	(void)state;
	assert_true(unit_child_ends(cancel_as_child, &lease));
	assert_false(is_asked(&lease));
	unit_release(&lease);
	unit_pool_end(pool, NULL);
}

/* ---- races ---- */

#define CANCELLERS 2
#define LEASES 20000

/* The holder offers a copy of its lease; cancellers take the copy and ask, mostly
 * too late. Every other lease is not offered: nobody may be asked for it. */
struct race {
	_Atomic uint64_t offered; /* generation + 1; 0: over */
	struct weir_lease lease;  /* but for the generation, the same for all */
	struct unit_thread threads[CANCELLERS];
};

static void cancel_what_is_offered(void *argument)
{
	struct race *race = argument;
	uint64_t offered;

	while ((offered = atomic_load(&race->offered)) != 0) {
		struct weir_lease copy = race->lease;

		copy.generation = (uint32_t)(offered - 1);
		/* Any answer will do. */
		(void)!weir_cancel(&copy, NULL);
	}
}

static void no_race_reaches_the_wrong_lease(void **state)
{
	struct weir_pool *pool = unit_pool(&driver, NULL, "max_size=1");
	struct weir_lease lease = unit_acquire(pool);
	struct race race = {.lease = lease};
	unsigned wrong = 0;
	unsigned lost = 0;

	(void)state;
	atomic_store(&race.offered, (uint64_t)lease.generation + 1);
	unit_release(&lease);
	for (int i = 0; i < CANCELLERS; i++)
		unit_start(&race.threads[i], cancel_what_is_offered, &race);
	for (int i = 0; i < LEASES; i++) {
		lease = unit_acquire(pool);
		if (i % 2 == 0) {
			wrong += is_asked(&lease);
			unit_release(&lease);
			continue;
		}
		/* What was asked of it stays, whatever the late ones do. */
		atomic_store(&race.offered, (uint64_t)lease.generation + 1);
		if (weir_cancel(&lease, NULL) != WEIR_OK)
			lost++;
		for (int look = 0; look < 10; look++)
			lost += !is_asked(&lease);
		unit_release(&lease);
	}
	atomic_store(&race.offered, 0);
	for (int i = 0; i < CANCELLERS; i++)
		unit_join(&race.threads[i]);
	assert_int_equal(wrong, 0);
	assert_int_equal(lost, 0);
	unit_pool_end(pool, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_holder_is_asked_until_it_releases),
		cmocka_unit_test(nobody_is_asked_for_a_lease_that_is_over),
		cmocka_unit_test(the_neighbour_is_not_asked),
		cmocka_unit_test(a_waiter_that_is_handed_the_slot_is_not_asked),
		cmocka_unit_test(the_generation_may_wrap_around),
		cmocka_unit_test(an_ancient_request_is_in_nobodys_way),
		cmocka_unit_test(what_cannot_be_asked_is_refused),
		cmocka_unit_test(a_driver_that_does_not_look_is_told),
		cmocka_unit_test(a_driver_of_an_older_size_is_taken),
		cmocka_unit_test(a_child_cancels_nothing),
		cmocka_unit_test(no_race_reaches_the_wrong_lease),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
