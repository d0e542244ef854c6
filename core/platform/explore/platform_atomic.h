/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Order-named atomic operations for the explorer: every one hands control to the
 * scheduler of stress/explore, which decides what happens before it, and keeps a
 * store buffer for each thread.
 *
 * Every word that threads share is of a type wp_* and is touched only through
 * these functions, so that one protocol source serves every back end. The back
 * end is chosen by include path, never by #if in a protocol file.
 *
 *   rlx     no order: the word itself is atomic, nothing else is promised
 *   acq     what the writer did before its rel is visible after this read
 *   rel     what was done before is visible to whoever reads this with acq
 *   acqrel  both; on a CAS that fails, rlx only
 *   full    acqrel, and ordered against every other memory access of this thread
 */
#ifndef WEIR_PLATFORM_ATOMIC_H
#define WEIR_PLATFORM_ATOMIC_H

#include <stdbool.h>
#include <stdint.h>

#define WP_INLINE static inline
#define WP_OUT_OF_LINE

enum xp_order { XP_RLX = 0, XP_ACQ = 1, XP_REL = 2, XP_ACQREL = 3, XP_FULL = 4 };

/* In stress/explore/explore_memory.c. size is that of the word, in bytes. */
uint64_t xp_load(const void *word, uint32_t size, enum xp_order order);
void xp_store(void *word, uint32_t size, uint64_t value, enum xp_order order);
bool xp_cas(void *word, uint32_t size, uint64_t expected, uint64_t desired, enum xp_order order);
uint64_t xp_exchange(void *word, uint32_t size, uint64_t value, enum xp_order order);
uint64_t xp_add(void *word, uint32_t size, uint64_t value, enum xp_order order);
void xp_fence(void);

/* In stress/explore/explore_thread.c: the thread waits for another one's step. */
void xp_spin(void);

typedef struct {
	uint8_t word;
} wp_u8;

static inline uint8_t wp_load_rlx_8(const wp_u8 *atom)
{
	return (uint8_t)xp_load(&atom->word, 1, XP_RLX);
}

static inline uint8_t wp_load_acq_8(const wp_u8 *atom)
{
	return (uint8_t)xp_load(&atom->word, 1, XP_ACQ);
}

static inline void wp_store_rlx_8(wp_u8 *atom, uint8_t value)
{
	xp_store(&atom->word, 1, value, XP_RLX);
}

static inline void wp_store_rel_8(wp_u8 *atom, uint8_t value)
{
	xp_store(&atom->word, 1, value, XP_REL);
}

typedef struct {
	uint32_t word;
} wp_u32;

static inline uint32_t wp_load_rlx_32(const wp_u32 *atom)
{
	return (uint32_t)xp_load(&atom->word, 4, XP_RLX);
}

static inline uint32_t wp_load_acq_32(const wp_u32 *atom)
{
	return (uint32_t)xp_load(&atom->word, 4, XP_ACQ);
}

static inline void wp_store_rlx_32(wp_u32 *atom, uint32_t value)
{
	xp_store(&atom->word, 4, value, XP_RLX);
}

static inline void wp_store_rel_32(wp_u32 *atom, uint32_t value)
{
	xp_store(&atom->word, 4, value, XP_REL);
}

static inline bool wp_cas_acq_32(wp_u32 *atom, uint32_t expected, uint32_t desired)
{
	return xp_cas(&atom->word, 4, expected, desired, XP_ACQ);
}

static inline bool wp_cas_acqrel_32(wp_u32 *atom, uint32_t expected, uint32_t desired)
{
	return xp_cas(&atom->word, 4, expected, desired, XP_ACQREL);
}

static inline uint32_t wp_xchg_full_32(wp_u32 *atom, uint32_t value)
{
	return (uint32_t)xp_exchange(&atom->word, 4, value, XP_FULL);
}

static inline uint32_t wp_add_rlx_32(wp_u32 *atom, uint32_t value)
{
	return (uint32_t)xp_add(&atom->word, 4, value, XP_RLX);
}

static inline uint32_t wp_add_full_32(wp_u32 *atom, uint32_t value)
{
	return (uint32_t)xp_add(&atom->word, 4, value, XP_FULL);
}

typedef struct {
	uint64_t word;
} wp_u64;

static inline uint64_t wp_load_rlx_64(const wp_u64 *atom)
{
	return (uint64_t)xp_load(&atom->word, 8, XP_RLX);
}

static inline uint64_t wp_load_acq_64(const wp_u64 *atom)
{
	return (uint64_t)xp_load(&atom->word, 8, XP_ACQ);
}

static inline void wp_store_rlx_64(wp_u64 *atom, uint64_t value)
{
	xp_store(&atom->word, 8, value, XP_RLX);
}

static inline void wp_store_rel_64(wp_u64 *atom, uint64_t value)
{
	xp_store(&atom->word, 8, value, XP_REL);
}

static inline bool wp_cas_acq_64(wp_u64 *atom, uint64_t expected, uint64_t desired)
{
	return xp_cas(&atom->word, 8, expected, desired, XP_ACQ);
}

static inline bool wp_cas_acqrel_64(wp_u64 *atom, uint64_t expected, uint64_t desired)
{
	return xp_cas(&atom->word, 8, expected, desired, XP_ACQREL);
}

static inline uint64_t wp_xchg_full_64(wp_u64 *atom, uint64_t value)
{
	return (uint64_t)xp_exchange(&atom->word, 8, value, XP_FULL);
}

static inline uint64_t wp_add_rlx_64(wp_u64 *atom, uint64_t value)
{
	return (uint64_t)xp_add(&atom->word, 8, value, XP_RLX);
}

static inline uint64_t wp_add_full_64(wp_u64 *atom, uint64_t value)
{
	return (uint64_t)xp_add(&atom->word, 8, value, XP_FULL);
}

/* Weaker than any that core uses: for stress/mutants. */
static inline bool wp_cas_rlx_32(wp_u32 *atom, uint32_t expected, uint32_t desired)
{
	return xp_cas(&atom->word, 4, expected, desired, XP_RLX);
}

static inline uint32_t wp_xchg_rlx_32(wp_u32 *atom, uint32_t value)
{
	return (uint32_t)xp_exchange(&atom->word, 4, value, XP_RLX);
}

static inline bool wp_cas_rlx_64(wp_u64 *atom, uint64_t expected, uint64_t desired)
{
	return xp_cas(&atom->word, 8, expected, desired, XP_RLX);
}

static inline uint64_t wp_xchg_rlx_64(wp_u64 *atom, uint64_t value)
{
	return (uint64_t)xp_exchange(&atom->word, 8, value, XP_RLX);
}

typedef struct {
	const void *word;
} wp_ptr;

static inline const void *wp_load_rlx_ptr(const wp_ptr *atom)
{
	return (const void *)(uintptr_t)xp_load(&atom->word, sizeof atom->word, XP_RLX);
}

static inline void wp_store_rlx_ptr(wp_ptr *atom, const void *value)
{
	xp_store(&atom->word, sizeof atom->word, (uintptr_t)value, XP_RLX);
}

/* A word that dumps and statistics read, and from which no protocol concludes
 * anything: one writer at a time, no order. No point of scheduling here */
typedef struct {
	uint64_t word;
} wp_hint;

static inline uint64_t wp_hint_read(const wp_hint *hint)
{
	return hint->word;
}

static inline void wp_hint_write(wp_hint *hint, uint64_t value)
{
	hint->word = value;
}

/* Orders every earlier access of this thread before every later one. */
static inline void wp_fence_full(void)
{
	xp_fence();
}

/* The cheap half of the asymmetric barrier: nothing but the program's order. Its
 * other half is wp_barrier_heavy, which empties every store buffer. */
static inline void wp_barrier_light(void)
{
}

static inline void wp_spin_hint(void)
{
	xp_spin();
}

#endif
