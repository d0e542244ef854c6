/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The SQL variants by number, and what those of weir's have in common. See
 * sql_variant.h.
 */
#include "sql_variant.h"

#include <stdio.h>

#include <weir/sqlite.h>

#include "aligned.h"

/* What bench_sql_open sets by hand: durability, cache in KiB, frames in the WAL
 * that are too many (for the bare pool, and for weir_db), busy timeout in
 * milliseconds. */
static const char settings_format[] =
	"synchronous=%s foreign_keys=on mmap_size=0B cache_size=%dKiB wal_autocheckpoint=%d "
	"wal_ceiling=%d busy_timeout=%dms";

#define SETTINGS_MAX 256

/* Pools of others at most. */
#define ADDED_MAX 16

enum weir_code bench_sql_configure(struct weir_config *config, const struct bench_sql_setup *setup,
                                   struct weir_error *err)
{
	char settings[SETTINGS_MAX];

	weir_config_init(config, weir_sqlite_driver());
	(void)snprintf(config->path, sizeof(config->path), "%s", setup->path);
	config->max_size = setup->conns;
	config->min_idle = setup->conns;
	(void)snprintf(settings, sizeof(settings), settings_format,
	               setup->settings.visible ? "normal" : "full", setup->settings.cache_kib,
	               BENCH_SQL_AUTOCHECKPOINT_PAGES, BENCH_SQL_AUTOCHECKPOINT_PAGES,
	               BENCH_SQL_BUSY_TIMEOUT_MS);
	return weir_config_apply_pairs(config, weir_sqlite_driver(), settings, NULL, err);
}

/* What the command line adds, once, before the first pass. */
static struct bench_sql_variant added[ADDED_MAX];
static unsigned added_count;

bool bench_sql_variant_add(const struct pool_under_test *pool, enum bench_standing standing)
{
	if (pool->execute == NULL || added_count == ADDED_MAX)
		return false;
	added[added_count++] = bench_sql_plugin(pool, standing);
	return true;
}

void bench_sql_variants_clear(void)
{
	added_count = 0;
}

unsigned bench_sql_variants_count(void)
{
	return BENCH_SQL_POOLS + added_count;
}

const struct bench_sql_variant *bench_sql_variant_of(unsigned index)
{
	static const struct bench_sql_variant *const variants[BENCH_SQL_POOLS] = {
		[BENCH_SQL_WEIR] = &bench_sql_weir,
		[BENCH_SQL_WEIR_POOL] = &bench_sql_weir_pool,
		[BENCH_SQL_BUSY_TIMEOUT] = &bench_sql_busy_timeout,
		[BENCH_SQL_MUTEX_WRITER] = &bench_sql_mutex_writer,
		[BENCH_SQL_SHARED_CONN] = &bench_sql_shared_conn,
		[BENCH_SQL_GROUP_OF_32] = &bench_sql_group_of_32,
		[BENCH_SQL_RAW_1] = &bench_sql_raw_1,
	};

	return index < BENCH_SQL_POOLS ? variants[index] : &added[index - BENCH_SQL_POOLS];
}

enum weir_code bench_sql_alloc(void **memory, size_t bytes, struct weir_error *err)
{
	*memory = bench_alloc(bytes);
	if (*memory == NULL)
		return weir_fail(err, WEIR_ERR_NO_MEMORY, "bench.create", 0, "no memory for a pool");
	return WEIR_OK;
}
