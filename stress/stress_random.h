/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Random draws that can be repeated from a seed: xorshift (G. Marsaglia, 2003),
 * one state for each thread.
 */
#ifndef STRESS_RANDOM_H
#define STRESS_RANDOM_H

#include <stdbool.h>
#include <stdint.h>

/* Streams of one seed differ from their first draw on. */
static inline uint64_t stress_random_init(uint64_t seed, uint64_t stream)
{
	const uint64_t mixed = (seed + 1) * UINT64_C(0x9e3779b97f4a7c15) ^ (stream + 1) << 32;

	return mixed != 0 ? mixed : 1;
}

static inline uint64_t stress_random(uint64_t *state)
{
	uint64_t x = *state;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	*state = x;
	return x >> 11;
}

static inline uint32_t stress_random_below(uint64_t *state, uint32_t limit)
{
	return (uint32_t)(stress_random(state) % limit);
}

/* True in so many of 100 draws. */
static inline bool stress_random_percent(uint64_t *state, uint32_t percent)
{
	return stress_random_below(state, 100) < percent;
}

#endif
