/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The threads that use the pool: callers, and one that returns leases for them.
 */
#ifndef STRESS_WORKER_H
#define STRESS_WORKER_H

#include "stress_world.h"

/* Runs until the world stops or the pool is closed. argument: struct stress_worker */
void *stress_work(void *argument);

/* A caller may be cancelled here, and nowhere else. */
void stress_cancel_point(void);

/* The thread that ends leases which callers passed on; false if it could not be
 * started. Stop it after the callers: it ends all it has first. */
bool stress_returner_start(struct stress_world *world);
void stress_returner_stop(struct stress_world *world);

/* Leave a lease to it; false if it has too many. */
bool stress_returner_take(struct stress_world *world, const struct weir_lease *lease);

#endif
