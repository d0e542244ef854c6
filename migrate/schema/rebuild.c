/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The script that rebuilds a table, as the engine's driver writes it. See weir/migrate.h.
 */
#include "session.h"

#define WHERE "migrate.rebuild"

static enum weir_code check(struct weir_db *db, const struct weir_schema_rebuild *request,
                            struct weir_error *err)
{
	const enum weir_code code = weir__session_check(db, err);

	if (code != WEIR_OK)
		return code;
	if (request->size < sizeof *request || request->table == NULL || request->sql == NULL)
		return weir_fail(err, WEIR_ERR_BAD_ARGUMENT, WHERE, 0,
		                 "a rebuild needs its size set, a table, and what it is to become");
	if (request->columns_count != 0 && (request->columns == NULL || request->expressions == NULL))
		return weir_fail(err, WEIR_ERR_BAD_ARGUMENT, WHERE, 0,
		                 "%u columns, but no names or no expressions", request->columns_count);
	if (weir_db_driver(db)->schema->rebuild == NULL)
		return weir_fail(err, WEIR_ERR_DRIVER_UNSUPPORTED, WHERE, 0,
		                 "driver %s needs no rebuild: ALTER TABLE does whatever there is",
		                 weir_db_driver(db)->name);
	return WEIR_OK;
}

enum weir_code weir_migrate_rebuild(struct weir_db *db, const struct weir_schema_rebuild *request,
                                    char **script, struct weir_error *err)
{
	struct weir_tx tx = WEIR_LEASE_EMPTY;
	struct weir__session session;
	enum weir_code code;

	if (request == NULL || script == NULL)
		return weir_fail(err, WEIR_ERR_BAD_ARGUMENT, WHERE, 0, "request or script is NULL");
	*script = NULL;
	code = check(db, request, err);
	if (code == WEIR_OK)
		code = weir_read_begin(db, NULL, &tx, err);
	if (code == WEIR_OK)
		code = weir__session_init(&session, db, &tx, err);
	if (code == WEIR_OK)
		code = session.schema->rebuild(session.conn, request, script, err);
	weir_tx_end(&tx);
	return code;
}
