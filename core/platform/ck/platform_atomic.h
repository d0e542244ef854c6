/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Order-named atomic operations, lowered to Concurrency Kit: the back end that ships.
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

/* For the two paths whose length is counted in instructions: what must be part
 * of them, and what must not spill registers on them. */
#define WP_INLINE static inline __attribute__((always_inline))
#define WP_OUT_OF_LINE __attribute__((noinline))

#ifdef __cplusplus
#error "Concurrency Kit's headers are C only: compile C++ with the builtin back end"
#endif

#include <ck_pr.h>

/* A locked operation is a full fence on x86; elsewhere Concurrency Kit's
 * read-modify-writes are unordered and need the fence on both sides. */
static inline void wp_fence_around_rmw(void)
{
#if defined(__x86_64__)
	ck_pr_barrier();
#else
	ck_pr_fence_memory();
#endif
}

typedef struct {
	uint8_t word;
} wp_u8;

static inline uint8_t wp_load_rlx_8(const wp_u8 *atom)
{
	return ck_pr_load_8(&atom->word);
}

static inline uint8_t wp_load_acq_8(const wp_u8 *atom)
{
	const uint8_t value = ck_pr_load_8(&atom->word);

	ck_pr_fence_acquire();
	return value;
}

static inline void wp_store_rlx_8(wp_u8 *atom, uint8_t value)
{
	ck_pr_store_8(&atom->word, value);
}

static inline void wp_store_rel_8(wp_u8 *atom, uint8_t value)
{
	ck_pr_fence_release();
	ck_pr_store_8(&atom->word, value);
}

typedef struct {
	uint32_t word;
} wp_u32;

static inline uint32_t wp_load_rlx_32(const wp_u32 *atom)
{
	return ck_pr_load_32(&atom->word);
}

static inline uint32_t wp_load_acq_32(const wp_u32 *atom)
{
	const uint32_t value = ck_pr_load_32(&atom->word);

	ck_pr_fence_acquire();
	return value;
}

static inline void wp_store_rlx_32(wp_u32 *atom, uint32_t value)
{
	ck_pr_store_32(&atom->word, value);
}

static inline void wp_store_rel_32(wp_u32 *atom, uint32_t value)
{
	ck_pr_fence_release();
	ck_pr_store_32(&atom->word, value);
}

static inline bool wp_cas_acq_32(wp_u32 *atom, uint32_t expected, uint32_t desired)
{
	const bool won = ck_pr_cas_32(&atom->word, expected, desired);

	ck_pr_fence_acquire();
	return won;
}

static inline bool wp_cas_acqrel_32(wp_u32 *atom, uint32_t expected, uint32_t desired)
{
	ck_pr_fence_release();
	const bool won = ck_pr_cas_32(&atom->word, expected, desired);

	ck_pr_fence_acquire();
	return won;
}

static inline uint32_t wp_xchg_full_32(wp_u32 *atom, uint32_t value)
{
	wp_fence_around_rmw();
	const uint32_t old = ck_pr_fas_32(&atom->word, value);

	wp_fence_around_rmw();
	return old;
}

static inline uint32_t wp_add_rlx_32(wp_u32 *atom, uint32_t value)
{
	return ck_pr_faa_32(&atom->word, value);
}

static inline uint32_t wp_add_full_32(wp_u32 *atom, uint32_t value)
{
	wp_fence_around_rmw();
	const uint32_t old = ck_pr_faa_32(&atom->word, value);

	wp_fence_around_rmw();
	return old;
}

typedef struct {
	uint64_t word;
} wp_u64;

static inline uint64_t wp_load_rlx_64(const wp_u64 *atom)
{
	return ck_pr_load_64(&atom->word);
}

static inline uint64_t wp_load_acq_64(const wp_u64 *atom)
{
	const uint64_t value = ck_pr_load_64(&atom->word);

	ck_pr_fence_acquire();
	return value;
}

static inline void wp_store_rlx_64(wp_u64 *atom, uint64_t value)
{
	ck_pr_store_64(&atom->word, value);
}

static inline void wp_store_rel_64(wp_u64 *atom, uint64_t value)
{
	ck_pr_fence_release();
	ck_pr_store_64(&atom->word, value);
}

static inline bool wp_cas_acq_64(wp_u64 *atom, uint64_t expected, uint64_t desired)
{
	const bool won = ck_pr_cas_64(&atom->word, expected, desired);

	ck_pr_fence_acquire();
	return won;
}

static inline bool wp_cas_acqrel_64(wp_u64 *atom, uint64_t expected, uint64_t desired)
{
	ck_pr_fence_release();
	const bool won = ck_pr_cas_64(&atom->word, expected, desired);

	ck_pr_fence_acquire();
	return won;
}

static inline uint64_t wp_xchg_full_64(wp_u64 *atom, uint64_t value)
{
	wp_fence_around_rmw();
	const uint64_t old = ck_pr_fas_64(&atom->word, value);

	wp_fence_around_rmw();
	return old;
}

static inline uint64_t wp_add_rlx_64(wp_u64 *atom, uint64_t value)
{
	return ck_pr_faa_64(&atom->word, value);
}

static inline uint64_t wp_add_full_64(wp_u64 *atom, uint64_t value)
{
	wp_fence_around_rmw();
	const uint64_t old = ck_pr_faa_64(&atom->word, value);

	wp_fence_around_rmw();
	return old;
}

typedef struct {
	const void *word;
} wp_ptr;

static inline const void *wp_load_rlx_ptr(const wp_ptr *atom)
{
	return ck_pr_load_ptr(&atom->word);
}

static inline void wp_store_rlx_ptr(wp_ptr *atom, const void *value)
{
	ck_pr_store_ptr(&atom->word, value);
}

/* A word that dumps and statistics read, and from which no protocol concludes
 * anything: one writer at a time, no order. */
typedef wp_u64 wp_hint;

static inline uint64_t wp_hint_read(const wp_hint *hint)
{
	return wp_load_rlx_64(hint);
}

static inline void wp_hint_write(wp_hint *hint, uint64_t value)
{
	wp_store_rlx_64(hint, value);
}

/* Orders every earlier access of this thread before every later one. */
static inline void wp_fence_full(void)
{
	ck_pr_fence_memory();
}

/* The cheap half of the asymmetric barrier: keeps the compiler's hands off. Its
 * other half is wp_barrier_heavy, which makes it count as a full fence. */
static inline void wp_barrier_light(void)
{
	ck_pr_barrier();
}

static inline void wp_spin_hint(void)
{
	ck_pr_stall();
}

#endif
