/* SPDX-License-Identifier: BSD-2-Clause
 *
 * --hold: what is read, what is refused, and that a mix is drawn as written.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "hold_spec.h"
#include "work.h"

#define SEED 5
#define DRAWS 100000

static char problem[256];

static void test_accepted(void **state)
{
	static const struct {
		const char *text;
		unsigned parts;
		enum bench_hold_kind kind; /* of the last part */
		int64_t ns;
	} cases[] = {
		{"none", 0, BENCH_HOLD_WORK, 0},
		{"work:2us", 1, BENCH_HOLD_WORK, 2000},
		{"work:1ns", 1, BENCH_HOLD_WORK, 1},
		{"sleep:200us", 1, BENCH_HOLD_SLEEP, 200000},
		{"sleep:1.5ms", 1, BENCH_HOLD_SLEEP, 1500000},
		{"sleep:10s", 1, BENCH_HOLD_SLEEP, 10000000000},
		{"mix:95%work:1us,5%sleep:1ms", 2, BENCH_HOLD_SLEEP, 1000000},
		{"mix:100%work:1us", 1, BENCH_HOLD_WORK, 1000},
		{"mix:33.33%work:1us,33.33%work:2us,33.34%work:3us", 3, BENCH_HOLD_WORK, 3000},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct bench_hold hold;

		if (!bench_hold_parse(&hold, cases[i].text, problem, sizeof(problem)))
			fail_msg("%s: %s", cases[i].text, problem);
		assert_string_equal(hold.text, cases[i].text);
		assert_int_equal(hold.parts_count, cases[i].parts);
		if (hold.parts_count == 0)
			continue;
		assert_int_equal(hold.parts[hold.parts_count - 1].kind, cases[i].kind);
		assert_int_equal(hold.parts[hold.parts_count - 1].ns, cases[i].ns);
	}
}

static void test_refused(void **state)
{
	static const struct {
		const char *text;
		const char *says;
	} cases[] = {
		{"", "none, work:TIME"},
		{"None", "none, work:TIME"},
		{"work", "none, work:TIME"},
		{"work:", "needs a duration"},
		{"work:2", "needs a duration"},
		{"work:2 us", "needs a duration"},
		{"work:-2us", "needs a duration"},
		{"work:0us", "needs a duration"},
		{"work:0x2us", "needs a duration"},
		{"work:nanus", "needs a duration"},
		{"work:1e400s", "needs a duration"},
		{"sleep:11s", "needs a duration"},
		{"sleep:2us,work:1us", "left over"},
		{"none,work:1us", "none, work:TIME"},
		{"mix:", "needs a share"},
		{"mix:work:1us", "needs a share"},
		{"mix:50work:1us", "needs a share"},
		{"mix:0%work:1us,100%work:1us", "needs a share"},
		{"mix:50%work:1us", "add up to 50 %"},
		{"mix:60%work:1us,60%sleep:1ms", "add up to 120 %"},
		{"mix:100%work:1us,", "needs a share"},
		{"mix:100%none", "none, work:TIME"},
		{"mix:10%work:1us,10%work:1us,10%work:1us,10%work:1us,10%work:1us,10%work:1us,"
	     "10%work:1us,10%work:1us,20%work:1us",
	     "at most 8 parts"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct bench_hold hold;
		struct bench_hold before;

		memset(&hold, 0x5a, sizeof(hold));
		before = hold;
		if (bench_hold_parse(&hold, cases[i].text, problem, sizeof(problem)))
			fail_msg("%s was read", cases[i].text);
		if (strstr(problem, cases[i].says) == NULL)
			fail_msg("%s: \"%s\" does not say \"%s\"", cases[i].text, problem, cases[i].says);
		assert_memory_equal(&hold, &before, sizeof(hold));
	}
}

static void test_too_long(void **state)
{
	struct bench_hold hold;
	char text[BENCH_HOLD_TEXT_MAX + 1];

	(void)state;
	memset(text, '1', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	assert_false(bench_hold_parse(&hold, text, problem, sizeof(problem)));
	assert_non_null(strstr(problem, "less than"));
}

/* Count which part would run, by the same draws. */
static void test_shares(void **state)
{
	struct bench_random random = bench_random_init(SEED, 0);
	struct bench_hold hold;
	int counts[3] = {0};

	(void)state;
	assert_true(bench_hold_parse(&hold, "mix:70%work:1us,25%work:2us,5%sleep:1ms", problem,
	                             sizeof(problem)));
	for (int i = 0; i < DRAWS; i++)
		counts[bench_hold_draw(&hold, &random) - hold.parts]++;
	assert_in_range(counts[0], DRAWS * 69 / 100, DRAWS * 71 / 100);
	assert_in_range(counts[1], DRAWS * 24 / 100, DRAWS * 26 / 100);
	assert_in_range(counts[2], DRAWS * 4 / 100, DRAWS * 6 / 100);
	assert_int_equal(hold.parts[2].below, UINT32_MAX);
}

/* A draw at the very end of the range must not run past the parts. */
static void test_last_draw(void **state)
{
	struct bench_hold hold;
	struct bench_random random;

	(void)state;
	assert_true(bench_hold_parse(&hold, "mix:50%work:1us,50%work:2us", problem, sizeof(problem)));
	hold.parts[1].below = 0;
	random = bench_random_init(SEED, 1);
	for (int i = 0; i < 1000; i++)
		assert_true(bench_hold_draw(&hold, &random) <= &hold.parts[1]);
}

static void test_sleeps(void **state)
{
	struct bench_hold hold;

	(void)state;
	assert_true(bench_hold_parse(&hold, "none", problem, sizeof(problem)));
	assert_false(bench_hold_sleeps(&hold));
	assert_true(bench_hold_parse(&hold, "work:1us", problem, sizeof(problem)));
	assert_false(bench_hold_sleeps(&hold));
	assert_true(bench_hold_parse(&hold, "mix:95%work:1us,5%sleep:1ms", problem, sizeof(problem)));
	assert_true(bench_hold_sleeps(&hold));
}

static void test_calibrate(void **state)
{
	struct bench_random random = bench_random_init(SEED, 2);
	struct bench_hold hold;

	(void)state;
	assert_true(bench_hold_parse(&hold, "mix:50%work:2us,50%sleep:1us", problem, sizeof(problem)));
	bench_hold_calibrate(&hold, 700.0);
	assert_int_equal(hold.parts[0].links, 1400);
	assert_int_equal(hold.parts[1].links, 0);
	assert_true(bench_work_calibrate() > 0.0);
	/* Nothing to see, but all of it runs. */
	for (int i = 0; i < 16; i++)
		bench_hold_run(&hold, &random);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_accepted),  cmocka_unit_test(test_refused),
		cmocka_unit_test(test_too_long),  cmocka_unit_test(test_shares),
		cmocka_unit_test(test_last_draw), cmocka_unit_test(test_sleeps),
		cmocka_unit_test(test_calibrate),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
