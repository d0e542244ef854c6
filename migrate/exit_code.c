/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What a process ends with, by what its call ended with (weir/migrate.h).
 */
#include <weir/migrate.h>

struct exit_code {
	enum weir_code code; /* or a whole category */
	int status;
};

/* The first that fits counts. */
static const struct exit_code exit_codes[] = {
	{WEIR_ERR_MIGRATE_SOURCE, 2},   {WEIR_ERR_USAGE, 2},
	{WEIR_ERR_CONFIG, 2},           {WEIR_ERR_GATE_TIMEOUT, 4},
	{WEIR_ERR_ACQUIRE_TIMEOUT, 4},  {WEIR_ERR_DRIVER_BUSY, 4},
	{WEIR_ERR_DRIVER_DEADLINE, 4},  {WEIR_ERR_MIGRATE_LIMIT, 4},
	{WEIR_ERR_MIGRATE_DRIFT, 5},    {WEIR_ERR_MIGRATE_ORDER, 5},
	{WEIR_ERR_MIGRATE_HISTORY, 5},  {WEIR_ERR_MIGRATE_INCOMPATIBLE, 6},
	{WEIR_ERR_MIGRATE_OPERATOR, 7}, {WEIR_ERR_MIGRATE_FOREIGN, 7},
	{WEIR_ERR_INDETERMINATE, 7},    {WEIR_ERR_DRIVER_CANCELLED, 8},
};

int weir_migrate_exit_code(enum weir_code code)
{
	if (code == WEIR_OK)
		return 0;
	for (size_t i = 0; i < sizeof exit_codes / sizeof exit_codes[0]; i++) {
		if (weir_error_is(code, exit_codes[i].code))
			return exit_codes[i].status;
	}
	return 1;
}
