/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The words that files use. See names.h.
 */
#include "names.h"

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char *const metric_keys[BENCH_METRICS] = {
	[BENCH_OPS] = "ops",
	[BENCH_OPS_PER_S] = "ops_per_s",
	[BENCH_NS_PER_PAIR] = "ns_per_pair",
	[BENCH_WAIT_P50] = "wait_p50",
	[BENCH_WAIT_P99] = "wait_p99",
	[BENCH_WAIT_P999] = "wait_p999",
	[BENCH_WAIT_MAX] = "wait_max",
	[BENCH_FAIRNESS] = "fairness",
	[BENCH_TIMEOUTS] = "timeouts",
	[BENCH_CPU_S_PER_MOP] = "cpu_s_per_mop",
	[BENCH_CTX_SWITCHES] = "ctx_switches",
	[BENCH_BUSY_ERRORS] = "busy_errors",
	[BENCH_WAL_PEAK_BYTES] = "wal_peak_bytes",
	[BENCH_GROUP_SIZE] = "group_size",
	[BENCH_FSYNCS_PER_TX] = "fsyncs_per_tx",
	[BENCH_CKPT_STALL_NS] = "ckpt_stall_ns",
	[BENCH_READ_OPS_PER_S] = "read_ops_per_s",
	[BENCH_READ_P50] = "read_wait_p50",
	[BENCH_READ_P99] = "read_wait_p99",
	[BENCH_READ_P999] = "read_wait_p999",
	[BENCH_READ_MAX] = "read_wait_max",
	[BENCH_READ_FAIRNESS] = "read_fairness",
	[BENCH_WRITE_OPS_PER_S] = "write_ops_per_s",
	[BENCH_WRITE_P50] = "write_wait_p50",
	[BENCH_WRITE_P99] = "write_wait_p99",
	[BENCH_WRITE_P999] = "write_wait_p999",
	[BENCH_WRITE_MAX] = "write_wait_max",
	[BENCH_WRITE_FAIRNESS] = "write_fairness",
};

static const char *const kind_names[] = {
	[BENCH_KIND_LEASES] = "leases",
	[BENCH_KIND_SPARSE] = "sparse",
	[BENCH_KIND_SQL] = "sql",
	[BENCH_KIND_PHASES] = "phases",
};

const char *bench_metric_key(enum bench_metric metric)
{
	return metric_keys[metric];
}

bool bench_metric_is_sql(enum bench_metric metric)
{
	return metric >= BENCH_BUSY_ERRORS;
}

const char *bench_kind_name(enum bench_kind kind)
{
	return kind_names[kind];
}

bool bench_kind_read(enum bench_kind *kind, const char *word)
{
	for (size_t i = 0; i < COUNT(kind_names); i++)
		if (kind_names[i] != NULL && strcmp(kind_names[i], word) == 0) {
			*kind = (enum bench_kind)i;
			return true;
		}
	return false;
}

bool bench_standing_read(enum bench_standing *standing, const char *word)
{
	for (int i = BENCH_STANDING_WEIR; i <= BENCH_STANDING_LIMIT; i++)
		if (strcmp(bench_standing_name((enum bench_standing)i), word) == 0) {
			*standing = (enum bench_standing)i;
			return true;
		}
	return false;
}
