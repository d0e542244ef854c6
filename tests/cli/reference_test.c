/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The pages of docs/reference that `weir` writes are as committed. When this
 * fails, write them again with the command it names.
 */
#include "weir_run.h"

/* The folder of this file, as the compiler saw it. */
static void find_page(const char *name, char path[RUN_PATH_MAX])
{
	static const char here[] = __FILE__;
	const char *end = strrchr(here, '/');

	assert_non_null(end);
	(void)snprintf(path, RUN_PATH_MAX, "%.*s/../../docs/reference/%s", (int)(end - here), here,
	               name);
}

static void expect_page(const char *name, const char *command)
{
	static struct weir_run run;
	static char committed[RUN_OUTPUT_MAX];
	char path[RUN_PATH_MAX];
	FILE *file;

	find_page(name, path);
	file = fopen(path, "r");
	if (file == NULL)
		fail_msg("%s cannot be read", path);

	const size_t length = fread(committed, 1, sizeof(committed) - 1, file);

	committed[length] = '\0';
	assert_int_equal(fclose(file), 0);
	run_weir(&run, command, NULL);
	assert_string_equal(run.err, "");
	assert_int_equal(run.exit_code, 0);
	if (strcmp(run.out, committed) != 0)
		fail_msg("docs/reference/%s is stale: weir %s > docs/reference/%s", name, command, name);
}

static void test_settings_page(void **state)
{
	(void)state;
	expect_page("config.md", "config --reference");
}

static void test_errors_page(void **state)
{
	(void)state;
	expect_page("errors.md", "errors --reference");
}

static void test_metrics_page(void **state)
{
	(void)state;
	expect_page("metrics.md", "metrics --reference");
}

static void test_log_page(void **state)
{
	(void)state;
	expect_page("log.md", "log --reference");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_settings_page),
		cmocka_unit_test(test_errors_page),
		cmocka_unit_test(test_metrics_page),
		cmocka_unit_test(test_log_page),
	};

	return cmocka_run_group_tests_name("reference", tests, NULL, NULL);
}
