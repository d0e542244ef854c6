/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What a database needs beside reads and writes: its log copied back, and the
 * read pin, which keeps the newest snapshot open on a connection of its own.
 *
 * The aide does both, never at once: the pin is dropped before a checkpoint,
 * which it would otherwise keep from copying anything, and taken again after it.
 * aide_lock decides between the holder of the gate, who does this after writes,
 * and the keeper, who drops a pin nobody reads beside.
 */
#include "db_internal.h"

#include "probe.h"

/* (aide) */
static void pin(struct weir_db *db)
{
	if (db->aide == NULL || db->engine->pin == NULL ||
	    weir__db_setting(db, WEIR_SET_read_pin) == 0 || wp_load_rlx_32(&db->maintained) != 0)
		return;
	db->engine->pin(db->aide->conn);
	wp_store_rlx_32(&db->pinned, 1); /* E1 */
}

/* (aide) */
static void unpin(struct weir_db *db)
{
	if (db->aide == NULL || db->engine->unpin == NULL || wp_load_rlx_32(&db->pinned) == 0)
		return;
	db->engine->unpin(db->aide->conn);
	wp_store_rlx_32(&db->pinned, 0); /* E1 */
}

void weir__upkeep_pin(struct weir_db *db)
{
	weir__lock(&db->aide_lock);
	pin(db);
	weir__unlock(&db->aide_lock);
}

void weir__upkeep_unpin(struct weir_db *db)
{
	weir__lock(&db->aide_lock);
	unpin(db);
	weir__unlock(&db->aide_lock);
}

bool weir__upkeep_enter(struct weir_db *db)
{
	(void)wp_add_full_32(&db->upkeeping, 1); /* U1 */
	return wp_load_acq_32(&db->closing) == 0;
}

void weir__upkeep_leave(struct weir_db *db)
{
	(void)wp_add_full_32(&db->upkeeping, UINT32_MAX);
	if (wp_load_acq_32(&db->closing) != 0)
		wp_futex_wake(&db->upkeeping, INT32_MAX);
}

void weir__upkeep_await(struct weir_db *db)
{
	uint32_t seen = wp_load_acq_32(&db->upkeeping); /* U2 */

	while (seen != 0) { /* ends: upkeep has deadlines of its own */
		(void)wp_futex_wait(&db->upkeeping, seen, INT64_MAX);
		seen = wp_load_acq_32(&db->upkeeping);
	}
}

/* (aide): an aide that was found broken is closed, and opened anew here. */
static enum weir_code have_aide(struct weir_db *db, struct weir_time deadline,
                                struct weir_error *err)
{
	if (wp_load_acq_32(&db->aide_old) != 0 && wp_xchg_full_32(&db->aide_old, 0) != 0) {
		weir__db_conn_close(db->aide);
		db->aide = NULL;
	}
	if (db->aide != NULL)
		return WEIR_OK;
	return weir__db_conn_open(db, WEIR_ROLE_AIDE, deadline, &db->aide, err);
}

static void note_checkpoint(struct weir_db *db, const struct weir_checkpoint_result *result,
                            int64_t took_ns)
{
	weir__bump(&db->checkpoints);
	weir__db_note(db, WEIR_HISTOGRAM_CHECKPOINT, took_ns);
	wp_store_rlx_64(&db->log_frames, result->frames);
	wp_store_rlx_32(&db->stuck, result->copied < result->frames);
	wp_store_rlx_64(&db->stall_ns_sum,
	                wp_load_rlx_64(&db->stall_ns_sum) + (uint64_t)result->stall_ns);
	if ((uint64_t)result->stall_ns > wp_load_rlx_64(&db->stall_ns_max))
		wp_store_rlx_64(&db->stall_ns_max, (uint64_t)result->stall_ns);
}

enum weir_code weir__upkeep_checkpoint(struct weir_db *db, struct weir_time deadline,
                                       struct weir_checkpoint_result *result,
                                       struct weir_error *err)
{
	struct weir_checkpoint_result own = {0};
	struct weir_error why = WEIR_ERROR_INIT;
	int64_t took_ns = 0;
	enum weir_code code;

	own.size = (uint32_t)sizeof own;
	weir__lock(&db->aide_lock);
	const bool was_pinned = wp_load_rlx_32(&db->pinned) != 0;

	unpin(db);
	code = have_aide(db, deadline, &why);
	if (code == WEIR_OK) {
		const int64_t began_ns = wp_now();

		code = db->engine->checkpoint(db->writer->conn, db->aide->conn, deadline, &own, &why);
		took_ns = wp_now() - began_ns;
	}
	if (code == WEIR_ERR_DRIVER_BROKEN) {
		weir__db_conn_close(db->aide);
		db->aide = NULL;
	}
	if (was_pinned)
		pin(db);
	weir__unlock(&db->aide_lock);
	weir__probe_checkpoint(db->config.name, own.frames, own.stall_ns, (int32_t)code);
	wp_store_rlx_32(&db->idle_wanted, 0);
	if (code != WEIR_OK) {
		weir__bump(&db->checkpoint_failures);
		return weir_fail(err, code, why.where, why.driver_code, "%s", why.message);
	}
	note_checkpoint(db, &own, took_ns);
	if (result != NULL && result->size >= sizeof *result) {
		own.size = result->size;
		*result = own;
	}
	return WEIR_OK;
}

static enum weir_checkpoint_need need(struct weir_db *db)
{
	if (db->writer == NULL || db->readers == NULL || db->engine->checkpoint_need == NULL)
		return WEIR_CHECKPOINT_NONE;
	return db->engine->checkpoint_need(db->writer->conn);
}

bool weir__upkeep_is_due(struct weir_db *db)
{
	return need(db) == WEIR_CHECKPOINT_NOW;
}

/* How long a checkpoint waits for a writer of another process. It is due again
 * soon; those who queue are not kept for it. */
#define CHECKPOINT_PATIENCE_NS WEIR_MILLISECONDS(5)

void weir__upkeep_after_write(struct weir_db *db)
{
	switch (need(db)) {
	case WEIR_CHECKPOINT_NOW:
		(void)!weir__upkeep_checkpoint(db, weir_deadline_in(CHECKPOINT_PATIENCE_NS), NULL, NULL);
		return;
	case WEIR_CHECKPOINT_IDLE:
		if (wp_load_rlx_32(&db->idle_wanted) == 0) {
			wp_store_rlx_32(&db->idle_wanted, 1);
			weir__keeper_call(db);
		}
		break;
	case WEIR_CHECKPOINT_NONE:
		break;
	}
	if (wp_load_rlx_32(&db->pinned) != 0) {
		weir__lock(&db->aide_lock);
		if (wp_load_rlx_32(&db->pinned) != 0)
			pin(db);
		weir__unlock(&db->aide_lock);
	}
}
