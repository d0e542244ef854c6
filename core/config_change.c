/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Changing one setting of a pool that runs: the same reading and the same rules
 * as at creation, for those settings that allow it.
 */
#include "config_internal.h"

enum weir_code weir__config_change(struct weir_config *copy, const struct weir_driver *driver,
                                   const char *name, const char *value, struct weir_error *err)
{
	static const struct weir__source source = {
		.where = "pool.set",
		.name = "pool",
		.origin = WEIR_ORIGIN_CODE,
	};
	struct weir__edit edit;
	struct weir__place place;
	const enum weir_code code = weir__edit_begin(&edit, copy, driver, &source, NULL, err);

	if (code != WEIR_OK)
		return code;
	if (name == NULL || value == NULL)
		return weir_fail(err, WEIR_ERR_BAD_ARGUMENT, source.where, 0, "name or value is NULL");
	if (!weir__place_find(&place, driver, name)) {
		weir__edit_unknown(&edit, name, name, value);
		return weir__edit_commit(&edit, copy, err);
	}
	/* A pool keeps no live values of a driver's settings: to accept one would be
	 * to lose it. */
	if (!place.setting->changeable || place.slot >= WEIR_SETTINGS_MAX)
		return weir_fail(err, WEIR_ERR_BAD_ARGUMENT, source.where, 0,
		                 "%s cannot be changed while the pool runs", name);
	weir__edit_set(&edit, name, name, value);
	if (edit.faults.count == 0)
		weir__config_inspect(&edit.work, driver, &edit.faults);
	return weir__edit_commit(&edit, copy, err);
}
