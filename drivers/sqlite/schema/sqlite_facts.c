/* SPDX-License-Identifier: BSD-2-Clause
 *
 * How a database is: its size, the log beside it, the room that is left, and whether
 * its storage is sound.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "sqlite_catalog.h"

/* ---- soundness ---- */

#define FINDING_MAX 160

static bool on_finding(void *arg, sqlite3_stmt *row)
{
	(void)snprintf(arg, FINDING_MAX, "%s", weir__sqlite_words(row, 0));
	return true;
}

enum weir_code weir__sqlite_integrity(void *opaque, struct weir_error *err)
{
	static const char where[] = "sqlite.integrity";
	char finding[FINDING_MAX] = "";
	const enum weir_code code = weir__sqlite_walk(opaque, on_finding, finding, where, err,
	                                              "PRAGMA main.integrity_check(1)");

	if (code != WEIR_OK || strcmp(finding, "ok") == 0)
		return code;
	return weir_fail(err, WEIR_ERR_DRIVER, where, SQLITE_CORRUPT, "the database is damaged: %s",
	                 finding);
}

/* ---- facts ---- */

static bool on_number(void *arg, sqlite3_stmt *row)
{
	*(int64_t *)arg = sqlite3_column_int64(row, 0);
	return true;
}

static enum weir_code ask(struct weir__sqlite_conn *conn, const char *what, int64_t *number,
                          struct weir_error *err)
{
	return weir__sqlite_walk(conn, on_number, number, "sqlite.facts", err, "PRAGMA main.%s", what);
}

/* No log is one of no bytes. */
static enum weir_code measure_log(const char *path, uint64_t *bytes, struct weir_error *err)
{
	struct stat log;
	char *const name = sqlite3_mprintf("%s-wal", path);

	*bytes = 0;
	if (name == NULL)
		return weir_fail(err, WEIR_ERR_NO_MEMORY, "sqlite.facts", SQLITE_NOMEM,
		                 "no memory for a path");

	const int missed = stat(name, &log) == 0 ? 0 : errno;

	sqlite3_free(name);
	if (missed == 0)
		*bytes = (uint64_t)log.st_size;
	if (missed == 0 || missed == ENOENT)
		return WEIR_OK;
	return weir_fail(err, WEIR_ERR_DRIVER, "sqlite.facts", missed, "%s-wal: %s",
	                 weir__sqlite_show(path).text, strerror(missed));
}

static uint64_t room_at(const char *path)
{
	struct statvfs disk;

	return statvfs(path, &disk) == 0 ? (uint64_t)disk.f_bavail * disk.f_frsize : UINT64_MAX;
}

static enum weir_code measure(struct weir__sqlite_conn *conn, struct weir_schema_facts *facts,
                              struct weir_error *err)
{
	const char *const path = sqlite3_db_filename(conn->db, "main");
	int64_t page_size = 0;
	int64_t pages = 0;
	int64_t foreign_keys = 0;
	enum weir_code code = ask(conn, "page_size", &page_size, err);

	if (code == WEIR_OK)
		code = ask(conn, "page_count", &pages, err);
	if (code == WEIR_OK)
		code = ask(conn, "foreign_keys", &foreign_keys, err);
	facts->page_size = (uint32_t)page_size;
	facts->pages = (uint64_t)pages;
	facts->foreign_keys = foreign_keys != 0;
	facts->transactional = true;
	facts->in_memory = path == NULL || path[0] == '\0';
	facts->disk_free = facts->in_memory ? UINT64_MAX : room_at(path);
	(void)snprintf(facts->version, sizeof(facts->version), "%s", sqlite3_libversion());
	if (code == WEIR_OK && !facts->in_memory)
		code = measure_log(path, &facts->log_bytes, err);
	return code;
}

enum weir_code weir__sqlite_facts(void *opaque, struct weir_schema_facts *facts,
                                  struct weir_error *err)
{
	struct weir_schema_facts found = {0};
	const uint32_t size = facts->size;
	const enum weir_code code = measure(opaque, &found, err);

	if (code != WEIR_OK)
		return code;
	found.size = size;
	memcpy(facts, &found, size < sizeof(found) ? size : sizeof(found));
	return WEIR_OK;
}
