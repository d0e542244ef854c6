/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The histogram: its promised error, its ends, merging, quantiles.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bench_histogram.h"
#include "random.h"

#define SEED 11
#define DRAWS 200000

static int set_up(void **state)
{
	*state = calloc(1, sizeof(struct bench_histogram));
	return *state == NULL;
}

static int tear_down(void **state)
{
	free(*state);
	return 0;
}

/* What is read back for one value beside a larger one, which keeps the exact
 * maximum from hiding the bucket's own error. */
static int64_t read_back(struct bench_histogram *histogram, int64_t value)
{
	memset(histogram, 0, sizeof(*histogram));
	bench_histogram_record(histogram, value);
	bench_histogram_record(histogram, INT64_MAX);
	return bench_histogram_quantile(histogram, 0.5);
}

static void test_error_of_a_value(void **state)
{
	struct bench_histogram *histogram = *state;
	struct bench_random random = bench_random_init(SEED, 0);

	for (int i = 0; i < DRAWS; i++) {
		/* Uniform in the logarithm, or small values would hardly come up. */
		const unsigned bits = 1 + bench_random_below(&random, BENCH_HISTOGRAM_VALUE_BITS);
		const uint64_t draw = ((uint64_t)bench_random_u32(&random) << 32) |
		                      bench_random_u32(&random);
		const int64_t value = (int64_t)(draw >> (64 - bits));
		const int64_t read = i % 100 == 0 ? read_back(histogram, value) : value;

		assert_true(bench_histogram_bucket(value) < BENCH_HISTOGRAM_BUCKETS);
		if (read < value || (double)(read - value) > 0.016 * (double)value)
			fail_msg("seed %d: %lld reads back as %lld", SEED, (long long)value, (long long)read);
	}
}

static void test_buckets_rise_with_values(void **state)
{
	unsigned last = 0;

	(void)state;
	for (int64_t value = 0; value < 100000; value++) {
		const unsigned bucket = bench_histogram_bucket(value);

		assert_true(bucket == last || bucket == last + 1);
		last = bucket;
	}
	assert_int_equal(bench_histogram_bucket(BENCH_HISTOGRAM_VALUE_MAX),
	                 BENCH_HISTOGRAM_BUCKETS - 1);
}

static void test_ends(void **state)
{
	struct bench_histogram *histogram = *state;

	assert_int_equal(bench_histogram_quantile(histogram, 0.5), 0);
	bench_histogram_record(histogram, -5);
	bench_histogram_record(histogram, 0);
	assert_int_equal(bench_histogram_quantile(histogram, 1.0), 0);
	bench_histogram_record(histogram, INT64_MAX);
	assert_int_equal(histogram->max, INT64_MAX);
	assert_int_equal(histogram->count, 3);
	assert_int_equal(bench_histogram_quantile(histogram, 1.0), BENCH_HISTOGRAM_VALUE_MAX);
}

static void test_quantiles(void **state)
{
	struct bench_histogram *histogram = *state;

	for (int64_t value = 1; value <= 1000; value++)
		bench_histogram_record(histogram, value);
	assert_in_range(bench_histogram_quantile(histogram, 0.5), 500, 508);
	assert_in_range(bench_histogram_quantile(histogram, 0.99), 990, 1000);
	assert_in_range(bench_histogram_quantile(histogram, 0.999), 999, 1000);
	assert_int_equal(bench_histogram_quantile(histogram, 1.0), 1000);
	assert_int_equal(bench_histogram_quantile(histogram, 0.0), 1);
}

/* A quantile never exceeds what was measured. */
static void test_one_value(void **state)
{
	struct bench_histogram *histogram = *state;

	bench_histogram_record(histogram, 1000001);
	assert_int_equal(bench_histogram_quantile(histogram, 0.5), 1000001);
	assert_int_equal(bench_histogram_quantile(histogram, 0.999), 1000001);
}

static void test_merge(void **state)
{
	struct bench_histogram *histogram = *state;
	struct bench_histogram *other = calloc(1, sizeof(*other));

	assert_non_null(other);
	for (int64_t value = 1; value <= 10; value++)
		bench_histogram_record(value % 2 == 0 ? histogram : other, value);
	bench_histogram_merge(histogram, other);
	free(other);
	assert_int_equal(histogram->count, 10);
	assert_int_equal(histogram->max, 10);
	assert_int_equal(bench_histogram_quantile(histogram, 0.5), 5);
	assert_int_equal(bench_histogram_quantile(histogram, 0.1), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_error_of_a_value, set_up, tear_down),
		cmocka_unit_test(test_buckets_rise_with_values),
		cmocka_unit_test_setup_teardown(test_ends, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_quantiles, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_one_value, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_merge, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
