/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A run as JSON, schema 1: a program's view of it. docs/reference/benchmarks.md
 * lists the keys. What was not measured is null, never 0 or absent.
 */
#include <jansson.h>
#include <math.h>
#include <string.h>

#include "document.h"
#include "json_samples.h"

#define SCHEMA 1

/* Whole numbers as integers, so that a count never reads 1.0e9. */
static json_t *number(double value)
{
	if (isnan(value) || isinf(value))
		return json_null();
	if (value == floor(value) && fabs(value) < 9e15)
		return json_integer((json_int_t)value);
	return json_real(value);
}

static json_t *waits(const struct bench_row *row, enum bench_metric first)
{
	return json_pack("{s:o, s:o, s:o, s:o}", "p50", number(bench_row_value(row, first)), "p99",
	                 number(bench_row_value(row, first + 1)), "p999",
	                 number(bench_row_value(row, first + 2)), "max",
	                 number(bench_row_value(row, first + 3)));
}

/* This row's ops/s over that of each baseline of the scenario. */
static json_t *ratios(const struct bench_results *results, const struct bench_row *row)
{
	json_t *object = json_object();

	for (unsigned i = 0; i < results->rows_count; i++) {
		const struct bench_row *other = &results->rows[i];

		if (bench_row_is_baseline(other) && strcmp(other->scenario, row->scenario) == 0)
			(void)json_object_set_new(object, other->pool,
			                          number(bench_row_value(row, BENCH_OPS_PER_S) /
			                                 bench_row_value(other, BENCH_OPS_PER_S)));
	}
	return object;
}

static json_t *role(const struct bench_row *row, enum bench_metric first)
{
	return json_pack("{s:o, s:o, s:o}", "ops_per_s", number(bench_row_value(row, first)), "wait_ns",
	                 waits(row, first + 1), "fairness", number(bench_row_value(row, first + 5)));
}

/* What only SQL scenarios have. */
static json_t *sql_keys(const struct bench_row *row)
{
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "busy_errors",
	                 number(bench_row_value(row, BENCH_BUSY_ERRORS)), "wal_peak_bytes",
	                 number(bench_row_value(row, BENCH_WAL_PEAK_BYTES)), "read",
	                 role(row, BENCH_READ_OPS_PER_S), "write", role(row, BENCH_WRITE_OPS_PER_S),
	                 "group_size", number(bench_row_value(row, BENCH_GROUP_SIZE)), "fsyncs_per_tx",
	                 number(bench_row_value(row, BENCH_FSYNCS_PER_TX)), "ckpt_stall_ns",
	                 number(bench_row_value(row, BENCH_CKPT_STALL_NS)));
}

static json_t *result(const struct bench_results *results, const struct bench_row *row)
{
	json_t *object = json_pack(
		"{s:s, s:s, s:s, s:s?, s:s, s:i, s:i, s:s, s:o, s:i, s:o, s:o, s:o, s:o, s:o, s:o, s:o,"
		" s:o, s:o, s:o, s:o}",
		"scenario", row->scenario, "pool", row->pool, "standing",
		bench_standing_name(row->standing), "extra_work", row->extra_work, "driver", row->driver,
		"threads", (int)row->threads, "conns", (int)row->conns, "hold", row->hold, "seconds",
		number(row->seconds), "reps", (int)row->reps, "spread", number(bench_row_spread(row)),
		"ops", number(bench_row_value(row, BENCH_OPS)), "ops_per_s",
		number(bench_row_value(row, BENCH_OPS_PER_S)), "ns_per_pair",
		number(bench_row_value(row, BENCH_NS_PER_PAIR)), "wait_ns", waits(row, BENCH_WAIT_P50),
		"fairness", number(bench_row_value(row, BENCH_FAIRNESS)), "timeouts",
		number(bench_row_value(row, BENCH_TIMEOUTS)), "cpu_s_per_mop",
		number(bench_row_value(row, BENCH_CPU_S_PER_MOP)), "ctx_switches",
		number(bench_row_value(row, BENCH_CTX_SWITCHES)), "efficiency",
		number(bench_row_efficiency(results, row)), "ratio", ratios(results, row));

	if (row->kind == BENCH_KIND_SQL)
		(void)json_object_update_new(object, sql_keys(row));
	(void)json_object_set_new(object, "samples", bench_json_samples(row));
	return object;
}

static json_t *machine(const struct bench_machine *read)
{
	return json_pack("{s:s, s:s, s:i, s:o, s:s, s:s, s:s, s:b, s:o}", "cpu", read->cpu, "arch",
	                 read->arch, "processors", (int)read->processors, "memory_gib",
	                 number(round(read->memory_gib * 10.0) / 10.0), "kernel", read->kernel,
	                 "governor", read->governor, "idle_driver", read->idle_driver,
	                 "virtual_machine", (int)read->virtual_machine, "load_before",
	                 number(round(read->load_before * 100.0) / 100.0));
}

static json_t *storage(const struct bench_storage *read)
{
	if (read->file_system[0] == '\0')
		return json_null();
	return json_pack("{s:s, s:{s:o, s:o}}", "file_system", read->file_system, "fsync_ns", "p50",
	                 number(read->fsync_ns_p50), "p99", number(read->fsync_ns_p99));
}

bool bench_json_write(FILE *out, const struct bench_document *document)
{
	const struct bench_results *results = document->results;
	const struct bench_versions *versions = &document->versions;
	const struct bench_machine *ran_on = &document->machine;
	json_t *rows = json_array();
	json_t *root;
	bool written;

	for (unsigned i = 0; i < results->rows_count; i++)
		(void)json_array_append_new(rows, result(results, &results->rows[i]));
	root = json_pack("{s:i, s:s, s:s, s:o, s:o, s:s, s:s, s:{s:s, s:s, s:s, s:s, s:s}, s:s, s:I,"
	                 " s:b, s:o, s:o}",
	                 "schema", SCHEMA, "date", ran_on->date, "time", ran_on->time, "machine",
	                 machine(ran_on), "storage", storage(&document->storage), "compiler",
	                 ran_on->compiler, "build", ran_on->build, "versions", "weir", versions->weir,
	                 "sqlite", versions->sqlite, "ck", versions->ck, "jansson", versions->jansson,
	                 "libc", ran_on->libc, "commit", ran_on->commit, "seed",
	                 (json_int_t)document->seed, "quick", (int)document->quick, "minutes",
	                 number(round(document->minutes * 100.0) / 100.0), "results", rows);
	written = root != NULL && json_dumpf(root, out, JSON_INDENT(2) | JSON_REAL_PRECISION(9)) == 0 &&
	          fputc('\n', out) != EOF;
	json_decref(root);
	return written;
}
