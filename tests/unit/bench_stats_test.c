/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Medians and spreads, and the numbers people read.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "format.h"
#include "stats.h"

static void test_median(void **state)
{
	const double odd[] = {5.0, 1.0, 3.0};
	const double even[] = {4.0, 1.0, 3.0, 2.0};
	const double gaps[] = {NAN, 7.0, NAN, 9.0};
	const double nothing[] = {NAN, NAN};

	(void)state;
	assert_float_equal(bench_median(odd, 3), 3.0, 0.0);
	assert_float_equal(bench_median(even, 4), 2.5, 0.0);
	assert_float_equal(bench_median(gaps, 4), 8.0, 0.0);
	assert_float_equal(bench_median(odd, 1), 5.0, 0.0);
	assert_true(isnan(bench_median(nothing, 2)));
	assert_true(isnan(bench_median(odd, 0)));
	/* The caller's order stays as it was. */
	assert_float_equal(odd[0], 5.0, 0.0);
}

static void test_spread(void **state)
{
	const double values[] = {90.0, 110.0, 100.0};
	const double equal[] = {4.0, 4.0};
	const double zero[] = {0.0, 0.0, 1.0};
	const double nothing[] = {NAN};

	(void)state;
	assert_float_equal(bench_spread(values, 3), 0.2, 1e-12);
	assert_float_equal(bench_spread(equal, 2), 0.0, 0.0);
	assert_true(isnan(bench_spread(zero, 3)));
	assert_true(isnan(bench_spread(nothing, 1)));
}

static void test_format(void **state)
{
	static const struct {
		void (*format)(char *text, size_t text_size, double value);
		double value;
		const char *text;
	} cases[] = {
		{bench_format_count, 0.0, "0"},
		{bench_format_count, 17.0, "17"},
		{bench_format_count, 2.5, "2.50"},
		{bench_format_count, 1234.0, "1.23 k"},
		{bench_format_count, 70.6e6, "70.6 M"},
		{bench_format_count, 123e9, "123 G"},
		{bench_format_count, NAN, "-"},
		{bench_format_ns, 2.14, "2.14 ns"},
		{bench_format_ns, 999.0, "999 ns"},
		{bench_format_ns, 1500.0, "1.50 us"},
		{bench_format_ns, 20e6, "20.0 ms"},
		{bench_format_ns, 2.5e9, "2.50 s"},
		{bench_format_ns, NAN, "-"},
	};
	char text[BENCH_CELL_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		cases[i].format(text, sizeof(text), cases[i].value);
		assert_string_equal(text, cases[i].text);
	}
	bench_format_plain(text, sizeof(text), 0.98765, 3);
	assert_string_equal(text, "0.988");
	bench_format_plain(text, sizeof(text), NAN, 3);
	assert_string_equal(text, "-");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_median),
		cmocka_unit_test(test_spread),
		cmocka_unit_test(test_format),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
