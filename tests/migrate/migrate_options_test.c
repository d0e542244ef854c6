/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Options: what stands for nothing said, and what is refused.
 */
#include "history_fixture.h"

#include "apply.h"

#include <string.h>

#include <weir/version.h>

static void nothing_said_is_the_defaults(void **state)
{
	const struct weir_migrate_options none = {.size = sizeof none};
	const struct weir_migrate_options *const given[] = {NULL, &none};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct weir_migrate_options filled;

		memset(&filled, 0x5a, sizeof filled);
		assert_code(weir__options(given[i], &filled, NULL), WEIR_OK);
		assert_int_equal(filled.size, sizeof filled);
		assert_string_equal(filled.table, "weir_schema_history");
		assert_string_equal(filled.tool, "weir " WEIR_VERSION_STRING);
		assert_int_equal(filled.timeout_ns, WEIR_SECONDS(60));
		assert_int_equal(filled.disk_reserve, 64 << 20);
		assert_int_equal(filled.backup_keep, 3);
		assert_int_equal(filled.lock_limit_ns, 0);
		assert_null(filled.foreign_table);
		assert_null(filled.backup);
		assert_false(filled.dry_run);
	}
}

static void what_is_said_stays(void **state)
{
	const struct weir_migrate_options given = {.size = sizeof given,
	                                           .table = "log",
	                                           .order = WEIR_MIGRATE_ORDER_APPLY,
	                                           .foreign = WEIR_MIGRATE_FOREIGN_KEEP,
	                                           .foreign_table = "versions",
	                                           .dry_run = true,
	                                           .timeout_ns = WEIR_SECONDS(1),
	                                           .lock_limit_ns = 2,
	                                           .disk_reserve = 3,
	                                           .backup_keep = 4,
	                                           .tool = "mine"};
	struct weir_migrate_options filled;

	(void)state;
	assert_code(weir__options(&given, &filled, NULL), WEIR_OK);
	assert_memory_equal(&filled, &given, sizeof given);
}

static void what_cannot_be_is_refused(void **state)
{
	char long_name[129];
	const struct weir_migrate_options bad[] = {
		{.size = 8},
		{.size = sizeof bad[0], .order = (enum weir_migrate_order)3},
		{.size = sizeof bad[0], .foreign = (enum weir_migrate_foreign)2},
		{.size = sizeof bad[0], .table = ""},
		{.size = sizeof bad[0], .table = long_name},
		{.size = sizeof bad[0], .foreign_table = ""},
		{.size = sizeof bad[0], .foreign_table = long_name},
		{.size = sizeof bad[0], .table = "same", .foreign_table = "SAME"},
		{.size = sizeof bad[0], .foreign_table = "weir_schema_history"},
		{.size = sizeof bad[0], .tool = ""},
		{.size = sizeof bad[0], .tool = long_name},
		{.size = sizeof bad[0], .timeout_ns = -1},
		{.size = sizeof bad[0], .lock_limit_ns = -1},
		{.size = sizeof bad[0], .backup = ""},
		{.size = sizeof bad[0], .statements = ""},
	};

	(void)state;
	memset(long_name, 'n', sizeof long_name - 1);
	long_name[sizeof long_name - 1] = '\0';
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct weir_migrate_options filled;
		struct weir_error err = WEIR_ERROR_INIT;

		assert_code(weir__options(&bad[i], &filled, &err), WEIR_ERR_BAD_ARGUMENT);
		assert_says(&err, "options: ");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_said_is_the_defaults),
		cmocka_unit_test(what_is_said_stays),
		cmocka_unit_test(what_cannot_be_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
