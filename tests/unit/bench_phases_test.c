/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The load with phases, on a pool that does as it is told: from when waits count,
 * which phase an operation belongs to, what an outage does, what is sampled.
 */
#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "load_phases.h"
#include "monotonic.h"
#include "variant.h"

#define MS 1e6
#define STALL_US 200000

/* A pool of one connection for each caller, one of whose acquires takes long. */
struct test_pool {
	struct bench_source *source;
	void *conns[8];
	_Atomic unsigned acquires;
	unsigned stall_at; /* the number of the acquire that stalls; 0: none */
	_Atomic unsigned broken;
	bool refuses;
};

static int test_acquire(void *opaque, unsigned thread, struct pool_lease *lease)
{
	struct test_pool *const pool = opaque;

	assert_int_equal(lease->broken, 0);
	if (atomic_fetch_add(&pool->acquires, 1) + 1 == pool->stall_at)
		(void)usleep(STALL_US);
	if (pool->refuses)
		return -1;
	lease->conn = pool->conns[thread];
	return 0;
}

static void test_release(void *opaque, unsigned thread, struct pool_lease *lease)
{
	struct test_pool *const pool = opaque;

	(void)thread;
	if (lease->broken)
		atomic_fetch_add(&pool->broken, 1);
	lease->conn = NULL;
}

static const struct pool_under_test calls = {
	.size = sizeof(calls),
	.version = POOL_UNDER_TEST_VERSION,
	.name = "test",
	.acquire = test_acquire,
	.release = test_release,
};

static struct test_pool pool;

static int set_up(void **state)
{
	(void)state;
	memset(&pool, 0, sizeof(pool));
	pool.source = bench_source_create(0, 0);
	if (pool.source == NULL)
		return 1;
	for (size_t i = 0; i < 8; i++) {
		const struct pool_source *const source = bench_source_for_pool(pool.source);

		if (source->open(source->self, INT64_MAX, &pool.conns[i]) != 0)
			return 1;
	}
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	for (size_t i = 0; i < 8; i++)
		bench_source_for_pool(pool.source)->close(pool.conns[i]);
	bench_source_destroy(pool.source);
	return 0;
}

static struct bench_scenario_role role_of(unsigned threads, const char *arrival, const char *hold)
{
	struct bench_scenario_role role = {.name = "callers", .threads = threads};
	char problem[256];

	assert_true(bench_arrival_parse(&role.arrival, arrival, problem, sizeof(problem)));
	assert_true(bench_hold_parse(&role.hold, hold, problem, sizeof(problem)));
	return role;
}

static struct bench_scenario_phase phase_of(const char *name, double seconds)
{
	struct bench_scenario_phase phase = {
		.seconds = seconds, .rate_from = 1.0, .rate_to = 1.0, .active_share = 1.0};

	(void)snprintf(phase.name, sizeof(phase.name), "%s", name);
	return phase;
}

static struct bench_timeline *run(const struct bench_scenario_role *roles, unsigned roles_count,
                                  const struct bench_scenario_phase *phases, unsigned phases_count,
                                  struct bench_sample *sample)
{
	const struct bench_phases_load load = {
		.variant = &calls,
		.pool = &pool,
		.source = pool.source,
		.roles_count = roles_count,
		.roles = roles,
		.phases_count = phases_count,
		.phases = phases,
		.sample_ns = 1000000,
		.seed = 1,
	};
	struct weir_error err = WEIR_ERROR_INIT;
	struct bench_timeline *timeline;

	if (bench_load_phases(&load, &timeline, sample, &err) != BENCH_DONE)
		fail_msg("%s", err.message);
	assert_int_equal(timeline->phases_count, phases_count);
	return timeline;
}

/*
 * A pool that stalls once for 200 ms, with a caller each 2 ms: in an open loop a
 * hundred of them have waited, half of them more than 100 ms; in a closed loop it is
 * one wait among thousands, which no percentile shows.
 */
static void test_a_stall_is_seen_by_all_who_were_due(void **state)
{
	const struct bench_scenario_phase phase = phase_of("run", 0.6);
	struct bench_scenario_role role = role_of(1, "steady:500/s", "none");
	struct bench_sample sample;
	struct bench_timeline *timeline;

	(void)state;
	pool.stall_at = 20;
	timeline = run(&role, 1, &phase, 1, &sample);
	/* 100 of 300: the p99 of all is near the longest, and a fifth is above 80 ms. */
	assert_true(timeline->waits.p99 > 0.9 * STALL_US * 1e3);
	assert_true(timeline->phases[0].ops + timeline->phases[0].unserved == 300);
	assert_true(timeline->behind > 0.2);
	assert_float_equal(sample.waits_all.p99, timeline->waits.p99, 0.0);
	bench_timeline_free(timeline);

	role = role_of(1, "closed", "none");
	pool.acquires = 0;
	timeline = run(&role, 1, &phase, 1, &sample);
	assert_true(timeline->waits.max >= STALL_US * 1e3);
	assert_true(timeline->waits.p50 < 0.1 * STALL_US * 1e3);
	/* Unless somebody else had the processors all the time. */
	if (timeline->phases[0].ops > 1000)
		assert_true(timeline->waits.p99 < 0.1 * STALL_US * 1e3);
	/* Nothing is due in a closed loop. */
	assert_true(isnan(timeline->late.p99) && isnan(timeline->behind));
	bench_timeline_free(timeline);
}

/* One operation for each active thread at the beginning of each phase. */
static void test_once(void **state)
{
	const struct bench_scenario_role role = role_of(8, "once", "none");
	struct bench_scenario_phase phases[2] = {phase_of("all", 0.1), phase_of("half", 0.1)};
	struct bench_sample sample;
	struct bench_timeline *timeline;

	(void)state;
	phases[1].active_share = 0.5;
	timeline = run(&role, 1, phases, 2, &sample);
	/* A thread that got no processor in all that time has not served its own. */
	assert_int_equal(timeline->phases[0].ops + timeline->phases[0].unserved, 8);
	assert_int_equal(timeline->phases[1].ops + timeline->phases[1].unserved, 4);
	assert_int_equal(sample.ops[BENCH_ROLE_LEASE],
	                 timeline->phases[0].ops + timeline->phases[1].ops);
	assert_string_equal(timeline->phases[1].name, "half");
	assert_float_equal(timeline->phases[1].begin_s, 0.1, 1e-9);
	assert_float_equal(timeline->phases[1].end_s, 0.2, 1e-9);
	bench_timeline_free(timeline);
}

/* Rates: a factor, a ramp, and none at all. */
static void test_rates(void **state)
{
	const struct bench_scenario_role role = role_of(4, "steady:1000/s", "none");
	struct bench_scenario_phase phases[4] = {
		phase_of("full", 0.1),
		phase_of("half", 0.1),
		phase_of("none", 0.1),
		phase_of("ramp", 0.1),
	};
	static const uint64_t due[4] = {100, 50, 0, 50};
	struct bench_sample sample;
	struct bench_timeline *timeline;

	(void)state;
	phases[1].rate_from = phases[1].rate_to = 0.5;
	phases[2].rate_from = phases[2].rate_to = 0.0;
	phases[3].rate_from = 0.0;
	timeline = run(&role, 1, phases, 4, &sample);
	for (size_t i = 0; i < 4; i++) {
		const uint64_t did = timeline->phases[i].ops + timeline->phases[i].unserved;

		if (did + 4 < due[i] || did > due[i] + 4)
			fail_msg("%s: %llu of %llu", phases[i].name, (unsigned long long)did,
			         (unsigned long long)due[i]);
	}
	bench_timeline_free(timeline);
}

/* What was open when the server went down is found broken by using it, and says so
 * to the pool; acquires that fail are timeouts. */
static void test_outage(void **state)
{
	const struct bench_scenario_role role = role_of(2, "every:5ms", "none");
	struct bench_scenario_phase phases[3] = {phase_of("up", 0.1), phase_of("away", 0.1),
	                                         phase_of("back", 0.1)};
	struct bench_sample sample;
	struct bench_timeline *timeline;

	(void)state;
	phases[1].down = true;
	timeline = run(&role, 1, phases, 3, &sample);
	/* This pool replaces nothing: it goes on breaking. */
	assert_true(timeline->phases[0].ops > 0);
	assert_true(timeline->phases[1].failures + timeline->phases[2].failures > 0);
	assert_int_equal(timeline->phases[2].ops, 0);
	assert_true(timeline->phases[1].down && !timeline->phases[2].down);
	assert_true(pool.broken == timeline->phases[0].failures + timeline->phases[1].failures +
	                               timeline->phases[2].failures);
	bench_timeline_free(timeline);

	pool.refuses = true;
	timeline = run(&role, 1, phases, 1, &sample);
	assert_int_equal(timeline->phases[0].ops, 0);
	assert_true(timeline->phases[0].timeouts > 0);
	assert_int_equal(sample.timeouts, timeline->phases[0].timeouts);
	assert_true(timeline->phases[0].waits.max >= 0.0);
	bench_timeline_free(timeline);
}

/* Two roles; the companion is nobody's rival, and what each does is counted. */
static void test_roles(void **state)
{
	struct bench_scenario_role roles[2] = {role_of(2, "steady:200/s", "none"),
	                                       role_of(1, "steady:20/s", "none")};
	const struct bench_scenario_phase phase = phase_of("run", 0.5);
	struct bench_sample sample;
	struct bench_timeline *timeline;

	(void)state;
	roles[1].companion = true;
	timeline = run(roles, 2, &phase, 1, &sample);
	assert_int_equal(timeline->phases[0].ops + timeline->phases[0].unserved, 110);
	/* Threads of open loops are given their work. */
	assert_true(isnan(sample.fairness[0]));
	bench_timeline_free(timeline);
	roles[0] = role_of(2, "closed", "none");
	timeline = run(roles, 2, &phase, 1, &sample);
	assert_true(sample.fairness[0] > 0.0 && sample.fairness[0] <= 1.0);
	bench_timeline_free(timeline);
}

/* Callers say what they do: three hold for most of the time, and five are inside
 * acquire of weir's pool, which has three connections. */
static void test_samples(void **state)
{
	const struct bench_scenario_role role = role_of(8, "closed", "sleep:20ms");
	const struct bench_scenario_phase phase = phase_of("run", 0.3);
	struct bench_source *const source = bench_source_create(0, 0);
	const struct pool_setup setup = {
		.size = sizeof(setup),
		.threads = 8,
		.conns_min = 3,
		.conns_max = 3,
		.acquire_timeout_ns = INT64_C(5000000000),
		.open_timeout_ns = INT64_C(5000000000),
		.source = bench_source_for_pool(source),
	};
	struct bench_phases_load load = {
		.variant = &bench_variant_weir,
		.source = source,
		.roles_count = 1,
		.roles = &role,
		.phases_count = 1,
		.phases = &phase,
		.sample_ns = 1000000,
	};
	struct weir_error err = WEIR_ERROR_INIT;
	struct bench_timeline *timeline;
	struct bench_sample sample;
	unsigned typical = 0;
	char problem[200];

	(void)state;
	assert_non_null(source);
	assert_int_equal(bench_variant_weir.create(&load.pool, &setup, problem, sizeof(problem)), 0);
	assert_int_equal(bench_load_phases(&load, &timeline, &sample, &err), BENCH_DONE);
	bench_variant_weir.destroy(load.pool);
	assert_int_equal(timeline->opens, 3);
	assert_true(timeline->samples_count > 10);
	for (unsigned i = 0; i < timeline->samples_count; i++) {
		const struct bench_timeline_sample *const at = &timeline->samples[i];

		assert_int_equal(at->open, 3);
		/* A returned connection may have a new holder before the old one says so. */
		assert_true(at->in_use + at->waiting <= 8);
		assert_true(i == 0 || at->t_s > timeline->samples[i - 1].t_s);
		if (at->in_use == 3 && at->waiting == 5)
			typical++;
	}
	assert_true(typical > 0);
	bench_timeline_free(timeline);
	bench_source_destroy(source);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_a_stall_is_seen_by_all_who_were_due, set_up,
	                                    tear_down),
		cmocka_unit_test_setup_teardown(test_once, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_rates, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_outage, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_roles, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_samples, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
