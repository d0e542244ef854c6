/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The cases of the gate: threads that queue jobs and exclusive entries at one gate,
 * wait for them, lead, give up, close.
 */
#ifndef EXPLORE_GATE_H
#define EXPLORE_GATE_H

#include <weir/gate.h>

#include "explore.h"
#include "testing.h"

#define GATE_THREADS_MAX 4
#define GATE_QUEUE_MAX 16
#define GATE_BATCH 4

struct gate_operation {
	const char *name;
	void (*run)(uint32_t self);
};

struct gate_case {
	const struct gate_operation *operations[GATE_THREADS_MAX];
	uint32_t count;
};

/* What a job does, and how often it was done. */
struct gate_job {
	uint32_t runs; /* plain on purpose: the gate orders it */
};

struct gate_lane_seen {
	const struct weir_gate_entry *entries[GATE_QUEUE_MAX];
	uint32_t count;
};

struct gate_world {
	struct weir_gate *gate;
	struct gate_job jobs[GATE_THREADS_MAX];
	uint64_t used;   /* plain on purpose: whoever has the gate uses the resource */
	uint32_t inside; /* ghost: who has it, from 1 on; 0: nobody */
	bool closing;    /* ghost */
	struct gate_lane_seen lanes[WEIR_LANES];
};

static inline struct gate_world *gate_world(void)
{
	return (struct gate_world *)xp_kept();
}

/* explore_gate_operations.c */
const struct gate_operation *gate_operations(uint32_t *count);

/* explore_gate_check.c: ghosts and what is asserted; not looked at for races. */
void gate_enters(uint32_t self);
void gate_leaves(uint32_t self);
void gate_closing(void);
bool gate_is_closing(void);
void gate_invariant(const struct xp_case *self);
void gate_finish(const struct xp_case *self);

#endif
