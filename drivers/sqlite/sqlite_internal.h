/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What the files of the SQLite driver share: the connection and its settings.
 *
 * SQLite asks three callbacks whether to go on: the busy handler while it waits
 * for a lock, the progress handler every so many steps of a running statement
 * (both in sqlite_watch.c), the authorizer while it compiles one
 * (sqlite_authorizer.c). They are the driver's, and answer from the connection:
 * while the driver does its own work (open, validate, reset, transactions of
 * weir_db) its deadline counts, and neither a cancel nor a rule for borrowers;
 * while a borrower has the connection, the other way round.
 */
#ifndef WEIR_SQLITE_INTERNAL_H
#define WEIR_SQLITE_INTERNAL_H

#include <sqlite3.h>
#include <stdatomic.h>
#include <weir/engine.h>
#include <weir/sql.h>
#include <weir/sqlite.h>

#include "sqlite_engine.h"
#include "sqlite_script.h"

/* The driver's settings; alphabetical, as the table in sqlite.c. */
enum weir__sqlite_setting {
	WEIR__SQLITE_BUSY_TIMEOUT = 0,
	WEIR__SQLITE_CACHE_SIZE,
	WEIR__SQLITE_FOREIGN_KEYS,
	WEIR__SQLITE_MMAP_SIZE,
	WEIR__SQLITE_SYNCHRONOUS,
	WEIR__SQLITE_TEMP_STORE,
	WEIR__SQLITE_WAL_AUTOCHECKPOINT,
	WEIR__SQLITE_WAL_CEILING,
	WEIR__SQLITE_SETTINGS
};

#define WEIR__SQLITE_CEILING(config) ((uint32_t)(config)->driver_values[WEIR__SQLITE_WAL_CEILING])

#define WEIR__SQLITE_TAINT_MAX 64
#define WEIR__SQLITE_LIMITS (SQLITE_LIMIT_WORKER_THREADS + 1)

/* What a borrower did that may be gone by the time the connection comes back:
 * the reset looks. A bit stays, since a statement that was compiled once can run
 * again without asking. */
#define WEIR__SQLITE_SUSPECT_ATTACHED UINT32_C(1)
#define WEIR__SQLITE_SUSPECT_TEMPORARY UINT32_C(2)

/* A statement of weir/sql.h. On its connection's list, which frees what a
 * borrower forgot. */
struct weir__sqlite_stmt {
	sqlite3_stmt *stmt;
	struct weir__sqlite_conn *conn;
	struct weir__sqlite_stmt *next;
	struct weir__sqlite_stmt **link; /* what points to this one */
	enum weir_statement_kind kind;   /* of one that a script prepared; else PLAIN */
};

struct weir__sqlite_conn {
	atomic_bool cancelled; /* by the driver's cancel: any thread; until reset or validate */
	/* r/o after open */
	sqlite3 *db;
	enum weir_role role;
	bool (*asked)(const void *token); /* of weir_cancel; or NULL */
	const void *token;
	struct weir__sqlite_timed *timed; /* its VFS; NULL: the default one */
	int64_t busy_timeout_ns;
	int wal_autocheckpoint; /* pages */
	int limits[WEIR__SQLITE_LIMITS];
	/* holder */
	bool own_work;               /* the driver works, not a borrower */
	struct weir_time deadline;   /* of the driver's own work */
	struct weir_time busy_until; /* when the wait for the present lock ends */
	uint32_t random;             /* never 0 */
	struct weir__sqlite_stmt *statements;

	/* what the borrower did */
	bool exposed;       /* had the handle, or replaced a callback by a pragma */
	bool stepping;      /* inside a step of weir/sql.h: what is compiled now is SQLite's own */
	bool heard;         /* the authorizer was asked: it is the driver's */
	uint32_t suspect;   /* WEIR__SQLITE_SUSPECT_… */
	const char *denied; /* why the authorizer refused last; static, or NULL */
	char taint[WEIR__SQLITE_TAINT_MAX]; /* what cannot be undone; "" nothing */

	/* Jobs (sqlite_job.c). */
	bool in_job;                        /* statements that end or nest the transaction: denied */
	const struct weir_job_guard *guard; /* what may stop the job; or NULL */

	/* Transactions and checkpoints for weir_db (sqlite_engine.h). */
	struct weir__sqlite_engine engine;

	/* The script that runs on it (weir/schema.h). */
	struct weir__sqlite_script script;
};

/* ---- sqlite_watch.c ---- */

/* Install the driver's callbacks, but for the authorizer, and remove every
 * other. Cheap. */
void weir__sqlite_watch(struct weir__sqlite_conn *conn);

/* The driver's own work begins, with its deadline, and ends. */
void weir__sqlite_begin_work(struct weir__sqlite_conn *conn, struct weir_time deadline);
void weir__sqlite_end_work(struct weir__sqlite_conn *conn);

/* Sleep for about a millisecond, not past until. false: until has passed. */
bool weir__sqlite_nap(struct weir__sqlite_conn *conn, struct weir_time until);

/* Whether the borrower shall stop: OK, DRIVER_CANCELLED, or DRIVER_DEADLINE (a
 * job is over its budget, by a clock that may be some milliseconds late). */
enum weir_code weir__sqlite_stopped(const struct weir__sqlite_conn *conn);

/* ---- sqlite_authorizer.c ---- */

/* Install the authorizer, unless it is there: that makes SQLite compile every
 * statement of the connection anew. false: a borrower's was in its place. Part of
 * the driver's own work. */
bool weir__sqlite_authorize(struct weir__sqlite_conn *conn);

/* ---- sqlite_error.c ---- */

/* The code for a result of SQLite's. */
enum weir_code weir__sqlite_code(int rc);

/* Fail with what db says of its last call, which returned rc. db may be NULL. */
enum weir_code weir__sqlite_fail(sqlite3 *db, int rc, const char *where, struct weir_error *err);

/* The same for a call of the borrower's: a stop or a refusal of the driver's own
 * is told as what it is. */
enum weir_code weir__sqlite_fail_call(struct weir__sqlite_conn *conn, int rc, const char *where,
                                      struct weir_error *err);

/* Fail because the borrower was stopped; code as of weir__sqlite_stopped. */
enum weir_code weir__sqlite_fail_stopped(enum weir_code code, int rc, const char *where,
                                         struct weir_error *err);

/* SQLite's words for rc, with the operating system's reason where it gave one. */
#define WEIR__SQLITE_REASON_MAX 160
void weir__sqlite_reason(sqlite3 *db, int rc, char reason[WEIR__SQLITE_REASON_MAX]);

/* rc with the detail that db knows, even where a borrower turned that off. */
int weir__sqlite_extended(sqlite3 *db, int rc);

/* A path for a message: whole, or its end where it would leave no room. */
#define WEIR__SQLITE_SHOWN_MAX 100
struct weir__sqlite_shown {
	char text[WEIR__SQLITE_SHOWN_MAX];
};
struct weir__sqlite_shown weir__sqlite_show(const char *path);

/* ---- sqlite_path.c ---- */

/*
 * Turn the URL of config into a path that SQLite takes for nothing but a path,
 * or refuse it with a message that says what to do; ":memory:" for the writer,
 * who has it alone. Touches no file but to ask the file system about it.
 */
enum weir_code weir__sqlite_path(const struct weir_config *config, enum weir_role role,
                                 char path[WEIR_PATH_MAX], struct weir_error *err);

/* ---- sqlite_version.c ---- */

/* Whether the process has a second copy of SQLite in it: the two do not see each
 * other's locks. text says where. */
bool weir__sqlite_second_copy(char *text, size_t text_size);

/* ---- sqlite_sql.c ---- */

/* Free the statements that are still there. */
void weir__sqlite_drop_statements(struct weir__sqlite_conn *conn);
extern const struct weir_sql weir__sqlite_sql;

/* ---- schema/sqlite_schema.c ---- */

extern const struct weir_schema weir__sqlite_schema;

/* ---- sqlite_seed.c ---- */

/* See to it that the WAL has a frame, unless somebody else writes just then. */
void weir__sqlite_seed(struct weir__sqlite_conn *conn);

/* ---- sqlite_timed.c ---- */

/*
 * A VFS over the default one that tells request->synced how long syncs take: make it,
 * open a connection by its name, and say that this was done, well or not; no other
 * connection may use it. NULL: no memory; the other three take NULL, whose name is NULL,
 * too. end: the connection was closed.
 */
struct weir__sqlite_timed *weir__sqlite_timed_begin(const struct weir_open_request *request);
const char *weir__sqlite_timed_name(const struct weir__sqlite_timed *timed);
void weir__sqlite_timed_opened(struct weir__sqlite_timed *timed);
void weir__sqlite_timed_end(struct weir__sqlite_timed *timed);

/* ---- the calls of the driver: sqlite_open.c, sqlite_hygiene.c ---- */

enum weir_code weir__sqlite_open(const struct weir_open_request *request, void **out,
                                 struct weir_error *err);
void weir__sqlite_close(void *opaque);
enum weir_code weir__sqlite_validate(void *opaque, struct weir_time deadline,
                                     struct weir_error *err);
enum weir_code weir__sqlite_reset(void *opaque, struct weir_time deadline, struct weir_error *err);
void weir__sqlite_cancel(void *opaque);

#endif
