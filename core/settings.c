/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The pool's table of settings, made from WEIR_SETTINGS, beside the table of a
 * driver.
 */
#include "settings.h"

#include <assert.h>
#include <string.h>

#include <weir/driver.h>

static const struct weir_setting pool_table[] = {
#define TABLE_ROW(name, type, ...) {#name, WEIR_SETTING_##type, __VA_ARGS__},
	WEIR_SETTINGS(TABLE_ROW)
#undef TABLE_ROW
};

static const size_t pool_offsets[WEIR_SETTINGS_MAX] = {
#define TABLE_OFFSET(name, ...) offsetof(struct weir_config, name),
	WEIR_SETTINGS(TABLE_OFFSET)
#undef TABLE_OFFSET
};

static_assert(WEIR_SETTINGS_COUNT <= WEIR_SETTINGS_MAX, "struct weir_config has no more room");

const struct weir_setting *weir_settings(size_t *count)
{
	if (count != NULL)
		*count = WEIR_SETTINGS_COUNT;
	return pool_table;
}

/* A driver of another ABI may have another layout: nothing of it is read. */
static size_t driver_count(const struct weir_driver *driver)
{
	const size_t needed = offsetof(struct weir_driver, settings) + sizeof(driver->settings);

	if (driver == NULL || driver->abi != WEIR_DRIVER_ABI || driver->size < needed ||
	    driver->settings == NULL)
		return 0;
	return driver->settings_count < WEIR_DRIVER_SETTINGS_MAX ? driver->settings_count
	                                                         : WEIR_DRIVER_SETTINGS_MAX;
}

const struct weir_setting *weir_driver_settings(const struct weir_driver *driver, size_t *count)
{
	const size_t found = driver_count(driver);

	if (count != NULL)
		*count = found;
	return found > 0 ? driver->settings : NULL;
}

static bool place_at(struct weir__place *place, const struct weir_driver *driver, uint32_t slot)
{
	if (slot < WEIR_SETTINGS_COUNT) {
		*place = (struct weir__place){.setting = &pool_table[slot], .slot = slot};
		return true;
	}

	const uint32_t index = slot < WEIR_SETTINGS_MAX ? 0 : slot - WEIR_SETTINGS_MAX;

	if (index >= driver_count(driver))
		return false;
	*place = (struct weir__place){.setting = &driver->settings[index],
	                              .slot = WEIR_SETTINGS_MAX + index};
	return true;
}

bool weir__place_next(struct weir__place *place, const struct weir_driver *driver)
{
	return place_at(place, driver, place->setting == NULL ? 0 : place->slot + 1);
}

bool weir__place_find(struct weir__place *place, const struct weir_driver *driver, const char *name)
{
	struct weir__place at = {0};

	while (weir__place_next(&at, driver)) {
		if (strcmp(at.setting->name, name) == 0) {
			*place = at;
			return true;
		}
	}
	return false;
}

int64_t *weir__place_value(struct weir_config *config, const struct weir__place *place)
{
	if (place->slot >= WEIR_SETTINGS_MAX)
		return &config->driver_values[place->slot - WEIR_SETTINGS_MAX];
	return (int64_t *)(void *)((char *)config + pool_offsets[place->slot]);
}

uint8_t *weir__place_origin(struct weir_config *config, const struct weir__place *place)
{
	if (place->slot >= WEIR_SETTINGS_MAX)
		return &config->driver_origin[place->slot - WEIR_SETTINGS_MAX];
	return &config->origin[place->slot];
}

bool weir__place_within(const struct weir__place *place, uint32_t size)
{
	return place->slot >= WEIR_SETTINGS_MAX || pool_offsets[place->slot] + sizeof(int64_t) <= size;
}

int64_t *weir_config_value(struct weir_config *config, enum weir_setting_id id)
{
	if (config == NULL || (uint32_t)id >= WEIR_SETTINGS_COUNT)
		return NULL;

	const struct weir__place place = {.setting = &pool_table[id], .slot = (uint32_t)id};

	return weir__place_within(&place, config->size) ? weir__place_value(config, &place) : NULL;
}

const char *weir_origin_name(enum weir_origin origin)
{
	static const char *const names[] = {
		[WEIR_ORIGIN_DEFAULT] = "default", [WEIR_ORIGIN_URL] = "URL",
		[WEIR_ORIGIN_PAIR] = "pair",       [WEIR_ORIGIN_ENV] = "environment",
		[WEIR_ORIGIN_INI] = "file",        [WEIR_ORIGIN_CODE] = "program",
	};
	const size_t index = (size_t)origin;

	return index < sizeof(names) / sizeof(names[0]) ? names[index] : "unknown";
}
