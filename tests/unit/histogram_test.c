/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Histograms: buckets are without gaps and narrow enough, quantiles err by one percent at
 * most, and what many threads count is all there.
 */
#include "testing.h"
#include "unit_check.h"
#include "unit_thread.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define TOP (UINT64_C(1) << 42)

static struct weir_histogram read_of(const struct weir__histogram *histogram)
{
	struct weir_histogram copy;

	memset(&copy, 0xff, sizeof copy);
	copy.size = sizeof copy;
	weir__histogram_read(histogram, &copy);
	assert_int_equal(copy.size, sizeof copy);
	return copy;
}

/* ---- buckets ---- */

static void the_table_has_every_row(void **state)
{
	size_t count = 0;
	const struct weir_histogram_row *rows = weir_histogram_table(&count);

	(void)state;
	assert_int_equal(count, WEIR_HISTOGRAMS_COUNT);
	assert_string_equal(rows[WEIR_HISTOGRAM_WAIT].name, "db.client.connection.wait_time");
	assert_false(rows[WEIR_HISTOGRAM_CREATE].is_db);
	assert_true(rows[WEIR_HISTOGRAM_GROUP_SIZE].is_db);
	assert_string_equal(rows[WEIR_HISTOGRAM_GROUP_SIZE].unit, "{job}");
	for (size_t i = 0; i < count; i++)
		assert_true(strlen(rows[i].name) < WEIR_METRIC_NAME_MAX && rows[i].doc[0] != '\0');
}

static void buckets_follow_without_gaps(void **state)
{
	uint64_t least = 0;

	(void)state;
	for (size_t i = 0; i < WEIR_HISTOGRAM_BUCKETS; i++) {
		const uint64_t upper = weir_histogram_upper(i);

		assert_int_equal(weir_histogram_bucket(least), i);
		assert_int_equal(weir_histogram_bucket(upper), i);
		assert_true(upper >= least);
		least = upper + 1;
	}
	assert_int_equal(least, 0); /* after UINT64_MAX */
	assert_true(weir_histogram_upper(WEIR_HISTOGRAM_BUCKETS) == UINT64_MAX);
	assert_int_equal(weir_histogram_bucket(TOP - 1), WEIR_HISTOGRAM_BUCKETS - 1);
	assert_int_equal(weir_histogram_bucket(TOP), WEIR_HISTOGRAM_BUCKETS - 1);
	assert_true(weir_histogram_upper(WEIR_HISTOGRAM_BUCKETS - 2) < TOP);
}

static void small_values_are_exact(void **state)
{
	(void)state;
	for (uint64_t value = 0; value < 128; value++) {
		assert_int_equal(weir_histogram_bucket(value), value);
		assert_int_equal(weir_histogram_upper((size_t)value), value);
	}
}

/* ---- quantiles ---- */

/* The middle of value's bucket, as the median of it alone with something far greater. */
static uint64_t told(struct weir_histogram *histogram, uint64_t value)
{
	const size_t bucket = weir_histogram_bucket(value);

	memset(histogram, 0, sizeof *histogram);
	histogram->size = sizeof *histogram;
	histogram->buckets[bucket] = 9;
	histogram->buckets[WEIR_HISTOGRAM_BUCKETS - 1] += 1;
	histogram->count = 10;
	histogram->max = UINT64_MAX;
	return weir_histogram_quantile(histogram, 0.5);
}

static void expect_near(struct weir_histogram *histogram, uint64_t value)
{
	const double error = fabs((double)told(histogram, value) - (double)value) / (double)value;

	if (error > 0.008)
		fail_msg("%llu is told as %llu", (unsigned long long)value,
		         (unsigned long long)told(histogram, value));
}

static void a_quantile_errs_by_less_than_one_percent(void **state)
{
	struct weir_histogram *histogram = malloc(sizeof *histogram);
	uint64_t random = unit_seed();

	(void)state;
	assert_non_null(histogram);
	/* Both edges of every bucket are where the error is greatest. */
	for (size_t i = 1; i < WEIR_HISTOGRAM_BUCKETS - 1; i++) {
		expect_near(histogram, weir_histogram_upper(i - 1) + 1);
		expect_near(histogram, weir_histogram_upper(i));
	}
	for (int i = 0; i < 20000; i++) {
		const uint64_t drawn = unit_random(&random);

		expect_near(histogram, 1 + (drawn >> 6) % (UINT64_C(1) << drawn % 42));
	}
	free(histogram);
}

static int ascending(const void *a, const void *b)
{
	const int64_t x = *(const int64_t *)a;
	const int64_t y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

/* Against the same values sorted, from 10 to 10^9. */
static void quantiles_are_those_of_the_values(void **state)
{
	static const uint32_t shares[] = {1, 10, 100, 250, 500, 750, 900, 990, 999, 1000};
	enum { VALUES = 10000 };
	static int64_t values[VALUES];
	struct weir__histogram *histogram = weir__histogram_create(4);
	uint64_t random = unit_seed();

	(void)state;
	assert_non_null(histogram);
	for (uint32_t i = 0; i < VALUES; i++) {
		const uint64_t drawn = unit_random(&random);

		values[i] = 10 + (int64_t)((drawn >> 8) % (UINT64_C(1) << (4 + drawn % 27)));
		weir__histogram_add(histogram, i, values[i], 1);
	}
	qsort(values, VALUES, sizeof values[0], ascending);
	const struct weir_histogram copy = read_of(histogram);

	for (size_t i = 0; i < sizeof shares / sizeof shares[0]; i++) {
		const double value = (double)values[shares[i] * (VALUES / 1000) - 1];
		const uint64_t told_as = weir_histogram_quantile(&copy, (double)shares[i] / 1000 - 1e-9);

		if (fabs((double)told_as - value) > value / 100)
			fail_msg("share %u/1000 is told as %llu, but is %g", shares[i],
			         (unsigned long long)told_as, value);
	}
	assert_int_equal(copy.max, values[VALUES - 1]);
	weir__histogram_free(histogram);
}

static void a_quantile_is_never_above_max(void **state)
{
	struct weir__histogram *histogram = weir__histogram_create(1);

	(void)state;
	assert_non_null(histogram);
	weir__histogram_add(histogram, 0, 1000000, 1); /* less than the middle of its bucket */
	struct weir_histogram copy = read_of(histogram);

	assert_true(weir_histogram_upper(weir_histogram_bucket(1000000)) > 1000000 + 4096);
	assert_int_equal(weir_histogram_quantile(&copy, 0.5), 1000000);
	weir__histogram_add(histogram, 0, INT64_MAX, 1);
	copy = read_of(histogram);
	assert_true(weir_histogram_quantile(&copy, 1.0) == (uint64_t)INT64_MAX);
	assert_true(weir_histogram_quantile(&copy, 2.0) == (uint64_t)INT64_MAX);
	assert_in_range(weir_histogram_quantile(&copy, 0.0), 1000000, 1007615);
	assert_in_range(weir_histogram_quantile(&copy, -1.0), 1000000, 1007615);
	weir__histogram_free(histogram);
}

/* ---- counting ---- */

static void an_empty_one_is_all_zero(void **state)
{
	struct weir__histogram *histogram = weir__histogram_create(2);
	const struct weir_histogram empty = {.size = sizeof empty};
	const struct weir_histogram copy = read_of(histogram);
	const struct weir_histogram none = read_of(NULL);

	(void)state;
	assert_memory_equal(&copy, &empty, sizeof copy);
	assert_memory_equal(&none, &empty, sizeof none);
	assert_int_equal(weir_histogram_quantile(&copy, 0.5), 0);
	weir__histogram_add(NULL, 0, 1, 1);
	weir__histogram_free(histogram);
	weir__histogram_free(NULL);
}

static void weights_negatives_and_shards_count(void **state)
{
	struct weir__histogram *histogram = weir__histogram_create(4);

	(void)state;
	assert_non_null(histogram);
	weir__histogram_add(histogram, 0, 100, 64);
	weir__histogram_add(histogram, 1, 100, 1);
	weir__histogram_add(histogram, 7, 5, 1); /* beyond the shards: any number will do */
	weir__histogram_add(histogram, 2, -3, 2);
	const struct weir_histogram copy = read_of(histogram);

	assert_int_equal(copy.buckets[100], 65);
	assert_int_equal(copy.buckets[5], 1);
	assert_int_equal(copy.buckets[0], 2);
	assert_int_equal(copy.count, 68);
	assert_int_equal(copy.sum, 6505);
	assert_int_equal(copy.max, 100);
	weir__histogram_free(histogram);
}

#define WRITERS 4
#define EACH 400000

struct writer {
	struct unit_thread thread;
	struct weir__histogram *histogram;
	uint64_t random;
	uint32_t shard;
	uint64_t count;
	uint64_t sum;
	uint64_t max;
};

static void write_many(void *argument)
{
	struct writer *w = argument;

	for (int i = 0; i < EACH; i++) {
		const uint64_t drawn = unit_random(&w->random);
		const uint64_t value = drawn >> 24 >> drawn % 40;
		const uint64_t weight = (drawn >> 8 & 3) == 0 ? 64 : 1;

		weir__histogram_add(w->histogram, w->shard, (int64_t)value, weight);
		w->count += weight;
		w->sum += value * weight;
		w->max = value > w->max ? value : w->max;
	}
}

/* Two shards for four: pairs meet on every word. Reads meanwhile never go back. */
static void nothing_is_lost_between_threads(void **state)
{
	struct weir__histogram *histogram = weir__histogram_create(2);
	struct writer writers[WRITERS];
	uint64_t random = unit_seed();
	uint64_t count = 0;
	uint64_t sum = 0;
	uint64_t max = 0;
	uint64_t seen = 0;

	(void)state;
	assert_non_null(histogram);
	for (uint32_t i = 0; i < WRITERS; i++) {
		writers[i] = (struct writer){.histogram = histogram, .shard = i};
		writers[i].random = unit_random(&random);
		unit_start(&writers[i].thread, write_many, &writers[i]);
	}
	for (int i = 0; i < 200; i++) {
		const struct weir_histogram copy = read_of(histogram);

		assert_true(copy.count >= seen);
		seen = copy.count;
	}
	for (uint32_t i = 0; i < WRITERS; i++) {
		unit_join(&writers[i].thread);
		count += writers[i].count;
		sum += writers[i].sum;
		max = writers[i].max > max ? writers[i].max : max;
	}
	const struct weir_histogram copy = read_of(histogram);

	assert_int_equal(copy.count, count);
	assert_int_equal(copy.sum, sum);
	assert_int_equal(copy.max, max);
	weir__histogram_free(histogram);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_table_has_every_row),
		cmocka_unit_test(buckets_follow_without_gaps),
		cmocka_unit_test(small_values_are_exact),
		cmocka_unit_test(a_quantile_errs_by_less_than_one_percent),
		cmocka_unit_test(quantiles_are_those_of_the_values),
		cmocka_unit_test(a_quantile_is_never_above_max),
		cmocka_unit_test(an_empty_one_is_all_zero),
		cmocka_unit_test(weights_negatives_and_shards_count),
		cmocka_unit_test(nothing_is_lost_between_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
