/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The scenarios. See scenario.h.
 */
#include "scenario.h"

#include <string.h>

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
		.doc = "SQLite: 4 threads, 4 connections, selects of one row by key",
		.kind = BENCH_KIND_SQL,
		.threads = 4,
		.conns = 4,
		.read_percent = 100,
		.seconds = 2.0,
		.wait_seconds = 1.0,
	},
	{
		.name = "sqlite-write",
		.doc = "SQLite: 8 threads, 4 connections, durable transactions of one row",
		.kind = BENCH_KIND_SQL,
		.threads = 8,
		.conns = 4,
		.read_percent = 0,
		.seconds = 2.0,
		.wait_seconds = 1.0,
	},
	{
		.name = "sqlite-mixed",
		.doc = "SQLite: 8 threads, 4 connections, 80 % such selects, 20 % such transactions",
		.kind = BENCH_KIND_SQL,
		.threads = 8,
		.conns = 4,
		.read_percent = 80,
		.seconds = 2.0,
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

const struct bench_scenario *bench_scenario_find(const char *name)
{
	size_t count;
	const struct bench_scenario *all = bench_scenarios(&count);

	for (size_t i = 0; i < count; i++)
		if (strcmp(all[i].name, name) == 0)
			return &all[i];
	return NULL;
}
