/* SPDX-License-Identifier: BSD-2-Clause
 *
 * One hold of the gate by a leader: what group.c, group_begin.c and group_linger.c
 * share. The protocol is in group.c.
 */
#ifndef WEIR_CORE_GROUP_H
#define WEIR_CORE_GROUP_H

#include "db_internal.h"

struct weir__group {
	struct weir_db *db;
	uint32_t count; /* jobs taken in this hold */
	uint32_t first; /* jobs before it are OVER */
	uint32_t sound; /* jobs in the open transaction */
	uint32_t losses;
	uint32_t arrived; /* times that lingering was not in vain */
	bool in_txn;
	bool committed; /* something was, in this hold */
	bool broken;    /* a statement found the connection or the file broken */
	uint32_t at;    /* of the job that is being run */
	struct weir_error broken_why;
	/* On the stack: the gate wakes them while the next leader fills its own. */
	struct weir_gate_entry *entries[WEIR__GROUP_MAX];
	enum weir_durability durability;
	int64_t began_ns;
};

static inline struct weir__job *weir__group_job(const struct weir__group *group, uint32_t at)
{
	return (struct weir__job *)weir_gate_payload(group->entries[at]);
}

/* A token's word for weir_job_guard: whether that job was asked to stop. */
static inline bool weir__job_is_stopped(const void *token)
{
	return wp_load_rlx_32(&((const struct weir__job *)token)->stop) != 0;
}

/* group.c: take what has come; false if there is nothing, or no room, or no time. */
bool weir__group_take(struct weir__group *group);

/* group_linger.c: wait for those who are about to come back; true if some came. */
bool weir__group_linger(struct weir__group *group);

/* group_begin.c: whether a job may begin, if it has not before; ends it if not. */
bool weir__group_may_begin(struct weir__job *job, int64_t now_ns);

/* group_begin.c: begin a transaction for that job, and what follows it; false, with
 * that job OVER or the group shortened, if there is none. */
bool weir__group_begin(struct weir__group *group, struct weir__job *job);

/* group_begin.c: durabilities from the weakest to the strongest. */
uint8_t weir__durability_strength(enum weir_durability durability);

#endif
