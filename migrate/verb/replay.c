/* SPDX-License-Identifier: BSD-2-Clause
 *
 * See replay.h.
 */
#include "replay.h"

#include <stdlib.h>
#include <string.h>

bool weir__replay_can(const struct weir_driver *driver)
{
	return strcmp(driver->name, "sqlite") == 0;
}

static enum weir_code look(struct weir_db *db, const char *history, struct weir__catalog *catalog,
                           struct weir_error *err)
{
	struct weir_tx tx = WEIR_LEASE_EMPTY;
	struct weir__session session;
	enum weir_code code = weir_read_begin(db, NULL, &tx, err);

	if (code != WEIR_OK)
		return code;
	code = weir__session_init(&session, db, &tx, err);
	if (code == WEIR_OK)
		code = weir__catalog_read(&session, history, catalog, err);
	weir_tx_end(&tx);
	return code;
}

enum weir_code weir__replay(const struct weir_driver *driver, const struct weir_migrations *set,
                            const bool *keep, const char *history, struct weir__catalog *catalog,
                            struct weir_error *err)
{
	const struct weir_migrate_options options = {.size = (uint32_t)sizeof options,
	                                             .table = history};
	struct weir_migrations part = {.format = set->format};
	struct weir_db *db = NULL;
	enum weir_code code;

	memset(catalog, 0, sizeof *catalog);
	/* Its texts stay the set's: only the list is freed. */
	part.list = calloc(set->count + 1, sizeof *part.list);
	if (part.list == NULL)
		return weir_fail(err, WEIR_ERR_NO_MEMORY, "migrate.replay", 0, "no memory for a set");
	for (size_t i = 0; i < set->count; i++) {
		if (keep[i])
			part.list[part.count++] = set->list[i];
	}
	part.room = set->count + 1;
	code = weir_db_open(&db, driver, "sqlite::memory:", err);
	if (code == WEIR_OK)
		code = weir_migrate_up(db, &part, NULL, &options, NULL, err);
	if (code == WEIR_OK)
		code = look(db, history, catalog, err);
	weir_db_destroy(db);
	free(part.list);
	return code;
}
