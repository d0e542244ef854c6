/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A mutex, a condition variable and thread creation over the explorer's scheduler.
 * The first word of each object is its state: a mutex is taken (1) or not.
 */
#include "explore_pthread.h"

#include <string.h>

#include "explore_engine.h"

static void be_zero(void *object, size_t size)
{
	memset(object, 0, size);
}

int xp_mutex_init(pthread_mutex_t *mutex, const pthread_mutexattr_t *attributes)
{
	(void)attributes;
	be_zero(mutex, sizeof *mutex);
	return 0;
}

int xp_mutex_destroy(pthread_mutex_t *mutex)
{
	(void)mutex;
	return 0;
}

int xp_mutex_lock(pthread_mutex_t *mutex)
{
	int *taken = (int *)(void *)mutex;

	if (!xp.exploring)
		return 0;
	xp_step("mutex lock");
	xp_drain(xp.self);
	while (*taken != 0) /* ends: its holder unlocks it */
		(void)xp_sleep(mutex, INT64_MAX);
	*taken = 1;
	xp_race_edge_acquire(mutex);
	return 0;
}

int xp_mutex_unlock(pthread_mutex_t *mutex)
{
	int *taken = (int *)(void *)mutex;

	if (!xp.exploring)
		return 0;
	xp_step("mutex unlock");
	xp_drain(xp.self);
	xp_race_edge_release(mutex);
	*taken = 0;
	xp_wake(mutex, 1);
	return 0;
}

int xp_cond_init(pthread_cond_t *cond, const pthread_condattr_t *attributes)
{
	(void)attributes;
	be_zero(cond, sizeof *cond);
	return 0;
}

int xp_cond_destroy(pthread_cond_t *cond)
{
	(void)cond;
	return 0;
}

/* Its caller holds the mutex, without which nobody falls asleep: no step. */
int xp_cond_signal(pthread_cond_t *cond)
{
	if (!xp.exploring)
		return 0;
	xp_wake(cond, 1);
	return 0;
}

int xp_cond_broadcast(pthread_cond_t *cond)
{
	if (!xp.exploring)
		return 0;
	xp_wake(cond, UINT32_MAX);
	return 0;
}

int xp_cond_timedwait(pthread_cond_t *cond, pthread_mutex_t *mutex, const struct timespec *until)
{
	const int64_t deadline_ns = (int64_t)until->tv_sec * 1000000000 + until->tv_nsec;
	int *taken = (int *)(void *)mutex;

	/* Letting the mutex go and going to sleep is one step, as it must be. */
	xp_step("cond wait");
	xp_drain(xp.self);
	xp_race_edge_release(mutex);
	*taken = 0;
	xp_wake(mutex, 1);
	const bool late = xp_sleep(cond, deadline_ns);

	(void)xp_mutex_lock(mutex);
	return late ? ETIMEDOUT : 0;
}

static void enter_thread(void *argument)
{
	void *(*entry)(void *);
	void *parameter;

	memcpy(&entry, argument, sizeof entry);
	memcpy(&parameter, (char *)argument + sizeof entry, sizeof parameter);
	(void)entry(parameter);
}

int xp_thread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*entry)(void *),
                     void *argument)
{
	char *both = (char *)xp_arena_alloc(64, sizeof entry + sizeof argument);

	(void)thread;
	(void)attributes;
	xp_step("create thread");
	xp_drain(xp.self);
	if (xp_event(2) == 1 || both == NULL)
		return EAGAIN;
	memcpy(both, &entry, sizeof entry);
	memcpy(both + sizeof entry, &argument, sizeof argument);
	return xp_spawn(enter_thread, both) ? 0 : EAGAIN;
}

int xp_sigmask(int how, const sigset_t *set, sigset_t *before)
{
	(void)how;
	(void)set;
	if (before != NULL)
		(void)sigemptyset(before);
	return 0;
}
