/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Order-named atomic operations, lowered to the compiler's __atomic builtins.
 *
 * ThreadSanitizer understands these and not Concurrency Kit's inline assembly;
 * C++ compiles them too. They never say more than their name, so that a missing
 * order shows.
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

#if defined(__has_feature)
#if __has_feature(thread_sanitizer) && !defined(__SANITIZE_THREAD__)
#define __SANITIZE_THREAD__ 1
#endif
#endif

/* Orders every earlier access of this thread before every later one.
 * ThreadSanitizer does not know fences (compilers refuse them under it), so
 * there a locked operation on a private word stands in: on the machines it runs
 * on that is a full fence too. */
static inline void wp_fence_full(void)
{
#if defined(__SANITIZE_THREAD__)
	uint32_t word = 0;

	(void)__atomic_exchange_n(&word, 1, __ATOMIC_SEQ_CST);
#else
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
#endif
}

typedef struct {
	uint8_t word;
} wp_u8;

static inline uint8_t wp_load_rlx_8(const wp_u8 *atom)
{
	return __atomic_load_n(&atom->word, __ATOMIC_RELAXED);
}

static inline uint8_t wp_load_acq_8(const wp_u8 *atom)
{
	return __atomic_load_n(&atom->word, __ATOMIC_ACQUIRE);
}

static inline void wp_store_rlx_8(wp_u8 *atom, uint8_t value)
{
	__atomic_store_n(&atom->word, value, __ATOMIC_RELAXED);
}

static inline void wp_store_rel_8(wp_u8 *atom, uint8_t value)
{
	__atomic_store_n(&atom->word, value, __ATOMIC_RELEASE);
}

typedef struct {
	uint32_t word;
} wp_u32;

static inline uint32_t wp_load_rlx_32(const wp_u32 *atom)
{
	return __atomic_load_n(&atom->word, __ATOMIC_RELAXED);
}

static inline uint32_t wp_load_acq_32(const wp_u32 *atom)
{
	return __atomic_load_n(&atom->word, __ATOMIC_ACQUIRE);
}

static inline void wp_store_rlx_32(wp_u32 *atom, uint32_t value)
{
	__atomic_store_n(&atom->word, value, __ATOMIC_RELAXED);
}

static inline void wp_store_rel_32(wp_u32 *atom, uint32_t value)
{
	__atomic_store_n(&atom->word, value, __ATOMIC_RELEASE);
}

static inline bool wp_cas_acq_32(wp_u32 *atom, uint32_t expected, uint32_t desired)
{
	return __atomic_compare_exchange_n(&atom->word, &expected, desired, false, __ATOMIC_ACQUIRE,
	                                   __ATOMIC_RELAXED);
}

static inline bool wp_cas_acqrel_32(wp_u32 *atom, uint32_t expected, uint32_t desired)
{
	return __atomic_compare_exchange_n(&atom->word, &expected, desired, false, __ATOMIC_ACQ_REL,
	                                   __ATOMIC_RELAXED);
}

static inline uint32_t wp_xchg_full_32(wp_u32 *atom, uint32_t value)
{
	const uint32_t old = __atomic_exchange_n(&atom->word, value, __ATOMIC_SEQ_CST);

	wp_fence_full();
	return old;
}

static inline uint32_t wp_add_rlx_32(wp_u32 *atom, uint32_t value)
{
	return __atomic_fetch_add(&atom->word, value, __ATOMIC_RELAXED);
}

static inline uint32_t wp_add_full_32(wp_u32 *atom, uint32_t value)
{
	const uint32_t old = __atomic_fetch_add(&atom->word, value, __ATOMIC_SEQ_CST);

	wp_fence_full();
	return old;
}

typedef struct {
	uint64_t word;
} wp_u64;

static inline uint64_t wp_load_rlx_64(const wp_u64 *atom)
{
	return __atomic_load_n(&atom->word, __ATOMIC_RELAXED);
}

static inline uint64_t wp_load_acq_64(const wp_u64 *atom)
{
	return __atomic_load_n(&atom->word, __ATOMIC_ACQUIRE);
}

static inline void wp_store_rlx_64(wp_u64 *atom, uint64_t value)
{
	__atomic_store_n(&atom->word, value, __ATOMIC_RELAXED);
}

static inline void wp_store_rel_64(wp_u64 *atom, uint64_t value)
{
	__atomic_store_n(&atom->word, value, __ATOMIC_RELEASE);
}

static inline bool wp_cas_acq_64(wp_u64 *atom, uint64_t expected, uint64_t desired)
{
	return __atomic_compare_exchange_n(&atom->word, &expected, desired, false, __ATOMIC_ACQUIRE,
	                                   __ATOMIC_RELAXED);
}

static inline bool wp_cas_acqrel_64(wp_u64 *atom, uint64_t expected, uint64_t desired)
{
	return __atomic_compare_exchange_n(&atom->word, &expected, desired, false, __ATOMIC_ACQ_REL,
	                                   __ATOMIC_RELAXED);
}

static inline uint64_t wp_xchg_full_64(wp_u64 *atom, uint64_t value)
{
	const uint64_t old = __atomic_exchange_n(&atom->word, value, __ATOMIC_SEQ_CST);

	wp_fence_full();
	return old;
}

static inline uint64_t wp_add_rlx_64(wp_u64 *atom, uint64_t value)
{
	return __atomic_fetch_add(&atom->word, value, __ATOMIC_RELAXED);
}

static inline uint64_t wp_add_full_64(wp_u64 *atom, uint64_t value)
{
	const uint64_t old = __atomic_fetch_add(&atom->word, value, __ATOMIC_SEQ_CST);

	wp_fence_full();
	return old;
}

typedef struct {
	const void *word;
} wp_ptr;

static inline const void *wp_load_rlx_ptr(const wp_ptr *atom)
{
	return __atomic_load_n(&atom->word, __ATOMIC_RELAXED);
}

static inline void wp_store_rlx_ptr(wp_ptr *atom, const void *value)
{
	__atomic_store_n(&atom->word, value, __ATOMIC_RELAXED);
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

/* The cheap half of the asymmetric barrier: keeps the compiler's hands off. Its
 * other half is wp_barrier_heavy, which makes it count as a full fence. */
static inline void wp_barrier_light(void)
{
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
}

static inline void wp_spin_hint(void)
{
#if defined(__x86_64__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ __volatile__("yield");
#endif
}

#endif
