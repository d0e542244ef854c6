/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The seat: what a thread remembers about a pool it uses. Which slot it had
 * last (statement and page caches are warm there, and nobody else is likely to
 * claim it), and how it takes its turns (turn.h).
 *
 * A seat belongs to its thread alone. A thread has a few, found by the pool's
 * number; two pools that fall on one seat evict each other, which costs time
 * only. Numbers of pools are never reused, so a seat never speaks of a pool that
 * is gone.
 */
#ifndef WEIR_CORE_SEAT_H
#define WEIR_CORE_SEAT_H

#include <assert.h>

#include "platform_os.h"

#define WEIR__SEATS 4

struct weir__seat {
	uint64_t pool_id; /* 0: free */
	uint32_t slot;    /* the slot this thread had last */
	uint32_t thread;  /* kernel id of this thread */

	/* turn.h */
	int64_t left_ns; /* when it left; 0: its return is not to be measured */
	uint32_t turn;   /* leases left of its turn; 0: none begun */
	uint32_t round;  /* spreads the fractions of turns */
	bool returns;    /* it came back at once, the last time it was measured */
	bool yields;     /* its turn is over: it queues up before it looks for a slot */
} __attribute__((may_alias));

static_assert(WEIR__SEATS * sizeof(struct weir__seat) <= (WP_THREAD_WORDS - 1) * sizeof(uint64_t),
              "the thread's storage holds its seats, and one word more (thread_end.h)");

/* The seat of this thread that pool_id falls on; it may speak of another pool. */
static inline struct weir__seat *weir__seat_find(uint64_t pool_id)
{
	struct weir__seat *seats = (struct weir__seat *)(void *)wp_thread_storage();

	return &seats[pool_id % WEIR__SEATS];
}

/* Make seat speak of pool_id, beginning at a slot that differs between threads,
 * so that they spread over the ring. */
static inline void weir__seat_take(struct weir__seat *seat, uint64_t pool_id, uint32_t slots)
{
	const struct weir__seat fresh = {0};

	*seat = fresh;
	seat->pool_id = pool_id;
	/* Asked anew for each pool: in a forked child the thread has a new id, and
	 * pools of its own. */
	seat->thread = wp_thread_id();
	seat->slot = seat->thread % slots;
}

#endif
