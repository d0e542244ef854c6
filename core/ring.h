/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The ring of slots, and finding one that is public.
 *
 * In a pool of more than WEIR__RING_PLAIN slots a search that looks at every
 * word costs a cache miss a slot. There, two levels of summary bytes say where
 * looking is worth while:
 *
 *   hints[i]   1: slot i was returned since a searcher last found it taken
 *   groups[g]  1: some hint of slots g*64 … g*64+63 was set since a searcher
 *              last found all of them clear
 *
 * The bytes are lossy: a set byte may lead to a taken slot, and a set that
 * races with a clear may be lost, so that an idle slot goes unseen by searches
 * until it is next returned. Either costs time, never correctness: whoever is
 * about to wait, or to say "exhausted", looks at every word (weir__ring_scan).
 *
 * A thread that takes the slot it used last leaves its hint set, so that threads
 * with slots of their own write no shared byte.
 *
 *   label operation                 order  pairs with  note
 *   H1    return: store hint, group rlx    H2          a lost set is legal, see above
 *   H2    search: load group, hint  rlx    H1
 *   H3    search: clear hint, group rlx    H1          the same
 * Progress: a search is wait-free, bounded by the number of slots.
 */
#ifndef WEIR_CORE_RING_H
#define WEIR_CORE_RING_H

#include "slot.h"

#define WEIR__RING_PLAIN 16
#define WEIR__RING_GROUP 64
#define WEIR__RING_NONE UINT32_MAX

struct weir__ring {
	struct weir__slot *slots; /* r/o after init */
	uint32_t count;           /* r/o after init */
	wp_u8 *hints;             /* r/o after init; NULL in a plain ring */
	wp_u8 *groups;            /* r/o after init */
};

/* false without memory; then nothing is held. */
bool weir__ring_init(struct weir__ring *ring, uint32_t count);
void weir__ring_free(struct weir__ring *ring);

/* Claim an idle slot near start, trusting the hints; its index or RING_NONE. */
uint32_t weir__ring_search(struct weir__ring *ring, uint32_t start);

/* Move some slot from state (EMPTY or IDLE) to target, looking at every word
 * once, beginning with start; its index or RING_NONE. */
uint32_t weir__ring_scan(struct weir__ring *ring, uint32_t start, enum weir__state state,
                         enum weir__state target);

/* The slow half of weir__ring_note. */
void weir__ring_hint(struct weir__ring *ring, uint32_t index);

/* H1: slot index is about to be published idle. */
static inline void weir__ring_note(struct weir__ring *ring, uint32_t index)
{
	if (ring->hints != NULL && wp_load_rlx_8(&ring->hints[index]) == 0)
		weir__ring_hint(ring, index);
}

#endif
