/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What the files of the transactional side of the SQLite driver share: the
 * state that a connection of weir_db has beside that of every connection.
 *
 * The writer, by the holder of the gate:
 *   in_turn   the turnstile is entered: from before BEGIN until after the end
 *   in_txn    begin has succeeded, and neither commit nor rollback has ended it
 *   gone      the transaction was rolled back from inside, since begin
 *   ending    SQLite may end the transaction now, because weir says so
 * Every other end is refused: the authorizer denies the statement, and if it is
 * got round, the commit hook turns the commit into a rollback, which sets gone.
 */
#ifndef WEIR_SQLITE_ENGINE_H
#define WEIR_SQLITE_ENGINE_H

#include <sqlite3.h>
#include <weir/driver.h>
#include <weir/engine.h>

/* The statements of weir's own, prepared at first use and kept. */
enum weir__sqlite_own {
	WEIR__SQLITE_BEGIN = 0,
	WEIR__SQLITE_BEGIN_READ,
	WEIR__SQLITE_COMMIT,
	WEIR__SQLITE_ROLLBACK,
	WEIR__SQLITE_SAVEPOINT,
	WEIR__SQLITE_RELEASE,
	WEIR__SQLITE_UNDO,
	WEIR__SQLITE_TOUCH,
	WEIR__SQLITE_OWN
};

#define WEIR__SQLITE_NOTE_MAX 160

struct weir__turnstile;
struct weir__sqlite_conn;

struct weir__sqlite_engine {
	sqlite3_stmt *own[WEIR__SQLITE_OWN];
	bool is_writer;
	bool is_private; /* ":memory:": no other process, no WAL */
	bool in_turn;
	bool in_txn;
	bool gone;
	bool ending;

	/* Durability, as SQLite numbers it: off, normal, full, extra. */
	int64_t synchronous;     /* as configured */
	int64_t synchronous_now; /* as set */
	bool hardened;           /* writer: a commit asked for syncs where there are none */

	/* The turnstile. NULL before the first begin, or without one: note says why. */
	struct weir__turnstile *turnstile;
	bool turnstile_tried;
	char turnstile_note[WEIR__SQLITE_NOTE_MAX];

	/* The WAL, as of the writer's last commit or checkpoint. */
	uint32_t ceiling;  /* of frames that are not copied */
	uint32_t frames;   /* since the WAL began anew */
	uint32_t copied;   /* of these, in the database; never more */
	uint32_t stuck_at; /* frames when a checkpoint did not finish; 0: it did */
	int64_t stuck_ns;  /* and when that was */

	/* Others, as noticed by the writer. */
	bool version_known;
	uint32_t version;        /* SQLite's count of changes, at the end of our last one */
	bool index_known;        /* frames and copied are what we have seen ourselves */
	bool foreign_write;      /* the count has moved without us */
	bool foreign_checkpoint; /* frames were copied without us */
	bool company;            /* other users of the turnstile were there */
	uint32_t told;           /* warnings given, one bit each */
};

/* ---- sqlite_engine.c ---- */

extern const struct weir_engine weir__sqlite_engine;

/* Run one of weir's own statements to its end; SQLite's result, extended. Only
 * between weir__sqlite_begin_work and _end_work. */
int weir__sqlite_own(struct weir__sqlite_conn *conn, enum weir__sqlite_own which);

/* Install the hooks that keep watch over the writer's transactions; part of
 * weir__sqlite_watch. Cheap. */
void weir__sqlite_engine_watch(struct weir__sqlite_conn *conn);

/* End the write transaction, undoing it, also if there is none. */
enum weir_code weir__sqlite_roll_back(struct weir__sqlite_conn *conn, struct weir_error *err);

/* Set PRAGMA synchronous, outside a transaction, unless it is so. */
int weir__sqlite_harden(struct weir__sqlite_conn *conn, int64_t level);

/* Reset what still runs; the first error that this brought to light. */
int weir__sqlite_reset_all(sqlite3 *db);

/* ---- sqlite_shut.c ---- */

bool weir__sqlite_is_private(const struct weir_config *config);

/* A connection was opened in a role of weir_db, or is about to be closed. */
enum weir_code weir__sqlite_engine_open(struct weir__sqlite_conn *conn,
                                        const struct weir_open_request *request,
                                        struct weir_error *err);
void weir__sqlite_engine_close(struct weir__sqlite_conn *conn);

/* Keep every writer of every process out, or fail at deadline (DRIVER_BUSY).
 * weir__sqlite_roll_back, or a commit, lets them in again. */
enum weir_code weir__sqlite_shut(struct weir__sqlite_conn *conn, struct weir_time deadline,
                                 struct weir_error *err);

/* Leave the turnstile, if it was entered. */
void weir__sqlite_let_in(struct weir__sqlite_engine *engine);

/* Somebody else had it until the deadline; the deadline came with nobody in the way. */
enum weir_code weir__sqlite_fail_busy(int rc, struct weir_error *err);
enum weir_code weir__sqlite_fail_late(int rc, struct weir_error *err);

/* ---- sqlite_job.c ---- */

void weir__sqlite_job_begin(void *opaque, const struct weir_job_guard *guard);
enum weir_job_end weir__sqlite_job_end(void *opaque, struct weir_error *err);

/* ---- sqlite_checkpoint.c ---- */

enum weir_checkpoint_need weir__sqlite_checkpoint_need(void *writer);
enum weir_code weir__sqlite_checkpoint(void *writer, void *aide, struct weir_time deadline,
                                       struct weir_checkpoint_result *result,
                                       struct weir_error *err);
void weir__sqlite_pin(void *aide);
void weir__sqlite_unpin(void *aide);

/* A commit of the writer left so many frames in the WAL. */
void weir__sqlite_note_frames(struct weir__sqlite_engine *engine, uint32_t frames);

/* ---- sqlite_foreign.c ---- */

/* The writer has the write lock: has anybody else written since it last had it? */
void weir__sqlite_look_for_writes(struct weir__sqlite_conn *conn);

/* The same, before a checkpoint: has anybody else copied frames? */
void weir__sqlite_look_for_checkpoints(struct weir__sqlite_conn *conn);

/* The writer has written or rolled back: what SQLite counts now is our doing. */
void weir__sqlite_note_version(struct weir__sqlite_conn *conn);

bool weir__sqlite_warning(void *writer, char *text, size_t text_size);

#endif
