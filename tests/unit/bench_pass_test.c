/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Passes and loads: what is counted, what is timed, fairness, cancelling. No
 * test asks how fast anything was.
 */
#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "cancel.h"
#include "load.h"
#include "pass.h"
#include "source.h"
#include "variant.h"

#define SECONDS 0.05

/* On a machine with more to do than processors a pass this short may see nothing
 * done. That is no fault; it never seeing anything is. */
#define TRIES_MAX 100

static struct weir_error err;
static struct bench_sample sample;

/* ---- passes ---- */

/* Count in both roles, thread 1 half as often as thread 0, and time a wait of a
 * known length. */
static void counting_body(struct bench_worker *worker)
{
	while (bench_phase(worker) != BENCH_PHASE_STOP) {
		(void)usleep(worker->index == 0 ? 200 : 800);
		bench_count(&worker->ops[BENCH_ROLE_READ]);
		if (worker->index == 0)
			bench_count(&worker->ops[BENCH_ROLE_WRITE]);
		if (worker->waits != NULL)
			bench_record_wait(worker, BENCH_ROLE_READ, 1000);
	}
	bench_count(&worker->timeouts);
	bench_count(&worker->busy_errors);
}

static void count_tick(void *context)
{
	++*(unsigned *)context;
}

static void test_throughput_pass(void **state)
{
	unsigned ticks = 0;
	int tries = 0;
	const struct bench_pass_spec spec = {
		.body = counting_body,
		.threads = 2,
		.seconds = SECONDS,
		.tick = count_tick,
		.tick_context = &ticks,
	};

	(void)state;
	do
		assert_int_equal(bench_pass_run(&spec, &sample, &err), BENCH_DONE);
	while (!(sample.fairness[BENCH_ROLE_READ] < 1.0 && sample.ops[BENCH_ROLE_WRITE] > 0 &&
	         sample.ops[BENCH_ROLE_READ] > sample.ops[BENCH_ROLE_WRITE]) &&
	       ++tries < TRIES_MAX);
	assert_true(sample.seconds >= SECONDS);
	assert_true(sample.ops[BENCH_ROLE_READ] > sample.ops[BENCH_ROLE_WRITE]);
	assert_true(sample.ops[BENCH_ROLE_WRITE] > 0);
	/* Thread 1 never writes, and reads less often. */
	assert_true(sample.fairness[BENCH_ROLE_READ] < 1.0);
	assert_float_equal(sample.fairness[BENCH_ROLE_WRITE], 0.0, 0.0);
	assert_int_equal(sample.timeouts, 2);
	assert_int_equal(sample.busy_errors, 2);
	assert_true(isnan(sample.waits_all.p50));
	assert_true(sample.ctx_switches > 0);
	assert_true(ticks > 0);
}

struct windows {
	unsigned begun;
	unsigned ended;
};

/* Thread 0 does everything, the companion nothing. */
static void lonely_body(struct bench_worker *worker)
{
	while (bench_phase(worker) != BENCH_PHASE_STOP) {
		(void)usleep(200);
		if (worker->index == 0)
			bench_count_many(&worker->ops[BENCH_ROLE_WRITE], 32);
	}
}

static void note_window(void *context, bool begins)
{
	struct windows *const windows = context;

	windows->begun += begins;
	windows->ended += !begins;
	/* Never an end without a beginning. */
	assert_true(windows->begun >= windows->ended);
}

static void test_companions_and_window(void **state)
{
	struct windows windows = {0};
	unsigned passes = 0;
	struct bench_pass_spec spec = {
		.body = lonely_body,
		.context = &windows,
		.threads = 2,
		.seconds = SECONDS,
		.window = note_window,
	};

	(void)state;
	for (spec.companions = 0; spec.companions < 2; spec.companions++) {
		do {
			assert_int_equal(bench_pass_run(&spec, &sample, &err), BENCH_DONE);
			passes++;
		} while (sample.ops[BENCH_ROLE_WRITE] == 0 && passes < TRIES_MAX);
		assert_true(sample.ops[BENCH_ROLE_WRITE] > 0);
		assert_int_equal(sample.ops[BENCH_ROLE_WRITE] % 32, 0);
		assert_int_equal(sample.fastest[BENCH_ROLE_WRITE], sample.ops[BENCH_ROLE_WRITE]);
		/* One that only keeps company makes nothing unfair. */
		assert_float_equal(sample.fairness[BENCH_ROLE_WRITE], spec.companions, 0.0);
	}
	assert_int_equal(windows.begun, passes);
	assert_int_equal(windows.ended, passes);
}

static void test_wait_pass(void **state)
{
	static struct bench_histogram merged[BENCH_ROLES];
	const struct bench_pass_spec spec = {
		.body = counting_body,
		.threads = 3,
		.timed = true,
		.seconds = SECONDS,
		.merged = merged,
	};

	(void)state;
	assert_int_equal(bench_pass_run(&spec, &sample, &err), BENCH_DONE);
	assert_true(merged[BENCH_ROLE_READ].count > 0);
	assert_int_equal(merged[BENCH_ROLE_READ].max, 1000);
	assert_int_equal(merged[BENCH_ROLE_WRITE].count, 0);
	assert_float_equal(sample.waits[BENCH_ROLE_READ].p50, 1000.0, 0.0);
	assert_float_equal(sample.waits[BENCH_ROLE_READ].max, 1000.0, 0.0);
	assert_true(isnan(sample.waits[BENCH_ROLE_WRITE].max));
	assert_float_equal(sample.waits_all.p999, 1000.0, 0.0);
}

static void idle_body(struct bench_worker *worker)
{
	while (bench_phase(worker) != BENCH_PHASE_STOP)
		(void)usleep(500);
}

static void test_nothing_done(void **state)
{
	const struct bench_pass_spec spec = {.body = idle_body, .threads = 2, .seconds = SECONDS};

	(void)state;
	assert_int_equal(bench_pass_run(&spec, &sample, &err), BENCH_DONE);
	assert_int_equal(sample.ops[BENCH_ROLE_READ], 0);
	assert_true(isnan(sample.fairness[BENCH_ROLE_READ]));
}

static void test_cancel(void **state)
{
	const struct bench_pass_spec spec = {.body = idle_body, .threads = 2, .seconds = 600.0};

	(void)state;
	assert_int_equal(kill(getpid(), SIGINT), 0);
	assert_int_equal(bench_pass_run(&spec, &sample, &err), BENCH_CANCELLED);
	assert_false(bench_cancel_wait(0));
	assert_int_equal(kill(getpid(), SIGTERM), 0);
	assert_true(bench_cancel_wait(INT64_C(600000000000)));
}

/* ---- random draws ---- */

static void test_streams_differ_and_repeat(void **state)
{
	struct bench_random first = bench_random_init(1, 0);
	struct bench_random again = bench_random_init(1, 0);
	struct bench_random next = bench_random_init(1, 1);
	struct bench_random other = bench_random_init(2, 0);
	unsigned same_next = 0;
	unsigned same_other = 0;

	(void)state;
	for (int i = 0; i < 1000; i++) {
		const uint32_t draw = bench_random_u32(&first);

		assert_int_equal(draw, bench_random_u32(&again));
		same_next += draw == bench_random_u32(&next);
		same_other += draw == bench_random_u32(&other);
	}
	assert_true(same_next < 3 && same_other < 3);
	for (int i = 0; i < 1000; i++)
		assert_true(bench_random_below(&first, 7) < 7);
}

/* ---- loads ---- */

#define LONG_NS INT64_C(30000000000)
#define SHORT_NS INT64_C(2000000)

typedef enum bench_outcome (*load_function)(const struct bench_load *load, struct bench_sample *out,
                                            struct weir_error *error);

static void run_load(load_function run, const struct pool_under_test *variant, unsigned threads,
                     unsigned conns, int64_t timeout_ns, const char *hold_text, bool timed)
{
	struct bench_source *const source = bench_source_create(0, 0);
	struct bench_hold hold;
	char problem[128];
	const struct pool_setup setup = {
		.size = sizeof(setup),
		.threads = threads,
		.conns_min = conns,
		.conns_max = conns,
		.acquire_timeout_ns = timeout_ns,
		.open_timeout_ns = LONG_NS,
		.source = bench_source_for_pool(source),
	};
	struct bench_load load = {
		.variant = variant,
		.hold = &hold,
		.conns = conns,
		.pass = {.threads = threads, .seconds = SECONDS, .timed = timed, .seed = 3},
	};

	assert_true(bench_hold_parse(&hold, hold_text, problem, sizeof(problem)));
	bench_hold_calibrate(&hold, 500.0);
	assert_int_equal(variant->create(&load.pool, &setup, problem, sizeof(problem)), 0);
	for (int try = 0; try == 0 || (try < TRIES_MAX && sample.ops[BENCH_ROLE_LEASE] == 0); try++)
		assert_int_equal(run(&load, &sample, &err), BENCH_DONE);
	variant->destroy(load.pool);
	bench_source_destroy(source);
}

static void test_lease_load(void **state)
{
	(void)state;
	for (int timed = 0; timed < 2; timed++) {
		run_load(bench_load_leases, &bench_variant_weir, 4, 2, LONG_NS,
		         "mix:90%work:1us,10%sleep:100us", timed != 0);
		assert_true(sample.ops[BENCH_ROLE_LEASE] > 0);
		assert_int_equal(sample.timeouts, 0);
		assert_int_equal(isnan(sample.waits_all.max), timed == 0);
	}
}

/* One connection, held for longer than anybody waits: all but one time out, and
 * their waits are among the waits. */
static void test_timeouts_count_as_waits(void **state)
{
	(void)state;
	run_load(bench_load_leases, &bench_variant_mutex_lifo, 3, 1, SHORT_NS, "sleep:20ms", true);
	assert_true(sample.timeouts > 0);
	assert_true(sample.waits_all.max >= (double)SHORT_NS);
}

static void test_sparse_load(void **state)
{
	static const struct pool_under_test *const variants[] = {
		&bench_variant_weir,
		&bench_variant_sem_cas,
		&bench_variant_none,
	};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		for (int timed = 0; timed < 2; timed++) {
			run_load(bench_load_sparse, variants[i], 2, 64, LONG_NS, "none", timed != 0);
			assert_true(sample.ops[BENCH_ROLE_LEASE] > 0);
			assert_true(isnan(sample.fairness[BENCH_ROLE_LEASE]));
			assert_int_equal(sample.timeouts, 0);
		}
	}
}

static int set_up_all(void **state)
{
	(void)state;
	bench_cancel_prepare();
	weir_error_init(&err);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_throughput_pass),
		cmocka_unit_test(test_wait_pass),
		cmocka_unit_test(test_companions_and_window),
		cmocka_unit_test(test_nothing_done),
		cmocka_unit_test(test_cancel),
		cmocka_unit_test(test_streams_differ_and_repeat),
		cmocka_unit_test(test_lease_load),
		cmocka_unit_test(test_timeouts_count_as_waits),
		cmocka_unit_test(test_sparse_load),
	};

	return cmocka_run_group_tests(tests, set_up_all, NULL);
}
