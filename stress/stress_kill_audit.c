/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The audit of `weir-stress kill`: the file as plain SQLite sees it, against the
 * ledger. Nothing of weir takes part, and nothing is changed: the log stays as
 * the killed process left it, for the next one to recover.
 *
 * All is read in one snapshot. A writer does one write at a time, so the newest
 * of its rows says which of its writes lie before the snapshot, even while it
 * goes on: all up to that one.
 */
#include "stress_kill.h"

#include <inttypes.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#define ROWS_MAX (2 * KILL_KEEP)

/* What the snapshot holds of one writer. */
struct view {
	uint32_t rows;
	uint64_t n[ROWS_MAX]; /* of each row, ascending */
	uint64_t newest;      /* 0: no row */
	struct kill_book tally;
};

struct audit {
	const struct kill_plan *plan;
	struct kill_ledger *ledger;
	struct kill_report *report;
	uint32_t alive;
	sqlite3 *db;
	struct kill_book before[KILL_WRITERS_MAX]; /* acknowledged when the snapshot began */
	struct view view;
	struct kill_content content;
};

static const char schema[] =
	"PRAGMA journal_mode = WAL;"
	"CREATE TABLE tally(writer INTEGER PRIMARY KEY, count INTEGER, total INTEGER, last INTEGER);"
	"CREATE TABLE entry(writer INTEGER, n INTEGER, checksum INTEGER, bytes BLOB,"
	" PRIMARY KEY(writer, n));"
	"CREATE TABLE orphan(writer INTEGER REFERENCES tally(writer) DEFERRABLE INITIALLY DEFERRED);"
	"WITH RECURSIVE number(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM number WHERE i < 127)"
	" INSERT INTO tally SELECT i, 0, 0, 0 FROM number;";

_Static_assert(KILL_WRITERS_MAX == 128, "the schema makes a tally for each writer");

static void fault_of(struct kill_report *report, sqlite3 *db, const char *what)
{
	kill_fault(report, "the audit could not %s: %s (%d)", what, sqlite3_errmsg(db),
	           sqlite3_extended_errcode(db));
}

static sqlite3 *open_plain(const struct kill_plan *plan, struct kill_report *report)
{
	const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
	sqlite3 *db = NULL;

	if (sqlite3_open_v2(plan->path, &db, flags, NULL) == SQLITE_OK &&
	    sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL) == SQLITE_OK &&
	    sqlite3_busy_timeout(db, 60000) == SQLITE_OK &&
	    sqlite3_wal_autocheckpoint(db, 0) == SQLITE_OK)
		return db;
	fault_of(report, db, "open the database");
	(void)sqlite3_close(db);
	return NULL;
}

static bool execute(sqlite3 *db, struct kill_report *report, const char *sql, const char *what)
{
	if (sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK)
		return true;
	fault_of(report, db, what);
	return false;
}

bool kill_audit_prepare(const struct kill_plan *plan, struct kill_report *report)
{
	sqlite3 *const db = open_plain(plan, report);
	const bool made = db != NULL && execute(db, report, schema, "make the tables");

	(void)sqlite3_close(db);
	return made;
}

void kill_audit_copy_back(const struct kill_plan *plan, struct kill_report *report)
{
	sqlite3 *const db = open_plain(plan, report);

	if (db == NULL)
		return;
	if (sqlite3_wal_checkpoint_v2(db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL) != SQLITE_OK)
		fault_of(report, db, "copy the log back");
	(void)sqlite3_close(db);
}

/* ---- reading ---- */

static bool check_row(struct audit *audit, uint32_t writer, sqlite3_stmt *row)
{
	struct kill_content *const content = &audit->content;
	const uint64_t n = (uint64_t)sqlite3_column_int64(row, 0);

	kill_fill(content, writer, n);
	if ((uint64_t)sqlite3_column_int64(row, 1) != content->checksum ||
	    (uint32_t)sqlite3_column_bytes(row, 2) != content->length ||
	    memcmp(sqlite3_column_blob(row, 2), content->bytes, content->length) != 0) {
		kill_fault(audit->report,
		           "writer %" PRIu32 ", write %" PRIu64 ": its row is not what was "
		           "written",
		           writer, n);
		return false;
	}
	if (audit->view.rows == ROWS_MAX) {
		kill_fault(audit->report, "writer %" PRIu32 ": more rows than it keeps", writer);
		return false;
	}
	audit->view.n[audit->view.rows++] = n;
	audit->view.newest = n;
	return true;
}

static bool read_rows(struct audit *audit, uint32_t writer)
{
	sqlite3_stmt *row = NULL;
	bool right = true;
	int rc = sqlite3_prepare_v2(audit->db,
	                            "SELECT n, checksum, bytes FROM entry WHERE writer = ? ORDER BY n",
	                            -1, &row, NULL);

	(void)sqlite3_bind_int64(row, 1, writer);
	while (rc == SQLITE_OK && right) {
		rc = sqlite3_step(row);
		if (rc != SQLITE_ROW)
			break;
		right = check_row(audit, writer, row);
		rc = SQLITE_OK;
	}
	if (right && rc != SQLITE_DONE) {
		fault_of(audit->report, audit->db, "read the rows");
		right = false;
	}
	(void)sqlite3_finalize(row);
	return right;
}

static bool read_tally(struct audit *audit, uint32_t writer)
{
	struct kill_book *const tally = &audit->view.tally;
	sqlite3_stmt *row = NULL;
	bool found = false;

	if (sqlite3_prepare_v2(audit->db, "SELECT count, total, last FROM tally WHERE writer = ?", -1,
	                       &row, NULL) == SQLITE_OK &&
	    sqlite3_bind_int64(row, 1, writer) == SQLITE_OK && sqlite3_step(row) == SQLITE_ROW) {
		tally->count = (uint64_t)sqlite3_column_int64(row, 0);
		tally->total = (uint64_t)sqlite3_column_int64(row, 1);
		tally->last = (uint64_t)sqlite3_column_int64(row, 2);
		found = true;
	}
	if (!found)
		fault_of(audit->report, audit->db, "read a tally");
	(void)sqlite3_finalize(row);
	return found;
}

/* One value that must be what it must be; also what integrity_check says first. */
static void expect_text(struct audit *audit, const char *sql, const char *wanted, const char *what)
{
	sqlite3_stmt *row = NULL;
	const char *found = "";

	if (sqlite3_prepare_v2(audit->db, sql, -1, &row, NULL) == SQLITE_OK &&
	    sqlite3_step(row) == SQLITE_ROW)
		found = (const char *)sqlite3_column_text(row, 0);
	else
		fault_of(audit->report, audit->db, what);
	if (found == NULL || (found[0] != '\0' && strcmp(found, wanted) != 0))
		kill_fault(audit->report, "%s: \"%s\"", what, found != NULL ? found : "");
	(void)sqlite3_finalize(row);
}

/* ---- comparing ---- */

static const char *wrong_about(enum kill_fate fate, bool present)
{
	if (fate == KILL_COMMITTED)
		return present ? NULL : "was acknowledged, and is not there";
	if (!present)
		return NULL;
	return fate == KILL_UNDONE ? "was reported as failed, and is there"
	                           : "was reported as never run, and is there";
}

/* Each write that the snapshot can hold, up to the newest that it does hold. */
static bool compare_rows(struct audit *audit, uint32_t writer, uint64_t done)
{
	struct kill_writer *const books = &audit->ledger->writers[writer];
	const struct view *const view = &audit->view;
	const uint64_t kept = view->newest > KILL_KEEP ? view->newest - KILL_KEEP : 0;
	const uint64_t known = done > KILL_RING ? done - KILL_RING : 0;
	uint32_t row = 0;

	for (uint64_t n = (kept > known ? kept : known) + 1; n <= view->newest; n++) {
		bool present;
		const char *wrong;

		while (row < view->rows && view->n[row] < n)
			row++;
		present = row < view->rows && view->n[row] == n;
		wrong = n <= done ? wrong_about(kill_fate_of(books, n), present) : NULL;
		if (wrong != NULL) {
			kill_fault(audit->report, "writer %" PRIu32 ", write %" PRIu64 " of %" PRIu64 ": %s",
			           writer, n, done, wrong);
			return false;
		}
	}
	if (view->rows > 0 && view->n[0] <= kept) {
		kill_fault(audit->report, "writer %" PRIu32 ": half a write: it removed no old row",
		           writer);
		return false;
	}
	return true;
}

static bool compare_ends(struct audit *audit, uint32_t writer, uint64_t begun)
{
	const struct view *const view = &audit->view;
	const uint64_t acknowledged = audit->before[writer].last;

	if (view->newest < acknowledged)
		kill_fault(audit->report,
		           "writer %" PRIu32 ", write %" PRIu64
		           ": was acknowledged, and is not there: the newest is %" PRIu64,
		           writer, acknowledged, view->newest);
	else if (view->newest > begun)
		kill_fault(audit->report,
		           "writer %" PRIu32 ", write %" PRIu64 ": is there, and was never "
		           "begun",
		           writer, view->newest);
	else if (view->tally.last != view->newest)
		kill_fault(audit->report,
		           "writer %" PRIu32 ": half a write: rows up to %" PRIu64 ", tally up to %" PRIu64,
		           writer, view->newest, view->tally.last);
	else
		return true;
	return false;
}

/* What was in flight when its process died has happened or not, for good. */
static void settle(struct audit *audit, uint32_t writer, uint64_t begun, uint64_t done)
{
	const bool kept = audit->view.newest == begun;

	if (begun == done)
		return;
	kill_fill(&audit->content, writer, begun);
	kill_publish(&audit->ledger->writers[writer], begun, kept ? KILL_COMMITTED : KILL_UNDONE,
	             audit->content.checksum);
	audit->report->kept += kept;
	audit->report->lost += !kept;
}

static void compare_tally(struct audit *audit, uint32_t writer, bool alive)
{
	const struct kill_book *const tally = &audit->view.tally;
	const struct kill_book *const before = &audit->before[writer];
	struct kill_book now;
	bool right;

	(void)kill_read_book(&audit->ledger->writers[writer], &now);
	if (alive) /* one more may be there than it has been told of */
		right = tally->count >= before->count && tally->count <= now.count + 1;
	else
		right = tally->count == now.count && tally->total == now.total && tally->last == now.last;
	if (!right)
		kill_fault(audit->report,
		           "writer %" PRIu32 ": %" PRIu64 " writes counted up to %" PRIu64 ", but %" PRIu64
		           " up to %" PRIu64 " committed, or their sums differ",
		           writer, tally->count, tally->last, now.count, now.last);
}

static void audit_writer(struct audit *audit, uint32_t writer)
{
	struct kill_writer *const books = &audit->ledger->writers[writer];
	const bool alive = (audit->alive >> (writer / KILL_WRITERS) & 1) != 0;
	struct kill_book after;
	uint64_t begun;
	uint64_t done;

	memset(&audit->view, 0, sizeof audit->view);
	if (!read_rows(audit, writer) || !read_tally(audit, writer))
		return;
	done = kill_read_book(books, &after);
	begun = atomic_load_explicit(&books->begun, memory_order_acquire); /* A2 */
	if (!compare_ends(audit, writer, begun) || !compare_rows(audit, writer, done))
		return;
	if (!alive)
		settle(audit, writer, begun, done);
	compare_tally(audit, writer, alive);
}

void kill_audit(const struct kill_plan *plan, struct kill_ledger *ledger, uint32_t alive,
                struct kill_report *report)
{
	static struct audit audit; /* large; the parent audits on one thread */
	const uint32_t writers = plan->processes * KILL_WRITERS;

	memset(&audit, 0, sizeof audit);
	audit.plan = plan;
	audit.ledger = ledger;
	audit.report = report;
	audit.alive = alive;
	report->audits++;
	for (uint32_t i = 0; i < writers; i++)
		(void)kill_read_book(&ledger->writers[i], &audit.before[i]);
	audit.db = open_plain(plan, report);
	if (audit.db == NULL)
		return;
	if (execute(audit.db, report, "BEGIN", "begin")) {
		expect_text(&audit, "SELECT count(*) FROM orphan", "0", "orphans that no commit allows");
		for (uint32_t i = 0; i < writers; i++)
			audit_writer(&audit, i);
		expect_text(&audit, "PRAGMA integrity_check", "ok", "the file is damaged");
	}
	(void)sqlite3_close(audit.db);
}
