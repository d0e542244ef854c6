/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Finding a setting by name in the pool's table and the driver's, and its value
 * in a struct weir_config.
 */
#ifndef WEIR_CORE_SETTINGS_H
#define WEIR_CORE_SETTINGS_H

#include <weir/config.h>

#define WEIR__PLACES (WEIR_SETTINGS_MAX + WEIR_DRIVER_SETTINGS_MAX)

/*
 * One setting and where its value lives: slot counts through the pool's table
 * and goes on at WEIR_SETTINGS_MAX with the driver's.
 */
struct weir__place {
	const struct weir_setting *setting;
	uint32_t slot;
};

/* Find the setting called name; false if neither table has it. The pool's table
 * comes first: a driver cannot hide a setting of the pool. */
bool weir__place_find(struct weir__place *place, const struct weir_driver *driver,
                      const char *name);

/* Go through all settings: start with *place = {0}; false at the end. */
bool weir__place_next(struct weir__place *place, const struct weir_driver *driver);

/* Where a setting's value and origin live; config must be a whole one. */
int64_t *weir__place_value(struct weir_config *config, const struct weir__place *place);
uint8_t *weir__place_origin(struct weir_config *config, const struct weir__place *place);

/* Whether a config of which the caller knows size bytes has the setting. */
bool weir__place_within(const struct weir__place *place, uint32_t size);

#endif
