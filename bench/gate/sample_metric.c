/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The figures of weir-bench. See sample_metric.h.
 */
#include "sample_metric.h"

#define HIGHER true
#define LOWER false

static const struct bench_sample_metric metrics[] = {
	{"ops_per_s", NULL, "ops_per_s", "/s", HIGHER, true},
	{"wait_p50", "wait_ns", "p50", "ns", LOWER, false},
	{"wait_p99", "wait_ns", "p99", "ns", LOWER, true},
	{"wait_p999", "wait_ns", "p999", "ns", LOWER, false},
	{"wait_max", "wait_ns", "max", "ns", LOWER, false},
	{"fairness", NULL, "fairness", "", HIGHER, false},
	{"cpu_s_per_mop", NULL, "cpu_s_per_mop", "s", LOWER, false},
	{"ctx_switches", NULL, "ctx_switches", "", LOWER, false},
	{"timeouts", NULL, "timeouts", "", LOWER, false},
	{"busy_errors", NULL, "busy_errors", "", LOWER, false},
	{"wal_peak_bytes", NULL, "wal_peak_bytes", "B", LOWER, false},
	{"group_size", NULL, "group_size", "", HIGHER, false},
	{"fsyncs_per_tx", NULL, "fsyncs_per_tx", "", LOWER, false},
	{"ckpt_stall_ns", NULL, "ckpt_stall_ns", "ns", LOWER, false},
	{"read_ops_per_s", "read", "ops_per_s", "/s", HIGHER, false},
	{"read_wait_p99", NULL, NULL, "ns", LOWER, false},
	{"read_wait_p999", NULL, NULL, "ns", LOWER, false},
	{"write_ops_per_s", "write", "ops_per_s", "/s", HIGHER, false},
	{"write_wait_p99", NULL, NULL, "ns", LOWER, false},
	{"write_wait_p999", NULL, NULL, "ns", LOWER, false},
};

const struct bench_sample_metric *bench_sample_metrics(size_t *count)
{
	*count = sizeof(metrics) / sizeof(metrics[0]);
	return metrics;
}
