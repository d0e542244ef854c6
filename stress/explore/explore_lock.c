/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The cases of the lock: threads that each take it twice around plain memory.
 */
#include <stdio.h>

#include "explore_cases.h"
#include "testing.h"

#define ROUNDS 2

struct lock_world {
	struct weir__lock lock;
	uint64_t count; /* plain: the lock orders it */
	uint64_t inside;
};

static void set_up(const struct xp_case *self)
{
	struct lock_world *world = (struct lock_world *)wp_alloc(64, sizeof *world);

	(void)self;
	xp_keep(world);
	xp_name(&world->lock, sizeof world->lock, "lock", 0);
}

static void take_twice(const struct xp_case *self, uint32_t number)
{
	struct lock_world *world = (struct lock_world *)xp_kept();

	(void)self;
	for (int round = 0; round < ROUNDS; round++) {
		weir__lock(&world->lock);
		XP_ASSERT(world->inside == 0);
		world->inside = number + 1;
		xp_step("inside");
		XP_ASSERT(world->inside == number + 1);
		world->inside = 0;
		world->count++;
		weir__unlock(&world->lock);
	}
}

static void finish(const struct xp_case *self)
{
	const struct lock_world *world = (const struct lock_world *)xp_kept();

	XP_ASSERT(world->count == (uint64_t)ROUNDS * self->threads);
	XP_ASSERT(xp_peek(&world->lock.word, sizeof world->lock.word) == 0);
}

uint32_t lock_cases(uint32_t threads, struct xp_case *cases, uint32_t max)
{
	xp_check_room(max > 0);
	(void)snprintf(cases->name, sizeof cases->name, "lock/plain/%u threads", threads);
	cases->threads = threads;
	cases->setup = set_up;
	cases->thread = take_twice;
	cases->finish = finish;
	return 1;
}
