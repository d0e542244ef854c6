/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A run written down: every key of the JSON, what the report says and when it
 * says it, the table for terminals, and files that appear whole or not at all.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include <jansson.h>

#include "bench_fixture.h"
#include "document.h"
#include "output_file.h"
#include "report.h"
#include "table.h"

static struct bench_results results;
static struct bench_document document;
static char text[65536];

static int set_up(void **state)
{
	/* Nobody counted syncs. */
	const struct bench_sql_figures figures = {4096.0, 31.5, NAN, 7e6};
	struct bench_row *row;
	struct bench_sample sql = make_sample(100.0, 5000.0, 0.9, 0);

	(void)state;
	memset(&results, 0, sizeof(results));
	add_rep(add_row(&results, "churn", "weir", 16, 4), 3000.0, 10.0, 0.9, 0);
	add_rep(add_row(&results, "churn", "mutex-lifo", 16, 4), 1000.0, 50.0, 0.1, 2);
	add_rep(add_row(&results, "churn", "none", 16, 4), 9000.0, 1.0, 1.0, 0);
	row = add_row(&results, "sqlite-write", "weir", 8, 4);
	row->kind = BENCH_KIND_SQL;
	row->driver = "sqlite";
	sql.ops[BENCH_ROLE_WRITE] = sql.ops[BENCH_ROLE_READ];
	sql.ops[BENCH_ROLE_READ] = 0;
	sql.waits[BENCH_ROLE_WRITE] = sql.waits[BENCH_ROLE_READ];
	sql.waits[BENCH_ROLE_READ] = (struct bench_waits){NAN, NAN, NAN, NAN};
	sql.fairness[BENCH_ROLE_WRITE] = 0.5;
	sql.fairness[BENCH_ROLE_READ] = NAN;
	sql.busy_errors = 3;
	bench_row_add(row, &sql, &sql, &figures, FIXTURE_PROCESSORS);
	bench_document_init(&document);
	document.results = &results;
	document.seed = 42;
	document.judged = true;
	document.command = "./dev bench churn";
	return 0;
}

/* What write prints, in text. */
static void capture(bool (*write)(FILE *out, const struct bench_document *what))
{
	FILE *file = fmemopen(text, sizeof(text), "w");

	assert_non_null(file);
	assert_true(write(file, &document));
	assert_int_equal(fclose(file), 0);
}

static bool write_report(FILE *out, const struct bench_document *what)
{
	return bench_report_markdown(out, what, NULL, NULL);
}

static void assert_says(const char *part)
{
	if (strstr(text, part) == NULL)
		fail_msg("\"%s\" is not in:\n%s", part, text);
}

static void assert_silent_on(const char *part)
{
	if (strstr(text, part) != NULL)
		fail_msg("\"%s\" is in:\n%s", part, text);
}

/* ---- JSON ---- */

static const json_t *read_row(const json_t *root, const char *scenario, const char *pool)
{
	const json_t *rows = json_object_get(root, "results");
	size_t index;
	const json_t *row;

	json_array_foreach(
		rows, index,
		row) if (strcmp(json_string_value(json_object_get(row, "scenario")), scenario) == 0 &&
	             strcmp(json_string_value(json_object_get(row, "pool")), pool) == 0) return row;
	fail_msg("no row for %s and %s", scenario, pool);
	return NULL;
}

static double number_at(const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);

	if (!json_is_number(value))
		fail_msg("%s is no number", key);
	return json_number_value(value);
}

static void test_json_has_every_key(void **state)
{
	static const char *const top[] = {"schema",  "date",     "time",   "machine", "compiler",
	                                  "build",   "versions", "commit", "seed",    "quick",
	                                  "minutes", "storage",  "results"};
	static const char *const keys[] = {
		"scenario", "pool",     "driver",     "threads",       "conns",        "hold",
		"seconds",  "reps",     "spread",     "ops",           "ops_per_s",    "ns_per_pair",
		"wait_ns",  "fairness", "timeouts",   "cpu_s_per_mop", "ctx_switches", "efficiency",
		"ratio",    "standing", "extra_work", "doc",           "kind",         "sleeps",
		"samples",  "waits",    "timeline"};
	static const char *const sql_keys[] = {"busy_errors",   "group_size",    "wal_peak_bytes",
	                                       "fsyncs_per_tx", "ckpt_stall_ns", "read",
	                                       "write"};
	const json_t *row;
	json_t *root;

	(void)state;
	capture(bench_json_write);
	root = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(root);
	assert_int_equal(json_integer_value(json_object_get(root, "schema")), 2);
	for (size_t i = 0; i < sizeof(top) / sizeof(top[0]); i++)
		assert_non_null(json_object_get(root, top[i]));
	assert_int_equal(json_array_size(json_object_get(root, "results")), results.rows_count);
	row = read_row(root, "churn", "weir");
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (json_object_get(row, keys[i]) == NULL)
			fail_msg("no key %s", keys[i]);
	assert_null(json_object_get(row, "busy_errors"));
	row = read_row(root, "sqlite-write", "weir");
	for (size_t i = 0; i < sizeof(sql_keys) / sizeof(sql_keys[0]); i++)
		if (json_object_get(row, sql_keys[i]) == NULL)
			fail_msg("no key %s", sql_keys[i]);
	json_decref(root);
}

static void test_json_values(void **state)
{
	const json_t *row;
	json_t *root;

	(void)state;
	capture(bench_json_write);
	root = json_loads(text, 0, NULL);
	row = read_row(root, "churn", "weir");
	assert_float_equal(number_at(row, "ops_per_s"), 3000.0, 1e-6);
	assert_float_equal(number_at(json_object_get(row, "wait_ns"), "p999"), 10.0, 1e-6);
	assert_float_equal(number_at(json_object_get(row, "ratio"), "mutex-lifo"), 3.0, 1e-6);
	assert_null(json_object_get(json_object_get(row, "ratio"), "none"));
	assert_float_equal((number_at(row, "efficiency") * 3.0), 1.0, 1e-6);
	assert_true(json_is_integer(json_object_get(row, "timeouts")));
	row = read_row(root, "sqlite-write", "weir");
	/* Not measured is null, and never 0 or absent. */
	assert_true(json_is_null(json_object_get(row, "efficiency")));
	assert_true(json_is_null(json_object_get(row, "fsyncs_per_tx")));
	assert_float_equal(number_at(row, "group_size"), 31.5, 1e-6);
	assert_float_equal(number_at(row, "ckpt_stall_ns"), 7e6, 1e-3);
	assert_true(json_is_null(
		json_object_get(json_object_get(json_object_get(row, "read"), "wait_ns"), "p50")));
	assert_float_equal(number_at(row, "busy_errors"), 6.0, 1e-6);
	assert_float_equal(number_at(row, "wal_peak_bytes"), 4096.0, 1e-6);
	json_decref(root);
}

/* ---- report ---- */

static void test_report(void **state)
{
	(void)state;
	capture(write_report);
	assert_says("# Benchmark results\n");
	assert_says("ahead in 1, level (within 2 % or their spread) in 0 and behind in 0");
	assert_says("| churn | **ahead**, 3.00 x mutex-lifo |");
	assert_says("| churn | ops/s at least 2 times mutex-lifo's | 3.000 | met |");
	assert_says("### churn\n");
	assert_says("### sqlite-write\n");
	assert_says("./dev bench churn\n");
	assert_silent_on("blocking");
	assert_silent_on("nan");
	assert_silent_on("inf ");
	assert_silent_on("read p50");
	assert_silent_on("orientation");
	/* The limit is not waited for: no ratio of tails. */
	assert_says("| none | 9.00 k | 0.33 |");
}

static void test_report_of_changed_scenarios(void **state)
{
	(void)state;
	document.judged = false;
	capture(write_report);
	assert_silent_on("## Targets");
	assert_silent_on("targets are met");
}

static void test_report_of_a_short_run(void **state)
{
	(void)state;
	document.indicative = true;
	capture(write_report);
	assert_says("A short, indicative run");
	assert_says("orientation only");
}

static void test_report_without_weir(void **state)
{
	(void)state;
	results.rows[0].pool = "sem-cas";
	results.rows[0].standing = BENCH_STANDING_BASELINE;
	results.rows_count = 3;
	capture(write_report);
	assert_says("nothing to compare");
	assert_silent_on("## Targets");
	assert_silent_on("nan");
}

/* Who has no figures is neither ahead nor behind. */
static void test_report_of_a_weir_that_died(void **state)
{
	struct bench_row *const row = add_row(&results, "pair", "weir", 2, 10);

	(void)state;
	(void)snprintf(row->failure, sizeof(row->failure), "it died");
	add_rep(add_row(&results, "pair", "mutex-lifo", 2, 10), 1000.0, 50.0, 0.1, 2);
	capture(write_report);
	assert_says("of each of 1 scenarios, weir's throughput is ahead in 1, ");
	assert_says(" in 0 and behind in 0; its");
	assert_says("| pair | not compared | - | 1.00 k |");
	assert_silent_on("furthest behind");
	assert_silent_on("nan");
}

/* A lead, or a lag, within what repetitions of one pool differ by is none. */
static void test_report_of_a_wide_spread(void **state)
{
	static const struct {
		const char *scenario;
		double weir[2];
		double other[2];
		const char *says;
	} cases[] = {
		{"one", {1000.0, 1500.0}, {1000.0, 1000.0}, "| one | level, 1.25 x mutex-lifo |"},
		{"two", {1000.0, 1000.0}, {1000.0, 1500.0}, "| two | level, 0.80 x mutex-lifo |"},
		{"three", {1000.0, 1010.0}, {2000.0, 3000.0}, "| three | behind, 0.40 x mutex-lifo |"},
		{"four", {1500.0, 1510.0}, {990.0, 1010.0}, "| four | **ahead**, 1.50 x mutex-lifo |"},
		{"five", {1200.0, 1200.0}, {1000.0, 3500.0}, "| five | level, 0.53 x mutex-lifo |"},
		{"six", {100.0, 100.0}, {1000.0, 3500.0}, "| six | behind, 0.04 x mutex-lifo |"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct bench_row *const weir = add_row(&results, cases[i].scenario, "weir", 2, 10);
		struct bench_row *const other = add_row(&results, cases[i].scenario, "mutex-lifo", 2, 10);

		for (size_t rep = 0; rep < 2; rep++) {
			add_rep(weir, cases[i].weir[rep], 10.0, 0.9, 0);
			add_rep(other, cases[i].other[rep], 50.0, 0.1, 0);
		}
	}
	capture(write_report);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_says(cases[i].says);
	assert_says("ahead in 2, level (within 2 % or their spread) in 3 and behind in 2;");
	assert_says("furthest behind in six");
}

/* Other projects' pools may be programs of their own. */
static void test_report_with_peers(void **state)
{
	(void)state;
	capture(write_report);
	assert_says("write by hand, on one machine, in one process, variant");
	results.rows[1].standing = BENCH_STANDING_PEER;
	capture(write_report);
	assert_says("write by hand and other projects' pools, on one machine, variant");
	assert_silent_on("in one process");
}

static void test_report_of_a_debug_build(void **state)
{
	(void)state;
	document.machine.build = "not optimised";
	capture(write_report);
	assert_says("say nothing about speed");
}

/* It is to be published: nothing in it says where it was made. */
static void test_no_paths(void **state)
{
	char directory[BENCH_PATH_MAX];
	char host[256];

	(void)state;
	assert_non_null(getcwd(directory, sizeof(directory)));
	assert_int_equal(gethostname(host, sizeof(host)), 0);
	capture(write_report);
	assert_silent_on(directory);
	assert_silent_on("/home/");
	capture(bench_json_write);
	assert_silent_on(directory);
	assert_silent_on("/home/");
}

static void test_table(void **state)
{
	FILE *file = fmemopen(text, sizeof(text), "w");

	(void)state;
	assert_non_null(file);
	bench_table_print(file, &results, 1);
	assert_int_equal(fclose(file), 0);
	assert_says("churn: 16 threads, 4 connections");
	assert_says("mutex-lifo");
	/* weir's row is before those that were asked for. */
	assert_silent_on("3.00 k");
	/* What only a database has, and what only a lease has, stay apart. */
	assert_says("per pair");
	assert_says("writes/tx");
	assert_says("31.50");
	assert_silent_on("nan");
}

/* ---- files ---- */

static char directory[] = "/tmp/weir-bench-test-XXXXXX";
static char path[64];

static int set_up_directory(void **state)
{
	(void)state;
	(void)snprintf(directory, sizeof(directory), "/tmp/weir-bench-test-XXXXXX");
	if (mkdtemp(directory) == NULL)
		return 1;
	(void)snprintf(path, sizeof(path), "%s/out", directory);
	return 0;
}

static int tear_down_directory(void **state)
{
	(void)state;
	(void)unlink(path);
	return rmdir(directory);
}

static void read_path(void)
{
	FILE *file = fopen(path, "re");
	size_t length;

	assert_non_null(file);
	length = fread(text, 1, sizeof(text) - 1, file);
	text[length] = '\0';
	(void)fclose(file);
}

static void write_path(const char *content)
{
	struct bench_output_file output;

	assert_true(bench_output_open(&output, path));
	(void)fputs(content, output.file);
	assert_true(bench_output_commit(&output));
}

static void test_file_replaces(void **state)
{
	(void)state;
	write_path("old, and longer");
	write_path("new");
	read_path();
	assert_string_equal(text, "new");
}

static void test_file_abandoned(void **state)
{
	struct bench_output_file output;

	(void)state;
	write_path("old");
	assert_true(bench_output_open(&output, path));
	(void)fputs("half", output.file);
	bench_output_abandon(&output);
	bench_output_abandon(&output);
	assert_true(bench_output_commit(&output));
	read_path();
	assert_string_equal(text, "old");
	/* tear_down finds the directory empty but for path. */
}

/* A FIFO gets what is written and is still one afterwards. */
static void test_file_in_place(void **state)
{
	struct bench_output_file output;
	struct stat there;
	ssize_t length;
	int reader;

	(void)state;
	assert_int_equal(mkfifo(path, 0600), 0);
	reader = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	assert_true(reader >= 0);
	write_path("figures");
	length = read(reader, text, sizeof(text));
	assert_int_equal(length, 7);
	assert_memory_equal(text, "figures", 7);
	assert_true(bench_output_open(&output, path));
	bench_output_abandon(&output);
	assert_int_equal(close(reader), 0);
	assert_int_equal(lstat(path, &there), 0);
	assert_true(S_ISFIFO(there.st_mode));
}

static void test_file_refused(void **state)
{
	struct bench_output_file output;
	char below[96];
	char *const long_path = calloc(1, BENCH_PATH_MAX + 1);

	(void)state;
	assert_non_null(long_path);
	memset(long_path, 'a', BENCH_PATH_MAX);
	assert_false(bench_output_open(&output, long_path));
	free(long_path);
	assert_false(bench_output_open(&output, directory));
	assert_false(bench_output_open(&output, "/nonexistent/weir/out"));
	assert_null(output.file);
	write_path("a file");
	(void)snprintf(below, sizeof(below), "%s/below", path);
	assert_false(bench_output_open(&output, below));
	assert_false(bench_make_dirs(below));
	assert_int_equal(errno, ENOTDIR);
	assert_false(bench_make_dirs(path));
}

static void test_make_dirs(void **state)
{
	char deep[96];

	(void)state;
	(void)snprintf(deep, sizeof(deep), "%s/a/b", directory);
	assert_true(bench_make_dirs(deep));
	assert_true(bench_make_dirs(deep));
	assert_int_equal(rmdir(deep), 0);
	*strrchr(deep, '/') = '\0';
	assert_int_equal(rmdir(deep), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_json_has_every_key, set_up),
		cmocka_unit_test_setup(test_json_values, set_up),
		cmocka_unit_test_setup(test_report, set_up),
		cmocka_unit_test_setup(test_report_of_changed_scenarios, set_up),
		cmocka_unit_test_setup(test_report_of_a_short_run, set_up),
		cmocka_unit_test_setup(test_report_without_weir, set_up),
		cmocka_unit_test_setup(test_report_of_a_weir_that_died, set_up),
		cmocka_unit_test_setup(test_report_of_a_wide_spread, set_up),
		cmocka_unit_test_setup(test_report_with_peers, set_up),
		cmocka_unit_test_setup(test_report_of_a_debug_build, set_up),
		cmocka_unit_test_setup(test_no_paths, set_up),
		cmocka_unit_test_setup(test_table, set_up),
		cmocka_unit_test_setup_teardown(test_file_replaces, set_up_directory, tear_down_directory),
		cmocka_unit_test_setup_teardown(test_file_abandoned, set_up_directory, tear_down_directory),
		cmocka_unit_test_setup_teardown(test_file_in_place, set_up_directory, tear_down_directory),
		cmocka_unit_test_setup_teardown(test_file_refused, set_up_directory, tear_down_directory),
		cmocka_unit_test_setup_teardown(test_make_dirs, set_up_directory, tear_down_directory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
