/* SPDX-License-Identifier: BSD-2-Clause
 *
 * See ticker.h.
 */
#include "ticker.h"

#include <signal.h>
#include <string.h>

void weir__ticker_init(struct weir__ticker *ticker, weir__tick tick, void *arg)
{
	ticker->tick = tick;
	ticker->arg = arg;
}

static void tick_until_stopped(struct weir__ticker *ticker)
{
	while (wp_load_acq_32(&ticker->stop) == 0) {
		const uint32_t seen = wp_load_acq_32(&ticker->calls); /* K2 */
		const struct weir_time now = {wp_now()};
		const struct weir_time next = ticker->tick(ticker->arg, now);

		(void)wp_futex_wait(&ticker->calls, seen, next.ns);
		wp_store_rlx_32(&ticker->deep, 0);
	}
}

/* A thread that went on in its own end would come to the end of its stack; it does so
 * only if the system has no other. */
static void hand_on(void *arg);

static void keep(struct weir__ticker *ticker)
{
	pthread_cleanup_push(hand_on, ticker);
	tick_until_stopped(ticker);
	pthread_cleanup_pop(0);
	wp_store_rel_32(&ticker->gone, 1); /* K3 */
	wp_futex_wake(&ticker->gone, 1);
}

static void *begin(void *arg)
{
	struct weir__ticker *ticker = (struct weir__ticker *)arg;

	ticker->thread = pthread_self();
	wp_store_rlx_32(&ticker->id, wp_thread_id());
	keep(ticker);
	return NULL;
}

static void *succeed(void *arg)
{
	(void)pthread_join(((struct weir__ticker *)arg)->thread, NULL);
	return begin(arg);
}

static void hand_on(void *arg)
{
	pthread_t unwanted; /* it says itself who it is */

	if (pthread_create(&unwanted, NULL, succeed, arg) != 0)
		keep((struct weir__ticker *)arg);
}

enum weir_code weir__ticker_start(struct weir__ticker *ticker, const char *where,
                                  struct weir_error *err)
{
	sigset_t all;
	sigset_t before;
	pthread_t unwanted; /* it says itself who it is */
	int rc;

	/* Signals are the program's business, on the program's threads. */
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = pthread_create(&unwanted, NULL, begin, ticker);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (rc != 0)
		return weir_fail(err, WEIR_ERR_NO_THREAD, where, rc,
		                 "the keeper's thread cannot be started: %s", strerror(rc));
	ticker->started = true;
	return WEIR_OK;
}

void weir__ticker_stop(struct weir__ticker *ticker)
{
	/* Threads may close beside each other: one joins, and the others wait for it. */
	weir__lock(&ticker->ending);
	if (ticker->started) {
		wp_store_rel_32(&ticker->stop, 1);
		weir__ticker_call(ticker);
		while (wp_load_acq_32(&ticker->gone) == 0) /* K4; ends: the last of them sees stop */
			(void)wp_futex_wait(&ticker->gone, 0, INT64_MAX);
		(void)pthread_join(ticker->thread, NULL);
		ticker->started = false;
	}
	weir__unlock(&ticker->ending);
}

void weir__ticker_call(struct weir__ticker *ticker)
{
	(void)wp_add_full_32(&ticker->calls, 1); /* K1 */
	wp_futex_wake(&ticker->calls, 1);
}

bool weir__ticker_is_me(const struct weir__ticker *ticker)
{
	const uint32_t id = wp_load_rlx_32(&ticker->id);

	return id != 0 && id == wp_thread_id();
}
