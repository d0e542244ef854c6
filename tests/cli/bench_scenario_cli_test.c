/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Scenario files from outside: `weir-bench check`, `show` and `run FILE.ini`. Runs
 * are as short as they can be: what they measure is of no interest here.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include <jansson.h>

#include "weir_run.h"

#define SHORT " --seconds 0.05 --reps 1"

static char folder[64];
static struct weir_run run;

static int make_folder(void **state)
{
	(void)state;
	(void)snprintf(folder, sizeof(folder), "/tmp/weir-bench-test-XXXXXX");
	return mkdtemp(folder) == NULL || chdir(folder) != 0;
}

static int remove_folder(void **state)
{
	char command[128];

	(void)state;
	(void)snprintf(command, sizeof(command), "rm -r %s", folder);
	return chdir("/") != 0 || system(command) != 0;
}

/* Run the tool with the words of line. */
static void expect(const char *line, int exit_code)
{
	run_tool(&run, "weir-bench", line, NULL);
	if (run.exit_code != exit_code)
		fail_msg("%s: exit code %d, not %d; %s", line, run.exit_code, exit_code, run.err);
}

static void assert_says(const char *text, const char *part)
{
	if (strstr(text, part) == NULL)
		fail_msg("\"%s\" is not in:\n%s", part, text);
}

static void write_file(const char *path, const char *text)
{
	FILE *const file = fopen(path, "we");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static void test_faulty_scenario_file(void **state)
{
	static const char says[] =
		"faulty.ini:2: name = \"five faults\": 1 to 25 letters, digits, - and _\n"
		"faulty.ini:4: [scenario] has no setting \"connectoins\"; did you mean \"connections\"?\n"
		"faulty.ini:7: threads = \"many\": a whole number from 1 to 1024\n"
		"faulty.ini:8: hold = \"nap:5ms\": \"nap:5ms\" is not none, work:TIME, sleep:TIME or "
		"mix:SHARE%work:TIME,…\n"
		"faulty.ini:10: there is no section [roel others]; did you mean [role NAME]?\n";

	(void)state;
	write_file("faulty.ini", "[scenario]\nname = five faults\ndoc = Five things are wrong\n"
	                         "connectoins = 4\n\n[role callers]\nthreads = many\n"
	                         "hold = nap:5ms\n\n[roel others]\n");
	expect("check faulty.ini", 2);
	assert_string_equal(run.err, says);
	assert_string_equal(run.out, "");
	expect("run faulty.ini", 2);
	assert_string_equal(run.err, says);
	expect("check ./none.ini faulty.ini", 2);
	assert_says(run.err, "./none.ini: cannot be opened: No such file or directory\nfaulty.ini:2:");
	expect("check", 2);
	expect("check --wibble", 2);
	expect("show", 2);
	expect("show nowhere", 2);
}

static void test_scenario_file(void **state)
{
	json_t *root;
	const json_t *row;

	(void)state;
	expect("show spike", 0);
	assert_says(run.out, "max_connections = 50\n");
	write_file("mine.ini", run.out);
	expect("check mine.ini", 0);
	assert_string_equal(run.out, "mine.ini: spike: no faults\n");
	expect("run mine.ini --threads 6 --conns 8 --pools weir,mutex-grow,none --json m.json" SHORT,
	       0);
	assert_says(run.out, "left out: none (it does not grow)");
	assert_says(run.out, "unserved");
	root = json_load_file("m.json", 0, NULL);
	assert_non_null(root);
	assert_int_equal(json_array_size(json_object_get(root, "results")), 2);
	row = json_array_get(json_object_get(root, "results"), 1);
	assert_string_equal(json_string_value(json_object_get(row, "pool")), "mutex-grow");
	assert_int_equal(json_integer_value(json_object_get(row, "threads")), 6);
	assert_int_equal(json_integer_value(json_object_get(row, "conns")), 8);
	json_decref(root);
	expect("run mine.ini spike" SHORT, 2);
	assert_says(run.err, "two scenarios are named \"spike\"");
	write_file("sql.ini", "[scenario]\nname = mine\ndoc = A test\ndriver = sqlite\n"
	                      "[role callers]\nrun = 50% all, 50% add\narrival = steady:200/s\n"
	                      "[statement all]\nsql = SELECT n FROM t\nkind = read\n"
	                      "[statement add]\nsql = INSERT INTO t VALUES (?1)\nkind = read\n"
	                      "parameters = sequence:1\n"
	                      "[database]\nsql = CREATE TABLE t(n)\n");
	expect("run sql.ini --dir ." SHORT, 1);
	assert_says(run.err, "[statement add]: kind = read, but SQLite says that it writes");
	assert_int_equal(access("weir-bench.db", F_OK), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_faulty_scenario_file, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(test_scenario_file, make_folder, remove_folder),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
