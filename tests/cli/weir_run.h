/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Running `weir`, or another of the tools, and keeping what it printed. The tool is
 * the one of this build: it lies in the folder above the tests.
 */
#ifndef WEIR_TESTS_WEIR_RUN_H
#define WEIR_TESTS_WEIR_RUN_H

#include <setjmp.h>
#include <spawn.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define RUN_ARGUMENTS_MAX 24
#define RUN_OUTPUT_MAX 65536
#define RUN_PATH_MAX 4096

struct weir_run {
	int exit_code;
	char out[RUN_OUTPUT_MAX];
	char err[RUN_OUTPUT_MAX];
};

static inline void read_back(int file, char text[RUN_OUTPUT_MAX])
{
	const ssize_t length = pread(file, text, RUN_OUTPUT_MAX - 1, 0);

	assert_true(length >= 0);
	text[length] = '\0';
	assert_int_equal(close(file), 0);
}

static inline void find_tool(char path[RUN_PATH_MAX], const char *name)
{
	char test[RUN_PATH_MAX - 16];
	const ssize_t length = readlink("/proc/self/exe", test, sizeof(test) - 1);

	assert_true(length > 0);
	test[length] = '\0';
	*strrchr(test, '/') = '\0';
	(void)snprintf(path, RUN_PATH_MAX, "%s/../%s", test, name);
	if (access(path, X_OK) != 0)
		fail_msg("%s is not there: build the target %s first", path, name);
}

/*
 * Run a tool with the arguments of a line, split at spaces ("" is an argument
 * without a byte), and with those variables (NULL: none) as its environment.
 */
static inline void run_tool(struct weir_run *run, const char *name, const char *line,
                            char *const *variables)
{
	static char *const no_variables[] = {NULL};
	char path[RUN_PATH_MAX];
	char copy[RUN_PATH_MAX];
	char *argv[RUN_ARGUMENTS_MAX] = {path};
	char *rest = copy;
	size_t argc = 1;
	posix_spawn_file_actions_t actions;
	const int out = memfd_create("out", MFD_CLOEXEC);
	const int err = memfd_create("err", MFD_CLOEXEC);
	pid_t child;
	int status;

	find_tool(path, name);
	(void)snprintf(copy, sizeof(copy), "%s", line);
	while (rest != NULL && *rest != '\0') {
		assert_true(argc + 1 < RUN_ARGUMENTS_MAX);
		argv[argc] = strsep(&rest, " ");
		if (strcmp(argv[argc], "\"\"") == 0)
			argv[argc] += 2;
		argc++;
	}
	assert_true(out >= 0 && err >= 0);
	assert_int_equal(posix_spawn_file_actions_init(&actions), 0);
	assert_int_equal(posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO), 0);
	assert_int_equal(posix_spawn_file_actions_adddup2(&actions, err, STDERR_FILENO), 0);
	assert_int_equal(posix_spawn(&child, path, &actions, NULL, argv,
	                             variables != NULL ? variables : no_variables),
	                 0);
	assert_int_equal(posix_spawn_file_actions_destroy(&actions), 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	run->exit_code = WEXITSTATUS(status);
	read_back(out, run->out);
	read_back(err, run->err);
}

static inline void run_weir(struct weir_run *run, const char *line, char *const *variables)
{
	run_tool(run, "weir", line, variables);
}

static inline void assert_contains(const char *text, const char *part)
{
	if (strstr(text, part) == NULL)
		fail_msg("\"%s\" is not in:\n%s", part, text);
}

static inline void assert_lacks(const char *text, const char *part)
{
	if (strstr(text, part) != NULL)
		fail_msg("\"%s\" is in:\n%s", part, text);
}

#endif
