/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Rows of settings.
 */
#include "config_rows.h"

#include <stdlib.h>
#include <string.h>

static const char *type_name(enum weir_setting_type type)
{
	static const char *const names[] = {
		[WEIR_SETTING_COUNT] = "count",   [WEIR_SETTING_DURATION] = "duration",
		[WEIR_SETTING_SIZE] = "size",     [WEIR_SETTING_BOOL] = "bool",
		[WEIR_SETTING_CHOICE] = "choice",
	};

	return (size_t)type < sizeof(names) / sizeof(names[0]) ? names[type] : "unknown";
}

static int by_name(const void *a, const void *b)
{
	const struct config_row *left = a;
	const struct config_row *right = b;

	return strcmp(left->setting->name, right->setting->name);
}

static void fill_row(struct config_row *row, const struct weir_setting *setting, const char *owner,
                     int64_t value, uint8_t origin)
{
	row->setting = setting;
	row->owner = owner;
	row->type = type_name(setting->type);
	row->origin = weir_origin_name((enum weir_origin)origin);
	row->number = value;
	(void)weir_setting_format(setting, value, row->value, sizeof(row->value));
	(void)weir_setting_format(setting, setting->preset, row->preset, sizeof(row->preset));
	(void)weir_setting_allowed(setting, row->allowed, sizeof(row->allowed));
}

size_t config_rows(struct config_row rows[ROWS_MAX], struct weir_config *config,
                   const struct weir_driver *driver)
{
	size_t pool_count;
	size_t driver_count;
	const struct weir_setting *pool = weir_settings(&pool_count);
	const struct weir_setting *own = weir_driver_settings(driver, &driver_count);

	for (size_t i = 0; i < pool_count; i++)
		fill_row(&rows[i], &pool[i], "pool", *weir_config_value(config, (enum weir_setting_id)i),
		         config->origin[i]);
	for (size_t i = 0; i < driver_count; i++)
		fill_row(&rows[pool_count + i], &own[i], driver->name, config->driver_values[i],
		         config->driver_origin[i]);
	qsort(rows, pool_count, sizeof(rows[0]), by_name);
	qsort(rows + pool_count, driver_count, sizeof(rows[0]), by_name);
	return pool_count + driver_count;
}
