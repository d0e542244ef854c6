/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A copy of the database as it is at one moment, by SQLite's backup, which reads the
 * log, too. A read transaction on the connection holds that moment; without one SQLite
 * would begin anew whenever somebody writes.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sqlite_catalog.h"

static const char where[] = "sqlite.copy";

/* Between two looks at who wants to stop it. */
#define PAGES_PER_STEP 1000

struct copying {
	struct weir__sqlite_conn *conn;
	const char *path; /* begins with "/" or "./": SQLite takes it for nothing but a path */
	bool (*progress)(void *arg, uint64_t done, uint64_t all);
	void *arg;
};

/* ---- the new file ---- */

/* Who may read the database may read its copy, and nobody else. */
static mode_t mode_of(const struct weir__sqlite_conn *conn)
{
	const char *const path = sqlite3_db_filename(conn->db, "main");
	struct stat file;

	if (path == NULL || path[0] == '\0' || stat(path, &file) != 0)
		return S_IRUSR | S_IWUSR;
	return file.st_mode & (S_IRWXU | S_IRWXG | S_IRWXO);
}

static enum weir_code make_file(const struct copying *copying, struct weir_error *err)
{
	const int file = open(copying->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	const int missed = file < 0 || fchmod(file, mode_of(copying->conn)) != 0 ? errno : 0;

	if (file >= 0 && (close(file) != 0 || missed != 0))
		(void)unlink(copying->path);
	if (missed == 0)
		return WEIR_OK;
	return weir_fail(err, WEIR_ERR_IO, where, missed, "%s: %s: the copy cannot be made there",
	                 weir__sqlite_show(copying->path).text, strerror(missed));
}

/* A rollback that fails, too, leaves the journal of a file that is gone. */
static void drop_file(const struct copying *copying)
{
	char *const journal = sqlite3_mprintf("%s-journal", copying->path);

	(void)unlink(copying->path);
	if (journal != NULL)
		(void)unlink(journal);
	sqlite3_free(journal);
}

/* ---- pages ---- */

/* The file of the copy could not be written; what is read is the connection's. */
static bool is_of_the_file(int rc)
{
	const int kind = rc & 0xff;

	return kind == SQLITE_CANTOPEN ||
	       (kind == SQLITE_IOERR && rc != SQLITE_IOERR_READ && rc != SQLITE_IOERR_SHORT_READ);
}

static enum weir_code fail_copy(const struct copying *copying, sqlite3 *copy, int rc,
                                struct weir_error *err)
{
	if ((rc & 0xff) == SQLITE_BUSY || (rc & 0xff) == SQLITE_LOCKED)
		return weir_fail(err, WEIR_ERR_DRIVER_BUSY, where, rc,
		                 "%s: the connection has written and not committed, or somebody uses "
		                 "the copy already",
		                 weir__sqlite_show(copying->path).text);
	if (is_of_the_file(rc))
		return weir_fail(err, WEIR_ERR_IO, where, rc, "%s: the copy cannot be written: %s",
		                 weir__sqlite_show(copying->path).text, sqlite3_errstr(rc));
	return weir__sqlite_fail(copy, rc, where, err);
}

static bool goes_on(const struct copying *copying, sqlite3_backup *backup)
{
	const uint64_t all = (uint64_t)sqlite3_backup_pagecount(backup);
	const uint64_t done = all - (uint64_t)sqlite3_backup_remaining(backup);

	return copying->progress == NULL || copying->progress(copying->arg, done, all);
}

static enum weir_code copy_pages(const struct copying *copying, sqlite3 *copy,
                                 sqlite3_backup *backup, struct weir_error *err)
{
	int rc = SQLITE_OK;

	do {
		const enum weir_code stopped = weir__sqlite_stopped(copying->conn);

		if (stopped != WEIR_OK)
			return weir__sqlite_fail_stopped(stopped, SQLITE_INTERRUPT, where, err);
		rc = sqlite3_backup_step(backup, PAGES_PER_STEP);
		if ((rc == SQLITE_OK || rc == SQLITE_DONE) && !goes_on(copying, backup))
			return weir_fail(err, WEIR_ERR_DRIVER_CANCELLED, where, SQLITE_INTERRUPT,
			                 "the caller stopped the copy");
	} while (rc == SQLITE_OK);
	return rc == SQLITE_DONE ? WEIR_OK : fail_copy(copying, copy, rc, err);
}

static enum weir_code copy_into(const struct copying *copying, sqlite3 *copy,
                                struct weir_error *err)
{
	sqlite3_backup *const backup = sqlite3_backup_init(copy, "main", copying->conn->db, "main");

	if (backup == NULL)
		return fail_copy(copying, copy, sqlite3_errcode(copy), err);

	enum weir_code code = copy_pages(copying, copy, backup, err);
	const int rc = sqlite3_backup_finish(backup);

	if (code == WEIR_OK && rc != SQLITE_OK)
		code = fail_copy(copying, copy, rc, err);
	return code;
}

static enum weir_code fill_file(const struct copying *copying, struct weir_error *err)
{
	const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE |
	                  SQLITE_OPEN_EXRESCODE;
	sqlite3 *copy = NULL;
	const int rc = sqlite3_open_v2(copying->path, &copy, flags, NULL);
	enum weir_code code = rc == SQLITE_OK ? copy_into(copying, copy, err)
	                                      : fail_copy(copying, copy, rc, err);

	if (sqlite3_close(copy) != SQLITE_OK && code == WEIR_OK)
		code = weir_fail(err, WEIR_ERR_DRIVER, where, SQLITE_BUSY, "the copy cannot be closed");
	return code;
}

/* ---- the moment ---- */

static const struct weir_time never = {WEIR_TIME_NEVER_NS};

/* *held: a transaction was begun here. One that is open already has its moment. */
static enum weir_code hold_moment(struct weir__sqlite_conn *conn, bool *held,
                                  struct weir_error *err)
{
	int rc = SQLITE_OK;

	*held = sqlite3_get_autocommit(conn->db) != 0;
	weir__sqlite_begin_work(conn, weir_deadline_in(conn->busy_timeout_ns));
	if (*held)
		rc = weir__sqlite_own(conn, WEIR__SQLITE_BEGIN_READ);
	if (rc == SQLITE_OK)
		rc = weir__sqlite_own(conn, WEIR__SQLITE_TOUCH);
	weir__sqlite_end_work(conn);
	return rc == SQLITE_OK ? WEIR_OK : weir__sqlite_fail(conn->db, rc, where, err);
}

static void let_moment_go(struct weir__sqlite_conn *conn, bool held)
{
	weir__sqlite_begin_work(conn, never);
	if (held && sqlite3_get_autocommit(conn->db) == 0)
		(void)weir__sqlite_own(conn, WEIR__SQLITE_ROLLBACK);
	weir__sqlite_end_work(conn);
}

enum weir_code weir__sqlite_copy(void *opaque, const char *path,
                                 bool (*progress)(void *, uint64_t done, uint64_t all), void *arg,
                                 struct weir_error *err)
{
	struct weir__sqlite_conn *const conn = opaque;
	char *const name = sqlite3_mprintf("%s%s", path[0] == '/' ? "" : "./", path);
	const struct copying copying = {conn, name, progress, arg};
	bool held = false;

	if (name == NULL)
		return weir_fail(err, WEIR_ERR_NO_MEMORY, where, SQLITE_NOMEM, "no memory for a path");

	enum weir_code code = make_file(&copying, err);

	if (code == WEIR_OK) {
		code = hold_moment(conn, &held, err);
		if (code == WEIR_OK)
			code = fill_file(&copying, err);
		let_moment_go(conn, held);
		if (code != WEIR_OK)
			drop_file(&copying);
	}
	sqlite3_free(name);
	return code;
}
