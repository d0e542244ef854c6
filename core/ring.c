/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Finding a public slot. The protocol is in ring.h.
 */
#include "ring.h"

#include "platform_os.h"

static uint32_t group_count(uint32_t count)
{
	return (count + WEIR__RING_GROUP - 1) / WEIR__RING_GROUP;
}

bool weir__ring_init(struct weir__ring *ring, uint32_t count)
{
	const size_t slots_bytes = (size_t)count * sizeof(struct weir__slot);

	ring->count = count;
	ring->hints = NULL;
	ring->groups = NULL;
	ring->slots = (struct weir__slot *)wp_alloc(2 * WEIR__CACHE_LINE, slots_bytes);
	if (ring->slots == NULL)
		return false;
	if (count <= WEIR__RING_PLAIN)
		return true;
	ring->hints = (wp_u8 *)wp_alloc(WEIR__CACHE_LINE, count);
	ring->groups = (wp_u8 *)wp_alloc(WEIR__CACHE_LINE, group_count(count));
	if (ring->hints != NULL && ring->groups != NULL)
		return true;
	weir__ring_free(ring);
	return false;
}

void weir__ring_free(struct weir__ring *ring)
{
	wp_free(ring->groups);
	wp_free(ring->hints);
	wp_free(ring->slots);
	ring->groups = NULL;
	ring->hints = NULL;
	ring->slots = NULL;
}

void weir__ring_hint(struct weir__ring *ring, uint32_t index)
{
	wp_u8 *group = &ring->groups[index / WEIR__RING_GROUP];

	wp_store_rlx_8(&ring->hints[index], 1); /* H1 */
	if (wp_load_rlx_8(group) == 0)
		wp_store_rlx_8(group, 1); /* H1 */
}

static bool claim_if(struct weir__slot *slot, enum weir__state state, enum weir__state target)
{
	const uint64_t word = wp_load_rlx_64(&slot->word);

	return weir__word_state(word) == state && weir__slot_claim(slot, word, target); /* A1, O1 */
}

uint32_t weir__ring_scan(struct weir__ring *ring, uint32_t start, enum weir__state state,
                         enum weir__state target)
{
	uint32_t index = start < ring->count ? start : 0;

	for (uint32_t seen = 0; seen < ring->count; seen++) {
		if (claim_if(&ring->slots[index], state, target))
			return index;
		index = index + 1 < ring->count ? index + 1 : 0;
	}
	return WEIR__RING_NONE;
}

/* Claim in one group; clears what it finds untrue on the way. */
static uint32_t search_group(struct weir__ring *ring, uint32_t group)
{
	const uint32_t first = group * WEIR__RING_GROUP;
	const uint32_t left = ring->count - first;
	const uint32_t end = first + (left < WEIR__RING_GROUP ? left : WEIR__RING_GROUP);

	for (uint32_t index = first; index < end; index++) {
		if (wp_load_rlx_8(&ring->hints[index]) == 0) /* H2 */
			continue;
		const bool won = claim_if(&ring->slots[index], WEIR__IDLE, WEIR__LEASED);

		/* H3: taken now, by us or by someone else. */
		wp_store_rlx_8(&ring->hints[index], 0);
		if (won)
			return index;
	}
	wp_store_rlx_8(&ring->groups[group], 0); /* H3 */
	return WEIR__RING_NONE;
}

uint32_t weir__ring_search(struct weir__ring *ring, uint32_t start)
{
	if (ring->hints == NULL)
		return weir__ring_scan(ring, start, WEIR__IDLE, WEIR__LEASED);

	const uint32_t groups = group_count(ring->count);
	uint32_t group = start < ring->count ? start / WEIR__RING_GROUP : 0;

	for (uint32_t seen = 0; seen < groups; seen++) {
		if (wp_load_rlx_8(&ring->groups[group]) != 0) { /* H2 */
			const uint32_t index = search_group(ring, group);

			if (index != WEIR__RING_NONE)
				return index;
		}
		group = group + 1 < groups ? group + 1 : 0;
	}
	return WEIR__RING_NONE;
}
