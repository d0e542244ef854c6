/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Phases in a child: what is asked of it, what becomes of a good reply, and that a bad
 * one drops it.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fake_peer.h"
#include "peer_timeline.h"

#define SERVE(timeline)                                                                            \
	HELLO "while read -r order; do case $order in\n"                                               \
		  "*'\"timeline\"'*) echo \"$order\" >orders; echo '" timeline "';;\n"                     \
		  "*'\"open\"'*) echo '{\"opened\":true}';;\n"                                             \
		  "*) echo '{\"closed\":true}';;\n"                                                        \
		  "esac; done\n"
#define PHASE(name, wait_max)                                                                      \
	"{\"name\":\"" name                                                                            \
	"\",\"ops\":5,\"timeouts\":1,\"failures\":2,\"unserved\":8,\"waits\":[[9,4]],"                 \
	"\"wait_max\":" wait_max ",\"response\":[[20,4]],\"response_max\":20}"
#define SAMPLES(times, open)                                                                       \
	"\"samples\":{\"t_ns\":" times ",\"open\":" open ",\"in_use\":[1,2],\"waiting\":[0,7]}"
#define REPLY(phases, samples)                                                                     \
	"{\"phases\":[" phases "]," samples ",\"opens\":11,\"open_failures\":3}"
#define TWO_PHASES PHASE("steady", "9") "," PHASE("outage", "9")
#define TWO_SAMPLES SAMPLES("[0,1000000]", "[4,6]")

static const struct bench_hold no_hold;
static const struct bench_peer_phase phases[] = {
	{"steady", INT64_C(20000000), false, BENCH_PEER_POISSON, 100.5},
	{"outage", INT64_C(10000000), true, BENCH_PEER_CLOSED, 0.0},
};
static const struct bench_peer_plan plan = {
	.setup =
		{
			.threads = 2,
			.conns_min = 1,
			.conns_max = 6,
			.acquire_timeout_ns = 1000000,
			.open_timeout_ns = 1000000,
			.open_ns = 500,
			.ping_ns = 300,
			.hold = &no_hold,
		},
	.sample_ns = 1000000,
	.seed = 3,
	.phases_count = 2,
	.phases = phases,
};

static enum bench_outcome run(const char *script, struct bench_timeline *timeline,
                              struct weir_error *err)
{
	static const struct bench_peer_tick no_tick;
	struct bench_peer_child *const child = start(script, PATIENCE_NS);
	const enum bench_outcome outcome =
		bench_peer_child_timeline(child, &plan, &no_tick, timeline, NULL, err);

	bench_peer_child_end(child);
	return outcome;
}

static void expect_order(void)
{
	json_t *const order = json_load_file("orders", 0, NULL);
	const json_t *const list = json_object_get(order, "phases");
	const json_t *const steady = json_array_get(list, 0);
	const json_t *const outage = json_array_get(list, 1);

	assert_int_equal(json_array_size(list), 2);
	assert_int_equal(json_integer_value(json_object_get(order, "sample_ns")), 1000000);
	assert_int_equal(json_integer_value(json_object_get(order, "seed")), 3);
	assert_string_equal(json_string_value(json_object_get(steady, "arrival")), "poisson");
	assert_true(json_number_value(json_object_get(steady, "rate")) == 100.5);
	assert_int_equal(json_integer_value(json_object_get(steady, "ns")), 20000000);
	assert_true(json_is_false(json_object_get(steady, "down")));
	assert_string_equal(json_string_value(json_object_get(outage, "arrival")), "closed");
	assert_true(json_is_true(json_object_get(outage, "down")));
	json_decref(order);
}

static void test_a_timeline(void **state)
{
	struct weir_error err = WEIR_ERROR_INIT;
	struct bench_timeline timeline;

	(void)state;
	assert_int_equal(run(SERVE(REPLY(TWO_PHASES, TWO_SAMPLES)), &timeline, &err), BENCH_DONE);
	expect_order();
	assert_int_equal(timeline.phases_count, 2);
	assert_string_equal(timeline.phases[1].name, "outage");
	assert_true(fabs(timeline.phases[1].begin_s - 0.02) < 1e-9);
	assert_true(fabs(timeline.phases[1].end_s - 0.03) < 1e-9);
	assert_true(timeline.phases[1].down && !timeline.phases[0].down);
	assert_int_equal(timeline.phases[0].ops, 5);
	assert_int_equal(timeline.phases[0].timeouts, 1);
	assert_int_equal(timeline.phases[0].failures, 2);
	assert_int_equal(timeline.phases[0].unserved, 8);
	assert_true(timeline.phases[0].waits.max == 9.0);
	assert_true(timeline.phases[0].response.p50 == 20.0);
	assert_int_equal(timeline.samples_count, 2);
	assert_true(fabs(timeline.samples[1].t_s - 0.001) < 1e-12);
	assert_int_equal(timeline.samples[1].open, 6);
	assert_int_equal(timeline.samples[1].in_use, 2);
	assert_int_equal(timeline.samples[1].waiting, 7);
	assert_int_equal(timeline.opens, 11);
	assert_true(timeline.waits.max >= timeline.phases[0].waits.max);
	assert_int_equal(timeline.open_failures, 3);
	free(timeline.samples);
}

static void test_bad_timelines(void **state)
{
	static const char *const scripts[] = {
		SERVE("{}"),
		SERVE(REPLY(PHASE("steady", "9"), TWO_SAMPLES)),
		SERVE(REPLY(PHASE("outage", "9") "," PHASE("steady", "9"), TWO_SAMPLES)),
		SERVE(REPLY(PHASE("steady", "900") "," PHASE("outage", "9"), TWO_SAMPLES)),
		SERVE(REPLY(TWO_PHASES, SAMPLES("[0]", "[4,6]"))),
		SERVE(REPLY(TWO_PHASES, SAMPLES("[5,4]", "[4,6]"))),
		SERVE(REPLY(TWO_PHASES, SAMPLES("[0,1]", "[4,-1]"))),
		SERVE(REPLY(TWO_PHASES, SAMPLES("[0,1]", "[4,\"x\"]"))),
	};

	(void)state;
	for (size_t i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++) {
		struct weir_error err = WEIR_ERROR_INIT;
		struct bench_timeline timeline;

		if (run(scripts[i], &timeline, &err) != BENCH_DROPPED)
			fail_msg("case %zu was taken", i);
		if (strstr(err.message, "reply to a timeline") == NULL)
			fail_msg("case %zu: %s", i, err.message);
	}
}

static void test_an_error_is_passed_on(void **state)
{
	struct weir_error err = WEIR_ERROR_INIT;
	struct bench_timeline timeline;

	(void)state;
	assert_int_equal(run(SERVE("{\"error\":\"no such order\"}"), &timeline, &err), BENCH_DROPPED);
	assert_non_null(strstr(err.message, "no such order"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_timeline),
		cmocka_unit_test(test_bad_timelines),
		cmocka_unit_test(test_an_error_is_passed_on),
	};

	return cmocka_run_group_tests(tests, enter_folder, leave_folder);
}
