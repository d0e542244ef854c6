/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A pool of your own under weir-bench: a pipe that holds the idle connections. See
 * docs/guides/your-own-pool.md.
 */
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "pool_under_test.h"

struct pool {
	const struct pool_setup *setup;
	int pipe[2];
};

static int acquire(void *opaque, unsigned thread, struct pool_lease *lease)
{
	struct pool *pool = opaque;
	struct pollfd idle = {.fd = pool->pipe[0], .events = POLLIN};

	(void)thread;
	while (read(pool->pipe[0], &lease->conn, sizeof(lease->conn)) != sizeof(lease->conn))
		if (poll(&idle, 1, (int)(pool->setup->acquire_timeout_ns / 1000000)) != 1)
			return -1; /* the time starts again for a caller whom another outran */
	return 0;
}

static void release(void *opaque, unsigned thread, struct pool_lease *lease)
{
	struct pool *pool = opaque;
	void *conn = lease->conn;

	(void)thread;
	lease->conn = NULL;
	if (write(pool->pipe[1], &conn, sizeof(conn)) != sizeof(conn))
		abort(); /* a pipe has room for 8,192 */
}

static void destroy(void *opaque)
{
	struct pool *pool = opaque;
	void *conn;

	if (pool == NULL)
		return;
	while (read(pool->pipe[0], &conn, sizeof(conn)) == sizeof(conn))
		pool->setup->source->close(conn);
	close(pool->pipe[0]);
	close(pool->pipe[1]);
	free(pool);
}

static int create(void **out, const struct pool_setup *setup, char *problem, size_t problem_size)
{
	struct pool *pool = calloc(1, sizeof(*pool));
	struct pool_lease lease = {0};

	*out = NULL;
	if (pool == NULL || setup->conns_max > 8192 || pipe(pool->pipe) != 0) {
		snprintf(problem, problem_size, "no memory, no pipe, or too many connections for one");
		free(pool);
		return -1;
	}
	fcntl(pool->pipe[0], F_SETFL, O_NONBLOCK);
	fcntl(pool->pipe[1], F_SETFL, O_NONBLOCK);
	pool->setup = setup;
	for (unsigned i = 0; i < setup->conns_max; i++) {
		if (setup->source->open(setup->source->self, INT64_MAX, &lease.conn) != 0) {
			snprintf(problem, problem_size, "connection %u did not open", i + 1);
			destroy(pool);
			return -1;
		}
		release(pool, 0, &lease);
	}
	*out = pool;
	return 0;
}

const struct pool_under_test *pool_under_test_entry(void)
{
	static const struct pool_under_test pool = {
		.size = sizeof(pool),
		.version = POOL_UNDER_TEST_VERSION,
		.name = "my-pool",
		.doc = "a pipe that holds the idle connections",
		.create = create,
		.destroy = destroy,
		.acquire = acquire,
		.release = release,
	};

	return &pool;
}
