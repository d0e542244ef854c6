/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What the protocols need of the operating system, pretended by the explorer:
 * sleeps that the scheduler ends, a clock that it moves, allocations that it may
 * refuse. Implemented in stress/explore/explore_os.c.
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

/* A thread that spins longer learns nothing new: another one must step first. */
#define WP_LOCK_SPINS 1

/* As in the Linux back end, which says what each of them promises. */
enum wp_wait wp_futex_wait(wp_u32 *word, uint32_t expected, int64_t deadline_ns);
void wp_futex_wake(wp_u32 *word, int count);
enum wp_wait wp_futex_wait_bits(wp_u32 *word, uint32_t expected, uint32_t bits,
                                int64_t deadline_ns);
void wp_futex_wake_bits(wp_u32 *word, uint32_t bits);
enum wp_wait wp_futex_wait_shared(wp_u32 *word, uint32_t expected, int64_t deadline_ns);
void wp_futex_wake_shared(wp_u32 *word, int count);

bool wp_barrier_heavy_ready(void);
void wp_barrier_heavy(void);

int64_t wp_now(void);
uint32_t wp_thread_id(void);
uint32_t wp_cpu(void);
void wp_yield(void);

void *wp_alloc(size_t alignment, size_t bytes);
void wp_free(void *memory);
void *wp_alloc_wiped(size_t bytes);
void wp_free_wiped(void *memory, size_t bytes);

#define WP_THREAD_WORDS 40

/* Words of the fibre that runs. */
uint64_t *wp_thread_storage(void);

#endif
