/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The cases of the pool: a pool over a pretended driver, and threads that each do
 * one operation. Families of cases are made from two tables: configurations, and
 * operations.
 */
#ifndef EXPLORE_POOL_H
#define EXPLORE_POOL_H

#include <weir/weir.h>

#include "explore.h"
#include "testing.h"

#define POOL_THREADS_MAX 4
#define POOL_SLOTS_MAX 20
#define POOL_CONNS_MAX 24
#define POOL_QUEUE_MAX 8

struct pool_config {
	const char *name;
	uint32_t slots;
	uint32_t idle; /* connections that are open and idle, beside those that are leased */
	bool fifo;
	bool fence;
	bool narrow;   /* one open at once */
	bool breaker;  /* trips at the first failure */
	bool patient;  /* callers wait while it is down */
	bool helper;   /* the driver's opens do not honour deadlines */
	bool expires;  /* maintenance finds every connection too old */
	bool validate; /* on acquire */
	bool reclaims; /* maintenance finds every lease that is out to be a leak */
	bool surplus;  /* a place is lent for a lease that is over */
	bool ended;    /* the pool was destroyed, and its leases are still out */
	bool triples;  /* also in the larger families */
};

struct pool_operation {
	const char *name;
	bool holds;  /* it begins with a lease */
	bool cancel; /* it needs another that holds */
	bool last;   /* it ends that lease, and comes back no more */
	void (*run)(uint32_t self);
};

struct pool_case {
	const struct pool_config *config;
	const struct pool_operation *operations[POOL_THREADS_MAX];
	uint32_t count;
	uint32_t holders;
	uint32_t slots; /* as configured, or one for each that begins with a lease */
};

/* A connection of the pretended driver. */
struct pool_conn {
	uint64_t uses; /* plain on purpose: an order that is missing is a race on it */
	uint32_t user; /* who uses it, from 1 on; 0: nobody */
	uint32_t open;
	const void *token;
};

struct pool_queue {
	const struct weir__waiter *waiters[POOL_QUEUE_MAX];
	uint32_t count;
};

/* What the case remembers of a run: ghosts, which no code of core sees. */
struct pool_world {
	struct weir_pool *pool;
	const struct pool_case *self;
	struct pool_conn conns[POOL_CONNS_MAX];
	uint32_t opened;
	uint32_t closed;
	uint32_t generations[POOL_SLOTS_MAX];
	struct weir_lease leases[POOL_THREADS_MAX];
	struct weir_lease marked; /* a copy of the lease that cancellers mean */
	bool asked;               /* some canceller has begun */
	bool closing;             /* some close has begun */
	bool trying[POOL_THREADS_MAX];
	uint32_t taken[POOL_THREADS_MAX]; /* slots a try could have seen taken, a bit each */
	bool excused[POOL_THREADS_MAX];   /* a try may give up for another reason */
	struct pool_queue queue;          /* as it was when nobody had the lock */
};

static inline struct pool_world *pool_world(void)
{
	return (struct pool_world *)xp_kept();
}

/* explore_pool_ghost.c: what the case remembers is read and written here only. In the
 * build that looks for races this file is not looked at: ghosts race by nature. */
void ghost_asked(void);
bool ghost_was_asked(const struct weir_lease *lease);
void ghost_closing(void);
bool ghost_is_closing(void);
struct pool_conn *ghost_opened(void);
void ghost_closed(void);
void ghost_try_begins(uint32_t self);
bool ghost_try_may_fail(uint32_t self);

/* explore_pool_driver.c */
const struct weir_driver *pool_driver(const struct pool_config *config);
bool pool_cancel_asked(const struct pool_conn *conn);

/* explore_pool_operations.c */
const struct pool_operation *pool_operations(uint32_t *count);

/* explore_pool_check.c */
void pool_invariant(const struct xp_case *self);
void pool_finish(const struct xp_case *self);

#endif
