/* SPDX-License-Identifier: BSD-2-Clause
 *
 * apr_reslist, the resource list of the Apache Portable Runtime, which mod_dbd and
 * others keep connections in. Its constructor and destructor call the scenario's
 * source; what else it does is as it comes.
 */
#include <apr_general.h>
#include <apr_reslist.h>
#include <apu_version.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "monotonic.h"
#include "pool_under_test.h"

struct reslist_pool {
	const struct pool_setup *setup;
	apr_pool_t *memory;
	apr_reslist_t *list;
};

static apr_status_t construct(void **resource, void *opaque, apr_pool_t *memory)
{
	const struct pool_setup *const setup = opaque;
	const struct pool_source *const source = setup->source;

	(void)memory;
	return source->open(source->self, bench_now() + setup->open_timeout_ns, resource) == 0
	           ? APR_SUCCESS
	           : APR_EGENERAL;
}

static apr_status_t destruct(void *resource, void *opaque, apr_pool_t *memory)
{
	const struct pool_setup *const setup = opaque;

	(void)memory;
	setup->source->close(resource);
	return APR_SUCCESS;
}

static void reslist_destroy(void *opaque)
{
	struct reslist_pool *const pool = opaque;

	if (pool == NULL)
		return;
	/* With it goes the list, and with that every connection. */
	if (pool->memory != NULL)
		apr_pool_destroy(pool->memory);
	apr_terminate();
	free(pool);
}

static int reslist_create(void **out, const struct pool_setup *setup, char *problem,
                          size_t problem_size)
{
	const int size = (int)setup->conns_max;
	struct reslist_pool *const pool = calloc(1, sizeof(*pool));
	apr_status_t status = apr_initialize();

	*out = NULL;
	if (pool == NULL || status != APR_SUCCESS || setup->source == NULL) {
		(void)snprintf(problem, problem_size, "no memory, or nothing to open");
		free(pool);
		return -1;
	}
	pool->setup = setup;
	status = apr_pool_create(&pool->memory, NULL);
	/* No connection is too many or too old: nobody's expire in these scenarios. */
	if (status == APR_SUCCESS)
		status = apr_reslist_create(&pool->list, (int)setup->conns_min, size, size, 0, construct,
		                            destruct, (void *)(uintptr_t)setup, pool->memory);
	if (status != APR_SUCCESS) {
		(void)snprintf(problem, problem_size, "apr_reslist_create: %d, or no connection",
		               (int)status);
		reslist_destroy(pool);
		return -1;
	}
	/* In microseconds; 0 would be for ever. */
	apr_reslist_timeout_set(pool->list, setup->acquire_timeout_ns / 1000 + 1);
	*out = pool;
	return 0;
}

static int reslist_acquire(void *opaque, unsigned thread, struct pool_lease *lease)
{
	struct reslist_pool *const pool = opaque;
	void *conn = NULL;

	(void)thread;
	if (apr_reslist_acquire(pool->list, &conn) != APR_SUCCESS)
		return -1;
	lease->conn = conn;
	return 0;
}

static void reslist_release(void *opaque, unsigned thread, struct pool_lease *lease)
{
	struct reslist_pool *const pool = opaque;
	void *const conn = lease->conn;

	(void)thread;
	lease->conn = NULL;
	/* A release opens connections where some are missing. That it could not is no
	 * fault of this one. */
	if (lease->broken)
		(void)apr_reslist_invalidate(pool->list, conn);
	else
		(void)apr_reslist_release(pool->list, conn);
}

const struct pool_under_test *pool_under_test_entry(void)
{
	static const struct pool_under_test table = {
		.size = sizeof(table),
		.version = POOL_UNDER_TEST_VERSION,
		.name = "apr_reslist",
		.doc = "APR-util " APU_VERSION_STRING ", apr_reslist: mutex, condition variable, stack",
		.extra_work = "reads the clock three times for each lease, and takes its mutex once more "
					  "at each release to look whether connections are missing or too many",
		.abilities = POOL_GROWS | POOL_HEALS,
		.create = reslist_create,
		.destroy = reslist_destroy,
		.acquire = reslist_acquire,
		.release = reslist_release,
	};

	return &table;
}
