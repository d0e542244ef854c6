/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Copying the WAL into the database, and the read pin.
 *
 * Why no checkpoint of SQLite's own is used. From 3.7.0 to 3.51.2 a checkpoint
 * that meets a writer can lose commits: it copies the header of the wal-index,
 * and before it looks how far earlier checkpoints have come, a writer begins the
 * WAL anew; then the old length is noted as copied in the new WAL, and the frames
 * up to there are never copied. Only a writer can do that, so here all writers,
 * of every process, are kept out by SQLite's own write lock, which the writer's
 * connection holds while another one, the aide, copies. The modes FULL, RESTART
 * and TRUNCATE promise the same lock but go on without it when it is busy: they
 * would be no protection, and are not needed.
 *
 * When. The WAL hook tells how many frames there are; those that are not copied
 * yet count. A checkpoint copies only up to the oldest snapshot that is being
 * read, so one that could not finish is not repeated at once: nothing would come
 * of it until a reader ends, and writers would stand still for it each time.
 *
 * The pin. A reader whose read mark no other connection of its process holds has
 * to ask the operating system for a lock, twice for each read; with the aide
 * holding the newest mark, it finds it locked already. The price: a pin keeps the
 * WAL from beginning anew if it is not let go for a checkpoint and taken again
 * after it. Then it sits on the mark that means "the database alone", which does
 * not hinder the next writer from starting over.
 */
#include "sqlite_internal.h"

#define STUCK_PAUSE_NS WEIR_MILLISECONDS(100)

/* Shares of the ceiling: enough to copy when nobody waits; and how much has to
 * come on top before a checkpoint that could not finish is tried again. */
#define IDLE_SHARE 4
#define STUCK_SHARE 2

enum {
	SYNCHRONOUS_NORMAL = 1,
};

/* ---- when ---- */

void weir__sqlite_note_frames(struct weir__sqlite_engine *engine, uint32_t frames)
{
	/* A commit adds frames, unless it began the WAL anew. */
	if (frames <= engine->frames) {
		engine->copied = 0;
		engine->stuck_at = 0;
	}
	engine->frames = frames;
}

static bool is_stuck(const struct weir__sqlite_engine *engine)
{
	if (engine->stuck_at == 0)
		return false;
	return engine->frames - engine->stuck_at < engine->ceiling / STUCK_SHARE &&
	       weir_now().ns - engine->stuck_ns < STUCK_PAUSE_NS;
}

enum weir_checkpoint_need weir__sqlite_checkpoint_need(void *writer)
{
	const struct weir__sqlite_engine *const engine = &((struct weir__sqlite_conn *)writer)->engine;
	const uint32_t waiting = engine->frames - engine->copied;

	if (waiting < engine->ceiling / IDLE_SHARE || engine->is_private)
		return WEIR_CHECKPOINT_NONE;
	if (is_stuck(engine))
		return WEIR_CHECKPOINT_NONE;
	return waiting < engine->ceiling ? WEIR_CHECKPOINT_IDLE : WEIR_CHECKPOINT_NOW;
}

/* ---- copying ---- */

static void note_stuck(struct weir__sqlite_engine *engine)
{
	engine->stuck_at = engine->frames;
	engine->stuck_ns = weir_now().ns;
}

static void note_result(struct weir__sqlite_engine *engine, int frames, int copied)
{
	engine->frames = (uint32_t)frames;
	engine->copied = (uint32_t)copied;
	engine->stuck_at = 0;
	if (frames > copied)
		note_stuck(engine);
}

/*
 * PASSIVE waits for nobody. It syncs as the aide's connection is set: where
 * syncing is off but a commit was acknowledged as durable, the copy must be
 * synced before the WAL, which has it safely, is written over.
 */
static int copy(struct weir__sqlite_conn *aide, const struct weir__sqlite_engine *engine,
                int *frames, int *copied)
{
	int rc = SQLITE_OK;

	if (engine->hardened && aide->engine.synchronous_now < SYNCHRONOUS_NORMAL)
		rc = weir__sqlite_harden(aide, SYNCHRONOUS_NORMAL);
	if (rc == SQLITE_OK)
		rc = sqlite3_wal_checkpoint_v2(aide->db, "main", SQLITE_CHECKPOINT_PASSIVE, frames, copied);
	return rc;
}

enum weir_code weir__sqlite_checkpoint(void *writer, void *aide, struct weir_time deadline,
                                       struct weir_checkpoint_result *result,
                                       struct weir_error *err)
{
	struct weir__sqlite_conn *const conn = writer;
	struct weir__sqlite_conn *const helper = aide;
	struct weir__sqlite_engine *const engine = &conn->engine;
	const struct weir_time never = {WEIR_TIME_NEVER_NS};
	int frames = -1;
	int copied = -1;
	enum weir_code code = weir__sqlite_shut(conn, deadline, err);

	if (code != WEIR_OK) {
		note_stuck(engine);
		return code;
	}

	const int64_t began_ns = weir_now().ns;

	weir__sqlite_look_for_checkpoints(conn);
	weir__sqlite_begin_work(helper, never);

	const int rc = copy(helper, engine, &frames, &copied);

	weir__sqlite_end_work(helper);
	if (rc != SQLITE_OK)
		code = weir__sqlite_fail(helper->db, rc, "sqlite.checkpoint", err);

	const enum weir_code undone = weir__sqlite_roll_back(conn, code == WEIR_OK ? err : NULL);

	if (code == WEIR_OK)
		code = undone;
	if (rc != SQLITE_OK)
		note_stuck(engine);
	else if (frames >= 0)
		note_result(engine, frames, copied);
	if (code == WEIR_OK && result != NULL && result->size >= sizeof(*result)) {
		result->frames = engine->frames;
		result->copied = engine->copied;
		result->stall_ns = weir_now().ns - began_ns;
	}
	return code;
}

/* ---- the pin ---- */

void weir__sqlite_unpin(void *opaque)
{
	struct weir__sqlite_conn *const aide = opaque;
	const struct weir_time never = {WEIR_TIME_NEVER_NS};

	if (sqlite3_get_autocommit(aide->db) != 0)
		return;
	weir__sqlite_begin_work(aide, never);
	(void)weir__sqlite_own(aide, WEIR__SQLITE_ROLLBACK);
	weir__sqlite_end_work(aide);
}

/* If it fails there is no pin: readers lock for themselves, as they would. */
void weir__sqlite_pin(void *opaque)
{
	struct weir__sqlite_conn *const aide = opaque;
	const struct weir_time never = {WEIR_TIME_NEVER_NS};

	weir__sqlite_unpin(aide);
	weir__sqlite_begin_work(aide, never);
	(void)sqlite3_busy_handler(aide->db, NULL, NULL); /* it must not wait */
	if (weir__sqlite_own(aide, WEIR__SQLITE_BEGIN_READ) == SQLITE_OK &&
	    weir__sqlite_own(aide, WEIR__SQLITE_TOUCH) != SQLITE_OK)
		weir__sqlite_unpin(aide);
	weir__sqlite_end_work(aide);
}
