/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The scenarios. See scenario.h.
 */
#include "scenario.h"

#include <string.h>

#include "sql_variant.h"

/* The page caches: SQLite's own default; one for the whole file; weir's default. */
#define DEFAULT_CACHE                                                                              \
	{                                                                                              \
		.cache_kib = 2000                                                                          \
	}
#define LARGE_CACHE                                                                                \
	{                                                                                              \
		.cache_kib = 65536                                                                         \
	}
#define DURABLE                                                                                    \
	{                                                                                              \
		.cache_kib = 8192                                                                          \
	}
#define VISIBLE                                                                                    \
	{                                                                                              \
		.cache_kib = 8192, .visible = true                                                         \
	}

#define POOL(name) (1u << BENCH_SQL_##name)
#define BASELINES (POOL(BUSY_TIMEOUT) | POOL(MUTEX_WRITER) | POOL(SHARED_CONN))
/* Nobody writes: a mutex around the writer changes nothing. */
#define READ_POOLS (POOL(WEIR) | POOL(BUSY_TIMEOUT) | POOL(SHARED_CONN))
#define WRITE_POOLS (POOL(WEIR) | BASELINES | POOL(GROUP_OF_32) | POOL(RAW_1))

/* Threads and slots are chosen for two processors and up: a pool earns its keep
 * when callers outnumber both. */
static const struct bench_scenario scenarios[] = {
	{
		.name = "solo",
		.doc = "1 thread, 10 connections, no hold: what a lease costs by itself",
		.kind = BENCH_KIND_LEASES,
		.threads = 1,
		.conns = 10,
		.hold = "none",
		.seconds = 0.5,
		.wait_seconds = 0.25,
		.peers = true,
	},
	{
		.name = "pair",
		.doc = "2 threads, 10 connections, no hold: enough for all, no waiting",
		.kind = BENCH_KIND_LEASES,
		.threads = 2,
		.conns = 10,
		.hold = "none",
		.seconds = 0.5,
		.wait_seconds = 0.25,
		.peers = true,
	},
	{
		.name = "churn",
		.doc = "16 threads, 4 connections, no hold: nothing but the pool",
		.kind = BENCH_KIND_LEASES,
		.threads = 16,
		.conns = 4,
		.hold = "none",
		.seconds = 2.0,
		.wait_seconds = 2.0,
		.peers = true,
	},
	{
		.name = "short-hold",
		.doc = "16 threads, 2 connections, 2 us of work: a cache or an in-memory read",
		.kind = BENCH_KIND_LEASES,
		.threads = 16,
		.conns = 2,
		.hold = "work:2us",
		.seconds = 2.0,
		.wait_seconds = 2.0,
		.peers = true,
	},
	{
		.name = "blocking",
		.doc = "32 threads, 4 connections, 200 us of sleep: a database server on the network",
		.kind = BENCH_KIND_LEASES,
		.threads = 32,
		.conns = 4,
		.hold = "sleep:200us",
		.seconds = 2.0,
		.wait_seconds = 2.0,
		.peers = true,
	},
	{
		.name = "mixed",
		.doc = "64 threads, 8 connections, 95 % 1 us of work, 5 % 1 ms of sleep",
		.kind = BENCH_KIND_LEASES,
		.threads = 64,
		.conns = 8,
		.hold = "mix:95%work:1us,5%sleep:1ms",
		.seconds = 2.0,
		.wait_seconds = 2.0,
		.peers = true,
	},
	{
		.name = "sparse",
		.doc = "4,096 connections, one of them idle; the same step on 8",
		.kind = BENCH_KIND_SPARSE,
		.threads = 2,
		.conns = 4096,
		.conns_small = 8,
		.hold = "none",
		.seconds = 2.0,
		.wait_seconds = 0.25,
	},
	{
		.name = "sqlite-read",
		.doc = "SQLite: selects of one row by key, with SQLite's default page cache",
		.kind = BENCH_KIND_SQL,
		.sizes = {1, 2, 4, 8},
		.quick_sizes = {1, 4},
		.sql = {.settings = DEFAULT_CACHE, .pools = READ_POOLS, .read_percent = 100},
		.seconds = 0.4,
		.wait_seconds = 0.3,
	},
	{
		.name = "sqlite-read-cached",
		.doc = "SQLite: the same selects with 64 MiB of page cache, which holds every page",
		.kind = BENCH_KIND_SQL,
		.sizes = {1, 2, 4, 8},
		.quick_sizes = {1},
		.sql = {.settings = LARGE_CACHE, .pools = READ_POOLS, .read_percent = 100},
		.seconds = 0.4,
		.wait_seconds = 0.3,
	},
	{
		.name = "sqlite-read-beside",
		.doc = "SQLite: the same selects while one more thread commits an update every "
			   "millisecond",
		.kind = BENCH_KIND_SQL,
		.sizes = {1, 2, 4, 8},
		.quick_sizes = {4},
		.sql =
			{
				.settings = VISIBLE,
				.pools = READ_POOLS,
				.read_percent = 100,
				.beside = BENCH_BESIDE_WRITER,
			},
		.seconds = 0.4,
		.wait_seconds = 0.3,
	},
	{
		.name = "sqlite-write",
		.doc = "SQLite: updates of one row, visible when acknowledged (synchronous=NORMAL)",
		.kind = BENCH_KIND_SQL,
		.sizes = {1, 8, 32, 128},
		.quick_sizes = {32},
		.sql = {.settings = VISIBLE, .pools = WRITE_POOLS},
		.seconds = 0.8,
		.wait_seconds = 0.6,
	},
	{
		.name = "sqlite-durable",
		.doc = "SQLite: updates of one row, on disk when acknowledged (synchronous=FULL)",
		.kind = BENCH_KIND_SQL,
		.sizes = {1, 8, 32, 128},
		.quick_sizes = {1, 32},
		.sql = {.settings = DURABLE, .pools = WRITE_POOLS},
		.seconds = 1.0,
		.wait_seconds = 0.8,
	},
	{
		.name = "sqlite-mixed",
		.doc = "SQLite: 8 threads, 4 connections, 80 % selects, 20 % durable updates",
		.kind = BENCH_KIND_SQL,
		.threads = 8,
		.conns = 4,
		.sql =
			{
				.settings = DURABLE,
				.pools = POOL(WEIR) | POOL(WEIR_POOL) | BASELINES,
				.read_percent = 80,
			},
		.seconds = 1.0,
		.wait_seconds = 1.0,
	},
	{
		.name = "sqlite-long-reader",
		.doc = "SQLite: 8 threads update while one more holds a read transaction open",
		.kind = BENCH_KIND_SQL,
		.threads = 8,
		.sql =
			{
				.settings = VISIBLE,
				.pools = POOL(WEIR) | POOL(BUSY_TIMEOUT) | POOL(MUTEX_WRITER),
				.beside = BENCH_BESIDE_READER,
			},
		.seconds = 1.0,
		.wait_seconds = 1.0,
	},
	{
		.name = "sqlite-processes",
		.doc = "SQLite: 4 processes of 8 threads each make durable updates of one file",
		.kind = BENCH_KIND_SQL,
		.threads = 8,
		.sql =
			{
				.settings = DURABLE,
				.pools = POOL(WEIR) | POOL(BUSY_TIMEOUT) | POOL(MUTEX_WRITER),
				.processes = 4,
			},
		.seconds = 1.0,
		.wait_seconds = 1.0,
	},
	{
		.name = "custom",
		.doc = "what --threads, --conns and --hold say",
		.kind = BENCH_KIND_LEASES,
		.threads = 16,
		.conns = 4,
		.hold = "none",
		.seconds = 2.0,
		.wait_seconds = 2.0,
		.on_request = true,
	},
};

const struct bench_scenario *bench_scenarios(size_t *count)
{
	*count = sizeof(scenarios) / sizeof(scenarios[0]);
	return scenarios;
}

bool bench_scenario_writes(const struct bench_scenario *scenario)
{
	return scenario->kind == BENCH_KIND_SQL &&
	       (scenario->sql.read_percent < 100 || scenario->sql.beside == BENCH_BESIDE_WRITER);
}

const struct bench_scenario *bench_scenario_find(const char *name)
{
	size_t count;
	const struct bench_scenario *all = bench_scenarios(&count);

	for (size_t i = 0; i < count; i++)
		if (strcmp(all[i].name, name) == 0)
			return &all[i];
	return NULL;
}
