/* SPDX-License-Identifier: BSD-2-Clause
 *
 * `weir-bench migrate` from outside: figures and verdict of a small run, bad input, and
 * that nothing is left, also of one that is stopped. What it measures is of no interest
 * here.
 */
#include "weir_run.h"

#include <dirent.h>
#include <jansson.h>
#include <signal.h>

static char folder[64];

static int make_folder(void **state)
{
	(void)state;
	(void)snprintf(folder, sizeof folder, "/tmp/weir-bench-migrate-XXXXXX");
	return mkdtemp(folder) == NULL;
}

/* Fails if there is anything in it. */
static int remove_folder(void **state)
{
	(void)state;
	return rmdir(folder);
}

static void run_bench(struct weir_run *run, const char *options)
{
	char line[512];

	(void)snprintf(line, sizeof line, "migrate --folder %s --seconds-idle 0.05 %s", folder,
	               options);
	run_tool(run, "weir-bench", line, NULL);
}

/* 0 kept, 1 broken, 3 too few reads: all of them may be, of a run this short. */
static void assert_judged(const struct weir_run *run)
{
	if (run->exit_code != 0 && run->exit_code != 1 && run->exit_code != 3)
		fail_msg("exit code %d: %s", run->exit_code, run->err);
}

static void a_small_run_tells_all(void **state)
{
	static struct weir_run run;

	(void)state;
	run_bench(&run, "--size 8MiB --readers 2 --writers 2");
	assert_judged(&run);
	assert_contains(run.out, "reads by key");
	assert_contains(run.out, "create_index");
	assert_contains(run.out, "rebuild_table");
	assert_contains(run.out,
	                "errors of readers and writers                     0            0  kept");
	assert_contains(run.out,
	                "acknowledged writes that are missing              0            0  kept");
	assert_lacks(run.out, "the first error");
	assert_contains(run.err, "weir-bench: rehearsing\n");
	assert_contains(run.err, "weir-bench: migrating\n");
}

static void figures_are_written_as_json(void **state)
{
	static struct weir_run run;
	json_t *top;

	(void)state;
	run_bench(&run, "--size 8MiB --json -");
	assert_judged(&run);
	assert_contains(run.err, "reads by key");
	top = json_loads(run.out, 0, NULL);
	assert_non_null(top);
	assert_int_equal(json_integer_value(json_object_get(top, "schema")), 1);
	assert_int_equal(json_integer_value(json_object_get(top, "readers")), 4);
	assert_int_equal(json_integer_value(json_object_get(top, "read_errors")), 0);
	assert_int_equal(json_array_size(json_object_get(top, "steps")), 4);
	assert_int_equal(json_array_size(json_object_get(top, "promises")), 4);
	assert_true(json_integer_value(json_object_get(top, "foretold_ns")) > 0);
	assert_true(json_integer_value(json_object_get(json_object_get(top, "idle"), "count")) > 0);
	assert_true(json_is_null(json_object_get(top, "problem")));
	json_decref(top);
}

static const struct {
	const char *options;
	const char *part;
} bad_options[] = {
	{"--size 1KiB", "--size \"1KiB\": 1MiB to"},
	{"--size much", "--size \"much\""},
	{"--readers 0", "--readers \"0\": must be a whole number from 1 to 64"},
	{"--writers 65", "--writers \"65\""},
	{"--seconds-idle 0", "--seconds-idle \"0\": must be seconds"},
	{"--seconds-idle 1x", "--seconds-idle \"1x\""},
	{"--nonsense", "\"--nonsense\" is no option of migrate"},
	{"something", "migrate takes no \"something\""},
	{"--json /dev/null/x", "cannot write \"/dev/null/x\""},
};

static void bad_options_are_named(void **state)
{
	static struct weir_run run;

	(void)state;
	for (size_t i = 0; i < sizeof bad_options / sizeof bad_options[0]; i++) {
		run_bench(&run, bad_options[i].options);
		assert_int_equal(run.exit_code, 2);
		assert_contains(run.err, bad_options[i].part);
	}
}

static void what_has_no_room_is_said_before(void **state)
{
	static struct weir_run run;

	(void)state;
	run_bench(&run, "--size 1024GiB");
	assert_int_equal(run.exit_code, 1);
	assert_contains(run.err, "4398046511104 bytes are needed, ");
	run_tool(&run, "weir-bench", "migrate --folder /dev/null/x", NULL);
	assert_int_equal(run.exit_code, 1);
	assert_contains(run.err, "\"/dev/null/x\": ");
}

static void help_is_on_standard_output(void **state)
{
	static struct weir_run run;

	(void)state;
	run_tool(&run, "weir-bench", "migrate --help", NULL);
	assert_int_equal(run.exit_code, 0);
	assert_contains(run.out, "usage: weir-bench migrate");
	assert_string_equal(run.err, "");
}

/* It ends at once, in the middle of ten minutes, and leaves nothing behind. */
static void a_run_that_is_stopped_leaves_nothing(void **state)
{
	static char text[RUN_OUTPUT_MAX];
	char path[RUN_PATH_MAX];
	const int err = memfd_create("err", MFD_CLOEXEC);
	pid_t child;
	int status;

	(void)state;
	find_tool(path, "weir-bench");
	assert_true(err >= 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		(void)signal(SIGINT, SIG_DFL);
		if (dup2(err, STDERR_FILENO) >= 0)
			(void)execl(path, path, "migrate", "--folder", folder, "--size", "2MiB",
			            "--seconds-idle", "600", (char *)NULL);
		_exit(127);
	}
	do { /* ends: it begins to measure, or ends itself, which the next check sees */
		const ssize_t length = pread(err, text, sizeof text - 1, 0);

		assert_true(length >= 0);
		text[length] = '\0';
		(void)usleep(5000);
	} while (strstr(text, "measuring") == NULL && waitpid(child, &status, WNOHANG) == 0);
	assert_int_equal(kill(child, SIGINT), 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 8);
	read_back(err, text);
	assert_contains(text, "weir-bench: stopped\n");
}

#define FOLDER_TEST(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

int main(void)
{
	const struct CMUnitTest tests[] = {
		FOLDER_TEST(a_small_run_tells_all),
		FOLDER_TEST(figures_are_written_as_json),
		FOLDER_TEST(bad_options_are_named),
		FOLDER_TEST(what_has_no_room_is_said_before),
		cmocka_unit_test(help_is_on_standard_output),
		FOLDER_TEST(a_run_that_is_stopped_leaves_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
