/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Exit codes: the table in docs/ that scripts rely on.
 */
#include "unit_check.h"

#include <weir/migrate.h>

struct expected {
	enum weir_code code;
	int status;
};

static void each_kind_of_failure_has_its_own(void **state)
{
	static const struct expected expected[] = {
		{WEIR_OK, 0},
		{WEIR_ERR_MIGRATE_SCRIPT, 1},
		{WEIR_ERR_MIGRATE_KEYS, 1},
		{WEIR_ERR_MIGRATE_REHEARSAL, 1},
		{WEIR_ERR_DRIVER_SQL, 1},
		{WEIR_ERR_DRIVER_FULL, 1},
		{WEIR_ERR_NO_MEMORY, 1},
		{WEIR_ERR_IO, 1},
		{WEIR_ERR_MIGRATE_SOURCE, 2},
		{WEIR_ERR_BAD_ARGUMENT, 2},
		{WEIR_ERR_USAGE, 2},
		{WEIR_ERR_CONFIG_UNKNOWN, 2},
		{WEIR_ERR_GATE_TIMEOUT, 4},
		{WEIR_ERR_ACQUIRE_TIMEOUT, 4},
		{WEIR_ERR_DRIVER_BUSY, 4},
		{WEIR_ERR_DRIVER_DEADLINE, 4},
		{WEIR_ERR_MIGRATE_LIMIT, 4},
		{WEIR_ERR_MIGRATE_DRIFT, 5},
		{WEIR_ERR_MIGRATE_ORDER, 5},
		{WEIR_ERR_MIGRATE_HISTORY, 5},
		{WEIR_ERR_MIGRATE_INCOMPATIBLE, 6},
		{WEIR_ERR_MIGRATE_OPERATOR, 7},
		{WEIR_ERR_MIGRATE_FOREIGN, 7},
		{WEIR_ERR_INDETERMINATE, 7},
		{WEIR_ERR_DRIVER_CANCELLED, 8},
		{(enum weir_code)0x7fff, 1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++)
		assert_int_equal(weir_migrate_exit_code(expected[i].code), expected[i].status);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_kind_of_failure_has_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
