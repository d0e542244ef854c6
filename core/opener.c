/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Helper threads that open connections, for drivers whose open may hang.
 *
 * A caller of such a driver never opens: it queues up, and a helper opens for
 * the queue. What comes first, a connection that somebody returns or the new
 * one, goes to the head of the queue; a failed open fails the oldest waiter that is
 * not patient. So a caller
 * leaves at its own deadline whatever the database does, and a connection that
 * arrives later goes to the pool.
 *
 * A request is a place in state OPENING; the helper owns it. Helpers start when
 * requests outnumber the idle ones, max_opening at most, and go after a while
 * without work. Each holds a reference on the pool, since an open that hangs may
 * outlive destroy.
 *
 * None of this is on a path that counts nanoseconds, so it is a mutex and a
 * condition variable. Lock order: opener lock before queue lock.
 */
#include "pool_internal.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <time.h>

/* How long a helper stays without work. */
#define LINGER_NS WEIR_SECONDS(2)

struct request {
	uint32_t slot;
	bool wanted; /* open even if nobody waits any more */
};

struct weir__opener {
	pthread_mutex_t lock;
	pthread_cond_t work;
	struct request *requests; /* a circle of capacity entries */
	uint32_t capacity;        /* as many as places: a place is requested once */
	uint32_t first;
	uint32_t count;
	uint32_t threads;
	uint32_t idle;
	uint32_t threads_max;
	bool stop;
};

bool weir__opener_create(struct weir_pool *pool)
{
	const uint32_t capacity = pool->ring.count;
	struct weir__opener *opener = (struct weir__opener *)wp_alloc(WEIR__CACHE_LINE, sizeof *opener);
	struct request *requests =
		(struct request *)wp_alloc(WEIR__CACHE_LINE, capacity * sizeof *requests);
	pthread_condattr_t attributes;

	if (opener == NULL || requests == NULL) {
		wp_free(requests);
		wp_free(opener);
		return false;
	}
	opener->requests = requests;
	opener->capacity = capacity;
	opener->threads_max = (uint32_t)pool->config.max_opening;
	(void)pthread_mutex_init(&opener->lock, NULL);
	(void)pthread_condattr_init(&attributes);
	(void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	(void)pthread_cond_init(&opener->work, &attributes);
	(void)pthread_condattr_destroy(&attributes);
	pool->opener = opener;
	return true;
}

void weir__opener_free(struct weir__opener *opener)
{
	if (opener == NULL)
		return;
	(void)pthread_cond_destroy(&opener->work);
	(void)pthread_mutex_destroy(&opener->lock);
	wp_free(opener->requests);
	wp_free(opener);
}

void weir__opener_stop(struct weir__opener *opener)
{
	if (opener == NULL)
		return;
	(void)pthread_mutex_lock(&opener->lock);
	opener->stop = true;
	(void)pthread_cond_broadcast(&opener->work);
	(void)pthread_mutex_unlock(&opener->lock);
}

/* Wait for a request; false when the helper should go. Counts it out then. */
static bool next_request(struct weir__opener *opener, struct request *request)
{
	const int64_t until_ns = weir__add_ns(wp_now(), LINGER_NS);
	const struct timespec until = {
		.tv_sec = (time_t)(until_ns / WEIR_SECONDS(1)),
		.tv_nsec = (long)(until_ns % WEIR_SECONDS(1)),
	};
	int rc = 0;

	(void)pthread_mutex_lock(&opener->lock);
	opener->idle++;
	while (opener->count == 0 && !opener->stop && rc != ETIMEDOUT)
		rc = pthread_cond_timedwait(&opener->work, &opener->lock, &until);
	opener->idle--;
	const bool found = opener->count > 0;

	if (found) {
		*request = opener->requests[opener->first];
		opener->first = (opener->first + 1) % opener->capacity;
		opener->count--;
	} else {
		opener->threads--;
	}
	(void)pthread_mutex_unlock(&opener->lock);
	return found;
}

static void serve(struct weir_pool *pool, const struct request *request)
{
	struct weir__slot *slot = weir__pool_slot(pool, request->slot);
	struct weir_error err = WEIR_ERROR_INIT;
	const uint32_t wake = weir__wake_read(&pool->q);
	const bool closed = (wake & WEIR__WAKE_CLOSED) != 0;

	/* Looked at again only now: the waiter may have been served since, and a
	 * burst of waiters must not leave the pool full of connections. */
	if (closed || (!request->wanted && weir__wake_count(wake) == 0)) {
		weir__capacity_give(pool, slot);
		return;
	}
	if (weir__capacity_open(pool, slot, INT64_MAX, &err) == WEIR_OK) {
		weir__slot_pass_on(pool, slot);
		/* Only now: whom it serves might look again in between, and ask for one more. */
		weir__capacity_opened(pool);
		(void)weir__pool_prefill(pool, &err);
		weir__progress(pool);
		return;
	}
	(void)weir__capacity_tell_failed(pool);
	weir__capacity_give(pool, slot);
}

static void *help(void *argument)
{
	struct weir_pool *pool = (struct weir_pool *)argument;
	struct request request;

	while (next_request(pool->opener, &request)) /* ends: after LINGER_NS without work */
		serve(pool, &request);
	weir__pool_unref(pool);
	return NULL;
}

/* Start one more helper; false if the system has no thread for it. */
static bool start_helper(struct weir_pool *pool)
{
	pthread_attr_t attributes;
	pthread_t thread;
	sigset_t all;
	sigset_t before;

	weir__pool_ref(pool);
	(void)pthread_attr_init(&attributes);
	(void)pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	/* The program's signals are for the program's threads. */
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	const bool started = pthread_create(&thread, &attributes, help, pool) == 0;

	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	(void)pthread_attr_destroy(&attributes);
	if (!started)
		weir__pool_unref(pool);
	return started;
}

/* Without any helper a request would wait for ever. */
static void note_refusal(struct weir_pool *pool)
{
	struct weir_error err = WEIR_ERROR_INIT;
	const enum weir_code code = weir_fail(&err, WEIR_ERR_NO_THREAD, "open", 0,
	                                      "no thread could be started to open a connection");

	(void)wp_add_rlx_64(&pool->open_failures, 1);
	wp_store_rlx_32(&pool->open_down, 1);
	weir__breaker_note(pool, false, wp_now());
	weir__last_open_note(pool, code, &err);
}

static bool request_open(struct weir_pool *pool, struct weir__slot *slot, bool wanted)
{
	struct weir__opener *opener = pool->opener;
	bool served = true;

	(void)pthread_mutex_lock(&opener->lock);
	if (opener->count >= opener->idle && opener->threads < opener->threads_max) {
		if (start_helper(pool))
			opener->threads++;
		else
			served = opener->threads > 0;
	}
	if (served) {
		const uint32_t last = (opener->first + opener->count) % opener->capacity;

		opener->requests[last].slot = weir__slot_index(pool, slot);
		opener->requests[last].wanted = wanted;
		opener->count++;
		(void)pthread_cond_signal(&opener->work);
	}
	(void)pthread_mutex_unlock(&opener->lock);
	if (!served)
		note_refusal(pool);
	return served;
}

bool weir__opener_request(struct weir_pool *pool, struct weir__slot *slot)
{
	return request_open(pool, slot, false);
}

bool weir__opener_prefill(struct weir_pool *pool, struct weir__slot *slot)
{
	return request_open(pool, slot, true);
}
