/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The rounds of `weir-stress kill`: who is started, when who is killed, and what
 * must be so afterwards. See stress_kill.h.
 *
 * The parent has one thread and never uses weir on the file, so that a child is
 * a fork of nothing that matters.
 */
#include "stress_kill.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "stress_random.h"
#include "stress_run.h"
#include "stress_world.h"

/* How long anything may take that must happen at all: far more than it takes on
 * a machine that is busy and a build that is slow. */
#define PATIENCE_NS WEIR_SECONDS(60)

/* A process that was stopped on purpose need not be waited for that long. */
#define PATIENCE_STUCK_NS WEIR_SECONDS(1)

#define DELAY_MS_MIN 5
#define DELAY_MS_MAX 150

/* Writes after a kill beside it that show that a process goes on. */
#define PROGRESS 20

struct campaign {
	const struct kill_plan *plan;
	struct kill_ledger *ledger;
	struct kill_report *report;
	uint64_t random;
	pid_t pids[KILL_PROCESSES_MAX]; /* 0: not running */
};

void kill_fault(struct kill_report *report, const char *format, ...)
{
	char text[KILL_TEXT];
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	if (report->faults < KILL_FAULTS_MAX) {
		(void)snprintf(report->fault[report->faults], KILL_TEXT, "round %" PRIu32 ": %.480s",
		               report->rounds, text);
		(void)fprintf(stderr, "weir-stress: kill: %s\n", report->fault[report->faults]);
	}
	report->faults++;
}

static bool goes_on(const struct campaign *campaign)
{
	return campaign->report->faults == 0 && !stress_interrupted();
}

/* Writes of a process that are done, whatever they ended as. */
static uint64_t writes_of(const struct campaign *campaign, uint32_t process)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < KILL_WRITERS; i++) {
		struct kill_book book;

		sum += kill_read_book(&campaign->ledger->writers[process * KILL_WRITERS + i], &book);
	}
	return sum;
}

/* ---- processes ---- */

static bool start(struct campaign *campaign, uint32_t process)
{
	static const uint32_t ceilings[] = {10, 32, 64, 256, 1000};
	static const uint32_t groups[] = {1, 4, 128};
	const struct kill_child child = {
		.plan = campaign->plan,
		.ledger = campaign->ledger,
		.process = process,
		.seed = stress_random(&campaign->random),
		.wal_ceiling = ceilings[stress_random_below(&campaign->random, 5)],
		.group_max = groups[stress_random_below(&campaign->random, 3)],
		.read_pin = stress_random_percent(&campaign->random, 50),
	};
	const pid_t parent = getpid();
	const pid_t pid = fork();

	if (pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		_exit(getppid() == parent ? kill_process(&child) : 0);
	}
	if (pid < 0) {
		kill_fault(campaign->report, "a process could not be started");
		return false;
	}
	campaign->pids[process] = pid;
	return true;
}

/* Take leave of a process that has ended; how it should have: by signal, or 0 for
 * an exit in good order. */
static void check_end(struct campaign *campaign, uint32_t process, int status, int signal)
{
	campaign->pids[process] = 0;
	if (atomic_load(&campaign->ledger->complained))
		kill_fault(campaign->report, "process %" PRIu32 ": %s", process,
		           campaign->ledger->complaint);
	else if (signal != 0 ? !WIFSIGNALED(status) || WTERMSIG(status) != signal
	                     : !WIFEXITED(status) || WEXITSTATUS(status) != 0)
		kill_fault(campaign->report, "process %" PRIu32 " ended by itself: %s %d", process,
		           WIFSIGNALED(status) ? "signal" : "exit status",
		           WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
}

static void kill_it(struct campaign *campaign, uint32_t process)
{
	int status = 0;

	if (campaign->pids[process] == 0)
		return;
	(void)kill(campaign->pids[process], SIGKILL);
	while (waitpid(campaign->pids[process], &status, 0) < 0 && errno == EINTR) {
	}
	campaign->report->kills++;
	check_end(campaign, process, status, SIGKILL);
}

static void end_it(struct campaign *campaign, uint32_t process)
{
	const int64_t until_ns = weir_now().ns + PATIENCE_NS;
	int status = 0;

	atomic_store(&campaign->ledger->stop[process], true);
	while (waitpid(campaign->pids[process], &status, WNOHANG) == 0) { /* ends: its time does */
		if (weir_now().ns > until_ns) {
			kill_fault(campaign->report, "process %" PRIu32 " was told to end, and did not",
			           process);
			kill_it(campaign, process);
			return;
		}
		stress_sleep(WEIR_MILLISECONDS(1));
	}
	campaign->report->ends++;
	check_end(campaign, process, status, 0);
}

/* One time in eight a process ends as programs should. */
static void finish(struct campaign *campaign, uint32_t process)
{
	if (stress_random_below(&campaign->random, 8) == 0)
		end_it(campaign, process);
	else
		kill_it(campaign, process);
}

/* ---- rounds ---- */

/* Wait until a process has done so many writes in all; false if it does not. */
static bool await_writes(struct campaign *campaign, uint32_t process, uint64_t writes,
                         int64_t patience_ns)
{
	const int64_t until_ns = weir_now().ns + patience_ns;

	while (writes_of(campaign, process) < writes) {
		if (atomic_load(&campaign->ledger->complained) || !goes_on(campaign))
			return true; /* what is wrong is found when it is ended */
		if (weir_now().ns > until_ns)
			return false;
		stress_sleep(WEIR_MILLISECONDS(1));
	}
	return true;
}

static void delay(struct campaign *campaign, uint32_t ms_min, uint32_t ms_max)
{
	const uint32_t us = stress_random_below(&campaign->random, (ms_max - ms_min) * 1000);

	stress_sleep(WEIR_MICROSECONDS(ms_min * 1000 + us));
}

/* Those that are left must not be held up by what the victims left behind. left:
 * which they are. */
static void watch_survivors(struct campaign *campaign, const uint32_t *left, uint32_t count)
{
	const bool stuck = campaign->plan->lie == KILL_LIE_STUCK;
	uint64_t writes[KILL_PROCESSES_MAX];
	uint32_t alive = 0;

	if (stuck)
		(void)kill(campaign->pids[left[0]], SIGSTOP);
	for (uint32_t i = 0; i < count; i++)
		writes[i] = writes_of(campaign, left[i]);
	for (uint32_t i = 0; i < count; i++) {
		alive |= UINT32_C(1) << left[i];
		if (await_writes(campaign, left[i], writes[i] + PROGRESS,
		                 stuck ? PATIENCE_STUCK_NS : PATIENCE_NS))
			campaign->report->survivals++;
		else
			kill_fault(campaign->report,
			           "process %" PRIu32 " does not go on after another has ended", left[i]);
	}
	if (goes_on(campaign))
		kill_audit(campaign->plan, campaign->ledger, alive, campaign->report);
}

/* In which order the processes of a round are killed. */
static void draw_order(struct campaign *campaign, uint32_t order[KILL_PROCESSES_MAX])
{
	for (uint32_t i = 0; i < campaign->plan->processes; i++) {
		const uint32_t place = stress_random_below(&campaign->random, i + 1);

		order[i] = order[place];
		order[place] = i;
	}
}

static void run_round(struct campaign *campaign)
{
	const uint32_t processes = campaign->plan->processes;
	const bool opening = stress_random_below(&campaign->random, 4) == 0;
	uint32_t order[KILL_PROCESSES_MAX] = {0};
	uint64_t writes;

	draw_order(campaign, order);
	writes = writes_of(campaign, order[0]);
	for (uint32_t i = 0; i < processes; i++) {
		atomic_store(&campaign->ledger->stop[i], false);
		if (!start(campaign, i))
			return;
	}
	if (!opening && !await_writes(campaign, order[0], writes + 1, PATIENCE_NS))
		kill_fault(campaign->report, "process %" PRIu32 " does not begin to write", order[0]);
	delay(campaign, DELAY_MS_MIN, DELAY_MS_MAX);
	campaign->report->kills_opening += opening;
	finish(campaign, order[0]);
	for (uint32_t i = 1; i < processes && goes_on(campaign); i++) {
		watch_survivors(campaign, &order[i], processes - i);
		if (!goes_on(campaign))
			break;
		delay(campaign, 0, DELAY_MS_MIN);
		finish(campaign, order[i]);
	}
	if (goes_on(campaign))
		kill_audit(campaign->plan, campaign->ledger, 0, campaign->report);
}

static void tell_progress(const struct campaign *campaign)
{
	(void)fprintf(stderr,
	              "weir-stress: kill: %" PRIu32 " of %" PRIu32 " rounds, %" PRIu64 " writes\n",
	              campaign->report->rounds, campaign->plan->rounds,
	              kill_count(campaign->ledger, 0, KILL_WRITERS_MAX));
}

void kill_campaign(const struct kill_plan *plan, struct kill_ledger *ledger,
                   struct kill_report *report)
{
	struct campaign campaign = {
		.plan = plan,
		.ledger = ledger,
		.report = report,
		.random = stress_random_init(plan->seed, UINT32_MAX),
	};

	if (!kill_audit_prepare(plan, report))
		return;
	while (report->rounds < plan->rounds && goes_on(&campaign)) {
		report->rounds++;
		run_round(&campaign);
		for (uint32_t i = 0; i < KILL_PROCESSES_MAX; i++) {
			if (campaign.pids[i] != 0)
				kill_it(&campaign, i);
		}
		if (report->rounds % 10 == 0)
			tell_progress(&campaign);
	}
	if (report->faults != 0)
		return;
	kill_audit(plan, ledger, 0, report);
	kill_audit_copy_back(plan, report);
	kill_audit(plan, ledger, 0, report);
}
