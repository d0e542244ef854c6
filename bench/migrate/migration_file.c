/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The database that `weir-bench migrate` works on: a large table, one of a twentieth of it
 * that is rebuilt, and one row for each writer. Filled without a journal and without a
 * sync, since nobody needs it if the machine goes down.
 */
#include "migration_bench.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define WHERE "bench.migrate"
#define ITEM_BYTES 1024 /* of a row of the large table, about */
#define ENTRY_BYTES 64  /* of one that is rebuilt */
#define ENTRY_SHARE 20  /* of the database: one in so many bytes */
#define ROWS_AT_ONCE 5000
#define SPACE_TIMES 4 /* the database, its copy, and a log for each */

static enum weir_code sql_failed(sqlite3 *db, struct weir_error *err)
{
	const int rc = sqlite3_errcode(db);

	return weir_fail(err, rc == SQLITE_FULL ? WEIR_ERR_DRIVER_FULL : WEIR_ERR_DRIVER_SQL, WHERE, rc,
	                 "cannot prepare the database: %s", sqlite3_errmsg(db));
}

static enum weir_code exec(sqlite3 *db, const char *sql, struct weir_error *err)
{
	return sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK ? WEIR_OK : sql_failed(db, err);
}

static const char schema[] =
	"PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA locking_mode = EXCLUSIVE;"
	"CREATE TABLE item (id INTEGER PRIMARY KEY, part INTEGER NOT NULL, body BLOB NOT NULL);"
	"CREATE TABLE entry (id INTEGER PRIMARY KEY, amount INTEGER, name TEXT);"
	"CREATE INDEX entry_name ON entry (name);"
	"CREATE TABLE counter (id INTEGER PRIMARY KEY, n INTEGER NOT NULL);";

static const char fill_items[] =
	"WITH RECURSIVE n (i) AS (VALUES (?1) UNION ALL SELECT i + 1 FROM n WHERE i < ?2)"
	" INSERT INTO item SELECT i, i * 7919 % 1000, randomblob(990) FROM n";
static const char fill_entries[] =
	"WITH RECURSIVE n (i) AS (VALUES (?1) UNION ALL SELECT i + 1 FROM n WHERE i < ?2)"
	" INSERT INTO entry SELECT i, i % 997, printf('entry %d', i) FROM n";
static const char fill_counters[] =
	"WITH RECURSIVE n (i) AS (VALUES (?1) UNION ALL SELECT i + 1 FROM n WHERE i < ?2)"
	" INSERT INTO counter SELECT i, 0 FROM n";

/* Rows 1 to count, some at a time, so that it can be stopped and watched. */
static enum weir_code fill(sqlite3 *db, const char *sql, int64_t count,
                           struct bench_migration_progress *progress, struct weir_error *err)
{
	sqlite3_stmt *stmt = NULL;
	enum weir_code code = WEIR_OK;

	if (sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) != SQLITE_OK)
		return sql_failed(db, err);
	for (int64_t first = 1; code == WEIR_OK && first <= count; first += ROWS_AT_ONCE) {
		const int64_t last = first + ROWS_AT_ONCE - 1 < count ? first + ROWS_AT_ONCE - 1 : count;

		(void)sqlite3_bind_int64(stmt, 1, first);
		(void)sqlite3_bind_int64(stmt, 2, last);
		if (sqlite3_step(stmt) != SQLITE_DONE)
			code = sql_failed(db, err);
		(void)sqlite3_reset(stmt);
		if (code == WEIR_OK &&
		    !bench_migration_progress_tell(progress, 100.0 * (double)last / (double)count))
			code = weir_fail(err, WEIR_ERR_DRIVER_CANCELLED, WHERE, 0, "stopped");
	}
	(void)sqlite3_finalize(stmt);
	return code;
}

static enum weir_code fill_all(sqlite3 *db, struct bench_migration_file *file,
                               const struct bench_migration_options *options,
                               struct bench_migration_progress *progress, struct weir_error *err)
{
	const int64_t entries = options->size / ENTRY_SHARE / ENTRY_BYTES + 1;
	enum weir_code code = exec(db, schema, err);

	file->items = (options->size - options->size / ENTRY_SHARE) / ITEM_BYTES + 1;
	if (code == WEIR_OK)
		code = exec(db, "BEGIN", err);
	if (code == WEIR_OK)
		code = fill(db, fill_counters, (int64_t)options->writers, progress, err);
	if (code == WEIR_OK)
		code = fill(db, fill_entries, entries, progress, err);
	if (code == WEIR_OK)
		code = fill(db, fill_items, file->items, progress, err);
	if (code == WEIR_OK)
		code = exec(db, "COMMIT", err);
	return code;
}

static enum weir_code check_room(const struct bench_migration_options *options,
                                 struct weir_error *err)
{
	const uint64_t needed = (uint64_t)options->size * SPACE_TIMES;
	struct statvfs room;
	uint64_t available;

	if (statvfs(options->folder, &room) != 0)
		return weir_fail(err, WEIR_ERR_IO, WHERE, errno, "\"%s\": %s", options->folder,
		                 strerror(errno));
	available = (uint64_t)room.f_bavail * room.f_frsize;
	if (available < needed)
		return weir_fail(err, WEIR_ERR_DRIVER_FULL, WHERE, ENOSPC,
		                 "\"%s\": %" PRIu64 " bytes are needed, %" PRIu64
		                 " are free: choose a smaller --size, or another --folder",
		                 options->folder, needed, available);
	return WEIR_OK;
}

static enum weir_code make_folder(struct bench_migration_file *file,
                                  const struct bench_migration_options *options,
                                  struct weir_error *err)
{
	if (snprintf(file->folder, sizeof file->folder, "%s/weir-bench-migrate-XXXXXX",
	             options->folder) >= BENCH_MIGRATION_PATH_MAX - 64) {
		file->folder[0] = '\0';
		return weir_fail(err, WEIR_ERR_BAD_ARGUMENT, WHERE, 0, "the path of --folder is too long");
	}
	if (mkdtemp(file->folder) == NULL) {
		(void)weir_fail(err, WEIR_ERR_IO, WHERE, errno, "\"%s\": %s", options->folder,
		                strerror(errno));
		file->folder[0] = '\0';
		return WEIR_ERR_IO;
	}
	(void)snprintf(file->path, sizeof file->path, "%.4000s/bench.db", file->folder);
	return WEIR_OK;
}

enum weir_code bench_migration_file_make(struct bench_migration_file *file,
                                         const struct bench_migration_options *options,
                                         struct bench_migration_progress *progress,
                                         struct weir_error *err)
{
	sqlite3 *db = NULL;
	enum weir_code code = check_room(options, err);

	file->folder[0] = '\0';
	if (code == WEIR_OK)
		code = make_folder(file, options, err);
	if (code != WEIR_OK)
		return code;
	bench_migration_progress_begin(progress, "making the database");
	if (sqlite3_open(file->path, &db) == SQLITE_OK)
		code = fill_all(db, file, options, progress, err);
	else
		code = sql_failed(db, err);
	if (sqlite3_close(db) != SQLITE_OK && code == WEIR_OK)
		code = sql_failed(db, err);
	return code;
}

/* Also what a rehearsal that ended badly left: a folder with files. */
static void remove_in(int parent, const char *name, unsigned depth)
{
	const int here = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	DIR *const folder = here >= 0 ? fdopendir(here) : NULL;

	if (folder == NULL) {
		if (here >= 0)
			(void)close(here);
		return;
	}
	for (const struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		if (unlinkat(here, entry->d_name, 0) != 0 && depth > 0)
			remove_in(here, entry->d_name, depth - 1);
	}
	(void)closedir(folder);
	(void)unlinkat(parent, name, AT_REMOVEDIR);
}

void bench_migration_file_remove(const struct bench_migration_file *file)
{
	if (file->folder[0] != '\0')
		remove_in(AT_FDCWD, file->folder, 1);
}
