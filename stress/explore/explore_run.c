/* SPDX-License-Identifier: BSD-2-Clause
 *
 * One case, all its runs.
 */
#include "explore_run.h"

#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

/* The hour at which every run begins: far from 0, so that no deadline is. */
#define RUN_BEGINS_NS INT64_C(1000000000000)

/* Runs between two looks whether to stop. */
#define LOOK_EVERY 256

static volatile sig_atomic_t stop_here;
static volatile sig_atomic_t *stop_asked = &stop_here;

bool xp_share_stop(void)
{
	void *page =
		mmap(NULL, sizeof *stop_asked, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (page == MAP_FAILED)
		return false;
	stop_asked = (volatile sig_atomic_t *)page;
	return true;
}

void xp_stop(void)
{
	*stop_asked = 1;
}

bool xp_stopped(void)
{
	return *stop_asked != 0;
}

const char *xp_tool(void)
{
	return xp_races_looked_for() ? "weir-explore-races" : "weir-explore";
}

int64_t xp_monotonic_ns(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

void xp_keep(void *state)
{
	xp.kept = state;
}

void *xp_kept(void)
{
	return xp.kept;
}

/* A crash of the code under test is a finding like any other. */
static void on_crash(int number)
{
	char schedule[8192];

	if (xp.exploring) {
		xp_choices_print(schedule, sizeof schedule);
		(void)fprintf(stderr, "\nweir-explore: %s: signal %d\n  replay: %s replay '%s' %s\n",
		              xp.one->name, number, xp_tool(), xp.one->name, schedule);
	}
	_exit(1);
}

void xp_catch_crashes(void)
{
	static const int signals[] = {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL};
	static unsigned char stack[65536];
	const stack_t alternative = {.ss_sp = stack, .ss_size = sizeof stack};
	struct sigaction action = {.sa_handler = on_crash, .sa_flags = SA_ONSTACK};

	/* The fault may be that a fibre's stack is full. */
	(void)sigaltstack(&alternative, NULL);
	for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++)
		(void)sigaction(signals[i], &action, NULL);
}

static void set_up(const struct xp_case *one)
{
	xp.one = one;
	xp.exploring = false;
	xp.now_ns = RUN_BEGINS_NS;
	xp_arena_reset();
	xp_shared_reset();
	xp_act_as(0);
	for (uint32_t i = 0; i < XP_THREADS_MAX; i++)
		xp.threads[i].words = (uint64_t *)xp_arena_alloc(64, WP_THREAD_WORDS * sizeof(uint64_t));
	one->setup(one);
	xp_arena_remember();
}

static void run_once(const struct xp_case *one)
{
	xp_arena_restore();
	xp.now_ns = RUN_BEGINS_NS * 2;
	if (xp.limits.races)
		xp_race_begin();
	xp_choices_begin();
	xp_threads_begin();
	xp.exploring = true;
	xp.at_home = true;
	if (setjmp(xp.after_failure) == 0) {
		xp_choose_first();
		xp.at_home = false;
		xp_run_threads();
		xp.at_home = true;
		if (!xp.failed) {
			xp_drain_all();
			xp.exploring = false;
			xp.self = &xp.threads[0];
			one->finish(one);
		}
	}
	xp.exploring = false;
	xp.at_home = false;
}

static bool is_late(int64_t until_ns)
{
	return until_ns != INT64_MAX && xp_monotonic_ns() >= until_ns;
}

void xp_run_case(const struct xp_case *one, const struct xp_limits *limits,
                 struct xp_result *result)
{
	memset(result, 0, sizeof *result);
	xp.limits = *limits;
	xp.run_seed = limits->seed;
	xp.length = 0;
	xp.depth = 0;
	xp.at = 0;
	set_up(one);
	if (limits->mode == XP_REPLAY && !xp_choices_parse(limits->schedule)) {
		result->bad_schedule = true;
		return;
	}
	for (bool more = true; more;) { /* ends: all were run, or so many, or one failed */
		run_once(one);
		result->runs++;
		result->steps += xp.steps;
		if (xp.length < xp.steps)
			xp.length = xp.steps;
		if (xp.astray || (limits->mode == XP_REPLAY && !xp.failed && xp.at < xp.depth)) {
			result->bad_schedule = true;
			return;
		}
		if (limits->mode == XP_ENUMERATE && xp_shared_grown()) {
			/* What was run so far lacked points, this run too: begin anew. A failure
			 * that is one comes again. */
			xp.depth = 0;
			result->runs = 0;
			if (xp_stopped() || is_late(limits->until_ns))
				return;
			continue;
		}
		if (xp.failed) {
			result->failed = true;
			memcpy(result->why, xp.why, sizeof result->why);
			xp_choices_print(result->schedule, sizeof result->schedule);
			return;
		}
		more = xp_choices_next();
		if (limits->runs_max != 0 && result->runs >= limits->runs_max && more)
			return;
		if (result->runs % LOOK_EVERY == 0 && (xp_stopped() || is_late(limits->until_ns)))
			return;
	}
	result->complete = limits->mode == XP_ENUMERATE;
}
