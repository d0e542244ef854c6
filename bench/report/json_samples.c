/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Every repetition of a row as JSON. See json_samples.h.
 */
#include "json_samples.h"

#include <math.h>

static const char *const keys[BENCH_METRICS] = {
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

json_t *bench_json_samples(const struct bench_row *row)
{
	json_t *const samples = json_object();

	for (int metric = 0; metric < BENCH_METRICS; metric++) {
		json_t *list;

		/* Outside SQL the roles are all the same, and nothing is ever busy. */
		if (metric >= BENCH_BUSY_ERRORS && row->kind != BENCH_KIND_SQL)
			continue;
		list = json_array();
		for (unsigned rep = 0; rep < row->reps; rep++) {
			const double value = row->values[metric][rep];

			(void)json_array_append_new(list, isfinite(value) ? json_real(value) : json_null());
		}
		(void)json_object_set_new(samples, keys[metric], list);
	}
	return samples;
}
