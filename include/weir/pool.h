/* SPDX-License-Identifier: BSD-2-Clause
 *
 * weir/pool.h: a fixed ring of connections, its life and its figures.
 *
 * Thread-safety classes used in this page and in weir/lease.h:
 *   any thread   concurrently with every other call on the pool but destroy
 *   holder       the one thread that holds the lease at the time
 *   owner        one thread, once, with no other call on the pool under way
 *
 * Which calls may overlap (yes: no care needed; last: see its own comment)
 *
 *                acquire  release  stats  set  maintain  close  destroy
 *   acquire        yes      yes     yes   yes    yes      yes     no
 *   release        yes      (1)     yes   yes    yes      yes     (2)
 *   stats/set      yes      yes     yes   yes    yes      yes     no
 *   maintain       yes      yes     yes   yes    yes      yes     no
 *   close          yes      yes     yes   yes    yes      yes     no
 *
 *   (1) of different leases: yes. One lease released by two threads at the same
 *       instant is a data race; released twice in turn, it is an error.
 *   (2) leases that are out when the pool is destroyed may be released after
 *       destroy has returned, but not while it runs.
 */
#ifndef WEIR_POOL_H
#define WEIR_POOL_H

#include <weir/base.h>
#include <weir/config.h>
#include <weir/driver.h>
#include <weir/error.h>
#include <weir/log.h>

struct weir_pool;

/* Why connections were closed: an index into weir_pool_stats.closed. */
enum weir_close_reason {
	WEIR_CLOSE_BROKEN = 0,   /* weir_discard */
	WEIR_CLOSE_VALIDATE = 1, /* validation failed */
	WEIR_CLOSE_RESET = 2,    /* the driver could not clean up after a borrower */
	WEIR_CLOSE_IDLE = 3,     /* idle_timeout; or one too many, when a leak came back */
	WEIR_CLOSE_LIFETIME = 4, /* max_lifetime */
	WEIR_CLOSE_SHUTDOWN = 5, /* the pool was closed */
	WEIR_CLOSE_STALE = 6,    /* weir_pool_reset */
	WEIR_CLOSE_REASONS
};

/*
 * Whether connections may be opened. OPEN: breaker_failures opens failed one after the other,
 * and one at a time is tried, a probe, when breaker_delay has passed, twice that after the
 * next failure, and so on to breaker_delay_max, each less up to half. SLOW_START: a probe
 * succeeded, and opens may be under way at once as 1, 2, 4, … to max_opening. CLOSED, the
 * beginning: as many as that.
 */
enum weir_breaker_state {
	WEIR_BREAKER_CLOSED = 0,
	WEIR_BREAKER_SLOW_START = 1,
	WEIR_BREAKER_OPEN = 2,
};

/*
 * Figures since creation (counters) and of now (gauges). Each is exact by
 * itself; together they are not one snapshot.
 */
struct weir_pool_stats {
	uint32_t size;
	uint32_t max_size; /* gauge: the setting, and one for each leak that is written off */
	uint32_t idle;     /* gauge: connections nobody holds */
	uint32_t leased;   /* gauge */
	uint32_t opening;  /* gauge */
	uint32_t waiters;  /* gauge: callers in the queue */
	uint64_t acquires; /* leases given */
	uint64_t waits;    /* acquires that had to queue */
	uint64_t handoffs; /* leases given to a waiter by name */
	uint64_t timeouts; /* acquires that ended with ACQUIRE_TIMEOUT */
	uint64_t rejected; /* acquires refused because the queue was full */
	uint64_t opens;    /* connections opened */
	uint64_t open_failures;
	uint64_t barriers; /* process-wide barriers run by waiters */
	uint64_t closed[WEIR_CLOSE_REASONS];
	uint32_t leaked;            /* gauge: leases that are out for longer than leak_after */
	uint32_t epoch;             /* times the pool was reset */
	uint64_t leaks;             /* leases that were found to be leaks */
	uint64_t over_uses;         /* leases that were found to last longer than use_warning */
	uint64_t validations;       /* connections that the driver was asked about */
	uint64_t validate_failures; /* of those, that did not work */
	uint64_t keepalives;        /* of those, of idle connections */
	enum weir_breaker_state breaker;
	uint64_t trips;     /* times the breaker opened */
	uint64_t refusals;  /* acquires that ended with UNAVAILABLE */
	uint64_t reclaimed; /* leaks in whose stead another connection may be opened */
};

/*
 * A lease has been out for longer than leak_after: who has it. Called once for each, by
 * the thread that keeps house, with no lock held; may call weir, but should be short.
 * site and pool live as long as the pool.
 */
typedef void (*weir_on_leak)(void *arg, const char *pool, const struct weir_holder *holder);

struct weir_pool_options {
	uint32_t size;        /* sizeof(struct weir_pool_options) */
	struct weir_log *log; /* NULL: warnings to stderr; must outlive the pool and its opens */
	weir_on_leak on_leak; /* NULL: none */
	void *leak_arg;
};

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Create a pool over driver with a copy of config (NULL: the defaults), and
 * open min_idle connections. driver_data goes to each open as it is; it and
 * driver must outlive the pool and every open that it began. *pool is NULL on
 * failure, and nothing is left open; only an open that hangs past open_timeout
 * may then still be under way, and closes what it gets. Blocks while min_idle
 * connections open, each for open_timeout at most.
 * Owner. Errors: CONFIG_VALUE, CONFIG_CONFLICT, BAD_ARGUMENT (driver NULL or of
 * another ABI), OPEN_FAILED, NO_MEMORY, NO_THREAD.
 */
WEIR_API WEIR_MUST_USE enum weir_code weir_pool_create(struct weir_pool **pool,
                                                       const struct weir_driver *driver,
                                                       void *driver_data,
                                                       const struct weir_config *config,
                                                       struct weir_error *err);

/* The same with options (NULL: the defaults). Errors also: BAD_ARGUMENT (its size). */
WEIR_API WEIR_MUST_USE enum weir_code weir_pool_create_with(struct weir_pool **pool,
                                                            const struct weir_driver *driver,
                                                            void *driver_data,
                                                            const struct weir_config *config,
                                                            const struct weir_pool_options *options,
                                                            struct weir_error *err);

/* The same from a URL, over the defaults. Errors also: CONFIG_SYNTAX,
 * CONFIG_UNKNOWN. */
WEIR_API WEIR_MUST_USE enum weir_code weir_pool_open_url(struct weir_pool **pool,
                                                         const struct weir_driver *driver,
                                                         const char *url, struct weir_error *err);

/*
 * Stop giving leases, wake every waiter with CLOSED, close idle connections,
 * and wait until deadline for leases and opens to come back. Leases stay valid;
 * their connections close as they return. Calling it again waits again.
 * Any thread; blocks until deadline. Errors: CLOSE_TIMEOUT, with the holders
 * that remain in err; FORKED.
 */
WEIR_API WEIR_MUST_USE enum weir_code weir_pool_close_until(struct weir_pool *pool,
                                                            struct weir_time deadline,
                                                            struct weir_error *err);

/* The same with the close_timeout setting. */
WEIR_API WEIR_MUST_USE enum weir_code weir_pool_close(struct weir_pool *pool,
                                                      struct weir_error *err);

/*
 * Close the pool without waiting, if that was not done, and give it up; NULL is
 * accepted. No other call on the pool may be under way, nor the release of one of
 * its leases: a release looks at the pool once more after it has given the slot
 * back, and close does not wait for that. A lease that is out may come back later:
 * memory is freed at once, or with the last lease or open that is still out. In a
 * forked child it does nothing: what the pool holds is the parent's. Owner.
 */
WEIR_API void weir_pool_destroy(struct weir_pool *pool);

/*
 * One pass of housekeeping at a time, which tests may invent: retire connections past
 * idle_timeout (but not below min_idle) and max_lifetime (a quarter of the pool, and
 * one, at most), and what a reset has made old; validate those that were idle for
 * keepalive; open up to min_idle; tell of leaks and of uses that last too long. With
 * leak_policy=reclaim a leak is written off, and another connection may be opened in its
 * stead, for max_size/4+1 leaks at a time: so many more than max_size may be open then.
 * When it comes back after all, one that is idle is closed for it at the next pass. Returns
 * when it wants to be called next, at the latest. Any thread, one at a time: a second
 * one, also in a callback of the first, does nothing. Blocks while it opens, validates
 * (until one does not answer within validate_timeout) and closes connections.
 */
WEIR_API struct weir_time weir_pool_tick(struct weir_pool *pool, struct weir_time now);

/*
 * The same, now, from a timer of your own, say once a second; a pool that is never
 * maintained only grows to what was needed. Any thread; blocks as weir_pool_tick.
 * Errors: OPEN_FAILED, CLOSED, FORKED, BAD_ARGUMENT.
 */
WEIR_API WEIR_MUST_USE enum weir_code weir_pool_maintain(struct weir_pool *pool,
                                                         struct weir_error *err);

/*
 * Declare every connection that is open now old: after a failover, or when credentials
 * have changed. Idle ones close as they are met, leased ones as they come back; nobody
 * gets one any more. O(1); any thread; takes a short lock. reason: for the log; NULL:
 * none. Errors: CLOSED, FORKED, BAD_ARGUMENT.
 */
WEIR_API WEIR_MUST_USE enum weir_code weir_pool_reset(struct weir_pool *pool, const char *reason,
                                                      struct weir_error *err);

/*
 * Change a setting that is marked changeable while the pool runs; calls that
 * are waiting keep the value they began with. Any thread; takes a short lock.
 * Errors: CONFIG_UNKNOWN, CONFIG_VALUE, CONFIG_CONFLICT, BAD_ARGUMENT (not
 * changeable), FORKED.
 */
WEIR_API WEIR_MUST_USE enum weir_code weir_pool_set(struct weir_pool *pool, const char *name,
                                                    const char *value, struct weir_error *err);

/*
 * Let nobody begin a lease until resume: an acquire fails with SUSPENDED, or, with the
 * setting when_down=wait, waits for resume to its deadline. Leases that are out go on,
 * and so do callers that were waiting already. Close ends it. Any thread; takes a short
 * lock. Errors: CLOSED, FORKED, BAD_ARGUMENT.
 */
WEIR_API WEIR_MUST_USE enum weir_code weir_pool_suspend(struct weir_pool *pool,
                                                        struct weir_error *err);
WEIR_API WEIR_MUST_USE enum weir_code weir_pool_resume(struct weir_pool *pool,
                                                       struct weir_error *err);

/* Fill stats (set its size first). Any thread; wait-free, O(max_size). Errors:
 * BAD_ARGUMENT, FORKED. */
WEIR_API WEIR_MUST_USE enum weir_code weir_pool_read_stats(struct weir_pool *pool,
                                                           struct weir_pool_stats *stats);

/* "closed", "slow_start" or "open". Static storage; any thread; wait-free. */
WEIR_API const char *weir_breaker_state_name(enum weir_breaker_state state);

/* The driver and the name of the pool, as given at creation; NULL and "" in a
 * forked child. Any thread; wait-free. */
WEIR_API const struct weir_driver *weir_pool_driver(const struct weir_pool *pool);
WEIR_API const char *weir_pool_name(const struct weir_pool *pool);

#ifdef __cplusplus
}
#endif

#endif
