/* SPDX-License-Identifier: BSD-2-Clause
 *
 * No pool at all: each thread has a connection of its own. See variant.h.
 */
#include <stdlib.h>

#include "conn_set.h"

static void none_destroy(void *pool)
{
	struct bench_conn_set *set = pool;

	if (set == NULL)
		return;
	bench_conn_set_close(set);
	free(set);
}

static enum weir_code none_create(void **pool, const struct bench_setup *setup,
                                  struct weir_error *err)
{
	enum weir_code code = bench_alloc_pool(pool, sizeof(struct bench_conn_set), err);

	if (code == WEIR_OK)
		code = bench_conn_set_open(*pool, setup, setup->threads, err);
	if (code != WEIR_OK) {
		none_destroy(*pool);
		*pool = NULL;
	}
	return code;
}

static bool none_acquire(void *pool, unsigned thread, struct weir_lease *lease)
{
	const struct bench_conn_set *set = pool;

	lease->conn = set->conns[thread];
	lease->slot = thread;
	return true;
}

static void none_release(void *pool, unsigned thread, struct weir_lease *lease)
{
	(void)pool;
	(void)thread;
	lease->conn = NULL;
}

const struct bench_variant bench_variant_none = {
	.name = "none",
	.doc = "no pool: a connection for each thread; the limit, not a baseline",
	.create = none_create,
	.destroy = none_destroy,
	.acquire = none_acquire,
	.release = none_release,
};
