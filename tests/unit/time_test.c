/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The clock goes forward, and deadlines do not overflow.
 */
#include <weir/base.h>

#include "unit_check.h"

static void the_clock_never_goes_back(void **state)
{
	struct weir_time last = weir_now();

	(void)state;
	assert_true(last.ns > 0);
	for (int i = 0; i < 10000; i++) {
		const struct weir_time now = weir_now();

		assert_true(now.ns >= last.ns);
		last = now;
	}
}

static void a_deadline_lies_its_timeout_ahead(void **state)
{
	static const int64_t timeouts[] = {1, WEIR_MICROSECONDS(1), WEIR_SECONDS(100)};

	(void)state;
	for (int i = 0; i < 3; i++) {
		const int64_t before_ns = weir_now().ns;
		const struct weir_time deadline = weir_deadline_in(timeouts[i]);
		const int64_t after_ns = weir_now().ns;

		assert_true(deadline.ns >= before_ns + timeouts[i]);
		assert_true(deadline.ns <= after_ns + timeouts[i]);
	}
}

static void a_negative_timeout_counts_as_none(void **state)
{
	static const int64_t timeouts[] = {0, -1, INT64_MIN};

	(void)state;
	for (int i = 0; i < 3; i++) {
		const int64_t before_ns = weir_now().ns;
		const struct weir_time deadline = weir_deadline_in(timeouts[i]);

		assert_true(deadline.ns >= before_ns);
		assert_true(deadline.ns <= weir_now().ns);
	}
}

static void a_timeout_past_the_end_of_time_is_never(void **state)
{
	(void)state;
	assert_int_equal(weir_deadline_in(INT64_MAX).ns, WEIR_TIME_NEVER_NS);
	assert_int_equal(weir_deadline_in(INT64_MAX - 1).ns, WEIR_TIME_NEVER_NS);
}

static void units_are_nanoseconds(void **state)
{
	(void)state;
	assert_int_equal(WEIR_SECONDS(2), INT64_C(2000000000));
	assert_int_equal(WEIR_MILLISECONDS(2), INT64_C(2000000));
	assert_int_equal(WEIR_MICROSECONDS(2), INT64_C(2000));
	assert_int_equal(WEIR_SECONDS(1000000), INT64_C(1000000000000000));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_clock_never_goes_back),
		cmocka_unit_test(a_deadline_lies_its_timeout_ahead),
		cmocka_unit_test(a_negative_timeout_counts_as_none),
		cmocka_unit_test(a_timeout_past_the_end_of_time_is_never),
		cmocka_unit_test(units_are_nanoseconds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
