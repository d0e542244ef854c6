/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Processes that are stopped and go on again. For them the clock jumps: whatever was
 * to happen in the meantime is due at once, and each sleep in the kernel ends early.
 *
 * The callers are in a child, since who is stopped cannot go on by itself; the parent
 * stops it at random moments for random times. The child asserts as every scenario
 * does, keeps its history if that is broken, and sends its figures home.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "stress_disturb.h"
#include "stress_random.h"
#include "stress_worker.h"

/* How long a child's callers run, by its own clock; stopped time counts. */
#define CHILD_NS WEIR_MILLISECONDS(200)

/* What a child tells. */
struct figures {
	uint64_t failures;
	uint64_t waits;
	uint64_t handoffs;
	uint64_t opened;
	uint64_t closed;
	uint64_t judged;
	uint64_t windows;
	struct stress_tally past;
};

static void live(struct stress_world *world, int home)
{
	struct figures figures = {0};

	if (stress_pool_begin(world, "")) {
		if (stress_workers_start(world)) {
			stress_sleep(CHILD_NS);
			stress_workers_join(world);
			stress_check_rest(world);
			stress_judge(world);
			stress_remember(world);
		}
		stress_pool_end(world);
	}
	figures.failures = atomic_load(&world->failures);
	if (figures.failures > 0)
		stress_judge_break_off(world, world->run);
	figures.waits = world->waits;
	figures.handoffs = world->handoffs;
	figures.opened = world->opened;
	figures.closed = world->closed;
	figures.judged = world->judged;
	figures.windows = world->windows;
	figures.past = world->past;
	(void)fflush(NULL);
	_exit(write(home, &figures, sizeof figures) == (ssize_t)sizeof figures ? 0 : 1);
}

/* Stop the child and let it go on, until it has ended; false if it does not. */
static bool jolt(struct stress_world *world, pid_t child)
{
	const int64_t until_ns = weir_now().ns + STRESS_MARGIN_NS;
	int status = 0;

	while (waitpid(child, &status, WNOHANG) == 0) { /* ends: the child or its time does */
		if (weir_now().ns > until_ns) {
			(void)kill(child, SIGKILL);
			(void)waitpid(child, &status, 0);
			return false;
		}
		stress_sleep((int64_t)stress_random_below(&world->random, 5000000));
		(void)kill(child, SIGSTOP);
		stress_sleep((int64_t)stress_random_below(&world->random, 20000000));
		(void)kill(child, SIGCONT);
	}
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void add(struct stress_world *world, const struct figures *figures)
{
	world->waits = figures->waits;
	world->handoffs = figures->handoffs;
	world->opened = figures->opened;
	world->closed = figures->closed;
	world->judged = figures->judged;
	world->windows = figures->windows;
	world->past = figures->past; /* the child had those of the rounds before */
	if (figures->failures > 0)
		stress_broken(world, "a process that was stopped and went on broke %llu promises",
		              (unsigned long long)figures->failures);
}

void stress_round_stopped(struct stress_world *world)
{
	struct figures figures = {0};
	int home[2];
	pid_t child;

	if (pipe(home) != 0) {
		stress_broken(world, "no pipe could be made");
		return;
	}
	(void)fflush(NULL);
	world->rounds++;
	child = fork();
	if (child == 0)
		live(world, home[1]);
	(void)close(home[1]);
	if (child < 0)
		stress_broken(world, "a process could not be started");
	else if (!jolt(world, child))
		stress_broken(world, "a process that was stopped and went on did not end, or crashed");
	else if (read(home[0], &figures, sizeof figures) == (ssize_t)sizeof figures)
		add(world, &figures);
	else
		stress_broken(world, "a process that was stopped and went on has no figures");
	(void)close(home[0]);
}
