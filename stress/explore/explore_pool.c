/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Setting a pool up as a configuration says, and every combination of operations
 * on it.
 */
#include "explore_cases.h"
#include "explore_pool.h"

#include <stdio.h>

#define CASES_MAX 8192

static const struct pool_config configs[] = {
	{.name = "one slot", .slots = 1, .idle = 1, .triples = true},
	{.name = "one slot, fifo", .slots = 1, .idle = 1, .fifo = true, .triples = true},
	{.name = "one slot, fences", .slots = 1, .idle = 1, .fence = true},
	{.name = "two slots", .slots = 2, .idle = 2, .triples = true},
	{.name = "one slot, fifo, fences", .slots = 1, .idle = 1, .fifo = true, .fence = true},
	{.name = "one place", .slots = 1},
	{.name = "two places", .slots = 2, .idle = 1},
	{.name = "two places, one opens", .slots = 2, .narrow = true},
	{.name = "one place, breaker", .slots = 1, .breaker = true},
	{.name = "one place, patient", .slots = 1, .breaker = true, .patient = true},
	{.name = "expiring", .slots = 1, .idle = 1, .expires = true},
	{.name = "validating", .slots = 1, .idle = 1, .validate = true},
	{.name = "reclaiming", .slots = 1, .idle = 1, .reclaims = true},
	{.name = "reclaiming, helper", .slots = 1, .helper = true, .reclaims = true},
	{.name = "withdrawing", .slots = 1, .reclaims = true, .surplus = true},
	{.name = "withdrawing an idle one", .slots = 1, .idle = 2, .reclaims = true, .surplus = true},
	{.name = "withdrawing, helper", .slots = 1, .helper = true, .reclaims = true, .surplus = true},
	{.name = "helper", .slots = 1, .helper = true},
	{.name = "helper, fifo", .slots = 1, .idle = 1, .helper = true, .fifo = true},
	{.name = "hinted", .slots = 17, .idle = 2},
	{.name = "destroyed", .slots = 2, .ended = true, .triples = true},
};

/* Memory of the cases, which live as long as the program. */
static struct pool_case made[CASES_MAX];
static uint32_t made_count;

/* ---- set up ---- */

static void fill_config(const struct pool_case *what, struct weir_config *config)
{
	const struct pool_config *from = what->config;

	weir_config_init(config, pool_driver(from));
	config->max_size = what->slots;
	config->fairness = from->fifo ? WEIR_FAIRNESS_FIFO : WEIR_FAIRNESS_BOUNDED;
	config->wake_barrier = from->fence ? WEIR_WAKE_FENCE : WEIR_WAKE_MEMBARRIER;
	config->validate_on_acquire = from->validate;
	config->idle_timeout = 0;
	config->max_lifetime = from->expires ? 1 : 0;
	config->leak_policy = from->reclaims ? WEIR_LEAK_RECLAIM : WEIR_LEAK_REPORT;
	config->leak_after = from->reclaims ? 1 : 0;
	config->open_timeout = WEIR_SECONDS(1);
	config->acquire_timeout = WEIR_SECONDS(1);
	/* One helper beside the threads of the case is enough. */
	config->max_opening = from->helper || from->narrow ? 1 : 4;
	config->breaker_failures = from->breaker ? 1 : 0;
	config->when_down = from->patient;
	config->metrics = 0; /* nobody waits for a histogram */
}

/* Counters begin just below their wrap, so that every case has it. */
static void wind_up(struct weir_pool *pool)
{
	const uint32_t almost = UINT32_MAX - 1;

	for (uint32_t i = 0; i < pool->ring.count; i++)
		wp_store_rlx_64(&pool->ring.slots[i].word,
		                weir__word_make(i < pool->size ? WEIR__EMPTY : WEIR__SPARE, almost));
	for (uint32_t i = 0; i < WEIR__TICKS; i++)
		wp_store_rlx_64(&pool->q.tick_ns[i], (uint64_t)wp_now());
	wp_store_rlx_32(&pool->q.tick, almost);
	wp_store_rlx_32(&pool->progress, almost);
	pool->q.arming = almost;
}

/* As if a lease that was written off had just come back. */
static void lend_one(struct weir_pool *pool)
{
	const uint64_t word = wp_load_rlx_64(&pool->ring.slots[pool->size].word);

	XP_ASSERT(weir__word_state(word) == WEIR__SPARE);
	wp_store_rlx_64(&pool->ring.slots[pool->size].word,
	                weir__word_make(WEIR__EMPTY, weir__word_generation(word)));
	wp_store_rlx_32(&pool->empties, wp_load_rlx_32(&pool->empties) + 1);
	wp_store_rlx_32(&pool->lent, 1);
}

/* As prefill does, whatever opens the pool's connections later. */
static void open_one(struct weir_pool *pool)
{
	const uint32_t index = weir__capacity_reserve(pool, 0, 0);

	XP_ASSERT(index != WEIR__RING_NONE);
	XP_ASSERT(weir__capacity_open(pool, weir__pool_slot(pool, index), INT64_MAX, NULL) == WEIR_OK);
	weir__slot_pass_on(pool, weir__pool_slot(pool, index));
	weir__capacity_opened(pool);
}

static void tell_locks(const struct weir_pool *pool)
{
	xp_lock_word(&pool->q.lock.word);
	xp_lock_word(&pool->last_open.lock.word);
	xp_lock_word(&pool->breaker.lock.word);
	xp_lock_word(&pool->fill_lock.word);
}

static void name_words(const struct weir_pool *pool)
{
	for (uint32_t i = 0; i < pool->ring.count && i < 4; i++)
		xp_name(&pool->ring.slots[i], sizeof(struct weir__slot), "slot", i);
	xp_name(pool, sizeof *pool, "pool", 0);
	xp_name(&pool->q, sizeof pool->q, "queue", 0);
	xp_name(&pool->q.wake, sizeof pool->q.wake, "wake", 0);
	xp_name(&pool->q.lock, sizeof pool->q.lock, "lock", 0);
	xp_name(&pool->breaker, sizeof pool->breaker, "breaker", 0);
	xp_name(&pool->empties, sizeof pool->empties, "empties", 0);
	xp_name(&pool->progress, sizeof pool->progress, "progress", 0);
	xp_name(&pool->refs, sizeof pool->refs, "refs", 0);
}

static void lease_first(struct pool_world *world)
{
	for (uint32_t i = 0; i < world->self->count; i++) {
		if (!world->self->operations[i]->holds)
			continue;
		xp_act_as(i);
		XP_ASSERT(weir_acquire_for(world->pool, &world->leases[i], 1, NULL) == WEIR_OK);
		if (world->marked.pool == NULL)
			world->marked = world->leases[i];
	}
}

static void set_up(const struct xp_case *self)
{
	const struct pool_case *what = (const struct pool_case *)self->argument;
	struct pool_world *world = (struct pool_world *)wp_alloc(64, sizeof *world);
	const struct weir_driver *driver = pool_driver(what->config);
	struct weir_config config;

	xp_keep(world);
	world->self = what;
	fill_config(what, &config);
	XP_ASSERT(weir_pool_create(&world->pool, driver, world, &config, NULL) == WEIR_OK);
	wind_up(world->pool);
	if (what->config->surplus)
		lend_one(world->pool);
	tell_locks(world->pool);
	for (uint32_t i = 0; i < world->pool->ring.count; i++)
		world->generations[i] = UINT32_MAX - 1;
	for (uint32_t i = 0; i < what->holders || i < what->config->idle; i++)
		open_one(world->pool);
	lease_first(world);
	if (what->config->ended) {
		ghost_closing();
		weir_pool_destroy(world->pool);
	}
	name_words(world->pool);
	for (uint32_t i = 0; i < 4; i++)
		xp_name(&world->conns[i], sizeof world->conns[i], "connection", i);
}

static void run_operation(const struct xp_case *self, uint32_t number)
{
	const struct pool_case *what = (const struct pool_case *)self->argument;

	what->operations[number]->run(number);
}

/* ---- combinations ---- */

/* Count who begins with a lease; false if somebody would cancel and nobody has one,
 * or use a pool that is gone. */
static bool complete(struct pool_case *what)
{
	bool cancel = false;
	uint32_t last = 0;

	what->holders = 0;
	for (uint32_t i = 0; i < what->count; i++) {
		what->holders += what->operations[i]->holds;
		cancel = cancel || what->operations[i]->cancel;
		last += what->operations[i]->last;
	}
	if (what->config->ended && last < what->count)
		return false;
	what->slots = what->holders > what->config->slots ? what->holders : what->config->slots;
	return !cancel || what->holders > 0;
}

static void make(const struct pool_case *what, struct xp_case *one)
{
	int used = snprintf(one->name, sizeof one->name, "pool/%s/", what->config->name);

	for (uint32_t i = 0; i < what->count; i++)
		used += snprintf(one->name + used, sizeof one->name - (size_t)used, "%s%s",
		                 i == 0 ? "" : "+", what->operations[i]->name);
	one->threads = what->count;
	one->fewer = what->config->helper ? 2 : 0;
	made[made_count] = *what;
	one->argument = &made[made_count++];
	one->setup = set_up;
	one->thread = run_operation;
	one->invariant = pool_invariant;
	one->finish = pool_finish;
}

/* All multisets of operations that begin with those of what. */
static uint32_t combine(struct pool_case *what, uint32_t from, uint32_t threads,
                        struct xp_case *cases, uint32_t max)
{
	uint32_t operations;
	const struct pool_operation *all = pool_operations(&operations);
	uint32_t count = 0;

	if (what->count == threads) {
		if (!complete(what))
			return 0;
		xp_check_room(made_count < CASES_MAX && max > 0);
		make(what, &cases[0]);
		return 1;
	}
	for (uint32_t i = from; i < operations; i++) {
		what->operations[what->count++] = &all[i];
		count += combine(what, i, threads, cases + count, max - count);
		what->count--;
	}
	return count;
}

uint32_t pool_cases(uint32_t threads, struct xp_case *cases, uint32_t max)
{
	uint32_t count = 0;

	for (size_t i = 0; i < sizeof configs / sizeof configs[0]; i++) {
		struct pool_case what = {.config = &configs[i]};

		if (threads <= 2 || configs[i].triples)
			count += combine(&what, 0, threads, cases + count, max - count);
	}
	return count;
}
