/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A source of connections that do nothing. See source.h.
 */
#include "source.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#include "monotonic.h"

struct bench_source {
	struct pool_source source;
	int64_t open_ns;
	int64_t ping_ns;

	_Atomic unsigned outages; /* how often the server went down */
	_Atomic bool down;
	_Atomic unsigned open_now;
	_Atomic uint64_t opens;
	_Atomic uint64_t open_failures;
};

struct source_conn {
	struct pool_conn conn;
	struct bench_source *source;
	unsigned outages; /* of the server when it was opened */
};

/* Sleep, but not past the deadline; whether there was time for all of it. */
static bool take(int64_t ns, int64_t deadline_ns)
{
	const int64_t until_ns = bench_now() + ns;
	const struct timespec until = bench_timespec(until_ns < deadline_ns ? until_ns : deadline_ns);

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR)
		;
	return until_ns <= deadline_ns;
}

static int source_open(void *self, int64_t deadline_ns, void **out)
{
	struct bench_source *const source = self;
	struct source_conn *conn = NULL;
	unsigned outages;

	*out = NULL;
	if (!atomic_load_explicit(&source->down, memory_order_acquire) &&
	    (source->open_ns == 0 || take(source->open_ns, deadline_ns)))
		conn = malloc(sizeof(*conn));
	/* It may have gone down while this one was on its way. The count before that
	 * look: one that is raised later makes this connection a broken one. */
	outages = atomic_load_explicit(&source->outages, memory_order_acquire);
	if (conn != NULL && atomic_load_explicit(&source->down, memory_order_acquire)) {
		free(conn);
		conn = NULL;
	}
	if (conn == NULL) {
		atomic_fetch_add_explicit(&source->open_failures, 1, memory_order_relaxed);
		return -1;
	}
	conn->conn.source = &source->source;
	conn->source = source;
	conn->outages = outages;
	atomic_fetch_add_explicit(&source->opens, 1, memory_order_relaxed);
	atomic_fetch_add_explicit(&source->open_now, 1, memory_order_relaxed);
	*out = conn;
	return 0;
}

static void source_close(void *opaque)
{
	struct source_conn *const conn = opaque;

	atomic_fetch_sub_explicit(&conn->source->open_now, 1, memory_order_relaxed);
	free(conn);
}

static int source_ping(void *opaque)
{
	const struct source_conn *const conn = opaque;

	if (conn->source->ping_ns > 0)
		(void)take(conn->source->ping_ns, INT64_MAX);
	return bench_source_works(conn) ? 0 : -1;
}

struct bench_source *bench_source_create(int64_t open_ns, int64_t ping_ns)
{
	struct bench_source *const source = calloc(1, sizeof(*source));

	if (source == NULL)
		return NULL;
	source->source = (struct pool_source){source, source_open, source_close, source_ping};
	source->open_ns = open_ns;
	source->ping_ns = ping_ns;
	return source;
}

void bench_source_destroy(struct bench_source *source)
{
	free(source);
}

const struct pool_source *bench_source_for_pool(const struct bench_source *source)
{
	return &source->source;
}

void bench_source_set_down(struct bench_source *source, bool down)
{
	/* Down first: whoever reads the new count sees that it is. */
	atomic_store_explicit(&source->down, down, memory_order_release);
	if (down)
		atomic_fetch_add_explicit(&source->outages, 1, memory_order_release);
}

bool bench_source_works(const void *opaque)
{
	const struct source_conn *const conn = opaque;

	return conn->outages == atomic_load_explicit(&conn->source->outages, memory_order_acquire);
}

struct bench_source_counts bench_source_read(const struct bench_source *source)
{
	return (struct bench_source_counts){
		.open_now = atomic_load_explicit(&source->open_now, memory_order_relaxed),
		.opens = atomic_load_explicit(&source->opens, memory_order_relaxed),
		.open_failures = atomic_load_explicit(&source->open_failures, memory_order_relaxed),
	};
}
