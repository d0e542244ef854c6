/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A run written as JSON and read back: nothing is lost on the way, files of the
 * schema before are read as far as they go, and a bad one is refused with the place
 * and the reason.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "bench_fixture.h"
#include "json_in.h"

static struct bench_results results;
static struct bench_document document;
static char path[] = "/tmp/weir-json-test-XXXXXX";
static char first[262144];
static char second[262144];

static int set_up(void **state)
{
	const struct bench_sql_figures figures = {4096.0, 31.5, NAN, 7e6};
	struct bench_sample sample = make_sample(100.0, 5000.0, 0.9, 0);
	struct bench_row *row;
	int fd;

	(void)state;
	(void)snprintf(path, sizeof(path), "/tmp/weir-json-test-XXXXXX");
	fd = mkstemp(path);
	if (fd < 0)
		return 1;
	(void)close(fd);
	memset(&results, 0, sizeof(results));
	row = add_row(&results, "churn", "weir", 16, 4);
	row->doc = "callers \"and\" connections";
	add_rep(row, 3000.0, 10.0, 0.9, 0);
	add_rep(row, 3100.0, 11.0, 0.8, 2);
	add_waits(row, 200000, 40);
	row = add_row(&results, "churn", "my \xff pool", 16, 4);
	row->standing = BENCH_STANDING_USER;
	row->extra_work = "pings at every acquire";
	add_rep(row, 1000.0, 50.0, 0.1, 2);
	row = add_row(&results, "outage", "weir", 16, 4);
	row->sleeps = true;
	add_rep(row, 1000.0, 50.0, 0.1, 2);
	add_timeline(row, 5000);
	row = add_row(&results, "sqlite-write", "weir", 8, 4);
	row->kind = BENCH_KIND_SQL;
	row->driver = "sqlite";
	sample.ops[BENCH_ROLE_WRITE] = 100;
	sample.waits[BENCH_ROLE_WRITE] = sample.waits[BENCH_ROLE_READ];
	sample.fairness[BENCH_ROLE_WRITE] = 0.5;
	bench_row_add(row, &sample, &sample, &figures, FIXTURE_PROCESSORS);
	bench_document_init(&document);
	document.results = &results;
	document.seed = 42;
	document.judged = true;
	document.command = "./dev bench churn";
	document.notes[document.notes_count++] = "puddle took no part: it is not built.";
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	bench_results_clear(&results);
	return unlink(path);
}

static void write_document(const struct bench_document *what, char *text, size_t text_size)
{
	FILE *const file = fmemopen(text, text_size, "w");

	assert_non_null(file);
	assert_true(bench_json_write(file, what));
	assert_int_equal(fclose(file), 0);
}

static void write_path(const char *text)
{
	FILE *const file = fopen(path, "we");

	assert_non_null(file);
	(void)fputs(text, file);
	assert_int_equal(fclose(file), 0);
}

static void read_path(struct bench_json_run *run)
{
	char problem[300] = "";

	if (!bench_json_read(run, path, problem, sizeof(problem)))
		fail_msg("%s", problem);
}

static void test_round_trip(void **state)
{
	struct bench_json_run run;

	(void)state;
	write_document(&document, first, sizeof(first));
	write_path(first);
	read_path(&run);
	write_document(&run.document, second, sizeof(second));
	assert_string_equal(first, second);
	bench_json_free(&run);
}

static void test_what_is_read(void **state)
{
	struct bench_json_run run;
	const struct bench_row *row;

	(void)state;
	write_document(&document, first, sizeof(first));
	write_path(first);
	read_path(&run);
	assert_int_equal(run.results->rows_count, 4);
	row = &run.results->rows[0];
	assert_string_equal(row->doc, "callers \"and\" connections");
	assert_int_equal(row->reps, 2);
	assert_float_equal(row->values[BENCH_OPS_PER_S][1], 3100.0, 1e-9);
	assert_float_equal(bench_row_value(row, BENCH_TIMEOUTS), 2.0, 1e-9);
	assert_int_equal(row->waits->count, 200000);
	assert_int_equal(row->waits->max, results.rows[0].waits->max);
	assert_memory_equal(row->waits->buckets, results.rows[0].waits->buckets,
	                    sizeof(row->waits->buckets));
	assert_string_equal(run.results->rows[1].pool, "my ? pool");
	assert_int_equal(run.results->rows[1].standing, BENCH_STANDING_USER);
	assert_string_equal(run.results->rows[1].extra_work, "pings at every acquire");
	assert_null(run.results->rows[1].waits);
	row = &run.results->rows[2];
	assert_true(row->sleeps);
	assert_int_equal(row->timeline->phases_count, 3);
	assert_true(row->timeline->phases[1].down);
	assert_true(isnan(row->timeline->phases[1].response.max));
	assert_in_range(row->timeline->samples_count, 1000, 2000);
	assert_int_equal(run.results->rows[3].kind, BENCH_KIND_SQL);
	assert_float_equal(bench_row_value(&run.results->rows[3], BENCH_WRITE_P999), 5000.0, 1e-9);
	assert_true(run.document.judged);
	assert_string_equal(run.document.notes[0], document.notes[0]);
	bench_json_free(&run);
}

/* Of the schema before there is one figure in place of all repetitions'. */
static void test_schema_1(void **state)
{
	struct bench_json_run run;
	const struct bench_row *row;

	(void)state;
	write_path(
		"{\"schema\": 1, \"date\": \"2026-11-24\", \"results\": [{\"scenario\": \"blocking\","
		"\"pool\": \"none\", \"driver\": \"stub\", \"threads\": 32, \"conns\": 4, \"hold\": "
		"\"sleep:200us\", \"seconds\": 2, \"reps\": 3, \"spread\": 0.1, \"ops_per_s\": 500,"
		"\"wait_ns\": {\"p50\": 20, \"p99\": 30, \"p999\": 40, \"max\": 50}, \"timeouts\": 2,"
		"\"fairness\": null}, {\"scenario\": \"sqlite-durable-32\", \"pool\": \"busy-timeout\","
		"\"driver\": \"sqlite\", \"reps\": 3, \"later\": {}, \"write\": {\"ops_per_s\": 7,"
		"\"wait_ns\": {\"p999\": 9}}}]}");
	read_path(&run);
	row = &run.results->rows[0];
	assert_int_equal(row->standing, BENCH_STANDING_LIMIT);
	assert_true(row->sleeps);
	assert_non_null(strstr(row->doc, "200 us of sleep"));
	assert_float_equal(bench_row_value(row, BENCH_OPS_PER_S), 500.0, 1e-9);
	assert_float_equal(bench_row_value(row, BENCH_WAIT_P999), 40.0, 1e-9);
	assert_float_equal(bench_row_value(row, BENCH_TIMEOUTS), 2.0, 1e-9);
	/* One value is not what three repetitions were like. */
	assert_true(isnan(bench_row_spread(row)));
	assert_true(isnan(bench_row_value(row, BENCH_FAIRNESS)));
	row = &run.results->rows[1];
	assert_int_equal(row->kind, BENCH_KIND_SQL);
	assert_int_equal(row->standing, BENCH_STANDING_BASELINE);
	assert_non_null(strstr(row->doc, "on disk when acknowledged"));
	assert_float_equal(bench_row_value(row, BENCH_WRITE_P999), 9.0, 1e-9);
	assert_true(run.document.indicative);
	assert_false(run.document.judged);
	assert_null(run.document.command);
	bench_json_free(&run);
}

static void test_bad_files(void **state)
{
#define ROW "{\"schema\": 2, \"results\": [{\"scenario\": \"s\", \"pool\": \"p\", \"reps\": 1"
	static const struct {
		const char *text;
		const char *says;
	} cases[] = {
		{"", "is not JSON: line 1"},
		{"{\"schema\": 2,", "is not JSON"},
		{"{\"schema\": 2, \"schema\": 2}", "is not JSON"},
		{"[]", "no \"schema\""},
		{"{\"schema\": \"2\", \"results\": []}", "no \"schema\""},
		{"{\"schema\": 2}", "no \"results\""},
		{"{\"schema\": 2, \"results\": {}}", "no \"results\""},
		{"{\"schema\": 2, \"results\": []}", "has no results"},
		{"{\"schema\": 3, \"results\": []}", "schema 3, and this weir-bench reads 1 to 2"},
		{"{\"schema\": 2, \"results\": [7]}", "results[0] must be an object"},
		{"{\"schema\": 2, \"results\": [{\"pool\": \"p\"}]}", "results[0].scenario is missing"},
		{"{\"schema\": 2, \"results\": [{\"scenario\": \"s\"}]}", "results[0].pool is missing"},
		{ROW "}, {\"scenario\": 5, \"pool\": \"p\"}]}", "results[1].scenario must be a string"},
		{ROW ", \"threads\": -1}]}", "threads must be a whole number from 0"},
		{ROW ", \"reps\": 1}]}", "is not JSON"},
		{"{\"schema\": 2, \"results\": [{\"scenario\": \"s\", \"pool\": \"p\", \"reps\": 101}]}",
	     "reps must be a whole number from 0 to 100"},
		{ROW ", \"conns\": 1.5}]}", "conns must be a whole number from 0"},
		{ROW ", \"kind\": \"odd\"}]}", "kind is a word"},
		{ROW ", \"standing\": \"odd\"}]}", "standing is a word"},
		{ROW ", \"ops_per_s\": \"many\"}]}", "ops_per_s must be a number"},
		{ROW ", \"samples\": {\"ops_per_s\": 5}}]}", "ops_per_s must be a list"},
		{ROW ", \"samples\": {\"ops_per_s\": [1, 2]}}]}", "for each of the \"reps\""},
		{ROW ", \"samples\": {\"ops_per_s\": [\"a\"]}}]}", "ops_per_s must hold numbers"},
		{ROW ", \"waits\": {}}]}", "waits \"buckets\" must be"},
		{ROW ", \"waits\": {\"buckets\": [[5]]}}]}", "waits \"buckets\" must be"},
		{ROW ", \"waits\": {\"buckets\": [[-5, 1]]}}]}", "waits \"buckets\" must be"},
		{ROW ", \"timeline\": {}}]}", "timeline \"phases\" must be"},
		{ROW ", \"timeline\": {\"phases\": [{\"name\": \"x\"}]}}]}", "timeline \"phases\" must be"},
		{ROW ", \"timeline\": {\"phases\": [], \"samples\": [[1]]}}]}", "timeline \"samples\""},
	};
	struct bench_json_run run;
	char problem[300];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		write_path(cases[i].text);
		problem[0] = '\0';
		if (bench_json_read(&run, path, problem, sizeof(problem)))
			fail_msg("%s: was read", cases[i].text);
		if (strstr(problem, cases[i].says) == NULL)
			fail_msg("%s: \"%s\" is not in \"%s\"", cases[i].text, cases[i].says, problem);
		assert_null(run.results);
		bench_json_free(&run);
	}
	assert_false(bench_json_read(&run, "/nonexistent/weir.json", problem, sizeof(problem)));
	assert_non_null(strstr(problem, "No such file"));
}

static void test_too_many_rows(void **state)
{
	struct bench_json_run run;
	char problem[300];
	FILE *const file = fopen(path, "we");

	(void)state;
	assert_non_null(file);
	(void)fprintf(file, "{\"schema\": 2, \"results\": [");
	for (unsigned i = 0; i <= BENCH_ROWS_MAX; i++)
		(void)fprintf(file, "%s{\"scenario\": \"s\", \"pool\": \"p\"}", i > 0 ? "," : "");
	(void)fprintf(file, "]}");
	assert_int_equal(fclose(file), 0);
	assert_false(bench_json_read(&run, path, problem, sizeof(problem)));
	assert_non_null(strstr(problem, "more than 512"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_round_trip, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_what_is_read, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_schema_1, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_bad_files, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_too_many_rows, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
