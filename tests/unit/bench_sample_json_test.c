/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Reading what benchmarks print: the three forms, and what is said of each kind of
 * bad file.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bench_near.h"
#include "sample_json.h"

static struct bench_series_set set;
static char problem[BENCH_PROBLEM_MAX];

static bool parse(const char *text)
{
	bench_series_set_free(&set);
	problem[0] = '\0';
	return bench_sample_parse(&set, text, strlen(text), problem);
}

static const struct bench_series *find(const char *scenario, const char *pool, const char *metric)
{
	struct bench_figure figure = {0};

	(void)snprintf(figure.scenario, sizeof(figure.scenario), "%s", scenario);
	(void)snprintf(figure.pool, sizeof(figure.pool), "%s", pool);
	(void)snprintf(figure.metric, sizeof(figure.metric), "%s", metric);
	return bench_series_find(&set, &figure);
}

static void test_plain(void **state)
{
	const struct bench_series *series;

	(void)state;
	assert_true(parse("{\"metrics\": [{\"scenario\": \"parse\", \"metric\": \"time\","
	                  " \"better\": \"lower\", \"unit\": \"ns\", \"values\": [8, null, 10]},"
	                  " {\"metric\": \"rate\", \"pool\": \"p\", \"better\": \"higher\","
	                  " \"values\": [3], \"gate\": false}], \"other\": 1}"));
	assert_int_equal(set.count, 2);
	series = find("parse", "", "time");
	assert_non_null(series);
	assert_int_equal(series->count, 3);
	assert_true(isnan(series->values[1]));
	assert_near(bench_series_median(series), 9.0, 0.0);
	assert_true(series->figure.gated && !series->figure.higher_is_better);
	assert_string_equal(series->figure.unit, "ns");
	series = find("", "p", "rate");
	assert_non_null(series);
	assert_true(!series->figure.gated && series->figure.higher_is_better);
}

static void test_weir(void **state)
{
	const struct bench_series *series;

	(void)state;
	assert_true(parse("{\"schema\": 1, \"results\": [{\"scenario\": \"churn\", \"pool\": \"weir\","
	                  " \"ops_per_s\": 2, \"wait_ns\": {\"p99\": 5, \"p999\": null},"
	                  " \"fairness\": null, \"new\": {}, \"samples\": {\"ops_per_s\": [1, 2, 3],"
	                  " \"fairness\": [null, null]}}]}"));
	series = find("churn", "weir", "ops_per_s");
	assert_non_null(series);
	assert_int_equal(series->count, 3);
	assert_true(series->figure.gated && series->figure.higher_is_better);
	/* A file without repetitions has medians at least. */
	series = find("churn", "weir", "wait_p99");
	assert_non_null(series);
	assert_int_equal(series->count, 1);
	assert_near(series->values[0], 5.0, 0.0);
	assert_true(series->figure.gated && !series->figure.higher_is_better);
	/* What this run did not measure, another may. */
	series = find("churn", "weir", "wait_p999");
	assert_non_null(series);
	assert_false(bench_series_measured(series));
	series = find("churn", "weir", "fairness");
	assert_non_null(series);
	assert_int_equal(series->count, 2);
	assert_false(bench_series_measured(series));
	assert_null(find("churn", "weir", "timeouts"));
}

/* What is held against a pool is shown and does not decide. */
static void test_standing(void **state)
{
	static const struct {
		const char *standing;
		bool decides;
	} cases[] = {
		{"", true},
		{", \"standing\": \"weir\"", true},
		{", \"standing\": \"user\"", true},
		{", \"standing\": \"baseline\"", false},
		{", \"standing\": \"limit\"", false},
		{", \"standing\": \"peer\"", false},
	};
	char text[160];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		(void)snprintf(
			text, sizeof(text),
			"{\"results\": [{\"scenario\": \"s\", \"pool\": \"p\", \"ops_per_s\": 2%s}]}",
			cases[i].standing);
		assert_true(parse(text));
		assert_non_null(find("s", "p", "ops_per_s"));
		assert_true(find("s", "p", "ops_per_s")->figure.shown_only != cases[i].decides);
	}
	assert_false(parse("{\"results\": [{\"scenario\": \"s\", \"pool\": \"p\", \"ops_per_s\": 2,"
	                   " \"standing\": 3}]}"));
	assert_non_null(strstr(problem, "results[0].standing must be a string"));
}

/* As many rows as a file of results may have, with all their figures. */
static void test_many(void **state)
{
	char *text = NULL;
	size_t size = 0;
	FILE *const out = open_memstream(&text, &size);

	(void)state;
	assert_non_null(out);
	(void)fputs("{\"results\": [", out);
	for (int i = 0; i < 512; i++)
		(void)fprintf(out,
		              "%s{\"scenario\": \"s%d\", \"pool\": \"p\", \"ops_per_s\": 2, \"samples\": {"
		              "\"wait_p50\": [1], \"wait_p99\": [1], \"wait_p999\": [1]}}",
		              i > 0 ? ", " : "", i);
	(void)fputs("]}", out);
	assert_int_equal(fclose(out), 0);
	assert_true(parse(text));
	assert_int_equal(set.count, 512 * 4);
	free(text);
}

/* Texts from outside reach terminals and tables: no lines, no escapes, no half characters. */
static void test_clean(void **state)
{
	(void)state;
	assert_true(parse("{\"metrics\": [{\"metric\": \"a\\u001b[2J\\r\\nb\", \"better\": \"lower\","
	                  " \"unit\": \"12345678901234\xc3\xa4\", \"values\": [1]}]}"));
	assert_string_equal(set.items[0].figure.metric, "a [2J  b");
	assert_string_equal(set.items[0].figure.unit, "12345678901234");
	assert_false(parse("{\"metrics\": \x1b}"));
	assert_null(strchr(problem, '\x1b'));
}

static void test_google(void **state)
{
	const struct bench_series *series;

	(void)state;
	assert_true(
		parse("{\"context\": {}, \"benchmarks\": ["
	          "{\"name\": \"BM_a\", \"run_name\": \"BM_a\", \"run_type\": \"iteration\","
	          " \"real_time\": 10.0, \"cpu_time\": 9.0, \"time_unit\": \"us\"},"
	          "{\"name\": \"BM_a\", \"run_name\": \"BM_a\", \"run_type\": \"iteration\","
	          " \"real_time\": 12.0, \"cpu_time\": 8.0, \"time_unit\": \"us\","
	          " \"items_per_second\": 5.0},"
	          "{\"name\": \"BM_a_mean\", \"run_name\": \"BM_a\", \"run_type\": \"aggregate\","
	          " \"aggregate_name\": \"mean\", \"real_time\": 99.0, \"cpu_time\": 9.0},"
	          "{\"name\": \"BM_a_median\", \"run_name\": \"BM_a\", \"run_type\": \"aggregate\","
	          " \"aggregate_name\": \"median\", \"real_time\": 99.0, \"cpu_time\": 9.0},"
	          "{\"name\": \"BM_b_median\", \"run_name\": \"BM_b\", \"run_type\": \"aggregate\","
	          " \"aggregate_name\": \"median\", \"real_time\": 7.0, \"cpu_time\": 6.0}]}"));
	series = find("BM_a", "", "real_time");
	assert_non_null(series);
	assert_int_equal(series->count, 2);
	assert_near(series->values[1], 12.0, 0.0);
	assert_true(series->figure.gated);
	assert_string_equal(series->figure.unit, "us");
	assert_false(find("BM_a", "", "cpu_time")->figure.gated);
	assert_true(find("BM_a", "", "items_per_second")->figure.higher_is_better);
	/* Only aggregates were asked for. */
	series = find("BM_b", "", "real_time");
	assert_non_null(series);
	assert_int_equal(series->count, 1);
}

static void test_bad(void **state)
{
	static const struct {
		const char *text;
		const char *problem;
	} cases[] = {
		{"", "nothing to read"},
		{"about 3 seconds", "not JSON: line 1"},
		{"{\"metrics\": [}", "not JSON: line 1, column"},
		{"{\"metrics\": []} tables", "not JSON"},
		{"{\"metrics\": [], \"metrics\": []}", "duplicate"},
		{"[]", "the JSON must be an object"},
		{"{\"rows\": []}", "has neither \"results\""},
		{"{\"metrics\": 3}", "\"metrics\" must be a list"},
		{"{\"metrics\": []}", "\"metrics\" holds no figures"},
		{"{\"metrics\": [3]}", "metrics[0] must be an object"},
		{"{\"metrics\": [{\"better\": \"lower\", \"values\": [1]}]}",
	     "metrics[0].metric is missing"},
		{"{\"metrics\": [{\"metric\": \"\", \"better\": \"lower\", \"values\": [1]}]}",
	     "metrics[0].metric is empty"},
		{"{\"metrics\": [{\"metric\": 3, \"better\": \"lower\", \"values\": [1]}]}",
	     "metrics[0].metric must be a string"},
		{"{\"metrics\": [{\"metric\": \"t\", \"values\": [1]}]}", "metrics[0].better is missing"},
		{"{\"metrics\": [{\"metric\": \"t\", \"better\": \"less\", \"values\": [1]}]}",
	     "metrics[0].better must be \"lower\" or \"higher\""},
		{"{\"metrics\": [{\"metric\": \"t\", \"better\": \"lower\"}]}",
	     "metrics[0].values is missing"},
		{"{\"metrics\": [{\"metric\": \"t\", \"better\": \"lower\", \"values\": 3}]}",
	     "metrics[0].values must be a list"},
		{"{\"metrics\": [{\"metric\": \"t\", \"better\": \"lower\", \"values\": []}]}",
	     "metrics[0].values is empty"},
		{"{\"metrics\": [{\"metric\": \"t\", \"better\": \"lower\", \"values\": [1, \"2\"]}]}",
	     "metrics[0].values must be a number"},
		{"{\"metrics\": [{\"metric\": \"t\", \"better\": \"lower\", \"values\": [1],"
	     " \"gate\": 1}]}",
	     "metrics[0].gate must be true or false"},
		{"{\"metrics\": [{\"metric\": \"t\", \"better\": \"lower\", \"values\": [1]},"
	     " {\"metric\": \"t\", \"better\": \"lower\", \"values\": [2]}]}",
	     "metrics[1] is a figure that is there already"},
		{"{\"schema\": 3, \"results\": [{}]}", "\"schema\" that this"},
		{"{\"results\": [{\"pool\": \"weir\"}]}", "results[0].scenario is missing"},
		{"{\"results\": [{\"scenario\": \"a\", \"pool\": \"weir\"}]}",
	     "results[0].ops_per_s must be a number"},
		{"{\"benchmarks\": [{\"name\": \"a\", \"cpu_time\": 3}]}",
	     "benchmarks[0].real_time must be a number"},
		{"{\"benchmarks\": [{\"name\": \"a\", \"error_occurred\": true,"
	     " \"error_message\": \"no file\"}]}",
	     "benchmarks[0] is a benchmark that failed: no file"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (parse(cases[i].text))
			fail_msg("read: %s", cases[i].text);
		if (strstr(problem, cases[i].problem) == NULL)
			fail_msg("%s\nsays \"%s\",\nnot \"%s\"", cases[i].text, problem, cases[i].problem);
		assert_int_equal(set.count, 0);
	}
}

static void test_too_much(void **state)
{
	char *const text = malloc(8192);
	size_t used;

	(void)state;
	assert_non_null(text);
	used =
		(size_t)sprintf(text, "{\"metrics\":[{\"metric\":\"t\",\"better\":\"lower\",\"values\":[1");
	for (int i = 0; i < 400; i++)
		used += (size_t)sprintf(text + used, ",1");
	(void)sprintf(text + used, "]}]}");
	assert_false(parse(text));
	assert_non_null(strstr(problem, "more than 400 values"));
	used =
		(size_t)sprintf(text, "{\"metrics\":[{\"better\":\"lower\",\"values\":[1],\"metric\":\"");
	memset(text + used, 'm', BENCH_SERIES_NAME_MAX);
	(void)sprintf(text + used + BENCH_SERIES_NAME_MAX, "\"}]}");
	assert_false(parse(text));
	assert_non_null(strstr(problem, "metrics[0].metric is longer than 127 bytes"));
	free(text);
}

static void test_files(void **state)
{
	char path[] = "/tmp/weir-sample-test-XXXXXX";
	const int fd = mkstemp(path);
	FILE *const file = fdopen(fd, "w");

	(void)state;
	assert_non_null(file);
	assert_true(
		fputs("{\"metrics\": [{\"metric\": \"t\", \"better\": \"lower\", \"values\": [4]}]}\n",
	          file) >= 0);
	assert_int_equal(fclose(file), 0);
	bench_series_set_free(&set);
	assert_true(bench_sample_read(&set, path, problem));
	assert_int_equal(set.count, 1);
	assert_int_equal(remove(path), 0);
	bench_series_set_free(&set);
	assert_false(bench_sample_read(&set, path, problem));
	assert_non_null(strstr(problem, "No such file"));
	assert_false(bench_sample_read(&set, "/tmp", problem));
	assert_non_null(strstr(problem, "directory"));
}

static int clean(void **state)
{
	(void)state;
	bench_series_set_free(&set);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain),    cmocka_unit_test(test_weir),
		cmocka_unit_test(test_google),   cmocka_unit_test(test_bad),
		cmocka_unit_test(test_too_much), cmocka_unit_test(test_files),
		cmocka_unit_test(test_clean),    cmocka_unit_test(test_standing),
		cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(tests, NULL, clean);
}
