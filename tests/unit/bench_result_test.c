/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What repetitions come to: medians, efficiency, the strict queue's wait, the
 * best baseline, and the verdict on each target.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bench_fixture.h"
#include "target.h"

static struct bench_results results;

static int set_up(void **state)
{
	(void)state;
	memset(&results, 0, sizeof(results));
	return 0;
}

static void test_medians_and_sums(void **state)
{
	struct bench_row *row = add_row(&results, "churn", "weir", 16, 4);

	(void)state;
	add_rep(row, 1000.0, 10.0, 0.5, 1);
	add_rep(row, 3000.0, 30.0, 0.9, 2);
	add_rep(row, 2000.0, 20.0, 0.7, 4);
	assert_int_equal(row->reps, 3);
	assert_float_equal(bench_row_value(row, BENCH_OPS_PER_S), 2000.0, 1e-9);
	assert_float_equal(bench_row_value(row, BENCH_WAIT_P999), 20.0, 1e-9);
	assert_float_equal(bench_row_value(row, BENCH_FAIRNESS), 0.7, 1e-9);
	assert_float_equal(bench_row_value(row, BENCH_TIMEOUTS), 7.0, 1e-9);
	assert_float_equal(bench_row_spread(row), 1.0, 1e-9);
	/* Two processors, 2,000 pairs a second: a million nanoseconds for each. */
	assert_float_equal(bench_row_value(row, BENCH_NS_PER_PAIR), 1e6, 1e-3);
	assert_true(isnan(bench_row_value(row, BENCH_WAL_PEAK_BYTES)));
}

/* Nothing counted is not nothing that went wrong. */
static void test_sums_of_nothing(void **state)
{
	struct bench_row *row = add_row(&results, "churn", "weir", 16, 4);

	(void)state;
	assert_true(isnan(bench_row_value(row, BENCH_TIMEOUTS)));
	add_rep(row, 1000.0, 10.0, 0.5, 1);
	row->values[BENCH_TIMEOUTS][0] = NAN;
	assert_true(isnan(bench_row_value(row, BENCH_TIMEOUTS)));
	add_rep(row, 1000.0, 10.0, 0.5, 2);
	assert_float_equal(bench_row_value(row, BENCH_TIMEOUTS), 2.0, 1e-9);
}

/* One thread can use one processor only, however many there are. */
static void test_pair_of_one_thread(void **state)
{
	struct bench_row *row = add_row(&results, "solo", "weir", 1, 10);

	(void)state;
	add_rep(row, 1e6, 10.0, 1.0, 0);
	assert_float_equal(bench_row_value(row, BENCH_NS_PER_PAIR), 1000.0, 1e-6);
}

/* Threads that take turns use one processor at a time. */
static void test_pair_of_a_step(void **state)
{
	struct bench_row *row = add_row(&results, "sparse", "weir", 2, 4096);

	(void)state;
	row->kind = BENCH_KIND_SPARSE;
	add_rep(row, 1e6, 10.0, NAN, 0);
	assert_float_equal(bench_row_value(row, BENCH_NS_PER_PAIR), 1000.0, 1e-6);
	assert_true(isnan(bench_row_efficiency(&results, row)));
}

static void test_roles(void **state)
{
	struct bench_row *row = add_row(&results, "sqlite-mixed", "weir", 8, 4);
	struct bench_sample sample = make_sample(100.0, 5.0, 0.9, 0);
	const struct bench_sql_figures figures = {4096.0, 8.0, 0.125, 7e6};

	(void)state;
	row->kind = BENCH_KIND_SQL;
	sample.ops[BENCH_ROLE_WRITE] = 50;
	sample.fairness[BENCH_ROLE_WRITE] = 0.4;
	sample.waits[BENCH_ROLE_WRITE] = (struct bench_waits){1.0, 2.0, 3.0, 4.0};
	bench_row_add(row, &sample, &sample, &figures, 2);
	assert_float_equal(bench_row_value(row, BENCH_OPS_PER_S), 150.0, 1e-9);
	assert_float_equal(bench_row_value(row, BENCH_READ_OPS_PER_S), 100.0, 1e-9);
	assert_float_equal(bench_row_value(row, BENCH_WRITE_OPS_PER_S), 50.0, 1e-9);
	assert_float_equal(bench_row_value(row, BENCH_WRITE_P50), 1.0, 1e-9);
	assert_float_equal(bench_row_value(row, BENCH_WRITE_MAX), 4.0, 1e-9);
	assert_float_equal(bench_row_value(row, BENCH_WRITE_FAIRNESS), 0.4, 1e-9);
	assert_float_equal(bench_row_value(row, BENCH_READ_FAIRNESS), 0.9, 1e-9);
	/* The lower of the two, so that a starved role shows. */
	assert_float_equal(bench_row_value(row, BENCH_FAIRNESS), 0.4, 1e-9);
	assert_float_equal(bench_row_value(row, BENCH_WAL_PEAK_BYTES), 4096.0, 1e-9);
	assert_float_equal(bench_row_value(row, BENCH_GROUP_SIZE), 8.0, 1e-9);
	assert_float_equal(bench_row_value(row, BENCH_FSYNCS_PER_TX), 0.125, 1e-9);
	assert_float_equal(bench_row_value(row, BENCH_CKPT_STALL_NS), 7e6, 1e-9);
	assert_true(isnan(bench_row_efficiency(&results, row)));
}

static void test_efficiency_of_sleeping_holds(void **state)
{
	struct bench_row *none = add_row(&results, "blocking", "none", 32, 4);
	struct bench_row *weir = add_row(&results, "blocking", "weir", 32, 4);

	(void)state;
	none->sleeps = weir->sleeps = true;
	/* 32 threads that hold for 250 us each make 128,000 a second. */
	add_rep(none, 128000.0, 1.0, 1.0, 0);
	add_rep(weir, 15200.0, 1.0, 1.0, 0);
	assert_float_equal(bench_mean_hold_ns(&results, "blocking"), 250000.0, 1e-3);
	assert_float_equal(bench_strict_wait_ns(&results, "blocking"), 2e6, 1e-2);
	/* Four connections could make 16,000. */
	assert_float_equal(bench_row_efficiency(&results, weir), 0.95, 1e-9);
	assert_float_equal(bench_row_efficiency(&results, none), 1.0, 1e-9);
}

static void test_efficiency_of_working_holds(void **state)
{
	struct bench_row *none = add_row(&results, "short-hold", "none", 16, 2);
	struct bench_row *weir = add_row(&results, "short-hold", "weir", 16, 2);

	(void)state;
	add_rep(none, 1000.0, 1.0, 1.0, 0);
	add_rep(weir, 900.0, 1.0, 1.0, 0);
	assert_float_equal(bench_row_efficiency(&results, weir), 0.9, 1e-9);
	assert_true(isnan(bench_strict_wait_ns(&results, "short-hold")));
}

static void test_without_the_limit(void **state)
{
	struct bench_row *weir = add_row(&results, "churn", "weir", 16, 4);

	(void)state;
	add_rep(weir, 900.0, 1.0, 1.0, 0);
	assert_true(isnan(bench_row_efficiency(&results, weir)));
	assert_true(isnan(bench_mean_hold_ns(&results, "churn")));
	assert_null(bench_results_best(&results, "churn", BENCH_OPS_PER_S, BENCH_HIGHER));
	assert_null(bench_results_find(&results, "churn", "none"));
	assert_null(bench_results_weir(&results, "solo"));
}

static void test_best_is_a_baseline(void **state)
{
	(void)state;
	add_rep(add_row(&results, "churn", "weir", 16, 4), 900.0, 1.0, 1.0, 0);
	add_rep(add_row(&results, "churn", "none", 16, 4), 9000.0, 1.0, 1.0, 0);
	add_rep(add_row(&results, "churn", "sem-cas", 16, 4), 300.0, 8.0, 1.0, 0);
	add_rep(add_row(&results, "churn", "mutex-lifo", 16, 4), 500.0, 9.0, 1.0, 0);
	add_rep(add_row(&results, "pair", "ck-ring", 16, 4), 5000.0, 1.0, 1.0, 0);
	assert_string_equal(bench_results_best(&results, "churn", BENCH_OPS_PER_S, BENCH_HIGHER)->pool,
	                    "mutex-lifo");
	assert_string_equal(bench_results_best(&results, "churn", BENCH_WAIT_P999, BENCH_LOWER)->pool,
	                    "sem-cas");
	assert_string_equal(bench_results_weir(&results, "churn")->pool, "weir");
}

/* What nobody can use to share a database is no baseline, however fast. */
static void test_limits_are_no_baselines(void **state)
{
	(void)state;
	add_rep(add_row(&results, "sqlite-durable-1", "weir", 1, 1), 900.0, 1.0, 1.0, 0);
	add_rep(add_row(&results, "sqlite-durable-1", "busy-timeout", 1, 1), 800.0, 1.0, 1.0, 0);
	add_rep(add_row(&results, "sqlite-durable-1", "group-of-32", 1, 1), 9000.0, 1.0, 1.0, 0);
	add_rep(add_row(&results, "sqlite-durable-1", "raw-1", 1, 1), 1000.0, 1.0, 1.0, 0);
	assert_string_equal(
		bench_results_best(&results, "sqlite-durable-1", BENCH_OPS_PER_S, BENCH_HIGHER)->pool,
		"busy-timeout");
}

/* ---- targets ---- */

static const struct bench_target *find_target(const char *scenario, const char *words)
{
	size_t count;
	const struct bench_target *targets = bench_targets(&count);

	for (size_t i = 0; i < count; i++)
		if (strcmp(targets[i].scenario, scenario) == 0 && strstr(targets[i].text, words) != NULL)
			return &targets[i];
	fail_msg("no target of %s says \"%s\"", scenario, words);
	return NULL;
}

static void test_target_at_least(void **state)
{
	const struct bench_target *target = find_target("churn", "2 times mutex-lifo");
	struct bench_row *weir = add_row(&results, "churn", "weir", 16, 4);
	double measured;

	(void)state;
	add_rep(weir, 1999.0, 1.0, 1.0, 0);
	assert_int_equal(bench_target_judge(target, &results, &measured), BENCH_NOT_MEASURED);
	add_rep(add_row(&results, "churn", "mutex-lifo", 16, 4), 1000.0, 1.0, 1.0, 0);
	assert_int_equal(bench_target_judge(target, &results, &measured), BENCH_NOT_MET);
	assert_float_equal(measured, 1.999, 1e-9);
	weir->reps = 0;
	add_rep(weir, 2000.0, 1.0, 1.0, 0);
	assert_int_equal(bench_target_judge(target, &results, &measured), BENCH_MET);
}

static void test_target_at_most(void **state)
{
	const struct bench_target *target = find_target("mixed", "1.5 times fifo-handoff");
	struct bench_row *weir = add_row(&results, "mixed", "weir", 64, 8);
	double measured;

	(void)state;
	add_rep(weir, 1.0, 151.0, 1.0, 0);
	add_rep(add_row(&results, "mixed", "fifo-handoff", 64, 8), 1.0, 100.0, 1.0, 0);
	assert_int_equal(bench_target_judge(target, &results, &measured), BENCH_NOT_MET);
	weir->reps = 0;
	add_rep(weir, 1.0, 150.0, 1.0, 0);
	assert_int_equal(bench_target_judge(target, &results, &measured), BENCH_MET);
}

/* A limit of zero would make any ratio infinite, and met. */
static void test_share_of_nothing(void **state)
{
	const struct bench_target *target = find_target("mixed", "fairness");
	double measured;

	(void)state;
	add_rep(add_row(&results, "mixed", "weir", 64, 8), 1.0, 1.0, 0.9, 0);
	add_rep(add_row(&results, "mixed", "none", 64, 8), 1.0, 1.0, 0.0, 0);
	assert_int_equal(bench_target_judge(target, &results, &measured), BENCH_NOT_MEASURED);
}

static void test_sparse_compares_sizes(void **state)
{
	const struct bench_target *target = find_target("sparse", "4,096");
	double measured;

	(void)state;
	add_rep(add_row(&results, "sparse", "weir", 2, 4096), 400.0, 1.0, NAN, 0);
	add_rep(add_row(&results, "sparse-8", "weir", 2, 8), 1000.0, 1.0, NAN, 0);
	assert_int_equal(bench_target_judge(target, &results, &measured), BENCH_NOT_MET);
	assert_float_equal(measured, 2.5, 1e-9);
}

/* ---- targets on SQLite ---- */

/* Each of them, with rows of which weir's is just good enough, then not. */
static void test_sql_targets(void **state)
{
	static const struct {
		const char *scenario;
		const char *words;
		const char *other;
		double met;
		double missed;
		bool of_waits;
	} cases[] = {
		{"sqlite-read-1", "2 times", "busy-timeout", 2000.0, 1999.0, false},
		{"sqlite-read-cached-1", "3 times", "busy-timeout", 3000.0, 2999.0, false},
		{"sqlite-read-beside-1", "reads/s", "busy-timeout", 1000.0, 999.0, false},
		{"sqlite-read-beside-8", "reads/s", "busy-timeout", 1000.0, 999.0, false},
		{"sqlite-durable-1", "raw-1", "raw-1", 970.0, 969.0, false},
		{"sqlite-durable-32", "8 times", "busy-timeout", 8000.0, 7999.0, false},
		{"sqlite-durable-32", "group-of-32", "group-of-32", 900.0, 899.0, false},
		{"sqlite-durable-32", "p99.9", "busy-timeout", 10.0, 11.0, true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct bench_target *target = find_target(cases[i].scenario, cases[i].words);
		struct bench_row *weir;
		double measured;

		memset(&results, 0, sizeof(results));
		weir = add_row(&results, cases[i].scenario, "weir", 1, 1);
		add_rep(weir, cases[i].met, cases[i].met, 1.0, 0);
		assert_int_equal(bench_target_judge(target, &results, &measured), BENCH_NOT_MEASURED);
		add_rep(add_row(&results, cases[i].scenario, cases[i].other, 1, 1), 1000.0, 1000.0, 1.0, 0);
		assert_int_equal(bench_target_judge(target, &results, &measured), BENCH_MET);
		weir->reps = 0;
		add_rep(weir, cases[i].missed, cases[i].missed, 1.0, 0);
		assert_int_equal(bench_target_judge(target, &results, &measured), BENCH_NOT_MET);
	}
}

static void test_sql_targets_of_weir_alone(void **state)
{
	const struct bench_target *fair = find_target("sqlite-durable-32", "fairness");
	const struct bench_target *busy = find_target("sqlite-durable-32", "busy errors");
	struct bench_row *weir = add_row(&results, "sqlite-durable-32", "weir", 32, 32);
	struct bench_sample sample = make_sample(100.0, 5.0, 0.95, 0);
	double measured;

	(void)state;
	/* It died before its first repetition was over. */
	assert_int_equal(bench_target_judge(busy, &results, &measured), BENCH_NOT_MEASURED);
	bench_row_add(weir, &sample, &sample, NULL, FIXTURE_PROCESSORS);
	assert_int_equal(bench_target_judge(fair, &results, &measured), BENCH_MET);
	assert_int_equal(bench_target_judge(busy, &results, &measured), BENCH_MET);
	weir->reps = 0;
	sample = make_sample(100.0, 5.0, 0.94, 0);
	sample.busy_errors = 1;
	bench_row_add(weir, &sample, &sample, NULL, FIXTURE_PROCESSORS);
	assert_int_equal(bench_target_judge(fair, &results, &measured), BENCH_NOT_MET);
	assert_int_equal(bench_target_judge(busy, &results, &measured), BENCH_NOT_MET);
}

/* A target of a scenario that does not exist is never judged. */
static void test_targets_name_scenarios(void **state)
{
	size_t count;
	const struct bench_target *targets = bench_targets(&count);

	(void)state;
	for (size_t i = 0; i < count; i++) {
		char name[BENCH_SCENARIO_NAME_MAX];
		const struct bench_scenario *scenario = bench_scenario_find(targets[i].scenario);
		bool known = scenario != NULL;
		unsigned long threads;
		char *size;

		if (known)
			continue;
		(void)snprintf(name, sizeof(name), "%s", targets[i].scenario);
		size = strrchr(name, '-');
		assert_non_null(size);
		*size = '\0';
		scenario = bench_scenario_find(name);
		assert_non_null(scenario);
		threads = strtoul(size + 1, NULL, 10);
		for (size_t at = 0; at < BENCH_SIZES_MAX; at++)
			known = known || scenario->sizes[at] == threads;
		if (!known)
			fail_msg("no scenario %s", targets[i].scenario);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_medians_and_sums, set_up),
		cmocka_unit_test_setup(test_sums_of_nothing, set_up),
		cmocka_unit_test_setup(test_pair_of_one_thread, set_up),
		cmocka_unit_test_setup(test_pair_of_a_step, set_up),
		cmocka_unit_test_setup(test_roles, set_up),
		cmocka_unit_test_setup(test_efficiency_of_sleeping_holds, set_up),
		cmocka_unit_test_setup(test_efficiency_of_working_holds, set_up),
		cmocka_unit_test_setup(test_without_the_limit, set_up),
		cmocka_unit_test_setup(test_best_is_a_baseline, set_up),
		cmocka_unit_test_setup(test_target_at_least, set_up),
		cmocka_unit_test_setup(test_target_at_most, set_up),
		cmocka_unit_test_setup(test_share_of_nothing, set_up),
		cmocka_unit_test_setup(test_sparse_compares_sizes, set_up),
		cmocka_unit_test_setup(test_limits_are_no_baselines, set_up),
		cmocka_unit_test_setup(test_sql_targets, set_up),
		cmocka_unit_test_setup(test_sql_targets_of_weir_alone, set_up),
		cmocka_unit_test_setup(test_targets_name_scenarios, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
