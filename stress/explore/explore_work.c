/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The cases of a pass, taken one after the other by as many processes as were asked
 * for: the explorer is one thread by nature. What they find lies in memory that they
 * share with their parent.
 */
#include "explore_work.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "explore_cases.h"

enum case_state {
	CASE_LEFT = 0,
	CASE_RUNNING,
	CASE_COMPLETE,
	CASE_SAMPLED,
	CASE_REFUTED,
	CASE_UNFINISHED,
	CASE_FAILED,
};

struct case_result {
	_Atomic int state;
	pid_t process;
	uint64_t runs;
	uint64_t steps;
};

struct shared {
	_Atomic uint32_t next;
	_Atomic bool enough;
	struct case_result results[];
};

static bool is_wanted(const struct xp_work *work, const struct xp_case *one)
{
	if (one->threads != work->pass.threads)
		return false;
	for (uint32_t i = 0; i < work->filters_count; i++) {
		if (strstr(one->name, work->filters[i]) != NULL)
			return true;
	}
	return work->filters_count == 0;
}

/* A wrong program that was found out is news only to who asks. */
static void report_refuted(const struct xp_case *one, const struct xp_result *result)
{
	(void)fprintf(stderr, "\nweir-explore: %s: refuted: %s\n  replay: %s replay '%s' %s\n",
	              one->name, result->why, xp_tool(), one->name, result->schedule);
}

static void report_failure(const struct xp_case *one, const struct xp_result *result)
{
	(void)fprintf(stderr,
	              "\nweir-explore: %s: %s\n  interleaving %" PRIu64 " of the case\n"
	              "  replay: %s replay '%s' %s\n",
	              one->name, result->why, result->runs, xp_tool(), one->name, result->schedule);
}

static uint32_t bound_of(const struct xp_pass *pass, const struct xp_case *one)
{
	const uint32_t bound = pass->preemptions > one->fewer ? pass->preemptions - one->fewer : 0;

	return bound > one->least_preemptions ? bound : one->least_preemptions;
}

static uint32_t events_of(const struct xp_pass *pass, const struct xp_case *one)
{
	return pass->events > one->least_events ? pass->events : one->least_events;
}

static enum case_state state_of(const struct xp_work *work, const struct xp_case *one,
                                const struct xp_result *result)
{
	const bool drawn = work->pass.runs != 0 && result->runs >= work->pass.runs;

	if (result->failed)
		return one->refuted ? CASE_REFUTED : CASE_FAILED;
	if (!result->complete && !drawn)
		return CASE_UNFINISHED;
	if (one->refuted)
		return CASE_FAILED;
	return result->complete ? CASE_COMPLETE : CASE_SAMPLED;
}

static void run_case(const struct xp_work *work, const struct xp_case *one, uint32_t index,
                     struct case_result *into)
{
	static struct xp_result result;
	const struct xp_limits limits = {
		.mode = work->pass.mode,
		.preemptions = bound_of(&work->pass, one),
		.events = events_of(&work->pass, one),
		.runs_max = work->pass.runs,
		.until_ns = work->until_ns,
		.seed = work->seed * UINT64_C(0x9e3779b97f4a7c15) + index,
		.races = xp_races_looked_for(),
	};
	enum case_state state;

	into->process = getpid();
	atomic_store(&into->state, CASE_RUNNING);
	xp_run_case(one, &limits, &result);
	into->runs = result.runs;
	into->steps = result.steps;
	state = state_of(work, one, &result);
	if (state == CASE_FAILED && one->refuted)
		(void)fprintf(stderr, "\nweir-explore: %s: not refuted\n", one->name);
	else if (state == CASE_FAILED)
		report_failure(one, &result);
	else if (state == CASE_REFUTED && work->verbose)
		report_refuted(one, &result);
	atomic_store(&into->state, state);
}

static void take_cases(const struct xp_work *work, struct shared *shared)
{
	uint32_t count;
	const struct xp_case *cases = xp_cases(&count);

	for (;;) { /* ends: the cases do */
		const uint32_t index = atomic_fetch_add(&shared->next, 1);

		if (index >= count || xp_stopped() || atomic_load(&shared->enough) ||
		    xp_monotonic_ns() >= work->until_ns)
			return;
		if (is_wanted(work, &cases[index]))
			run_case(work, &cases[index], index, &shared->results[index]);
		if (work->first && atomic_load(&shared->results[index].state) == CASE_FAILED)
			atomic_store(&shared->enough, true);
	}
}

/* False if no further process was to be had. */
static bool start_job(const struct xp_work *work, struct shared *shared)
{
	const pid_t parent = getpid();
	const pid_t child = fork();

	if (child != 0)
		return child > 0;
	/* Whoever is left alone has nobody to tell. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && getppid() == parent)
		take_cases(work, shared);
	_exit(0);
}

static void start_jobs(const struct xp_work *work, struct shared *shared)
{
	for (uint32_t i = 0; i < work->jobs; i++) {
		if (!start_job(work, shared)) {
			take_cases(work, shared);
			return;
		}
	}
}

/* The case that ended its process has failed. */
static void blame(struct shared *shared, pid_t process)
{
	uint32_t count;

	(void)xp_cases(&count);
	for (uint32_t i = 0; i < count; i++) {
		if (atomic_load(&shared->results[i].state) == CASE_RUNNING &&
		    shared->results[i].process == process)
			atomic_store(&shared->results[i].state, CASE_FAILED);
	}
}

/* Wait for the children; the rest of the cases is for another one, if one has crashed. */
static void join_jobs(const struct xp_work *work, struct shared *shared)
{
	int status;

	for (;;) { /* ends: no child is left */
		const pid_t child = wait(&status);

		if (child < 0 && errno != EINTR)
			return;
		if (child < 0 || (WIFEXITED(status) && WEXITSTATUS(status) == 0))
			continue;
		blame(shared, child);
		if (work->first)
			atomic_store(&shared->enough, true);
		else if (!start_job(work, shared))
			take_cases(work, shared);
	}
}

/* ---- the table ---- */

struct group {
	const char *name;
	size_t length;
	uint32_t bound;
	struct xp_totals totals;
};

static size_t group_length(const char *name)
{
	const char *end = strrchr(name, '/');

	return end == NULL ? strlen(name) : (size_t)(end - name);
}

static void print_row(const struct xp_work *work, const struct group *group)
{
	const struct xp_totals *totals = &group->totals;
	static const char *const modes[] = {"bound", "random", "pct", "replay", "bytes"};
	char bound[16] = "";
	const char *verdict = "sampled";

	if (work->pass.mode == XP_ENUMERATE)
		(void)snprintf(bound, sizeof bound, " %u", group->bound);
	if (totals->failed > 0)
		verdict = "FAILED";
	else if (totals->refuted == totals->cases)
		verdict = "refuted";
	else if (totals->complete == totals->cases)
		verdict = "complete";
	else if (totals->unfinished > 0)
		verdict = "unfinished";
	(void)printf("%-*.*s %u threads  %s%-2s %4" PRIu64 " cases %12" PRIu64 " runs  %s\n",
	             work->verbose ? 60 : 32, (int)group->length, group->name, work->pass.threads,
	             modes[work->pass.mode], bound, totals->cases, totals->runs, verdict);
}

void xp_totals_add(struct xp_totals *into, const struct xp_totals *more)
{
	into->cases += more->cases;
	into->complete += more->complete;
	into->refuted += more->refuted;
	into->failed += more->failed;
	into->unfinished += more->unfinished;
	into->runs += more->runs;
	into->steps += more->steps;
}

static void totals_of(const struct case_result *result, struct xp_totals *totals)
{
	const int state = atomic_load(&result->state);

	*totals = (struct xp_totals){
		.cases = 1,
		.complete = state == CASE_COMPLETE || state == CASE_REFUTED,
		.refuted = state == CASE_REFUTED,
		.failed = state == CASE_FAILED,
		.unfinished = state == CASE_UNFINISHED || state == CASE_LEFT,
		.runs = result->runs,
		.steps = result->steps,
	};
}

static void tabulate(const struct xp_work *work, const struct shared *shared,
                     struct xp_totals *totals)
{
	uint32_t count;
	const struct xp_case *cases = xp_cases(&count);
	struct group group = {0};

	for (uint32_t i = 0; i < count; i++) {
		struct xp_totals of_case;

		if (!is_wanted(work, &cases[i]))
			continue;
		totals_of(&shared->results[i], &of_case);
		xp_totals_add(totals, &of_case);
		const size_t length = work->verbose ? strlen(cases[i].name) : group_length(cases[i].name);

		if (group.name == NULL || length != group.length ||
		    strncmp(group.name, cases[i].name, length) != 0) {
			if (group.name != NULL)
				print_row(work, &group);
			group = (struct group){cases[i].name, length, bound_of(&work->pass, &cases[i]), {0}};
		}
		xp_totals_add(&group.totals, &of_case);
	}
	if (group.name != NULL)
		print_row(work, &group);
	(void)fflush(stdout);
}

void xp_work_run(const struct xp_work *work, struct xp_totals *totals)
{
	uint32_t count;
	size_t bytes;
	struct shared *shared;

	(void)xp_cases(&count);
	bytes = sizeof *shared + count * sizeof shared->results[0];
	shared = (struct shared *)mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
	                               -1, 0);
	if (shared == MAP_FAILED) {
		(void)fprintf(stderr, "weir-explore: no memory for %u results\n", count);
		exit(1);
	}
	(void)fflush(NULL);
	start_jobs(work, shared);
	join_jobs(work, shared);
	tabulate(work, shared, totals);
	(void)munmap(shared, bytes);
}
