/* SPDX-License-Identifier: BSD-2-Clause
 *
 * See unit_child.h.
 */
#include "unit_child.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define STATUS_ENDED 77

void *unit_shared(size_t bytes)
{
	void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return memory == MAP_FAILED ? NULL : memory;
}

void unit_shared_free(void *memory, size_t bytes)
{
	(void)munmap(memory, bytes);
}

static void silence(void)
{
	const struct rlimit no_core = {0, 0};
	const int null = open("/dev/null", O_WRONLY);

	(void)setrlimit(RLIMIT_CORE, &no_core);
	(void)signal(SIGABRT, SIG_DFL);
	(void)dup2(null, STDERR_FILENO);
}

/* The child's wait status, or -1. */
static int run(void (*body)(void *argument), void *argument, bool silent)
{
	int status = -1;
	const pid_t child = fork();

	if (child == 0) {
		if (silent)
			silence();
		body(argument);
		_exit(STATUS_ENDED);
	}
	if (child < 0 || waitpid(child, &status, 0) != child)
		return -1;
	return status;
}

bool unit_child_ends(void (*body)(void *argument), void *argument)
{
	const int status = run(body, argument, false);

	return status != -1 && WIFEXITED(status) && WEXITSTATUS(status) == STATUS_ENDED;
}

bool unit_child_aborts(void (*body)(void *argument), void *argument)
{
	const int status = run(body, argument, true);

	return status != -1 && WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}
