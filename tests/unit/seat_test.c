/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The seat: what a thread remembers of a pool, and that it forgets without harm.
 */
#include "testing.h"
#include "unit_check.h"
#include "unit_pool.h"
#include "unit_thread.h"

static void a_new_thread_has_free_seats(void *argument)
{
	uint32_t *taken = argument;

	for (uint64_t id = 1; id <= WEIR__SEATS; id++)
		*taken += weir__seat_find(id)->pool_id != 0;
}

static void seats_of_a_thread_start_free(void **state)
{
	struct unit_thread thread;
	uint32_t taken = 0;

	(void)state;
	unit_start(&thread, a_new_thread_has_free_seats, &taken);
	unit_join(&thread);
	assert_int_equal(taken, 0);
}

static void a_seat_is_found_again(void **state)
{
	struct weir__seat *seat = weir__seat_find(1001);

	(void)state;
	weir__seat_take(seat, 1001, 7);
	seat->slot = 5;
	assert_ptr_equal(weir__seat_find(1001), seat);
	assert_int_equal(weir__seat_find(1001)->pool_id, 1001);
	assert_int_equal(weir__seat_find(1001)->slot, 5);
	assert_int_equal(seat->thread, wp_thread_id());
}

static void the_first_slot_lies_in_the_ring(void **state)
{
	(void)state;
	for (uint32_t slots = 1; slots < 40; slots++) {
		struct weir__seat seat;

		weir__seat_take(&seat, 1, slots);
		assert_true(seat.slot < slots);
	}
}

static void pools_that_share_a_seat_evict_each_other_whole(void **state)
{
	const uint64_t first = 2000;
	const uint64_t second = first + WEIR__SEATS;
	struct weir__seat *seat = weir__seat_find(first);

	(void)state;
	weir__seat_take(seat, first, 100);
	seat->slot = 99;
	seat->left_ns = 12345;
	seat->returns = true;
	assert_ptr_equal(weir__seat_find(second), seat);
	weir__seat_take(seat, second, 2);
	assert_int_equal(seat->pool_id, second);
	assert_true(seat->slot < 2);
	assert_int_equal(seat->left_ns, 0);
	assert_false(seat->returns);
}

/* A driver whose open uses another pool. */
static enum weir_code open_through(const struct weir_open_request *request, void **conn,
                                   struct weir_error *err)
{
	struct weir_lease lease = unit_acquire(request->driver_data);

	(void)err;
	*conn = request->driver_data;
	unit_release(&lease);
	return WEIR_OK;
}

static void close_nothing(void *conn)
{
	(void)conn;
}

static void an_open_that_uses_another_pool_takes_no_seat_for_good(void **state)
{
	static const struct weir_driver driver = {
		.abi = WEIR_DRIVER_ABI,
		.size = sizeof(struct weir_driver),
		.name = "nested",
		.flags = WEIR_DRIVER_OPEN_HONOURS_DEADLINE,
		.open = open_through,
		.close = close_nothing,
	};
	struct weir_pool *inner = unit_pool_prompt(NULL, "max_size=1024");
	struct weir_pool *outer = NULL;

	(void)state;
	/* Until their numbers fall on one seat. */
	do {
		if (outer != NULL)
			unit_pool_end(outer, NULL);
		outer = unit_pool(&driver, inner, "max_size=1");
	} while (outer->id % WEIR__SEATS != inner->id % WEIR__SEATS);
	for (int round = 0; round < 2; round++) {
		struct weir_lease lease = unit_acquire(outer);

		assert_int_equal(weir__seat_find(outer->id)->pool_id, outer->id);
		assert_int_equal(weir__seat_find(outer->id)->slot, 0);
		assert_int_equal(lease.slot, 0);
		unit_discard(&lease);
	}
	unit_pool_end(outer, NULL);
	unit_pool_end(inner, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(seats_of_a_thread_start_free),
		cmocka_unit_test(a_seat_is_found_again),
		cmocka_unit_test(the_first_slot_lies_in_the_ring),
		cmocka_unit_test(pools_that_share_a_seat_evict_each_other_whole),
		cmocka_unit_test(an_open_that_uses_another_pool_takes_no_seat_for_good),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
