/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Concurrency Kit's bounded queue, many producers and many consumers, holding
 * the idle slots. It has no way to sleep: an acquire that finds it empty spins
 * for a moment, then gives up the processor until the deadline.
 */
#include <ck_ring.h>
#include <sched.h>
#include <stdbool.h>
#include <stdlib.h>

#include "conn_set.h"
#include "monotonic.h"
#include "variant.h"

#define RING_SPINS 64
#define RING_YIELDS_PER_CLOCK 16

struct ring_pool {
	_Alignas(BENCH_CACHE_LINE) ck_ring_t ring;
	_Alignas(BENCH_CACHE_LINE) ck_ring_buffer_t *buffer; /* constant from here on */
	int64_t timeout_ns;
	struct bench_conn_set set;
};

static void ring_destroy(void *pool)
{
	struct ring_pool *ring = pool;

	if (ring == NULL)
		return;
	bench_conn_set_close(&ring->set);
	free(ring->buffer);
	free(ring);
}

static int ring_create(void **pool, const struct pool_setup *setup, char *problem,
                       size_t problem_size)
{
	void *buffer = NULL;
	struct ring_pool *ring;
	unsigned size = 4;
	int rc = bench_alloc_pool(pool, sizeof(*ring), problem, problem_size);

	if (rc != 0)
		return rc;
	ring = *pool;
	ring->timeout_ns = setup->acquire_timeout_ns;
	/* One place always stays empty, and the size is a power of two. */
	while (size < setup->conns_max + 1)
		size *= 2;
	ck_ring_init(&ring->ring, size);
	rc = bench_alloc_pool(&buffer, size * sizeof(*ring->buffer), problem, problem_size);
	ring->buffer = buffer;
	if (rc == 0)
		rc = bench_conn_set_open(&ring->set, setup, setup->conns_max, problem, problem_size);
	if (rc != 0) {
		ring_destroy(ring);
		*pool = NULL;
		return rc;
	}
	for (unsigned i = 0; i < setup->conns_max; i++)
		(void)ck_ring_enqueue_mpmc(&ring->ring, ring->buffer, &ring->set.conns[i]);
	return 0;
}

static bool ring_wait(struct ring_pool *ring, void *entry)
{
	int64_t deadline;

	for (unsigned spin = 0; spin < RING_SPINS; spin++) {
		ck_pr_stall();
		if (ck_ring_dequeue_mpmc(&ring->ring, ring->buffer, entry))
			return true;
	}
	deadline = bench_now() + ring->timeout_ns;
	do {
		for (unsigned yield = 0; yield < RING_YIELDS_PER_CLOCK; yield++) {
			(void)sched_yield();
			if (ck_ring_dequeue_mpmc(&ring->ring, ring->buffer, entry))
				return true;
		}
	} while (bench_now() < deadline);
	return false;
}

static int ring_acquire(void *pool, unsigned thread, struct pool_lease *lease)
{
	struct ring_pool *ring = pool;
	void **entry = NULL;

	(void)thread;
	if (!ck_ring_dequeue_mpmc(&ring->ring, ring->buffer, &entry) && !ring_wait(ring, &entry))
		return -1;
	lease->conn = *entry;
	lease->own[0] = (uint64_t)(entry - ring->set.conns);
	return 0;
}

static void ring_release(void *pool, unsigned thread, struct pool_lease *lease)
{
	struct ring_pool *ring = pool;

	(void)thread;
	lease->conn = NULL;
	/* The ring has room for every slot, but refuses while an older dequeue is
	 * unfinished a whole lap behind. */
	while (!ck_ring_enqueue_mpmc(&ring->ring, ring->buffer, &ring->set.conns[lease->own[0]]))
		ck_pr_stall();
}

const struct pool_under_test bench_variant_ck_ring = {
	.size = sizeof(struct pool_under_test),
	.version = POOL_UNDER_TEST_VERSION,
	.name = "ck-ring",
	.doc = "ck_ring MPMC queue of idle connections; spins, then yields, when empty",
	.create = ring_create,
	.destroy = ring_destroy,
	.acquire = ring_acquire,
	.release = ring_release,
};
