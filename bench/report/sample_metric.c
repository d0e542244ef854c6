/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The figures of weir-bench. See sample_metric.h.
 */
#include "sample_metric.h"

#define HIGHER true
#define LOWER false

static const struct bench_sample_metric metrics[] = {
	{"ops_per_s", BENCH_OPS_PER_S, NULL, "ops_per_s", "/s", HIGHER, true},
	{"wait_p50", BENCH_WAIT_P50, "wait_ns", "p50", "ns", LOWER, false},
	{"wait_p99", BENCH_WAIT_P99, "wait_ns", "p99", "ns", LOWER, true},
	{"wait_p999", BENCH_WAIT_P999, "wait_ns", "p999", "ns", LOWER, false},
	{"wait_max", BENCH_WAIT_MAX, "wait_ns", "max", "ns", LOWER, false},
	{"fairness", BENCH_FAIRNESS, NULL, "fairness", "", HIGHER, false},
	{"cpu_s_per_mop", BENCH_CPU_S_PER_MOP, NULL, "cpu_s_per_mop", "s", LOWER, false},
	{"ctx_switches", BENCH_CTX_SWITCHES, NULL, "ctx_switches", "", LOWER, false},
	{"timeouts", BENCH_TIMEOUTS, NULL, "timeouts", "", LOWER, false},
	{"busy_errors", BENCH_BUSY_ERRORS, NULL, "busy_errors", "", LOWER, false},
	{"wal_peak_bytes", BENCH_WAL_PEAK_BYTES, NULL, "wal_peak_bytes", "B", LOWER, false},
	{"group_size", BENCH_GROUP_SIZE, NULL, "group_size", "", HIGHER, false},
	{"fsyncs_per_tx", BENCH_FSYNCS_PER_TX, NULL, "fsyncs_per_tx", "", LOWER, false},
	{"ckpt_stall_ns", BENCH_CKPT_STALL_NS, NULL, "ckpt_stall_ns", "ns", LOWER, false},
	{"read_ops_per_s", BENCH_READ_OPS_PER_S, "read", "ops_per_s", "/s", HIGHER, false},
	{"read_p99", BENCH_READ_P99, NULL, NULL, "ns", LOWER, false},
	{"read_p999", BENCH_READ_P999, NULL, NULL, "ns", LOWER, false},
	{"write_ops_per_s", BENCH_WRITE_OPS_PER_S, "write", "ops_per_s", "/s", HIGHER, false},
	{"write_p99", BENCH_WRITE_P99, NULL, NULL, "ns", LOWER, false},
	{"write_p999", BENCH_WRITE_P999, NULL, NULL, "ns", LOWER, false},
};

const struct bench_sample_metric *bench_sample_metrics(size_t *count)
{
	*count = sizeof(metrics) / sizeof(metrics[0]);
	return metrics;
}
