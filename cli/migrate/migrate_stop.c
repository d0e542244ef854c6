/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Ctrl-C. SIGINT and SIGTERM go to a thread of their own while a verb runs, and what runs
 * is asked to stop from inside its statements, some ten times a second: the migration is
 * undone, and the tool ends by itself, with an exit code that says so.
 *
 * While a verb waits for the database nothing asks. Then there is nothing to be undone
 * either, and the thread ends the process.
 */
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "migrate_command.h"

#define GRACE_STEPS 10
#define GRACE_STEP_NS 100000000L

static void stop_signals(sigset_t *set)
{
	(void)sigemptyset(set);
	(void)sigaddset(set, SIGINT);
	(void)sigaddset(set, SIGTERM);
}

/* End the process, saying so: the lock is held, so that nobody else says anything. */
static void end_here(struct migrate_stop *stop)
{
	const struct migrate_request *const request = stop->request;
	const int exit = weir_migrate_exit_code(WEIR_ERR_DRIVER_CANCELLED);
	struct migrate_call call = {.request = request};
	struct weir_error err = WEIR_ERROR_INIT;

	(void)weir_fail(&err, WEIR_ERR_DRIVER_CANCELLED, "weir migrate", 0,
	                "stopped while it waited for the database; `weir migrate status` shows what "
	                "was done before");
	if (request->json)
		(void)migrate_print_json(&call, err.code, &err, exit);
	else
		(void)fprintf(stderr, "%s%s: %s\n", stop->line ? "\n" : "", request->title, err.message);
	(void)fflush(stdout);
	_exit(exit);
}

/* Whether somebody has been asked since, or it is over. */
static bool is_answered(struct migrate_stop *stop, uint64_t seen)
{
	bool answered;

	(void)pthread_mutex_lock(&stop->lock);
	answered = stop->over || stop->questions != seen;
	(void)pthread_mutex_unlock(&stop->lock);
	return answered;
}

static void *listen_for_signals(void *arg)
{
	const struct timespec step = {0, GRACE_STEP_NS};
	struct migrate_stop *const stop = arg;
	sigset_t set;
	uint64_t seen;
	int signal;

	stop_signals(&set);
	(void)sigwait(&set, &signal);
	(void)pthread_mutex_lock(&stop->lock);
	stop->asked = true;
	seen = stop->questions;
	(void)pthread_mutex_unlock(&stop->lock);
	for (int i = 0; i < GRACE_STEPS; i++) {
		if (is_answered(stop, seen))
			return NULL;
		(void)nanosleep(&step, NULL);
	}
	(void)pthread_mutex_lock(&stop->lock);
	if (!stop->over && stop->questions == seen && stop->waits)
		end_here(stop);
	(void)pthread_mutex_unlock(&stop->lock);
	return NULL;
}

void migrate_stop_begin(struct migrate_stop *stop, const struct migrate_request *request)
{
	sigset_t set;

	stop->request = request;
	stop->waits = true;
	if ((request->verb->needs & STOPPABLE) == 0)
		return;
	stop_signals(&set);
	/* Before a database is opened: its threads are born with what is held back here. */
	if (pthread_sigmask(SIG_BLOCK, &set, &stop->old) != 0)
		return;
	(void)pthread_mutex_init(&stop->lock, NULL);
	stop->listens = pthread_create(&stop->thread, NULL, listen_for_signals, stop) == 0;
	/* Without a listener a signal kills, which undoes as well, but says nothing. */
	if (!stop->listens)
		(void)pthread_sigmask(SIG_SETMASK, &stop->old, NULL);
}

bool migrate_stop_asked(struct migrate_stop *stop, bool waits, bool line)
{
	bool asked;

	if (!stop->listens)
		return false;
	(void)pthread_mutex_lock(&stop->lock);
	stop->questions++;
	stop->waits = waits;
	stop->line = line;
	asked = stop->asked;
	(void)pthread_mutex_unlock(&stop->lock);
	return asked;
}

void migrate_stop_end(struct migrate_stop *stop)
{
	const struct timespec now = {0, 0};
	sigset_t set;

	if (!stop->listens)
		return;
	(void)pthread_mutex_lock(&stop->lock);
	stop->over = true;
	(void)pthread_mutex_unlock(&stop->lock);
	(void)pthread_kill(stop->thread, SIGINT);
	(void)pthread_join(stop->thread, NULL);
	/* What came later was answered by the end. */
	stop_signals(&set);
	while (sigtimedwait(&set, NULL, &now) > 0)
		continue;
	(void)pthread_sigmask(SIG_SETMASK, &stop->old, NULL);
	(void)pthread_mutex_destroy(&stop->lock);
}
