/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The operations of the pool cases: what a thread does, and what it may be told.
 */
#include "explore_pool.h"

#define SHORT_NS WEIR_MICROSECONDS(50)

/* Be the only one that uses the connection of a lease. */
static void use(struct weir_lease *lease, uint32_t self)
{
	struct pool_world *world = pool_world();
	struct pool_conn *conn = (struct pool_conn *)lease->conn;

	XP_ASSERT(lease->pool == world->pool && conn != NULL && conn->open == 1);
	XP_ASSERT(conn->user == 0);
	conn->user = self + 1;
	conn->uses++;
	xp_step("use");
	XP_ASSERT(conn->user == self + 1 && conn->open == 1);
	/* I1: whom nobody asked is never told to stop. */
	XP_ASSERT(!pool_cancel_asked(conn) || ghost_was_asked(lease));
	conn->user = 0;
}

/* Whether a call may fail in that way: if it does, something has gone wrong. */
static void excuse(enum weir_code code)
{
	if (code == WEIR_ERR_CLOSED && ghost_is_closing())
		return;
	XP_ASSERT(xp_events_used() > 0);
	XP_ASSERT(code == WEIR_ERR_OPEN_FAILED || code == WEIR_ERR_NO_MEMORY ||
	          code == WEIR_ERR_NO_THREAD || code == WEIR_ERR_ACQUIRE_TIMEOUT ||
	          code == WEIR_ERR_HEALTH || code == WEIR_ERR_UNAVAILABLE);
}

static void give_back(struct weir_lease *lease)
{
	struct weir_lease copy = *lease;

	XP_ASSERT(weir_release(lease, NULL) == WEIR_OK && lease->conn == NULL);
	/* What was the last one may have freed the pool. */
	if (ghost_is_closing())
		return;
	XP_ASSERT(weir_release(lease, NULL) == WEIR_ERR_DOUBLE_RELEASE);
	/* Whatever has become of the slot, an old handle is worth nothing. */
	const enum weir_code code = weir_release(&copy, NULL);

	XP_ASSERT(code == WEIR_ERR_DOUBLE_RELEASE || code == WEIR_ERR_STALE_HANDLE);
}

static void acquire_for(uint32_t self, int64_t timeout_ns)
{
	struct pool_world *world = pool_world();
	struct weir_lease lease = {0};
	const int64_t before_ns = wp_now();
	const enum weir_code code = weir_acquire_for(world->pool, &lease, timeout_ns, NULL);

	if (code == WEIR_OK) {
		use(&lease, self);
		give_back(&lease);
		return;
	}
	XP_ASSERT(lease.conn == NULL);
	if (code == WEIR_ERR_ACQUIRE_TIMEOUT && timeout_ns != WEIR_TIMEOUT_NEVER)
		XP_ASSERT(wp_now() >= before_ns + timeout_ns);
	else
		excuse(code);
}

static void run_acquire(uint32_t self)
{
	acquire_for(self, WEIR_TIMEOUT_NEVER);
}

static void run_timeout(uint32_t self)
{
	acquire_for(self, SHORT_NS);
}

static void run_try(uint32_t self)
{
	struct pool_world *world = pool_world();
	struct weir_lease lease = {0};

	ghost_try_begins(self);
	const enum weir_code code = weir_try_acquire(world->pool, &lease, NULL);

	if (code == WEIR_OK) {
		use(&lease, self);
		give_back(&lease);
	} else if (code == WEIR_ERR_EXHAUSTED) {
		XP_ASSERT(ghost_try_may_fail(self));
	} else {
		excuse(code);
	}
}

static void run_release(uint32_t self)
{
	struct weir_lease *lease = &pool_world()->leases[self];

	use(lease, self);
	give_back(lease);
}

/* A thread whose turn is not over: its release leaves the slot public, and it comes
 * back for it. */
static void run_keep(uint32_t self)
{
	struct weir__seat *seat = weir__pool_seat(pool_world()->pool);

	seat->returns = true;
	seat->turn = 3;
	run_release(self);
	run_acquire(self);
}

/* The same, of a thread that does not come back after all. */
static void run_leave(uint32_t self)
{
	struct weir__seat *seat = weir__pool_seat(pool_world()->pool);

	seat->returns = true;
	seat->turn = 3;
	run_release(self);
}

static void run_discard(uint32_t self)
{
	struct weir_lease *lease = &pool_world()->leases[self];
	struct weir_lease copy = *lease;

	use(lease, self);
	XP_ASSERT(weir_discard(lease, NULL) == WEIR_OK && lease->conn == NULL);
	XP_ASSERT(ghost_is_closing() || weir_discard(&copy, NULL) != WEIR_OK);
}

static void run_cancel(uint32_t self)
{
	struct pool_world *world = pool_world();
	const struct weir_lease copy = world->marked;

	(void)self;
	ghost_asked();
	const enum weir_code code = weir_cancel(&copy, NULL);

	XP_ASSERT(code == WEIR_OK || code == WEIR_ERR_STALE_HANDLE);
}

/* Twice, so that what was seen the first time is a leak, and a last time for what has come
 * back since. */
static void run_reclaim(struct weir_pool *pool)
{
	const struct weir_time now = weir_now();
	const struct weir_time later = {now.ns + WEIR_SECONDS(1)};

	(void)weir_pool_tick(pool, now);
	(void)weir_pool_tick(pool, later);
	(void)weir_pool_tick(pool, later);
}

static void run_maintain(uint32_t self)
{
	struct pool_world *world = pool_world();

	if (world->self->config->reclaims) {
		run_reclaim(world->pool);
		return;
	}
	const enum weir_code code = weir_pool_maintain(world->pool, NULL);

	(void)self;
	if (code != WEIR_OK)
		excuse(code);
}

static void run_close(uint32_t self)
{
	struct pool_world *world = pool_world();
	const struct weir_time never = {INT64_MAX};

	(void)self;
	ghost_closing();
	XP_ASSERT(weir_pool_close_until(world->pool, never, NULL) == WEIR_OK);
	/* A try or an acquire that comes now may reserve a place for a moment, and no
	 * more than that: what is open then was opened before. */
	for (uint32_t i = 0; i < world->pool->ring.count; i++) {
		const uint64_t word = xp_peek(&world->pool->ring.slots[i].word, sizeof word);
		const enum weir__state state = weir__word_state(word);

		XP_ASSERT(state == WEIR__EMPTY || state == WEIR__OPENING || state == WEIR__SPARE);
	}
}

/* Read what dumps read, while everything moves. */
static void run_dump(uint32_t self)
{
	struct weir_error err = WEIR_ERROR_INIT;

	(void)self;
	weir__diagnose_holders(pool_world()->pool, &err);
	for (uint32_t i = 0; i < err.holders_count; i++)
		XP_ASSERT(err.holders[i].held_ns_min >= 0 &&
		          err.holders[i].held_ns_min <= err.holders[i].held_ns_max);
}

const struct pool_operation *pool_operations(uint32_t *count)
{
	static const struct pool_operation all[] = {
		{.name = "acquire", .run = run_acquire},
		{.name = "try", .run = run_try},
		{.name = "timeout", .run = run_timeout},
		{.name = "release", .holds = true, .last = true, .run = run_release},
		{.name = "keep", .holds = true, .run = run_keep},
		{.name = "leave", .holds = true, .run = run_leave},
		{.name = "discard", .holds = true, .last = true, .run = run_discard},
		{.name = "cancel", .cancel = true, .run = run_cancel},
		{.name = "maintain", .run = run_maintain},
		{.name = "close", .run = run_close},
		{.name = "dump", .run = run_dump},
	};

	*count = sizeof all / sizeof all[0];
	return all;
}
