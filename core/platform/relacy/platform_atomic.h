/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Order-named atomic operations under Relacy, the checker of the C11 memory model.
 *
 * C++ only; no header of Relacy is needed to compile a protocol file. A word stays
 * a trivial struct, so that core may zero it with {0} or memset: what is in it is
 * the value that every thread sees before the first store. The word's history, from
 * which a load may be given an old value, is kept beside it, in a table keyed by
 * its address (stress/relacy/relacy_words.cc): made when the word is first touched,
 * forgotten when the execution ends. So memory that held a word is not given out
 * again within an execution, and nothing may change a word behind these functions.
 *
 *   rlx     no order: the word itself is atomic, nothing else is promised
 *   acq     what the writer did before its rel is visible after this read
 *   rel     what was done before is visible to whoever reads this with acq
 *   acqrel  both; on a CAS that fails, rlx only
 *   full    a seq_cst read-modify-write between two seq_cst fences, in one step
 *
 * A CAS may fail on an old value, as any load may read one; Relacy's own never does.
 * Both halves of the asymmetric barrier are seq_cst fences: that the light half may
 * be none is shown by the models and the explorer, which have store buffers.
 */
#ifndef WEIR_PLATFORM_ATOMIC_H
#define WEIR_PLATFORM_ATOMIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WP_INLINE static inline
#define WP_OUT_OF_LINE __attribute__((noinline))

enum wp_order { WP_RLX, WP_ACQ, WP_REL, WP_ACQREL, WP_FULL };
enum wp_change { WP_ADD, WP_XCHG };

/* Where an operation stands in the source, for the report of a failure. */
struct wp_place {
	const char *function;
	const char *file;
	unsigned line;

	static wp_place here(const char *function = __builtin_FUNCTION(),
	                     const char *file = __builtin_FILE(), unsigned line = __builtin_LINE())
	{
		return {function, file, line};
	}
};

/* Of the word of so many bytes at that address. */
uint64_t wp_word_load(const void *word, size_t bytes, wp_order order, const wp_place &place);
void wp_word_store(const void *word, size_t bytes, uint64_t value, wp_order order,
                   const wp_place &place);
bool wp_word_cas(const void *word, size_t bytes, uint64_t expected, uint64_t desired,
                 wp_order order, const wp_place &place);
/* Returns the value before. */
uint64_t wp_word_change(const void *word, size_t bytes, wp_change change, uint64_t operand,
                        wp_order order, const wp_place &place);
void wp_fence(const wp_place &place);
void wp_spin(const wp_place &place);

typedef struct {
	uint8_t word;
} wp_u8;

static inline uint8_t wp_load_rlx_8(const wp_u8 *atom, wp_place at = wp_place::here())
{
	return (uint8_t)wp_word_load(atom, sizeof atom->word, WP_RLX, at);
}

static inline uint8_t wp_load_acq_8(const wp_u8 *atom, wp_place at = wp_place::here())
{
	return (uint8_t)wp_word_load(atom, sizeof atom->word, WP_ACQ, at);
}

static inline void wp_store_rlx_8(wp_u8 *atom, uint8_t value, wp_place at = wp_place::here())
{
	wp_word_store(atom, sizeof atom->word, value, WP_RLX, at);
}

static inline void wp_store_rel_8(wp_u8 *atom, uint8_t value, wp_place at = wp_place::here())
{
	wp_word_store(atom, sizeof atom->word, value, WP_REL, at);
}

typedef struct {
	uint32_t word;
} wp_u32;

static inline uint32_t wp_load_rlx_32(const wp_u32 *atom, wp_place at = wp_place::here())
{
	return (uint32_t)wp_word_load(atom, sizeof atom->word, WP_RLX, at);
}

static inline uint32_t wp_load_acq_32(const wp_u32 *atom, wp_place at = wp_place::here())
{
	return (uint32_t)wp_word_load(atom, sizeof atom->word, WP_ACQ, at);
}

static inline void wp_store_rlx_32(wp_u32 *atom, uint32_t value, wp_place at = wp_place::here())
{
	wp_word_store(atom, sizeof atom->word, value, WP_RLX, at);
}

static inline void wp_store_rel_32(wp_u32 *atom, uint32_t value, wp_place at = wp_place::here())
{
	wp_word_store(atom, sizeof atom->word, value, WP_REL, at);
}

/* Not in the other back ends: what a mutation of an acq CAS becomes. */
static inline bool wp_cas_rlx_32(wp_u32 *atom, uint32_t expected, uint32_t desired,
                                 wp_place at = wp_place::here())
{
	return wp_word_cas(atom, sizeof atom->word, expected, desired, WP_RLX, at);
}

static inline bool wp_cas_acq_32(wp_u32 *atom, uint32_t expected, uint32_t desired,
                                 wp_place at = wp_place::here())
{
	return wp_word_cas(atom, sizeof atom->word, expected, desired, WP_ACQ, at);
}

static inline bool wp_cas_acqrel_32(wp_u32 *atom, uint32_t expected, uint32_t desired,
                                    wp_place at = wp_place::here())
{
	return wp_word_cas(atom, sizeof atom->word, expected, desired, WP_ACQREL, at);
}

/* Not in the other back ends: a mutation of the next. */
static inline uint32_t wp_xchg_rlx_32(wp_u32 *atom, uint32_t value, wp_place at = wp_place::here())
{
	return (uint32_t)wp_word_change(atom, sizeof atom->word, WP_XCHG, value, WP_RLX, at);
}

static inline uint32_t wp_xchg_full_32(wp_u32 *atom, uint32_t value, wp_place at = wp_place::here())
{
	return (uint32_t)wp_word_change(atom, sizeof atom->word, WP_XCHG, value, WP_FULL, at);
}

static inline uint32_t wp_add_rlx_32(wp_u32 *atom, uint32_t value, wp_place at = wp_place::here())
{
	return (uint32_t)wp_word_change(atom, sizeof atom->word, WP_ADD, value, WP_RLX, at);
}

static inline uint32_t wp_add_full_32(wp_u32 *atom, uint32_t value, wp_place at = wp_place::here())
{
	return (uint32_t)wp_word_change(atom, sizeof atom->word, WP_ADD, value, WP_FULL, at);
}

typedef struct {
	uint64_t word;
} wp_u64;

static inline uint64_t wp_load_rlx_64(const wp_u64 *atom, wp_place at = wp_place::here())
{
	return wp_word_load(atom, sizeof atom->word, WP_RLX, at);
}

static inline uint64_t wp_load_acq_64(const wp_u64 *atom, wp_place at = wp_place::here())
{
	return wp_word_load(atom, sizeof atom->word, WP_ACQ, at);
}

static inline void wp_store_rlx_64(wp_u64 *atom, uint64_t value, wp_place at = wp_place::here())
{
	wp_word_store(atom, sizeof atom->word, value, WP_RLX, at);
}

static inline void wp_store_rel_64(wp_u64 *atom, uint64_t value, wp_place at = wp_place::here())
{
	wp_word_store(atom, sizeof atom->word, value, WP_REL, at);
}

/* Not in the other back ends: what a mutation of an acq CAS becomes. */
static inline bool wp_cas_rlx_64(wp_u64 *atom, uint64_t expected, uint64_t desired,
                                 wp_place at = wp_place::here())
{
	return wp_word_cas(atom, sizeof atom->word, expected, desired, WP_RLX, at);
}

static inline bool wp_cas_acq_64(wp_u64 *atom, uint64_t expected, uint64_t desired,
                                 wp_place at = wp_place::here())
{
	return wp_word_cas(atom, sizeof atom->word, expected, desired, WP_ACQ, at);
}

static inline bool wp_cas_acqrel_64(wp_u64 *atom, uint64_t expected, uint64_t desired,
                                    wp_place at = wp_place::here())
{
	return wp_word_cas(atom, sizeof atom->word, expected, desired, WP_ACQREL, at);
}

/* Not in the other back ends: a mutation of the next. */
static inline uint64_t wp_xchg_rlx_64(wp_u64 *atom, uint64_t value, wp_place at = wp_place::here())
{
	return wp_word_change(atom, sizeof atom->word, WP_XCHG, value, WP_RLX, at);
}

static inline uint64_t wp_xchg_full_64(wp_u64 *atom, uint64_t value, wp_place at = wp_place::here())
{
	return wp_word_change(atom, sizeof atom->word, WP_XCHG, value, WP_FULL, at);
}

static inline uint64_t wp_add_rlx_64(wp_u64 *atom, uint64_t value, wp_place at = wp_place::here())
{
	return wp_word_change(atom, sizeof atom->word, WP_ADD, value, WP_RLX, at);
}

static inline uint64_t wp_add_full_64(wp_u64 *atom, uint64_t value, wp_place at = wp_place::here())
{
	return wp_word_change(atom, sizeof atom->word, WP_ADD, value, WP_FULL, at);
}

typedef struct {
	const void *word;
} wp_ptr;

static inline const void *wp_load_rlx_ptr(const wp_ptr *atom, wp_place at = wp_place::here())
{
	return (const void *)(uintptr_t)wp_word_load(atom, sizeof atom->word, WP_RLX, at);
}

static inline void wp_store_rlx_ptr(wp_ptr *atom, const void *value, wp_place at = wp_place::here())
{
	wp_word_store(atom, sizeof atom->word, (uintptr_t)value, WP_RLX, at);
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
static inline void wp_fence_full(wp_place at = wp_place::here())
{
	wp_fence(at);
}

static inline void wp_barrier_light(wp_place at = wp_place::here())
{
	wp_fence(at);
}

/* Loads of the word that was loaded last return what they did until the thread does
 * something else: a spin is one step, whatever its length. */
static inline void wp_spin_hint(wp_place at = wp_place::here())
{
	wp_spin(at);
}

#endif
