/* SPDX-License-Identifier: BSD-2-Clause
 *
 * weir itself, through its public interface and with its default settings.
 */
#include <stdio.h>
#include <stdlib.h>

#include <weir/pool.h>

#include "variant.h"

static enum weir_code pool_create(void **pool, const struct bench_setup *setup,
                                  struct weir_error *err)
{
	struct weir_config config = *setup->config;
	struct weir_pool *made = NULL;
	enum weir_code code;

	config.max_size = setup->conns;
	config.min_idle = setup->conns;
	code = weir_pool_create(&made, setup->driver, NULL, &config, err);
	*pool = made;
	return code;
}

static void pool_destroy(void *pool)
{
	weir_pool_destroy(pool);
}

static bool pool_acquire(void *pool, unsigned thread, struct weir_lease *lease)
{
	(void)thread;
	return weir_acquire(pool, lease, NULL) == WEIR_OK;
}

static void pool_release(void *pool, unsigned thread, struct weir_lease *lease)
{
	(void)pool;
	(void)thread;
	if (weir_release(lease, NULL) != WEIR_OK) {
		(void)fprintf(stderr, "weir-bench: weir refused a lease that it gave\n");
		abort();
	}
}

const struct bench_variant bench_variant_weir = {
	.name = "weir",
	.doc = "weir with its default settings",
	.create = pool_create,
	.destroy = pool_destroy,
	.acquire = pool_acquire,
	.release = pool_release,
};
