/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Commands of the user's: what is kept of what they print, how their end is told,
 * and that nothing of them is left.
 */
#include <errno.h>
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

#include "cancel.h"
#include "child_run.h"
#include "monotonic.h"

#define LONG_NS (INT64_C(60) * BENCH_NS_PER_S)
#define SHORT_NS (BENCH_NS_PER_S / 5)

static struct bench_child child;

static void run(const char *command, int64_t timeout_ns)
{
	bench_child_free(&child);
	bench_child_run(&child, command, timeout_ns);
}

/* A process that is gone, or that only init has yet to collect. */
static bool is_gone(pid_t pid)
{
	char path[64];
	char line[256] = "";
	FILE *file;

	if (kill(pid, 0) != 0)
		return errno == ESRCH;
	(void)snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	file = fopen(path, "re");
	if (file == NULL)
		return true;
	(void)fgets(line, sizeof(line), file);
	(void)fclose(file);
	return strstr(line, ") Z ") != NULL;
}

static void await_end_of(pid_t pid)
{
	for (int tries = 0; tries < 500 && !is_gone(pid); tries++)
		(void)usleep(10000);
	assert_true(is_gone(pid));
}

static void test_output(void **state)
{
	(void)state;
	run("printf 'a\\nb'; printf 'said' >&2", LONG_NS);
	assert_int_equal(child.end, BENCH_CHILD_EXITED);
	assert_int_equal(child.code, 0);
	assert_string_equal(child.out, "a\nb");
	assert_string_equal(child.tail, "said");
	/* More than a pipe holds, on both at once; of errors the end is kept. */
	run("head -c 300000 /dev/zero | tr '\\0' x; head -c 300000 /dev/zero | tr '\\0' y >&2;"
	    " printf end >&2",
	    LONG_NS);
	assert_int_equal(child.out_length, 300000);
	assert_int_equal(child.tail_length, BENCH_CHILD_TAIL);
	assert_string_equal(child.tail + BENCH_CHILD_TAIL - 5, "yyend");
	/* Nothing to read, so that nobody waits for a terminal. */
	run("cat", LONG_NS);
	assert_int_equal(child.end, BENCH_CHILD_EXITED);
	assert_int_equal(child.out_length, 0);
}

static void test_ends(void **state)
{
	char text[128];

	(void)state;
	run("exit 3", LONG_NS);
	bench_child_describe(&child, text, sizeof(text));
	assert_string_equal(text, "exited with code 3");
	run("kill -SEGV $$", LONG_NS);
	bench_child_describe(&child, text, sizeof(text));
	assert_string_equal(text, "was ended by signal 11 (Segmentation fault)");
	run("no-such-command-here", LONG_NS);
	assert_int_equal(child.code, 127);
	run("head -c 70000000 /dev/zero; exec sleep 60", LONG_NS);
	bench_child_describe(&child, text, sizeof(text));
	assert_string_equal(text, "printed more than 64 MiB");
}

/* Also what a command left in the background. */
static void test_timeout(void **state)
{
	int background = 0;

	(void)state;
	run("sleep 300 & echo $!; wait", SHORT_NS);
	assert_int_equal(child.end, BENCH_CHILD_TIMED_OUT);
	assert_int_equal(sscanf(child.out, "%d", &background), 1);
	await_end_of(background);
	run("sleep 300 & echo $!", LONG_NS);
	assert_int_equal(child.end, BENCH_CHILD_EXITED);
	assert_int_equal(sscanf(child.out, "%d", &background), 1);
	await_end_of(background);
}

/* What left the command's group, and its own children. */
static void test_stray(void **state)
{
	int strays[2] = {0};

	(void)state;
	run("setsid sh -c 'sleep 300 & echo $$ $!; wait' & sleep 300", BENCH_NS_PER_S);
	assert_int_equal(child.end, BENCH_CHILD_TIMED_OUT);
	assert_int_equal(sscanf(child.out, "%d %d", &strays[0], &strays[1]), 2);
	assert_true(is_gone(strays[0]));
	assert_true(is_gone(strays[1]));
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

static void test_cancel(void **state)
{
	(void)state;
	/* Blocked, and collected at the first look. */
	assert_int_equal(raise(SIGINT), 0);
	run("exec sleep 300", LONG_NS);
	assert_int_equal(child.end, BENCH_CHILD_CANCELLED);
}

/* SIGKILL of whoever runs the command: its watcher ends the group. */
static void test_orphan(void **state)
{
	char path[] = "/tmp/weir-child-test-XXXXXX";
	const int fd = mkstemp(path);
	char command[128];
	char text[32] = "";
	pid_t runner;
	int grandchild = 0;

	(void)state;
	assert_true(fd >= 0);
	(void)snprintf(command, sizeof(command), "sleep 300 & echo $! >%s; wait", path);
	runner = fork();
	assert_true(runner >= 0);
	if (runner == 0) {
		bench_child_run(&child, command, LONG_NS);
		_exit(0);
	}
	for (int tries = 0; tries < 1000 && strchr(text, '\n') == NULL; tries++) {
		(void)usleep(10000);
		(void)pread(fd, text, sizeof(text) - 1, 0);
	}
	assert_int_equal(sscanf(text, "%d", &grandchild), 1);
	assert_false(is_gone(grandchild));
	assert_int_equal(kill(runner, SIGKILL), 0);
	assert_int_equal(waitpid(runner, NULL, 0), runner);
	await_end_of(grandchild);
	(void)close(fd);
	assert_int_equal(unlink(path), 0);
}

static int finish(void **state)
{
	(void)state;
	bench_child_free(&child);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_output),  cmocka_unit_test(test_ends),
		cmocka_unit_test(test_timeout), cmocka_unit_test(test_cancel),
		cmocka_unit_test(test_orphan),  cmocka_unit_test(test_stray),
	};

	bench_cancel_prepare();
	return cmocka_run_group_tests(tests, NULL, finish);
}
