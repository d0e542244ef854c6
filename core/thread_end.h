/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Threads that end in the middle of a call: cancelled, or by pthread_exit in a
 * function of the caller's.
 *
 * weir's own waits are no cancellation points. But a driver reads files and
 * sockets, and sleeps: were its thread cancelled there, a slot would stay OPENING
 * or LEASED for ever, a gate be held by nobody, a mutex inside SQLite stay locked.
 * So a driver is called with cancellation deferred: a pool does it around each
 * operation (what is shorter has no time for it), weir_db around each of its calls
 * and from the beginning of a tx to its end (db_cancel.h).
 * A request that comes meanwhile is kept by the system, and takes effect at the
 * next cancellation point after the call. That holds for requests that are deferred,
 * as they are unless a thread asks for other: with PTHREAD_CANCEL_ASYNCHRONOUS no
 * call of weir's is safe.
 *
 * A job that ends its thread is dealt with where it is called, by cleanup handlers:
 * group.c, db_write.c, db_maintain.c, keeper.c. A handler may lead, and so meet
 * another such job. glibc's handlers by setjmp get lost then (a new one is linked to
 * one whose frame is gone), those by unwinding do not: so these files are compiled with
 * -fexceptions, and a handler that must come to its end is a handler of itself.
 */
#ifndef WEIR_CORE_THREAD_END_H
#define WEIR_CORE_THREAD_END_H

#include <pthread.h>

/* From here on; returns what restore needs. */
static inline int weir__cancel_defer(void)
{
	int before = PTHREAD_CANCEL_ENABLE;

	(void)pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &before);
	return before;
}

static inline void weir__cancel_restore(const int *before)
{
	int unwanted;

	(void)pthread_setcancelstate(*before, &unwanted);
}

/* Cancellation is deferred to the end of the block that this is declared in. */
#define WEIR__CANCEL_DEFERRED                                                                      \
	__attribute__((cleanup(weir__cancel_restore)))                                                 \
	const int weir__cancel_before = weir__cancel_defer()

#endif
