/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The settings of the pool and a driver as rows of text, in the order in which
 * people look for them: the pool's by name, then the driver's by name.
 */
#ifndef WEIR_CLI_CONFIG_ROWS_H
#define WEIR_CLI_CONFIG_ROWS_H

#include <weir/config.h>
#include <weir/driver.h>

#define ROWS_MAX (WEIR_SETTINGS_MAX + WEIR_DRIVER_SETTINGS_MAX)

struct config_row {
	const struct weir_setting *setting;
	const char *owner; /* "pool", or the driver's name */
	const char *type;
	const char *origin;
	int64_t number; /* the value as it is kept */
	char value[48];
	char preset[48];
	char allowed[160];
};

/* Fill rows from config; how many there are. */
size_t config_rows(struct config_row rows[ROWS_MAX], struct weir_config *config,
                   const struct weir_driver *driver);

#endif
