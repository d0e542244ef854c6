/* SPDX-License-Identifier: BSD-2-Clause
 *
 * `weir-bench report`, and what `weir-bench run` writes for people: from outside,
 * with exit codes, in a folder of their own.
 */
#include <fcntl.h>
#include <sys/stat.h>

#include <jansson.h>

#include "weir_run.h"

#define SHORT " --seconds 0.01 --reps 1"

static char folder[64];
static struct weir_run run;

static int make_folder(void **state)
{
	(void)state;
	(void)snprintf(folder, sizeof(folder), "/tmp/weir-report-test-XXXXXX");
	return mkdtemp(folder) == NULL || chdir(folder) != 0;
}

static int remove_folder(void **state)
{
	char command[128];

	(void)state;
	(void)snprintf(command, sizeof(command), "rm -r %s", folder);
	return chdir("/") != 0 || system(command) != 0;
}

static void expect(const char *line, int exit_code)
{
	run_tool(&run, "weir-bench", line, NULL);
	if (run.exit_code != exit_code)
		fail_msg("%s: exit code %d, not %d; %s", line, run.exit_code, exit_code, run.err);
}

static char *read_text(const char *path)
{
	FILE *const file = fopen(path, "re");
	char *text = NULL;
	size_t size = 0;

	if (file == NULL)
		fail_msg("%s is not there", path);
	assert_true(getdelim(&text, &size, '\0', file) > 0);
	assert_int_equal(fclose(file), 0);
	return text;
}

static void write_text(const char *path, const char *text)
{
	FILE *const file = fopen(path, "we");

	assert_non_null(file);
	(void)fputs(text, file);
	assert_int_equal(fclose(file), 0);
}

static void assert_same(const char *one, const char *other)
{
	char *const first = read_text(one);
	char *const second = read_text(other);

	assert_string_equal(first, second);
	free(second);
	free(first);
}

/* Everything that a run writes can be made again from its figures. */
static void test_report(void **state)
{
	(void)state;
	expect("run pair --json a.json --report a.md --html a.html --plots plots" SHORT, 0);
	assert_int_equal(access("a.html", R_OK) | access("plots", X_OK), 0);
	expect("report a.json --report b.md --html b.html --plots plots", 0);
	assert_string_equal(run.out, "");
	assert_same("a.md", "b.md");
	assert_same("a.html", "b.html");
	expect("report a.json", 0);
	assert_contains(run.out, "pair: 2 threads, 10 connections");
	expect("report --help", 0);
	assert_contains(run.out, "--html FILE");
}

/* Without gnuplot there are no pictures, and that is all. */
static void test_without_gnuplot(void **state)
{
	char path[] = "PATH=/nonexistent";
	char *const variables[] = {path, NULL};
	char *text;

	(void)state;
	expect("run pair --json a.json" SHORT, 0);
	run_tool(&run, "weir-bench", "report a.json --report a.md --html a.html --plots plots",
	         variables);
	assert_int_equal(run.exit_code, 0);
	assert_contains(run.err, "gnuplot is not installed");
	assert_int_equal(access("plots", F_OK), -1);
	text = read_text("a.md");
	assert_contains(text, "gnuplot was not found");
	free(text);
}

/* One that does not know its trade does not end a run. */
static void test_broken_gnuplot(void **state)
{
	char path[128];
	char *const variables[] = {path, NULL};

	(void)state;
	expect("run pair --json a.json" SHORT, 0);
	write_text("gnuplot", "#!/bin/sh\necho no\nexit 1\n");
	assert_int_equal(chmod("gnuplot", 0700), 0);
	(void)snprintf(path, sizeof(path), "PATH=%s", folder);
	run_tool(&run, "weir-bench", "report a.json --report a.md --plots plots", variables);
	assert_int_equal(run.exit_code, 0);
	assert_contains(run.err, "could not draw");
	write_text("gnuplot", "#!/bin/sh\necho no\n");
	run_tool(&run, "weir-bench", "report a.json --report a.md --plots plots", variables);
	assert_int_equal(run.exit_code, 0);
	assert_contains(run.err, "could not draw");
	assert_int_equal(access("plots", F_OK), -1);
}

/* The tables make way. */
static void test_json_to_stdout(void **state)
{
	json_t *root;

	(void)state;
	expect("run pair --pools weir --json -" SHORT, 0);
	root = json_loads(run.out, 0, NULL);
	assert_non_null(root);
	assert_int_equal(json_array_size(json_object_get(root, "results")), 1);
	json_decref(root);
	assert_contains(run.err, "pair: 2 threads, 10 connections");
	assert_int_equal(access("-", F_OK), -1);
}

/* The waits of every kind of load come through, those of other processes too. */
static void test_waits_are_kept(void **state)
{
	json_t *root;
	size_t index;
	json_t *row;

	(void)state;
	expect("run pair sqlite-read sqlite-processes --threads 2 --pools weir --dir . --json - "
	       "--seconds 0.05 --reps 2",
	       0);
	root = json_loads(run.out, 0, NULL);
	assert_non_null(root);
	assert_int_equal(json_array_size(json_object_get(root, "results")), 3);
	json_array_foreach(json_object_get(root, "results"), index, row)
	{
		const json_t *const waits = json_object_get(row, "waits");
		const json_t *const max = json_object_get(json_object_get(row, "samples"), "wait_max");
		json_int_t longest = 0;

		assert_true(json_integer_value(json_object_get(waits, "count")) > 0);
		assert_true(json_array_size(json_object_get(waits, "buckets")) > 1);
		assert_int_equal(json_array_size(max), 2);
		for (size_t i = 0; i < 2; i++)
			if (json_integer_value(json_array_get(max, i)) > longest)
				longest = json_integer_value(json_array_get(max, i));
		assert_int_equal(json_integer_value(json_object_get(waits, "max")), longest);
	}
	json_decref(root);
}

#define PEERS_JSON                                                                                 \
	"{\"schema\": 2, \"results\": [{\"scenario\": \"churn\", \"pool\": \"puddle\", "               \
	"\"standing\": \"peer\", \"reps\": 1, \"ops_per_s\": 5}]}"

/* The peers' section is replaced alone, and outlives a new report. */
static void test_peers_section(void **state)
{
	char *text;

	(void)state;
	write_text("peers.json", PEERS_JSON);
	write_text("r.md", "mine\n<!-- begin: peers -->\nearlier\n<!-- end: peers -->\nalso mine\n");
	expect("report peers.json --peers r.md", 0);
	text = read_text("r.md");
	assert_contains(text, "mine\n<!-- begin: peers -->\n## Peers\n");
	assert_contains(text, "| puddle | 5 |");
	assert_contains(text, "<!-- end: peers -->\nalso mine\n");
	assert_lacks(text, "earlier");
	free(text);
	expect("run pair --pools weir --report r.md" SHORT, 0);
	text = read_text("r.md");
	assert_contains(text, "# Benchmark results\n");
	assert_contains(text, "| puddle | 5 |");
	assert_lacks(text, "mine");
	free(text);
	write_text("r.md", "<!-- begin: peers -->\nhalf of it\n");
	expect("report peers.json --peers r.md", 1);
	assert_contains(run.err, "begins and does not end");
	text = read_text("r.md");
	assert_contains(text, "half of it");
	free(text);
	assert_int_equal(access("r.md.tmp", F_OK), -1);
}

static void test_bad_use(void **state)
{
	static const struct {
		const char *line;
		const char *says;
	} cases[] = {
		{"report", "name a file"},
		{"report nowhere.json", "\"nowhere.json\" cannot be read: No such file"},
		{"report bad.json", "is not JSON: line 1"},
		{"report new.json", "a newer one wrote it"},
		{"report ok.json ok.json", "one file too many"},
		{"report ok.json --frobnicate", "--frobnicate"},
		{"report ok.json --html", "needs a value"},
		{"report ok.json --html=", "must name a path"},
		{"report ok.json --html /nonexistent/weir/x.html", "No such file"},
		{"report ok.json --plots bad.json", "Not a directory"},
		{"report ok.json --peers ok.md", "has no row of a peer"},
		{"run pair --plots bad.json", "Not a directory"},
		{"run pair --html .", "Is a directory"},
		{"run pair --json x --report x", "--json and --report both write \"x\""},
		{"run pair --report x --html ./x", "--report and --html both write \"./x\""},
		{"run pair --json - --report -", "--json and --report both write \"-\""},
		{"report peers.json --html ok.md --peers ok.md", "--html and --peers both write"},
	};

	(void)state;
	write_text("bad.json", "{");
	write_text("peers.json", PEERS_JSON);
	write_text("new.json", "{\"schema\": 9, \"results\": []}");
	write_text("ok.json", "{\"schema\": 2, \"results\": [{\"scenario\": \"s\", \"pool\": \"p\"}]}");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		expect(cases[i].line, 2);
		assert_string_equal(run.out, "");
		assert_contains(run.err, cases[i].says);
	}
	assert_int_equal(access("x", F_OK), -1);
	assert_int_equal(access("x.tmp", F_OK), -1);
}

/* What is no file is written to and stays, here a link to a device: as root, moving
 * a file there would replace the device. */
static void test_device(void **state)
{
	struct stat there;

	(void)state;
	assert_int_equal(symlink("/dev/null", "null"), 0);
	expect("run pair --pools weir --json null --report null --html null" SHORT, 0);
	assert_int_equal(lstat("null", &there), 0);
	assert_true(S_ISLNK(there.st_mode));
	assert_int_equal(stat("/dev/null", &there), 0);
	assert_true(S_ISCHR(there.st_mode));
	assert_int_equal(access("null.tmp", F_OK), -1);
}

/* Its end is never reached by who has it open to write. */
static void test_report_into_a_fifo(void **state)
{
	char text[32];
	int reader;

	(void)state;
	assert_int_equal(mkfifo("fifo", 0600), 0);
	reader = open("fifo", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	assert_true(reader >= 0);
	expect("run pair --pools weir --report fifo" SHORT, 0);
	assert_int_equal(read(reader, text, 20), 20);
	assert_memory_equal(text, "# Benchmark results\n", 20);
	assert_int_equal(close(reader), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_report, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(test_without_gnuplot, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(test_broken_gnuplot, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(test_json_to_stdout, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(test_waits_are_kept, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(test_peers_section, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(test_bad_use, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(test_device, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(test_report_into_a_fifo, make_folder, remove_folder),
	};

	return cmocka_run_group_tests_name("bench_report_cli", tests, NULL, NULL);
}
