/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What the protocols need of the operating system, under Relacy. See
 * platform_atomic.h beside it; the functions are in stress/relacy/relacy_system.cc.
 *
 * Time stands still but for waits that end at their deadline, and for a case that
 * moves it. A wait with a deadline may end there at any moment, a few times an
 * execution, and does so when nothing else can run; it may also end for no reason.
 * A wake orders nothing in memory: that is more than Linux would let happen.
 */
#ifndef WEIR_PLATFORM_OS_H
#define WEIR_PLATFORM_OS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "platform_atomic.h"

/* A thread that spins longer learns nothing new: another one must step first. */
#define WP_LOCK_SPINS 1

enum wp_wait {
	WP_WAIT_WOKEN = 0,   /* woken, or the word had changed, or for no reason */
	WP_WAIT_TIMEOUT = 1, /* the deadline passed */
};

wp_wait wp_sleep(const wp_u32 *word, uint32_t expected, uint32_t bits, int64_t deadline_ns,
                 const wp_place &place);
void wp_rouse(const wp_u32 *word, int count, uint32_t bits, const wp_place &place);

/* Sleep while *word is expected, until deadline_ns (INT64_MAX: no deadline). */
static inline wp_wait wp_futex_wait(wp_u32 *word, uint32_t expected, int64_t deadline_ns,
                                    wp_place at = wp_place::here())
{
	return wp_sleep(word, expected, UINT32_MAX, deadline_ns, at);
}

/* Wake up to count threads that sleep on word. The word's memory may be gone. */
static inline void wp_futex_wake(wp_u32 *word, int count, wp_place at = wp_place::here())
{
	wp_rouse(word, count, UINT32_MAX, at);
}

/* The same for sleepers that share a word: each with its bits, and a wake is for
 * all whose bits meet its own. */
static inline wp_wait wp_futex_wait_bits(wp_u32 *word, uint32_t expected, uint32_t bits,
                                         int64_t deadline_ns, wp_place at = wp_place::here())
{
	return wp_sleep(word, expected, bits, deadline_ns, at);
}

static inline void wp_futex_wake_bits(wp_u32 *word, uint32_t bits, wp_place at = wp_place::here())
{
	wp_rouse(word, INT32_MAX, bits, at);
}

/* The same for a word in memory that several processes map. */
static inline wp_wait wp_futex_wait_shared(wp_u32 *word, uint32_t expected, int64_t deadline_ns,
                                           wp_place at = wp_place::here())
{
	return wp_sleep(word, expected, UINT32_MAX, deadline_ns, at);
}

static inline void wp_futex_wake_shared(wp_u32 *word, int count, wp_place at = wp_place::here())
{
	wp_rouse(word, count, UINT32_MAX, at);
}

/* Register this process for wp_barrier_heavy; false if the system lacks it. */
static inline bool wp_barrier_heavy_ready(void)
{
	return true;
}

static inline void wp_barrier_heavy(wp_place at = wp_place::here())
{
	wp_fence(at);
}

/* Nanoseconds on the monotonic clock. */
int64_t wp_now(void);

/* 1 and up. */
uint32_t wp_thread_id(void);

/* As the case has it: all threads on processor 0, or each on its own. */
uint32_t wp_cpu(void);

/* Let another thread that is ready run on this processor. */
void wp_yield(void);

/* Zeroed memory aligned to a power of two, or NULL; wp_free takes it back. An access
 * to it that its allocation is not ordered before, or that its release is not ordered
 * after, is a data race. */
void *wp_alloc(size_t alignment, size_t bytes);
void wp_free(void *memory);

/* The same; nothing forks here. */
void *wp_alloc_wiped(size_t bytes);
void wp_free_wiped(void *memory, size_t bytes);

/* Words of per-thread storage, zero in a new thread. */
#define WP_THREAD_WORDS 40

uint64_t *wp_thread_storage(void);

#endif
