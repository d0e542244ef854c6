/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Explaining a call that got no lease: why, where the time went, what the last
 * open said, and who holds the slots; and telling of opens that fail.
 *
 * Holders are read without owning their slots, so each line is a hint: it can be
 * torn between two leases of one slot. It costs the holders nothing.
 *
 * When a lease began is known only as the tick that was current; the queue
 * remembers when the last WEIR__TICKS ticks began. A lease of tick n began
 * between the beginnings of n and n+1.
 */
#include "pool_internal.h"

#include <string.h>

#include "error_internal.h"
#include "log_internal.h"

void weir__last_open_note(struct weir_pool *pool, enum weir_code code, const struct weir_error *err)
{
	struct weir__last_open *last = &pool->last_open;
	const int64_t now_ns = wp_now();

	weir__lock(&last->lock);
	last->code = code;
	last->driver_code = err->driver_code;
	last->at_ns = now_ns;
	memcpy(last->message, err->message, sizeof last->message);
	weir__unlock(&last->lock);

	const struct weir__field fields[] = {
		weir__text_field(WEIR__ATTR_POOL, pool->config.name),
		weir__text_field("message", err->message),
		weir__text_field("error.type", weir_error_name(code)),
		weir__int_field("db.response.status_code", err->driver_code),
	};

	weir__log(pool->options.log, WEIR_LOG_OPEN_FAILED_EVENT, fields, 4);
}

void weir__breaker_tell(const struct weir_pool *pool, enum weir_breaker_state state,
                        uint32_t failures, int64_t delay_ns)
{
	static const char *const messages[] = {
		"connections open as usual",
		"a connection could be opened again: more are opened little by little",
		"connections cannot be opened: one is tried now and then",
	};
	const struct weir__field fields[] = {
		weir__text_field(WEIR__ATTR_POOL, pool->config.name),
		weir__text_field("message", messages[state]),
		weir__text_field("weir.breaker.state", weir_breaker_state_name(state)),
		weir__int_field("weir.breaker.failures", failures),
		weir__seconds_field("weir.breaker.delay", delay_ns),
	};

	weir__log(pool->options.log, WEIR_LOG_BREAKER_EVENT, fields, 5);
}

enum weir_code weir__last_open_failure(struct weir_pool *pool)
{
	weir__lock(&pool->last_open.lock);
	const enum weir_code code = pool->last_open.code;

	weir__unlock(&pool->last_open.lock);
	return code == WEIR_ERR_NO_THREAD ? code : WEIR_ERR_OPEN_FAILED;
}

void weir__bound_hold(const struct weir__waitq *q, uint32_t tick, int64_t now_ns,
                      struct weir_holder *holder)
{
	const uint32_t current = wp_load_acq_32(&q->tick); /* T2 */
	const uint32_t age = current - tick;
	const uint32_t begun = age < WEIR__TICKS - 1 ? tick : current - (WEIR__TICKS - 2);
	const int64_t begun_ns = (int64_t)wp_load_rlx_64(&q->tick_ns[begun % WEIR__TICKS]);
	const int64_t next_ns = (int64_t)wp_load_rlx_64(&q->tick_ns[(begun + 1) % WEIR__TICKS]);

	/* A tick that is no longer remembered is older than the oldest that is. */
	holder->held_ns_max = begun == tick ? now_ns - begun_ns : INT64_MAX;
	holder->held_ns_min = age == 0 ? 0 : now_ns - (begun == tick ? next_ns : begun_ns);
	/* A tick may have begun after now_ns was read, and the lease with it. */
	if (holder->held_ns_min < 0)
		holder->held_ns_min = 0;
	if (holder->held_ns_max < holder->held_ns_min)
		holder->held_ns_max = holder->held_ns_min;
}

/* Keep the longest holders, longest first. */
static void insert_holder(struct weir_error *err, const struct weir_holder *holder)
{
	uint32_t at = err->holders_count;

	while (at > 0 && err->holders[at - 1].held_ns_min < holder->held_ns_min)
		at--;
	if (at == WEIR_ERROR_HOLDERS_MAX)
		return;
	if (err->holders_count < WEIR_ERROR_HOLDERS_MAX)
		err->holders_count++;
	memmove(&err->holders[at + 1], &err->holders[at],
	        (err->holders_count - 1 - at) * sizeof err->holders[0]);
	err->holders[at] = *holder;
}

void weir__diagnose_holders(struct weir_pool *pool, struct weir_error *err)
{
	const int64_t now_ns = wp_now();

	err->holders_count = 0;
	err->holders_total = 0;
	for (uint32_t i = 0; i < pool->ring.count; i++) {
		struct weir__slot *slot = weir__pool_slot(pool, i);
		const uint64_t since = wp_load_rlx_64(&slot->since);
		struct weir_holder holder;

		if (weir__word_state(wp_load_rlx_64(&slot->word)) != WEIR__LEASED)
			continue;
		holder.slot = i;
		holder.thread = (uint32_t)(since >> 32);
		holder.site = (const char *)wp_load_rlx_ptr(&slot->site);
		weir__bound_hold(&pool->q, (uint32_t)since, now_ns, &holder);
		insert_holder(err, &holder);
		err->holders_total++;
	}
}

void weir__last_open_copy(struct weir_pool *pool, struct weir_error *err)
{
	struct weir__last_open *last = &pool->last_open;

	weir__lock(&last->lock);
	if (last->code != WEIR_OK) {
		err->last_open_code = last->code;
		err->last_open_driver_code = last->driver_code;
		err->last_open_age_ns = wp_now() - last->at_ns;
		memcpy(err->last_open_message, last->message, sizeof err->last_open_message);
	}
	weir__unlock(&last->lock);
}

/* Why nothing was there: opens that are under way or fail, or only leases. */
static enum weir_wait_reason find_reason(const struct weir_pool *pool, enum weir_code code)
{
	uint32_t leased = 0;
	uint32_t opening = 0;
	uint32_t spare = 0;

	if (code == WEIR_ERR_CLOSED)
		return WEIR_WAIT_CLOSED;
	if (code == WEIR_ERR_SUSPENDED || (code == WEIR_ERR_ACQUIRE_TIMEOUT &&
	                                   (wp_load_rlx_32(&pool->way) & WEIR__WAY_SUSPENDED) != 0))
		return WEIR_WAIT_SUSPENDED;
	if (code == WEIR_ERR_UNAVAILABLE)
		return WEIR_WAIT_OPEN_DOWN;
	if (code != WEIR_ERR_ACQUIRE_TIMEOUT && code != WEIR_ERR_EXHAUSTED)
		return WEIR_WAIT_NONE;
	for (uint32_t i = 0; i < pool->ring.count; i++) {
		const enum weir__state state = weir__word_state(wp_load_rlx_64(&pool->ring.slots[i].word));

		leased += state == WEIR__LEASED;
		opening += state == WEIR__OPENING;
		spare += state == WEIR__SPARE;
	}
	const bool down = wp_load_rlx_32(&pool->open_down) != 0;

	if (leased + spare == pool->ring.count || (opening == 0 && !down))
		return WEIR_WAIT_LEASED;
	return down ? WEIR_WAIT_OPEN_DOWN : WEIR_WAIT_OPENING;
}

static void describe(const struct weir_pool *pool, const struct weir_error *full,
                     struct weir_error *text)
{
	if (full->code == WEIR_ERR_OPEN_FAILED && full->last_open_code != WEIR_OK) {
		(void)weir_fail(text, full->code, full->where, full->last_open_driver_code, "%s: %s",
		                pool->config.name, full->last_open_message);
		return;
	}
	if (full->code == WEIR_ERR_UNAVAILABLE) {
		const int64_t due_ns = (int64_t)wp_load_rlx_64(&pool->breaker.due_ns) - wp_now();

		(void)weir_fail(text, full->code, full->where, full->last_open_driver_code,
		                "%s: %s; the next is tried in %lld ms; the last one said: %s",
		                pool->config.name, weir_error_text(full->code),
		                (long long)(due_ns > 0 ? due_ns / WEIR_MILLISECONDS(1) : 0),
		                full->last_open_message);
		return;
	}
	(void)weir_fail(text, full->code, full->where, 0,
	                "%s: %s; %u of %u connections leased, %u callers waiting, waited %lld us",
	                pool->config.name, weir_error_text(full->code), full->holders_total,
	                weir__pool_limit(pool), full->queue_length,
	                (long long)(full->queued_ns / WEIR_MICROSECONDS(1)));
}

enum weir_code weir__diagnose(struct weir_pool *pool, struct weir_error *err, enum weir_code code,
                              const char *where, const struct weir__stages *stages)
{
	struct weir_error full = WEIR_ERROR_INIT;
	struct weir_error text = WEIR_ERROR_INIT;

	if (err == NULL)
		return code;
	full.code = code;
	full.where = where;
	full.queued_ns = stages->queued_ns;
	full.open_ns = stages->open_ns;
	full.validate_ns = stages->validate_ns;
	full.queue_length = weir__wake_count(weir__wake_read(&pool->q));
	weir__last_open_copy(pool, &full);
	weir__diagnose_holders(pool, &full);
	full.reason = find_reason(pool, code);
	describe(pool, &full, &text);
	memcpy(full.message, text.message, sizeof full.message);
	full.driver_code = text.driver_code;

	return weir__error_store(err, &full);
}
