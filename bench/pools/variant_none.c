/* SPDX-License-Identifier: BSD-2-Clause
 *
 * No pool at all: each thread has a connection of its own. See variant.h.
 */
#include <stdlib.h>

#include "conn_set.h"
#include "variant.h"

static void none_destroy(void *pool)
{
	struct bench_conn_set *set = pool;

	if (set == NULL)
		return;
	bench_conn_set_close(set);
	free(set);
}

static int none_create(void **pool, const struct pool_setup *setup, char *problem,
                       size_t problem_size)
{
	int rc = bench_alloc_pool(pool, sizeof(struct bench_conn_set), problem, problem_size);

	if (rc == 0)
		rc = bench_conn_set_open(*pool, setup, setup->threads, problem, problem_size);
	if (rc != 0) {
		none_destroy(*pool);
		*pool = NULL;
	}
	return rc;
}

static int none_acquire(void *pool, unsigned thread, struct pool_lease *lease)
{
	const struct bench_conn_set *set = pool;

	lease->conn = set->conns[thread];
	lease->own[0] = thread;
	return 0;
}

static void none_release(void *pool, unsigned thread, struct pool_lease *lease)
{
	(void)pool;
	(void)thread;
	lease->conn = NULL;
}

const struct pool_under_test bench_variant_none = {
	.size = sizeof(struct pool_under_test),
	.version = POOL_UNDER_TEST_VERSION,
	.name = "none",
	.doc = "no pool: a connection for each thread; the limit, not a baseline",
	.create = none_create,
	.destroy = none_destroy,
	.acquire = none_acquire,
	.release = none_release,
};
