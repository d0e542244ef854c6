/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Text around a report: sections that are replaced in place, links from file to
 * folder, and what comes from outside made harmless.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "escape.h"
#include "relative_path.h"
#include "section.h"

/* ---- sections ---- */

static void expect_put(const char *text, const char *body, const char *result)
{
	char *const put = bench_section_put(text, "peers", body);

	assert_non_null(put);
	assert_string_equal(put, result);
	free(put);
}

static void test_section_is_put(void **state)
{
	(void)state;
	expect_put("", "new\n", "<!-- begin: peers -->\nnew\n<!-- end: peers -->\n");
	expect_put("# Title\n", "new\n",
	           "# Title\n\n<!-- begin: peers -->\nnew\n<!-- end: peers -->\n");
	expect_put("no newline", "new\n",
	           "no newline\n\n<!-- begin: peers -->\nnew\n<!-- end: peers -->\n");
	expect_put("before\n<!-- begin: peers -->\nold\nolder\n<!-- end: peers -->\nafter\n", "new\n",
	           "before\n<!-- begin: peers -->\nnew\n<!-- end: peers -->\nafter\n");
	/* Another section is none of its business. */
	expect_put("<!-- begin: other -->\nkept\n<!-- end: other -->\n", "new\n",
	           "<!-- begin: other -->\nkept\n<!-- end: other -->\n\n"
	           "<!-- begin: peers -->\nnew\n<!-- end: peers -->\n");
}

static void test_section_is_refused(void **state)
{
	(void)state;
	assert_null(bench_section_put("a\n<!-- begin: peers -->\nrest\n", "peers", "new\n"));
	assert_null(bench_section_put("<!-- end: peers --><!-- begin: peers -->", "peers", "new\n"));
}

static void test_section_is_taken(void **state)
{
	static const char text[] = "a\n<!-- begin: peers -->\nold\n<!-- end: peers -->\nb\n";
	char *const taken = bench_section_take(text, "peers");

	(void)state;
	assert_string_equal(taken, "<!-- begin: peers -->\nold\n<!-- end: peers -->");
	free(taken);
	assert_null(bench_section_take(text, "other"));
	assert_null(bench_section_take("<!-- begin: peers -->\n", "peers"));
}

/* ---- links ---- */

static void test_relative_path(void **state)
{
	static const struct {
		const char *file;
		const char *folder;
		const char *link;
	} cases[] = {
		{"a/report.md", "a/plots", "plots"},       {"a/report.md", "a", "."},
		{"report.md", "a/plots", "a/plots"},       {"a/plots/report.md", "a", ".."},
		{"ab/report.md", "a/plots", "../a/plots"}, {"a/report.md", "ab", "../ab"},
		{"a/plots/report.md", "ab", "../../ab"},
	};
	char directory[] = "/tmp/weir-path-test-XXXXXX";
	char path[64];

	(void)state;
	assert_non_null(mkdtemp(directory));
	assert_int_equal(chdir(directory), 0);
	assert_int_equal(mkdir("a", 0700) | mkdir("ab", 0700) | mkdir("a/plots", 0700), 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_true(bench_relative_path(path, sizeof(path), cases[i].file, cases[i].folder));
		assert_string_equal(path, cases[i].link);
	}
	assert_false(bench_relative_path(path, sizeof(path), "nowhere/report.md", "a"));
	assert_false(bench_relative_path(path, sizeof(path), "report.md", "nowhere"));
	assert_false(bench_relative_path(path, 6, "report.md", "a/plots"));
	assert_int_equal(rmdir("a/plots") | rmdir("ab") | rmdir("a"), 0);
	assert_int_equal(chdir("/"), 0);
	assert_int_equal(rmdir(directory), 0);
}

/* ---- escaping ---- */

static void expect_escaped(void (*escape)(FILE *out, const char *text), const char *text,
                           const char *result)
{
	char escaped[256] = "";
	FILE *const file = fmemopen(escaped, sizeof(escaped), "w");

	assert_non_null(file);
	escape(file, text);
	assert_int_equal(fclose(file), 0);
	assert_string_equal(escaped, result);
}

static void test_escaping(void **state)
{
	(void)state;
	expect_escaped(bench_escape_xml, "<script>\"a\" & 'b'",
	               "&lt;script&gt;&quot;a&quot; &amp; &#39;b&#39;");
	expect_escaped(bench_escape_markdown, "a_b|c*d`e[f]<g>\\",
	               "a\\_b\\|c\\*d\\`e\\[f\\]&lt;g&gt;\\\\");
	expect_escaped(bench_escape_gnuplot, "it's {a_b}\n", "it''s {a_b} ");
	expect_escaped(bench_escape_xml, "\x01\x1b\n\xc3\xa9\xe2\x82\xac", "   \xc3\xa9\xe2\x82\xac");
	/* Cut short, too long a form, a surrogate, beyond the last, and no beginning. */
	expect_escaped(bench_escape_xml, "\xc3", "?");
	expect_escaped(bench_escape_xml, "\xc0\xaf", "??");
	expect_escaped(bench_escape_xml, "\xed\xa0\x80", "???");
	expect_escaped(bench_escape_xml, "\xf4\x90\x80\x80", "????");
	expect_escaped(bench_escape_xml, "\xa9x", "?x");
}

static void test_clean_text_is_cut_at_a_character(void **state)
{
	char clean[5];

	(void)state;
	bench_clean_text(clean, sizeof(clean), "abc\xc3\xa9");
	assert_string_equal(clean, "abc");
	bench_clean_text(clean, sizeof(clean), "ab\xc3\xa9z");
	assert_string_equal(clean, "ab\xc3\xa9");
	assert_int_equal(bench_text_width("ab\xc3\xa9z"), 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_section_is_put),
		cmocka_unit_test(test_section_is_refused),
		cmocka_unit_test(test_section_is_taken),
		cmocka_unit_test(test_relative_path),
		cmocka_unit_test(test_escaping),
		cmocka_unit_test(test_clean_text_is_cut_at_a_character),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
