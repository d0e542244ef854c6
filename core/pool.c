/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Making a pool, its live settings, and its figures. Its end is in close.c.
 */
#include "pool_internal.h"

#include <string.h>

#include "config_internal.h"
#include "driver_check.h"

/* Of what many threads record at a time. */
#define LEASE_SHARDS 4

/* Numbers pools for seats (seat.h); 0 means a free seat. */
static wp_u64 next_pool_id = {1};

static uint32_t choose_way(const struct weir_pool *pool, bool fence)
{
	uint32_t way = WEIR__WAY_OPEN;

	if (pool->config.fairness == WEIR_FAIRNESS_FIFO)
		way |= WEIR__WAY_STRICT;
	if (pool->config.validate_on_acquire != 0)
		way |= WEIR__WAY_VALIDATE;
	if (fence)
		way |= WEIR__WAY_FENCE;
	if (pool->ops.reset != NULL)
		way |= WEIR__WAY_RESET;
	if (pool->ring.hints != NULL)
		way |= WEIR__WAY_HINTED;
	return way;
}

/* Whether both sides shall use full fences; false in *ok if what was asked for
 * is not to be had. */
static bool choose_fence(const struct weir_config *config, bool *ok)
{
	const bool ready = config->wake_barrier != WEIR_WAKE_FENCE && wp_barrier_heavy_ready();

	*ok = ready || config->wake_barrier != WEIR_WAKE_MEMBARRIER;
	return !ready;
}

static enum weir_code no_memory(struct weir_error *err)
{
	return weir_fail(err, WEIR_ERR_NO_MEMORY, "create", 0, "no memory for the pool");
}

/* What it has is freed with the pool, also when not all was to be had. */
static bool create_histograms(struct weir_pool *pool)
{
	if (pool->config.metrics == 0)
		return true;
	pool->waits = weir__histogram_create(LEASE_SHARDS);
	pool->uses = weir__histogram_create(LEASE_SHARDS);
	pool->creates = weir__histogram_create(1);
	return pool->waits != NULL && pool->uses != NULL && pool->creates != NULL;
}

static enum weir_code build(struct weir_pool *pool, bool fence, struct weir_error *err)
{
	const uint32_t places = weir__pool_places(&pool->config);
	const bool strict = pool->config.fairness == WEIR_FAIRNESS_FIFO;

	pool->size = (uint32_t)pool->config.max_size;
	if (!weir__ring_init(&pool->ring, places) || !create_histograms(pool))
		return no_memory(err);
	if ((pool->ops.flags & WEIR_DRIVER_OPEN_HONOURS_DEADLINE) == 0 && !weir__opener_create(pool))
		return no_memory(err);
	weir__waitq_init(&pool->q, strict, fence, wp_now());
	pool->q.name = pool->config.name;
	wp_store_rlx_32(&pool->empties, pool->size);
	wp_store_rlx_32(&pool->way, choose_way(pool, fence));
	for (int id = 0; id < WEIR_SETTINGS_COUNT; id++)
		wp_store_rlx_64(&pool->settings[id],
		                (uint64_t)*weir_config_value(&pool->config, (enum weir_setting_id)id));
	pool->id = wp_add_rlx_64(&next_pool_id, 1);
	weir__breaker_init(pool);
	/* A lease of a pool that is gone may point to this one, which took its
	 * address: generations that begin elsewhere tell them apart. */
	for (uint32_t i = 0; i < places; i++)
		wp_store_rlx_64(&pool->ring.slots[i].word,
		                weir__word_make(i < pool->size ? WEIR__EMPTY : WEIR__SPARE,
		                                (uint32_t)pool->id * UINT32_C(0x9e3779b1)));
	pool->magic = WEIR__POOL_MAGIC;
	return WEIR_OK;
}

/* Wait until the opens that prefill began on helpers have ended. */
static enum weir_code await_prefill(struct weir_pool *pool, struct weir_error *err)
{
	const int64_t open_ns = weir__setting(pool, WEIR_SET_open_timeout);
	const int64_t deadline_ns = weir__add_ns(wp_now(), open_ns);
	const uint64_t wanted = (uint64_t)pool->config.min_idle;
	const struct weir__stages none = {0, 0, 0};

	while (pool->opener != NULL) { /* ends: all open, one failed, or the deadline */
		const uint32_t seen = wp_load_acq_32(&pool->progress);

		if (wp_load_rlx_64(&pool->open_failures) > 0)
			return weir__diagnose(pool, err, WEIR_ERR_OPEN_FAILED, "create", &none);
		if (wp_load_rlx_64(&pool->opens) >= wanted)
			return WEIR_OK;
		if (wp_now() >= deadline_ns)
			return weir_fail(err, WEIR_ERR_OPEN_FAILED, "create", 0,
			                 "%s: min_idle connections did not open within open_timeout",
			                 pool->config.name);
		(void)wp_futex_wait(&pool->progress, seen, deadline_ns);
	}
	return WEIR_OK;
}

static enum weir_code start(struct weir_pool *pool, struct weir_error *err)
{
	const enum weir_code code = weir__pool_prefill(pool, err);

	return code != WEIR_OK ? code : await_prefill(pool, err);
}

static struct weir_pool *allocate(const struct weir_driver *driver, void *driver_data,
                                  const struct weir_config *config)
{
	struct weir_pool *pool = (struct weir_pool *)wp_alloc_wiped(sizeof *pool);

	if (pool == NULL)
		return NULL;
	memcpy(&pool->ops, driver, driver->size < sizeof *driver ? driver->size : sizeof *driver);
	pool->driver = driver;
	pool->driver_data = driver_data;
	pool->config = *config;
	if (pool->config.name[0] == '\0')
		memcpy(pool->config.name, "pool", sizeof "pool");
	wp_store_rlx_32(&pool->refs, 1);
	return pool;
}

/* Of a pool that could not start. Opens of its helpers are waited for, since
 * they use the caller's driver_data, but not for ever: one may hang. */
static void give_up(struct weir_pool *pool)
{
	const int64_t open_ns = weir__setting(pool, WEIR_SET_open_timeout);

	if (pool->magic != WEIR__POOL_MAGIC) {
		weir__pool_unref(pool);
		return;
	}
	(void)!weir_pool_close_until(pool, weir_deadline_in(open_ns), NULL);
	weir_pool_destroy(pool);
}

enum weir_code weir_pool_create(struct weir_pool **pool, const struct weir_driver *driver,
                                void *driver_data, const struct weir_config *config,
                                struct weir_error *err)
{
	return weir_pool_create_with(pool, driver, driver_data, config, NULL, err);
}

enum weir_code weir_pool_create_with(struct weir_pool **pool, const struct weir_driver *driver,
                                     void *driver_data, const struct weir_config *config,
                                     const struct weir_pool_options *options,
                                     struct weir_error *err)
{
	struct weir_config whole;
	bool barrier_ok = true;
	enum weir_code code;

	if (pool == NULL)
		return weir_fail(err, WEIR_ERR_BAD_ARGUMENT, "create", 0, "pool is NULL");
	*pool = NULL;
	if (options != NULL && options->size != sizeof *options)
		return weir_fail(err, WEIR_ERR_BAD_ARGUMENT, "create", 0,
		                 "options: set size to sizeof(struct weir_pool_options)");
	code = weir__driver_check(driver, "create", err);
	if (code != WEIR_OK)
		return code;
	code = weir__config_adopt(&whole, config, driver, "create", err);
	if (code == WEIR_OK)
		code = weir_config_check(&whole, driver, NULL, err);
	if (code != WEIR_OK)
		return code;
	const bool fence = choose_fence(&whole, &barrier_ok);

	if (!barrier_ok)
		return weir_fail(err, WEIR_ERR_CONFIG_VALUE, "create", 0,
		                 "wake_barrier=membarrier: this kernel does not offer it; use auto");
	struct weir_pool *made = allocate(driver, driver_data, &whole);

	if (made == NULL)
		return no_memory(err);
	if (options != NULL)
		made->options = *options;
	code = build(made, fence, err);
	if (code == WEIR_OK)
		code = start(made, err);
	if (code == WEIR_OK)
		*pool = made;
	else
		give_up(made);
	return code;
}

enum weir_code weir_pool_open_url(struct weir_pool **pool, const struct weir_driver *driver,
                                  const char *url, struct weir_error *err)
{
	struct weir_config config;
	enum weir_code code;

	if (pool == NULL)
		return weir_fail(err, WEIR_ERR_BAD_ARGUMENT, "open_url", 0, "pool is NULL");
	*pool = NULL;
	code = weir__driver_check(driver, "open_url", err);
	if (code != WEIR_OK)
		return code;
	weir_config_init(&config, driver);
	code = weir_config_apply_url(&config, driver, url, NULL, err);
	return code != WEIR_OK ? code : weir_pool_create(pool, driver, NULL, &config, err);
}

enum weir_code weir_pool_set(struct weir_pool *pool, const char *name, const char *value,
                             struct weir_error *err)
{
	struct weir_config changed;
	enum weir_code code;

	if (pool == NULL)
		return weir_fail(err, WEIR_ERR_BAD_ARGUMENT, "set", 0, "pool is NULL");
	if (!weir__pool_ours(pool))
		return weir_fail(err, WEIR_ERR_FORKED, "set", 0,
		                 "only the parent process may change this pool");
	changed = pool->config;
	weir__lock(&pool->set_lock);
	for (int id = 0; id < WEIR_SETTINGS_COUNT; id++)
		*weir_config_value(&changed, (enum weir_setting_id)id) =
			weir__setting(pool, (enum weir_setting_id)id);
	code = weir__config_change(&changed, pool->driver, name, value, err);
	for (int id = 0; code == WEIR_OK && id < WEIR_SETTINGS_COUNT; id++)
		wp_store_rlx_64(&pool->settings[id],
		                (uint64_t)*weir_config_value(&changed, (enum weir_setting_id)id));
	if (code == WEIR_OK) {
		const uint32_t kept = wp_load_rlx_32(&pool->way) & ~WEIR__WAY_VALIDATE;

		wp_store_rlx_32(&pool->way,
		                kept | (changed.validate_on_acquire != 0 ? WEIR__WAY_VALIDATE : 0));
	}
	weir__unlock(&pool->set_lock);
	return code;
}

static enum weir_code turn(struct weir_pool *pool, bool suspend, const char *where,
                           struct weir_error *err)
{
	if (pool == NULL)
		return weir_fail(err, WEIR_ERR_BAD_ARGUMENT, where, 0, "pool is NULL");
	if (!weir__pool_ours(pool))
		return weir_fail(err, WEIR_ERR_FORKED, where, 0,
		                 "only the parent process may suspend this pool");
	if ((weir__wake_read(&pool->q) & WEIR__WAKE_CLOSED) != 0)
		return weir_fail(err, WEIR_ERR_CLOSED, where, 0, "%s: the pool is closed",
		                 pool->config.name);
	weir__lock(&pool->set_lock);
	const uint32_t kept = wp_load_rlx_32(&pool->way) & ~WEIR__WAY_SUSPENDED;

	wp_store_rlx_32(&pool->way, kept | (suspend ? WEIR__WAY_SUSPENDED : 0));
	weir__unlock(&pool->set_lock);
	weir__progress(pool); /* S1 */
	return WEIR_OK;
}

enum weir_code weir_pool_suspend(struct weir_pool *pool, struct weir_error *err)
{
	return turn(pool, true, "suspend", err);
}

enum weir_code weir_pool_resume(struct weir_pool *pool, struct weir_error *err)
{
	return turn(pool, false, "resume", err);
}

static void count_slots(const struct weir_pool *pool, struct weir_pool_stats *stats)
{
	for (uint32_t i = 0; i < pool->ring.count; i++) {
		const struct weir__slot *slot = &pool->ring.slots[i];
		const enum weir__state state = weir__word_state(wp_load_rlx_64(&slot->word));

		stats->acquires += wp_load_rlx_64(&slot->leases);
		stats->idle += state == WEIR__IDLE;
		stats->leased += state == WEIR__LEASED;
		stats->opening += state == WEIR__OPENING;
	}
}

enum weir_code weir_pool_read_stats(struct weir_pool *pool, struct weir_pool_stats *stats)
{
	struct weir_pool_stats now = {0};

	if (pool == NULL || stats == NULL || stats->size < sizeof now)
		return WEIR_ERR_BAD_ARGUMENT;
	if (!weir__pool_ours(pool))
		return WEIR_ERR_FORKED;
	now.size = (uint32_t)sizeof now;
	now.max_size = weir__pool_limit(pool);
	now.waiters = weir__wake_count(weir__wake_read(&pool->q));
	now.waits = wp_load_rlx_64(&pool->q.waits);
	now.handoffs = wp_load_rlx_64(&pool->q.handoffs);
	now.barriers = wp_load_rlx_64(&pool->q.barriers);
	now.timeouts = wp_load_rlx_64(&pool->timeouts);
	now.rejected = wp_load_rlx_64(&pool->rejected);
	now.opens = wp_load_rlx_64(&pool->opens);
	now.open_failures = wp_load_rlx_64(&pool->open_failures);
	for (int reason = 0; reason < WEIR_CLOSE_REASONS; reason++)
		now.closed[reason] = wp_load_rlx_64(&pool->closed[reason]);
	now.leaked = wp_load_rlx_32(&pool->leaked);
	now.epoch = wp_load_rlx_32(&pool->epoch);
	now.leaks = wp_load_rlx_64(&pool->leaks);
	now.reclaimed = wp_load_rlx_64(&pool->reclaimed);
	now.over_uses = wp_load_rlx_64(&pool->over_uses);
	now.validations = wp_load_rlx_64(&pool->validations);
	now.validate_failures = wp_load_rlx_64(&pool->validate_failures);
	now.keepalives = wp_load_rlx_64(&pool->keepalives);
	now.breaker = weir__breaker_state(&pool->breaker);
	now.trips = wp_load_rlx_64(&pool->breaker.trips);
	now.refusals = wp_load_rlx_64(&pool->breaker.refusals);
	count_slots(pool, &now);
	*stats = now;
	return WEIR_OK;
}

const struct weir_driver *weir_pool_driver(const struct weir_pool *pool)
{
	return pool == NULL ? NULL : pool->driver;
}

const char *weir_pool_name(const struct weir_pool *pool)
{
	return pool == NULL ? NULL : pool->config.name;
}
