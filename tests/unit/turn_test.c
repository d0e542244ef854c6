/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Turns: their length stays within bounds whatever the figures, moves the right
 * way, and nobody keeps a slot that must be handed over.
 */
#include "testing.h"
#include "unit_check.h"

static const int64_t windows_ns[] = {
	0, 1, 7, WEIR_MICROSECONDS(1), WEIR_MILLISECONDS(1), WEIR_SECONDS(10),
};

static const int64_t ages_ns[] = {
	0, 1, WEIR_MICROSECONDS(5), WEIR_MILLISECONDS(1), WEIR_SECONDS(1), 24 * WEIR_HOUR_NS,
};

static const uint32_t lengths[] = {
	WEIR__TURN_MIN, WEIR__TURN_MIN + 1, WEIR__TURN_FIRST, WEIR__TURN_MAX - 1, WEIR__TURN_MAX,
};

static const uint32_t crowds[] = {1, 2, 1000, 1000000};

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static void a_length_stays_within_its_bounds(void **state)
{
	(void)state;
	for (size_t w = 0; w < COUNT(windows_ns); w++) {
		for (size_t a = 0; a < COUNT(ages_ns); a++) {
			for (size_t l = 0; l < COUNT(lengths); l++) {
				for (size_t c = 0; c < COUNT(crowds); c++) {
					const uint32_t next =
						weir__turn_steer(lengths[l], ages_ns[a], windows_ns[w], crowds[c]);

					assert_true(next >= WEIR__TURN_MIN);
					assert_true(next <= WEIR__TURN_MAX);
				}
			}
		}
	}
}

static void a_waiter_served_too_early_lengthens_turns(void **state)
{
	uint32_t length = WEIR__TURN_MIN;

	(void)state;
	for (int i = 0; i < 100; i++) {
		const uint32_t next = weir__turn_steer(length, 0, WEIR_MILLISECONDS(1), 4);

		assert_true(next > length || next == WEIR__TURN_MAX);
		length = next;
	}
}

static void a_waiter_served_too_late_shortens_turns_to_the_least(void **state)
{
	uint32_t length = WEIR__TURN_MAX;

	(void)state;
	for (int i = 0; i < 1000; i++) {
		const uint32_t next = weir__turn_steer(length, WEIR_SECONDS(1), WEIR_MILLISECONDS(1), 4);

		assert_true(next < length || next == WEIR__TURN_MIN);
		length = next;
	}
	assert_int_equal(length, WEIR__TURN_MIN);
}

static void a_thread_that_comes_back_at_once_is_known_to(void **state)
{
	struct weir__seat seat = {.left_ns = 1000};

	(void)state;
	weir__turn_back(&seat, 1000 + WEIR__TURN_RETURN_NS);
	assert_true(seat.returns);
	assert_int_equal(seat.left_ns, 0);
	seat.left_ns = 1000;
	weir__turn_back(&seat, 1001 + WEIR__TURN_RETURN_NS);
	assert_false(seat.returns);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_length_stays_within_its_bounds),
		cmocka_unit_test(a_waiter_served_too_early_lengthens_turns),
		cmocka_unit_test(a_waiter_served_too_late_shortens_turns_to_the_least),
		cmocka_unit_test(a_thread_that_comes_back_at_once_is_known_to),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
