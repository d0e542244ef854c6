/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What the protocols need of the operating system: futex, process-wide barrier,
 * clock, thread identity, memory. Linux on x86-64 and arm64; another back end
 * is another header of this name on the include path.
 */
#ifndef WEIR_PLATFORM_OS_H
#define WEIR_PLATFORM_OS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "platform_atomic.h"

enum wp_wait {
	WP_WAIT_WOKEN = 0,   /* woken, or the word had changed, or for no reason */
	WP_WAIT_TIMEOUT = 1, /* the deadline passed */
};

/* Tries before a lock's waiter sleeps: about the length of one critical section.
 * More only burns the time slice that the holder may need. */
#define WP_LOCK_SPINS 40

/* Sleep while *word is expected, until deadline_ns on the monotonic clock
 * (INT64_MAX: no deadline). May return early; the caller looks again. */
enum wp_wait wp_futex_wait(wp_u32 *word, uint32_t expected, int64_t deadline_ns);

/* Wake up to count threads that sleep on word. The word's memory may be gone. */
void wp_futex_wake(wp_u32 *word, int count);

/* The same for sleepers that share a word: each with its bits, and a wake is for
 * all whose bits meet its own. */
enum wp_wait wp_futex_wait_bits(wp_u32 *word, uint32_t expected, uint32_t bits,
                                int64_t deadline_ns);
void wp_futex_wake_bits(wp_u32 *word, uint32_t bits);

/* The same for a word in memory that several processes map. */
enum wp_wait wp_futex_wait_shared(wp_u32 *word, uint32_t expected, int64_t deadline_ns);
void wp_futex_wake_shared(wp_u32 *word, int count);

/* Register this process for wp_barrier_heavy; false if the system lacks it. */
bool wp_barrier_heavy_ready(void);

/* Every running thread of this process executes a full fence before it returns. */
void wp_barrier_heavy(void);

/* Nanoseconds on the monotonic clock. */
int64_t wp_now(void);

/* The kernel's id of the calling thread. */
uint32_t wp_thread_id(void);

/* The processor that runs the calling thread, which may change at any time. */
uint32_t wp_cpu(void);

/* Let another thread that is ready run on this processor. */
void wp_yield(void);

/* Zeroed memory aligned to a power of two, or NULL; wp_free takes it back. */
void *wp_alloc(size_t alignment, size_t bytes);
void wp_free(void *memory);

/* Zeroed memory that is zero again in every child this process forks, or NULL;
 * wp_free_wiped takes it back. */
void *wp_alloc_wiped(size_t bytes);
void wp_free_wiped(void *memory, size_t bytes);

/* Words of per-thread storage, zero in a new thread. */
#define WP_THREAD_WORDS 40
#ifdef __cplusplus
extern thread_local uint64_t wp_thread_words[WP_THREAD_WORDS];
#else
extern _Thread_local uint64_t wp_thread_words[WP_THREAD_WORDS];
#endif

static inline uint64_t *wp_thread_storage(void)
{
	return wp_thread_words;
}

#endif
