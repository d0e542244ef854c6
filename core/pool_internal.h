/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The pool's inside: its parts, and what they call of each other.
 *
 *   slot.h    one place and the word that says whose it is
 *   ring.h    finding a public slot
 *   waitq.h   the queue of waiters and the wake word
 *   turn.h    hand over or keep
 *   acquire.c release.c   the two paths of a lease
 *   capacity.c            reserving, opening and giving up places
 *   breaker.h             how many opens there may be, and whether any
 *   opener.c              helper threads for opens that may hang
 *   lease_cancel.c        asking the holder of a lease to stop
 *   leak.c reclaim.c      leases that do not come back, and places in their stead
 *   lease_time.c          what is recorded of how long it took, and was used
 *   pool.c close.c maintain.c diagnose.c   life, housekeeping, explanations
 *
 * Forks. The struct lives in memory that is wiped when the process forks. In the
 * child way and magic are 0, which no path takes for a pool, and nothing else of
 * the struct means anything; the rest of the pool's memory is never reached.
 *
 * Life of the memory. refs counts the owner (until destroy), every place that is
 * neither EMPTY nor SPARE, and every helper thread. Whoever drops the last one frees the pool:
 * a lease or an open that comes back after destroy finds it whole.
 */
#ifndef WEIR_CORE_POOL_INTERNAL_H
#define WEIR_CORE_POOL_INTERNAL_H

#include <weir/lease.h>
#include <weir/pool.h>

#include "breaker.h"
#include "histogram_internal.h"
#include "ring.h"
#include "seat.h"
#include "waitq.h"

/* Bits of pool->way: OPEN, and why the shortest paths may not be taken. */
#define WEIR__WAY_OPEN UINT32_C(1)     /* 0 only in a forked child */
#define WEIR__WAY_STRICT UINT32_C(2)   /* acquire: no newcomer passes a waiter */
#define WEIR__WAY_VALIDATE UINT32_C(4) /* acquire: validate first */
#define WEIR__WAY_FENCE UINT32_C(8)    /* release: no asymmetric barrier */
#define WEIR__WAY_RESET UINT32_C(16)   /* release: the driver resets */
#define WEIR__WAY_HINTED UINT32_C(32)  /* release: the ring has hints to set */

#define WEIR__WAY_SUSPENDED UINT32_C(64) /* acquire: not before resume */
#define WEIR__WAY_STALE UINT32_C(128)    /* both: connections may be of an old epoch */

#define WEIR__WAY_ACQUIRE                                                                          \
	(WEIR__WAY_OPEN | WEIR__WAY_STRICT | WEIR__WAY_VALIDATE | WEIR__WAY_SUSPENDED | WEIR__WAY_STALE)
#define WEIR__WAY_RELEASE                                                                          \
	(WEIR__WAY_OPEN | WEIR__WAY_FENCE | WEIR__WAY_RESET | WEIR__WAY_HINTED | WEIR__WAY_STALE)

/* The last failed open, for whoever times out afterwards. */
struct weir__last_open {
	struct weir__lock lock;
	enum weir_code code;
	int32_t driver_code;
	int64_t at_ns;
	char message[WEIR_ERROR_MESSAGE_MAX];
};

struct weir__opener;

struct weir_pool {
	/* Read by every acquire and release; written at creation, way also later. */
	alignas(WEIR__CACHE_LINE) struct weir__ring ring;
	uint64_t id;
	wp_u32 way;
	uint32_t magic;
	uint32_t size; /* r/o: max_size; the ring's places beyond are spare (reclaim.c) */

	struct weir__waitq q;

	alignas(WEIR__CACHE_LINE) wp_u32 refs; /* see above */
	wp_u32 empties;                        /* about how many places are EMPTY (capacity.c) */
	wp_u32 progress; /* futex: counts places that became EMPTY, opened, or failed to */
	wp_u64 settings[WEIR_SETTINGS_COUNT]; /* live values of the changeable settings */

	struct weir__breaker breaker;
	wp_u32 open_down; /* the last open that ended failed */
	wp_u64 timeouts;
	wp_u64 rejected;
	wp_u64 opens;
	wp_u64 open_failures;
	wp_u64 closed[WEIR_CLOSE_REASONS];

	wp_u32 epoch;       /* raised by reset (pool_reset.c) */
	wp_u64 suspect_ns;  /* when an open or a validation last failed; 0: never */
	wp_u64 validations; /* made, failed; those of idle connections among them */
	wp_u64 validate_failures;
	wp_u64 keepalives;
	wp_u64 leaks; /* leases found to be leaks; leaked: of them, still out at the last look */
	wp_u32 leaked;
	wp_u64 reclaimed;   /* of the leaks, those that a place was lent for */
	wp_u32 lent;        /* housekeeping; spare places that are in use (reclaim.c) */
	wp_u32 written_off; /* housekeeping; leases whose places were lent (reclaim.c) */
	wp_u64 over_uses;   /* leases found to last too long */
	wp_u32 ticking;     /* 1 while a thread keeps house */

	/* r/o; NULL with metrics=false. waits: of those that had to; metrics_histogram.c */
	struct weir__histogram *waits;
	struct weir__histogram *uses;
	struct weir__histogram *creates;
	wp_u64 unwaited; /* the most leases that were told not to have waited */

	struct weir_driver ops;           /* r/o; a copy, NULL where the driver's struct ends early */
	const struct weir_driver *driver; /* r/o; as given */
	void *driver_data;                /* r/o */
	struct weir__opener *opener;      /* NULL when the driver's opens honour deadlines */
	struct weir__lock set_lock;
	struct weir__lock fill_lock; /* counting and opening to min_idle on helpers */
	struct weir__last_open last_open;
	struct weir_pool_options options; /* r/o */
	struct weir_config config;        /* r/o after creation */
};

#define WEIR__POOL_MAGIC UINT32_C(0x77656972)

static inline int64_t weir__setting(const struct weir_pool *pool, enum weir_setting_id id)
{
	return (int64_t)wp_load_rlx_64(&pool->settings[id]);
}

/* What a call's choice comes to. */
static inline bool weir__waits_when_down(const struct weir_pool *pool, enum weir_when_down choice)
{
	const bool by_setting = weir__setting(pool, WEIR_SET_when_down) != 0;

	return choice == WEIR_DOWN_SETTING ? by_setting : choice == WEIR_DOWN_WAIT;
}

/* Whether the pool belongs to this process. A forked child must not touch it. */
static inline bool weir__pool_ours(const struct weir_pool *pool)
{
	return pool->magic == WEIR__POOL_MAGIC;
}

static inline struct weir__slot *weir__pool_slot(struct weir_pool *pool, uint32_t index)
{
	return &pool->ring.slots[index];
}

static inline uint32_t weir__slot_index(const struct weir_pool *pool, const struct weir__slot *slot)
{
	return (uint32_t)(slot - pool->ring.slots);
}

/* The seat of the calling thread at pool. */
static inline struct weir__seat *weir__pool_seat(const struct weir_pool *pool)
{
	struct weir__seat *seat = weir__seat_find(pool->id);

	if (seat->pool_id != pool->id)
		weir__seat_take(seat, pool->id, pool->ring.count);
	return seat;
}

static inline int64_t weir__add_ns(int64_t time_ns, int64_t duration_ns)
{
	return duration_ns > INT64_MAX - time_ns ? INT64_MAX : time_ns + duration_ns;
}

/* release.c: give an owned slot that has a connection (state LEASED, OPENING or
 * CHECKING) to the head of the queue, or publish it. */
void weir__slot_pass_on(struct weir_pool *pool, struct weir__slot *slot);

/* release.c: give public slots and free places to the queue until there are no
 * more of either. enters: as weir__capacity_refill. */
void weir__pool_scan(struct weir_pool *pool, bool enters);

/* release.c: close the connection of an owned slot and give the place up. */
void weir__slot_retire(struct weir_pool *pool, struct weir__slot *slot,
                       enum weir_close_reason reason);

/* release.c: the first half of that: the slot is CLOSING, without a connection. */
void weir__slot_shut(struct weir_pool *pool, struct weir__slot *slot,
                     enum weir_close_reason reason);

/* capacity.c: reserve a place (EMPTY→OPENING), with its admission; its index or RING_NONE.
 * now_ns: the time, 0 to have it read. */
uint32_t weir__capacity_reserve(struct weir_pool *pool, uint32_t start, int64_t now_ns);

/* capacity.c: give up a place in state OPENING (with its admission) or CLOSING: to the
 * queue if somebody waits, else it becomes EMPTY. May free an orphaned pool. */
void weir__capacity_give(struct weir_pool *pool, struct weir__slot *slot);

/* capacity.c: an open has succeeded, and the place is no longer in state OPENING: give its
 * admission back, and see who else waits for one. */
void weir__capacity_opened(struct weir_pool *pool);

/* capacity.c: give places to the queue as far as opens are admitted. enters: on behalf of a
 * waiter that has just entered. */
void weir__capacity_refill(struct weir_pool *pool, bool enters);

/* capacity.c: tell a waiter that the open made for the queue failed; without a breaker the
 * patient ones, too, or it would be made again at once. False if nobody was told. */
bool weir__capacity_tell_failed(struct weir_pool *pool);

/* capacity.c: whether no connection is there, and none but a probe may open; and telling
 * the waiters that do not wait for better times. */
bool weir__is_down(const struct weir_pool *pool);
void weir__capacity_tell_down(struct weir_pool *pool);

/* capacity.c: begin an open for whoever comes next, where helpers open, if it is admitted. */
void weir__capacity_probe(struct weir_pool *pool);

/* capacity.c: open a connection in a place in state OPENING, on this thread. The
 * state stays OPENING: on success, with conn set, the caller moves it on; on
 * failure the caller gives the place up. Errors: OPEN_FAILED, with err filled;
 * DRIVER_DEADLINE, when deadline_ns was what cut the open short. */
enum weir_code weir__capacity_open(struct weir_pool *pool, struct weir__slot *slot,
                                   int64_t deadline_ns, struct weir_error *err);

/* lease_cancel.c: whether the lease that is out of slot, which token points to, was asked
 * to stop. For the holder's thread. */
bool weir__cancel_asked(const void *token);

/* opener.c: open in that place (state OPENING) on a helper thread, for whoever
 * heads the queue when it is done. False, with the place still the caller's, if
 * there is no thread to do it; that is noted as the last failed open. */
bool weir__opener_request(struct weir_pool *pool, struct weir__slot *slot);

/* opener.c: the same, but open also when nobody waits. */
bool weir__opener_prefill(struct weir_pool *pool, struct weir__slot *slot);
bool weir__opener_create(struct weir_pool *pool);

/* opener.c: let the helper threads go, once they have nothing to do. */
void weir__opener_stop(struct weir__opener *opener);
void weir__opener_free(struct weir__opener *opener);

/* validate.c: whether the connection of an owned slot need not be asked. */
bool weir__is_sound(const struct weir_pool *pool, const struct weir__slot *slot, int64_t now_ns);

/* validate.c: count a validation of an owned slot; one that does not work is retired. */
void weir__validated(struct weir_pool *pool, struct weir__slot *slot, bool works, int64_t now_ns);

/* maintain.c: begin opens until min_idle connections are there or on their way, or no more
 * are admitted; on this thread if the driver's opens honour deadlines. */
enum weir_code weir__pool_prefill(struct weir_pool *pool, struct weir_error *err);

/* leak.c: look at a slot in state LEASED, of which word was read: tell of a leak, or of a
 * use that lasts too long. Whether it is a leak. */
bool weir__leak_look(struct weir_pool *pool, struct weir__slot *slot, uint64_t word,
                     int64_t now_ns);

/* Places beyond max_size that a pool withholds until leases are written off. */
static inline uint32_t weir__pool_spares(const struct weir_config *config)
{
	return config->leak_policy == WEIR_LEAK_RECLAIM ? (uint32_t)config->max_size / 4 + 1 : 0;
}

/* All places: the slots of connections are numbered below it. */
static inline uint32_t weir__pool_places(const struct weir_config *config)
{
	return (uint32_t)config->max_size + weir__pool_spares(config);
}

/* How many connections there may be now: max_size, and one for each place that is lent. */
static inline uint32_t weir__pool_limit(const struct weir_pool *pool)
{
	return pool->size + wp_load_rlx_32(&pool->lent);
}

/* Of watched_ns, beside leak.c's: the lease is written off. */
#define WEIR__WRITTEN_OFF INT64_C(4)

/* reclaim.c, for the thread that keeps house: write the lease of slot off, and lend a
 * place in its stead; false if no spare one is left. */
bool weir__reclaim_write_off(struct weir_pool *pool, struct weir__slot *slot);

/* reclaim.c: look whether the lease of slot that was written off is over. */
void weir__reclaim_note(struct weir_pool *pool, struct weir__slot *slot, uint64_t word);

/* reclaim.c: withdraw what is lent for leases that are over; false if some is in use. */
bool weir__reclaim_withdraw(struct weir_pool *pool);

/* pool_reset.c: whether a connection, whose slot the caller owns, is of an old epoch. */
static inline bool weir__is_stale(const struct weir_pool *pool, const struct weir__slot *slot)
{
	return wp_load_rlx_32(&slot->epoch) != wp_load_rlx_32(&pool->epoch);
}
/* After a look at all slots: none is stale, and none may become so. */
void weir__reset_settle(struct weir_pool *pool);

/* diagnose.c: fill err for an acquire that got no lease. */
struct weir__stages {
	int64_t queued_ns;
	int64_t open_ns;
	int64_t validate_ns;
};

/* lease_time.c: count what an attempt that got a lease has waited, before the lease is
 * counted in its slot; false if it did not wait, or nobody wants to know. */
bool weir__wait_count(struct weir_pool *pool, const struct weir__stages *stages, uint32_t thread);

/* lease_time.c: the use of a lease that was just taken is to be timed: for itself if it
 * waited, else for all that did not. */
void weir__use_begin(const struct weir_pool *pool, struct weir__slot *slot, bool waited);

/* lease_time.c: a lease comes back, and its slot is still its own: record its use if that
 * is timed. */
void weir__use_end(struct weir_pool *pool, struct weir__slot *slot);

enum weir_code weir__diagnose(struct weir_pool *pool, struct weir_error *err, enum weir_code code,
                              const char *where, const struct weir__stages *stages);
/* Bounds of how long a lease that copied that tick has been held. Async-signal-safe. */
void weir__bound_hold(const struct weir__waitq *q, uint32_t tick, int64_t now_ns,
                      struct weir_holder *holder);
void weir__diagnose_holders(struct weir_pool *pool, struct weir_error *err);
void weir__last_open_note(struct weir_pool *pool, enum weir_code code,
                          const struct weir_error *err);

/* diagnose.c: the last failed open and its age, as err has it; nothing if there was none. */
void weir__last_open_copy(struct weir_pool *pool, struct weir_error *err);

/* diagnose.c: what to tell a caller whose open failed. */
enum weir_code weir__last_open_failure(struct weir_pool *pool);

/* A place became EMPTY, or an open ended: wake who waits for that (create, close). */
void weir__progress(struct weir_pool *pool);

/* close.c: drop one reference, the last of which frees the pool. */
void weir__pool_ref(struct weir_pool *pool);
void weir__pool_unref(struct weir_pool *pool);

#endif
