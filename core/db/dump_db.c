/* SPDX-License-Identifier: BSD-2-Clause
 *
 * See dump_db.h. One part after the other: the pool's figures, its slots, those who
 * wait, the gate, the log, the migration that runs.
 */
#include "dump_db.h"

#include "dump_pool.h"

enum part {
	PART_POOL = 0,
	PART_SLOTS = 1,
	PART_WAITERS = 2,
	PART_GATE = 3,
	PART_LOG = 4,
	PART_MIGRATION = 5,
	PART_END = 6,
};

static void add_sql(const struct weir_db *db, uint32_t slot, struct weir__dump_line *line)
{
	const char *sql = (const char *)(uintptr_t)wp_load_acq_64(&db->counts[slot].sql);

	if (sql == NULL)
		return;
	weir__dump_add(line, " sql: ");
	weir__dump_add(line, sql);
}

static bool slot_line(const struct weir_db *db, uint32_t slot, int64_t now_ns,
                      struct weir__dump_line *line)
{
	const uint64_t word = wp_load_rlx_64(&db->readers->ring.slots[slot].word);

	if (!weir__dump_slot(db->readers, slot, now_ns, line))
		return false;
	if (weir__word_state(word) == WEIR__LEASED)
		add_sql(db, slot, line);
	return true;
}

/* The lease that is out for longest: what it reads keeps the log from ending. */
static void add_oldest_reader(const struct weir_db *db, int64_t now_ns,
                              struct weir__dump_line *line)
{
	const struct weir_pool *pool = db->readers;
	int64_t oldest_ns = -1;
	uint32_t slot = 0;

	for (uint32_t i = 0; pool != NULL && i < pool->ring.count; i++) {
		const uint64_t since = wp_load_rlx_64(&pool->ring.slots[i].since);
		struct weir_holder holder;

		if (weir__word_state(wp_load_rlx_64(&pool->ring.slots[i].word)) != WEIR__LEASED)
			continue;
		weir__bound_hold(&pool->q, (uint32_t)since, now_ns, &holder);
		if (holder.held_ns_min <= oldest_ns)
			continue;
		oldest_ns = holder.held_ns_min;
		slot = i;
	}
	if (oldest_ns < 0)
		return;
	weir__dump_add(line, " oldest reader slot ");
	weir__dump_add_number(line, slot);
	weir__dump_add(line, " for ");
	weir__dump_add_time(line, oldest_ns);
}

static void log_line(const struct weir_db *db, int64_t now_ns, struct weir__dump_line *line)
{
	weir__dump_begin(line);
	weir__dump_add(line, "  log");
	weir__dump_add_named(line, "frames", wp_load_rlx_64(&db->log_frames));
	weir__dump_add_named(line, "stuck", wp_load_rlx_32(&db->stuck));
	weir__dump_add_named(line, "pinned", wp_load_rlx_32(&db->pinned));
	weir__dump_add_named(line, "checkpoints", wp_load_rlx_64(&db->checkpoints));
	weir__dump_add_named(line, "commits", wp_load_rlx_64(&db->commits));
	add_oldest_reader(db, now_ns, line);
}

static bool migration_line(const struct weir__db_migration *migration, struct weir__dump_line *line)
{
	if (wp_load_rlx_32(&migration->runs) == 0)
		return false;
	weir__dump_begin(line);
	weir__dump_add(line, "  migration");
	weir__dump_add_named(line, "step", wp_load_rlx_32(&migration->step));
	weir__dump_add_named(line, "steps", wp_load_rlx_32(&migration->steps));
	weir__dump_add_named(line, "statement", wp_load_rlx_32(&migration->statement));
	return true;
}

bool weir__dump_db_next(const struct weir_db *db, struct weir__dump_at *at, int64_t now_ns,
                        struct weir__dump_line *line)
{
	const struct weir_pool *pool = db->readers;
	const enum part part = (enum part)at->part;

	at->part++;
	switch (part) {
	case PART_POOL:
		if (pool != NULL)
			weir__dump_pool(pool, line);
		return pool != NULL;
	case PART_SLOTS:
		if (pool == NULL || at->slot == pool->ring.count)
			return false;
		at->part--;
		return slot_line(db, at->slot++, now_ns, line);
	case PART_WAITERS:
		return pool != NULL && weir__dump_waiters(pool, now_ns, line);
	case PART_GATE:
		weir__dump_gate(db->gate, now_ns, line);
		if (wp_hint_read(&db->gate->shown_since_ns) != 0)
			add_sql(db, weir__pool_places(&db->config), line);
		return true;
	case PART_LOG:
		log_line(db, now_ns, line);
		return true;
	case PART_MIGRATION:
		return migration_line(&db->migration, line);
	case PART_END:
		break;
	}
	at->part = UINT32_MAX;
	return false;
}
