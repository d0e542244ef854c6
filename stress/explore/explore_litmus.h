/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The litmus programs: what they are made of, and where they are.
 */
#ifndef EXPLORE_LITMUS_H
#define EXPLORE_LITMUS_H

#include "explore.h"
#include "lock.h"

#define LITMUS_SAW 2

struct litmus_box {
	wp_u32 word;
	uint32_t plain;
};

struct litmus_world {
	wp_u32 x;
	wp_u32 y;
	wp_u32 z;
	wp_u32 next[3]; /* of a stack whose head is x */
	struct weir__lock lock;
	uint32_t plain;
	struct litmus_box *box;
	uint32_t saw[2][LITMUS_SAW]; /* by thread */
};

enum litmus_kind {
	LITMUS_RIGHT,
	LITMUS_WRONG,
	LITMUS_RACES, /* right by total store order, wrong by the C memory model */
};

struct litmus {
	const char *name;
	enum litmus_kind kind;
	void (*threads[2])(struct litmus_world *world, uint32_t *saw);
	/* What must not have come out; NULL: what is wrong ends the run. */
	bool (*wrongly)(const struct litmus_world *world);
	uint32_t preemptions; /* how many it takes to refute it */
	uint32_t events;
	bool tells_lock; /* the explorer is told of the lock */
};

struct litmus_list {
	const struct litmus *programs;
	uint32_t count;
};

extern const struct litmus_list litmus_orders; /* explore_litmus_orders.c */
extern const struct litmus_list litmus_sleeps; /* explore_litmus_sleeps.c */
extern const struct litmus_list litmus_memory; /* explore_litmus_memory.c */

struct litmus_world *litmus_world(void);

#endif
