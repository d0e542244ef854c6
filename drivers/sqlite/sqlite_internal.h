/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What the files of the SQLite driver share: the connection and its settings.
 *
 * SQLite asks two callbacks whether to go on: the busy handler while it waits
 * for a lock, the progress handler every so many steps of a running statement.
 * Both are the driver's (sqlite_watch.c) and answer from the connection: while
 * the driver does its own work (open, validate, reset) its deadline counts and
 * a cancel does not; while a borrower has the connection, the other way round.
 */
#ifndef WEIR_SQLITE_INTERNAL_H
#define WEIR_SQLITE_INTERNAL_H

#include <sqlite3.h>
#include <stdatomic.h>
#include <weir/sql.h>
#include <weir/sqlite.h>

/* The driver's settings; alphabetical, as the table in sqlite.c. */
enum weir__sqlite_setting {
	WEIR__SQLITE_BUSY_TIMEOUT = 0,
	WEIR__SQLITE_CACHE_SIZE,
	WEIR__SQLITE_FOREIGN_KEYS,
	WEIR__SQLITE_MMAP_SIZE,
	WEIR__SQLITE_SYNCHRONOUS,
	WEIR__SQLITE_TEMP_STORE,
	WEIR__SQLITE_WAL_AUTOCHECKPOINT,
	WEIR__SQLITE_SETTINGS
};

struct weir__sqlite_conn {
	atomic_bool cancelled; /* set by any thread; cleared by the holder */
	/* r/o after open */
	sqlite3 *db;
	int64_t busy_timeout_ns;
	int wal_autocheckpoint; /* pages */
	/* holder */
	bool own_work;               /* the driver works, not a borrower */
	struct weir_time deadline;   /* of the driver's own work */
	struct weir_time busy_until; /* when the wait for the present lock ends */
	uint32_t random;             /* never 0 */
};

/* ---- sqlite_watch.c ---- */

/* Install the driver's callbacks and remove every other. Cheap. */
void weir__sqlite_watch(struct weir__sqlite_conn *conn);

/* The driver's own work begins, with its deadline, and ends. */
void weir__sqlite_begin_work(struct weir__sqlite_conn *conn, struct weir_time deadline);
void weir__sqlite_end_work(struct weir__sqlite_conn *conn);

/* Sleep for about a millisecond, not past until. false: until has passed. */
bool weir__sqlite_nap(struct weir__sqlite_conn *conn, struct weir_time until);

/* ---- sqlite_error.c ---- */

/* The code for a result of SQLite's. */
enum weir_code weir__sqlite_code(int rc);

/* Fail with what db says of its last call, which returned rc. db may be NULL. */
enum weir_code weir__sqlite_fail(sqlite3 *db, int rc, const char *where, struct weir_error *err);

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
 * or refuse it with a message that says what to do. Touches no file but to ask
 * the file system about it.
 */
enum weir_code weir__sqlite_path(const struct weir_config *config, char path[WEIR_PATH_MAX],
                                 struct weir_error *err);

/* ---- the calls of the driver: sqlite_open.c, sqlite_hygiene.c, sqlite_sql.c ---- */

enum weir_code weir__sqlite_open(const struct weir_open_request *request, void **out,
                                 struct weir_error *err);
void weir__sqlite_close(void *opaque);
enum weir_code weir__sqlite_validate(void *opaque, struct weir_time deadline,
                                     struct weir_error *err);
enum weir_code weir__sqlite_reset(void *opaque, struct weir_time deadline, struct weir_error *err);
void weir__sqlite_cancel(void *opaque);
extern const struct weir_sql weir__sqlite_sql;

#endif
