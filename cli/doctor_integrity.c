/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The check runs on a connection that cannot write, in one of two ways.
 *
 * Somebody has the log open, or there is no log: an ordinary read with its locks,
 * mode=ro. readonly_shm makes sure that, if the others leave at this moment, SQLite
 * gives up and does not make log and index anew.
 * Nobody has it open, and the log is empty: immutable, without any lock, since a
 * lock would need an index to be made. What opens it meanwhile shows afterwards.
 *
 * Left over log or journal: refused, because reading would need recovery.
 */
#include "doctor_integrity.h"

#include <sqlite3.h>
#include <string.h>

#define LINES_MAX 10
#define BUSY_MS 5000

static const char check[] = "integrity";

enum way {
	WAY_SHARED,
	WAY_ALONE,
	WAY_NONE,
};

static enum way choose(const struct subject *subject, struct report *report)
{
	const char *reason = NULL;

	if (subject->header_state != DB_HEADER_GOOD)
		reason = "there is no header to begin with";
	else if (subject->journal_has_content && subject->reserved.count == 0)
		reason = "a journal is left over, which reading would roll back";
	else if (subject_is_connected(subject) &&
	         (subject->shm_state != SHM_GOOD || subject->wal.status.st_mode == 0))
		reason = "the index of the log is not right, and reading would make it anew";
	else if (!subject_is_connected(subject) && subject->wal.status.st_size > 0)
		reason = "a log is left over, which reading would recover";
	if (reason != NULL) {
		report_add(report, FINDING_UNKNOWN, check,
		           "let a program open and close the database first, or check a copy",
		           "not run: %s", reason);
		return WAY_NONE;
	}
	return subject_is_connected(subject) || subject->header.write_version != 2 ? WAY_SHARED
	                                                                           : WAY_ALONE;
}

/* "file:" and the path, with what a URI gives a meaning escaped. */
static void write_uri(const char *path, enum way way, char *uri)
{
	uri += sprintf(uri, "file:");
	for (; *path != '\0'; path++) {
		const unsigned char byte = (unsigned char)*path;

		if (byte <= ' ' || byte >= 0x7f || strchr("%?#", *path) != NULL)
			uri += sprintf(uri, "%%%02X", (unsigned)byte);
		else
			*uri++ = *path;
	}
	(void)sprintf(uri, way == WAY_ALONE ? "?mode=ro&immutable=1" : "?mode=ro&readonly_shm=1");
}

struct outcome {
	struct report *report;
	size_t faults;
	bool foreign_keys;
};

static int take_row(void *user, int count, char **values, char **names)
{
	struct outcome *outcome = user;

	(void)names;
	if (!outcome->foreign_keys && count > 0 && values[0] != NULL && strcmp(values[0], "ok") == 0)
		return 0;
	outcome->faults++;
	if (outcome->faults > LINES_MAX)
		return 0;
	if (outcome->foreign_keys)
		report_add(outcome->report, FINDING_FAIL, check, NULL,
		           "row %s of %s refers to no row of %s", count > 1 && values[1] ? values[1] : "?",
		           count > 0 && values[0] ? values[0] : "?",
		           count > 2 && values[2] ? values[2] : "?");
	else
		report_add(outcome->report, FINDING_FAIL, check, NULL, "%s",
		           count > 0 && values[0] ? values[0] : "?");
	return 0;
}

/* False if the statement could not be run, which has been reported. */
static bool run_check(sqlite3 *db, const char *sql, struct outcome *outcome)
{
	const int rc = sqlite3_exec(db, sql, take_row, outcome, NULL);

	if (rc == SQLITE_OK)
		return true;
	report_add(outcome->report,
	           rc == SQLITE_CORRUPT || rc == SQLITE_NOTADB ? FINDING_FAIL : FINDING_UNKNOWN, check,
	           "SQLite gave up", "%s: %s", sql, sqlite3_errmsg(db));
	return false;
}

static bool run_all(sqlite3 *db, bool quick, struct report *report)
{
	struct outcome outcome = {.report = report};

	if (!run_check(db, quick ? "PRAGMA quick_check" : "PRAGMA integrity_check", &outcome))
		return false;
	outcome.foreign_keys = true;
	if (!run_check(db, "PRAGMA foreign_key_check", &outcome))
		return false;
	report_fact(report, check, "faults", json_integer((json_int_t)outcome.faults));
	if (outcome.faults > 0)
		report_add(report, FINDING_FAIL, check,
		           "copy all files of the database; then sqlite3's .recover, or a backup",
		           "%zu faults", outcome.faults);
	return outcome.faults == 0;
}

/* Whether the file is as it was, and still nobody has a log. */
static bool is_untouched(const struct subject *subject)
{
	struct stat now;
	struct stat log;

	return stat(subject->db.path, &now) == 0 && now.st_size == subject->db.status.st_size &&
	       now.st_mtim.tv_sec == subject->db.status.st_mtim.tv_sec &&
	       now.st_mtim.tv_nsec == subject->db.status.st_mtim.tv_nsec &&
	       (stat(subject->wal.path, &log) != 0 || log.st_size == 0);
}

void check_integrity(const struct subject *subject, bool quick, struct report *report)
{
	char uri[3 * SUBJECT_PATH_MAX + 64];
	const enum way way = choose(subject, report);
	const size_t before = report->count;
	sqlite3 *db = NULL;

	if (way == WAY_NONE)
		return;
	write_uri(subject->db.path, way, uri);
	if (sqlite3_open_v2(uri, &db, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, NULL) != SQLITE_OK) {
		report_add(report, FINDING_UNKNOWN, check, NULL, "not run: %s", sqlite3_errmsg(db));
		(void)sqlite3_close(db);
		return;
	}
	(void)sqlite3_busy_timeout(db, BUSY_MS);

	const bool good = run_all(db, quick, report);

	(void)sqlite3_close(db);
	if (way == WAY_ALONE && !is_untouched(subject)) {
		report->count = before;
		report_add(report, FINDING_UNKNOWN, check, "run it again",
		           "not certain: somebody opened the database meanwhile");
	} else if (good) {
		report_add(report, FINDING_OK, check, NULL, "%s and foreign_key_check found nothing",
		           quick ? "quick_check" : "integrity_check");
	}
}
