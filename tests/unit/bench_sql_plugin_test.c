/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A pool that executes statements by itself as a SQL variant: what it is made with,
 * what it is given, and that its outcomes are the load's.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "field.h"
#include "runner.h"
#include "sql_load.h"

static struct {
	unsigned threads;
	unsigned conns;
	char database[64];
	bool no_source;
	bool made;
	_Atomic unsigned reads;
	_Atomic unsigned writes;
	_Atomic unsigned wrong;
	enum pool_outcome outcome;
	bool refuses;
} fake;

static int fake_create(void **pool, const struct pool_setup *setup, char *problem,
                       size_t problem_size)
{
	*pool = NULL;
	if (fake.refuses) {
		(void)snprintf(problem, problem_size, "not today");
		return -1;
	}
	fake.threads = setup->threads;
	fake.conns = setup->conns_max;
	fake.no_source = setup->source == NULL;
	(void)snprintf(fake.database, sizeof(fake.database), "%s", setup->database);
	fake.made = true;
	*pool = &fake;
	return 0;
}

static void fake_destroy(void *pool)
{
	if (pool != NULL)
		fake.made = false;
}

static enum pool_outcome fake_execute(void *pool, unsigned thread,
                                      const struct pool_statement *statement,
                                      const struct pool_value *values, unsigned values_count)
{
	const bool good =
		pool == &fake && thread < fake.threads &&
		statement->index == (unsigned)(statement->writes != 0) &&
		strstr(statement->sql, statement->writes ? "UPDATE" : "SELECT") != NULL &&
		values_count == (statement->writes ? 2u : 1u) && values[0].type == POOL_VALUE_INT64 &&
		values[0].as.int64 >= 1 && values[0].as.int64 <= 100000 &&
		(!statement->writes || (values[1].type == POOL_VALUE_BLOB && values[1].length == 100));

	atomic_fetch_add(&fake.wrong, !good);
	atomic_fetch_add(statement->writes ? &fake.writes : &fake.reads, 1);
	return fake.outcome;
}

static const struct pool_under_test calls = {
	.size = sizeof(calls),
	.version = POOL_UNDER_TEST_VERSION,
	.name = "fake",
	.doc = "a pool that does nothing",
	.extra_work = "thinks twice",
	.create = fake_create,
	.destroy = fake_destroy,
	.execute = fake_execute,
};

static int set_up(void **state)
{
	(void)state;
	memset(&fake, 0, sizeof(fake));
	return 0;
}

static enum bench_outcome run(struct bench_sample *sample)
{
	const struct bench_sql_variant variant = bench_sql_plugin(&calls, BENCH_STANDING_USER);
	const struct bench_sql_pass pass = {.seconds = 0.05, .seed = 1};
	struct weir_error err = WEIR_ERROR_INIT;
	struct bench_sql_load load = {
		.variant = &variant,
		.scenario = bench_scenario_find("sqlite-mixed"),
		.threads = 3,
	};
	enum bench_outcome outcome;

	if (bench_sql_load_open(&load, "some.db", 2, &err) != WEIR_OK) {
		assert_non_null(strstr(err.message, "fake: not today"));
		return BENCH_FAILED;
	}
	outcome = bench_sql_load_run(&load, &pass, sample, &err);
	bench_sql_load_close(&load);
	return outcome;
}

static void test_what_it_is_given(void **state)
{
	struct bench_sample sample;

	(void)state;
	assert_int_equal(run(&sample), BENCH_DONE);
	assert_int_equal(fake.threads, 3);
	assert_int_equal(fake.conns, 2);
	assert_true(fake.no_source);
	assert_string_equal(fake.database, "some.db");
	assert_false(fake.made);
	assert_true(fake.reads > 0 && fake.writes > 0);
	assert_int_equal(fake.wrong, 0);
	assert_true(sample.ops[BENCH_ROLE_READ] > 0 && sample.ops[BENCH_ROLE_WRITE] > 0);
}

static void test_outcomes(void **state)
{
	struct bench_sample sample;

	(void)state;
	fake.outcome = POOL_BUSY;
	assert_int_equal(run(&sample), BENCH_DONE);
	assert_true(sample.ops[BENCH_ROLE_READ] == 0 && sample.busy_errors > 0);
	fake.outcome = POOL_TIMEOUT;
	assert_int_equal(run(&sample), BENCH_DONE);
	assert_true(sample.ops[BENCH_ROLE_READ] == 0 && sample.timeouts > 0);
	fake.outcome = POOL_FAILED;
	assert_int_equal(run(&sample), BENCH_FAILED);
	fake.refuses = true;
	assert_int_equal(run(&sample), BENCH_FAILED);
}

/* Once added it takes part wherever it can, whatever pools a scenario names. */
static void test_taking_part(void **state)
{
	static const struct pool_under_test leases_only = {.name = "leases"};
	struct bench_selection selection = {.threads = 8, .conns = 4};
	struct bench_run run_of = {.pools_count = 1, .pools = {"fake"}};

	(void)state;
	assert_false(bench_sql_variant_add(&leases_only, BENCH_STANDING_USER));
	assert_false(bench_pool_exists("fake"));
	assert_true(bench_sql_variant_add(&calls, BENCH_STANDING_USER));
	assert_true(bench_pool_exists("fake"));
	selection.scenario = bench_scenario_find("sqlite-durable");
	assert_int_equal(bench_run_pools(&run_of, &selection), 1);
	selection.scenario = bench_scenario_find("sqlite-processes");
	assert_int_equal(bench_run_pools(&run_of, &selection), 0);
	selection.scenario = bench_scenario_find("sqlite-long-reader");
	assert_int_equal(bench_run_pools(&run_of, &selection), 0);
	selection.scenario = bench_scenario_find("churn");
	assert_int_equal(bench_run_pools(&run_of, &selection), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_what_it_is_given, set_up),
		cmocka_unit_test_setup(test_outcomes, set_up),
		cmocka_unit_test_setup(test_taking_part, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
