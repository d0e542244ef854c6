/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A run as JSON, schema 2: a program's view of it. docs/reference/benchmarks-json.md
 * lists the keys. What was not measured is null, never 0 or absent.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "document.h"
#include "json_parts.h"
#include "names.h"

#define SCHEMA 2
#define PRECISION JSON_REAL_PRECISION(9)

static json_t *waits(const struct bench_row *row, enum bench_metric first)
{
	return json_pack("{s:o, s:o, s:o, s:o}", "p50", bench_json_number(bench_row_value(row, first)),
	                 "p99", bench_json_number(bench_row_value(row, first + 1)), "p999",
	                 bench_json_number(bench_row_value(row, first + 2)), "max",
	                 bench_json_number(bench_row_value(row, first + 3)));
}

/* This row's ops/s over that of each baseline of the scenario. */
static json_t *ratios(const struct bench_results *results, const struct bench_row *row)
{
	json_t *object = json_object();

	for (unsigned i = 0; i < results->rows_count; i++) {
		const struct bench_row *other = &results->rows[i];

		if (bench_row_is_baseline(other) && strcmp(other->scenario, row->scenario) == 0)
			(void)json_object_set_new(object, other->pool,
			                          bench_json_number(bench_row_value(row, BENCH_OPS_PER_S) /
			                                            bench_row_value(other, BENCH_OPS_PER_S)));
	}
	return object;
}

static json_t *role(const struct bench_row *row, enum bench_metric first)
{
	return json_pack("{s:o, s:o, s:o}", "ops_per_s", bench_json_number(bench_row_value(row, first)),
	                 "wait_ns", waits(row, first + 1), "fairness",
	                 bench_json_number(bench_row_value(row, first + 5)));
}

/* What only SQL scenarios have. */
static json_t *sql_keys(const struct bench_row *row)
{
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "busy_errors",
	                 bench_json_number(bench_row_value(row, BENCH_BUSY_ERRORS)), "wal_peak_bytes",
	                 bench_json_number(bench_row_value(row, BENCH_WAL_PEAK_BYTES)), "read",
	                 role(row, BENCH_READ_OPS_PER_S), "write", role(row, BENCH_WRITE_OPS_PER_S),
	                 "group_size", bench_json_number(bench_row_value(row, BENCH_GROUP_SIZE)),
	                 "fsyncs_per_tx", bench_json_number(bench_row_value(row, BENCH_FSYNCS_PER_TX)),
	                 "ckpt_stall_ns", bench_json_number(bench_row_value(row, BENCH_CKPT_STALL_NS)));
}

/* Every repetition of every metric that this kind of scenario has. */
static json_t *samples(const struct bench_row *row)
{
	json_t *const object = json_object();

	for (int metric = 0; metric < BENCH_METRICS; metric++) {
		json_t *list;

		if (bench_metric_is_sql((enum bench_metric)metric) && row->kind != BENCH_KIND_SQL)
			continue;
		list = json_array();
		for (unsigned i = 0; i < row->reps; i++)
			(void)json_array_append_new(list, bench_json_number(row->values[metric][i]));
		(void)json_object_set_new(object, bench_metric_key((enum bench_metric)metric), list);
	}
	return object;
}

/* What the row is of. */
static json_t *identity(const struct bench_row *row)
{
	return json_pack(
		"{s:o, s:o, s:s, s:o, s:s, s:o, s:o, s:o, s:i, s:i, s:o, s:b, s:o, s:i}", "scenario",
		bench_json_text(row->scenario), "doc", bench_json_text(row->doc), "kind",
		bench_kind_name(row->kind), "pool", bench_json_text(row->pool), "standing",
		bench_standing_name(row->standing), "extra_work", bench_json_text(row->extra_work),
		"failure", bench_json_text(row->failure[0] != '\0' ? row->failure : NULL), "driver",
		bench_json_text(row->driver), "threads", (int)row->threads, "conns", (int)row->conns,
		"hold", bench_json_text(row->hold), "sleeps", (int)row->sleeps, "seconds",
		bench_json_number(row->seconds), "reps", (int)row->reps);
}

static json_t *result(const struct bench_results *results, const struct bench_row *row)
{
	json_t *const object = identity(row);

	(void)json_object_update_new(
		object,
		json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "spread",
	              bench_json_number(bench_row_spread(row)), "ops",
	              bench_json_number(bench_row_value(row, BENCH_OPS)), "ops_per_s",
	              bench_json_number(bench_row_value(row, BENCH_OPS_PER_S)), "ns_per_pair",
	              bench_json_number(bench_row_value(row, BENCH_NS_PER_PAIR)), "wait_ns",
	              waits(row, BENCH_WAIT_P50), "fairness",
	              bench_json_number(bench_row_value(row, BENCH_FAIRNESS)), "timeouts",
	              bench_json_number(bench_row_value(row, BENCH_TIMEOUTS)), "cpu_s_per_mop",
	              bench_json_number(bench_row_value(row, BENCH_CPU_S_PER_MOP)), "ctx_switches",
	              bench_json_number(bench_row_value(row, BENCH_CTX_SWITCHES)), "efficiency",
	              bench_json_number(bench_row_efficiency(results, row)), "ratio",
	              ratios(results, row)));
	if (row->kind == BENCH_KIND_SQL)
		(void)json_object_update_new(object, sql_keys(row));
	(void)json_object_update_new(object, json_pack("{s:o, s:o, s:o}", "samples", samples(row),
	                                               "waits", bench_json_waits(row->waits),
	                                               "timeline", bench_json_timeline(row->timeline)));
	return object;
}

static json_t *machine(const struct bench_machine *read)
{
	return json_pack("{s:o, s:s, s:i, s:o, s:s, s:s, s:s, s:b, s:o}", "cpu",
	                 bench_json_text(read->cpu), "arch", read->arch, "processors",
	                 (int)read->processors, "memory_gib",
	                 bench_json_number(round(read->memory_gib * 10.0) / 10.0), "kernel",
	                 read->kernel, "governor", read->governor, "idle_driver", read->idle_driver,
	                 "virtual_machine", (int)read->virtual_machine, "load_before",
	                 bench_json_number(round(read->load_before * 100.0) / 100.0));
}

static json_t *storage(const struct bench_storage *read)
{
	if (read->file_system[0] == '\0')
		return json_null();
	return json_pack("{s:s, s:{s:o, s:o}}", "file_system", read->file_system, "fsync_ns", "p50",
	                 bench_json_number(read->fsync_ns_p50), "p99",
	                 bench_json_number(read->fsync_ns_p99));
}

static json_t *notes(const struct bench_document *document)
{
	json_t *const list = json_array();

	for (unsigned i = 0; i < document->notes_count; i++)
		(void)json_array_append_new(list, bench_json_text(document->notes[i]));
	return list;
}

/* All but the results. */
static json_t *head(const struct bench_document *document)
{
	const struct bench_versions *const versions = &document->versions;
	const struct bench_machine *const ran_on = &document->machine;

	return json_pack(
		"{s:i, s:s, s:s, s:o, s:o, s:o, s:o, s:{s:o, s:o, s:o, s:o, s:o}, s:o, s:I,"
		" s:b, s:b, s:b, s:o, s:o, s:o}",
		"schema", SCHEMA, "date", ran_on->date, "time", ran_on->time, "machine", machine(ran_on),
		"storage", storage(&document->storage), "compiler", bench_json_text(ran_on->compiler),
		"build", bench_json_text(ran_on->build), "versions", "weir",
		bench_json_text(versions->weir), "sqlite", bench_json_text(versions->sqlite), "ck",
		bench_json_text(versions->ck), "jansson", bench_json_text(versions->jansson), "libc",
		bench_json_text(ran_on->libc), "commit", bench_json_text(ran_on->commit), "seed",
		(json_int_t)document->seed, "quick", (int)document->quick, "judged", (int)document->judged,
		"indicative", (int)document->indicative, "command", bench_json_text(document->command),
		"minutes", bench_json_number(round(document->minutes * 100.0) / 100.0), "notes",
		notes(document));
}

/* The head for people who look at it, then a line for each result, whose
 * histograms would take thousands. */
bool bench_json_write(FILE *out, const struct bench_document *document)
{
	const struct bench_results *const results = document->results;
	json_t *const top = head(document);
	char *const text = top != NULL ? json_dumps(top, JSON_INDENT(2) | PRECISION) : NULL;
	/* Open again at its end, for the results. */
	char *const end = text != NULL ? strrchr(text, '\n') : NULL;
	bool written = end != NULL &&
	               fprintf(out, "%.*s,\n  \"results\": [", (int)(end - text), text) > 0;

	free(text);
	json_decref(top);
	for (unsigned i = 0; i < results->rows_count && written; i++) {
		json_t *const row = result(results, &results->rows[i]);

		written = row != NULL && fputs(i == 0 ? "\n" : ",\n", out) != EOF &&
		          json_dumpf(row, out, JSON_COMPACT | PRECISION) == 0;
		json_decref(row);
	}
	return written && fputs("\n]}\n", out) != EOF;
}
