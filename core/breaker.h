/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The breaker: how many connections may be in the middle of opening, and whether any.
 *
 * States
 *   CLOSED      opens as they are asked for, max_opening at once
 *   OPEN        breaker_failures opens failed one after the other: one at a time is tried,
 *               a probe, and none before due_ns
 *   SLOW_START  a probe succeeded: one at once, then twice as many after each success
 * Legal moves: CLOSED→OPEN (failures), OPEN→SLOW_START (a success), SLOW_START→CLOSED (as
 * many at once as in CLOSED, or breaker_delay_max without a failure), SLOW_START→OPEN (one
 * failure), OPEN→CLOSED (max_opening is 1, or breaker_failures was set to 0). The delay
 * before a probe is doubled by each that fails and each trip, and starts anew in CLOSED
 * only: a database that comes and goes is asked less and less.
 *
 * An open is admitted with its place: a place in state OPENING whose open has not succeeded
 * holds one admission. So whoever takes a place out of EMPTY asks to be admitted, and gives
 * it up again if it is not.
 *
 * Invariants
 *   B1  opening is the number of admissions that are out; admit never raises it above
 *       allowed.
 *   B2  In OPEN at most one probe is out, besides opens that were admitted before and probes
 *       that are older than open_timeout: an open that hangs for ever must not keep probes
 *       from being made. (Such an open, when it ends, may let one more probe begin.)
 *   B3  Opens that begin while a database is down: breaker_failures and max_opening at
 *       once, and then one for each delay, whatever the number of callers.
 *   B4  Nobody who was not admitted waits without being looked after: who gives an
 *       admission back looks at the queue afterwards, and in OPEN every waiter looks when
 *       a probe is due.
 *
 * All words are written under the lock. They are read without it as a hint, to spare a
 * caller the claim of a place that it would have to give up.
 *
 *   label operation                     order  pairs with  breaks if weaker
 *   BR1   leave: store opening, then    full   BR2         who was not admitted sees the old
 *         unlock L2, then load wake                        count, and who left does not see
 *         or scan                                          it wait: lost wake-up
 *   BR2   look: load opening, after     rlx    BR1         ordered by W1's or C1's full
 *         W1 or C1                                         fence
 * Progress: blocking, for some tens of instructions; a look is wait-free.
 */
#ifndef WEIR_CORE_BREAKER_H
#define WEIR_CORE_BREAKER_H

#include <weir/pool.h>

#include "lock.h"

struct weir_pool;

struct weir__breaker {
	struct weir__lock lock;
	wp_u32 state;         /* enum weir_breaker_state */
	wp_u32 opening;       /* admissions that are out */
	wp_u32 allowed;       /* of them at most; in OPEN only as far as B2 lets */
	wp_u32 probing;       /* in OPEN: 1 while a probe is out */
	wp_u32 failures;      /* opens that failed since one succeeded */
	wp_u64 delay_ns;      /* what the next probe waited for, before its jitter; 0: CLOSED */
	wp_u64 due_ns;        /* in OPEN: when the next probe may begin */
	wp_u64 probe_ends_ns; /* in OPEN: when a probe that is out no longer holds up the next */
	wp_u64 changed_ns;    /* when state was entered; 0: never left CLOSED */
	wp_u64 trips;         /* times that OPEN was entered */
	wp_u64 refusals;      /* acquires that ended with UNAVAILABLE */
};

void weir__breaker_init(struct weir_pool *pool);

/* Whether an open would be admitted, as far as one look tells (BR2). */
bool weir__breaker_admits(const struct weir_pool *pool, int64_t now_ns);

/* Admit an open, or not. */
bool weir__breaker_admit(struct weir_pool *pool, int64_t now_ns);

/* Give an admission back (BR1). */
void weir__breaker_leave(struct weir_pool *pool);

/* What came of an open that began then: move on, and tell of it if the state changed. */
void weir__breaker_note(struct weir_pool *pool, bool opened, int64_t began_ns);

/* diagnose.c: log a change of state. */
void weir__breaker_tell(const struct weir_pool *pool, enum weir_breaker_state state,
                        uint32_t failures, int64_t delay_ns);

/* When a waiter should look whether an open is admitted now; INT64_MAX: never. */
int64_t weir__breaker_look_ns(const struct weir_pool *pool, int64_t now_ns);

static inline enum weir_breaker_state weir__breaker_state(const struct weir__breaker *breaker)
{
	return (enum weir_breaker_state)wp_load_rlx_32(&breaker->state);
}

#endif
