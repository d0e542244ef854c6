/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Programs that weir-bench talks to: one that answers well yields the figures it
 * says; one that dies, hangs, or talks nonsense is out, with the reason, and gone.
 * The programs are shell scripts, which the tests write.
 */
#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "fake_peer.h"
#include "pool_under_test.h"

#define SHORT_PATIENCE_NS INT64_C(300000000)
#define GONE_TRIES 2000
#define ACQUIRE_TIMEOUT_NS INT64_C(100000000)
#define OPEN_TIMEOUT_NS INT64_C(200000000)

/* Serve orders; each is kept. OPEN, PASS and WAIT_PASS are what is done for one. */
#define SERVE(open, pass, wait_pass)                                                               \
	"while read -r order; do echo \"$order\" >>orders; case $order in\n"                           \
	"*'\"open\"'*) " open ";;\n"                                                                   \
	"*'\"timed\":true'*) " wait_pass ";;\n"                                                        \
	"*'\"timed\":false'*) " pass ";;\n"                                                            \
	"*) echo '{\"closed\":true}';;\n"                                                              \
	"esac; done\n"
#define OPENED "echo '{\"opened\":true}'"
#define FIGURES(ops, timeouts, failures, rest)                                                     \
	"echo '{\"seconds\":2.0,\"ops\":" ops ",\"timeouts\":" timeouts ",\"failures\":" failures      \
	",\"cpu_s\":1.5,\"ctx_switches\":null" rest "}'"
#define PASSED FIGURES("[10,30]", "0", "0", "")
/* Buckets of 5, 63 and 128 to 129 ns. */
#define WAITED FIGURES("[9,27]", "1", "0", ",\"waits\":[[5,98],[63,1],[128,1]],\"wait_max\":129")

static const struct bench_scenario scenario = {.open_ns = 4000, .ping_ns = 3000};
static struct bench_selection selection = {
	.scenario = &scenario, .threads = 2, .seconds = 2.0, .wait_seconds = 1.0};

static enum bench_outcome run(struct bench_peer_child *child, struct bench_rep *rep,
                              struct bench_histogram *waits, struct weir_error *err)
{
	const struct bench_rep_spec spec = {
		.selection = &selection, .conns = 1, .seed = 7, .waits = waits};

	return bench_peer_child_run(child, &spec, ACQUIRE_TIMEOUT_NS, OPEN_TIMEOUT_NS, rep, err);
}

/* Gone, or a corpse that whoever took over has not buried. */
static bool is_gone(long pid)
{
	char path[64];
	char status[256] = "";
	FILE *file;
	const char *state;

	(void)snprintf(path, sizeof(path), "/proc/%ld/stat", pid);
	file = fopen(path, "re");
	if (file == NULL)
		return true;
	(void)fread(status, 1, sizeof(status) - 1, file);
	(void)fclose(file);
	state = strrchr(status, ')');
	return state == NULL || state[2] == 'Z' || state[2] == 'X';
}

/* Every process that a script has named is gone, or soon will be. */
static void assert_all_gone(void)
{
	FILE *const file = fopen("pids", "re");
	long pid;

	assert_non_null(file);
	while (fscanf(file, "%ld", &pid) == 1) {
		int tries = 0;

		while (!is_gone(pid) && tries++ < GONE_TRIES)
			(void)usleep(5000);
		if (!is_gone(pid))
			fail_msg("process %ld goes on", pid);
	}
	assert_int_equal(fclose(file), 0);
}

/* ---- one that answers well ---- */

static void test_a_good_child(void **state)
{
	struct bench_peer_child *const child = start(HELLO SERVE(OPENED, PASSED, WAITED), PATIENCE_NS);
	const struct bench_peer_hello *const hello = bench_peer_child_hello(child);
	struct bench_histogram waits[BENCH_ROLES];
	struct weir_error err = WEIR_ERROR_INIT;
	struct bench_rep rep;

	(void)state;
	assert_string_equal(hello->pool, "fake");
	assert_string_equal(hello->extra_work, "coughs");
	assert_int_equal(hello->abilities, POOL_GROWS);
	assert_non_null(strstr(bench_peer_child_doc(child), "fake 1.2 on sh"));
	assert_int_equal(run(child, &rep, waits, &err), BENCH_DONE);
	assert_int_equal(rep.throughput.ops[BENCH_ROLE_LEASE], 40);
	assert_true(rep.throughput.seconds == 2.0 && rep.throughput.cpu_s == 1.5);
	assert_true(fabs(rep.throughput.fairness[BENCH_ROLE_LEASE] - 1.0 / 3.0) < 1e-9);
	assert_true(rep.throughput.ctx_switches_unknown);
	assert_true(isnan(rep.throughput.waits_all.p50));
	assert_int_equal(rep.wait.timeouts, 1);
	assert_true(rep.wait.waits_all.p50 == 5.0 && rep.wait.waits_all.p99 == 63.0);
	assert_true(rep.wait.waits_all.max == 129.0);
	assert_int_equal(waits[BENCH_ROLE_LEASE].count, 100);
	assert_int_equal(run(child, &rep, NULL, &err), BENCH_DONE);
	bench_peer_child_end(child);
	assert_all_gone();
}

static json_t *next_order(FILE *file, const char *name)
{
	char line[2048];
	json_t *order;

	assert_non_null(fgets(line, sizeof(line), file));
	order = json_loads(line, 0, NULL);
	assert_non_null(order);
	assert_string_equal(json_string_value(json_object_get(order, "order")), name);
	return order;
}

static void expect_pass(FILE *file, bool timed, double seconds, double warm_s)
{
	json_t *const order = next_order(file, "pass");

	assert_int_equal(json_is_true(json_object_get(order, "timed")), timed);
	assert_true(fabs(json_number_value(json_object_get(order, "seconds")) - seconds) < 1e-9);
	assert_true(fabs(json_number_value(json_object_get(order, "warm_s")) - warm_s) < 1e-9);
	assert_int_equal(json_integer_value(json_object_get(order, "seed")), 7);
	json_decref(order);
}

static void expect_rep(FILE *file, double warm_s, double wait_warm_s)
{
	json_t *const order = next_order(file, "open");
	const json_t *const hold = json_object_get(order, "hold");
	const json_t *const sleep = json_array_get(hold, 1);

	assert_int_equal(json_integer_value(json_object_get(order, "threads")), 2);
	assert_int_equal(json_integer_value(json_object_get(order, "conns_max")), 1);
	assert_int_equal(json_integer_value(json_object_get(order, "acquire_timeout_ns")),
	                 ACQUIRE_TIMEOUT_NS);
	assert_int_equal(json_array_size(hold), 2);
	assert_true(json_integer_value(json_object_get(json_array_get(hold, 0), "links")) == 500);
	assert_string_equal(json_string_value(json_object_get(sleep, "kind")), "sleep");
	assert_int_equal(json_integer_value(json_object_get(sleep, "below")), UINT32_MAX);
	assert_int_equal(json_integer_value(json_object_get(sleep, "ns")), 1000000);
	json_decref(order);
	expect_pass(file, false, selection.seconds, warm_s);
	expect_pass(file, true, selection.wait_seconds, wait_warm_s);
	json_decref(next_order(file, "close"));
}

/* What a child is asked; it warms up once for each selection. */
static void test_orders(void **state)
{
	struct bench_peer_child *const child = start(HELLO SERVE(OPENED, PASSED, WAITED), PATIENCE_NS);
	const double warm_s = bench_pass_seconds(selection.seconds) - selection.seconds;
	const double wait_warm_s = bench_pass_seconds(selection.wait_seconds) - selection.wait_seconds;
	struct weir_error err = WEIR_ERROR_INIT;
	struct bench_rep rep;
	char problem[200];
	FILE *file;

	(void)state;
	assert_true(warm_s < 0.5 && wait_warm_s < 0.5);
	assert_true(
		bench_hold_parse(&selection.hold, "mix:95%work:1us,5%sleep:1ms", problem, sizeof(problem)));
	bench_hold_calibrate(&selection.hold, 500.0);
	assert_int_equal(run(child, &rep, NULL, &err), BENCH_DONE);
	assert_int_equal(run(child, &rep, NULL, &err), BENCH_DONE);
	bench_peer_child_end(child);
	file = fopen("orders", "re");
	assert_non_null(file);
	expect_rep(file, 0.5, 0.5);
	expect_rep(file, warm_s, wait_warm_s);
	assert_int_equal(fclose(file), 0);
	selection.hold = (struct bench_hold){0};
}

/* ---- those that do not ---- */

static void test_bad_greetings(void **state)
{
	static const struct {
		const char *body;
		const char *says;
	} cases[] = {
		{"exit 3", "exit code 3"},
		{"kill -TERM $$", "signal 15"},
		{"echo hello", "no JSON object"},
		{"echo '[1]'", "no JSON object"},
		{"echo '{\"error\":\"no licence\"}'", "it says: no licence"},
		{"echo '{\"protocol\":2}'; exec sleep 60", "speaks protocol 2"},
		{"echo '{\"pool\":\"x\"}'; exec sleep 60", "speaks protocol 0"},
		{"echo '{\"protocol\":1,\"pool\":\"x\",\"version\":\"1\",\"runtime\":\"y\"}'", "warm_s"},
		{"echo '{\"protocol\":1,\"pool\":\"x y\",\"version\":\"1\",\"runtime\":\"\"}'",
	     "cannot be"},
		{"echo '{\"protocol\":1,\"version\":\"1\",\"runtime\":\"y\",\"warm_s\":0}'", "lacks pool"},
		{"sleep 60 & echo $! >>pids; exec sleep 60", "did not answer"},
		{"kill -KILL $$", "was killed"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char problem[300] = "";

		assert_null(bench_peer_child_start(write_script(cases[i].body), SHORT_PATIENCE_NS, problem,
		                                   sizeof(problem)));
		if (strstr(problem, cases[i].says) == NULL)
			fail_msg("case %zu: \"%s\" is not in \"%s\"", i, cases[i].says, problem);
		assert_all_gone();
	}
}

static void test_a_program_that_is_none(void **state)
{
	char problem[300] = "";

	(void)state;
	assert_null(
		bench_peer_child_start("/nonexistent/program", PATIENCE_NS, problem, sizeof(problem)));
	assert_non_null(strstr(problem, "cannot be executed"));
}

static void test_bad_replies(void **state)
{
	static const struct {
		const char *body;
		const char *says;
	} cases[] = {
		{HELLO "read -r order; exit 5", "exit code 5"},
		{HELLO "exec sleep 60", "did not answer"},
		{HELLO SERVE("echo '{\"error\":\"no room\"}'", PASSED, WAITED), "it says: no room"},
		{HELLO SERVE(OPENED, "echo nonsense", WAITED), "no JSON object"},
		{HELLO SERVE(OPENED, "exit 7", WAITED), "exit code 7"},
		{HELLO SERVE(OPENED, "sleep 60", WAITED), "did not answer"},
		{HELLO SERVE(OPENED, "echo '{}'", WAITED), "lacks a figure"},
		{HELLO SERVE(OPENED, FIGURES("[1]", "0", "0", ""), WAITED), "lacks a figure"},
		{HELLO SERVE(OPENED, FIGURES("[1,-1]", "0", "0", ""), WAITED), "lacks a figure"},
		{HELLO SERVE(OPENED, FIGURES("[1,1]", "0.5", "0", ""), WAITED), "lacks a figure"},
		{HELLO SERVE(OPENED, FIGURES("[1,1]", "0", "4", ""), WAITED), "4 of its operations"},
		{HELLO SERVE(OPENED, PASSED, PASSED), "lacks a figure"},
		{HELLO SERVE(OPENED, PASSED,
	                 FIGURES("[1,1]", "0", "0", ",\"waits\":[[2240,1]],\"wait_max\":1")),
	     "lacks a figure"},
		/* No wait is longer than the longest, and one is as long. */
		{HELLO SERVE(OPENED, PASSED,
	                 FIGURES("[1,1]", "0", "0", ",\"waits\":[[9,1]],\"wait_max\":8")),
	     "lacks a figure"},
		{HELLO SERVE(OPENED, PASSED,
	                 FIGURES("[1,1]", "0", "0", ",\"waits\":[[9,1]],\"wait_max\":10")),
	     "lacks a figure"},
	};

	(void)state;
	selection.seconds = 0.01;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct bench_peer_child *const child = start(cases[i].body, SHORT_PATIENCE_NS);
		struct weir_error err = WEIR_ERROR_INIT;
		struct bench_rep rep;

		assert_int_equal(run(child, &rep, NULL, &err), BENCH_DROPPED);
		if (strstr(err.message, cases[i].says) == NULL)
			fail_msg("case %zu: \"%s\" is not in \"%s\"", i, cases[i].says, err.message);
		assert_all_gone();
		/* It stays out, for the same reason. */
		err = (struct weir_error)WEIR_ERROR_INIT;
		assert_int_equal(run(child, &rep, NULL, &err), BENCH_DROPPED);
		assert_non_null(strstr(err.message, cases[i].says));
		bench_peer_child_end(child);
	}
	selection.seconds = 2.0;
}

/* ---- ends ---- */

static void test_a_stop_reaches_it(void **state)
{
	struct bench_peer_child *const child =
		start(HELLO SERVE(OPENED, "sleep 60", WAITED), PATIENCE_NS);
	struct weir_error err = WEIR_ERROR_INIT;
	struct bench_rep rep;

	(void)state;
	(void)raise(SIGINT);
	assert_int_equal(run(child, &rep, NULL, &err), BENCH_CANCELLED);
	bench_peer_child_end(child);
	assert_all_gone();
}

/* Whoever started it is killed, and can end nothing any more. */
static void test_it_does_not_outlive_its_parent(void **state)
{
	const char *const script = write_script(HELLO "exec sleep 60");
	const pid_t parent = fork();
	int status;

	(void)state;
	assert_true(parent >= 0);
	if (parent == 0) {
		char problem[300];

		if (bench_peer_child_start(script, PATIENCE_NS, problem, sizeof(problem)) != NULL)
			(void)raise(SIGKILL);
		_exit(1);
	}
	assert_int_equal(waitpid(parent, &status, 0), parent);
	assert_true(WIFSIGNALED(status));
	assert_all_gone();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_good_child),
		cmocka_unit_test(test_orders),
		cmocka_unit_test(test_bad_greetings),
		cmocka_unit_test(test_a_program_that_is_none),
		cmocka_unit_test(test_bad_replies),
		cmocka_unit_test(test_a_stop_reaches_it),
		cmocka_unit_test(test_it_does_not_outlive_its_parent),
	};

	return cmocka_run_group_tests(tests, enter_folder, leave_folder);
}
