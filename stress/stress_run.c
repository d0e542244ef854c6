/* SPDX-License-Identifier: BSD-2-Clause
 *
 * See stress_run.h.
 */
#include "stress_run.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "stress_random.h"
#include "stress_world.h"

static volatile sig_atomic_t interrupted;

static void note_interrupt(int number)
{
	(void)number;
	interrupted = 1;
}

void stress_interrupt_prepare(void)
{
	struct sigaction action;

	memset(&action, 0, sizeof action);
	action.sa_handler = note_interrupt;
	action.sa_flags = (int)SA_RESETHAND; /* a second one ends the process as usual */
	(void)sigaction(SIGINT, &action, NULL);
	(void)sigaction(SIGTERM, &action, NULL);
}

bool stress_interrupted(void)
{
	return interrupted != 0;
}

/* Looks at the callers once in a while; never returns while one is stuck. */
struct watchdog {
	pthread_t thread;
	const struct stress_run *run;
	struct stress_world *world;
	_Atomic bool stop;
	_Atomic int64_t step_due_ns; /* of the thread that runs the scenario */
};

static void give_up(const struct watchdog *dog, const char *what)
{
	struct stress_world *world = dog->world;

	stress_broken(world, "%s does not return", what);
	stress_dump(world);
	stress_judge_break_off(world, dog->run);
	(void)printf("%-16s FAILED seed=%" PRIu64 ": %s does not return\n%u passed, %u failed\n",
	             world->scenario->name, world->seed, what, dog->run->passed, dog->run->failed + 1);
	(void)fflush(NULL);
	_exit(1);
}

static void *watch(void *argument)
{
	struct watchdog *dog = argument;

	while (!atomic_load(&dog->stop)) {
		const int64_t late_ns = weir_now().ns - STRESS_MARGIN_NS;

		stress_sleep(WEIR_MILLISECONDS(50));
		if (late_ns > atomic_load(&dog->step_due_ns))
			give_up(dog, "the scenario itself");
		for (uint32_t i = 0; i < dog->world->threads; i++) {
			struct stress_worker *w = &dog->world->workers[i];
			const char *call = atomic_load_explicit(&w->call, memory_order_acquire);

			if (call != NULL && late_ns > atomic_load(&w->due_ns) && call == atomic_load(&w->call))
				give_up(dog, call);
		}
	}
	return NULL;
}

/* What follows may take as long as several margins, but not for ever. */
static void allow(struct watchdog *dog, int64_t ns)
{
	atomic_store(&dog->step_due_ns, weir_now().ns + ns + 4 * STRESS_MARGIN_NS);
}

static void run_load(struct stress_world *world, struct watchdog *dog, int64_t until_ns)
{
	if (!stress_pool_begin(world, ""))
		return;
	if (stress_workers_start(world)) {
		while (weir_now().ns < until_ns && !stress_interrupted() &&
		       atomic_load(&world->failures) == 0) {
			if (world->scenario->disturb != NULL)
				world->scenario->disturb(world);
			stress_sleep(WEIR_MILLISECONDS(1));
		}
		/* Patient callers are served: whatever hangs goes on, for good. */
		weir_stub_set(world->stub, NULL);
		weir_stub_unhang(world->stub);
		stress_workers_join(world);
		allow(dog, 0);
		stress_check_rest(world);
		stress_judge(world);
		stress_remember(world);
	}
	allow(dog, 0);
	stress_pool_end(world);
}

static void run_rounds(struct stress_world *world, struct watchdog *dog, int64_t until_ns)
{
	while (weir_now().ns < until_ns && !stress_interrupted() &&
	       atomic_load(&world->failures) == 0) {
		allow(dog, 0);
		world->scenario->round(world);
	}
}

static void print_summary(struct stress_world *world)
{
	uint64_t most = 0;
	uint64_t least = UINT64_MAX;

	for (uint32_t i = 0; i < world->threads; i++) {
		const uint64_t calls = world->workers[i].tally.calls;

		most = calls > most ? calls : most;
		least = calls < least ? calls : least;
	}
	(void)printf("%-16s %s seed=%" PRIu64 " ops=%" PRIu64 " leases=%" PRIu64 " waits=%" PRIu64
	             " handoffs=%" PRIu64 " timeouts=%" PRIu64 " opens=%" PRIu64 " closes=%" PRIu64
	             " worst_wait=%.1fms per_thread=%" PRIu64 "..%" PRIu64 " rounds=%" PRIu64
	             " judged=%" PRIu64 " windows=%" PRIu64 "\n",
	             world->scenario->name, atomic_load(&world->failures) == 0 ? "ok    " : "FAILED",
	             world->seed, world->past.calls, world->past.got, world->waits, world->handoffs,
	             world->past.timed_out, world->opened, world->closed,
	             (double)world->past.wait_ns_max / 1e6, least, most, world->rounds, world->judged,
	             world->windows);
	(void)fflush(stdout);
}

/* What an assertion in weir finds broken ends the process: keep the history first.
 * The handler may do what no handler should, since the alternative is to know
 * nothing; if that hangs, the alarm ends it. */
static struct {
	struct stress_world *world;
	const struct stress_run *run;
} aborting;

static void keep_before_abort(int number)
{
	(void)number;
	(void)alarm(10);
	if (aborting.world != NULL) {
		stress_broken(aborting.world, "weir found an invariant broken, and aborted");
		stress_judge_break_off(aborting.world, aborting.run);
	}
}

static void run_world(struct stress_world *world, const struct stress_run *run)
{
	struct watchdog dog = {.world = world, .run = run};
	const int64_t length_ns = (int64_t)(run->seconds * 1e9);
	const int64_t until_ns = weir_now().ns + length_ns;

	allow(&dog, length_ns);
	if (pthread_create(&dog.thread, NULL, watch, &dog) != 0) {
		stress_broken(world, "the watchdog could not be started");
		return;
	}
	if (world->scenario->round != NULL)
		run_rounds(world, &dog, until_ns);
	else
		run_load(world, &dog, until_ns);
	atomic_store(&dog.stop, true);
	(void)pthread_join(dog.thread, NULL);
}

bool stress_run_scenario(struct stress_run *run, const struct stress_scenario *scenario)
{
	struct stress_world *world =
		aligned_alloc(alignof(struct stress_world), sizeof(struct stress_world));
	bool passed;

	if (world == NULL) {
		(void)fprintf(stderr, "weir-stress: out of memory\n");
		run->failed++;
		return false;
	}
	memset(world, 0, sizeof *world);
	world->scenario = scenario;
	world->seed = run->seed;
	world->random = stress_random_init(run->seed, STRESS_THREADS_MAX);
	world->threads = run->threads == 0 || scenario->threads_fixed ? scenario->threads
	                                                              : run->threads;
	world->bag = scenario->bag != 0 ? scenario->bag : 1;
	stress_judge_prepare(world);
	aborting.world = world;
	aborting.run = run;
	(void)signal(SIGABRT, keep_before_abort);
	run_world(world, run);
	(void)signal(SIGABRT, SIG_DFL);
	print_summary(world);
	stress_judge_end(world, run);
	passed = atomic_load(&world->failures) == 0;
	free(world);
	run->passed += passed;
	run->failed += !passed;
	return passed;
}
