/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The breaker's moves. The protocol is in breaker.h.
 */
#include "pool_internal.h"

/* How often a waiter looks while nothing is known to be wrong, at most. */
#define CALM_LOOK_NS WEIR_MILLISECONDS(100)

/* A move that is to be told of, once the lock is free. */
struct move {
	bool made;
	enum weir_breaker_state state;
	uint32_t failures;
	int64_t delay_ns;
};

static uint32_t most(const struct weir_pool *pool)
{
	return (uint32_t)pool->config.max_opening;
}

void weir__breaker_init(struct weir_pool *pool)
{
	wp_store_rlx_32(&pool->breaker.allowed, most(pool));
}

/* Under the lock. */
static void enter(struct weir__breaker *breaker, enum weir_breaker_state state, int64_t now_ns,
                  struct move *move)
{
	wp_store_rlx_32(&breaker->state, state);
	wp_store_rlx_64(&breaker->changed_ns, (uint64_t)now_ns);
	wp_store_rlx_32(&breaker->probing, 0);
	if (state == WEIR_BREAKER_CLOSED)
		wp_store_rlx_64(&breaker->delay_ns, 0);
	move->made = true;
	move->state = state;
}

/* The delay less up to half: pools that lost one database must not come back to it as
 * one. */
static int64_t shortened(const struct weir_pool *pool, int64_t delay_ns, int64_t now_ns)
{
	uint64_t draw = ((uint64_t)now_ns + pool->id) * UINT64_C(0x9e3779b97f4a7c15);

	draw = (draw ^ draw >> 32) % 1024;
	return delay_ns - delay_ns / 2 * (int64_t)draw / 1024;
}

/* Under the lock: the next probe may begin after that delay. */
static void put_off(struct weir_pool *pool, int64_t now_ns, int64_t delay_ns)
{
	struct weir__breaker *breaker = &pool->breaker;

	wp_store_rlx_64(&breaker->due_ns,
	                (uint64_t)weir__add_ns(now_ns, shortened(pool, delay_ns, now_ns)));
	wp_store_rlx_32(&breaker->probing, 0);
}

/* Under the lock: the same, and the delay is twice what it was, or the first. */
static void put_off_more(struct weir_pool *pool, int64_t now_ns, struct move *move)
{
	const int64_t first_ns = weir__setting(pool, WEIR_SET_breaker_delay);
	const int64_t most_ns = weir__setting(pool, WEIR_SET_breaker_delay_max);
	const int64_t limit_ns = most_ns > first_ns ? most_ns : first_ns;
	const int64_t last_ns = (int64_t)wp_load_rlx_64(&pool->breaker.delay_ns);
	int64_t delay_ns = last_ns == 0 ? first_ns : weir__add_ns(last_ns, last_ns);

	if (delay_ns > limit_ns)
		delay_ns = limit_ns;
	wp_store_rlx_64(&pool->breaker.delay_ns, (uint64_t)delay_ns);
	put_off(pool, now_ns, delay_ns);
	move->delay_ns = delay_ns;
}

static void tell(const struct weir_pool *pool, const struct move *move)
{
	if (move->made)
		weir__breaker_tell(pool, move->state, move->failures, move->delay_ns);
}

/* Under the lock: what ends by itself. */
static void outlive(struct weir_pool *pool, int64_t now_ns, struct move *move)
{
	struct weir__breaker *breaker = &pool->breaker;
	const enum weir_breaker_state state = weir__breaker_state(breaker);
	const int64_t changed_ns = (int64_t)wp_load_rlx_64(&breaker->changed_ns);
	const bool calm = state == WEIR_BREAKER_SLOW_START &&
	                  now_ns - changed_ns >= weir__setting(pool, WEIR_SET_breaker_delay_max);

	if (state == WEIR_BREAKER_CLOSED ||
	    !(calm || weir__setting(pool, WEIR_SET_breaker_failures) == 0))
		return;
	enter(breaker, WEIR_BREAKER_CLOSED, now_ns, move);
	wp_store_rlx_32(&breaker->allowed, most(pool));
}

bool weir__breaker_admits(const struct weir_pool *pool, int64_t now_ns)
{
	const struct weir__breaker *breaker = &pool->breaker;
	const enum weir_breaker_state state = weir__breaker_state(breaker);
	const bool below = wp_load_rlx_32(&breaker->opening) <
	                   wp_load_rlx_32(&breaker->allowed); /* BR2 */

	if (state == WEIR_BREAKER_CLOSED)
		return below;
	if (weir__setting(pool, WEIR_SET_breaker_failures) == 0)
		return wp_load_rlx_32(&breaker->opening) < most(pool);
	if (state == WEIR_BREAKER_SLOW_START)
		return below || now_ns - (int64_t)wp_load_rlx_64(&breaker->changed_ns) >=
		                    weir__setting(pool, WEIR_SET_breaker_delay_max);
	return below && now_ns >= (int64_t)wp_load_rlx_64(&breaker->due_ns) &&
	       (wp_load_rlx_32(&breaker->probing) == 0 ||
	        now_ns >= (int64_t)wp_load_rlx_64(&breaker->probe_ends_ns));
}

/* Under the lock. */
static void begin_probe(struct weir_pool *pool, int64_t now_ns)
{
	const int64_t open_ns = weir__setting(pool, WEIR_SET_open_timeout);

	wp_store_rlx_32(&pool->breaker.probing, 1);
	wp_store_rlx_64(&pool->breaker.probe_ends_ns, (uint64_t)weir__add_ns(now_ns, open_ns));
}

bool weir__breaker_admit(struct weir_pool *pool, int64_t now_ns)
{
	struct weir__breaker *breaker = &pool->breaker;
	struct move move = {false, WEIR_BREAKER_CLOSED, 0, 0};

	weir__lock(&breaker->lock);
	outlive(pool, now_ns, &move);
	const bool admitted = weir__breaker_admits(pool, now_ns);

	if (admitted) {
		wp_store_rlx_32(&breaker->opening, wp_load_rlx_32(&breaker->opening) + 1);
		if (weir__breaker_state(breaker) == WEIR_BREAKER_OPEN)
			begin_probe(pool, now_ns);
	}
	weir__unlock(&breaker->lock);
	tell(pool, &move);
	return admitted;
}

void weir__breaker_leave(struct weir_pool *pool)
{
	struct weir__breaker *breaker = &pool->breaker;

	weir__lock(&breaker->lock);
	WEIR_ASSERT(wp_load_rlx_32(&breaker->opening) > 0); /* B1 */
	wp_store_rlx_32(&breaker->opening, wp_load_rlx_32(&breaker->opening) - 1);
	/* A probe that was cut short has said nothing: the next one takes its turn. */
	if (weir__breaker_state(breaker) == WEIR_BREAKER_OPEN && wp_load_rlx_32(&breaker->probing) != 0)
		put_off(pool, wp_now(), (int64_t)wp_load_rlx_64(&breaker->delay_ns));
	weir__unlock(&breaker->lock); /* BR1 */
}

/* Under the lock. */
static void note_success(struct weir_pool *pool, int64_t now_ns, struct move *move)
{
	struct weir__breaker *breaker = &pool->breaker;
	uint32_t allowed = wp_load_rlx_32(&breaker->allowed);

	wp_store_rlx_32(&breaker->failures, 0);
	if (weir__breaker_state(breaker) == WEIR_BREAKER_CLOSED)
		return;
	if (weir__breaker_state(breaker) == WEIR_BREAKER_OPEN) {
		enter(breaker, WEIR_BREAKER_SLOW_START, now_ns, move);
		allowed = 1;
	} else {
		allowed *= 2;
	}
	if (allowed >= most(pool)) {
		enter(breaker, WEIR_BREAKER_CLOSED, now_ns, move);
		allowed = most(pool);
	}
	wp_store_rlx_32(&breaker->allowed, allowed);
}

/* Under the lock. */
static void note_failure(struct weir_pool *pool, int64_t began_ns, int64_t now_ns,
                         struct move *move)
{
	struct weir__breaker *breaker = &pool->breaker;
	const enum weir_breaker_state state = weir__breaker_state(breaker);
	const int64_t failures_max = weir__setting(pool, WEIR_SET_breaker_failures);
	const uint32_t failures = wp_load_rlx_32(&breaker->failures) + 1;

	/* One that was begun before the state was entered says nothing new. */
	if (state != WEIR_BREAKER_CLOSED && began_ns < (int64_t)wp_load_rlx_64(&breaker->changed_ns))
		return;

	wp_store_rlx_32(&breaker->failures, failures);
	move->failures = failures;
	if (failures_max == 0 || (state == WEIR_BREAKER_CLOSED && (int64_t)failures < failures_max))
		return;
	if (state == WEIR_BREAKER_OPEN) {
		put_off_more(pool, now_ns, move);
		return;
	}
	enter(breaker, WEIR_BREAKER_OPEN, now_ns, move);
	put_off_more(pool, now_ns, move);
	wp_store_rlx_32(&breaker->allowed, most(pool));
	wp_store_rlx_64(&breaker->trips, wp_load_rlx_64(&breaker->trips) + 1);
}

void weir__breaker_note(struct weir_pool *pool, bool opened, int64_t began_ns)
{
	const int64_t now_ns = wp_now();
	struct move move = {false, WEIR_BREAKER_CLOSED, 0, 0};

	weir__lock(&pool->breaker.lock);
	if (opened)
		note_success(pool, now_ns, &move);
	else
		note_failure(pool, began_ns, now_ns, &move);
	weir__unlock(&pool->breaker.lock);
	tell(pool, &move);
}

int64_t weir__breaker_look_ns(const struct weir_pool *pool, int64_t now_ns)
{
	const struct weir__breaker *breaker = &pool->breaker;
	const bool open = weir__breaker_state(breaker) == WEIR_BREAKER_OPEN;
	int64_t apart_ns = weir__setting(pool, WEIR_SET_breaker_delay);
	int64_t due_ns;

	if (weir__setting(pool, WEIR_SET_breaker_failures) == 0)
		return INT64_MAX;
	if (!open && apart_ns < CALM_LOOK_NS)
		apart_ns = CALM_LOOK_NS;
	due_ns = (int64_t)wp_load_rlx_64(&breaker->due_ns);
	if (open && wp_load_rlx_32(&breaker->probing) == 0 && due_ns > now_ns)
		return due_ns;
	return weir__add_ns(now_ns, apart_ns);
}

const char *weir_breaker_state_name(enum weir_breaker_state state)
{
	static const char *const names[] = {"closed", "slow_start", "open"};

	return (unsigned)state < sizeof names / sizeof names[0] ? names[state] : "unknown";
}
