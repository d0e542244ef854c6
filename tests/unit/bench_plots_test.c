/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Pictures: each kind from one series and from eleven, none where nothing was
 * measured, none without gnuplot, and names that mean something to gnuplot or to
 * XML. Those that need gnuplot are skipped without it. And the pages that they are
 * in: markdown and HTML.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bench_fixture.h"
#include "gnuplot.h"
#include "report.h"
#include "report_peers.h"
#include "well_formed.h"

#define HOSTILE "<script>alert('a{b}_x')</script> & \"q\" %d \\n ]]>"

static struct bench_results results;
static struct bench_document document;
static struct bench_plots plots;
static char *path;
static char *page;

static int set_up(void **state)
{
	(void)state;
	memset(&results, 0, sizeof(results));
	memset(&plots, 0, sizeof(plots));
	bench_document_init(&document);
	document.results = &results;
	document.command = "./dev bench";
	path = strdup(getenv("PATH"));
	page = NULL;
	return path == NULL;
}

static int tear_down(void **state)
{
	(void)state;
	bench_plots_free(&plots);
	bench_results_clear(&results);
	(void)setenv("PATH", path, 1);
	free(path);
	free(page);
	return 0;
}

static void need_gnuplot(void)
{
	char *output;
	const enum bench_gnuplot_outcome outcome = bench_gnuplot_run("print 1\n", 8, &output);

	free(output);
	if (outcome == BENCH_GNUPLOT_MISSING)
		skip();
}

/* count pools at two thread counts of one scenario, with everything. */
static void fill(unsigned count)
{
	static char names[11][16];

	for (unsigned size = 4; size <= 8; size *= 2)
		for (unsigned i = 0; i < count; i++) {
			char scenario[16];
			struct bench_row *row;

			(void)snprintf(names[i], sizeof(names[i]), i == 0 ? "weir" : "pool-%u", i);
			(void)snprintf(scenario, sizeof(scenario), "load-%u", size);
			row = add_row(&results, scenario, names[i], size, 4);
			if (i > 5)
				row->standing = BENCH_STANDING_PEER;
			add_rep(row, 1000.0 * (i + 1), 50.0, 1.0 / (i + 1), 0);
			add_rep(row, 1100.0 * (i + 1), 50.0, 0.9 / (i + 1), 0);
			add_waits(row, 20000, 50 + i * 100);
			add_timeline(row, 100);
		}
}

static void make(void)
{
	assert_true(bench_plots_make(&plots, &results, ""));
	assert_false(plots.failed);
	assert_false(plots.no_gnuplot);
	for (unsigned i = 0; i < plots.count; i++)
		assert_well_formed(plots.items[i].svg);
}

static void expect_plots_of(unsigned count)
{
	fill(count);
	make();
	assert_int_equal(plots.count, 7);
	for (int kind = 0; kind < BENCH_PLOT_THREADS; kind++) {
		assert_non_null(bench_plots_find(&plots, (enum bench_plot_kind)kind, "load-4"));
		assert_non_null(bench_plots_find(&plots, (enum bench_plot_kind)kind, "load-8"));
	}
	assert_string_equal(bench_plots_find(&plots, BENCH_PLOT_THREADS, "load")->name, "threads-load");
	for (unsigned i = 0; i < plots.count; i++) {
		const char *const svg = plots.items[i].svg;

		/* Every series is named, and has been drawn. */
		assert_non_null(strstr(svg, ">weir</text>"));
		assert_true(count == 1 || strstr(svg, ">pool-1</text>") != NULL);
		assert_true(count < 11 || strstr(svg, ">pool-10</text>") != NULL);
		assert_non_null(strstr(svg, "#0072b2"));
		assert_non_null(strstr(svg, "prefers-color-scheme:dark"));
		assert_null(strstr(svg, "Gnuplot"));
	}
}

static void test_one_series(void **state)
{
	(void)state;
	need_gnuplot();
	expect_plots_of(1);
}

static void test_eleven_series(void **state)
{
	(void)state;
	need_gnuplot();
	expect_plots_of(11);
}

/* No picture is better than an empty one. */
static void test_nothing_measured(void **state)
{
	struct bench_row *row;

	(void)state;
	row = add_row(&results, "load-4", "weir", 4, 4);
	add_rep(row, 0.0, NAN, NAN, 0);
	row->values[BENCH_OPS_PER_S][0] = NAN;
	row = add_row(&results, "load-8", "weir", 8, 4);
	add_rep(row, 0.0, NAN, NAN, 0);
	row->values[BENCH_OPS_PER_S][0] = NAN;
	assert_true(bench_plots_make(&plots, &results, ""));
	assert_int_equal(plots.count, 0);
	assert_false(plots.failed);
}

/* Zeros, equal values and one point are no reason to fail. */
static void test_flat_lines(void **state)
{
	struct bench_row *row;

	(void)state;
	need_gnuplot();
	row = add_row(&results, "load-4", "weir", 4, 4);
	add_rep(row, 0.0, 0.0, 0.0, 0);
	row = add_row(&results, "load-8", "weir", 8, 4);
	add_rep(row, 0.0, 0.0, 0.0, 0);
	row = add_row(&results, "load-8", "mutex-lifo", 8, 4);
	add_rep(row, 0.0, 0.0, 0.0, 0);
	make();
	assert_int_equal(plots.count, 5);
}

/* What a file may claim, and no axis can show: an infinite time is left out, not
 * counted up to. */
static void test_endless_axis(void **state)
{
	struct bench_row *row;

	(void)state;
	need_gnuplot();
	for (unsigned size = 4; size <= 8; size *= 2) {
		row = add_row(&results, size == 4 ? "load-4" : "load-8", "weir", size, 4);
		add_rep(row, 1000.0, 50.0, 0.5, 0);
		row->values[BENCH_OPS_PER_S][0] = 1.7e308;
		row->values[BENCH_WAIT_P999][0] = 1.7e308;
	}
	assert_true(bench_plots_make(&plots, &results, ""));
	assert_non_null(bench_plots_find(&plots, BENCH_PLOT_LATENCY, "load-4"));
	assert_null(strstr(bench_plots_find(&plots, BENCH_PLOT_LATENCY, "load-4")->svg, "inf"));
}

static void test_without_gnuplot(void **state)
{
	(void)state;
	fill(2);
	assert_int_equal(setenv("PATH", "/nonexistent", 1), 0);
	assert_true(bench_plots_make(&plots, &results, ""));
	assert_true(plots.no_gnuplot);
	assert_false(plots.failed);
	assert_int_equal(plots.count, 0);
}

static void test_names_with_a_meaning(void **state)
{
	struct bench_row *row;

	(void)state;
	need_gnuplot();
	row = add_row(&results, "../../etc-<&'", "sqlite_x{b}^2", 4, 4);
	add_rep(row, 1000.0, 50.0, 0.5, 0);
	row = add_row(&results, "../../etc-<&'", HOSTILE, 4, 4);
	add_rep(row, 2000.0, 70.0, 0.7, 0);
	make();
	assert_int_equal(plots.count, 2);
	for (unsigned i = 0; i < plots.count; i++) {
		assert_non_null(strstr(plots.items[i].svg, ">sqlite_x{b}^2</text>"));
		assert_null(strstr(plots.items[i].svg, "<script"));
		assert_null(strstr(plots.items[i].svg, "]]>"));
		assert_non_null(strstr(plots.items[i].svg, "a{b}_x"));
		assert_null(strchr(plots.items[i].name, '/'));
		assert_null(strchr(plots.items[i].name, '.'));
	}
}

/* ---- pages ---- */

static void write_html(const struct bench_plots *with)
{
	size_t size;
	FILE *const file = open_memstream(&page, &size);

	assert_non_null(file);
	assert_true(bench_report_html(file, &document, with));
	assert_int_equal(fclose(file), 0);
	assert_well_formed(page);
}

static void assert_says(const char *part)
{
	if (strstr(page, part) == NULL)
		fail_msg("\"%s\" is not in:\n%s", part, page);
}

/* The page loads nothing, whatever names say. */
static void assert_loads_nothing(void)
{
	static const char *const allowed[] = {"http://www.w3.org/2000/svg\"",
	                                      "http://www.w3.org/1999/xlink\""};

	for (const char *at = strstr(page, "http"); at != NULL; at = strstr(at + 1, "http"))
		assert_true(strncmp(at, allowed[0], strlen(allowed[0])) == 0 ||
		            strncmp(at, allowed[1], strlen(allowed[1])) == 0);
	assert_null(strstr(page, "src="));
	assert_null(strstr(page, "url("));
	assert_null(strstr(page, "@import"));
	assert_null(strstr(page, "<script"));
	assert_null(strstr(page, "<link"));
}

static void test_html(void **state)
{
	(void)state;
	need_gnuplot();
	fill(3);
	make();
	write_html(&plots);
	assert_loads_nothing();
	assert_says("<h2 id=\"s1\">Summary</h2>");
	assert_says("<a href=\"#s1\">Summary</a>");
	assert_says("<tr class=\"ours\"><td>weir</td>");
	assert_says("<figure>\n<svg class=\"weir-plot\"");
	assert_says("prefers-color-scheme:dark");
	assert_says("name=\"viewport\"");
	assert_says(">Machine</h2>");
}

static void test_html_escapes(void **state)
{
	struct bench_row *row;

	(void)state;
	row = add_row(&results, "<b>load", "weir", 4, 4);
	row->doc = HOSTILE;
	add_rep(row, 1000.0, 50.0, 0.5, 0);
	row = add_row(&results, "<b>load", HOSTILE, 4, 4);
	row->standing = BENCH_STANDING_BASELINE;
	row->extra_work = HOSTILE;
	(void)snprintf(row->hold, sizeof(row->hold), "\"><img>");
	add_rep(row, 1000.0, 50.0, 0.5, 0);
	document.command = HOSTILE;
	document.notes[document.notes_count++] = HOSTILE;
	(void)snprintf(document.machine.cpu, sizeof(document.machine.cpu), "</table>");
	assert_true(bench_plots_make(&plots, &results, ""));
	write_html(&plots);
	assert_loads_nothing();
	assert_null(strstr(page, "<img"));
	assert_null(strstr(page, "<b>"));
	assert_says("&lt;script&gt;alert(&#39;a{b}_x&#39;)");
}

static void write_markdown(const struct bench_plots *with, const char *href)
{
	size_t size;
	FILE *file;

	free(page);
	page = NULL;
	file = open_memstream(&page, &size);
	assert_non_null(file);
	assert_true(bench_report_markdown(file, &document, with, href));
	assert_int_equal(fclose(file), 0);
}

static void test_markdown(void **state)
{
	struct bench_plot picture = {.kind = BENCH_PLOT_LATENCY, .name = "latency-load-4"};
	const struct bench_plots drawn = {.count = 1, .items = &picture};
	const struct bench_plots none = {.no_gnuplot = true};

	(void)state;
	fill(3);
	results.rows[1].extra_work = "pings at every acquire";
	document.notes[document.notes_count++] = "puddle took no part: it is not built.";
	(void)snprintf(picture.scenario, sizeof(picture.scenario), "load-4");
	(void)snprintf(picture.alt, sizeof(picture.alt), "a [picture]");
	write_markdown(&drawn, "plots");
	assert_says("![a \\[picture\\]](<plots/latency-load-4.svg>)\n");
	assert_says("**pool-1** pings at every acquire");
	assert_says("puddle took no part");
	assert_says("| outage (server down) | weir | 1 s to 2 s |");
	write_markdown(&none, "plots");
	assert_says("gnuplot was not found");
	write_markdown(NULL, NULL);
	assert_null(strstr(page, "!["));
	assert_null(strstr(page, "gnuplot"));
}

/* The column is there from 100,000 waits on. */
static void test_p9999_column(void **state)
{
	struct bench_row *const row = add_row(&results, "churn", "weir", 16, 4);

	(void)state;
	add_rep(row, 1000.0, 50.0, 0.5, 0);
	add_waits(row, 99000, 100);
	write_markdown(NULL, NULL);
	assert_null(strstr(page, "| p99.99 |"));
	add_waits(row, 1000, 100);
	write_markdown(NULL, NULL);
	assert_says("| p99.99 |");
}

static void write_peers(void)
{
	struct bench_writer writer;
	size_t size;
	FILE *const file = open_memstream(&page, &size);

	assert_non_null(file);
	bench_markdown_open(&writer, file, NULL);
	bench_report_peers(&writer, &document, NULL);
	assert_int_equal(fclose(file), 0);
}

static void test_peers_section(void **state)
{
	(void)state;
	fill(8);
	assert_true(bench_has_peers(&results));
	add_rep(add_row(&results, "alone", "weir", 1, 1), 1.0, 1.0, 1.0, 0);
	results.rows[6].extra_work = "pings at every acquire";
	write_peers();
	assert_says("## Peers\n");
	assert_says(document.machine.date);
	assert_says(document.machine.commit);
	assert_says("Of 2 scenarios without phases, weir's throughput is at or above every peer's in "
	            "0");
	/* 7,350 over 1,050 operations a second. */
	assert_says("| pool-6 | 7.35 k | 7.00 | 50.0 ns |");
	assert_says("peer; pings at every acquire |");
	assert_null(strstr(page, "alone"));
}

/* weir without figures lost to nobody. */
static void test_peers_of_a_weir_that_died(void **state)
{
	(void)state;
	fill(8);
	results.rows[0].reps = 0;
	write_peers();
	assert_says("Of 1 scenario without phases, weir's throughput");
	assert_null(strstr(page, "nan"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_one_series, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_eleven_series, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_nothing_measured, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_flat_lines, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_endless_axis, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_without_gnuplot, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_names_with_a_meaning, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_html, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_html_escapes, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_markdown, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_p9999_column, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_peers_section, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_peers_of_a_weir_that_died, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
