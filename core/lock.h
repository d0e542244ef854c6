/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A lock of one word, taken only by threads that wait or that serve a waiter.
 *
 * States of the word: 0 free, 1 held, 2 held and somebody may sleep on it.
 * Legal moves: 0→1 and 0→2 take it; 1→2 announces a sleeper; 1→0, 2→0 free it.
 * Source of the algorithm: U. Drepper, "Futexes Are Tricky" (2011), mutex 2.
 *
 *   label operation             order   pairs with  breaks if weaker
 *   L1    take: CAS 0→1, xchg   acq     L2          what the lock guards is read stale
 *   L2    free: xchg 0          full    L1          as L1; and a sleeper seen too late
 * Progress: blocking. Around the queue it is held for some tens of instructions,
 * never across a driver call. It is not fair; the queue it guards is.
 */
#ifndef WEIR_CORE_LOCK_H
#define WEIR_CORE_LOCK_H

#include "platform_os.h"
#include "thread_safety.h"

struct WP_CAPABILITY("lock") weir__lock {
	wp_u32 word;
};

static inline void weir__lock(struct weir__lock *lock) WP_ACQUIRE(*lock) WP_UNCHECKED
{
	for (int spin = 0; spin < WP_LOCK_SPINS; spin++) {
		if (wp_load_rlx_32(&lock->word) == 0 && wp_cas_acq_32(&lock->word, 0, 1)) /* L1 */
			return;
		wp_spin_hint();
	}
	while (wp_xchg_full_32(&lock->word, 2) != 0) /* L1; ends when a holder frees it */
		(void)wp_futex_wait(&lock->word, 2, INT64_MAX);
}

static inline void weir__unlock(struct weir__lock *lock) WP_RELEASE(*lock) WP_UNCHECKED
{
	if (wp_xchg_full_32(&lock->word, 0) == 2) /* L2 */
		wp_futex_wake(&lock->word, 1);
}

#endif
