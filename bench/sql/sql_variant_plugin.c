/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A pool that is no part of weir-bench and executes statements by itself
 * (pool_under_test.h) as a SQL variant. See sql_variant.h.
 */
#include <stdlib.h>

#include "sql_variant.h"

/* As weir's own defaults. */
#define ACQUIRE_TIMEOUT_NS INT64_C(5000000000)
#define OPEN_TIMEOUT_NS INT64_C(5000000000)

struct plugin_pool {
	const struct pool_under_test *calls;
	void *pool;
};

static void plugin_destroy(void *opaque)
{
	struct plugin_pool *const plugin = opaque;

	if (plugin == NULL)
		return;
	plugin->calls->destroy(plugin->pool);
	free(plugin);
}

static enum weir_code plugin_create(void **out, const struct bench_sql_setup *setup,
                                    struct weir_error *err)
{
	const struct pool_setup asked = {
		.size = sizeof(asked),
		.threads = setup->threads,
		.conns_min = setup->conns,
		.conns_max = setup->conns,
		.acquire_timeout_ns = ACQUIRE_TIMEOUT_NS,
		.open_timeout_ns = OPEN_TIMEOUT_NS,
		.database = setup->path,
		.durable = !setup->settings.visible,
		.cache_kib = (unsigned)setup->settings.cache_kib,
	};
	enum weir_code code = bench_sql_alloc(out, sizeof(struct plugin_pool), err);
	struct plugin_pool *const plugin = *out;
	char problem[200] = "";

	if (code != WEIR_OK)
		return code;
	plugin->calls = setup->plugin;
	if (plugin->calls->create(&plugin->pool, &asked, problem, sizeof(problem)) == 0)
		return WEIR_OK;
	code =
		weir_fail(err, WEIR_ERR_DRIVER, "bench.create", 0, "%s: %s", plugin->calls->name, problem);
	free(plugin);
	*out = NULL;
	return code;
}

static enum pool_outcome plugin_execute(void *opaque, unsigned thread,
                                        const struct bench_statement *statement,
                                        const struct pool_value *values)
{
	const struct plugin_pool *const plugin = opaque;

	return plugin->calls->execute(plugin->pool, thread, &statement->call, values,
	                              statement->parameters_count);
}

struct bench_sql_variant bench_sql_plugin(const struct pool_under_test *pool,
                                          enum bench_standing standing)
{
	return (struct bench_sql_variant){
		.name = pool->name,
		.doc = pool->doc,
		.standing = standing,
		.plugin = pool,
		.extra_work = pool->extra_work,
		.create = plugin_create,
		.destroy = plugin_destroy,
		.execute = plugin_execute,
	};
}
