/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Every connection of a db is old: readers die by the pool's epoch, the writer is opened
 * anew by whoever leads next, and the aide by whoever has its lock next, so that nobody
 * waits for a driver here.
 */
#include "db_internal.h"

enum weir_code weir_db_reset(struct weir_db *db, const char *reason, struct weir_error *err)
{
	enum weir_code code = weir__db_check(db, "db.reset", err);

	if (code != WEIR_OK)
		return code;
	if (db->readers == NULL)
		return weir_fail(err, WEIR_ERR_DRIVER_UNSUPPORTED, "db.reset", 0,
		                 "%s: the database lives in its one connection, and would end with it",
		                 db->config.name);
	wp_store_rel_32(&db->writer_old, 1);
	wp_store_rel_32(&db->aide_old, 1);
	code = weir_pool_reset(db->readers, reason, err);
	wp_store_rlx_32(&db->pool_wanted, 1);
	weir__keeper_call(db);
	return code;
}
