/* SPDX-License-Identifier: BSD-2-Clause
 *
 * See unit_thread.h.
 */
#include "unit_thread.h"

#include <dirent.h>
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* No test runs this long. */
#define JOIN_SECONDS 90

static void *enter(void *argument)
{
	const struct unit_thread *thread = argument;

	thread->run(thread->argument);
	return NULL;
}

static void give_up(const char *what)
{
	(void)fprintf(stderr, "%s\n", what);
	abort();
}

void unit_start(struct unit_thread *thread, void (*run)(void *argument), void *argument)
{
	thread->run = run;
	thread->argument = argument;
	if (pthread_create(&thread->id, NULL, enter, thread) != 0)
		give_up("a thread of the test could not be started");
}

void unit_join(struct unit_thread *thread)
{
	struct timespec until;

	(void)clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += JOIN_SECONDS;
	if (pthread_timedjoin_np(thread->id, NULL, &until) != 0)
		give_up("a thread of the test did not come back");
}

static void call(void *argument)
{
	struct unit_caller *caller = argument;

	caller->code = weir_acquire_for(caller->pool, &caller->lease, caller->timeout_ns, &caller->err);
	caller->returned_ns = weir_now().ns;
	atomic_store(&caller->done, true);
}

void unit_call(struct unit_caller *caller, struct weir_pool *pool, int64_t timeout_ns)
{
	caller->pool = pool;
	caller->timeout_ns = timeout_ns;
	caller->lease = (struct weir_lease){0};
	weir_error_init(&caller->err);
	atomic_store(&caller->done, false);
	unit_start(&caller->thread, call, caller);
}

enum weir_code unit_answer(struct unit_caller *caller)
{
	unit_join(&caller->thread);
	return caller->code;
}

uint32_t unit_answer_any(struct unit_caller *callers, uint32_t count)
{
	uint32_t who = 0;

	/* Ends: a caller whose acquire does not return is caught by its own deadline. */
	while (!atomic_load(&callers[who].done)) {
		who = who + 1 < count ? who + 1 : 0;
		if (who == 0)
			(void)sched_yield();
	}
	unit_join(&callers[who].thread);
	atomic_store(&callers[who].done, false);
	return who;
}

#define PATIENCE_PAUSES 25000 /* of 0.2 ms */

static unsigned threads_before;

static unsigned count_threads(void)
{
	DIR *const tasks = opendir("/proc/self/task");
	unsigned count = 0;

	if (tasks == NULL)
		return 0;
	for (const struct dirent *entry = readdir(tasks); entry != NULL; entry = readdir(tasks))
		count += entry->d_name[0] != '.';
	(void)closedir(tasks);
	return count;
}

int unit_count_threads(void **state)
{
	(void)state;
	threads_before = count_threads();
	return 0;
}

int unit_await_threads(void **state)
{
	const struct timespec moment = {.tv_nsec = 200000};

	(void)state;
	for (unsigned i = 0; i < PATIENCE_PAUSES && count_threads() > threads_before; i++)
		(void)nanosleep(&moment, NULL);
	return 0;
}

uint64_t unit_seed(void)
{
	const char *given = getenv("WEIR_TEST_SEED");
	const uint64_t seed = given != NULL ? strtoull(given, NULL, 10)
	                                    : (uint64_t)weir_now().ns % 1000000007;

	(void)fprintf(stderr, "WEIR_TEST_SEED=%" PRIu64 "\n", seed);
	return seed;
}

/* An xorshift generator (G. Marsaglia, 2003); 0 would stay 0. */
uint64_t unit_random(uint64_t *state)
{
	uint64_t x = *state == 0 ? 88172645463325252u : *state;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	*state = x;
	return x >> 11;
}
