/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Processes that are stopped and go on again. For them the clock jumps: whatever was
 * to happen in the meantime is due at once, and each sleep in the kernel ends early.
 *
 * Who is stopped cannot go on by itself, so the callers are in another process: this
 * program, running one of the other scenarios for a moment. It is stopped at random
 * moments for random times, asserts what that scenario asserts, and keeps its history
 * if that is broken.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "stress_disturb.h"
#include "stress_random.h"
#include "stress_world.h"

/* More than it prints even if it fails, and less than a pipe holds. */
#define OUTPUT_MAX 32768

static const char *const victims[] = {
	"duel",          "patient",       "crowd", "strict", "hasty",
	"failing-opens", "hanging-opens", "close", "gate",
};

/* Run a scenario for a fifth of a second of its own clock; all it prints goes to out. */
static pid_t start(const struct stress_world *world, const char *scenario, int out)
{
	char seed[24];
	char *const argv[] = {"weir-stress", "run", (char *)(uintptr_t)scenario,
	                      "--seconds",   "0.2", "--seed",
	                      seed,          NULL};
	pid_t child;

	(void)snprintf(seed, sizeof seed, "%" PRIu64, world->seed + world->rounds);
	child = fork();
	if (child != 0)
		return child;
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	(void)dup2(out, STDOUT_FILENO);
	(void)dup2(out, STDERR_FILENO);
	(void)execv("/proc/self/exe", argv);
	_exit(127);
}

/* Stop the child and let it go on, until it has ended; its exit status, or -1 when it
 * did not end by itself. */
static int jolt(struct stress_world *world, pid_t child)
{
	const int64_t until_ns = weir_now().ns + 3 * STRESS_MARGIN_NS;
	int status = 0;

	while (waitpid(child, &status, WNOHANG) == 0) { /* ends: the child or its time does */
		if (weir_now().ns > until_ns) {
			(void)kill(child, SIGKILL);
			(void)waitpid(child, &status, 0);
			return -1;
		}
		stress_sleep((int64_t)stress_random_below(&world->random, 5000000));
		(void)kill(child, SIGSTOP);
		stress_sleep((int64_t)stress_random_below(&world->random, 20000000));
		(void)kill(child, SIGCONT);
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* Until the other end is closed, or there is no more room. */
static void read_all(int out, char text[OUTPUT_MAX])
{
	size_t length = 0;
	ssize_t more = 1;

	while (more > 0 && length < OUTPUT_MAX - 1) {
		more = read(out, text + length, OUTPUT_MAX - 1 - length);
		length += more > 0 ? (size_t)more : 0;
	}
	text[length] = '\0';
}

static uint64_t figure(const char *line, const char *name)
{
	const char *const at = strstr(line, name);

	return at != NULL ? strtoull(at + strlen(name), NULL, 10) : 0;
}

/* Its line is all that is known of it. */
static void add(struct stress_world *world, const char *line)
{
	world->past.calls += figure(line, " ops=");
	world->past.got += figure(line, " leases=");
	world->past.timed_out += figure(line, " timeouts=");
	world->waits += figure(line, " waits=");
	world->handoffs += figure(line, " handoffs=");
	world->opened += figure(line, " opens=");
	world->closed += figure(line, " closes=");
	world->judged += figure(line, " judged=");
	world->windows += figure(line, " windows=");
}

void stress_round_stopped(struct stress_world *world)
{
	const uint32_t which = stress_random_below(&world->random, sizeof victims / sizeof victims[0]);
	char text[OUTPUT_MAX];
	int ends[2];
	pid_t child;
	int status;

	if (pipe2(ends, O_CLOEXEC) != 0) {
		stress_broken(world, "no pipe could be made");
		return;
	}
	world->rounds++;
	child = start(world, victims[which], ends[1]);
	(void)close(ends[1]);
	status = child < 0 ? 127 : jolt(world, child);
	read_all(ends[0], text);
	(void)close(ends[0]);
	add(world, text);
	if (status == 0)
		return;
	(void)fputs(text, stderr);
	stress_broken(world, "%s, stopped and let go on, ended with %d (-1: it hung or crashed)",
	              victims[which], status);
}
