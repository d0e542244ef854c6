/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A db that admits nothing for a while: its readers' pool does so by itself, writes ask
 * here before they enter the gate.
 *
 *   label operation                     order  pairs with  breaks if weaker
 *   P1    resume, close: store 0,       full   P2          a write that waits for resume sleeps
 *         then wake                                        on beside it
 *   P2    admit: load suspended, then   acq    P1          as P1
 *         sleep on it
 */
#include "db_internal.h"

void weir__db_unsuspend(struct weir_db *db)
{
	if (wp_xchg_full_32(&db->suspended, 0) != 0) /* P1 */
		wp_futex_wake(&db->suspended, INT32_MAX);
}

static enum weir_code turn(struct weir_db *db, bool suspend, const char *where,
                           struct weir_error *err)
{
	enum weir_code code = weir__db_check(db, where, err);

	if (code != WEIR_OK)
		return code;
	/* Reads and writes as one, whoever turns them the other way meanwhile. */
	weir__lock(&db->set_lock);
	if (db->readers != NULL)
		code = suspend ? weir_pool_suspend(db->readers, err) : weir_pool_resume(db->readers, err);
	if (code == WEIR_OK)
		(void)wp_xchg_full_32(&db->suspended, suspend ? 1 : 0); /* P1 */
	weir__unlock(&db->set_lock);
	if (code == WEIR_OK && !suspend)
		wp_futex_wake(&db->suspended, INT32_MAX);
	/* A close that looked before this store has not seen it. */
	if (wp_load_acq_32(&db->closing) != 0)
		weir__db_unsuspend(db);
	return code;
}

enum weir_code weir_db_suspend(struct weir_db *db, struct weir_error *err)
{
	return turn(db, true, "db.suspend", err);
}

enum weir_code weir_db_resume(struct weir_db *db, struct weir_error *err)
{
	return turn(db, false, "db.resume", err);
}

static int64_t patience_of(const struct weir_db *db, const struct weir_write_options *options)
{
	if (options != NULL && options->timeout_ns != 0)
		return options->timeout_ns;
	return weir__db_setting(db, WEIR_SET_write_timeout);
}

enum weir_code weir__db_admit(struct weir_db *db, const struct weir_write_options *options,
                              enum weir_when_down when_down, const char *where,
                              struct weir_error *err)
{
	int64_t deadline_ns;

	if (wp_load_acq_32(&db->suspended) == 0)
		return WEIR_OK;
	const bool waits = when_down == WEIR_DOWN_SETTING
	                       ? weir__db_setting(db, WEIR_SET_when_down) != 0
	                       : when_down == WEIR_DOWN_WAIT;

	deadline_ns = weir__add_ns(wp_now(), patience_of(db, options));
	while (wp_load_acq_32(&db->suspended) != 0) { /* P2; ends: resume, close, the deadline */
		if (!waits || wp_now() >= deadline_ns)
			return weir_fail(err, WEIR_ERR_SUSPENDED, where, 0, "%s: the db is suspended",
			                 db->config.name);
		(void)wp_futex_wait(&db->suspended, 1, deadline_ns);
	}
	return weir__db_check(db, where, err);
}
