/* SPDX-License-Identifier: BSD-2-Clause
 *
 * weir itself, through its public interface and with its default settings, on a
 * driver that asks the scenario's source. It has no reset: a pool that is written
 * by hand has none.
 */
#include <stdio.h>
#include <stdlib.h>

#include <weir/driver.h>
#include <weir/lease.h>
#include <weir/log.h>
#include <weir/pool.h>

#include "variant.h"

_Static_assert(sizeof(struct weir_lease) <= sizeof(((struct pool_lease *)0)->own),
               "a lease of weir's has room in a caller's");
_Static_assert(_Alignof(struct weir_lease) <= _Alignof(uint64_t), "and is aligned there");

static enum weir_code source_open(const struct weir_open_request *request, void **conn,
                                  struct weir_error *err)
{
	const struct pool_source *const source = request->driver_data;

	if (source->open(source->self, request->deadline.ns, conn) == 0)
		return WEIR_OK;
	return weir_fail(err, WEIR_ERR_DRIVER_OPEN, "bench.open", 0, "the server is down");
}

static void source_close(void *conn)
{
	((struct pool_conn *)conn)->source->close(conn);
}

static enum weir_code source_validate(void *conn, struct weir_time deadline, struct weir_error *err)
{
	(void)deadline;
	if (((struct pool_conn *)conn)->source->ping(conn) == 0)
		return WEIR_OK;
	return weir_fail(err, WEIR_ERR_DRIVER, "bench.ping", 0, "the connection is broken");
}

/* A server's connections take as long to open as the server likes: weir opens them on
 * helper threads, so that callers can have what comes back meanwhile. */
static const struct weir_driver source_driver = {
	.abi = WEIR_DRIVER_ABI,
	.size = sizeof(struct weir_driver),
	.name = "bench",
	.open = source_open,
	.close = source_close,
	.validate = source_validate,
};

static void pool_destroy(void *pool)
{
	/* The source goes next, and a helper may still be opening one of its connections. */
	if (weir_pool_close(pool, NULL) != WEIR_OK)
		(void)fprintf(stderr, "weir-bench: weir does not close\n");
	weir_pool_destroy(pool);
}

static int pool_create(void **pool, const struct pool_setup *setup, char *problem,
                       size_t problem_size)
{
	struct weir_error err = WEIR_ERROR_INIT;
	struct weir_pool *made = NULL;
	struct weir_config config;
	/* What goes wrong is in the figures. */
	const struct weir_pool_options quiet = {(uint32_t)sizeof quiet, weir_log_silent(), NULL, NULL};

	weir_config_init(&config, &source_driver);
	config.max_size = setup->conns_max;
	config.min_idle = setup->conns_min;
	config.acquire_timeout = setup->acquire_timeout_ns;
	config.open_timeout = setup->open_timeout_ns;
	*pool = NULL;
	if (weir_pool_create_with(&made, &source_driver, (void *)(uintptr_t)setup->source, &config,
	                          &quiet, &err) != WEIR_OK) {
		(void)weir_error_describe(&err, problem, problem_size);
		return -1;
	}
	*pool = made;
	return 0;
}

/* Memory that only weir reads and writes, but for what it says of the connection. */
static struct weir_lease *own_lease(struct pool_lease *lease)
{
	return (struct weir_lease *)(void *)lease->own;
}

static int pool_acquire(void *pool, unsigned thread, struct pool_lease *lease)
{
	struct weir_lease *const own = own_lease(lease);

	(void)thread;
	if (weir_acquire(pool, own, NULL) != WEIR_OK)
		return -1;
	lease->conn = own->conn;
	return 0;
}

static void pool_release(void *pool, unsigned thread, struct pool_lease *lease)
{
	struct weir_lease *const own = own_lease(lease);

	(void)pool;
	(void)thread;
	lease->conn = NULL;
	if ((lease->broken ? weir_discard(own, NULL) : weir_release(own, NULL)) != WEIR_OK) {
		(void)fprintf(stderr, "weir-bench: weir refused a lease that it gave\n");
		abort();
	}
}

const struct pool_under_test bench_variant_weir = {
	.size = sizeof(struct pool_under_test),
	.version = POOL_UNDER_TEST_VERSION,
	.name = "weir",
	.doc = "weir with its default settings",
	.abilities = POOL_GROWS | POOL_HEALS,
	.create = pool_create,
	.destroy = pool_destroy,
	.acquire = pool_acquire,
	.release = pool_release,
};
