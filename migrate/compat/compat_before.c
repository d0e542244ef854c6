/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Statements that must go on working: what they are like before. See catalog.h.
 */
#include "manifest.h"

enum weir_code weir__manifest_before(struct weir__manifest *manifest,
                                     const struct weir__session *session, struct weir_error *err)
{
	enum weir_code code;

	weir__names_free(&manifest->indexes);
	code = weir__names_of_indexes(session, &manifest->indexes, err);
	for (size_t i = 0; code == WEIR_OK && i < manifest->count; i++) {
		struct weir__manifest_item *const item = &manifest->items[i];

		weir__shape_free(&item->before);
		item->told = false;
		code = weir__shape_take(session, item->sql, &item->before, err);
	}
	return code;
}
