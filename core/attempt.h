/* SPDX-License-Identifier: BSD-2-Clause
 *
 * An acquire on its way: what it was asked for, and where its time went.
 *
 *   acquire.c       the ways to a lease, in their order
 *   attempt_wait.c  sleeping: in the queue, and until a suspended pool goes on
 */
#ifndef WEIR_CORE_ATTEMPT_H
#define WEIR_CORE_ATTEMPT_H

#include "pool_internal.h"

/* In place of a deadline: never wait for a connection. */
#define WEIR__NO_WAIT INT64_MIN

struct weir__attempt {
	struct weir_pool *pool;
	struct weir__seat *seat;
	struct weir_error *err;
	int64_t deadline_ns;
	bool try_only;
	bool patient; /* waits while the pool is down */
	struct weir__stages stages;
};

static inline bool weir__pool_closed(const struct weir_pool *pool)
{
	return (weir__wake_read(&pool->q) & WEIR__WAKE_CLOSED) != 0;
}

static inline enum weir_code weir__attempt_fail(struct weir__attempt *a, enum weir_code code)
{
	return weir__diagnose(a->pool, a->err, code, "acquire", &a->stages);
}

static inline enum weir_code weir__attempt_time_out(struct weir__attempt *a)
{
	(void)wp_add_rlx_64(&a->pool->timeouts, 1);
	return weir__attempt_fail(a, WEIR_ERR_ACQUIRE_TIMEOUT);
}

/* Whether to go on although an open failed: without a breaker that would be at once, again
 * and again. */
static inline bool weir__attempt_goes_on(const struct weir__attempt *a)
{
	return a->patient && weir__setting(a->pool, WEIR_SET_breaker_failures) > 0;
}

/* Sleep in the queue until the waiter is out of it, granted or not. */
bool weir__attempt_sleep(struct weir__attempt *a, struct weir__waiter *waiter);

/* The pool is suspended: OK once it goes on; else why not. */
enum weir_code weir__attempt_await_resume(struct weir__attempt *a);

#endif
