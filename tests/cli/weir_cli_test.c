/* SPDX-License-Identifier: BSD-2-Clause
 *
 * `weir` from outside: what goes to which stream, exit codes, JSON, hints.
 */
#include "weir_run.h"

#include <jansson.h>

#include <weir/version.h>

static struct weir_run run;

/* A run that must succeed quietly. */
static void expect_done(const char *line)
{
	run_weir(&run, line, NULL);
	assert_string_equal(run.err, "");
	assert_int_equal(run.exit_code, 0);
}

/* A run that must end as wrong use, with that on stderr and nothing on stdout. */
static void expect_refusal(const char *line, const char *part)
{
	run_weir(&run, line, NULL);
	assert_contains(run.err, part);
	assert_string_equal(run.out, "");
	assert_int_equal(run.exit_code, 2);
}

static json_t *parse_output(void)
{
	json_error_t error;
	json_t *root = json_loads(run.out, 0, &error);

	if (root == NULL)
		fail_msg("%s at line %d of\n%s", error.text, error.line, run.out);
	assert_int_equal(json_integer_value(json_object_get(root, "schema")), 1);
	return root;
}

static void test_help(void **state)
{
	static const char *const commands[] = {"config",  "doctor",  "errors", "log",
	                                       "metrics", "migrate", "version"};
	char line[64];

	(void)state;
	expect_done("--help");
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		assert_contains(run.out, commands[i]);
	expect_done("help");
	expect_done("-h");
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		(void)snprintf(line, sizeof(line), "help %s", commands[i]);
		expect_done(line);
		assert_contains(run.out, "Usage: weir ");
		assert_contains(run.out, commands[i]);
		(void)snprintf(line, sizeof(line), "%s --help", commands[i]);
		expect_done(line);
		assert_contains(run.out, "Usage: weir ");
	}
}

static void test_wrong_commands(void **state)
{
	(void)state;
	expect_refusal("", "Usage: weir COMMAND");
	expect_refusal("confg", "there is no command 'confg'; did you mean 'config'?");
	expect_refusal("help verison", "did you mean 'version'?");
	expect_refusal("frobnicate", "there is no command 'frobnicate'");
	assert_lacks(run.err, "did you mean");
	expect_refusal("--frobnicate", "there is no option '--frobnicate'");
	expect_refusal("version --frobnicate", "weir version: ");
	expect_refusal("version 1.0", "'1.0' is not expected");
	expect_refusal("errors --json --reference", "one of --json and --reference");
	expect_refusal("errors POOL", "'POOL' is not expected");
	expect_refusal("log --json --reference", "one of --json and --reference");
	expect_refusal("log LEAK", "'LEAK' is not expected");
	expect_refusal("metrics --json --reference", "one of --json and --reference");
	expect_refusal("metrics IDLE", "'IDLE' is not expected");
	expect_refusal("config max_size=8", "pairs go after --set");
	expect_refusal("config --url", "requires an argument");
	expect_refusal("config --reference --set max_size=8", "--reference takes no source");
}

static void test_version(void **state)
{
	(void)state;
	expect_done("version");
	assert_string_equal(run.out, "weir " WEIR_VERSION_STRING "\n");
	expect_done("--version");
	assert_string_equal(run.out, "weir " WEIR_VERSION_STRING "\n");
	expect_done("version --json");

	json_t *root = parse_output();

	assert_string_equal(json_string_value(json_object_get(root, "version")), WEIR_VERSION_STRING);
	json_decref(root);
}

static void test_errors(void **state)
{
	json_t *root;
	json_t *entry;
	size_t index;
	bool found = false;

	(void)state;
	expect_done("errors");
	assert_contains(run.out, "0x0101    ACQUIRE_TIMEOUT");
	expect_done("errors --json");
	root = parse_output();
	json_array_foreach(json_object_get(root, "errors"), index, entry)
	{
		if (strcmp(json_string_value(json_object_get(entry, "name")), "INDETERMINATE") != 0)
			continue;
		found = true;
		assert_int_equal(json_integer_value(json_object_get(entry, "code")), 0x0503);
		assert_string_equal(json_string_value(json_object_get(entry, "category")), "GATE");
		assert_string_equal(json_string_value(json_object_get(entry, "retry")), "unsure");
	}
	assert_true(found);
	json_decref(root);
}

/* Every name, each once; "?" if not. */
static const char *prometheus_of(const json_t *metrics, const char *name, const char *type)
{
	const char *found = NULL;
	json_t *entry;
	size_t index;

	json_array_foreach(metrics, index, entry)
	{
		if (strcmp(json_string_value(json_object_get(entry, "name")), name) != 0)
			continue;
		assert_null(found);
		assert_string_equal(json_string_value(json_object_get(entry, "type")), type);
		found = json_string_value(json_object_get(entry, "prometheus"));
	}
	return found != NULL ? found : "?";
}

static void test_metrics(void **state)
{
	json_t *metrics;
	json_t *root;

	(void)state;
	expect_done("metrics");
	assert_contains(run.out, "\nweir.lease.waits ");
	assert_contains(run.out, "\ndb.client.connection.wait_time           histogram s ");
	expect_done("metrics --json");
	root = parse_output();
	metrics = json_object_get(root, "metrics");
	assert_string_equal(prometheus_of(metrics, "weir.lease.waits", "counter"),
	                    "weir_lease_waits_total");
	assert_string_equal(prometheus_of(metrics, "db.client.connection.count", "gauge"),
	                    "db_client_connections");
	assert_string_equal(prometheus_of(metrics, "weir.file.sync_time", "histogram"),
	                    "weir_file_sync_time_seconds");
	assert_string_equal(prometheus_of(metrics, "weir.gate.group_size", "histogram"),
	                    "weir_gate_group_size");
	json_decref(root);
}

/* The line of the table that begins with that setting. */
static const char *table_line(const char *setting, char line[256])
{
	char begin[64];
	const char *at;

	(void)snprintf(begin, sizeof(begin), "\n%s ", setting);
	at = strstr(run.out, begin);
	if (at == NULL)
		fail_msg("%s is not in:\n%s", setting, run.out);
	(void)snprintf(line, 256, "%.*s", (int)strcspn(at + 1, "\n"), at + 1);
	return line;
}

static void expect_row(const char *setting, const char *value, const char *origin)
{
	char line[256];
	char name[64];
	char shown[64];
	char from[64];

	assert_int_equal(sscanf(table_line(setting, line), "%63s %63s %63s", name, shown, from), 3);
	assert_string_equal(shown, value);
	assert_string_equal(from, origin);
}

static void test_config_of_every_source(void **state)
{
	char ini[] = "/tmp/weir-cli-XXXXXX";
	char line[256];
	char max_waiters[] = "APP_MAX_WAITERS=7";
	char max_size[] = "APP_MAX_SIZE=6";
	char *variables[] = {max_waiters, max_size, NULL};
	const int file = mkstemp(ini);

	(void)state;
	assert_true(file >= 0);
	assert_true(write(file, "[orders]\nmin_idle = 2\nmax_size = 9\n", 35) == 35);
	assert_int_equal(close(file), 0);
	(void)snprintf(line, sizeof(line),
	               "config --url sqlite:///a%%20b.db?max_size=5&acquire_timeout=250ms --env APP_ "
	               "--section orders --ini %s --set fairness=fifo,max_size=8",
	               ini);
	run_weir(&run, line, variables);
	assert_int_equal(unlink(ini), 0);
	assert_string_equal(run.err, "");
	assert_int_equal(run.exit_code, 0);
	expect_row("acquire_timeout", "250ms", "URL");
	expect_row("max_waiters", "7", "environment");
	expect_row("min_idle", "2", "file");
	expect_row("fairness", "fifo", "pair");
	expect_row("max_size", "8", "pair");
	expect_row("idle_timeout", "10m", "default");
	assert_contains(run.out, "driver     sqlite\n");
	assert_contains(run.out, "name       orders\n");
	assert_contains(run.out, "path       /a b.db\n");
}

static void test_config_order_is_the_order_given(void **state)
{
	(void)state;
	expect_done("config --set max_size=8 --url sqlite:x?max_size=5");
	expect_row("max_size", "5", "URL");
	expect_done("config --url sqlite:x?max_size=5 --set max_size=8");
	expect_row("max_size", "8", "pair");
}

static void test_config_json(void **state)
{
	json_t *root;
	json_t *entry;
	size_t index;
	bool found = false;

	(void)state;
	expect_done("config --json --url sqlite://me:secret@h/d%ff?acquire_timeout=250ms");
	assert_lacks(run.out, "secret");
	root = parse_output();
	assert_string_equal(json_string_value(json_object_get(root, "driver")), "sqlite");
	assert_string_equal(json_string_value(json_object_get(root, "authority")), "me:***@h");
	assert_string_equal(json_string_value(json_object_get(root, "path")), "/d%FF");
	json_array_foreach(json_object_get(root, "settings"), index, entry)
	{
		if (strcmp(json_string_value(json_object_get(entry, "name")), "acquire_timeout") != 0)
			continue;
		found = true;
		assert_string_equal(json_string_value(json_object_get(entry, "owner")), "pool");
		assert_string_equal(json_string_value(json_object_get(entry, "value")), "250ms");
		assert_int_equal(json_integer_value(json_object_get(entry, "number")), 250000000);
		assert_string_equal(json_string_value(json_object_get(entry, "unit")), "ns");
		assert_string_equal(json_string_value(json_object_get(entry, "origin")), "URL");
		assert_string_equal(json_string_value(json_object_get(entry, "default")), "5s");
		assert_true(json_is_true(json_object_get(entry, "changeable")));
	}
	assert_true(found);
	json_decref(root);
}

static void test_config_driver(void **state)
{
	(void)state;
	expect_done("config --driver stub");
	assert_contains(run.out, "driver     stub\n");
	assert_contains(run.out, "\nopen_latency ");
	expect_done("config --url stub:?open_latency=5ms");
	expect_row("open_latency", "5ms", "URL");
	expect_refusal("config --driver sqlit", "did you mean sqlite?");
	expect_refusal("config --driver oracle", "there is no driver 'oracle'; allowed: sqlite stub");
	expect_refusal("config --driver stub --url sqlite:x", "not the scheme of the driver");
}

static void test_config_reports_every_fault(void **state)
{
	(void)state;
	expect_refusal("config --url sqlte:x?max_size=0 --set max_szie=1,foo "
	               "--ini /nonexistent.ini --ini / --env \"\"",
	               "weir config: URL: \"sqlte\" is not the scheme");
	assert_contains(run.err, "weir config: URL: max_size cannot be \"0\"; allowed: 1 to 65536\n");
	assert_contains(run.err, "there is no setting \"max_szie\"; did you mean max_size?\n");
	assert_contains(run.err, "\"foo\" is not a pair");
	assert_contains(run.err, "/nonexistent.ini: No such file");
	assert_contains(run.err, "/: it is a directory");
	assert_contains(run.err, "prefix is empty");
	expect_refusal("config --set min_idle=20", "min_idle is 20 (pair) but max_size is 10");
	/* With the pairs refused, whether the rest would clash is not known. */
	expect_refusal("config --set min_idle=20 --set max_size=30,foo", "\"foo\" is not a pair");
	assert_lacks(run.err, "can never keep");
}

/* Lost output is a failure, not a success with nothing to show. */
static void test_full_disk(void **state)
{
	char path[RUN_PATH_MAX];
	char command[RUN_PATH_MAX + 64];

	(void)state;
	find_tool(path, "weir");
	(void)snprintf(command, sizeof(command), "'%s' errors --json 2>/dev/null >/dev/full", path);

	const int status = system(command);

	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_help),
		cmocka_unit_test(test_wrong_commands),
		cmocka_unit_test(test_version),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_metrics),
		cmocka_unit_test(test_config_of_every_source),
		cmocka_unit_test(test_config_order_is_the_order_given),
		cmocka_unit_test(test_config_json),
		cmocka_unit_test(test_config_driver),
		cmocka_unit_test(test_config_reports_every_fault),
		cmocka_unit_test(test_full_disk),
	};

	return cmocka_run_group_tests_name("weir_cli", tests, NULL, NULL);
}
