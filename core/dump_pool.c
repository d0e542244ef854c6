/* SPDX-License-Identifier: BSD-2-Clause
 *
 * See dump_pool.h.
 */
#include "dump_pool.h"

static const char *const state_names[WEIR__STATES] = {
	"empty", "opening", "idle", "leased", "checking", "closing", "spare",
};

void weir__dump_pool(const struct weir_pool *pool, struct weir__dump_line *line)
{
	uint64_t in_state[WEIR__STATES] = {0};

	for (uint32_t i = 0; i < pool->ring.count; i++)
		in_state[weir__word_state(wp_load_rlx_64(&pool->ring.slots[i].word))]++;
	weir__dump_begin(line);
	weir__dump_add(line, "  pool");
	/* Spare ones are of pools that have some only. */
	for (int state = WEIR__EMPTY; state < WEIR__STATES; state++) {
		if (state != WEIR__SPARE || pool->size < pool->ring.count)
			weir__dump_add_named(line, state_names[state], in_state[state]);
	}
	weir__dump_add_named(line, "waiters", weir__wake_count(weir__wake_read(&pool->q)));
	weir__dump_add(line, " breaker=");
	weir__dump_add(line, weir_breaker_state_name(weir__breaker_state(&pool->breaker)));
	weir__dump_add_named(line, "opens", wp_load_rlx_64(&pool->opens));
	weir__dump_add_named(line, "open_failures", wp_load_rlx_64(&pool->open_failures));
	weir__dump_add_named(line, "timeouts", wp_load_rlx_64(&pool->timeouts));
}

static void add_thread(struct weir__dump_line *line, uint32_t thread)
{
	weir__dump_add(line, " by thread ");
	weir__dump_add_number(line, thread);
	weir__dump_add(line, " (");
	weir__dump_add_thread(line, thread);
	weir__dump_add(line, ")");
}

static void add_holder(const struct weir_pool *pool, const struct weir__slot *slot, int64_t now_ns,
                       struct weir__dump_line *line)
{
	const uint64_t since = wp_load_rlx_64(&slot->since);
	const char *site = (const char *)wp_load_rlx_ptr(&slot->site);
	struct weir_holder holder;

	weir__bound_hold(&pool->q, (uint32_t)since, now_ns, &holder);
	weir__dump_add(line, " at ");
	weir__dump_add(line, site != NULL ? site : "unknown site");
	weir__dump_add(line, " for ");
	weir__dump_add_time(line, holder.held_ns_min);
	if (holder.held_ns_max == INT64_MAX) {
		weir__dump_add(line, " or more");
	} else {
		weir__dump_add(line, " to ");
		weir__dump_add_time(line, holder.held_ns_max);
	}
	add_thread(line, (uint32_t)(since >> 32));
}

bool weir__dump_slot(const struct weir_pool *pool, uint32_t index, int64_t now_ns,
                     struct weir__dump_line *line)
{
	const struct weir__slot *slot = &pool->ring.slots[index];
	const enum weir__state state = weir__word_state(wp_load_rlx_64(&slot->word));

	if (state == WEIR__EMPTY || state == WEIR__SPARE)
		return false;
	weir__dump_begin(line);
	weir__dump_add(line, "  slot ");
	weir__dump_add_number(line, index);
	weir__dump_add(line, " ");
	weir__dump_add(line, state_names[state]);
	weir__dump_add_named(line, "leases", wp_load_rlx_64(&slot->leases));
	if (state == WEIR__LEASED)
		add_holder(pool, slot, now_ns, line);
	return true;
}

/* Where the walk over all waiters begins. */
static const struct weir__waiter_chunk *shown_chunks(const struct weir_pool *pool)
{
	return (const struct weir__waiter_chunk *)(uintptr_t)wp_load_acq_64(
		&pool->q.shown_chunks); /* T4 */
}

bool weir__dump_waiters(const struct weir_pool *pool, int64_t now_ns, struct weir__dump_line *line)
{
	const struct weir__waiter_chunk *chunk = shown_chunks(pool); /* T4 */
	uint32_t listed = 0;

	weir__dump_begin(line);
	weir__dump_add(line, "  waiting for");
	for (; chunk != NULL; chunk = chunk->next) {
		for (uint32_t i = 0; i < WEIR__CHUNK_WAITERS && listed < WEIR__DUMP_WAITERS_MAX; i++) {
			const int64_t since_ns = (int64_t)wp_hint_read(&chunk->waiters[i].shown_ns);

			if (since_ns == 0)
				continue;
			weir__dump_add(line, listed++ == 0 ? " " : ", ");
			weir__dump_add_time(line, now_ns - since_ns);
		}
	}
	return listed > 0;
}

int64_t weir__dump_oldest_wait(const struct weir_pool *pool, int64_t now_ns)
{
	const struct weir__waiter_chunk *chunk = shown_chunks(pool); /* T4 */
	int64_t oldest_ns = 0;

	for (; chunk != NULL; chunk = chunk->next) {
		for (uint32_t i = 0; i < WEIR__CHUNK_WAITERS; i++) {
			const int64_t since_ns = (int64_t)wp_hint_read(&chunk->waiters[i].shown_ns);

			if (since_ns != 0 && now_ns - since_ns > oldest_ns)
				oldest_ns = now_ns - since_ns;
		}
	}
	return oldest_ns;
}

void weir__dump_gate(const struct weir_gate *gate, int64_t now_ns, struct weir__dump_line *line)
{
	const int64_t since_ns = (int64_t)wp_hint_read(&gate->shown_since_ns);
	const char *site = (const char *)(uintptr_t)wp_hint_read(&gate->shown_site);

	weir__dump_begin(line);
	weir__dump_add(line, "  gate");
	if (since_ns == 0) {
		weir__dump_add(line, " free");
	} else {
		weir__dump_add(line, " held at ");
		weir__dump_add(line, site != NULL ? site : "unknown site");
		weir__dump_add(line, " for ");
		weir__dump_add_time(line, now_ns - since_ns);
		add_thread(line, wp_load_rlx_32(&gate->holder_thread));
	}
	weir__dump_add_named(line, "normal", wp_load_rlx_32(&gate->lanes[WEIR_LANE_NORMAL].length));
	weir__dump_add_named(line, "bulk", wp_load_rlx_32(&gate->lanes[WEIR_LANE_BULK].length));
}
