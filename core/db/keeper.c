/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The keeper: what must happen though no caller asks for it, and when.
 *
 *   what                                      when
 *   lead jobs that nobody waits for           called by the gate
 *   pin                                       called by reads, if they come often
 *   drop the pin, or renew it                 PIN_LOOK_NS without a read; PIN_AGE_NS old
 *   checkpoint while nobody waits             IDLE_NS after a commit left enough frames
 *   name who holds the writer for too long    hold_warning
 *   deal with readers that pin the log        a checkpoint was stuck, snapshot_age
 *   keep house in the readers' pool           when the pool says so (maintain.c)
 *
 * One thread a db, or weir_db_tick by hand with the time that its caller says it
 * is. When nothing has gone on for QUIET_NS the thread sleeps until the pool wants
 * something, and the first to do something wakes it (deep).
 */
#include <string.h>

#include "db_internal.h"
#include "thread_end.h"

#define PIN_LOOK_NS WEIR_MILLISECONDS(50)
#define PIN_AGE_NS WEIR_MILLISECONDS(100)
#define IDLE_NS WEIR_MILLISECONDS(10)
#define QUIET_NS WEIR_SECONDS(2)
#define WATCH_NS WEIR_MILLISECONDS(250)

/* How long a checkpoint of the keeper's may wait, in the gate too: it is for
 * moments in which nobody else wants to write. */
#define PATIENCE_NS WEIR_MILLISECONDS(20)

static int64_t sooner(int64_t a_ns, int64_t b_ns)
{
	return a_ns < b_ns ? a_ns : b_ns;
}

/* ---- the pin ---- */

static uint64_t count_reads(struct weir_db *db)
{
	uint64_t reads = 0;

	for (uint32_t i = 0; i < db->readers->ring.count; i++)
		reads += wp_load_rlx_64(&db->readers->ring.slots[i].leases);
	return reads;
}

static int64_t keep_pin(struct weir_db *db, int64_t now_ns)
{
	struct weir__keeper *keeper = &db->keeper;
	const uint64_t reads = db->readers == NULL ? 0 : count_reads(db);

	if (db->readers == NULL)
		return INT64_MAX;
	if (wp_load_rlx_32(&db->pinned) == 0) {
		if (wp_load_rlx_32(&db->unpinned) == 0)
			return INT64_MAX;
		/* Reads since the last look that met no pin: take one if they go on. */
		wp_store_rlx_32(&db->unpinned, 0);
		if (reads - keeper->reads_seen < 2)
			return INT64_MAX;
		weir__upkeep_pin(db);
		keeper->pin_renewed_ns = now_ns;
		keeper->pin_looked_ns = now_ns;
		keeper->reads_seen = reads;
		return weir__add_ns(now_ns, PIN_LOOK_NS);
	}
	if (weir__db_setting(db, WEIR_SET_read_pin) == 0) {
		weir__upkeep_unpin(db);
		return INT64_MAX;
	}
	if (now_ns - keeper->pin_looked_ns >= PIN_LOOK_NS) {
		keeper->pin_looked_ns = now_ns;
		if (reads == keeper->reads_seen) {
			weir__upkeep_unpin(db);
			return INT64_MAX;
		}
		keeper->reads_seen = reads;
	}
	if (now_ns - keeper->pin_renewed_ns >= PIN_AGE_NS) {
		keeper->pin_renewed_ns = now_ns;
		weir__upkeep_pin(db);
	}
	return weir__add_ns(keeper->pin_looked_ns, PIN_LOOK_NS);
}

/* ---- checkpoints while idle ---- */

static int64_t keep_log(struct weir_db *db, int64_t now_ns)
{
	struct weir_gate_entry *entry = NULL;
	struct weir__job job;
	enum weir_code code = WEIR_ERR_CLOSED;

	if (wp_load_rlx_32(&db->idle_wanted) == 0)
		return INT64_MAX;
	if (weir_gate_length(db->gate) > 0 ||
	    (int64_t)wp_load_rlx_64(&db->sequence) != db->keeper.sequence_seen) {
		db->keeper.sequence_seen = (int64_t)wp_load_rlx_64(&db->sequence);
		return weir__add_ns(now_ns, IDLE_NS);
	}
	weir__job_init(&job, db, NULL, NULL, NULL, WEIR_HERE);
	job.deadline_ns = weir__add_ns(wp_now(), PATIENCE_NS);
	wp_store_rlx_32(&db->idle_wanted, 0);
	if (weir__upkeep_enter(db))
		code = weir__writer_enter(db, WEIR_GATE_MAINTENANCE, &job, &entry, NULL);
	if (code == WEIR_OK) {
		(void)!weir__upkeep_checkpoint(db, weir_deadline_in(PATIENCE_NS), NULL, NULL);
		weir__writer_leave(db, entry);
	}
	weir__upkeep_leave(db);
	if (code != WEIR_ERR_GATE_TIMEOUT && code != WEIR_ERR_REJECTED)
		return INT64_MAX;
	/* Who kept it out may have nothing to commit, and so nothing to ask for. */
	wp_store_rlx_32(&db->idle_wanted, 1);
	return weir__add_ns(now_ns, WATCH_NS);
}

/* ---- who is late ---- */

/* Whether nobody has or wants the writer, and nobody had it since the last look.
 * Under the gate's lock: whoever comes later finds what was stored before. */
static bool look_at_gate(struct weir_db *db, struct weir_gate_stats *stats)
{
	memset(stats, 0, sizeof *stats);
	stats->size = (uint32_t)sizeof *stats;
	return weir_gate_read_stats(db->gate, stats) == WEIR_OK &&
	       stats->entered == db->keeper.entered_seen && stats->held_ns == 0;
}

static void tell_holder(struct weir_db *db, const struct weir_gate_stats *stats)
{
	const char *site = stats->holder_site != NULL ? stats->holder_site : "a job";
	const uint32_t waiting = stats->length[WEIR_LANE_NORMAL] + stats->length[WEIR_LANE_BULK];
	const struct weir__field fields[] = {
		weir__text_field("weir.gate.holder.site", site),
		weir__int_field("weir.gate.holder.thread", stats->holder_thread),
		weir__seconds_field("weir.gate.holder.time", stats->held_ns),
		weir__int_field("weir.gate.pending_requests", waiting),
	};

	weir__db_say(db, WEIR_LOG_HOLD_EVENT, fields, 4,
	             "%s has held the writer for %lld ms; %u writes wait for it", site,
	             (long long)(stats->held_ns / WEIR_MILLISECONDS(1)), waiting);
}

static int64_t watch_holder(struct weir_db *db, int64_t now_ns)
{
	const int64_t limit_ns = weir__db_setting(db, WEIR_SET_hold_warning);
	struct weir__keeper *keeper = &db->keeper;
	struct weir_gate_stats stats;

	const bool idle = look_at_gate(db, &stats);

	keeper->entered_seen = stats.entered;
	if (!idle)
		keeper->quiet_ns = 0;
	else if (keeper->quiet_ns == 0)
		keeper->quiet_ns = now_ns;
	if (limit_ns == 0)
		return weir__add_ns(now_ns, WATCH_NS); /* readers are watched all the same */
	const int64_t since_ns = wp_now() - stats.held_ns;

	/* Once for each hold: two looks at one hold agree on when it began, but for
	 * the time that looking takes. */
	if (stats.held_ns >= limit_ns && since_ns > keeper->hold_told_ns + WEIR_MILLISECONDS(1)) {
		keeper->hold_told_ns = since_ns;
		tell_holder(db, &stats);
	}
	return weir__add_ns(now_ns, sooner(limit_ns, WATCH_NS));
}

/* Stop a reader as the policy says. By its generation: one that has ended
 * meanwhile is another's by now, and is left alone. */
static void stop_reader(struct weir_db *db, uint32_t at, uint32_t generation)
{
	const int64_t policy = weir__db_setting(db, WEIR_SET_snapshot_policy);
	struct weir_lease lease;

	if (policy == WEIR_SNAPSHOT_WARN)
		return;
	memset(&lease, 0, sizeof lease);
	lease.pool = db->readers;
	lease.conn = db; /* anything but NULL: a lease that is held; nobody follows it */
	lease.slot = at;
	lease.generation = generation;
	if (policy == WEIR_SNAPSHOT_REFUSE)
		wp_store_rlx_32(&db->refused[at], generation);
	else
		(void)!weir_cancel(&lease, NULL);
}

static void tell_reader(struct weir_db *db, const struct weir__slot *slot, int64_t age_ns)
{
	const char *site = (const char *)wp_load_rlx_ptr(&slot->site);

	const uint64_t frames = wp_load_rlx_64(&db->log_frames);
	const uint32_t thread = (uint32_t)(wp_load_rlx_64(&slot->since) >> 32);
	const struct weir__field fields[] = {
		weir__text_field("weir.lease.site", site),
		weir__int_field("weir.lease.thread", thread),
		weir__seconds_field("weir.snapshot.age", age_ns),
		weir__int_field("weir.wal.frames", (int64_t)frames),
	};

	weir__db_say(db, WEIR_LOG_SNAPSHOT_EVENT, fields, 4,
	             "a read keeps %llu frames of the log from ending: %s, for %lld ms (thread %u)",
	             (unsigned long long)frames, site != NULL ? site : "unknown site",
	             (long long)(age_ns / WEIR_MILLISECONDS(1)), thread);
}

/*
 * Deal with readers beside which the log has been pinned for too long. The age is
 * counted from when that was first seen: what the pool remembers of leases does
 * not reach back far enough.
 */
static int64_t watch_readers(struct weir_db *db, int64_t now_ns)
{
	const int64_t limit_ns = weir__db_setting(db, WEIR_SET_snapshot_age);

	const bool watching = db->keeper.watching;

	db->keeper.watching = false;
	if (db->readers == NULL || limit_ns == 0 || wp_load_rlx_32(&db->stuck) == 0)
		return INT64_MAX;
	const bool tell = now_ns - db->keeper.age_told_ns >= limit_ns;

	for (uint32_t i = 0; i < db->readers->ring.count; i++) {
		struct weir__slot *slot = weir__pool_slot(db->readers, i);
		struct weir__watched *watched = &db->watched[i];
		const uint64_t word = wp_load_rlx_64(&slot->word);
		const uint32_t generation = weir__word_generation(word);

		if (weir__word_state(word) != WEIR__LEASED)
			continue;
		db->keeper.watching = true;
		if (watched->generation != generation) {
			watched->generation = generation;
			watched->since_ns = now_ns;
		}
		if (now_ns - watched->since_ns < limit_ns)
			continue;
		if (tell) {
			db->keeper.age_told_ns = now_ns;
			tell_reader(db, slot, now_ns - watched->since_ns);
		}
		stop_reader(db, i, generation);
	}
	/* Those who kept the log from being copied are gone: copy it. */
	if (watching && !db->keeper.watching) {
		wp_store_rlx_32(&db->idle_wanted, 1);
		return weir__add_ns(now_ns, IDLE_NS);
	}
	return weir__add_ns(now_ns, sooner(limit_ns, WATCH_NS));
}

/* ---- the readers' pool ---- */

/* Its housekeeping is due far less often than this db's: each pass takes every idle
 * reader out of the ring for a moment. */
static int64_t keep_pool(struct weir_db *db, struct weir_time now)
{
	struct weir__keeper *keeper = &db->keeper;

	if (db->readers == NULL)
		return INT64_MAX;
	if (now.ns < keeper->pool_due_ns && wp_load_rlx_32(&db->pool_wanted) == 0)
		return keeper->pool_due_ns;
	wp_store_rlx_32(&db->pool_wanted, 0);
	keeper->pool_due_ns = INT64_MAX;
	if (weir__upkeep_enter(db)) {
		wp_store_rlx_32(&db->keeping, wp_thread_id());
		keeper->pool_due_ns = weir_pool_tick(db->readers, now).ns;
		wp_store_rlx_32(&db->keeping, 0);
	}
	weir__upkeep_leave(db);
	return keeper->pool_due_ns;
}

/* ---- the tick ---- */

static void lead_unattended(struct weir_db *db)
{
	while (weir_gate_attend(db->gate, "keeper")) /* ends: somebody waits, or none is left */
		weir__group_lead(db);
}

struct weir_time weir_db_tick(struct weir_db *db, struct weir_time now)
{
	WEIR__CANCEL_DEFERRED;
	struct weir_time next = {INT64_MAX};

	if (db == NULL || !weir__db_ours(db) || weir_gate_is_mine(db->gate))
		return next;
	lead_unattended(db);
	weir__tickets_sweep(db);
	next.ns = sooner(next.ns, keep_pin(db, now.ns));
	next.ns = sooner(next.ns, keep_log(db, now.ns));
	next.ns = sooner(next.ns, watch_readers(db, now.ns));
	next.ns = sooner(next.ns, watch_holder(db, now.ns));
	next.ns = sooner(next.ns, keep_pool(db, now));
	return next;
}

/* ---- the thread ---- */

static bool may_sleep_deep(const struct weir_db *db, int64_t now_ns)
{
	const int64_t quiet_ns = db->keeper.quiet_ns;

	return quiet_ns != 0 && now_ns - quiet_ns >= QUIET_NS && !db->keeper.watching &&
	       wp_load_rlx_32(&db->pinned) == 0 && wp_load_rlx_32(&db->idle_wanted) == 0;
}

/* The tick of the db's own thread: the same, and no timer when nothing goes on. */
static struct weir_time tick_own(void *arg, struct weir_time now)
{
	struct weir_db *db = (struct weir_db *)arg;
	struct weir_time next = weir_db_tick(db, now);
	struct weir_gate_stats stats;

	if (!may_sleep_deep(db, now.ns))
		return next;
	wp_store_rlx_32(&db->keeper.own.deep, 1);
	if (look_at_gate(db, &stats))
		next.ns = db->keeper.pool_due_ns;
	return next;
}

void weir__keeper_call(struct weir_db *db)
{
	weir__ticker_call(db->keeper.ticker);
}

void weir__keeper_stir(struct weir_db *db)
{
	weir__ticker_stir(db->keeper.ticker);
}

void weir__keeper_init(struct weir_db *db)
{
	weir__ticker_init(&db->keeper.own, tick_own, db);
	db->keeper.ticker = &db->keeper.own;
}

void weir__db_attend_by(struct weir_db *db, struct weir__ticker *ticker)
{
	db->keeper.ticker = ticker;
}

enum weir_code weir__keeper_start(struct weir_db *db, struct weir_error *err)
{
	if (db->config.keeper == WEIR_KEEPER_MANUAL)
		return WEIR_OK;
	return weir__ticker_start(&db->keeper.own, "db.create", err);
}

void weir__keeper_stop(struct weir_db *db)
{
	weir__ticker_stop(&db->keeper.own);
}
