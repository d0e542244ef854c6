/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What a verdict looks like: table, JSON, Markdown, JUnit. Names are chosen to
 * break what does not escape them.
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

#include <jansson.h>

#include "bench_near.h"
#include "gate_report.h"
#include "gate_words.h"
#include "instructions.h"

static struct bench_judgement judgements[4];
static struct bench_gate_report report;
static char *text;
static size_t text_size;

static struct bench_judgement make(const char *scenario, double worse, enum bench_verdict verdict)
{
	struct bench_judgement judgement = {
		.figure = {.pool = "weir", .metric = "wait_p99", .unit = "ns", .gated = true},
		.min_effect = 0.05,
		.base = 1000.0,
		.new_ = 1000.0 * (1.0 + worse),
		.done = 12,
		.pairs = 12,
		.new_count = 12,
		.worse = {log1p(worse), log1p(worse - 0.02), log1p(worse + 0.02)},
		.bootstrap = {log1p(worse), log1p(worse - 0.01), log1p(worse + 0.03)},
		.spread = log1p(0.04),
		.p = 0.001,
		.adjusted = 0.002,
		.chance = 0.05,
		.verdict = verdict,
	};

	(void)snprintf(judgement.figure.scenario, sizeof(judgement.figure.scenario), "%s", scenario);
	judgement.figure.gated = verdict != BENCH_VERDICT_INFO;
	return judgement;
}

static int make_report(void **state)
{
	(void)state;
	judgements[0] = make("fine", 0.0, BENCH_VERDICT_NONE);
	judgements[1] = make("a<b>&\"c\"|`d`\x01\xff\xc3\xa4", 0.10, BENCH_VERDICT_REGRESSION);
	judgements[2] = make("wild", 0.03, BENCH_VERDICT_UNSURE);
	judgements[3] = make("other", 0.5, BENCH_VERDICT_INFO);
	report = (struct bench_gate_report){
		.base = "old | tee `log`",
		.new_ = "new && \"x\"",
		.paired = true,
		.rules = {.alpha = 0.005, .beta = 0.05, .pairs_max = 96, .seed = 3},
		.machine = {.cpu = "a processor",
	                .processors = 2,
	                .date = "2026-01-02",
	                .time = "03:04:05"},
		.verdict = BENCH_VERDICT_REGRESSION,
		.judgements = judgements,
		.count = 4,
		.pairs = 12,
		.looks = 1,
		.minutes = 2.0,
	};
	return 0;
}

static void write_with(bool (*write_report)(FILE *, const struct bench_gate_report *))
{
	FILE *out;

	free(text);
	out = open_memstream(&text, &text_size);
	assert_non_null(out);
	assert_true(write_report(out, &report));
	assert_int_equal(fclose(out), 0);
}

static void has(const char *part)
{
	if (strstr(text, part) == NULL)
		fail_msg("\"%s\" is not in:\n%s", part, text);
}

static void lacks(const char *part)
{
	if (strstr(text, part) != NULL)
		fail_msg("\"%s\" is in:\n%s", part, text);
}

static void test_table(void **state)
{
	(void)state;
	write_with(bench_gate_table);
	has("Regression: 1 of 3 figures is worse.\n");
	has("is worse by +10.0 % (+8.0 % to +13.0 %), and 5 % is the limit");
	has("cannot tell: wild weir wait_p99: +3.0 % (+1.0 % to +6.0 %) neither shows nor "
	    "excludes 5 %");
	has("1.00 us");
	has("12 pairs of runs in turn (A B B A), 1 look, 2.0 minutes");
	/* What has to be seen comes first. */
	assert_true(strstr(text, "wild weir") < strstr(text, "fine weir"));
	assert_true(strstr(text, "a<b>") < strstr(text, "wild weir"));
	lacks("Two files");
	report.paired = false;
	report.verdict = BENCH_VERDICT_UNSURE;
	write_with(bench_gate_table);
	has("Cannot tell: 1 of 3 figures are too noisy.");
	has("Two files prove less");
	judgements[2].worse = (struct bench_interval){0.1, -INFINITY, INFINITY};
	judgements[2].bootstrap = (struct bench_interval){NAN, NAN, NAN};
	write_with(bench_gate_table);
	has("too few values");
	(void)make_report(NULL);
	report.count = 1;
	report.verdict = BENCH_VERDICT_NONE;
	write_with(bench_gate_table);
	has("No regression: all 1 figures exclude their limit.");
}

static void test_markdown(void **state)
{
	(void)state;
	(void)make_report(NULL);
	write_with(bench_gate_markdown);
	assert_int_equal(strncmp(text, "### Regression: 1 of 3", 22), 0);
	has("<code>a&lt;b&gt;&amp;\"c\"\\|\\`d\\` ?\xc3\xa4 weir");
	has("**regression**");
	has("- base: <code>old \\| tee \\`log\\`</code>\n");
	has("<details>");
	assert_true(strstr(text, "other weir") > strstr(text, "<details>"));
	lacks("a<b>");
	/* A unit neither begins a line nor ends a cell; nor does a command. */
	(void)strcpy(judgements[0].figure.unit, "u|\n# v\x1b[1m");
	report.base = "cat\r\n# old\x1b";
	report.count = 3;
	write_with(bench_gate_markdown);
	lacks("<details>");
	has("1.00 k u\\| # v \\[1m |");
	lacks("\n# ");
	lacks("\r");
	lacks("\x1b");
}

static void test_junit(void **state)
{
	(void)state;
	(void)make_report(NULL);
	write_with(bench_gate_junit);
	has("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
	has("name=\"weir-bench gate\" tests=\"3\" failures=\"1\" errors=\"1\" time=\"120.0\"");
	has("<testcase classname=\"fine\" name=\"weir wait_p99\">");
	/* XML has no control characters, and this is UTF-8 or nothing. */
	has("classname=\"a&lt;b&gt;&amp;&quot;c&quot;|`d`??\xc3\xa4\"");
	has("<failure type=\"regression\" message=\"a&lt;b&gt;");
	has("<error type=\"cannot tell\" message=\"wild weir wait_p99: ");
	lacks("classname=\"other\"");
	lacks("\x01");
}

static void test_json(void **state)
{
	const char *verdict;
	const char *second;
	double estimate;
	json_t *root;

	(void)state;
	(void)make_report(NULL);
	(void)strcpy(judgements[2].figure.unit, "cut \xc3");
	report.base = "echo \xff";
	judgements[0].bootstrap.lower = NAN;
	write_with(bench_gate_json);
	root = json_loads(text, 0, NULL);
	assert_non_null(root);
	assert_int_equal(json_unpack(root, "{s:s, s:[{}, {s:s, s:{s:F}}]}", "verdict", &verdict,
	                             "figures", "verdict", &second, "worse", "estimate", &estimate),
	                 0);
	/* What is no UTF-8 is replaced, and loses no figure. */
	assert_int_equal(json_array_size(json_object_get(root, "figures")), 4);
	assert_string_equal(json_string_value(json_object_get(root, "base")), "echo ?");
	assert_string_equal(verdict, "regression");
	assert_string_equal(second, "regression");
	assert_near(estimate, 1.1, 1e-9);
	assert_true(json_is_null(json_object_get(
		json_object_get(json_array_get(json_object_get(root, "figures"), 0), "worse_bootstrap"),
		"lower")));
	json_decref(root);
}

static void test_instructions(void **state)
{
	static const struct {
		double base[2];
		double new_[2];
		enum bench_verdict verdict;
	} cases[] = {
		{{1e6, 1e6}, {1e6 + 10.0, 1e6 + 10.0}, BENCH_VERDICT_NONE},
		{{1e6, 1e6}, {1.02e6, 1.02e6}, BENCH_VERDICT_REGRESSION},
		{{1e6, 1e6}, {0.5e6, 0.5e6}, BENCH_VERDICT_NONE},
		{{1e6, 1e6}, {1e6, 1.02e6}, BENCH_VERDICT_UNSURE}, /* it does not repeat */
		{{1e6, 1.1e6}, {1e6, 1.1e6}, BENCH_VERDICT_UNSURE},
	};
	static const char file[] = "version: 1\nevents: Ir\nfn=(1)\n3 4\ntotals: 1234\n";
	FILE *in = fmemopen((void *)(uintptr_t)file, sizeof(file) - 1, "r");
	double count;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		bench_instructions_judge(cases[i].base, cases[i].new_, 0.01, &judgements[0]);
		assert_int_equal(judgements[0].verdict, cases[i].verdict);
	}
	assert_true(bench_instructions_read(in, &count));
	assert_near(count, 1234.0, 0.0);
	assert_int_equal(fclose(in), 0);
	in = fmemopen((void *)(uintptr_t)file, 20, "r");
	assert_false(bench_instructions_read(in, &count));
	assert_int_equal(fclose(in), 0);
}

static int finish(void **state)
{
	(void)state;
	free(text);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),        cmocka_unit_test(test_markdown),
		cmocka_unit_test(test_junit),        cmocka_unit_test(test_json),
		cmocka_unit_test(test_instructions),
	};

	return cmocka_run_group_tests(tests, make_report, finish);
}
