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
 * and from the beginning of a tx to its end: a reader or the writer in the hands of a
 * thread that is no more would be lost. What is done with a tx needs no deferral of its
 * own then, and a thread that sets PTHREAD_CANCEL_ENABLE meanwhile has none. Deferrals
 * nest (a query begins and ends a read, the end of which resets a connection), and to
 * ask the system costs more than a step of a statement: so a thread counts, and only
 * the outermost asks.
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

#include "seat.h"

struct weir__deferral {
	uint32_t depth;
	int32_t before; /* what the outermost found */
} __attribute__((may_alias));

static_assert(sizeof(struct weir__deferral) <= sizeof(uint64_t), "it is one word, the last");

/* Of the calling thread: the last word of its storage, behind the seats. */
static inline struct weir__deferral *weir__deferral(void)
{
	return (struct weir__deferral *)(void *)&wp_thread_storage()[WP_THREAD_WORDS - 1];
}

static inline void weir__defer_begin(void)
{
	struct weir__deferral *deferral = weir__deferral();
	int before = PTHREAD_CANCEL_ENABLE;

	if (deferral->depth++ > 0)
		return;
	(void)pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &before);
	deferral->before = before;
}

static inline void weir__defer_end(void)
{
	struct weir__deferral *deferral = weir__deferral();
	int unwanted;

	if (deferral->depth == 0 || --deferral->depth > 0)
		return;
	(void)pthread_setcancelstate(deferral->before, &unwanted);
}

static inline int weir__defer_enter(void)
{
	weir__defer_begin();
	return 0;
}

static inline void weir__defer_leave(const int *unused)
{
	(void)unused;
	weir__defer_end();
}

/* Deferred to the end of the block that this is declared in. */
#define WEIR__CANCEL_DEFERRED                                                                      \
	__attribute__((cleanup(weir__defer_leave), unused))                                            \
	const int weir__deferred = weir__defer_enter()

#endif
