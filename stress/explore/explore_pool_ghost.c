/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The ghosts of the pool cases.
 */
#include "explore_pool.h"

void ghost_asked(void)
{
	pool_world()->asked = true;
}

bool ghost_was_asked(const struct weir_lease *lease)
{
	const struct pool_world *world = pool_world();

	return world->asked && lease->slot == world->marked.slot &&
	       lease->generation == world->marked.generation;
}

void ghost_closing(void)
{
	pool_world()->closing = true;
}

bool ghost_is_closing(void)
{
	return pool_world()->closing;
}

struct pool_conn *ghost_opened(void)
{
	struct pool_world *world = pool_world();

	XP_ASSERT(world->opened < POOL_CONNS_MAX);
	return &world->conns[world->opened++];
}

void ghost_closed(void)
{
	pool_world()->closed++;
}

void ghost_try_begins(uint32_t self)
{
	struct pool_world *world = pool_world();

	world->taken[self] = 0;
	world->excused[self] = false;
	world->trying[self] = true;
	pool_invariant(NULL); /* what it may see at once */
}

/* Every slot was seen taken: not all at the same moment, since a scan of slots is no
 * snapshot. */
bool ghost_try_may_fail(uint32_t self)
{
	const struct pool_world *world = pool_world();

	return world->excused[self] ||
	       world->taken[self] == (UINT32_C(1) << world->pool->ring.count) - 1;
}
