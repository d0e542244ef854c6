/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Read sections: what is walked inside one is not freed before it ends, by whoever
 * unlinks it first and then calls wp_rcu_synchronize.
 *
 * Two counters. A reader counts itself into that of the current phase; who synchronizes
 * turns the phase and waits for the counter of the one before, twice, since a reader may
 * have read the phase long before it counted. liburcu would make a section cheaper, but
 * its memb flavour cannot be told of a fork (a child would wait for sections of the
 * parent's threads), and what is read here takes a locked reference anyway.
 * Source of the algorithm: P. McKenney, "Sleepable Read-Copy Update" (2006).
 *
 *   label operation                       order  pairs with  breaks if weaker
 *   D1    publish: store the pointer      rel    D2          a reader follows it into memory
 *                                                            that is not yet filled
 *   D2    read: load the pointer          acq    D1          as D1
 *   D3    synchronize, after D1           full   D4          what a reader still walks is freed
 *   D4    read section begins and ends    full   D3          as D3
 * Progress: sections are wait-free; synchronize blocks for as long as the longest
 * section that had begun before it. Sections nest. Neither is for signal handlers,
 * nor for callbacks: no driver and no user's function is called inside one.
 */
#ifndef WEIR_PLATFORM_RCU_H
#define WEIR_PLATFORM_RCU_H

#include <stdint.h>

#include "platform_atomic.h"

/* A pointer that readers follow. */
struct wp_rcu_ptr {
	wp_u64 bits;
};

/* Begin a section; the token is for its end. */
uint32_t wp_rcu_read_begin(void);
void wp_rcu_read_end(uint32_t token);

void wp_rcu_synchronize(void);

static inline void wp_rcu_publish(struct wp_rcu_ptr *at, const void *pointer)
{
	wp_store_rel_64(&at->bits, (uint64_t)(uintptr_t)pointer); /* D1 */
}

static inline void *wp_rcu_follow(const struct wp_rcu_ptr *at)
{
	return (void *)(uintptr_t)wp_load_acq_64(&at->bits); /* D2 */
}

#endif
