/* SPDX-License-Identifier: BSD-2-Clause
 *
 * `weir-bench gate` and `weir-bench compare` from outside, with commands that print
 * made-up figures: exit codes, what goes where, bad commands and files, stopping.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include <jansson.h>

#define ARGUMENTS_MAX 24
#define OUTPUT_MAX 65536
#define PATH_SIZE 4096

static char tool[PATH_SIZE];
static char folder[64];
static char out[OUTPUT_MAX];
static char err[OUTPUT_MAX];

/* A benchmark: fake NAME TIME WIDTH prints TIME, off by up to WIDTH percent, by a
 * rule that repeats: the n-th run of NAME always prints the same. */
static const char fake[] =
	"#!/bin/sh\n"
	"n=0\n"
	"[ ! -f \"count.$1\" ] || read -r n <\"count.$1\"\n"
	"echo $((n + 1)) >\"count.$1\"\n"
	"[ \"$1\" = base ] || n=$((n + 500))\n"
	"off=$(((n * n * 7919 + n * 104729 + 12345) % 2003 - 1001))\n"
	"value=$(($2 * 1000 + $2 * $3 * off / 100))\n"
	"printf '{\"metrics\": [{\"scenario\": \"load\", \"metric\": \"time\", \"unit\": \"ns\",'\n"
	"printf ' \"better\": \"lower\", \"values\": [%d.%03d]}]}\\n' $((value / 1000)) "
	"$((value % 1000))\n";

static void put_file(const char *name, const char *text, mode_t mode)
{
	FILE *const file = fopen(name, "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(name, mode), 0);
}

static int prepare(void **state)
{
	const ssize_t length = readlink("/proc/self/exe", tool, sizeof(tool) - 32);

	(void)state;
	if (length <= 0)
		return 1;
	tool[length] = '\0';
	(void)strcpy(strrchr(tool, '/'), "/../weir-bench");
	(void)snprintf(folder, sizeof(folder), "/tmp/weir-gate-test-XXXXXX");
	if (access(tool, X_OK) != 0 || mkdtemp(folder) == NULL || chdir(folder) != 0)
		return 1;
	put_file("fake", fake, 0755);
	return 0;
}

static int clean_up(void **state)
{
	char command[128];

	(void)state;
	(void)snprintf(command, sizeof(command), "rm -r %s", folder);
	return chdir("/") != 0 || system(command) != 0;
}

static void read_back(int fd, char *text)
{
	const ssize_t length = pread(fd, text, OUTPUT_MAX - 1, 0);

	assert_true(length >= 0);
	text[length] = '\0';
	assert_int_equal(close(fd), 0);
}

/* Start the tool with the arguments up to NULL. */
static pid_t start(char *const *arguments, int out_fd, int err_fd)
{
	const pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		/* Whoever runs the tests in the background ignores it for them all. */
		(void)signal(SIGINT, SIG_DFL);
		if (dup2(out_fd, STDOUT_FILENO) >= 0 && dup2(err_fd, STDERR_FILENO) >= 0)
			(void)execv(tool, arguments);
		_exit(127);
	}
	return child;
}

/* Whether the file is there; "": whether there is output. */
static bool is_there(const char *until, int out_fd)
{
	struct stat status;

	if (until[0] != '\0')
		return access(until, F_OK) == 0;
	return fstat(out_fd, &status) == 0 && status.st_size > 0;
}

/* Run the tool; its exit code. With a file name, wait until the file is there (with
 * "", until the tool prints something) and send SIGINT. */
static int run_list(const char *until, char *const *arguments)
{
	const int out_fd = memfd_create("out", MFD_CLOEXEC);
	const int err_fd = memfd_create("err", MFD_CLOEXEC);
	pid_t child;
	int status;

	assert_true(out_fd >= 0 && err_fd >= 0);
	child = start(arguments, out_fd, err_fd);
	if (until != NULL) {
		for (int tries = 0; tries < 1000 && !is_there(until, out_fd); tries++)
			(void)usleep(10000);
		assert_int_equal(kill(child, SIGINT), 0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	read_back(out_fd, out);
	read_back(err_fd, err);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static int run(const char *first, ...)
{
	char *arguments[ARGUMENTS_MAX] = {tool};
	const char *argument = first;
	size_t count = 1;
	va_list list;

	va_start(list, first);
	for (; argument != NULL; argument = va_arg(list, const char *)) {
		assert_true(count + 1 < ARGUMENTS_MAX);
		arguments[count++] = (char *)(uintptr_t)argument;
	}
	va_end(list);
	return run_list(NULL, arguments);
}

static void has(const char *text, const char *part)
{
	if (strstr(text, part) == NULL)
		fail_msg("\"%s\" is not in:\n%s", part, text);
}

static void forget_counts(void)
{
	(void)unlink("count.base");
	(void)unlink("count.new");
}

static int gate(const char *new_cmd, const char *option, const char *value)
{
	forget_counts();
	return run("gate", "--base-cmd", "./fake base 100 2", "--new-cmd", new_cmd, option, value,
	           (const char *)NULL);
}

static void test_verdicts(void **state)
{
	(void)state;
	assert_int_equal(gate("./fake new 100 2", "--pairs-max", "48"), 0);
	has(out, "No regression: all 1 figures");
	has(out, "load time");
	assert_null(strstr(err, "weir-bench:"));
	assert_int_equal(gate("./fake new 110 2", "--pairs-max", "48"), 1);
	has(out, "Regression: 1 of 1 figures is worse.");
	has(out, "regression: load time is worse by +");
	/* Ten times the noise, and few pairs. */
	assert_int_equal(gate("./fake new 100 40", "--pairs-max", "16"), 3);
	has(out, "Cannot tell: 1 of 1 figures are too noisy.");
	/* A change too small to matter, and one that does with another limit. */
	assert_int_equal(gate("./fake new 102 1", "--pairs-max", "48"), 0);
	assert_int_equal(gate("./fake new 110 2", "--min-effect", "20%"), 0);
	assert_int_equal(gate("./fake new 110 2", "--metrics", "time:20%"), 0);
}

static void test_files(void **state)
{
	json_t *root;

	(void)state;
	forget_counts();
	assert_int_equal(run("gate", "--base-cmd", "./fake base 100 2", "--new-cmd", "./fake new 120 2",
	                     "--json", "-", "--markdown", "gate.md", "--junit", "gate.xml",
	                     (const char *)NULL),
	                 1);
	root = json_loads(out, 0, NULL);
	assert_non_null(root);
	assert_string_equal(json_string_value(json_object_get(root, "verdict")), "regression");
	json_decref(root);
	has(err, "Regression: 1 of 1 figures is worse.");
	assert_int_equal(access("gate.md", R_OK), 0);
	assert_int_equal(access("gate.xml", R_OK), 0);
	assert_int_equal(gate("./fake new 100 2", "--json", "/nowhere/at.json"), 2);
	has(err, "cannot write \"/nowhere/at.json\"");
}

/* rows NAME WAIT NULL_AT: like weir-bench, with a wait of null in run NULL_AT, and always
 * in a second scenario. */
static const char rows[] =
	"#!/bin/sh\n"
	"n=0\n"
	"[ ! -f \"count.$1\" ] || read -r n <\"count.$1\"\n"
	"echo $((n + 1)) >\"count.$1\"\n"
	"wait=$(($2 + n % 3))\n"
	"[ $n != \"$3\" ] || wait=null\n"
	"printf '{\"results\": [{\"scenario\": \"a\", \"pool\": \"weir\", \"ops_per_s\": 500,'\n"
	"printf ' \"samples\": {\"ops_per_s\": [500], \"wait_p99\": [%s]}},' $wait\n"
	"printf '{\"scenario\": \"b\", \"pool\": \"weir\", \"ops_per_s\": 500,'\n"
	"printf ' \"samples\": {\"ops_per_s\": [500], \"wait_p99\": [null, null]}}]}\\n'\n";

static int gate_rows(const char *base_cmd, const char *new_cmd, const char *metrics)
{
	forget_counts();
	return run("gate", "--base-cmd", base_cmd, "--new-cmd", new_cmd, "--pairs-max", "48",
	           metrics != NULL ? "--metrics" : NULL, metrics, (const char *)NULL);
}

/* Not measured in the first run is not the same as never. */
static void test_not_measured(void **state)
{
	(void)state;
	put_file("rows", rows, 0755);
	assert_int_equal(gate_rows("./rows base 1000 0", "./rows new 3000 -", NULL), 1);
	has(out, "regression: a weir wait_p99 is worse by");
	assert_int_equal(gate_rows("./rows base 1000 -", "./rows new 1000 -", NULL), 0);
	has(out, "all 3 figures");
	assert_null(strstr(out, "b weir wait_p99"));
}

/* A ratio of different units, or of opposite directions, is none. */
static void test_units(void **state)
{
	static const char benchmark[] = "echo '{\"benchmarks\": [{\"name\": \"BM_a\", \"real_time\": 2,"
									" \"cpu_time\": 2, \"time_unit\": \"%s\"}]}'";
	char base_cmd[256];
	char new_cmd[256];

	(void)state;
	(void)snprintf(base_cmd, sizeof(base_cmd), benchmark, "ns");
	(void)snprintf(new_cmd, sizeof(new_cmd), benchmark, "us");
	assert_int_equal(gate_rows(base_cmd, new_cmd, NULL), 2);
	has(err, "BM_a real_time is in \"ns\", lower is better, in base, and in \"us\"");
	assert_int_equal(gate_rows(base_cmd, base_cmd, NULL), 0);
	assert_int_equal(gate("./fake new 100 2 | sed s/lower/higher/", "--pairs-max", "16"), 2);
	has(err, "higher is better, in new");
}

/* No verdict where nothing could be compared: always 2. */
static void test_bad_commands(void **state)
{
	(void)state;
	assert_int_equal(gate("echo lost >&2; echo more >&2; exit 3", "--pairs-max", "16"), 2);
	has(err, "the new command exited with code 3: echo lost");
	has(err, "  | lost\n  | more");
	assert_int_equal(gate("kill -9 $$", "--pairs-max", "16"), 2);
	has(err, "was ended by signal 9");
	assert_int_equal(gate("echo 3 seconds", "--pairs-max", "16"), 2);
	has(err, "standard output of the new command: not JSON: line 1");
	assert_int_equal(gate("true", "--pairs-max", "16"), 2);
	has(err, "there is nothing to read");
	assert_int_equal(gate("sleep 60", "--timeout", "0.2"), 2);
	has(err, "took longer than --timeout allows");
	assert_int_equal(gate("./fake new 0 0", "--pairs-max", "16"), 2);
	has(err, "load time was not measured, or not positive, in 0 of 2 runs of base and 2 of new");
	assert_int_equal(gate("./fake new 100 2", "--metrics", "nothing"), 2);
	has(err, "has no metric \"nothing\"");
	assert_int_equal(gate("./fake new 100 2", "--pairs-max", "4"), 2);
	has(err, "figures need");
	assert_int_equal(run("gate", "--base-cmd", "exit 1", "--new-cmd", "true", (const char *)NULL),
	                 2);
	has(err, "the base command exited with code 1");
}

static void test_wrong_use(void **state)
{
	static const struct {
		const char *arguments[6];
		const char *says;
	} cases[] = {
		{{"gate"}, "needs both --base-cmd and --new-cmd"},
		{{"gate", "--base-cmd", "true"}, "needs both --base-cmd and --new-cmd"},
		{{"gate", "--frobnicate"}, "--frobnicate is not an option"},
		{{"gate", "--pairs-max"}, "--pairs-max needs a value"},
		{{"gate", "--pairs-max", "0"}, "must be a whole number from 1 to 400"},
		{{"gate", "--min-effect", "much"}, "must be a share such as 5%"},
		{{"gate", "--alpha", "90%"}, "at most 50%"},
		{{"gate", "--metrics", "time:x"}, "after the colon"},
		{{"gate", "--metrics", ""}, "must name a metric"},
		{{"gate", "--timeout", "-1"}, "must be a number of seconds"},
		{{"gate", "file"}, "takes options only"},
		{{"gate", "--simulate", "3"}, "--simulate needs --noise"},
		{{"gate", "--noise", "x"}, "--noise needs --simulate"},
		{{"gate", "--simulate", "3", "--noise", "missing.json"}, "\"missing.json\": "},
		{{"gate", "--base-callgrind-cmd", "x", "--new-callgrind-cmd", "y"}, "needs --instructions"},
		{{"compare", "one"}, "takes two files"},
		{{"compare", "one", "two", "--pairs-max", "3"}, "is not an option"},
		{{"compare", "missing.json", "missing.json"}, "\"missing.json\": No such file"},
		{{"compare", "fake", "fake"}, "\"fake\": not JSON"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *const *const words = cases[i].arguments;

		assert_int_equal(run(words[0], words[1], words[2], words[3], words[4], (const char *)NULL),
		                 2);
		has(err, cases[i].says);
		assert_string_equal(out, "");
	}
	assert_int_equal(run("gate", "--help", (const char *)NULL), 0);
	has(out, "usage: weir-bench gate");
	assert_int_equal(run("compare", "--help", (const char *)NULL), 0);
	has(out, "usage: weir-bench compare");
}

static void write_values(const char *name, double centre)
{
	FILE *const file = fopen(name, "w");

	assert_non_null(file);
	(void)fputs("{\"metrics\": [{\"metric\": \"time\", \"better\": \"lower\", \"values\": [", file);
	for (int i = 0; i < 12; i++)
		(void)fprintf(file, "%s%g", i > 0 ? ", " : "", centre + i % 5);
	(void)fputs("]}]}\n", file);
	assert_int_equal(fclose(file), 0);
}

static void test_compare(void **state)
{
	(void)state;
	write_values("old.json", 1000.0);
	write_values("same.json", 1001.0);
	write_values("slow.json", 1200.0);
	assert_int_equal(run("compare", "old.json", "same.json", (const char *)NULL), 0);
	has(out, "Two files prove less than runs in turn");
	assert_int_equal(run("compare", "old.json", "slow.json", (const char *)NULL), 1);
	put_file("few.json",
	         "{\"metrics\": [{\"metric\": \"time\", \"better\": \"lower\","
	         " \"values\": [1, 2]}]}",
	         0644);
	assert_int_equal(run("compare", "few.json", "few.json", (const char *)NULL), 3);
	has(err, "too few values to show a regression of one of 1 figures: it takes 5 on each side");
}

/* The command and what it started are gone, and no file is there. */
static void test_interrupt(void **state)
{
	char *arguments[] = {tool,
	                     "gate",
	                     "--base-cmd",
	                     "sleep 300 & echo $! >pid.tmp;"
	                     " mv pid.tmp pid; wait",
	                     "--new-cmd",
	                     "true",
	                     "--json",
	                     "stopped.json",
	                     NULL};
	char text[32] = "";
	char stat_path[64];
	int pid = 0;
	FILE *file;

	(void)state;
	assert_int_equal(run_list("pid", arguments), 8);
	has(err, "stopped; no file was written");
	assert_int_equal(access("stopped.json", F_OK), -1);
	assert_int_equal(access("stopped.json.tmp", F_OK), -1);
	file = fopen("pid", "r");
	assert_non_null(file);
	assert_non_null(fgets(text, sizeof(text), file));
	assert_int_equal(fclose(file), 0);
	assert_int_equal(sscanf(text, "%d", &pid), 1);
	(void)snprintf(stat_path, sizeof(stat_path), "/proc/%d/cmdline", pid);
	for (int tries = 0; tries < 500; tries++) {
		file = fopen(stat_path, "r");
		/* Gone, or ended and without a command line until init collects it. */
		if (file == NULL)
			return;
		text[0] = '\0';
		(void)fgets(text, sizeof(text), file);
		(void)fclose(file);
		if (text[0] == '\0')
			return;
		(void)usleep(10000);
	}
	fail_msg("%d is still there", pid);
}

static void test_record(void **state)
{
	char *stopped[] = {tool, "gate", "--simulate", "100000", "--noise", "noise.json", NULL};

	(void)state;
	forget_counts();
	assert_int_equal(run("gate", "--base-cmd", "./fake base 100 2", "--new-cmd", "./fake new 100 2",
	                     "--pairs-max", "20", "--record", "noise.json", (const char *)NULL),
	                 0);
	assert_int_equal(run("gate", "--simulate", "20", "--noise", "noise.json", (const char *)NULL),
	                 0);
	has(out, "noise.json: 1 figures, 20 pairs recorded, 20 trials");
	/* Hours of trials, that are stopped. */
	assert_int_equal(run_list("", stopped), 8);
	has(err, "weir-bench: stopped");
	put_file("bad.json", "{\"base\": 3}", 0644);
	assert_int_equal(run("gate", "--simulate", "20", "--noise", "bad.json", (const char *)NULL), 2);
}

/* Time is up before the figures tell. */
static void test_minutes(void **state)
{
	(void)state;
	assert_int_equal(gate("./fake new 100 60", "--minutes", "0.0001"), 3);
	has(out, "Cannot tell");
}

static void test_no_valgrind(void **state)
{
	char path[PATH_SIZE];

	(void)state;
	(void)snprintf(path, sizeof(path), "%s",
	               getenv("PATH") != NULL ? getenv("PATH") : "/usr/bin:/bin");
	assert_int_equal(setenv("PATH", "/nowhere", 1), 0);
	assert_int_equal(run("gate", "--instructions", "--base-cmd", "true", "--new-cmd", "true",
	                     (const char *)NULL),
	                 2);
	assert_int_equal(setenv("PATH", path, 1), 0);
	has(err, "needs valgrind, which is not there");
}

/* What the gate's commands are made of: JSON alone on standard output. A delay that
 * this build may not have is refused, never ignored. */
static void test_run(void **state)
{
	json_t *root;

	(void)state;
	assert_int_equal(run("run", "solo", "--pools", "weir", "--seconds", "0.02", "--reps", "2",
	                     "--json", "-", (const char *)NULL),
	                 0);
	root = json_loads(out, 0, NULL);
	assert_non_null(root);
	json_decref(root);
	has(err, "solo: 1 thread");
	put_file("run.json", out, 0644);
	assert_int_equal(run("compare", "run.json", "run.json", (const char *)NULL), 3);
	has(out, "solo weir ops_per_s");
	has(err, "too few values");
	assert_int_equal(setenv("WEIR_BENCH_DELAY", "never", 1), 0);
	assert_int_equal(run("run", "solo", "--seconds", "0.02", (const char *)NULL), 2);
	assert_int_equal(unsetenv("WEIR_BENCH_DELAY"), 0);
	has(err, "WEIR_BENCH_DELAY");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_verdicts),     cmocka_unit_test(test_files),
		cmocka_unit_test(test_bad_commands), cmocka_unit_test(test_wrong_use),
		cmocka_unit_test(test_compare),      cmocka_unit_test(test_interrupt),
		cmocka_unit_test(test_record),       cmocka_unit_test(test_minutes),
		cmocka_unit_test(test_no_valgrind),  cmocka_unit_test(test_run),
		cmocka_unit_test(test_not_measured), cmocka_unit_test(test_units),
	};

	return cmocka_run_group_tests(tests, prepare, clean_up);
}
