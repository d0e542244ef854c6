/* SPDX-License-Identifier: BSD-2-Clause
 *
 * `weir config check`, `show` of whole files, and `explain`.
 */
#include "weir_run.h"

#include <jansson.h>
#include <stdbool.h>

static struct weir_run run;

static const char good_file[] = "; two databases\n"
								"[orders]\n"
								"url = sqlite:/var/lib/orders.db\n"
								"max_size = 3\n"
								"\n"
								"[probe]\n"
								"url = stub:?open_latency=5ms\n";

static const char bad_file[] = "stray = 1\n"
							   "[orders]\n"
							   "url = sqlite:/var/lib/orders.db\n"
							   "max_szie = 3\n"
							   "open_latency = 5ms\n"
							   "[users]\n"
							   "max_size = 2\n"
							   "[far]\n"
							   "url = oracle:far\n"
							   "[clash]\n"
							   "url = stub:?max_size=2\n"
							   "min_idle = 9\n"
							   "[orders]\n"
							   "url = sqlite:other.db\n";

/* Run a line, in which @ stands for a file with that text. */
static void run_on(const char *text, const char *line)
{
	char path[] = "/tmp/weir-config-XXXXXX";
	char whole[512];
	const int file = mkstemp(path);
	const char *at = strchr(line, '@');

	assert_true(file >= 0);
	assert_int_equal(write(file, text, strlen(text)), strlen(text));
	assert_int_equal(close(file), 0);
	(void)snprintf(whole, sizeof(whole), "%.*s%s%s", (int)(at - line), line, path, at + 1);
	run_weir(&run, whole, NULL);
	assert_int_equal(unlink(path), 0);
}

static size_t count_of(const char *text, const char *part)
{
	size_t count = 0;

	for (; (text = strstr(text, part)) != NULL; text++)
		count++;
	return count;
}

static json_t *parse_output(void)
{
	json_t *root = json_loads(run.out, 0, NULL);

	if (root == NULL)
		fail_msg("no JSON:\n%s%s", run.out, run.err);
	assert_int_equal(json_integer_value(json_object_get(root, "schema")), 1);
	return root;
}

static void test_check_good(void **state)
{
	(void)state;
	run_on(good_file, "config check --ini @");
	assert_string_equal(run.err, "");
	assert_string_equal(run.out, "");
	assert_int_equal(run.exit_code, 0);
	run_on(good_file, "config check --ini @ --json");
	assert_int_equal(run.exit_code, 0);

	json_t *root = parse_output();

	assert_true(json_is_true(json_object_get(root, "good")));
	assert_int_equal(json_array_size(json_object_get(root, "faults")), 0);
	json_decref(root);
}

static void test_check_every_fault(void **state)
{
	(void)state;
	run_on(bad_file, "config check --ini @");
	assert_int_equal(run.exit_code, 2);
	assert_string_equal(run.out, "");
	assert_contains(run.err, ":1: [stray = 1] stands before it");
	assert_contains(run.err, ":4: there is no setting \"max_szie\"; did you mean max_size?");
	assert_contains(run.err, ":5: there is no setting \"open_latency\"");
	assert_contains(run.err, ":6: [users] has no url");
	assert_contains(run.err, ":8: [far] has a url whose scheme no driver has");
	assert_contains(run.err, ":10: [clash]: ");
	assert_contains(run.err, "min_idle is 9 (file) but max_size is 2");
	assert_contains(run.err, ":13: [orders] is there before, in line 2");
	/* The file is read once for each section; what is wrong is said once. */
	run_on("[a\n[b]\nurl = stub:\n[c]\nurl = stub:\n", "config check --ini @");
	assert_int_equal(run.exit_code, 2);
	assert_int_equal(count_of(run.err, "has no end"), 1);
}

static void test_check_json(void **state)
{
	json_t *root;
	json_t *fault;
	size_t index;
	bool found = false;

	(void)state;
	run_on(bad_file, "config check --json --ini @");
	assert_int_equal(run.exit_code, 2);
	assert_string_equal(run.err, "");
	root = parse_output();
	assert_true(json_is_false(json_object_get(root, "good")));
	json_array_foreach(json_object_get(root, "faults"), index, fault)
	{
		if (strcmp(json_string_value(json_object_get(fault, "setting")), "max_szie") != 0)
			continue;
		found = true;
		assert_int_equal(json_integer_value(json_object_get(fault, "line")), 4);
		assert_string_equal(json_string_value(json_object_get(fault, "section")), "orders");
		assert_string_equal(json_string_value(json_object_get(fault, "hint")),
		                    "did you mean max_size?");
	}
	assert_true(found);
	json_decref(root);
}

/* One section, or other sources: as without a service. */
static void test_check_one_section(void **state)
{
	(void)state;
	run_on(bad_file, "config check --section users --ini @");
	assert_int_equal(run.exit_code, 0);
	run_on(bad_file, "config check --section orders --ini @");
	assert_int_equal(run.exit_code, 2);
	run_weir(&run, "config check --set max_size=0", NULL);
	assert_int_equal(run.exit_code, 2);
	assert_contains(run.err, "max_size cannot be \"0\"");
	run_weir(&run, "config check --set max_size=4", NULL);
	assert_int_equal(run.exit_code, 0);
	assert_string_equal(run.out, "");
	run_weir(&run, "config check --ini /nonexistent.ini", NULL);
	assert_int_equal(run.exit_code, 2);
	assert_contains(run.err, "/nonexistent.ini: No such file");
	run_on("max_size = 7\n", "config show --ini @");
	assert_int_equal(run.exit_code, 0);
	assert_contains(run.out, "max_size             7");
}

static void test_show_file(void **state)
{
	json_t *root;
	json_t *databases;

	(void)state;
	run_on(good_file, "config show --ini @");
	assert_int_equal(run.exit_code, 0);
	assert_contains(run.out, "[orders]\ndriver     sqlite\nname       orders\n");
	assert_contains(run.out, "\n\n[probe]\ndriver     stub\n");
	run_on(good_file, "config --json --ini @");
	assert_int_equal(run.exit_code, 0);
	root = parse_output();
	databases = json_object_get(root, "databases");
	assert_int_equal(json_array_size(databases), 2);
	assert_string_equal(json_string_value(json_object_get(json_array_get(databases, 1), "driver")),
	                    "stub");
	json_decref(root);
	run_on(bad_file, "config show --ini @");
	assert_int_equal(run.exit_code, 2);
	assert_string_equal(run.out, "");
}

static void test_explain(void **state)
{
	json_t *root;

	(void)state;
	run_weir(&run, "config explain max_size wal_ceiling", NULL);
	assert_int_equal(run.exit_code, 0);
	assert_contains(run.out, "max_size (pool)\n");
	assert_contains(run.out, "  allowed     1 to 65536\n");
	assert_contains(run.out, "  to know     Not the number of threads.");
	assert_contains(run.out, "\n\nwal_ceiling (sqlite)\n");
	run_weir(&run, "config explain", NULL);
	assert_int_equal(run.exit_code, 0);
	assert_contains(run.out, "\nopen_latency          stub    ");
	run_weir(&run, "config explain max_szie frobnicate", NULL);
	assert_int_equal(run.exit_code, 2);
	assert_string_equal(run.out, "");
	assert_contains(run.err, "there is no setting \"max_szie\"; did you mean max_size?\n");
	assert_contains(run.err, "there is no setting \"frobnicate\"\n");
	run_weir(&run, "config explain --json fairness", NULL);
	root = parse_output();
	assert_non_null(json_string_value(
		json_object_get(json_array_get(json_object_get(root, "settings"), 0), "advice")));
	json_decref(root);
	run_weir(&run, "config explain --set max_size=2", NULL);
	assert_int_equal(run.exit_code, 2);
}

/* Advice that names a setting which is no more would never be shown. */
static void test_advice_is_shown(void **state)
{
	(void)state;
	run_weir(&run, "config explain --json", NULL);
	assert_int_equal(run.exit_code, 0);
	assert_int_equal(count_of(run.out, "\"advice\": \""), 25);
}

static void test_wrong_words(void **state)
{
	(void)state;
	run_weir(&run, "config chekc", NULL);
	assert_int_equal(run.exit_code, 2);
	assert_contains(run.err,
	                "there is no 'chekc'; allowed: show, check, explain; did you mean check?");
	run_weir(&run, "config check --reference", NULL);
	assert_int_equal(run.exit_code, 2);
	run_weir(&run, "config show extra", NULL);
	assert_int_equal(run.exit_code, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_check_good),      cmocka_unit_test(test_check_every_fault),
		cmocka_unit_test(test_check_json),      cmocka_unit_test(test_check_one_section),
		cmocka_unit_test(test_show_file),       cmocka_unit_test(test_explain),
		cmocka_unit_test(test_advice_is_shown), cmocka_unit_test(test_wrong_words),
	};

	return cmocka_run_group_tests_name("config_cli", tests, NULL, NULL);
}
