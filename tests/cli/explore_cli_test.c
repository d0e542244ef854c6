/* SPDX-License-Identifier: BSD-2-Clause
 *
 * `weir-explore` from outside: lists, wrong use, verdicts, schedules, interruption.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define OUTPUT_MAX 65536
#define PATH_BYTES 4096
#define ARGUMENTS_MAX 16

struct child {
	pid_t pid;
	int out;
	int err;
	char out_text[OUTPUT_MAX];
	char err_text[OUTPUT_MAX];
};

static struct child child;

/* The tool of this build lies in the folder above the tests. */
static void find_explore(char path[PATH_BYTES])
{
	char self[PATH_BYTES - 32];
	const ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);

	assert_true(length > 0);
	self[length] = '\0';
	*strrchr(self, '/') = '\0';
	(void)snprintf(path, PATH_BYTES, "%s/../weir-explore", self);
	assert_int_equal(access(path, X_OK), 0);
}

/* Arguments are split at '|', since the names of cases have spaces. */
static void begin(const char *line)
{
	char path[PATH_BYTES];
	char copy[PATH_BYTES];
	char *argv[ARGUMENTS_MAX] = {path};
	char *rest = copy;

	find_explore(path);
	(void)snprintf(copy, sizeof copy, "%s", line);
	for (size_t i = 1; rest != NULL && *rest != '\0'; i++) {
		assert_true(i + 1 < ARGUMENTS_MAX);
		argv[i] = strsep(&rest, "|");
	}
	child.out = memfd_create("out", MFD_CLOEXEC);
	child.err = memfd_create("err", MFD_CLOEXEC);
	assert_true(child.out >= 0 && child.err >= 0);
	child.pid = fork();
	if (child.pid == 0) {
		(void)dup2(child.out, STDOUT_FILENO);
		(void)dup2(child.err, STDERR_FILENO);
		(void)execv(path, argv);
		_exit(127);
	}
	assert_true(child.pid > 0);
}

static void read_text(int file, char text[OUTPUT_MAX])
{
	const ssize_t length = pread(file, text, OUTPUT_MAX - 1, 0);

	assert_true(length >= 0);
	text[length] = '\0';
}

/* The exit code, or -1 when a signal ended it. */
static int end(void)
{
	int status;

	assert_int_equal(waitpid(child.pid, &status, 0), child.pid);
	read_text(child.out, child.out_text);
	read_text(child.err, child.err_text);
	(void)close(child.out);
	(void)close(child.err);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int run(const char *line)
{
	begin(line);
	return end();
}

static void contains(const char *text, const char *part)
{
	if (strstr(text, part) == NULL)
		fail_msg("\"%s\" is not in:\n%s", part, text);
}

static void lacks(const char *text, const char *part)
{
	if (strstr(text, part) != NULL)
		fail_msg("\"%s\" is in:\n%s", part, text);
}

static void help_goes_to_stdout_when_asked_for(void **state)
{
	static const char *const ways[] = {"--help", "run|--help", "list|--help", "replay|--help"};

	(void)state;
	for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
		assert_int_equal(run(ways[i]), 0);
		contains(child.out_text, "usage: weir-explore list");
		contains(child.out_text, "--preemptions N");
		assert_string_equal(child.err_text, "");
	}
}

static void wrong_use_is_refused_with_a_reason(void **state)
{
	static const struct {
		const char *line;
		const char *says;
	} wrong[] = {
		{"", "usage"},
		{"frobnicate", "usage"},
		{"run|--frobnicate", "unrecognized option"},
		{"list|--frobnicate", "unrecognized option"},
		{"list|nosuch", "no case has that name"},
		{"run|nosuch", "no case of that many threads has that name"},
		{"run|--threads|5", "--threads \"5\": must be 2, 3 or 4"},
		{"run|--threads|two", "--threads \"two\": must be 2, 3 or 4"},
		{"run|--preemptions|-1", "--preemptions \"-1\": must be a whole number from 0 to 20"},
		{"run|--events|21", "--events \"21\": must be a whole number from 0 to 20"},
		{"run|--runs|0", "--runs \"0\": must be a whole number from 1 on"},
		{"run|--seconds|0", "--seconds \"0\": must be a whole number from 1 to 1000000"},
		{"run|--seconds|1.5", "--seconds \"1.5\": must be a whole number"},
		{"run|--seed|99999999999999999999", "--seed \"99999999999999999999\": must be"},
		{"run|--jobs|0", "--jobs \"0\": must be a whole number from 1 to 64"},
		{"run|--jobs", "requires an argument"},
		{"run|--mode|depth", "--mode \"depth\": must be enumerate, random or pct"},
		{"run|--plan|huge", "--plan \"huge\": must be quick, ci, races or long"},
		{"run|--plan|ci|--threads|2", "--plan: its passes have modes and bounds of their own"},
		{"replay", "usage"},
		{"replay|litmus/right/two add", "usage"},
		{"replay|nosuch|0.0", "there is no case \"nosuch\""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		assert_int_equal(run(wrong[i].line), 2);
		assert_string_equal(child.out_text, "");
		contains(child.err_text, wrong[i].says);
	}
}

static void list_names_the_cases(void **state)
{
	(void)state;
	assert_int_equal(run("list|litmus/right|lock/plain"), 0);
	contains(child.out_text, "2  litmus/right/two add\n");
	contains(child.out_text, "4  lock/plain/4 threads\n");
	lacks(child.out_text, "wrong");
	lacks(child.out_text, "pool");
	assert_int_equal(run("list|litmus"), 0);
	contains(child.out_text, "2  litmus/wrong/store buffering\n");
	/* Only the other build can refute it. */
	lacks(child.out_text, "message passing, rlx");
}

static void a_run_prints_a_line_for_each_group_and_a_verdict(void **state)
{
	(void)state;
	assert_int_equal(run("run|litmus|lock/|--threads|2|--seed|7"), 0);
	contains(child.out_text, "litmus/right  ");
	contains(child.out_text, "litmus/wrong  ");
	contains(child.out_text, "lock/plain  ");
	contains(child.out_text, " refuted\n");
	contains(child.out_text, " complete\n");
	contains(child.out_text, "explored: ");
	contains(child.out_text, " passed, 0 failed\n");
	/* What was to be refuted is no failure. */
	assert_string_equal(child.err_text, "weir-explore: seed 7\n");
}

static void what_is_not_refuted_has_failed(void **state)
{
	(void)state;
	/* One run does not come across it. */
	assert_int_equal(run("run|compare with a later value|--mode|random|--runs|1|--seed|1"), 1);
	contains(child.out_text, " FAILED\n");
	contains(child.out_text, "0 passed, 1 failed\n");
	contains(child.err_text, "litmus/wrong/compare with a later value: not refuted\n");
}

/* ---- schedules ---- */

/* Run the case in that mode, and keep why it fails and the schedule that replays it. */
static void find_schedule(const char *name, const char *mode, char why[256], char schedule[4096])
{
	char line[512];

	(void)snprintf(line, sizeof line, "run|%s|--mode|%s|--seed|5|--verbose", name, mode);
	assert_int_equal(run(line), 0);
	const char *refuted = strstr(child.err_text, ": refuted: ");
	const char *quote = refuted == NULL ? NULL : strstr(refuted, "' ");

	assert_non_null(quote);
	assert_int_equal(sscanf(refuted, ": refuted: %255[^\n]", why), 1);
	assert_int_equal(sscanf(quote, "' %4095s", schedule), 1);
}

static void a_schedule_replays_the_failure(void **state)
{
	static const char *const modes[] = {"enumerate", "random", "pct"};
	/* A point that was left out, a store that waits, an event, a lock. */
	static const char *const names[] = {
		"litmus/wrong/a locked operation on another word",
		"litmus/wrong/an older store arrives first",
		"litmus/wrong/if in place of while",
		"litmus/wrong/unlock twice",
		"litmus/wrong/a stack without a counter",
	};
	char why[256];
	char schedule[4096];
	char line[8192];

	(void)state;
	for (size_t i = 0; i < sizeof modes / sizeof modes[0] * (sizeof names / sizeof names[0]); i++) {
		const char *name = names[i / 3];

		find_schedule(name, modes[i % 3], why, schedule);
		(void)snprintf(line, sizeof line, "replay|%s|%s", name, schedule);
		assert_int_equal(run(line), 1);
		contains(child.out_text, why);
		contains(child.out_text, "  thread 1  ");
		contains(child.out_text, "ends");
		(void)snprintf(line, sizeof line, "replay|%s|%s|--quiet", name, schedule);
		assert_int_equal(run(line), 1);
		contains(child.out_text, why);
		lacks(child.out_text, "  thread 1  ");
	}
}

static void a_schedule_may_end_well(void **state)
{
	(void)state;
	assert_int_equal(run("replay|litmus/right/two add|0.2"), 0);
	contains(child.out_text, "add");
	contains(child.out_text, "litmus/right/two add: every promise was kept\n");
}

static void what_is_no_schedule_is_refused(void **state)
{
	static const char *const wrong[] = {
		"x",
		"",
		"0",
		"0.",
		"0.2.",
		"0.2.1",
		"0.2.1:",
		"0.2.1:x",
		"0.2.3:1.2:1",
		"0.2.3:1.3:1",
		"0.2.1:70000",
		"5000.2",
		"0.2.99999:1",
		"0.2.0:1 ",
		/* Of another case: more threads, and more steps. */
		"0.2.0:5",
		"0.2.100:1",
	};
	char line[256];

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		(void)snprintf(line, sizeof line, "replay|litmus/right/two add|%s|--quiet", wrong[i]);
		assert_int_equal(run(line), 2);
		assert_string_equal(child.out_text, "");
		contains(child.err_text, "\" is no schedule of litmus/right/two add\n");
	}
}

/* ---- more than one process, and time ---- */

static void jobs_make_no_difference(void **state)
{
	static const char *const lines[] = {"run|gate/|litmus|--events|0|--jobs|",
	                                    "run|lock/|gate/|--mode|random|--runs|50|--seed|3|--jobs|",
	                                    "run|lock/|gate/|--mode|pct|--runs|50|--seed|3|--jobs|"};
	static char one[OUTPUT_MAX];
	char line[256];

	(void)state;
	for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
		(void)snprintf(line, sizeof line, "%s1", lines[i]);
		assert_int_equal(run(line), 0);
		(void)snprintf(one, sizeof one, "%s", child.out_text);
		(void)snprintf(line, sizeof line, "%s2", lines[i]);
		assert_int_equal(run(line), 0);
		assert_string_equal(one, child.out_text);
	}
}

static void a_seed_gives_the_same_verdict(void **state)
{
	static const char *const modes[] = {"random", "pct"};
	static char once[OUTPUT_MAX];
	static char why[OUTPUT_MAX];
	char line[256];

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		(void)snprintf(line, sizeof line,
		               "run|litmus/wrong|--mode|%s|--runs|20|--seed|11|--jobs|1|--verbose",
		               modes[i]);
		const int code = run(line);

		(void)snprintf(once, sizeof once, "%s", child.out_text);
		(void)snprintf(why, sizeof why, "%s", child.err_text);
		assert_int_equal(run(line), code);
		assert_string_equal(once, child.out_text);
		assert_string_equal(why, child.err_text);
	}
}

static void what_time_did_not_suffice_for_is_unfinished(void **state)
{
	(void)state;
	assert_int_equal(run("run|pool/one place|--preemptions|12|--events|6|--seconds|1"), 3);
	contains(child.out_text, " unfinished\n");
	contains(child.out_text, "unfinished: ");
	contains(child.out_text, "0 passed, 0 failed\n");
}

static void an_interrupt_leaves_no_child(void **state)
{
	const struct timespec moment = {.tv_nsec = 100000000};

	(void)state;
	/* What it leaves behind would become a child of this program. */
	assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
	begin("run|pool/|--preemptions|12|--events|6|--jobs|2");
	do { /* ends: the tool says that it has begun */
		(void)nanosleep(&moment, NULL);
		read_text(child.err, child.err_text);
	} while (strstr(child.err_text, "seed") == NULL);
	(void)nanosleep(&moment, NULL);
	assert_int_equal(kill(child.pid, SIGINT), 0);
	assert_int_equal(end(), 8);
	contains(child.out_text, " passed, 0 failed\n");
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(help_goes_to_stdout_when_asked_for),
		cmocka_unit_test(wrong_use_is_refused_with_a_reason),
		cmocka_unit_test(list_names_the_cases),
		cmocka_unit_test(a_run_prints_a_line_for_each_group_and_a_verdict),
		cmocka_unit_test(what_is_not_refuted_has_failed),
		cmocka_unit_test(a_schedule_replays_the_failure),
		cmocka_unit_test(a_schedule_may_end_well),
		cmocka_unit_test(what_is_no_schedule_is_refused),
		cmocka_unit_test(jobs_make_no_difference),
		cmocka_unit_test(a_seed_gives_the_same_verdict),
		cmocka_unit_test(what_time_did_not_suffice_for_is_unfinished),
		cmocka_unit_test(an_interrupt_leaves_no_child),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
