/* SPDX-License-Identifier: BSD-2-Clause
 *
 * When operations are due: evenly, at random, along a ramp; and the values that a
 * statement's marks are drawn, against the distributions that they claim.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "arrival.h"
#include "sql_statement.h"

#define SEED 20240601
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct bench_arrival parse(const char *text)
{
	struct bench_arrival arrival;
	char problem[256] = "";

	if (!bench_arrival_parse(&arrival, text, problem, sizeof(problem)))
		fail_msg("%s: %s", text, problem);
	assert_string_equal(arrival.text, text);
	return arrival;
}

static struct bench_dues dues_of(const char *text, double length_s, double from, double to,
                                 unsigned index, unsigned count)
{
	const struct bench_arrival arrival = parse(text);
	struct bench_dues dues = {
		.begin_ns = 1000,
		.length_s = length_s,
		.from_per_s = arrival.per_s / count * from,
		.to_per_s = arrival.per_s / count * to,
	};

	bench_dues_begin(&dues, &arrival, bench_random_init(SEED, index), index, count);
	return dues;
}

static void test_words(void **state)
{
	static const char *const bad[] = {"",         "open",       "steady",       "steady:0/s",
	                                  "steady:5", "steady:5/m", "poisson:-1/s", "poisson:2000000/s",
	                                  "every:",   "every:1",    "every:61s",    "once:1",
	                                  "closed "};
	char problem[256];

	(void)state;
	assert_false(bench_arrival_open(&(struct bench_arrival){.kind = BENCH_ARRIVAL_CLOSED}));
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct bench_arrival arrival = {.gap_ns = 77};

		if (bench_arrival_parse(&arrival, bad[i], problem, sizeof(problem)))
			fail_msg("\"%s\" was taken", bad[i]);
		assert_int_equal(arrival.gap_ns, 77);
		assert_non_null(strstr(problem, "poisson:N/s"));
	}
	assert_int_equal(parse("every:1.5ms").gap_ns, 1500000);
	assert_false(bench_arrival_open(&(struct bench_arrival){.kind = parse("every:1ms").kind}));
	assert_int_equal(parse("closed").kind, BENCH_ARRIVAL_CLOSED);
	assert_int_equal(parse("once").kind, BENCH_ARRIVAL_ONCE);
}

/* Four threads of a steady role take turns: together they are evenly spaced. */
static void test_steady(void **state)
{
	bool seen[100] = {false};

	(void)state;
	for (unsigned thread = 0; thread < 4; thread++) {
		struct bench_dues dues = dues_of("steady:100/s", 1.0, 1.0, 1.0, thread, 4);
		unsigned count = 0;

		for (int64_t due = bench_dues_next(&dues); due != INT64_MAX; due = bench_dues_next(&dues)) {
			const double place = (double)(due - 1000) / 1e7;

			assert_true(fabs(place - round(place)) < 1e-3);
			assert_false(seen[lround(place)]);
			seen[lround(place)] = true;
			count++;
		}
		assert_int_equal(count, 25);
	}
}

/* The rate is a straight line, so the count up to t is its area. */
static void test_ramp(void **state)
{
	static const double ramps[][2] = {{0.0, 1.0}, {1.0, 0.0}, {0.1, 1.0}, {1.0, 1.0}, {2.0, 0.5}};

	(void)state;
	for (size_t i = 0; i < COUNT(ramps); i++) {
		const double from = ramps[i][0];
		const double to = ramps[i][1];
		struct bench_dues dues = dues_of("steady:1000/s", 2.0, from, to, 0, 1);
		double count = 0.0;
		int64_t last = 0;

		for (int64_t due = bench_dues_next(&dues); due != INT64_MAX; due = bench_dues_next(&dues)) {
			const double t = (double)(due - 1000) / 1e9;
			const double area = 1000.0 * (from * t + (to - from) * t * t / 4.0);

			assert_true(due > last || count == 0.0);
			assert_true(fabs(area - count) < 0.01);
			last = due;
			count += 1.0;
		}
		assert_true(fabs(count - 1000.0 * (from + to)) <= 1.0);
	}
	assert_int_equal(bench_dues_next(&(struct bench_dues){.length_s = 1.0}), INT64_MAX);
}

/* Gaps of independent callers are exponential: of n equal parts of the distribution
 * each has its share. */
static void test_poisson(void **state)
{
	struct bench_dues dues = dues_of("poisson:1000/s", 100.0, 1.0, 1.0, 0, 1);
	double parts[10] = {0.0};
	double chi = 0.0;
	double count = 0.0;
	int64_t last = 1000;

	(void)state;
	for (int64_t due = bench_dues_next(&dues); due != INT64_MAX; due = bench_dues_next(&dues)) {
		const double share = 1.0 - exp(-(double)(due - last) / 1e6);

		parts[(int)fmin(share * 10.0, 9.0)] += 1.0;
		count += 1.0;
		last = due;
	}
	for (size_t i = 0; i < COUNT(parts); i++)
		chi += (parts[i] - count / 10.0) * (parts[i] - count / 10.0) / (count / 10.0);
	/* 9 degrees of freedom: 27.9 is passed by one draw in a thousand. */
	if (chi > 27.9 || fabs(count - 100000.0) > 1500.0)
		fail_msg("seed %d: chi-square %g, count %g", SEED, chi, count);
}

/* ---- values ---- */

static struct bench_statement statement_of(const char *parameters)
{
	struct bench_statement statement = {0};
	char problem[512] = "";

	if (!bench_parameters_parse(&statement, parameters, problem, sizeof(problem)))
		fail_msg("%s: %s", parameters, problem);
	return statement;
}

static void test_parameters(void **state)
{
	static const char *const bad[] = {
		"",
		"uniform",
		"uniform:1",
		"uniform:2..1",
		"uniform:1..x",
		"zipf:1..10",
		"zipf:1..10:0",
		"zipf:1..10:11",
		"sequence:",
		"real:1",
		"real:2..1",
		"bytes:0",
		"bytes:5000",
		"null:1",
		"uniform:1..2,",
		"wibble:1",
		"uniform:1.5..2",
		"uniform:0..5000000000",
		"null,null,null,null,null,null,null,null,null",
	};
	const struct bench_statement statement = statement_of(
		"uniform:-3..5, zipf:1..9:1.1,sequence:10, real:0.5..2, bytes:3,text:a b, null");
	struct bench_random random = bench_random_init(SEED, 1);
	struct bench_values values;

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct bench_statement untouched = {0};
		char problem[512];

		if (bench_parameters_parse(&untouched, bad[i], problem, sizeof(problem)))
			fail_msg("\"%s\" was taken", bad[i]);
		assert_int_equal(untouched.parameters_count, 0);
	}
	assert_int_equal(statement.parameters_count, 7);
	assert_true(bench_values_make(&values, &statement, 1));
	bench_values_draw(&values, &statement, &random);
	assert_int_equal(values.values[0].type, POOL_VALUE_INT64);
	assert_in_range(values.values[0].as.int64 + 3, 0, 8);
	assert_in_range(values.values[1].as.int64, 1, 9);
	assert_int_equal(values.values[2].as.int64, 10);
	assert_true(values.values[3].as.real >= 0.5 && values.values[3].as.real <= 2.0);
	assert_int_equal(values.values[4].length, 3);
	assert_int_equal(values.values[5].type, POOL_VALUE_TEXT);
	assert_int_equal(values.values[5].length, 3);
	assert_memory_equal(values.values[5].as.data, "a b", 3);
	assert_int_equal(values.values[6].type, POOL_VALUE_NULL);
	bench_values_draw(&values, &statement, &random);
	assert_int_equal(values.values[2].as.int64, 11);
	bench_values_free(&values);
}

/* Neither the next execution nor another caller writes the same bytes. */
static void test_bytes_differ(void **state)
{
	const struct bench_statement statement = statement_of("bytes:100");
	struct bench_random random = bench_random_init(SEED, 1);
	struct bench_values callers[2];
	unsigned char first[100];

	(void)state;
	assert_true(bench_values_make(&callers[0], &statement, 1));
	assert_true(bench_values_make(&callers[1], &statement, 1));
	bench_values_draw(&callers[0], &statement, &random);
	memcpy(first, callers[0].values[0].as.data, sizeof(first));
	bench_values_draw(&callers[1], &statement, &random);
	assert_memory_not_equal(first, callers[1].values[0].as.data, sizeof(first));
	bench_values_draw(&callers[0], &statement, &random);
	assert_memory_not_equal(first, callers[0].values[0].as.data, sizeof(first));
	bench_values_free(&callers[0]);
	bench_values_free(&callers[1]);
}

/* Chi-square of what is drawn against the weights n^-s; 0: uniform. */
static void check_distribution(const char *parameter, double s)
{
	enum { VALUES = 20, DRAWS = 200000 };
	const struct bench_statement statement = statement_of(parameter);
	struct bench_random random = bench_random_init(SEED, 1);
	double seen[VALUES] = {0.0};
	struct bench_values values;
	double total = 0.0;
	double chi = 0.0;

	assert_true(bench_values_make(&values, &statement, 1));
	for (int i = 0; i < DRAWS; i++) {
		bench_values_draw(&values, &statement, &random);
		assert_in_range(values.values[0].as.int64, 1, VALUES);
		seen[values.values[0].as.int64 - 1] += 1.0;
	}
	bench_values_free(&values);
	for (int n = 1; n <= VALUES; n++)
		total += pow(n, -s);
	for (int n = 1; n <= VALUES; n++) {
		const double expected = DRAWS * pow(n, -s) / total;

		chi += (seen[n - 1] - expected) * (seen[n - 1] - expected) / expected;
	}
	/* 19 degrees of freedom: 43.8 is passed by one draw in a thousand. */
	if (chi > 43.8)
		fail_msg("%s, seed %d: chi-square %g", parameter, SEED, chi);
}

static void test_distributions(void **state)
{
	(void)state;
	check_distribution("uniform:1..20", 0.0);
	check_distribution("zipf:1..20:0.5", 0.5);
	check_distribution("zipf:1..20:1", 1.0);
	check_distribution("zipf:1..20:1.1", 1.1);
	check_distribution("zipf:1..20:2.5", 2.5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words),         cmocka_unit_test(test_steady),
		cmocka_unit_test(test_ramp),          cmocka_unit_test(test_poisson),
		cmocka_unit_test(test_parameters),    cmocka_unit_test(test_bytes_differ),
		cmocka_unit_test(test_distributions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
