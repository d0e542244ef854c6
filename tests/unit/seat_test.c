/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The seat: what a thread remembers of a pool, and that it forgets without harm.
 */
#include "testing.h"
#include "unit_check.h"
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(seats_of_a_thread_start_free),
		cmocka_unit_test(a_seat_is_found_again),
		cmocka_unit_test(the_first_slot_lies_in_the_ring),
		cmocka_unit_test(pools_that_share_a_seat_evict_each_other_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
