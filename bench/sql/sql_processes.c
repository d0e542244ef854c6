/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A repetition in several processes. See sql_processes.h.
 */
#include "sql_processes.h"

#include <errno.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cancel.h"
#include "monotonic.h"

#define PROCESSES_MAX BENCH_SCENARIO_PROCESSES_MAX
#define LOOK_NS INT64_C(20000000)
/* A worker that takes this much longer than its pass has got stuck. */
#define PATIENCE_NS (INT64_C(60) * BENCH_NS_PER_S)

struct crew {
	const struct bench_rep_spec *spec;
	const struct bench_sql_file *file;
	unsigned count;
	pid_t pids[PROCESSES_MAX];
	int fds[PROCESSES_MAX];
	struct bench_sql_report *reports; /* by process */
	double wal_peak_bytes;
	struct bench_histogram *waits; /* receives those of a pass, by role; NULL: nobody does */
	struct weir_error *err;
};

bool bench_sql_send(int fd, const void *bytes, size_t count)
{
	const char *at = bytes;

	while (count > 0) {
		const ssize_t sent = send(fd, at, count, MSG_NOSIGNAL);

		if (sent < 0 && errno == EINTR)
			continue;
		if (sent <= 0)
			return false;
		at += sent;
		count -= (size_t)sent;
	}
	return true;
}

bool bench_sql_receive(int fd, void *bytes, size_t count)
{
	char *at = bytes;

	while (count > 0) {
		const ssize_t got = recv(fd, at, count, MSG_WAITALL);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return false;
		at += got;
		count -= (size_t)got;
	}
	return true;
}

static enum bench_outcome crew_fails(const struct crew *crew, const char *what, int reason)
{
	(void)weir_fail(crew->err, WEIR_ERR_SYSTEM, "bench.processes", reason, "%s: %s", what,
	                strerror(reason));
	return BENCH_FAILED;
}

/* ---- life ---- */

/* Start one worker with the other end of a socket as its standard input. */
static int start_worker(pid_t *pid, int *fd)
{
	char program[] = "/proc/self/exe";
	char name[] = "weir-bench";
	char command[] = "worker";
	char *const argv[] = {name, command, NULL};
	posix_spawn_file_actions_t actions;
	int ends[2];
	int rc;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
		return errno;
	(void)posix_spawn_file_actions_init(&actions);
	(void)posix_spawn_file_actions_adddup2(&actions, ends[1], STDIN_FILENO);
	rc = posix_spawn(pid, program, &actions, NULL, argv, environ);
	(void)posix_spawn_file_actions_destroy(&actions);
	(void)close(ends[1]);
	*fd = ends[0];
	if (rc != 0)
		(void)close(ends[0]);
	return rc;
}

static enum bench_outcome start_crew(struct crew *crew)
{
	const struct bench_selection *const selection = crew->spec->selection;
	const struct bench_scenario *const scenario = selection->scenario;
	struct bench_sql_order order = {
		.magic = BENCH_ORDER_MAGIC,
		.size = sizeof(order),
		.pool = (unsigned)crew->spec->contender,
		.text_length = (uint32_t)scenario->text_length,
		.threads = selection->threads,
		.conns = crew->spec->conns,
		.seconds = selection->seconds,
		.wait_seconds = selection->wait_seconds,
	};

	memcpy(order.path, crew->file->path, sizeof(order.path));
	(void)snprintf(order.scenario, sizeof(order.scenario), "%s", scenario->path);
	for (unsigned i = 0; i < scenario->processes && i < PROCESSES_MAX; i++) {
		const int rc = start_worker(&crew->pids[i], &crew->fds[i]);

		if (rc != 0)
			return crew_fails(crew, "cannot start another process", rc);
		crew->count++;
		/* Draws of its own for each process, the same for every variant. */
		order.seed = crew->spec->seed + UINT64_C(1000) * (i + 1);
		if (!bench_sql_send(crew->fds[i], &order, sizeof(order)) ||
		    !bench_sql_send(crew->fds[i], scenario->text, scenario->text_length))
			return crew_fails(crew, "a process ended too early", EPIPE);
	}
	return BENCH_DONE;
}

/* By now they have ended, or have nothing left to lose. */
static void dismiss_crew(struct crew *crew)
{
	for (unsigned i = 0; i < crew->count; i++) {
		(void)close(crew->fds[i]);
		(void)kill(crew->pids[i], SIGKILL);
		while (waitpid(crew->pids[i], NULL, 0) < 0 && errno == EINTR)
			;
	}
	free(crew->reports);
}

/* ---- passes ---- */

static void look_around(struct crew *crew)
{
	crew->wal_peak_bytes = fmax(crew->wal_peak_bytes, bench_sql_file_bytes(crew->file->wal));
	if (crew->spec->tick != NULL)
		crew->spec->tick(crew->spec->tick_context);
}

/* Receive count bytes from every worker, into each's part of an array. */
static enum bench_outcome gather(struct crew *crew, void *into, size_t count, double seconds)
{
	const int64_t give_up = bench_now() + (int64_t)(seconds * 1e9) + PATIENCE_NS;

	for (unsigned i = 0; i < crew->count; i++) {
		struct pollfd ready = {.fd = crew->fds[i], .events = POLLIN};

		while (poll(&ready, 1, 0) == 0) {
			if (bench_cancel_wait(LOOK_NS))
				return BENCH_CANCELLED;
			if (bench_now() > give_up)
				return crew_fails(crew, "a process does not answer", ETIMEDOUT);
			look_around(crew);
		}
		if (!bench_sql_receive(crew->fds[i], (char *)into + i * count, count))
			/* A stop meant for all of us has reached it first. */
			return bench_cancel_wait(LOOK_NS)
			           ? BENCH_CANCELLED
			           : crew_fails(crew, "a process ended too early", EPIPE);
	}
	return BENCH_DONE;
}

static bool give_go(const struct crew *crew)
{
	bool sent = true;

	for (unsigned i = 0; i < crew->count; i++)
		sent = sent && bench_sql_send(crew->fds[i], "g", 1);
	return sent;
}

/* Add what one worker reports to what those before it came to. */
static void add_sample(struct bench_sample *sum, const struct bench_sample *one, bool first)
{
	if (first) {
		*sum = *one;
		return;
	}
	sum->seconds = fmax(sum->seconds, one->seconds);
	sum->timeouts += one->timeouts;
	sum->busy_errors += one->busy_errors;
	sum->cpu_s += one->cpu_s;
	sum->ctx_switches += one->ctx_switches;
	for (int role = 0; role < BENCH_ROLES; role++) {
		sum->ops[role] += one->ops[role];
		if (one->slowest[role] < sum->slowest[role])
			sum->slowest[role] = one->slowest[role];
		if (one->fastest[role] > sum->fastest[role])
			sum->fastest[role] = one->fastest[role];
	}
}

/* The threads of all processes as those of one pass. */
static void merge(const struct crew *crew, struct bench_sample *sample,
                  struct bench_sql_window *window)
{
	struct bench_histogram *const merged = crew->reports[0].waits;

	*window = (struct bench_sql_window){.stall_ns = -1};
	for (unsigned i = 0; i < crew->count; i++) {
		const struct bench_sql_report *const report = &crew->reports[i];

		add_sample(sample, &report->sample, i == 0);
		window->syncs += report->window.syncs;
		window->writes += report->window.writes;
		window->commits += report->window.commits;
		if (report->window.stall_ns > window->stall_ns)
			window->stall_ns = report->window.stall_ns;
		for (int role = 0; i > 0 && role < BENCH_ROLES; role++)
			bench_histogram_merge(&merged[role], &report->waits[role]);
	}
	for (int role = 0; role < BENCH_ROLES; role++) {
		sample->fairness[role] = sample->fastest[role] > 0
		                             ? (double)sample->slowest[role] / (double)sample->fastest[role]
		                             : NAN;
		sample->waits[role] = bench_waits_of(&merged[role]);
	}
	if (crew->waits != NULL)
		memcpy(crew->waits, merged, BENCH_ROLES * sizeof(*merged));
	for (int role = 1; role < BENCH_ROLES; role++)
		bench_histogram_merge(&merged[0], &merged[role]);
	sample->waits_all = bench_waits_of(&merged[0]);
}

static enum bench_outcome run_pass(struct crew *crew, double seconds, struct bench_sample *sample,
                                   struct bench_sql_window *window)
{
	enum bench_outcome outcome;

	if (!give_go(crew))
		return crew_fails(crew, "a process ended too early", EPIPE);
	outcome = gather(crew, crew->reports, sizeof(*crew->reports), seconds);
	if (outcome != BENCH_DONE)
		return outcome;
	for (unsigned i = 0; i < crew->count; i++) {
		const struct bench_sql_report *const report = &crew->reports[i];

		if (report->outcome == BENCH_FAILED)
			(void)weir_fail(crew->err, report->code, "bench.processes", 0, "%s", report->message);
		if (report->outcome != BENCH_DONE)
			return report->outcome;
	}
	merge(crew, sample, window);
	return BENCH_DONE;
}

static enum bench_outcome run_crew(struct crew *crew, struct bench_rep *rep)
{
	const struct bench_selection *const selection = crew->spec->selection;
	struct bench_sql_load load = {
		.variant = bench_sql_variant_of((unsigned)crew->spec->contender),
		.scenario = selection->scenario,
	};
	struct bench_sql_window ignored;
	char ready[PROCESSES_MAX];
	enum bench_outcome outcome = start_crew(crew);

	if (outcome == BENCH_DONE)
		outcome = gather(crew, ready, 1, 0.0);
	if (outcome == BENCH_DONE)
		outcome = run_pass(crew, selection->seconds, &rep->throughput, &load.window);
	if (outcome != BENCH_DONE)
		return outcome;
	load.wal_peak_bytes = crew->wal_peak_bytes;
	rep->sql = bench_sql_load_figures(&load, &rep->throughput);
	crew->waits = crew->spec->waits;
	return run_pass(crew, selection->wait_seconds, &rep->wait, &ignored);
}

enum bench_outcome bench_sql_processes_run(const struct bench_rep_spec *spec,
                                           const struct bench_sql_file *file, struct bench_rep *rep,
                                           struct weir_error *err)
{
	struct crew crew = {
		.spec = spec,
		.file = file,
		.reports = calloc(PROCESSES_MAX, sizeof(*crew.reports)),
		.err = err,
	};
	enum bench_outcome outcome = BENCH_FAILED;

	if (crew.reports == NULL)
		(void)weir_fail(err, WEIR_ERR_NO_MEMORY, "bench.processes", 0, "no memory for reports");
	else
		outcome = run_crew(&crew, rep);
	dismiss_crew(&crew);
	return outcome;
}
