/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Cancellation is deferred in each call of weir_db, and from the beginning of a tx to
 * its end: a reader or the writer in the hands of a thread that is no more would be
 * lost (core/thread_end.h).
 *
 * Calls nest (a query begins and ends a read, a job runs statements), and asking the
 * system costs more than a step of a statement: so a thread counts, and only the
 * outermost asks.
 */
#ifndef WEIR_CORE_DB_CANCEL_H
#define WEIR_CORE_DB_CANCEL_H

#include "seat.h"
#include "thread_end.h"

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

	if (deferral->depth++ == 0)
		deferral->before = weir__cancel_defer();
}

static inline void weir__defer_end(void)
{
	struct weir__deferral *deferral = weir__deferral();
	int before;

	if (deferral->depth == 0 || --deferral->depth > 0)
		return;
	before = deferral->before;
	weir__cancel_restore(&before);
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
#define WEIR__DB_CANCEL_DEFERRED                                                                   \
	__attribute__((cleanup(weir__defer_leave))) const int weir__deferred = weir__defer_enter()

#endif
