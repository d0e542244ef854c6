/* SPDX-License-Identifier: BSD-2-Clause
 *
 * usage: peer_child_test NAME PATH
 *
 * A pool of another language as a child program: what it answers to each order, and
 * whether its load is the harness's own. One child serves all tests, in their order.
 * Exit 77 if it was not built.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

#include "bench_histogram.h"
#include "hold_spec.h"
#include "monotonic.h"
#include "work.h"

#define NOT_BUILT 77
#define HANGS_AFTER_S 90
#define MS INT64_C(1000000)
#define LINKS 100000
#define DRAWS 64
#define SAME_WORK_SHARE 0.7

#define THREADS 3
#define CONNS 2

#define SHORT_TIMEOUT_NS (250 * MS) /* HikariCP takes no shorter one */
#define LONG_TIMEOUT_NS (30000 * MS)

static const char *child_name;
static const char *child_path;

struct child {
	pid_t pid;
	FILE *orders;
	FILE *replies;
	json_t *hello;
};

static json_t *read_reply(struct child *child)
{
	char *line = NULL;
	size_t size = 0;
	json_error_t fault;
	json_t *reply;

	if (getline(&line, &size, child->replies) < 0)
		fail_msg("%s ended instead of replying", child_name);
	reply = json_loads(line, 0, &fault);
	if (reply == NULL)
		fail_msg("%s replied \"%.200s\": %s", child_name, line, fault.text);
	free(line);
	return reply;
}

static json_t *say(struct child *child, const char *line)
{
	assert_true(fprintf(child->orders, "%s\n", line) > 0);
	assert_int_equal(fflush(child->orders), 0);
	return read_reply(child);
}

/* Send an order, which is consumed, and take the reply. */
static json_t *order(struct child *child, json_t *what)
{
	char *line = json_dumps(what, JSON_COMPACT);
	json_t *reply;

	assert_non_null(line);
	reply = say(child, line);
	free(line);
	json_decref(what);
	return reply;
}

static void assert_error(json_t *reply)
{
	if (json_string_length(json_object_get(reply, "error")) == 0) {
		char *text = json_dumps(reply, 0);

		fail_msg("%s should have refused, but replied %s", child_name, text);
	}
	json_decref(reply);
}

static json_t *assert_fine(json_t *reply)
{
	const json_t *error = json_object_get(reply, "error");

	if (error != NULL)
		fail_msg("%s: %s", child_name, json_string_value(error));
	return reply;
}

static int64_t whole(const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);

	if (!json_is_integer(value))
		fail_msg("%s gives no whole number for %s", child_name, key);
	return json_integer_value(value);
}

static int start_child(void **state)
{
	struct child *child = calloc(1, sizeof(*child));
	int to_child[2];
	int from_child[2];

	assert_non_null(child);
	*state = child;
	assert_int_equal(pipe2(to_child, O_CLOEXEC), 0);
	assert_int_equal(pipe2(from_child, O_CLOEXEC), 0);
	child->pid = fork();
	assert_true(child->pid >= 0);
	if (child->pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (dup2(to_child[0], STDIN_FILENO) >= 0 && dup2(from_child[1], STDOUT_FILENO) >= 0)
			(void)execl(child_path, child_path, (char *)NULL);
		_exit(127);
	}
	(void)close(to_child[0]);
	(void)close(from_child[1]);
	child->orders = fdopen(to_child[1], "w");
	child->replies = fdopen(from_child[0], "r");
	assert_non_null(child->orders);
	assert_non_null(child->replies);
	child->hello = read_reply(child);
	return 0;
}

static int stop_child(void **state)
{
	struct child *child = *state;
	int status = -1;

	(void)fclose(child->orders);
	(void)waitpid(child->pid, &status, 0);
	(void)fclose(child->replies);
	json_decref(child->hello);
	free(child);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
		(void)fprintf(stderr, "%s ends with status %#x at the end of its input\n", child_name,
		              (unsigned)status);
		return 1;
	}
	return 0;
}

static bool has_ability(const json_t *abilities, const char *wanted)
{
	size_t i;
	json_t *ability;

	json_array_foreach(abilities, i,
	                   ability) if (strcmp(json_string_value(ability), wanted) == 0) return true;
	return false;
}

static void test_hello(void **state)
{
	const json_t *hello = ((struct child *)*state)->hello;
	const json_t *extra_work = json_object_get(hello, "extra_work");
	const json_t *abilities = json_object_get(hello, "abilities");

	assert_int_equal(whole(hello, "protocol"), 1);
	assert_string_equal(json_string_value(json_object_get(hello, "pool")), child_name);
	assert_true(json_string_value(json_object_get(hello, "version"))[0] >= '0');
	assert_true(json_string_value(json_object_get(hello, "version"))[0] <= '9');
	assert_string_not_equal(json_string_value(json_object_get(hello, "runtime")), "unknown");
	assert_true(json_number_value(json_object_get(hello, "warm_s")) > 0.0);
	assert_true(json_is_null(extra_work) || json_string_length(extra_work) > 0);
	assert_true(has_ability(abilities, "grows"));
	assert_true(has_ability(abilities, "heals"));
}

static json_t *hold_json(const struct bench_hold *hold)
{
	json_t *parts = json_array();

	for (unsigned i = 0; i < hold->parts_count; i++) {
		const struct bench_hold_part *part = &hold->parts[i];

		json_array_append_new(parts,
		                      json_pack("{s:s, s:I, s:I, s:I}", "kind",
		                                part->kind == BENCH_HOLD_WORK ? "work" : "sleep", "below",
		                                (json_int_t)part->below, "ns", (json_int_t)part->ns,
		                                "links", (json_int_t)part->links));
	}
	return parts;
}

static json_t *open_order(int conns_min, int conns_max, int64_t timeout_ns, const char *hold_text)
{
	struct bench_hold hold = {0};
	char problem[128];

	if (!bench_hold_parse(&hold, hold_text, problem, sizeof(problem)))
		fail_msg("%s", problem);
	bench_hold_calibrate(&hold, 1000.0);
	return json_pack("{s:s, s:i, s:i, s:i, s:I, s:I, s:I, s:i, s:o}", "order", "open", "threads",
	                 THREADS, "conns_min", conns_min, "conns_max", conns_max, "acquire_timeout_ns",
	                 (json_int_t)timeout_ns, "open_timeout_ns", (json_int_t)(1000 * MS), "open_ns",
	                 (json_int_t)MS, "ping_ns", 0, "hold", hold_json(&hold));
}

static void open_pool(struct child *child, int conns_min, int conns_max, int64_t timeout_ns,
                      const char *hold)
{
	json_t *reply = assert_fine(order(child, open_order(conns_min, conns_max, timeout_ns, hold)));

	assert_true(json_is_true(json_object_get(reply, "opened")));
	json_decref(reply);
}

static void close_pool(struct child *child)
{
	json_t *reply = assert_fine(say(child, "{\"order\":\"close\"}"));

	assert_true(json_is_true(json_object_get(reply, "closed")));
	json_decref(reply);
}

static void test_refuses_bad_orders(void **state)
{
	static const char *const without_pool[] = {
		"nonsense",
		"",
		"[]",
		"{}",
		"{\"order\":\"dance\"}",
		"{\"order\":\"close\"}",
		"{\"order\":\"pass\",\"timed\":false,\"warm_s\":0.1,\"seconds\":0.1,\"seed\":1}",
		"{\"order\":\"timeline\",\"sample_ns\":1000000,\"seed\":1,\"phases\":[]}",
		"{\"order\":\"open\"}",
		"{\"order\":\"open\",\"threads\":1,\"conns_min\":2,\"conns_max\":1,"
		"\"acquire_timeout_ns\":1000000000,\"open_timeout_ns\":1000000000,\"hold\":[]}",
		"{\"order\":\"open\",\"threads\":1,\"conns_min\":1,\"conns_max\":1,"
		"\"acquire_timeout_ns\":1000000000,\"open_timeout_ns\":1000000000,"
		"\"hold\":[{\"kind\":\"idle\"}]}",
		/* Opening takes longer than it may. */
		"{\"order\":\"open\",\"threads\":1,\"conns_min\":1,\"conns_max\":1,\"open_ns\":2000000,"
		"\"acquire_timeout_ns\":1000000000,\"open_timeout_ns\":1000000,\"hold\":[]}",
	};
	static const char *const with_pool[] = {
		"{\"order\":\"pass\",\"timed\":false,\"warm_s\":0.1,\"seconds\":0,\"seed\":1}",
		"{\"order\":\"timeline\",\"sample_ns\":1000000,\"seed\":1,\"phases\":[]}",
		"{\"order\":\"timeline\",\"sample_ns\":1000000,\"seed\":1,"
		"\"phases\":[{\"name\":\"x\",\"ns\":1,\"arrival\":\"late\"}]}",
		"{\"order\":\"timeline\",\"sample_ns\":0,\"seed\":1,"
		"\"phases\":[{\"name\":\"x\",\"ns\":1,\"arrival\":\"once\"}]}",
	};
	struct child *child = *state;

	for (size_t i = 0; i < sizeof(without_pool) / sizeof(without_pool[0]); i++)
		assert_error(say(child, without_pool[i]));
	open_pool(child, 1, 1, LONG_TIMEOUT_NS, "none");
	for (size_t i = 0; i < sizeof(with_pool) / sizeof(with_pool[0]); i++)
		assert_error(say(child, with_pool[i]));
	assert_error(order(child, open_order(1, 1, LONG_TIMEOUT_NS, "none")));
	close_pool(child);
}

static void compare_draws(struct child *child, uint64_t seed, uint64_t stream)
{
	static const int64_t values[] = {
		-1,        0,    1,         63,         64,     65,        127,           128,
		129,       1000, 4095,      4096,       123456, 987654321, 1099511627775, 1099511627776,
		INT64_MAX, MS,   1000 * MS, 7 * MS + 7, 191,    192,       1023,          1024,
	};
	const size_t values_count = sizeof(values) / sizeof(values[0]);
	struct bench_hold hold = {0};
	char problem[128];
	struct bench_random random = bench_random_init(seed, stream);
	struct bench_random choices = bench_random_init(seed, stream);
	json_t *list = json_array();
	json_t *reply;

	assert_true(bench_hold_parse(&hold, "mix:60%work:1us,25%sleep:1us,15%work:3us", problem,
	                             sizeof(problem)));
	for (size_t i = 0; i < values_count; i++)
		json_array_append_new(list, json_integer(values[i]));
	reply = assert_fine(
		order(child, json_pack("{s:s, s:I, s:I, s:i, s:o, s:o}", "order", "selftest", "seed",
	                           (json_int_t)seed, "stream", (json_int_t)stream, "draws", DRAWS,
	                           "values", list, "hold", hold_json(&hold))));
	for (size_t i = 0; i < DRAWS; i++) {
		const json_t *draw = json_array_get(json_object_get(reply, "draws"), i);
		const json_t *part = json_array_get(json_object_get(reply, "parts"), i);

		assert_int_equal(json_integer_value(draw), bench_random_u32(&random));
		assert_int_equal(json_integer_value(part), bench_hold_draw(&hold, &choices) - hold.parts);
	}
	for (size_t i = 0; i < values_count; i++) {
		const json_t *bucket = json_array_get(json_object_get(reply, "buckets"), i);

		assert_true(json_is_integer(bucket));
		assert_int_equal(json_integer_value(bucket), bench_histogram_bucket(values[i]));
	}
	json_decref(reply);
}

static void test_draws_and_buckets_are_the_harness_s(void **state)
{
	compare_draws(*state, 20240229, 0);
	compare_draws(*state, 1, 63);
	compare_draws(*state, UINT64_MAX, 7); /* as a negative number */
}

/* A compiler that finds a shorter way through the chain would give its pool a
 * lighter load than the others have. */
static void test_work_is_the_harness_s(void **state)
{
	int64_t best_ns = INT64_MAX;
	uint64_t x = LINKS;
	json_t *reply;

	for (int round = 0; round < 300; round++) {
		const int64_t start = bench_now();
		int64_t took;

		bench_work_run(LINKS);
		took = bench_now() - start;
		best_ns = took < best_ns ? took : best_ns;
	}
	for (int i = 0; i < LINKS; i++)
		x = x * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	reply = assert_fine(order(*state, json_pack("{s:s, s:i, s:[], s:[]}", "order", "selftest",
	                                            "links", LINKS, "values", "hold")));
	assert_int_equal(whole(reply, "work"), (int64_t)x);
	if ((double)whole(reply, "work_ns") < SAME_WORK_SHARE * (double)best_ns)
		fail_msg("%s takes %" PRId64 " ns for what takes %" PRId64 " ns here", child_name,
		         whole(reply, "work_ns"), best_ns);
	json_decref(reply);
}

/* Sum of the counts of a histogram, each in a bucket that max allows. */
static int64_t count_of(const json_t *reply, const char *histogram, const char *max_key)
{
	const json_t *pairs = json_object_get(reply, histogram);
	const int64_t last = bench_histogram_bucket(whole(reply, max_key));
	int64_t highest = -1;
	int64_t total = 0;
	size_t i;
	json_t *pair;

	assert_true(json_is_array(pairs));
	json_array_foreach(pairs, i, pair)
	{
		const int64_t bucket = json_integer_value(json_array_get(pair, 0));
		const int64_t count = json_integer_value(json_array_get(pair, 1));

		assert_true(bucket > highest);
		assert_true(count > 0);
		highest = bucket;
		total += count;
	}
	if (total > 0)
		assert_int_equal(highest, last);
	return total;
}

static json_t *run_pass(struct child *child, bool timed, double seconds)
{
	json_t *reply =
		assert_fine(order(child, json_pack("{s:s, s:b, s:f, s:f, s:i}", "order", "pass", "timed",
	                                       timed, "warm_s", 0.05, "seconds", seconds, "seed", 5)));

	assert_true(json_number_value(json_object_get(reply, "seconds")) >= seconds * 0.999);
	assert_true(json_number_value(json_object_get(reply, "cpu_s")) >= 0.0);
	assert_int_equal(json_array_size(json_object_get(reply, "ops")), THREADS);
	assert_int_equal(whole(reply, "failures"), 0);
	assert_true(json_is_null(json_object_get(reply, "ctx_switches")) ||
	            whole(reply, "ctx_switches") > 0);
	return reply;
}

static int64_t ops_of(const json_t *reply)
{
	int64_t total = 0;
	size_t i;
	json_t *ops;

	json_array_foreach(json_object_get(reply, "ops"), i, ops)
	{
		assert_true(json_integer_value(ops) >= 0);
		total += json_integer_value(ops);
	}
	return total;
}

/* A connection that sleeps 2 ms for each caller serves no more than 500 a second. */
static void test_pass(void **state)
{
	struct child *child = *state;

	open_pool(child, CONNS, CONNS, LONG_TIMEOUT_NS, "sleep:2ms");
	for (int timed = 0; timed <= 1; timed++) {
		json_t *reply = run_pass(child, timed != 0, 0.2);
		const double seconds = json_number_value(json_object_get(reply, "seconds"));

		assert_true(ops_of(reply) > 0);
		assert_true((double)ops_of(reply) <= CONNS * (seconds / 0.002 + 1.0));
		assert_int_equal(whole(reply, "timeouts"), 0);
		if (timed != 0)
			/* Each thread may have begun its first one before the waits count. */
			assert_true(count_of(reply, "waits", "wait_max") + THREADS >= ops_of(reply));
		else
			assert_null(json_object_get(reply, "waits"));
		json_decref(reply);
	}
	close_pool(child);
}

static void test_pass_counts_timeouts(void **state)
{
	struct child *child = *state;
	json_t *reply;

	open_pool(child, 1, 1, SHORT_TIMEOUT_NS, "sleep:400ms");
	reply = run_pass(child, true, 0.3);
	assert_true(whole(reply, "timeouts") > 0);
	assert_true(whole(reply, "wait_max") >= SHORT_TIMEOUT_NS);
	json_decref(reply);
	close_pool(child);
}

static json_t *phase(const char *name, int ms, bool down, const char *arrival, double rate)
{
	return json_pack("{s:s, s:I, s:b, s:s, s:f}", "name", name, "ns", (json_int_t)(ms * MS), "down",
	                 down, "arrival", arrival, "rate", rate);
}

/* How many arrivals of the first phase are due in it: drawn as the harness draws. */
static int64_t poisson_due(uint64_t seed, double ns, double rate)
{
	int64_t due = 0;

	for (unsigned i = 0; i < THREADS; i++) {
		struct bench_random random = bench_random_init(seed, (UINT64_C(1) << 32) + i);
		double sum = 0.0;

		for (;;) {
			sum -= log(((double)bench_random_u32(&random) + 0.5) / 4294967296.0);
			if (sum / rate * 1e9 >= ns)
				break;
			due++;
		}
	}
	return due;
}

static int64_t operations(const json_t *phase_reply)
{
	return whole(phase_reply, "ops") + whole(phase_reply, "timeouts") +
	       whole(phase_reply, "failures");
}

static void check_samples(const json_t *samples, int64_t end_ns)
{
	const json_t *t_ns = json_object_get(samples, "t_ns");
	const json_t *open = json_object_get(samples, "open");
	const json_t *in_use = json_object_get(samples, "in_use");
	const json_t *waiting = json_object_get(samples, "waiting");
	const size_t count = json_array_size(t_ns);
	int64_t before = -1;

	assert_true(count > 1);
	assert_int_equal(json_array_size(open), count);
	assert_int_equal(json_array_size(in_use), count);
	assert_int_equal(json_array_size(waiting), count);
	for (size_t i = 0; i < count; i++) {
		const int64_t t = json_integer_value(json_array_get(t_ns, i));
		const int64_t opened = json_integer_value(json_array_get(open, i));
		const int64_t used = json_integer_value(json_array_get(in_use, i));
		const int64_t waits = json_integer_value(json_array_get(waiting, i));

		assert_true(t > before);
		assert_true(i + 1 == count || t < end_ns);
		assert_true(opened >= 0 && opened <= CONNS);
		assert_true(used >= 0 && waits >= 0 && used + waits <= THREADS);
		before = t;
	}
}

/* The child itself looks for two owners of a connection, and replies an error. */
static void test_timeline_of_arrivals(void **state)
{
	struct child *child = *state;
	json_t *reply;
	const json_t *phases;

	open_pool(child, 1, CONNS, LONG_TIMEOUT_NS, "mix:50%work:1us,50%sleep:1ms");
	reply = assert_fine(order(
		child,
		json_pack(
			"{s:s, s:I, s:i, s:[o, o, o, o, o]}", "order", "timeline", "sample_ns",
			(json_int_t)(2 * MS), "seed", 9, "phases", phase("draw", 200, false, "poisson", 100.0),
			phase("even", 200, false, "even", 50.0), phase("calm", 20, false, "even", 0.0),
			phase("spike", 50, false, "once", 0.0), phase("flood", 100, false, "even", 20000.0))));
	phases = json_object_get(reply, "phases");
	assert_int_equal(json_array_size(phases), 5);
	assert_string_equal(json_string_value(json_object_get(json_array_get(phases, 0), "name")),
	                    "draw");
	assert_int_equal(operations(json_array_get(phases, 0)), poisson_due(9, 200e6, 100.0));
	assert_int_equal(operations(json_array_get(phases, 1)), THREADS * 10);
	assert_int_equal(operations(json_array_get(phases, 2)), 0);
	assert_int_equal(operations(json_array_get(phases, 3)), THREADS);
	/* Not all of these can be begun; those that are not still waited. */
	assert_true(whole(json_array_get(phases, 4), "unserved") > 0);
	for (size_t i = 0; i < 5; i++) {
		const json_t *one = json_array_get(phases, i);
		const int64_t waits = count_of(one, "waits", "wait_max");

		assert_int_equal(whole(one, "failures"), 0);
		assert_int_equal(waits, count_of(one, "response", "response_max"));
		assert_int_equal(waits, operations(one) + whole(one, "unserved"));
		assert_int_equal(waits, i == 4 ? THREADS * 2000 : operations(one));
		assert_true(whole(one, "response_max") >= whole(one, "wait_max"));
	}
	assert_true(whole(json_array_get(phases, 4), "wait_max") > 50 * MS);
	assert_int_equal(whole(reply, "open_failures"), 0);
	assert_true(whole(reply, "opens") >= 0);
	check_samples(json_object_get(reply, "samples"), 570 * MS);
	json_decref(reply);
	close_pool(child);
}

static void test_timeline_of_an_outage(void **state)
{
	struct child *child = *state;
	json_t *reply;
	const json_t *phases;
	int64_t harm = 0;

	open_pool(child, CONNS, CONNS, SHORT_TIMEOUT_NS, "sleep:1ms");
	reply = assert_fine(order(child, json_pack("{s:s, s:I, s:i, s:[o, o, o]}", "order", "timeline",
	                                           "sample_ns", (json_int_t)(5 * MS), "seed", 9,
	                                           "phases", phase("steady", 50, false, "closed", 0.0),
	                                           phase("outage", 400, true, "even", 100.0),
	                                           phase("recovery", 1000, false, "even", 20.0))));
	phases = json_object_get(reply, "phases");
	for (size_t i = 0; i < 3; i++)
		harm += whole(json_array_get(phases, i), "failures") +
		        whole(json_array_get(phases, i), "timeouts");
	assert_true(whole(json_array_get(phases, 0), "ops") > 0);
	assert_true(harm > 0);
	/* At least the connections that were lost in the outage were opened again. */
	assert_true(whole(reply, "opens") > 0);
	assert_true(whole(json_array_get(phases, 2), "ops") > 0);
	json_decref(reply);

	/* Nothing of it is left. */
	reply =
		assert_fine(order(child, json_pack("{s:s, s:I, s:i, s:[o]}", "order", "timeline",
	                                       "sample_ns", (json_int_t)(5 * MS), "seed", 9, "phases",
	                                       phase("after", 50, false, "closed", 0.0))));
	assert_int_equal(whole(json_array_get(json_object_get(reply, "phases"), 0), "failures"), 0);
	json_decref(reply);
	close_pool(child);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hello),
		cmocka_unit_test(test_refuses_bad_orders),
		cmocka_unit_test(test_draws_and_buckets_are_the_harness_s),
		cmocka_unit_test(test_work_is_the_harness_s),
		cmocka_unit_test(test_pass),
		cmocka_unit_test(test_pass_counts_timeouts),
		cmocka_unit_test(test_timeline_of_arrivals),
		cmocka_unit_test(test_timeline_of_an_outage),
	};

	if (argc != 3) {
		(void)fprintf(stderr, "usage: peer_child_test NAME PATH\n");
		return 2;
	}
	child_name = argv[1];
	child_path = argv[2];
	if (access(child_path, X_OK) != 0) {
		(void)fprintf(stderr, "SKIPPED, NOT TESTED: %s is not there; see missing.txt beside it\n",
		              child_path);
		return NOT_BUILT;
	}
	(void)alarm(HANGS_AFTER_S); /* a child that does not reply must not keep the test */
	return cmocka_run_group_tests(tests, start_child, stop_child);
}
