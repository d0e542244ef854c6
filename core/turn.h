/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Turns: whether a release gives its slot to the queue, or leaves it public.
 *
 * Only a hint follows from here; waitq.h keeps every answer safe.
 *
 * Handing each returned slot to the oldest waiter is fair and, when holds are
 * short, slow: every hold then pays for two context switches. Leaving it public
 * is fast, and lets a running thread starve the sleepers. The rule in between:
 *
 *   1. A thread that is known to come back at once may leave its slot public: it
 *      will take it again itself, with no switch in between. Known means: the
 *      last time this was measured, it was back within WEIR__TURN_RETURN_NS.
 *      Any other thread hands over, so that no slot lies idle beside a waiter.
 *   2. It may do so for one turn, a number of leases that is the same for all
 *      threads at a time. Equal turns in the order of the queue are what makes
 *      the pool fair.
 *   3. The queue steers the length of a turn so that a waiter is served after
 *      WEIR__TURN_TARGET of the fairness window (weir__turn_steer, once for each
 *      grant). The longer the turns, the fewer the switches; the window is what
 *      the user has allowed for them.
 *   4. If the steering is wrong (holds suddenly got longer), a waiter's own timer
 *      ends all turns (waitq.h, OVERDUE).
 *
 * No clock is read while a turn lasts, but for one reading in
 * WEIR__TURN_MEASURE leases, to see whether the thread still comes back.
 */
#ifndef WEIR_CORE_TURN_H
#define WEIR_CORE_TURN_H

#include "seat.h"
#include "waitq.h"

/* A wake-up costs some microseconds; a thread that is back sooner than this
 * makes better use of the slot than a sleeper does. */
#define WEIR__TURN_RETURN_NS INT64_C(10000)
#define WEIR__TURN_MEASURE 64

/* The part of the window after which a waiter should be served, in eighths. */
#define WEIR__TURN_TARGET 5

/* The age, in eighths of the window, at which the head is served whoever comes. */
#define WEIR__TURN_LATE 6

static inline bool weir__turn_late(int64_t age_ns, int64_t window_ns)
{
	return age_ns >= window_ns / 8 * WEIR__TURN_LATE;
}

/* When a waiter looks for slots left public by a thread that did not come back
 * after all, and ends all turns: after that many windows. Turns that are as long
 * as they should be have served it before. */
#define WEIR__TURN_OVERDUE 2

/* Whoever waits alone looks once before, after this part of the window: nobody
 * else will. */
#define WEIR__TURN_LOOK_DEN 4

/* Lengths of turns are in 1/1024 of a lease, so that they can be steered finely
 * where a turn is two or three leases. */
#define WEIR__TURN_ONE UINT32_C(1024)
#define WEIR__TURN_MIN WEIR__TURN_ONE
#define WEIR__TURN_MAX (WEIR__TURN_ONE << 20)
#define WEIR__TURN_FIRST (16 * WEIR__TURN_ONE)

/* The length a turn should have, after a waiter was served at that age with
 * others still waiting. A change shows only when the queue has turned over once,
 * so each waiter moves it by its share of half the error. */
static inline uint32_t weir__turn_steer(uint32_t length, int64_t age_ns, int64_t window_ns,
                                        uint32_t waiters)
{
	const int64_t target_ns = window_ns / 8 * WEIR__TURN_TARGET + 1;
	const int64_t late_ns = age_ns < 2 * target_ns ? age_ns - target_ns : target_ns;
	/* The age is negative if its clock was read before the waiter's. */
	const int64_t error_ns = age_ns > 0 ? -late_ns : target_ns;
	const int64_t share = (int64_t)length * error_ns / target_ns / (2 * (int64_t)waiters);
	const int64_t next = (int64_t)length + share + (error_ns > 0);

	if (next < (int64_t)WEIR__TURN_MIN)
		return WEIR__TURN_MIN;
	return next > (int64_t)WEIR__TURN_MAX ? WEIR__TURN_MAX : (uint32_t)next;
}

/* The thread is back after its return was to be measured. */
static inline void weir__turn_back(struct weir__seat *seat, int64_t now_ns)
{
	seat->returns = now_ns - seat->left_ns <= WEIR__TURN_RETURN_NS;
	seat->left_ns = 0;
}

/* Begin a turn: whole leases, rounded so that the fractions average out. */
static inline uint32_t weir__turn_begin(struct weir__seat *seat, uint32_t length)
{
	seat->round += UINT32_C(0x9e3779b9);
	return (length + (seat->round >> 22)) / WEIR__TURN_ONE;
}

/* Whether the releasing thread keeps its place. wake is not NONE. */
static inline bool weir__turn_keeps(struct weir__seat *seat, const struct weir__waitq *q,
                                    uint32_t wake)
{
	if (seat->turn == 0)
		seat->turn = weir__turn_begin(seat, wp_load_rlx_32(&q->turn));
	seat->turn--;
	if (seat->turn == 0 || !seat->returns || !weir__wake_may_keep(wake)) {
		seat->turn = 0;
		return false;
	}
	if (seat->turn % WEIR__TURN_MEASURE == 0)
		seat->left_ns = wp_now();
	return true;
}

#endif
