/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A thread that does what is due, and sleeps until something else is: the keeper of a
 * db, or that of a service for all of its databases.
 *
 * Its tick does what is due at a time and says when it wants to be called next. Who has
 * work for it that cannot wait calls it. A tick that finds nothing going on sleeps deep,
 * and whoever begins something stirs it: that costs a load as long as it is awake.
 *
 *   label operation                     order  pairs with  breaks if weaker
 *   K1    call: add calls, then wake    full   K2          the thread sleeps beside work that
 *                                                          was left to it just before
 *   K2    thread: load calls, tick,     acq    K1          as K1
 *         then sleep on calls
 *   K3    thread: store gone, as the    rel    K4          stop joins a thread that another
 *         last of them; then wake                          has joined
 *   K4    stop: load gone, then join    acq    K3          as K3
 *
 * A job that a tick carries out may end the thread before its time. Then another takes
 * its place, as the last act of this one, and joins it before it goes on.
 */
#ifndef WEIR_CORE_TICKER_H
#define WEIR_CORE_TICKER_H

#include <pthread.h>

#include <weir/base.h>
#include <weir/error.h>

#include "lock.h"

struct weir__ticker;

/* What is due at now; returns when it wants to be called next, at the latest. May set
 * ticker->deep to say that nothing is going on. */
typedef struct weir_time (*weir__tick)(void *arg, struct weir_time now);

struct weir__ticker {
	weir__tick tick;  /* r/o */
	void *arg;        /* r/o */
	pthread_t thread; /* the last one's, by itself; before K3 */
	wp_u32 id;        /* kernel id of that thread; 0: none runs */
	struct weir__lock ending;
	bool started; /* (ending) */
	wp_u32 stop;
	wp_u32 gone;  /* futex: no thread will follow; K3 */
	wp_u32 calls; /* futex; K1 */
	wp_u32 deep;  /* sleeps for long: nothing was going on */
};

/* A ticker without a thread: whoever owns it ticks by hand. */
void weir__ticker_init(struct weir__ticker *ticker, weir__tick tick, void *arg);

/* Start its thread, which gets no signal. Errors: NO_THREAD. */
enum weir_code weir__ticker_start(struct weir__ticker *ticker, const char *where,
                                  struct weir_error *err);

/* End the thread and wait for it; not from a tick. Any thread, again and again. */
void weir__ticker_stop(struct weir__ticker *ticker);

/* Something is due now. */
void weir__ticker_call(struct weir__ticker *ticker);

/* Wake it if it sleeps for good, since something goes on again. */
static inline void weir__ticker_stir(struct weir__ticker *ticker)
{
	if (wp_load_rlx_32(&ticker->deep) != 0)
		weir__ticker_call(ticker);
}

/* Whether the calling thread is its. */
bool weir__ticker_is_me(const struct weir__ticker *ticker);

#endif
