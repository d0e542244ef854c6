/* SPDX-License-Identifier: BSD-2-Clause
 *
 * `weir-stress` from outside: help, lists, wrong use, verdicts, interruption.
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
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define OUTPUT_MAX 32768
#define PATH_BYTES 4096

struct child {
	pid_t pid;
	int out;
	int err;
	int status;
	char out_text[OUTPUT_MAX];
	char err_text[OUTPUT_MAX];
};

static struct child child;

/* The tool of this build lies in the folder above the tests. */
static void find_stress(char path[PATH_BYTES])
{
	char self[PATH_BYTES - 32];
	const ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);

	assert_true(length > 0);
	self[length] = '\0';
	*strrchr(self, '/') = '\0';
	(void)snprintf(path, PATH_BYTES, "%s/../weir-stress", self);
	assert_int_equal(access(path, X_OK), 0);
}

static void begin(const char *const *arguments)
{
	char path[PATH_BYTES];
	char *argv[16] = {path};

	find_stress(path);
	for (size_t i = 0; arguments[i] != NULL; i++) {
		argv[i + 1] = strdup(arguments[i]);
		assert_non_null(argv[i + 1]);
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
	for (size_t i = 1; argv[i] != NULL; i++)
		free(argv[i]);
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
	assert_int_equal(waitpid(child.pid, &child.status, 0), child.pid);
	read_text(child.out, child.out_text);
	read_text(child.err, child.err_text);
	(void)close(child.out);
	(void)close(child.err);
	return WIFEXITED(child.status) ? WEXITSTATUS(child.status) : -1;
}

static int run(const char *const *arguments)
{
	begin(arguments);
	return end();
}

static void contains(const char *text, const char *part)
{
	if (strstr(text, part) == NULL)
		fail_msg("\"%s\" is not in:\n%s", part, text);
}

static void help_goes_to_stdout_when_asked_for(void **state)
{
	static const struct {
		const char *way[3];
		const char *says;
	} helps[] = {
		{{"--help", NULL}, "kill"},
		{{"run", "--help", NULL}, "--seed"},
		{{"replay", "--help", NULL}, "--run"},
		{{"kill", "--help", NULL}, "--rounds"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof helps / sizeof helps[0]; i++) {
		assert_int_equal(run(helps[i].way), 0);
		contains(child.out_text, "usage: weir-stress");
		contains(child.out_text, helps[i].says);
		assert_string_equal(child.err_text, "");
	}
}

static void wrong_use_is_refused_with_a_reason(void **state)
{
	static const char *const wrong[][5] = {
		{NULL},
		{"frobnicate", NULL},
		{"list", "more", NULL},
		{"run", "--seconds", NULL},
		{"run", "--seconds", "0", NULL},
		{"run", "--seconds", "-1", NULL},
		{"run", "--seconds", "nan", NULL},
		{"run", "--seconds", "1e9", NULL},
		{"run", "--seconds", "1x", NULL},
		{"run", "--seed", "-3", NULL},
		{"run", "--seed", "99999999999999999999999", NULL},
		{"run", "--threads", "0", NULL},
		{"run", "--threads", "257", NULL},
		{"run", "--threads", "two", NULL},
		{"run", "--frobnicate", NULL},
		{"run", "nosuch", NULL},
		{"run", "strict", "nosuch", NULL},
		{"run", "--record", "/nowhere/at/all", NULL},
		{"replay", NULL},
		{"replay", "one", "two", NULL},
		{"replay", "--frobnicate", "/dev/null", NULL},
		{"replay", "/nowhere/at/all", NULL},
		{"replay", "/dev/null", NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		assert_int_equal(run(wrong[i]), 2);
		assert_string_equal(child.out_text, "");
		assert_true(strlen(child.err_text) > 0);
	}
}

static void a_mistyped_scenario_gets_a_hint(void **state)
{
	static const char *const arguments[] = {"run", "strcit", NULL};

	(void)state;
	assert_int_equal(run(arguments), 2);
	contains(child.err_text, "did you mean \"strict\"?");
}

static void list_names_every_scenario(void **state)
{
	static const char *const arguments[] = {"list", NULL};
	static const char *const some[] = {
		"duel",           "strict",    "hanging-opens", "ring-4096", "close",        "fork",
		"oversubscribed", "deadlines", "stopped",       "settings",  "cancel",       "signals",
		"orphans",        "gate",      "gate-cancel",   "db",        "leader-death", "everything",
	};

	(void)state;
	assert_int_equal(run(arguments), 0);
	for (size_t i = 0; i < sizeof some / sizeof some[0]; i++)
		contains(child.out_text, some[i]);
	assert_string_equal(child.err_text, "");
}

static void a_run_prints_a_line_for_each_and_a_verdict(void **state)
{
	static const char *const arguments[] = {
		"run",    "strict", "fork",      "close", "--seconds", "0.1",
		"--seed", "42",     "--threads", "3",     NULL,
	};

	(void)state;
	assert_int_equal(run(arguments), 0);
	contains(child.out_text, "strict ");
	contains(child.out_text, "fork ");
	contains(child.out_text, "close ");
	contains(child.out_text, "seed=42");
	contains(child.out_text, "handoffs=");
	contains(child.out_text, "worst_wait=");
	contains(child.out_text, "\n3 passed, 0 failed\n");
	contains(child.err_text, "seed 42");
}

static char folder[64];

static int make_folder(void **state)
{
	(void)state;
	(void)snprintf(folder, sizeof folder, "/tmp/weir-stress-test-XXXXXX");
	return mkdtemp(folder) != NULL ? 0 : -1;
}

/* Names of what a run with --record leaves there. */
static const char *const recorded[] = {"strict-42.history", "gate-42.history"};

static void file_of(size_t which, char path[128])
{
	(void)snprintf(path, 128, "%s/%s", folder, recorded[which]);
}

static int remove_folder(void **state)
{
	char path[128];

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		file_of(i, path);
		(void)unlink(path);
	}
	return rmdir(folder);
}

static void record(void)
{
	const char *const arguments[] = {
		"run", "strict", "gate", "--seconds", "0.1", "--seed", "42", "--record", folder, NULL,
	};

	assert_int_equal(run(arguments), 0);
	contains(child.out_text, "\n2 passed, 0 failed\n");
}

static void a_recorded_history_is_checked_again(void **state)
{
	static const char *const scenarios[] = {"scenario  strict\n", "scenario  gate\n"};
	char path[128];

	(void)state;
	record();
	for (size_t i = 0; i < 2; i++) {
		const char *const arguments[] = {"replay", path, NULL};

		file_of(i, path);
		assert_int_equal(run(arguments), 0);
		contains(child.out_text, scenarios[i]);
		contains(child.out_text, "seed      42\n");
		contains(child.out_text, "seconds   0.1\n");
		contains(child.out_text, " operations");
		contains(child.out_text, "\n1 passed, 0 failed\n");
	}
}

static void a_recorded_scenario_is_run_again(void **state)
{
	char path[128];
	const char *const arguments[] = {"replay", "--run", path, NULL};

	(void)state;
	record();
	file_of(0, path);
	assert_int_equal(run(arguments), 0);
	contains(child.out_text, "strict           ok     seed=42 ");
	contains(child.out_text, "\n1 passed, 0 failed\n");
}

/* Append to a recorded history what makes it a lie; the line "end" comes anew. */
static void forge(const char *path, const char *lines, int count)
{
	FILE *const file = fopen(path, "r+");
	char line[512];
	long at = 0;
	unsigned operations = 0;

	assert_non_null(file);
	while (fgets(line, sizeof line, file) != NULL && sscanf(line, "end %u", &operations) != 1)
		at = ftell(file);
	assert_true(operations > 0);
	assert_int_equal(fseek(file, at, SEEK_SET), 0);
	(void)fprintf(file, "%send %u\n", lines, operations + (unsigned)count);
	assert_int_equal(fclose(file), 0);
}

static void a_lie_in_a_history_is_found(void **state)
{
	static const char lie[] = "op 1 acquire 10 20 0 7 1 OK\nop 2 acquire 11 21 0 7 1 OK\n";
	char path[128];
	const char *const arguments[] = {"replay", path, NULL};

	(void)state;
	record();
	file_of(0, path);
	forge(path, lie, 2);
	assert_int_equal(run(arguments), 1);
	contains(child.out_text, "a lease was given twice: thread 1 acquire slot 0 generation 7");
	contains(child.out_text, "\n0 passed, 1 failed\n");
}

static void what_was_found_as_it_ran_counts(void **state)
{
	char path[128];
	const char *const arguments[] = {"replay", path, NULL};

	(void)state;
	record();
	file_of(1, path);
	forge(path, "found a job was carried out twice\n", 0);
	assert_int_equal(run(arguments), 1);
	contains(child.out_text, "found     a job was carried out twice\n");
	contains(child.out_text, "\n0 passed, 1 failed\n");
}

static void a_history_that_was_cut_is_refused(void **state)
{
	char path[128];
	const char *const arguments[] = {"replay", path, NULL};

	(void)state;
	record();
	file_of(0, path);
	assert_int_equal(truncate(path, 1000), 0);
	assert_int_equal(run(arguments), 2);
	contains(child.err_text, "strict-42.history: line ");
	assert_string_equal(child.out_text, "");
}

static void an_interrupt_ends_the_run_in_good_order(void **state)
{
	static const char *const arguments[] = {"run", "strict", "crowd", "--seconds", "600", NULL};
	const struct timespec moment = {.tv_nsec = 20000000};

	(void)state;
	begin(arguments);
	do { /* ends: the tool says that it has begun */
		(void)nanosleep(&moment, NULL);
		read_text(child.err, child.err_text);
	} while (strstr(child.err_text, "seed") == NULL);
	assert_int_equal(kill(child.pid, SIGINT), 0);
	assert_int_equal(end(), 8);
	contains(child.out_text, "strict ");
	contains(child.out_text, "1 passed, 0 failed\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(help_goes_to_stdout_when_asked_for),
		cmocka_unit_test(wrong_use_is_refused_with_a_reason),
		cmocka_unit_test(a_mistyped_scenario_gets_a_hint),
		cmocka_unit_test(list_names_every_scenario),
		cmocka_unit_test(a_run_prints_a_line_for_each_and_a_verdict),
		cmocka_unit_test_setup_teardown(a_recorded_history_is_checked_again, make_folder,
	                                    remove_folder),
		cmocka_unit_test_setup_teardown(a_recorded_scenario_is_run_again, make_folder,
	                                    remove_folder),
		cmocka_unit_test_setup_teardown(a_lie_in_a_history_is_found, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(what_was_found_as_it_ran_counts, make_folder,
	                                    remove_folder),
		cmocka_unit_test_setup_teardown(a_history_that_was_cut_is_refused, make_folder,
	                                    remove_folder),
		cmocka_unit_test(an_interrupt_ends_the_run_in_good_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
