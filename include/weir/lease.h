/* SPDX-License-Identifier: BSD-2-Clause
 *
 * weir/lease.h: a caller's exclusive hold on one connection.
 *
 *     WEIR_SCOPED_LEASE(lease);
 *     struct weir_error err = WEIR_ERROR_INIT;
 *     if (weir_acquire(pool, &lease, &err) != WEIR_OK)
 *             return report(&err);
 *     use(lease.conn);
 *     // released here, on every way out of the block
 *
 * A lease belongs to one thread at a time. It may be passed on, by any means
 * that orders memory between the two threads, and released by the other.
 *
 * Threads that end. A lease outlives its thread: it stays out, timeouts and close
 * name the thread and the line that acquired it, and whoever has the handle can
 * release it. No call of weir's is a cancellation point, nor is a wait: drivers are
 * called with cancellation deferred, and a request that came meanwhile takes effect
 * at the caller's next cancellation point. (Asynchronous cancellation is not for
 * threads that call weir.)
 */
#ifndef WEIR_LEASE_H
#define WEIR_LEASE_H

#include <weir/base.h>
#include <weir/error.h>
#include <weir/pool.h>

/*
 * Zero before the first use (= {0}). conn is the driver's connection while the
 * lease is held and NULL otherwise; the rest is weir's. Copies of a lease are
 * the same lease: releasing one makes the others stale.
 */
struct weir_lease {
	struct weir_pool *pool;
	void *conn;
	uint32_t slot;
	uint32_t generation;
};

/* Timeouts with a meaning, in place of nanoseconds. */
#define WEIR_TIMEOUT_SETTING INT64_C(-1) /* the acquire_timeout setting */
#define WEIR_TIMEOUT_NEVER INT64_MAX     /* wait for ever */

#define WEIR_STRINGIZE_(x) #x
#define WEIR_STRINGIZE(x) WEIR_STRINGIZE_(x)
#define WEIR_HERE __FILE__ ":" WEIR_STRINGIZE(__LINE__)

/*
 * Acquire a lease: the macros record where, for dumps and timeouts.
 *
 *   weir_acquire(pool, lease, err)                 waits as acquire_timeout says
 *   weir_acquire_for(pool, lease, timeout_ns, err) waits at most that long
 *   weir_acquire_until(pool, lease, deadline, err) waits until a struct weir_time
 *   weir_try_acquire(pool, lease, err)             never waits for a connection
 *
 * One deadline spans queueing, opening and validating. On success *lease is
 * held by the caller, who must release or discard it; on failure *lease is
 * empty. *lease must not hold another lease.
 *
 * Any thread. Lock-free as long as a connection is idle; else blocks until its
 * deadline at most, plus a scheduling delay. If capacity is left, try opens a
 * connection when the driver honours deadlines (within open_timeout), and else
 * begins to open one for whoever comes next. It reports EXHAUSTED only after it
 * saw every connection taken, each at some moment during the call: connections
 * returned and taken meanwhile can escape it. With fairness=fifo it also does so
 * whenever somebody waits. No more than max_opening connections are opened at once;
 * a place whose open is not admitted yet counts as taken.
 *
 * While opens fail (enum weir_breaker_state in weir/pool.h) a caller waits for the
 * connections there are, if any. If there is none it fails at once, unless it was said to
 * wait (setting when_down, weir_acquire_with): then failed opens do not end its wait.
 *
 * Errors: ACQUIRE_TIMEOUT (err says why), EXHAUSTED (try; or max_waiters
 * reached), OPEN_FAILED (an open failed; driver_code says how), UNAVAILABLE (opens keep
 * failing, and none was tried for this call), HEALTH, CLOSED, SUSPENDED, FORKED,
 * BAD_ARGUMENT, NO_MEMORY, NO_THREAD.
 */
#define weir_acquire(pool, lease, err)                                                             \
	weir_acquire_from((pool), (lease), WEIR_TIMEOUT_SETTING, WEIR_HERE, (err))
#define weir_acquire_for(pool, lease, timeout_ns, err)                                             \
	weir_acquire_from((pool), (lease), (timeout_ns), WEIR_HERE, (err))
#define weir_acquire_until(pool, lease, deadline, err)                                             \
	weir_acquire_until_from((pool), (lease), (deadline), WEIR_HERE, (err))
#define weir_try_acquire(pool, lease, err) weir_acquire_from((pool), (lease), 0, WEIR_HERE, (err))

/*
 * weir_acquire_with(pool, lease, options, err): as weir_acquire, and as the options say.
 * options NULL: the settings. Errors: also BAD_ARGUMENT (its size; an unknown when_down).
 */
#define weir_acquire_with(pool, lease, options, err)                                               \
	weir_acquire_with_from((pool), (lease), (options), WEIR_HERE, (err))

/* What a caller does while the pool is suspended or its database down. */
enum weir_when_down {
	WEIR_DOWN_SETTING = 0, /* as the setting when_down says */
	WEIR_DOWN_FAIL = 1,    /* fail at once, with SUSPENDED or UNAVAILABLE */
	WEIR_DOWN_WAIT = 2,    /* wait to the deadline */
};

struct weir_acquire_options {
	uint32_t size;                 /* sizeof(struct weir_acquire_options) */
	enum weir_when_down when_down; /* see above */
	int64_t timeout_ns;            /* 0: the acquire_timeout setting */
	bool expected_long;            /* neither leak_after nor use_warning concerns this lease */
};

#ifdef __cplusplus
extern "C" {
#endif

/* What the macros call. timeout_ns: nanoseconds ≥ 0, or one of the names above.
 * site: "file:line" of the caller, static storage, or NULL. */
WEIR_API WEIR_MUST_USE enum weir_code weir_acquire_from(struct weir_pool *pool,
                                                        struct weir_lease *lease,
                                                        int64_t timeout_ns, const char *site,
                                                        struct weir_error *err);
WEIR_API WEIR_MUST_USE enum weir_code weir_acquire_until_from(struct weir_pool *pool,
                                                              struct weir_lease *lease,
                                                              struct weir_time deadline,
                                                              const char *site,
                                                              struct weir_error *err);

WEIR_API WEIR_MUST_USE enum weir_code weir_acquire_with_from(
	struct weir_pool *pool, struct weir_lease *lease, const struct weir_acquire_options *options,
	const char *site, struct weir_error *err);

/*
 * Return the connection. The driver resets it; one that cannot be reset is
 * closed, and the release still succeeds. lease is empty afterwards.
 * Holder; wait-free when nobody waits, else lock-free but for a short lock
 * around the queue. Errors (nothing was released): DOUBLE_RELEASE, STALE_HANDLE,
 * FOREIGN_HANDLE, FORKED, BAD_ARGUMENT (an empty lease).
 */
WEIR_API WEIR_MUST_USE enum weir_code weir_release(struct weir_lease *lease,
                                                   struct weir_error *err);

/*
 * Return a connection that is broken: it is closed on this thread, and its
 * place is free for a new one. Holder; blocks as long as the driver's close.
 * Errors as weir_release.
 */
WEIR_API WEIR_MUST_USE enum weir_code weir_discard(struct weir_lease *lease,
                                                   struct weir_error *err);

/*
 * Ask the holder of lease, from another thread, to stop: its running statement,
 * and those it begins afterwards, fail with DRIVER_CANCELLED until it releases.
 * lease is a copy of the holder's; one that is over by now is left alone, and
 * the next borrower never notices. Any thread; wait-free. Errors:
 * DRIVER_UNSUPPORTED (the driver does not look), STALE_HANDLE (it was over
 * already), FOREIGN_HANDLE, FORKED, BAD_ARGUMENT.
 */
WEIR_API WEIR_MUST_USE enum weir_code weir_cancel(const struct weir_lease *lease,
                                                  struct weir_error *err);

/* Whether lease is held: acquired and not yet released through this variable. */
static inline bool weir_lease_held(const struct weir_lease *lease)
{
	return lease->conn != NULL;
}

/*
 * Release lease if it is held; an empty one is left alone. For
 * WEIR_SCOPED_LEASE, which calls it at the end of the block. A failure here is
 * a broken rule (a lease released through a copy, or carried across a fork) and
 * is dropped: the slot belongs to someone else.
 */
WEIR_API void weir_lease_end(struct weir_lease *lease);

#ifdef __cplusplus
}
#endif

/*
 * Declare an empty lease that is released when its block ends, however it ends:
 * by falling out, return, break, continue or goto. longjmp and thread
 * cancellation in C pass it by. Needs GCC or Clang.
 */
#if defined(__GNUC__)
#ifdef __cplusplus
#define WEIR_LEASE_EMPTY                                                                           \
	{                                                                                              \
	}
#else
#define WEIR_LEASE_EMPTY                                                                           \
	{                                                                                              \
		0                                                                                          \
	}
#endif
#define WEIR_SCOPED_LEASE(name)                                                                    \
	__attribute__((cleanup(weir_lease_end))) struct weir_lease name = WEIR_LEASE_EMPTY
#endif

#endif
