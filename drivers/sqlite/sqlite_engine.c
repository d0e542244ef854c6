/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Transactions for weir_db: begin, commit, roll back, savepoints, durability,
 * snapshots of readers.
 *
 * A write transaction is BEGIN IMMEDIATE, so that the wait for SQLite's lock
 * comes before anything was read: a transaction that reads first and writes later
 * can fail in a way that waiting does not cure. Other processes of weir's queue
 * before that, in the turnstile; against anybody else there is only asking again,
 * in pauses of a millisecond at most.
 *
 * How a commit can fail. SQLite writes the frames, the last of which makes the
 * transaction valid, syncs the WAL, and only then tells other connections. An
 * error in between undoes the transaction for everybody who is running, but not
 * in the file: after a crash, recovery would find it there, complete. So an
 * error is a plain failure only if it is known to come before that last frame;
 * everything else is INDETERMINATE, and never a success.
 */
#include "sqlite_internal.h"

#include <stdio.h>
#include <string.h>

static const char *const texts[WEIR__SQLITE_OWN] = {
	[WEIR__SQLITE_BEGIN] = "BEGIN IMMEDIATE",
	[WEIR__SQLITE_BEGIN_READ] = "BEGIN",
	[WEIR__SQLITE_COMMIT] = "COMMIT",
	[WEIR__SQLITE_ROLLBACK] = "ROLLBACK",
	[WEIR__SQLITE_SAVEPOINT] = "SAVEPOINT weir",
	[WEIR__SQLITE_RELEASE] = "RELEASE weir",
	[WEIR__SQLITE_UNDO] = "ROLLBACK TO weir",
	/* An aggregate, so that there is one row even without any table. */
	[WEIR__SQLITE_TOUCH] = "SELECT max(rowid) FROM sqlite_schema",
};

/* ---- statements of weir's own ---- */

int weir__sqlite_own(struct weir__sqlite_conn *conn, enum weir__sqlite_own which)
{
	sqlite3_stmt **const stmt = &conn->engine.own[which];
	int rc;

	if (*stmt == NULL) {
		rc = sqlite3_prepare_v3(conn->db, texts[which], -1, SQLITE_PREPARE_PERSISTENT, stmt, NULL);
		if (rc != SQLITE_OK)
			return weir__sqlite_extended(conn->db, rc);
	}
	(void)sqlite3_step(*stmt);
	rc = sqlite3_reset(*stmt); /* reports what step failed with */
	return rc == SQLITE_OK ? rc : weir__sqlite_extended(conn->db, rc);
}

int weir__sqlite_reset_all(sqlite3 *db)
{
	int first = SQLITE_OK;

	for (sqlite3_stmt *stmt = sqlite3_next_stmt(db, NULL); stmt != NULL;
	     stmt = sqlite3_next_stmt(db, stmt)) {
		const int rc = sqlite3_stmt_busy(stmt) ? sqlite3_reset(stmt) : SQLITE_OK;

		if (first == SQLITE_OK)
			first = rc;
	}
	return first;
}

/* COMMIT, RELEASE and SAVEPOINT are refused while a statement that writes has not
 * run to its end; that is seldom so, and asking each time is dear. */
static int own_or_reset(struct weir__sqlite_conn *conn, enum weir__sqlite_own which)
{
	int rc = weir__sqlite_own(conn, which);

	if ((rc & 0xff) == SQLITE_BUSY) {
		rc = weir__sqlite_reset_all(conn->db);
		if (rc == SQLITE_OK)
			rc = weir__sqlite_own(conn, which);
	}
	return rc;
}

static const struct weir_time never = {WEIR_TIME_NEVER_NS};

/* ---- the hooks of the writer ---- */

/* Asked by SQLite before it commits; nonzero makes a rollback of it. */
static int refuse_commit(void *opaque)
{
	const struct weir__sqlite_engine *const engine = opaque;

	return engine->in_txn && !engine->ending;
}

static void note_rollback(void *opaque)
{
	struct weir__sqlite_engine *const engine = opaque;

	engine->gone = true;
}

/* After a commit. It copies nothing: that is for a checkpoint that keeps all
 * writers out. */
static int note_commit(void *opaque, sqlite3 *db, const char *schema, int frames)
{
	struct weir__sqlite_engine *const engine = opaque;

	(void)db;
	if (strcmp(schema, "main") != 0)
		return SQLITE_OK;
	weir__sqlite_note_frames(engine, (uint32_t)frames);
	if (!engine->in_txn)
		engine->version_known = false; /* a holder's own transaction moved it */
	return SQLITE_OK;
}

void weir__sqlite_engine_watch(struct weir__sqlite_conn *conn)
{
	(void)sqlite3_commit_hook(conn->db, refuse_commit, &conn->engine);
	(void)sqlite3_rollback_hook(conn->db, note_rollback, &conn->engine);
	(void)sqlite3_wal_hook(conn->db, note_commit, &conn->engine);
}

/* ---- durability ---- */

enum {
	SYNCHRONOUS_OFF = 0,
	SYNCHRONOUS_NORMAL = 1,
	SYNCHRONOUS_FULL = 2,
};

/* The file of the database, or NULL. */
static sqlite3_file *file_of(sqlite3 *db)
{
	sqlite3_file *file = NULL;

	if (sqlite3_file_control(db, "main", SQLITE_FCNTL_FILE_POINTER, &file) != SQLITE_OK)
		return NULL;
	return file != NULL && file->pMethods != NULL ? file : NULL;
}

int weir__sqlite_harden(struct weir__sqlite_conn *conn, int64_t level)
{
	struct weir__sqlite_engine *const engine = &conn->engine;
	char sql[32];

	if (engine->synchronous_now == level)
		return SQLITE_OK;
	(void)snprintf(sql, sizeof(sql), "PRAGMA synchronous=%d", (int)level);

	const int rc = sqlite3_exec(conn->db, sql, NULL, NULL, NULL);

	if (rc == SQLITE_OK)
		engine->synchronous_now = level;
	return rc;
}

static int64_t level_of(const struct weir__sqlite_engine *engine, enum weir_durability durability)
{
	/* Once a durable commit was acknowledged, syncing is never quite off: see below. */
	const bool held = engine->hardened && engine->synchronous < SYNCHRONOUS_NORMAL;
	const int64_t configured = held ? SYNCHRONOUS_NORMAL : engine->synchronous;

	if (durability == WEIR_DURABILITY_VISIBLE && configured > SYNCHRONOUS_NORMAL)
		return SYNCHRONOUS_NORMAL;
	if (durability == WEIR_DURABILITY_DURABLE && configured < SYNCHRONOUS_FULL)
		return SYNCHRONOUS_FULL;
	return configured;
}

/*
 * Where syncing is off, checkpoints have not synced what they copied, and what a
 * durable commit builds on could be lost. Once that is made good, checkpoints sync;
 * and so does whoever begins the WAL anew, as at synchronous=normal: an old header
 * that outlived a power cut would have old frames copied over newer pages.
 */
static int sync_database(struct weir__sqlite_conn *conn)
{
	sqlite3_file *const file = file_of(conn->db);
	int rc = SQLITE_OK;

	if (file != NULL && !conn->engine.is_private)
		rc = file->pMethods->xSync(file, SQLITE_SYNC_NORMAL);
	conn->engine.hardened = rc == SQLITE_OK;
	return rc;
}

static enum weir_code set_durability(struct weir__sqlite_conn *conn,
                                     enum weir_durability durability, struct weir_time deadline,
                                     struct weir_error *err)
{
	struct weir__sqlite_engine *const engine = &conn->engine;
	const int64_t level = level_of(engine, durability);

	if (level == engine->synchronous_now)
		return WEIR_OK;
	weir__sqlite_begin_work(conn, deadline);

	int rc = weir__sqlite_harden(conn, level);

	if (rc == SQLITE_OK && engine->synchronous == SYNCHRONOUS_OFF && !engine->hardened)
		rc = sync_database(conn);
	weir__sqlite_end_work(conn);
	if ((rc & 0xff) == SQLITE_INTERRUPT)
		return weir__sqlite_fail_late(rc, err);
	return rc == SQLITE_OK ? WEIR_OK : weir__sqlite_fail(conn->db, rc, "sqlite.begin", err);
}

/* ---- transactions ---- */

static enum weir_code begin(void *opaque, enum weir_durability durability,
                            struct weir_time deadline, struct weir_error *err)
{
	struct weir__sqlite_conn *const conn = opaque;
	const enum weir_code code = set_durability(conn, durability, deadline, err);

	return code == WEIR_OK ? weir__sqlite_shut(conn, deadline, err) : code;
}

enum weir_code weir__sqlite_roll_back(struct weir__sqlite_conn *conn, struct weir_error *err)
{
	sqlite3 *const db = conn->db;
	int rc = SQLITE_OK;

	conn->engine.ending = true;
	weir__sqlite_begin_work(conn, never);
	if (sqlite3_get_autocommit(db) == 0)
		rc = weir__sqlite_own(conn, WEIR__SQLITE_ROLLBACK);
	if (rc == SQLITE_OK && sqlite3_txn_state(db, NULL) != SQLITE_TXN_NONE)
		(void)weir__sqlite_reset_all(db); /* reads go on through a rollback */
	weir__sqlite_end_work(conn);
	conn->engine.ending = false;
	conn->engine.in_txn = false;
	weir__sqlite_note_version(conn);
	weir__sqlite_let_in(&conn->engine);
	if (rc == SQLITE_OK && sqlite3_txn_state(db, NULL) == SQLITE_TXN_NONE)
		return WEIR_OK;
	return weir_fail(err, WEIR_ERR_DRIVER_BROKEN, "sqlite.rollback", rc,
	                 "the transaction could not be rolled back: %s", sqlite3_errmsg(db));
}

static enum weir_code rollback(void *opaque, struct weir_error *err)
{
	return weir__sqlite_roll_back(opaque, err);
}

/* Errors of COMMIT that come before the frame which makes it valid. */
static const int early_errors[] = {
	SQLITE_BUSY, SQLITE_LOCKED, SQLITE_CONSTRAINT, SQLITE_ERROR,
	SQLITE_AUTH, SQLITE_MISUSE, SQLITE_ABORT,      SQLITE_SCHEMA,
};

/* Whether the disk can fill up behind that last frame: SQLite pads the WAL to
 * whole sectors where a power cut may damage what is beside a write. */
static bool is_padded(sqlite3 *db)
{
	sqlite3_file *const file = file_of(db);

	if (file == NULL)
		return true;
	return (file->pMethods->xDeviceCharacteristics(file) & SQLITE_IOCAP_POWERSAFE_OVERWRITE) == 0;
}

static bool is_early(const struct weir__sqlite_conn *conn, int rc)
{
	const int kind = rc & 0xff;

	if (conn->engine.is_private)
		return true; /* there is no file that could know better */
	if (kind == SQLITE_FULL)
		return !is_padded(conn->db);
	for (size_t i = 0; i < sizeof(early_errors) / sizeof(early_errors[0]); i++) {
		if (early_errors[i] == kind)
			return true;
	}
	return false;
}

static enum weir_code fail_commit(struct weir__sqlite_conn *conn, int rc, struct weir_error *err)
{
	char reason[WEIR__SQLITE_REASON_MAX];
	const bool early = is_early(conn, rc);
	struct weir_error broken = WEIR_ERROR_INIT;
	enum weir_code code = weir__sqlite_code(rc);

	weir__sqlite_reason(conn->db, rc, reason); /* before the rollback has words of its own */
	if (weir__sqlite_roll_back(conn, &broken) != WEIR_OK)
		code = early ? WEIR_ERR_DRIVER_BROKEN : code;
	if (early)
		return weir_fail(err, code, "sqlite.commit", rc, "%s", reason);
	return weir_fail(err, WEIR_ERR_INDETERMINATE, "sqlite.commit", rc,
	                 "the commit failed midway, and may or may not be found after a crash: %s",
	                 reason);
}

static enum weir_code commit(void *opaque, struct weir_error *err)
{
	struct weir__sqlite_conn *const conn = opaque;
	struct weir__sqlite_engine *const engine = &conn->engine;
	sqlite3 *const db = conn->db;

	if (engine->gone || sqlite3_get_autocommit(db) != 0) {
		(void)weir_fail(err, WEIR_ERR_DRIVER, "sqlite.commit", SQLITE_ABORT,
		                "the transaction was rolled back before it could be committed");
		return weir__sqlite_roll_back(conn, err) == WEIR_OK ? WEIR_ERR_DRIVER
		                                                    : WEIR_ERR_DRIVER_BROKEN;
	}
	engine->ending = true;
	weir__sqlite_begin_work(conn, never);

	const int rc = own_or_reset(conn, WEIR__SQLITE_COMMIT);

	if (rc == SQLITE_OK && sqlite3_txn_state(db, NULL) != SQLITE_TXN_NONE)
		(void)weir__sqlite_reset_all(db); /* reads go on through a commit, and pin the WAL */
	weir__sqlite_end_work(conn);
	engine->ending = false;
	if (rc != SQLITE_OK)
		return fail_commit(conn, rc, err);
	engine->in_txn = false;
	weir__sqlite_note_version(conn);
	weir__sqlite_let_in(engine);
	return WEIR_OK;
}

/* ---- savepoints ---- */

static enum weir_code run_own(struct weir__sqlite_conn *conn, enum weir__sqlite_own which,
                              const char *where, struct weir_error *err)
{
	weir__sqlite_begin_work(conn, never);

	const int rc = own_or_reset(conn, which);

	weir__sqlite_end_work(conn);
	return rc == SQLITE_OK ? WEIR_OK : weir__sqlite_fail(conn->db, rc, where, err);
}

static enum weir_code savepoint(void *opaque, struct weir_error *err)
{
	return run_own(opaque, WEIR__SQLITE_SAVEPOINT, "sqlite.savepoint", err);
}

static enum weir_code savepoint_release(void *opaque, struct weir_error *err)
{
	return run_own(opaque, WEIR__SQLITE_RELEASE, "sqlite.savepoint", err);
}

/* ROLLBACK TO leaves the savepoint where it was. */
static enum weir_code savepoint_undo(void *opaque, struct weir_error *err)
{
	const enum weir_code code = run_own(opaque, WEIR__SQLITE_UNDO, "sqlite.savepoint", err);

	return code == WEIR_OK ? savepoint_release(opaque, err) : code;
}

/* ---- snapshots ---- */

static void snapshot_end(void *opaque)
{
	struct weir__sqlite_conn *const conn = opaque;

	weir__sqlite_begin_work(conn, never);
	if (sqlite3_get_autocommit(conn->db) == 0)
		(void)weir__sqlite_own(conn, WEIR__SQLITE_ROLLBACK);
	weir__sqlite_end_work(conn);
}

/* BEGIN takes no lock and no snapshot: the first read does. */
static enum weir_code snapshot_begin(void *opaque, struct weir_error *err)
{
	struct weir__sqlite_conn *const conn = opaque;

	weir__sqlite_begin_work(conn, weir_deadline_in(conn->busy_timeout_ns));

	int rc = weir__sqlite_own(conn, WEIR__SQLITE_BEGIN_READ);

	if (rc == SQLITE_OK)
		rc = weir__sqlite_own(conn, WEIR__SQLITE_TOUCH);
	weir__sqlite_end_work(conn);
	if (rc == SQLITE_OK)
		return WEIR_OK;

	const enum weir_code code = weir__sqlite_fail(conn->db, rc, "sqlite.snapshot", err);

	snapshot_end(conn);
	return code;
}

const struct weir_engine weir__sqlite_engine = {
	.abi = WEIR_ENGINE_ABI,
	.size = sizeof(struct weir_engine),
	.is_private = weir__sqlite_is_private,
	.begin = begin,
	.commit = commit,
	.rollback = rollback,
	.savepoint = savepoint,
	.savepoint_release = savepoint_release,
	.savepoint_undo = savepoint_undo,
	.job_begin = weir__sqlite_job_begin,
	.job_end = weir__sqlite_job_end,
	.snapshot_begin = snapshot_begin,
	.snapshot_end = snapshot_end,
	.checkpoint_need = weir__sqlite_checkpoint_need,
	.checkpoint = weir__sqlite_checkpoint,
	.pin = weir__sqlite_pin,
	.unpin = weir__sqlite_unpin,
	.warning = weir__sqlite_warning,
};
