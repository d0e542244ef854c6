/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Pools, leases and figures for tests: each helper does the usual thing and
 * fails the test when that does not work. For the thread that runs the test.
 */
#ifndef WEIR_UNIT_POOL_H
#define WEIR_UNIT_POOL_H

#include <weir/lease.h>
#include <weir/pool.h>
#include <weir/stub.h>

#include "unit_check.h"

/* Longer than anything that works takes, on a busy machine and under a sanitizer. */
#define UNIT_PATIENCE_NS WEIR_SECONDS(30)

/* A stub server; script may be NULL. */
struct weir_stub *unit_stub(const struct weir_stub_script *script);

/* A pool over driver with settings as in "max_size=2 min_idle=1" (NULL: none). */
struct weir_pool *unit_pool(const struct weir_driver *driver, void *driver_data, const char *pairs);

/* The same over the stub driver whose opens honour deadlines. */
struct weir_pool *unit_pool_prompt(struct weir_stub *stub, const char *pairs);

/* Close and destroy the pool, which must drain; then the server, which must have
 * seen every connection closed once and no rule broken. stub may be NULL. */
void unit_pool_end(struct weir_pool *pool, struct weir_stub *stub);

/* The second half: for tests that end their pools themselves. */
void unit_stub_end(struct weir_stub *stub);

struct weir_lease unit_acquire(struct weir_pool *pool);
void unit_release(struct weir_lease *lease);
void unit_discard(struct weir_lease *lease);

struct weir_pool_stats unit_stats(struct weir_pool *pool);
struct weir_stub_counts unit_counts(struct weir_stub *stub);

/* Wait until so many callers are in the queue. */
void unit_await_waiters(struct weir_pool *pool, uint32_t waiters);

/* Wait until so many connections are idle. */
void unit_await_idle(struct weir_pool *pool, uint32_t idle);

/* Wait until so many opens hang at the server. */
void unit_await_hanging(struct weir_stub *stub, uint64_t hanging);

/* Acquire with a deadline of some milliseconds, in vain, until an open hangs at the
 * server: a caller may have left before the helper thread came to it. */
void unit_make_hang(struct weir_pool *pool, struct weir_stub *stub, struct weir_error *err);

/* Let other threads run for a moment, inside a loop that waits for a condition. */
void unit_pause(void);

#endif
