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
 *   opener.c              helper threads for opens that may hang
 *   lease_cancel.c        asking the holder of a lease to stop
 *   pool.c close.c maintain.c diagnose.c   life, housekeeping, explanations
 *
 * Forks. The struct lives in memory that is wiped when the process forks. In the
 * child way and magic are 0, which no path takes for a pool, and nothing else of
 * the struct means anything; the rest of the pool's memory is never reached.
 *
 * Life of the memory. refs counts the owner (until destroy), every place that is
 * not EMPTY, and every helper thread. Whoever drops the last one frees the pool:
 * a lease or an open that comes back after destroy finds it whole.
 */
#ifndef WEIR_CORE_POOL_INTERNAL_H
#define WEIR_CORE_POOL_INTERNAL_H

#include <weir/lease.h>
#include <weir/pool.h>

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

	struct weir__waitq q;

	alignas(WEIR__CACHE_LINE) wp_u32 refs; /* see above */
	wp_u32 empties;                        /* about how many places are EMPTY (capacity.c) */
	wp_u32 progress; /* futex: counts places that became EMPTY, opened, or failed to */
	wp_u64 settings[WEIR_SETTINGS_COUNT]; /* live values of the changeable settings */

	wp_u32 asked;     /* opens that helpers were asked for and have not ended */
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
	wp_u64 leaks;     /* leases found to be leaks; leaked: of them, still out at the last look */
	wp_u32 leaked;
	wp_u64 over_uses; /* leases found to last too long */
	wp_u32 ticking;   /* 1 while a thread keeps house */

	struct weir_driver ops;           /* r/o; a copy, NULL where the driver's struct ends early */
	const struct weir_driver *driver; /* r/o; as given */
	void *driver_data;                /* r/o */
	struct weir__opener *opener;      /* NULL when the driver's opens honour deadlines */
	struct weir__lock set_lock;
	struct weir__last_open last_open;
	struct weir_pool_options options; /* r/o */
	struct weir_config config;        /* r/o after creation */
};

#define WEIR__POOL_MAGIC UINT32_C(0x77656972)

static inline int64_t weir__setting(const struct weir_pool *pool, enum weir_setting_id id)
{
	return (int64_t)wp_load_rlx_64(&pool->settings[id]);
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
 * more of either, as far as asked for. */
#define WEIR__SCAN_SLOTS UINT32_C(1)  /* idle slots, and free places */
#define WEIR__SCAN_ENTERS UINT32_C(2) /* on behalf of a waiter that has just entered */
void weir__pool_scan(struct weir_pool *pool, uint32_t what);

/* release.c: close the connection of an owned slot and give the place up. */
void weir__slot_retire(struct weir_pool *pool, struct weir__slot *slot,
                       enum weir_close_reason reason);

/* capacity.c: reserve a place (EMPTY→OPENING); its index or RING_NONE. */
uint32_t weir__capacity_reserve(struct weir_pool *pool, uint32_t start);

/* capacity.c: give up a place in state OPENING or CLOSING: to the queue if
 * somebody waits, else it becomes EMPTY. May free an orphaned pool. */
void weir__capacity_give(struct weir_pool *pool, struct weir__slot *slot);

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

/* maintain.c: begin opens until min_idle connections are there or on their way;
 * on this thread if the driver's opens honour deadlines. */
enum weir_code weir__pool_prefill(struct weir_pool *pool, struct weir_error *err);

/* leak.c: look at a slot in state LEASED, of which word was read: tell of a leak, or of a
 * use that lasts too long. Whether it is a leak. */
bool weir__leak_look(struct weir_pool *pool, struct weir__slot *slot, uint64_t word,
                     int64_t now_ns);

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
