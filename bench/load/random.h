/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Random draws inside a measured loop: xorshift64*, one state for each thread,
 * so that a run can be repeated from its seed.
 */
#ifndef BENCH_RANDOM_H
#define BENCH_RANDOM_H

#include <stdint.h>

struct bench_random {
	uint64_t state; /* never 0 */
};

/* A stream of its own for each (seed, stream): neighbouring seeds are spread by
 * a multiplication first, or their first draws would look alike. */
static inline struct bench_random bench_random_init(uint64_t seed, uint64_t stream)
{
	uint64_t mixed = seed + (stream + 1) * UINT64_C(0x9E3779B97F4A7C15);

	mixed = (mixed ^ (mixed >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
	mixed = (mixed ^ (mixed >> 27)) * UINT64_C(0x94D049BB133111EB);
	mixed ^= mixed >> 31;
	return (struct bench_random){.state = mixed != 0 ? mixed : 1};
}

static inline uint32_t bench_random_u32(struct bench_random *random)
{
	uint64_t x = random->state;

	x ^= x >> 12;
	x ^= x << 25;
	x ^= x >> 27;
	random->state = x;
	return (uint32_t)((x * UINT64_C(0x2545F4914F6CDD1D)) >> 32);
}

/* A number below limit, without a division. */
static inline uint32_t bench_random_below(struct bench_random *random, uint32_t limit)
{
	return (uint32_t)(((uint64_t)bench_random_u32(random) * limit) >> 32);
}

#endif
