/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Where an acquire sleeps. A waiter of the queue has three timers: one after which it looks
 * for slots that were left public (waitq.h, Q4), one after which it looks whether an open is
 * admitted (breaker.h, B4), and its deadline.
 *
 * A suspended pool's callers sleep on progress, which resume and close raise.
 *
 *   label operation                      order  pairs with   breaks if weaker
 *   S1    resume, close: change way or   full   S2           who waits for resume sleeps on
 *         wake, add to progress, wake                        beside it
 *   S2    load progress, then way and    acq    S1           as S1
 *         wake, then sleep on progress
 * Progress: blocking, until the deadline.
 */
#include "attempt.h"
#include "turn.h"

bool weir__attempt_sleep(struct weir__attempt *a, struct weir__waiter *waiter)
{
	struct weir__waitq *q = &a->pool->q;
	const int64_t window_ns = weir__setting(a->pool, WEIR_SET_fairness_window);
	const int64_t overdue_ns = weir__add_ns(waiter->since_ns, WEIR__TURN_OVERDUE * window_ns);
	int64_t look_ns = waiter->first ? waiter->since_ns + window_ns / WEIR__TURN_LOOK_DEN
	                                : overdue_ns;

	int64_t breaker_ns = weir__breaker_look_ns(a->pool, waiter->since_ns);

	if (q->strict)
		look_ns = INT64_MAX; /* nothing is ever left public */
	for (;;) {               /* ends: by a grant or the deadline */
		const int64_t first_ns = look_ns < breaker_ns ? look_ns : breaker_ns;
		const bool looks = first_ns < a->deadline_ns;

		if (weir__waitq_park(waiter, looks ? first_ns : a->deadline_ns))
			return true;
		if (looks && first_ns == breaker_ns) {
			weir__capacity_refill(a->pool, false);
			weir__capacity_tell_down(a->pool);
			breaker_ns = weir__breaker_look_ns(a->pool, wp_now());
			continue;
		}
		if (!looks) {
			/* Nobody leaves beside a slot that was left public for a thread
			 * that did not come back. */
			if (!q->strict)
				weir__pool_scan(a->pool, false);
			return !weir__waitq_cancel(q, waiter);
		}
		/* Once overdue, nothing is left public any more: no need to look
		 * again (Q4). */
		if (look_ns == overdue_ns)
			weir__waitq_mark_overdue(q, waiter);
		look_ns = look_ns == overdue_ns ? INT64_MAX : overdue_ns;
		weir__pool_scan(a->pool, false);
	}
}

enum weir_code weir__attempt_await_resume(struct weir__attempt *a)
{
	struct weir_pool *pool = a->pool;
	const int64_t began_ns = wp_now();
	const int64_t queued_ns = a->stages.queued_ns; /* it may have waited before */

	for (;;) { /* ends: resumed, closed, or the deadline */
		const uint32_t seen = wp_load_acq_32(&pool->progress); /* S2 */
		const int64_t now_ns = wp_now();

		a->stages.queued_ns = queued_ns + now_ns - began_ns;
		if (weir__pool_closed(pool))
			return weir__attempt_fail(a, WEIR_ERR_CLOSED);
		if ((wp_load_rlx_32(&pool->way) & WEIR__WAY_SUSPENDED) == 0)
			return WEIR_OK;
		if (!a->patient)
			return weir__attempt_fail(a, WEIR_ERR_SUSPENDED);
		if (now_ns >= a->deadline_ns)
			return weir__attempt_time_out(a);
		(void)wp_futex_wait(&pool->progress, seen, a->deadline_ns);
	}
}
