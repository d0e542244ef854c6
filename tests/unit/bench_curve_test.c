/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What pictures are drawn from: percentiles of kept waits, which of them are more
 * than chance, and timelines with fewer samples and the same extremes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "bench_fixture.h"
#include "curve.h"
#include "timeline_thin.h"

static struct bench_results results;

static int set_up(void **state)
{
	(void)state;
	memset(&results, 0, sizeof(results));
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	bench_results_clear(&results);
	return 0;
}

/* Ten waits have to lie beyond a percentile. */
static void test_enough_waits(void **state)
{
	struct bench_row *const few = add_row(&results, "churn", "weir", 16, 4);
	struct bench_row *const enough = add_row(&results, "churn", "none", 16, 4);

	(void)state;
	assert_true(isnan(bench_row_wait_ns(few, 0.5)));
	add_waits(few, 99999, 100);
	add_waits(enough, 100000, 100);
	assert_true(isnan(bench_row_wait_ns(few, 0.9999)));
	/* The lengths double with each tenth: four times from the first. */
	assert_float_equal(bench_row_wait_ns(enough, 0.9999), 800.0, 16.0);
	assert_float_equal(bench_row_wait_ns(few, 0.5), 100.0, 2.0);
}

/* Two repetitions are one set of waits. */
static void test_waits_add_up(void **state)
{
	struct bench_row *const row = add_row(&results, "churn", "weir", 16, 4);

	(void)state;
	add_waits(row, 1000, 100);
	add_waits(row, 1000, 3200);
	assert_int_equal(row->waits->count, 2000);
	assert_float_equal(bench_row_wait_ns(row, 0.9), 3200.0, 60.0);
}

static void test_curve(void **state)
{
	struct bench_row *const row = add_row(&results, "churn", "weir", 16, 4);
	struct bench_curve curve;

	(void)state;
	bench_curve_of_row(&curve, row);
	assert_int_equal(curve.count, 0);
	add_waits(row, 100000, 100);
	bench_curve_of_row(&curve, row);
	assert_true(curve.count > 50 && curve.count <= BENCH_CURVE_POINTS_MAX);
	assert_float_equal(curve.points[0].share, 0.5, 1e-12);
	assert_float_equal(curve.points[curve.count - 1].share, 0.9999, 1e-9);
	for (unsigned i = 1; i < curve.count; i++) {
		assert_true(curve.points[i].share > curve.points[i - 1].share);
		assert_true(curve.points[i].ns >= curve.points[i - 1].ns);
	}
	/* With a thousand it ends at 99 %. */
	free(row->waits);
	row->waits = NULL;
	add_waits(row, 1000, 100);
	bench_curve_of_row(&curve, row);
	assert_float_equal(curve.points[curve.count - 1].share, 0.99, 1e-9);
}

/* A row from a file of the schema before has three percentiles and no waits. */
static void test_curve_of_a_table(void **state)
{
	struct bench_row *const row = add_row(&results, "churn", "weir", 16, 4);
	struct bench_curve curve;

	(void)state;
	add_rep(row, 1000.0, 70.0, 1.0, 0);
	bench_curve_of_row(&curve, row);
	assert_int_equal(curve.count, 3);
	assert_float_equal(curve.points[2].share, 0.999, 1e-12);
	assert_float_equal(curve.points[2].ns, 70.0, 1e-9);
}

static void test_thinning(void **state)
{
	struct bench_row *const row = add_row(&results, "outage", "weir", 16, 4);
	unsigned kept[BENCH_TIMELINE_KEPT_MAX];
	unsigned count;
	bool peak = false;
	bool trough = false;

	(void)state;
	add_timeline(row, 50000);
	row->timeline->samples[33333].waiting = 1000;
	row->timeline->samples[44444].open = 500;
	count = bench_timeline_thin(row->timeline, BENCH_TIMELINE_KEPT_MAX, kept);
	assert_in_range(count, 1000, BENCH_TIMELINE_KEPT_MAX);
	for (unsigned i = 0; i < count; i++) {
		assert_true(i == 0 || kept[i] > kept[i - 1]);
		assert_true(kept[i] < 50000);
		peak = peak || kept[i] == 33333;
		trough = trough || kept[i] == 44444;
	}
	assert_true(peak && trough);
	assert_in_range(bench_timeline_thin(row->timeline, 100, kept), 25, 100);
	row->timeline->samples_count = 7;
	assert_int_equal(bench_timeline_thin(row->timeline, 100, kept), 7);
	assert_int_equal(kept[6], 6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_enough_waits, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_waits_add_up, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_curve, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_curve_of_a_table, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_thinning, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
