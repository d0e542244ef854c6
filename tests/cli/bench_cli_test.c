/* SPDX-License-Identifier: BSD-2-Clause
 *
 * `weir-bench` from outside: what goes to which stream and file, exit codes, bad
 * input, and stopping. Runs are as short as they can be, in a folder of their
 * own: what they measure is of no interest here.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include <jansson.h>
#include <linux/magic.h>

#include <weir/version.h>

#define ARGUMENTS_MAX 24
#define OUTPUT_MAX 65536
#define PATH_SIZE 4096

static char tool[PATH_SIZE];
static char folder[64];
static char out[OUTPUT_MAX];
static char err[OUTPUT_MAX];

/* ---- running the tool ---- */

static int make_folder(void **state)
{
	(void)state;
	(void)snprintf(folder, sizeof(folder), "/tmp/weir-bench-test-XXXXXX");
	return mkdtemp(folder) == NULL || chdir(folder) != 0;
}

static int remove_folder(void **state)
{
	char command[128];

	(void)state;
	(void)snprintf(command, sizeof(command), "rm -r %s", folder);
	return chdir("/") != 0 || system(command) != 0;
}

static int find_tool(const char *name)
{
	char test[PATH_SIZE - 32];
	const ssize_t length = readlink("/proc/self/exe", test, sizeof(test) - 1);

	if (length <= 0)
		return 1;
	test[length] = '\0';
	*strrchr(test, '/') = '\0';
	(void)snprintf(tool, sizeof(tool), "%s/../%s", test, name);
	if (access(tool, X_OK) == 0)
		return 0;
	(void)fprintf(stderr, "%s is not there: build everything first\n", tool);
	return 1;
}

static int find_bench(void **state)
{
	(void)state;
	return find_tool("weir-bench");
}

/* Start the tool with the words of line. */
static pid_t start(const char *line, int out_fd, int err_fd)
{
	char copy[PATH_SIZE];
	char *argv[ARGUMENTS_MAX] = {tool};
	char *rest = copy;
	size_t argc = 1;
	pid_t child;

	(void)snprintf(copy, sizeof(copy), "%s", line);
	while (rest != NULL && *rest != '\0') {
		assert_true(argc + 1 < ARGUMENTS_MAX);
		argv[argc++] = strsep(&rest, " ");
	}
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		/* Whoever runs the tests in the background ignores it for them all. */
		(void)signal(SIGINT, SIG_DFL);
		if (dup2(out_fd, STDOUT_FILENO) >= 0 && dup2(err_fd, STDERR_FILENO) >= 0)
			(void)execv(tool, argv);
		_exit(127);
	}
	return child;
}

static void read_back(int fd, char *text)
{
	const ssize_t length = pread(fd, text, OUTPUT_MAX - 1, 0);

	assert_true(length >= 0);
	text[length] = '\0';
	assert_int_equal(close(fd), 0);
}

/* Run the tool to its end; its exit code. With signal_number it gets that once
 * the passes have begun. */
static int run_until(const char *line, int signal_number)
{
	const int out_fd = memfd_create("out", MFD_CLOEXEC);
	const int err_fd = memfd_create("err", MFD_CLOEXEC);
	pid_t child;
	int status;

	assert_true(out_fd >= 0 && err_fd >= 0);
	child = start(line, out_fd, err_fd);
	while (signal_number != 0) {
		const ssize_t length = pread(err_fd, err, OUTPUT_MAX - 1, 0);

		assert_true(length >= 0);
		err[length] = '\0';
		/* The time before the first scenario, which may be late already. */
		if (strchr(err, ':') != NULL) {
			assert_int_equal(kill(child, signal_number), 0);
			break;
		}
		assert_int_equal(waitpid(child, &status, WNOHANG), 0);
		(void)usleep(10000);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	read_back(out_fd, out);
	read_back(err_fd, err);
	if (!WIFEXITED(status))
		fail_msg("%s: ended by signal %d; %s", line, WTERMSIG(status), err);
	return WEXITSTATUS(status);
}

static void expect(const char *line, int exit_code)
{
	const int code = run_until(line, 0);

	if (code != exit_code)
		fail_msg("%s: exit code %d, not %d; %s", line, code, exit_code, err);
}

static void assert_says(const char *text, const char *part)
{
	if (strstr(text, part) == NULL)
		fail_msg("\"%s\" is not in:\n%s", part, text);
}

/* ---- help and list ---- */

static void test_help(void **state)
{
	(void)state;
	expect("--help", 0);
	assert_says(out, "usage: weir-bench");
	expect("run --help", 0);
	assert_says(out, "--hold SPEC");
	assert_string_equal(err, "");
	expect("list --help", 0);
	assert_says(out, "--json");
	expect("--version", 0);
	assert_string_equal(out, "weir-bench " WEIR_VERSION_STRING "\n");
	expect("", 2);
	assert_string_equal(out, "");
}

static void test_list(void **state)
{
	static const char *const names[] = {
		"solo",
		"pair",
		"churn",
		"short-hold",
		"blocking",
		"mixed",
		"sparse",
		"spike",
		"database-down",
		"ramp",
		"sqlite-read",
		"sqlite-read-cached",
		"sqlite-read-beside",
		"sqlite-write",
		"sqlite-durable",
		"sqlite-mixed",
		"sqlite-long-reader",
		"sqlite-processes",
		"sqlite-open",
		"custom",
		"weir",
		"mutex-lifo",
		"fifo-handoff",
		"sem-cas",
		"mutex-grow",
		"ck-ring",
		"none",
		"weir-pool",
		"busy-timeout",
		"mutex-writer",
		"shared-conn",
		"group-of-32",
		"raw-1",
	};
	const json_t *scenarios;
	const json_t *durable;
	json_t *root;

	(void)state;
	expect("list", 0);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		assert_says(out, names[i]);
	assert_string_equal(err, "");
	expect("list --json", 0);
	root = json_loads(out, 0, NULL);
	assert_non_null(root);
	scenarios = json_object_get(root, "scenarios");
	assert_int_equal(json_array_size(scenarios), 20);
	durable = json_array_get(scenarios, 14);
	assert_string_equal(json_string_value(json_object_get(durable, "name")), "sqlite-durable");
	assert_true(json_is_null(json_object_get(durable, "threads")));
	assert_int_equal(json_array_size(json_object_get(durable, "sizes")), 4);
	assert_int_equal(json_array_size(json_object_get(json_object_get(root, "pools"), "stub")), 7);
	assert_int_equal(json_array_size(json_object_get(json_object_get(root, "pools"), "sqlite")), 7);
	json_decref(root);
}

/* ---- bad input ---- */

static void test_bad_input(void **state)
{
	static const struct {
		const char *line;
		const char *says;
	} cases[] = {
		{"frobnicate", "no command \"frobnicate\""},
		{"list --frobnicate", "--frobnicate"},
		{"list churn", "list takes no \"churn\""},
		{"run --frobnicate", "--frobnicate"},
		{"run frobnicate", "no scenario \"frobnicate\""},
		{"run churn --threads", "needs a value"},
		{"run churn --threads 0", "1 to 1024"},
		{"run churn --threads 1025", "1 to 1024"},
		{"run churn --threads 4x", "1 to 1024"},
		{"run churn --threads -4", "1 to 1024"},
		{"run churn --threads 99999999999999999999", "1 to 1024"},
		{"run churn --conns 0", "1 to 65536"},
		{"run churn --conns 65537", "1 to 65536"},
		{"run churn --reps 0", "1 to 100"},
		{"run churn --reps 101", "1 to 100"},
		{"run churn --seconds 0", "0.01 to 600"},
		{"run churn --seconds 601", "0.01 to 600"},
		{"run churn --seconds nan", "0.01 to 600"},
		{"run churn --seconds 1s", "0.01 to 600"},
		{"run churn --seed -1", "below 2^63"},
		{"run churn --seed 9223372036854775808", "below 2^63"},
		{"run churn --seed x", "below 2^63"},
		{"run churn --hold sometimes", "work:TIME"},
		{"run churn --pools weird", "no pool has that name"},
		{"run churn --pools weir,,none", "no pool has that name"},
		{"run churn --pools busy-timeout", "none of them takes part"},
		{"run churn --quick=yes", "takes no value"},
		{"run churn --json=", "must name a path"},
		{"run churn --json /nonexistent/weir/x.json", "No such file"},
		{"run churn --json .", "Is a directory"},
		{"run churn --report /nonexistent/weir/x.md", "No such file"},
		{"run sparse --threads 4", "always takes two"},
		{"run sqlite-read --pools group-of-32", "none of them takes part"},
		{"run sqlite-durable --threads 2 --pools raw-1", "none of them takes part"},
		{"run sparse --hold work:1us", "does not apply"},
		{"run sqlite-read --hold work:1us", "does not apply"},
		{"run sqlite-read --dir /proc/nonexistent", "--dir"},
		{"run sqlite-read --dir /dev/null", "--dir"},
		{"run", "results/"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		expect(cases[i].line, 2);
		assert_string_equal(out, "");
		assert_says(err, cases[i].says);
	}
	/* Nothing half-written is left by any of them. */
	assert_int_equal(remove_folder(NULL), 0);
	assert_int_equal(make_folder(NULL), 0);
}

/* What is never durable is no place to measure durable writes. */
static void test_tmpfs(void **state)
{
	struct statfs fs;

	(void)state;
	if (statfs("/dev/shm", &fs) != 0 || (unsigned long)fs.f_type != TMPFS_MAGIC ||
	    access("/dev/shm", W_OK) != 0)
		skip();
	expect("run sqlite-write --dir /dev/shm", 2);
	assert_says(err, "durable");
	assert_says(err, "tmpfs");
	expect("run sqlite-mixed --dir /dev/shm", 2);
	expect("run sqlite-read-beside --dir /dev/shm", 2);
	expect("run sqlite-read --dir /dev/shm --seconds 0.01 --reps 1 --pools busy-timeout", 0);
}

/* ---- runs ---- */

#define SHORT " --seconds 0.01 --reps 1"

static json_t *read_json(const char *path)
{
	json_error_t error;
	json_t *root = json_load_file(path, 0, &error);

	if (root == NULL)
		fail_msg("%s: %s", path, error.text);
	assert_int_equal(json_integer_value(json_object_get(root, "schema")), 2);
	return root;
}

static size_t rows_of(const char *path)
{
	json_t *root = read_json(path);
	const size_t count = json_array_size(json_object_get(root, "results"));

	json_decref(root);
	return count;
}

static void test_run(void **state)
{
	(void)state;
	expect("run pair --json a.json --report a.md" SHORT, 0);
	assert_says(out, "pair: 2 threads, 10 connections");
	assert_says(out, "weir");
	assert_int_equal(rows_of("a.json"), 6);
	assert_int_equal(access("a.md", R_OK), 0);
	assert_int_equal(access("a.json.tmp", F_OK), -1);
	assert_int_equal(access("results", F_OK), -1);
	assert_int_equal(access("build", F_OK), -1);
}

static void test_custom_run(void **state)
{
	json_t *root;
	const json_t *row;

	(void)state;
	expect("run --threads 3 --conns 2 --hold mix:50%work:1us,50%sleep:10us --pools weir,none "
	       "--seed 7 --json b.json" SHORT,
	       0);
	root = read_json("b.json");
	assert_int_equal(json_integer_value(json_object_get(root, "seed")), 7);
	assert_int_equal(json_array_size(json_object_get(root, "results")), 2);
	row = json_array_get(json_object_get(root, "results"), 0);
	assert_string_equal(json_string_value(json_object_get(row, "scenario")), "custom");
	assert_string_equal(json_string_value(json_object_get(row, "pool")), "weir");
	assert_string_equal(json_string_value(json_object_get(row, "hold")),
	                    "mix:50%work:1us,50%sleep:10us");
	assert_int_equal(json_integer_value(json_object_get(row, "threads")), 3);
	assert_int_equal(json_integer_value(json_object_get(row, "conns")), 2);
	assert_non_null(json_object_get(row, "efficiency"));
	json_decref(root);
}

static void test_sparse_run(void **state)
{
	(void)state;
	expect("run sparse --conns 100 --pools weir,mutex-lifo --json c.json" SHORT, 0);
	assert_int_equal(rows_of("c.json"), 4);
	assert_says(out, "sparse-8:");
	/* At the size that it is compared with there is nothing to compare. */
	expect("run sparse --conns 8 --pools weir --json c.json" SHORT, 0);
	assert_int_equal(rows_of("c.json"), 1);
}

static void test_sql_run(void **state)
{
	json_t *root;
	const json_t *row;

	(void)state;
	expect("run sqlite-mixed --dir . --json d.json" SHORT, 0);
	root = read_json("d.json");
	assert_int_equal(json_array_size(json_object_get(root, "results")), 5);
	assert_true(json_is_string(json_object_get(json_object_get(root, "storage"), "file_system")));
	row = json_array_get(json_object_get(root, "results"), 0);
	assert_string_equal(json_string_value(json_object_get(row, "pool")), "weir");
	assert_true(json_is_integer(json_object_get(row, "busy_errors")));
	assert_true(json_is_number(json_object_get(row, "group_size")));
	assert_true(json_is_number(json_object_get(row, "fsyncs_per_tx")));
	json_decref(root);
	/* The database goes with the run. */
	assert_int_equal(access("weir-bench.db", F_OK), -1);
	assert_int_equal(access("weir-bench.db-wal", F_OK), -1);
}

static const char *scenario_of(const json_t *root, size_t index)
{
	const json_t *const row = json_array_get(json_object_get(root, "results"), index);

	return json_string_value(json_object_get(row, "scenario"));
}

/* A scenario with several sizes is as many scenarios. */
static void test_sizes(void **state)
{
	json_t *root;

	(void)state;
	expect(
		"run sqlite-durable --pools busy-timeout,raw-1 --dir . --json f.json --report f.md" SHORT,
		0);
	root = read_json("f.json");
	assert_int_equal(json_array_size(json_object_get(root, "results")), 5);
	assert_string_equal(scenario_of(root, 0), "sqlite-durable-1");
	assert_string_equal(scenario_of(root, 4), "sqlite-durable-128");
	json_decref(root);
	expect("run sqlite-durable --pools busy-timeout --threads 3 --dir . --json f.json" SHORT, 0);
	root = read_json("f.json");
	assert_int_equal(json_array_size(json_object_get(root, "results")), 1);
	assert_string_equal(scenario_of(root, 0), "sqlite-durable-3");
	json_decref(root);
	expect("run sqlite-read --quick --pools busy-timeout --dir . --json f.json" SHORT, 0);
	assert_int_equal(rows_of("f.json"), 2);
}

static void test_processes(void **state)
{
	json_t *root;
	const json_t *row;

	(void)state;
	expect("run sqlite-processes --threads 2 --dir . --json g.json --seconds 0.1 --reps 1", 0);
	root = read_json("g.json");
	assert_int_equal(json_array_size(json_object_get(root, "results")), 3);
	for (size_t i = 0; i < 3; i++) {
		row = json_array_get(json_object_get(root, "results"), i);
		/* Four processes of two. */
		assert_int_equal(json_integer_value(json_object_get(row, "threads")), 8);
		assert_true(json_number_value(json_object_get(row, "ops")) > 0.0);
		assert_true(json_is_number(json_object_get(row, "fairness")));
		assert_true(json_is_number(json_object_get(row, "fsyncs_per_tx")));
		assert_true(json_is_number(
			json_object_get(json_object_get(json_object_get(row, "write"), "wait_ns"), "p999")));
	}
	json_decref(root);
	assert_int_equal(access("weir-bench.db", F_OK), -1);
	assert_int_equal(access("weir-bench.db-weir", F_OK), -1);
	/* Not a command for people: nobody gave it an order. */
	expect("worker", 2);
	assert_says(err, "weir-bench run alone");
}

static void test_quick_run(void **state)
{
	(void)state;
	expect("run solo --quick" SHORT, 0);
	assert_int_equal(rows_of("build/bench/quick.json"), 6);
	assert_int_equal(access("build/bench/quick.md", R_OK), 0);
	assert_int_equal(access("results", F_OK), -1);
}

/* A scenario named, or anything changed, leaves results/ alone. */
static void test_results_stay(void **state)
{
	(void)state;
	assert_int_equal(mkdir("results", 0700), 0);
	expect("run solo" SHORT, 0);
	expect("run solo --quick" SHORT, 0);
	/* Empty, or it could not be removed. */
	assert_int_equal(rmdir("results"), 0);
}

/* ---- stopping ---- */

static void test_stop(void **state)
{
	static const int signals[] = {SIGINT, SIGTERM};
	FILE *file;

	(void)state;
	file = fopen("e.json", "we");
	assert_non_null(file);
	(void)fputs("what was there", file);
	assert_int_equal(fclose(file), 0);
	for (size_t i = 0; i < 4; i++) {
		char text[32] = "";
		char line[128];

		(void)snprintf(line, sizeof(line),
		               "run %s --dir . --seconds 600 --json e.json --report e.md",
		               i < 2 ? "sqlite-read" : "sqlite-processes");
		assert_int_equal(run_until(line, signals[i % 2]), 8);
		assert_says(err, "stopped");
		file = fopen("e.json", "re");
		assert_non_null(file);
		assert_non_null(fgets(text, sizeof(text), file));
		assert_int_equal(fclose(file), 0);
		assert_string_equal(text, "what was there");
		assert_int_equal(access("e.md", F_OK), -1);
		assert_int_equal(access("e.md.tmp", F_OK), -1);
		assert_int_equal(access("weir-bench.db", F_OK), -1);
	}
}

/* The one run that writes to results/ says so first, and takes no partial. */
static void test_full_run_stopped(void **state)
{
	(void)state;
	assert_int_equal(mkdir("results", 0700), 0);
	assert_int_equal(run_until("run --dir .", SIGINT), 8);
	assert_int_equal(rmdir("results"), 0);
}

/* ---- weir-micro ---- */

static void test_micro(void **state)
{
	static const char *const families[] = {
		"lease: ",     "handoff: ", "park: ",  "gate: ",   "group: ",
		"statement: ", "config: ",  "stats: ", "metrics: "};

	(void)state;
	assert_int_equal(find_tool("weir-micro"), 0);
	expect("--benchmark_min_time=0.0001 --benchmark_repetitions=1", 0);
	assert_says(out, "weir/floor");
	assert_says(out, "target: at most 2.0 with 1 thread: ");
	for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++)
		assert_says(out, families[i]);
	/* Each figure was measured: a "-" is for ck-ring, with more threads than processors. */
	assert_null(strstr(strstr(out, "handoff: "), " -\n"));
	expect("--benchmark_filter=mutex --benchmark_min_time=0.0001 --benchmark_repetitions=1", 0);
	assert_null(strstr(out, "target"));
	expect("--help", 0);
	assert_says(out, "--benchmark_filter");
	expect("--frobnicate", 2);
	assert_says(err, "--frobnicate");
	assert_int_equal(find_tool("weir-bench"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_help, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(test_list, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(test_bad_input, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(test_tmpfs, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(test_run, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(test_custom_run, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(test_sparse_run, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(test_sql_run, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(test_sizes, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(test_processes, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(test_quick_run, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(test_results_stay, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(test_stop, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(test_full_run_stopped, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(test_micro, make_folder, remove_folder),
	};

	return cmocka_run_group_tests(tests, find_bench, NULL);
}
