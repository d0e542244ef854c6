/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Leases that come back through another thread than the one that acquired them.
 */
#include "stress_worker.h"

/* Who the returner is in the table of owners. */
#define RETURNER (STRESS_THREADS_MAX + 2)

static void end_passed(struct stress_world *world, struct weir_lease *lease)
{
	struct weir_error err = WEIR_ERROR_INIT;
	struct stress_event *event;
	enum weir_code code;

	stress_use_begin(world, lease, RETURNER);
	stress_use_end(world, lease, RETURNER);
	event = stress_record_end_of(stress_judge_returner(world), STRESS_OP_RELEASE, lease);
	code = weir_release(lease, &err);
	stress_record_end(event, code);
	if (code != WEIR_OK)
		stress_broken(world, "a lease that was passed on could not be released: %s", err.message);
}

static void *return_leases(void *argument)
{
	struct stress_world *world = argument;
	struct stress_returner *returner = &world->returner;
	bool going_on = true;

	while (going_on) { /* ends: when told to stop, with nothing left */
		struct weir_lease lease = {0};

		(void)pthread_mutex_lock(&returner->lock);
		while (returner->count == 0 && !returner->stop)
			(void)pthread_cond_wait(&returner->changed, &returner->lock);
		going_on = returner->count > 0;
		if (going_on)
			lease = returner->passed[--returner->count];
		(void)pthread_mutex_unlock(&returner->lock);
		if (going_on)
			end_passed(world, &lease);
	}
	return NULL;
}

bool stress_returner_start(struct stress_world *world)
{
	struct stress_returner *returner = &world->returner;

	*returner = (struct stress_returner){.count = 0};
	(void)pthread_mutex_init(&returner->lock, NULL);
	(void)pthread_cond_init(&returner->changed, NULL);
	return pthread_create(&returner->thread, NULL, return_leases, world) == 0;
}

void stress_returner_stop(struct stress_world *world)
{
	struct stress_returner *returner = &world->returner;

	(void)pthread_mutex_lock(&returner->lock);
	returner->stop = true;
	(void)pthread_cond_signal(&returner->changed);
	(void)pthread_mutex_unlock(&returner->lock);
	(void)pthread_join(returner->thread, NULL);
	(void)pthread_cond_destroy(&returner->changed);
	(void)pthread_mutex_destroy(&returner->lock);
}

bool stress_returner_take(struct stress_world *world, const struct weir_lease *lease)
{
	struct stress_returner *returner = &world->returner;
	bool taken = false;

	(void)pthread_mutex_lock(&returner->lock);
	if (returner->count < STRESS_PASSED_MAX) {
		returner->passed[returner->count++] = *lease;
		taken = true;
		(void)pthread_cond_signal(&returner->changed);
	}
	(void)pthread_mutex_unlock(&returner->lock);
	return taken;
}
