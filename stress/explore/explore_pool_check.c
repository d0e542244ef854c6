/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What is asserted of a pool: before each step, and at the end. The words are read
 * as they are in memory; what waits in a store buffer has not happened yet.
 */
#include "explore_pool.h"

static uint32_t peek_32(const wp_u32 *atom)
{
	return (uint32_t)xp_peek(atom, sizeof *atom);
}

/* S3, and what tries could have seen. */
static void look_at_slots(struct pool_world *world)
{
	const bool helper = world->self->config->helper;
	const uint32_t empties = peek_32(&world->pool->empties);
	const struct weir__breaker *breaker = &world->pool->breaker;
	const bool admits = peek_32(&breaker->opening) < peek_32(&breaker->allowed) &&
	                    peek_32(&breaker->state) == WEIR_BREAKER_CLOSED;

	for (uint32_t i = 0; i < world->pool->ring.count; i++) {
		const uint64_t word = xp_peek(&world->pool->ring.slots[i].word, sizeof word);
		const uint32_t generation = weir__word_generation(word);
		const enum weir__state state = weir__word_state(word);
		/* A place that nobody counts as empty yet, or whose open is for helpers, or not
		 * admitted. */
		const bool taken = state != WEIR__IDLE &&
		                   (state != WEIR__EMPTY || helper || empties == 0 || !admits);

		XP_ASSERT((int32_t)(generation - world->generations[i]) >= 0);
		world->generations[i] = generation;
		for (uint32_t t = 0; taken && t < POOL_THREADS_MAX; t++)
			world->taken[t] |= UINT32_C(1) << i;
	}
	XP_ASSERT(peek_32(&breaker->opening) <= (uint32_t)world->pool->config.max_opening); /* B1 */
	for (uint32_t t = 0; t < POOL_THREADS_MAX; t++) {
		if (world->trying[t] && world->self->config->fifo && peek_32(&world->pool->q.wake) != 0)
			world->excused[t] = true;
	}
}

static bool is_queued(const struct weir__waitq *q, const struct weir__waiter *waiter)
{
	const struct weir__waiter *at = q->head;

	while (at != NULL && at != waiter)
		at = at->next;
	return at != NULL;
}

/* Q1: whoever left the queue with a grant was its head, or was preferred to those
 * before it while nobody was overdue. */
static void check_order(const struct pool_world *world)
{
	const struct weir__waitq *q = &world->pool->q;
	bool passed = false;
	bool passed_overdue = false;

	for (uint32_t i = 0; i < world->queue.count; i++) {
		const struct weir__waiter *waiter = world->queue.waiters[i];

		if (is_queued(q, waiter)) {
			passed = true;
			passed_overdue = passed_overdue || waiter->overdue;
		} else if (peek_32(&waiter->state) == WEIR__WAITER_GRANTED) {
			XP_ASSERT(!passed || !q->strict);
			XP_ASSERT(!passed_overdue);
		}
	}
}

/* Nobody has the lock: Q2, Q3, and the order of the queue. */
static void look_at_queue(struct pool_world *world)
{
	const struct weir__waitq *q = &world->pool->q;
	const uint32_t wake = peek_32(&q->wake);
	uint32_t count = 0;
	uint32_t overdue = 0;

	XP_ASSERT(weir__wake_count(wake) == q->length);
	XP_ASSERT((q->length == 0) == ((wake & ~WEIR__WAKE_CLOSED) == WEIR__WAKE_NONE));
	XP_ASSERT((q->overdue > 0) == ((wake & WEIR__WAKE_OVERDUE) != 0));
	check_order(world);
	for (const struct weir__waiter *at = q->head; at != NULL; at = at->next) {
		XP_ASSERT(count < POOL_QUEUE_MAX);
		world->queue.waiters[count++] = at;
		overdue += at->overdue;
		XP_ASSERT(at->next == NULL ? q->tail == at : at->next->prev == at);
	}
	world->queue.count = count;
	XP_ASSERT(count == q->length && overdue == q->overdue);
}

void pool_invariant(const struct xp_case *self)
{
	struct pool_world *world = pool_world();

	(void)self;
	if (world->self->config->ended)
		return;
	look_at_slots(world);
	if (peek_32(&world->pool->q.lock.word) == 0)
		look_at_queue(world);
}

void pool_finish(const struct xp_case *self)
{
	struct pool_world *world = pool_world();
	const struct weir_pool *pool = world->pool;
	uint32_t idle = 0;
	uint32_t empty = 0;
	uint32_t spare = 0;

	for (uint32_t i = 0; i < world->opened; i++)
		XP_ASSERT(world->conns[i].user == 0);
	if (world->self->config->ended) {
		XP_ASSERT(world->opened == world->closed);
		XP_ASSERT(xp_freed(pool));
		return;
	}
	pool_invariant(self);
	XP_ASSERT(peek_32(&pool->q.lock.word) == 0 && pool->q.length == 0);
	for (uint32_t i = 0; i < pool->ring.count; i++) {
		const struct weir__slot *slot = &pool->ring.slots[i];
		const enum weir__state state = weir__word_state(xp_peek(&slot->word, sizeof slot->word));

		/* No slot is lost, in whatever state. */
		XP_ASSERT(state == WEIR__IDLE || state == WEIR__EMPTY || state == WEIR__SPARE);
		spare += state == WEIR__SPARE;
		idle += state == WEIR__IDLE;
		empty += state == WEIR__EMPTY;
		if (state == WEIR__IDLE)
			XP_ASSERT(((const struct pool_conn *)slot->conn)->open == 1);
	}
	XP_ASSERT(world->opened - world->closed == idle);
	XP_ASSERT(peek_32(&pool->empties) == empty);
	XP_ASSERT(peek_32(&pool->refs) == 1 + idle);
	/* RC1, RC2 */
	XP_ASSERT(spare + peek_32(&pool->lent) == pool->ring.count - pool->size);
	XP_ASSERT(peek_32(&pool->written_off) <= peek_32(&pool->lent));
	XP_ASSERT(!world->closing || idle == 0);
}
