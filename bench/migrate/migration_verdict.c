/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What `weir-bench migrate` promises, and how it tells whether that was kept.
 */
#include "migration_bench.h"

#include <jansson.h>
#include <math.h>

#include <weir/version.h>

#include "format.h"
#include "json_parts.h"

#define SCHEMA 1
#define P50 0.5
#define P99 0.99

static const char *const judgements[] = {"kept", "broken", "unsure"};

static double ratio_of_reads(const struct bench_migration_result *result)
{
	const int64_t idle = bench_histogram_quantile(&result->reads[BENCH_MIGRATION_IDLE], P99);
	const int64_t up = bench_histogram_quantile(&result->reads[BENCH_MIGRATION_UP], P99);

	return idle == 0 ? NAN : (double)up / (double)idle;
}

static double lost_writes(const struct bench_migration_result *result)
{
	return (double)result->writes - (double)result->writes_found;
}

static bool has_few_reads(const struct bench_migration_result *result)
{
	return result->reads[BENCH_MIGRATION_UP].count < BENCH_MIGRATION_READS_LEAST ||
	       result->reads[BENCH_MIGRATION_IDLE].count < BENCH_MIGRATION_READS_LEAST;
}

void bench_migration_judge(const struct bench_migration_result *result,
                           struct bench_migration_promise promises[BENCH_MIGRATION_PROMISES])
{
	const struct bench_migration_promise all[BENCH_MIGRATION_PROMISES] = {
		{"errors", "errors of readers and writers", "",
	     (double)(result->read_errors + result->write_errors), 0.0, BENCH_MIGRATION_KEPT},
		{"lost_writes", "acknowledged writes that are missing", "", lost_writes(result), 0.0,
	     BENCH_MIGRATION_KEPT},
		{"reads_p99", "p99 of reads, during up by idle", "x", ratio_of_reads(result),
	     BENCH_MIGRATION_READS_LIMIT, BENCH_MIGRATION_KEPT},
		{"longest_wait", "longest wait of a writer", "ns", (double)result->longest_wait_ns,
	     BENCH_MIGRATION_WRITES_LIMIT * (double)result->foretold_ns, BENCH_MIGRATION_KEPT},
	};

	for (size_t i = 0; i < BENCH_MIGRATION_PROMISES; i++) {
		promises[i] = all[i];
		if (!(fabs(all[i].value) <= all[i].limit))
			promises[i].judgement = BENCH_MIGRATION_BROKEN;
	}
	if (has_few_reads(result) || (promises[2].judgement == BENCH_MIGRATION_BROKEN &&
	                              result->others > BENCH_MIGRATION_OTHERS_LIMIT))
		promises[2].judgement = BENCH_MIGRATION_UNSURE;
}

/* ---- for people ---- */

static void print_value(FILE *out, const char *unit, double value)
{
	char text[BENCH_CELL_MAX];

	if (unit[0] == 'n')
		bench_format_ns(text, sizeof text, value);
	else if (unit[0] == 'x')
		bench_format_plain(text, sizeof text, value, 2);
	else
		bench_format_count(text, sizeof text, value);
	(void)fprintf(out, " %12s", text);
}

static void print_reads(FILE *out, const char *name, const struct bench_histogram *reads)
{
	(void)fprintf(out, "  %-16s %10llu", name, (unsigned long long)reads->count);
	print_value(out, "ns", (double)bench_histogram_quantile(reads, P50));
	print_value(out, "ns", (double)bench_histogram_quantile(reads, P99));
	print_value(out, "ns", (double)reads->max);
	(void)fputs("\n", out);
}

static void print_steps(FILE *out, const struct bench_migration_result *result)
{
	(void)fprintf(out, "\n  %-16s %12s %12s\n", "writers kept out", "foretold", "found");
	for (size_t i = 0; i < result->steps_count; i++) {
		(void)fprintf(out, "  %-16s", result->steps[i].name);
		print_value(out, "ns", (double)result->steps[i].foretold_ns);
		print_value(out, "ns", (double)result->steps[i].blocked_ns);
		(void)fputs("\n", out);
	}
	(void)fprintf(out, "  %-16s", "in all");
	print_value(out, "ns", (double)result->foretold_ns);
	print_value(out, "ns", (double)result->up_ns);
	(void)fputs(" (the time of up)\n", out);
}

bool bench_migration_print(FILE *out, const struct bench_migration_options *options,
                           const struct bench_migration_result *result,
                           const struct bench_migration_promise *promises)
{
	(void)fprintf(out,
	              "migrate: %.0f MiB, %lu readers, %lu writers; %llu writes\n\n"
	              "  %-16s %10s %12s %12s %12s\n",
	              result->bytes / 1048576.0, options->readers, options->writers,
	              (unsigned long long)result->writes, "reads by key", "count", "p50", "p99", "max");
	print_reads(out, "idle", &result->reads[BENCH_MIGRATION_IDLE]);
	print_reads(out, "rehearsing", &result->reads[BENCH_MIGRATION_BETWEEN]);
	print_reads(out, "during up", &result->reads[BENCH_MIGRATION_UP]);
	print_steps(out, result);
	(void)fprintf(out, "\n  %-38s %12s %12s\n", "", "found", "limit");
	for (size_t i = 0; i < BENCH_MIGRATION_PROMISES; i++) {
		(void)fprintf(out, "  %-38s", promises[i].text);
		print_value(out, promises[i].unit, promises[i].value);
		print_value(out, promises[i].unit, promises[i].limit);
		(void)fprintf(out, "  %s\n", judgements[promises[i].judgement]);
	}
	if (result->others > BENCH_MIGRATION_OTHERS_LIMIT)
		(void)fprintf(out, "\n  other processes kept %.2g processors busy during up\n",
		              result->others);
	if (result->problem[0] != '\0')
		(void)fprintf(out, "\n  the first error: %s\n", result->problem);
	return fflush(out) == 0;
}

/* ---- for programs ---- */

static json_t *reads_json(const struct bench_histogram *reads)
{
	return json_pack("{s:I, s:I, s:I, s:I}", "count", (json_int_t)reads->count, "p50_ns",
	                 (json_int_t)bench_histogram_quantile(reads, P50), "p99_ns",
	                 (json_int_t)bench_histogram_quantile(reads, P99), "max_ns",
	                 (json_int_t)reads->max);
}

static json_t *steps_json(const struct bench_migration_result *result)
{
	json_t *const list = json_array();

	for (size_t i = 0; i < result->steps_count; i++) {
		const struct bench_migration_step *const step = &result->steps[i];

		(void)json_array_append_new(list, json_pack("{s:s, s:s, s:I, s:I}", "version",
		                                            step->version, "name", step->name,
		                                            "foretold_ns", (json_int_t)step->foretold_ns,
		                                            "blocked_ns", (json_int_t)step->blocked_ns));
	}
	return list;
}

static json_t *promises_json(const struct bench_migration_promise *promises)
{
	json_t *const list = json_array();

	for (size_t i = 0; i < BENCH_MIGRATION_PROMISES; i++)
		(void)json_array_append_new(list,
		                            json_pack("{s:s, s:o, s:o, s:s}", "name", promises[i].name,
		                                      "value", bench_json_number(promises[i].value),
		                                      "limit", bench_json_number(promises[i].limit),
		                                      "judgement", judgements[promises[i].judgement]));
	return list;
}

bool bench_migration_write_json(FILE *out, const struct bench_migration_options *options,
                                const struct bench_migration_result *result,
                                const struct bench_migration_promise *promises)
{
	json_t *const top = json_pack(
		"{s:i, s:s, s:s, s:I, s:I, s:I, s:I, s:o, s:o, s:o, s:I, s:I, s:I, s:I, s:I, s:I, s:o, s:o,"
		" s:o, s:o}",
		"schema", SCHEMA, "benchmark", "migrate", "weir", weir_version(), "bytes",
		(json_int_t)result->bytes, "readers", (json_int_t)options->readers, "writers",
		(json_int_t)options->writers, "writes", (json_int_t)result->writes, "idle",
		reads_json(&result->reads[BENCH_MIGRATION_IDLE]), "rehearsing",
		reads_json(&result->reads[BENCH_MIGRATION_BETWEEN]), "up",
		reads_json(&result->reads[BENCH_MIGRATION_UP]), "read_errors",
		(json_int_t)result->read_errors, "write_errors", (json_int_t)result->write_errors,
		"copy_ns", (json_int_t)result->copy_ns, "rehearsal_ns", (json_int_t)result->rehearsal_ns,
		"foretold_ns", (json_int_t)result->foretold_ns, "up_ns", (json_int_t)result->up_ns,
		"others", bench_json_number(result->others), "steps", steps_json(result), "promises",
		promises_json(promises), "problem",
		result->problem[0] != '\0' ? bench_json_text(result->problem) : json_null());
	const bool written = top != NULL && json_dumpf(top, out, JSON_INDENT(2)) == 0 &&
	                     fputs("\n", out) != EOF;

	json_decref(top);
	return written;
}
