/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The queue of waiters, and the word by which a release learns of it.
 *
 * The problem. A release wants to be one plain store. A waiter that finds every
 * slot taken wants to sleep. On real machines the release's store may still sit
 * in its store buffer while its next load says "nobody waits", and the waiter's
 * scan does not see it: the waiter would sleep beside an idle slot for ever. So
 * the waiting side pays: it publishes itself, makes every running thread execute
 * a fence (membarrier), scans once more, and only then sleeps.
 *
 * The wake word (q->wake). Written under the lock only; read by every release.
 *   0              NONE: nobody waits; a release is done after its plain store
 *   PHASE  ARMING  a waiter is there, and its barrier may not have run yet
 *          ARMED   a barrier has run since the word last was NONE
 *   OVERDUE        a waiter must be served next: nothing may be left public
 *   CLOSED         sticky; the pool is closing
 *   bits 8..31     number of waiters
 * A release that reads NONE while it should read more is caught by the barrier
 * and the scan after it. One that reads more than is true takes a longer way.
 *
 * States of a waiter
 *   FREE     in the stock
 *   WAITING  queued, awake
 *   PARKED   queued, asleep or about to be
 *   GRANTED  out of the queue; grant and slot say what it got
 * Legal moves: FREE→WAITING (its thread, enter), WAITING→PARKED (its thread, a
 * CAS), WAITING|PARKED→GRANTED (a granter, under the lock), WAITING|PARKED→FREE
 * (its thread gives up, under the lock), GRANTED→FREE (its thread). Timeout and
 * grant are both decided under the lock, so exactly one of them happens.
 *
 * Who may leave a slot public while somebody waits: a release that knew of the
 * waiters and would rather keep its place (turn.h), and only if it reads, after
 * publishing with a full fence, neither OVERDUE nor CLOSED. Every waiter of such a
 * queue sleeps with a timer; when that fires it sets OVERDUE, scans once more, and
 * only then sleeps without one. One whose deadline comes first scans before it
 * gives up.
 *
 * Invariants
 *   Q1  The queue is in the order of arrival. A grant goes to its head, but for
 *       hand_over, which may prefer one of the WEIR__NEAR oldest while nobody is
 *       overdue and the head is not late; never in strict order. A refusal (refuse)
 *       goes to the oldest that is not patient.
 *   Q2  wake is NONE if and only if the queue is empty and the pool is open.
 *   Q3  OVERDUE is set if and only if some queued waiter is marked overdue.
 *   Q4  A waiter sleeps without a timer of its own only if it is marked overdue,
 *       and has scanned since. Slots that become public from then on are found by
 *       the release that published them: it reads OVERDUE after its full fence.
 *   Q5  A waiter that enters an armed queue with nobody overdue need not scan: a
 *       slot that is public then was left so by a thread that means to take it
 *       back. In case it does not, every WEIR__SCAN_EVERY-th waiter scans all the
 *       same: while waiters are served in time by other slots, no timer fires.
 *   Q6  Memory of waiters is freed only with the queue, so that a late futex
 *       wake can at worst wake a thread once too often.
 *
 * Memory order
 *   label operation                          order  pairs with    breaks if weaker
 *   W1    enter, mark overdue: store wake,   full   R1+X1, R2+X2  the scan reads a word older
 *         then unlock L2                                          than the one published by a
 *                                                                 release that saw no waiter,
 *                                                                 or nobody overdue: lost
 *                                                                 wake-up
 *   W2    arm: wp_barrier_heavy              full   X1            as W1, for the plain release
 *   W3    scan: load of slot words           rlx    R1, R2        as W1
 *   X1    release: light barrier, load wake  rlx    W1, W2        the load moves before the
 *                                                                 store in the compiler
 *   X2    release: load wake after R2        rlx    W1            ordered by R2's full fence
 *   G1    grant: xchg GRANTED                full   G2            the waiter reads an old grant
 *   G2    waiter: load state                 acq    G1            as G1
 *   G3    park: CAS WAITING→PARKED           acq    G1            nothing: G2 follows at once.
 *                                                                 As two steps: a grant between
 *                                                                 the look and the sleep is lost
 *   T1    tick: store of time, then number   rel    T2            a dump pairs a tick with the
 *   T2    dump: load number, then time       acq    T1            time of an older one
 *   T3    grow: store shown_chunks           rel    T4            a dump follows links of a chunk
 *   T4    dump: load shown_chunks            acq    T3            that are not yet written
 * Progress: enter, grant and leave hold a short lock; park blocks to a deadline.
 */
#ifndef WEIR_CORE_WAITQ_H
#define WEIR_CORE_WAITQ_H

#include "lock.h"
#include "slot.h"

#define WEIR__WAKE_NONE UINT32_C(0)
#define WEIR__WAKE_ARMING UINT32_C(1)
#define WEIR__WAKE_ARMED UINT32_C(2)
#define WEIR__WAKE_PHASE UINT32_C(3)
#define WEIR__WAKE_OVERDUE UINT32_C(4)
#define WEIR__WAKE_CLOSED UINT32_C(8)
#define WEIR__WAKE_COUNT_SHIFT 8

enum weir__waiter_state {
	WEIR__WAITER_FREE = 0,
	WEIR__WAITER_WAITING = 1,
	WEIR__WAITER_PARKED = 2,
	WEIR__WAITER_GRANTED = 3,
};

enum weir__grant {
	WEIR__GRANT_NONE = 0,
	WEIR__GRANT_LEASE = 1,    /* slot, in state LEASED, with its connection */
	WEIR__GRANT_CAPACITY = 2, /* slot, in state OPENING: open it yourself */
	WEIR__GRANT_FAILED = 3,   /* the open made for the queue failed */
	WEIR__GRANT_CLOSED = 4,   /* the pool is closing */
	WEIR__GRANT_DOWN = 5,     /* nothing can come: no connection is there, and none opens */
};

struct weir__waiter {
	wp_u32 state;              /* futex; enum weir__waiter_state */
	enum weir__grant grant;    /* granter, before G1 */
	uint32_t slot;             /* granter, before G1 */
	uint32_t cpu;              /* r/o while queued: the processor it entered on */
	bool overdue;              /* under the lock */
	bool patient;              /* r/o while queued: stays when an open fails */
	bool scans;                /* its thread; whether it must scan after entering */
	bool first;                /* its thread; whether nobody was queued when it entered */
	int64_t since_ns;          /* r/o while queued */
	wp_hint shown_ns;          /* since_ns while queued, for dumps; else 0 */
	struct weir__waiter *prev; /* under the lock; towards the head */
	struct weir__waiter *next; /* under the lock; or the next in the stock */
};

/* Waiters are made in chunks and kept until the queue goes (Q6). */
#define WEIR__CHUNK_WAITERS 32

struct weir__waiter_chunk {
	struct weir__waiter_chunk *next; /* r/o once it is in the list */
	struct weir__waiter waiters[WEIR__CHUNK_WAITERS];
};

/* See Q5. Scanning more often takes slots from threads that are about to come
 * back for them. */
#define WEIR__SCAN_EVERY 16

/* How far behind the head a hand-over looks for a waiter that sleeps on the
 * releasing thread's processor. */
#define WEIR__NEAR 16

/* Ticks: moments the queue remembers, so that a lease that only copied the tick
 * number can be given bounds in time (diagnose.c). */
#define WEIR__TICKS 64

struct weir__waitq {
	/* Line read by every acquire and release. */
	alignas(WEIR__CACHE_LINE) wp_u32 wake;
	wp_u32 tick; /* number of the current tick; T1 */
	wp_u32 turn; /* length of a turn; hint for turn.h */

	/* Under the lock from here on. */
	alignas(WEIR__CACHE_LINE) struct weir__lock lock;
	uint32_t length WP_GUARDED_BY(lock);
	uint32_t arming WP_GUARDED_BY(lock);  /* counts moves NONE→ARMING */
	uint32_t overdue WP_GUARDED_BY(lock); /* waiters marked overdue */
	struct weir__waiter *head WP_GUARDED_BY(lock);
	struct weir__waiter *tail WP_GUARDED_BY(lock);
	struct weir__waiter *stock WP_GUARDED_BY(lock);
	struct weir__waiter_chunk *chunks WP_GUARDED_BY(lock);
	bool strict;      /* r/o after init: every waiter is overdue at once */
	bool fence;       /* r/o after init: full fences in place of the heavy barrier */
	const char *name; /* r/o; the pool's, for probes; NULL: none */
	wp_u64 waits;
	wp_u64 handoffs;
	wp_u64 barriers;
	wp_u64 tick_ns[WEIR__TICKS]; /* written under the lock, read by dumps */
	wp_u64 shown_chunks;         /* the pointer chunks, for dumps; T3 */
};

/* Why enter refused. */
enum weir__enter {
	WEIR__ENTERED = 0,
	WEIR__ENTER_CLOSED = 1,
	WEIR__ENTER_FULL = 2,
	WEIR__ENTER_NO_MEMORY = 3,
};

/* strict: no newcomer passes a waiter. fence: the process cannot, or shall not,
 * use the heavy barrier. now_ns begins tick 0. */
void weir__waitq_init(struct weir__waitq *q, bool strict, bool fence, int64_t now_ns);
void weir__waitq_free(struct weir__waitq *q) WP_UNCHECKED;

/*
 * Queue up behind everybody else and publish it to all releases (W1, W2): when
 * this returns ENTERED, every slot that was published by a release that did not
 * know of a waiter is visible, and the caller must scan if the waiter says so.
 * Most do not when the queue was armed and nobody overdue (Q5). patient: nobody's failed
 * open ends the wait.
 */
enum weir__enter weir__waitq_enter(struct weir__waitq *q, int64_t now_ns, uint32_t length_max,
                                   bool patient, struct weir__waiter **waiter);

/* Sleep until granted or deadline_ns; may return early. True once granted. */
bool weir__waitq_park(struct weir__waiter *waiter, int64_t deadline_ns);

/* G2: whether the waiter has been granted something. */
static inline bool weir__waitq_granted(const struct weir__waiter *waiter)
{
	return wp_load_acq_32(&waiter->state) == WEIR__WAITER_GRANTED;
}

/* From now on nothing may be left public until this waiter is out. The caller
 * must scan afterwards. */
void weir__waitq_mark_overdue(struct weir__waitq *q, struct weir__waiter *waiter);

/* Give up; false if a grant came first: then it must be used or passed on. */
bool weir__waitq_cancel(struct weir__waitq *q, struct weir__waiter *waiter);

/* Give a waiter that is out of the queue back to the stock. */
void weir__waitq_retire(struct weir__waitq *q, struct weir__waiter *waiter);

/* Grant to the head of the queue; false if nobody waits. */
bool weir__waitq_grant(struct weir__waitq *q, enum weir__grant grant, uint32_t slot);

/* Tell the oldest waiter that is not patient, or, with all, the oldest, why it gets nothing;
 * false if there is none. */
bool weir__waitq_refuse(struct weir__waitq *q, enum weir__grant grant, bool all);

/* What became of a hand-over. */
enum weir__handed {
	WEIR__HANDED = 0,
	WEIR__HANDED_NONE = 1,     /* nobody waits */
	WEIR__HANDED_DECLINED = 2, /* somebody waits, but for other processors' releasers */
};

/*
 * Grant a lease at the end of a turn: to the head, or, if the releasing thread
 * is about to wait itself (near), to the first of the WEIR__NEAR oldest that
 * sleeps on this processor (Q1): it runs as soon as the releaser sleeps, while a
 * waiter of another processor would queue there behind a thread that has work,
 * and this processor would go idle. Declined, when near, if none of them entered
 * here: then it is for the other processors' releasers to serve the head, until
 * it is WEIR__TURN_LATE old. window_ns is what turns are steered by.
 */
enum weir__handed weir__waitq_hand_over(struct weir__waitq *q, uint32_t slot, int64_t window_ns,
                                        bool near);

/* Set CLOSED for good, make it known to every release, and grant CLOSED to
 * every waiter. */
void weir__waitq_close(struct weir__waitq *q);

/* Begin a new tick. */
void weir__waitq_tick(struct weir__waitq *q, int64_t now_ns);

static inline uint32_t weir__wake_read(const struct weir__waitq *q)
{
	return wp_load_rlx_32(&q->wake);
}

static inline uint32_t weir__wake_count(uint32_t wake)
{
	return wake >> WEIR__WAKE_COUNT_SHIFT;
}

/* Whether a release that has published with a full fence, and then read wake,
 * may leave its slot public. */
static inline bool weir__wake_may_keep(uint32_t wake)
{
	return (wake & (WEIR__WAKE_OVERDUE | WEIR__WAKE_CLOSED)) == 0;
}

#endif
