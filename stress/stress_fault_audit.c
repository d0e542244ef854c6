/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The audit: the file as plain SQLite sees it, against the book. It goes past the
 * shim, recovers the log as any program would, and leaves it there.
 */
#include "stress_fault_book.h"

#include <errno.h>
#include <inttypes.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "stress_kill_ledger.h"
#include "stress_shim.h"

struct audit {
	struct book *book;
	sqlite3 *db;
	uint64_t rows;
	uint64_t total;
	struct book_found found[BOOK_MAX + 1];
};

typedef void (*on_row)(struct audit *audit, sqlite3_stmt *row);

static void complain_of(struct audit *audit, const char *what)
{
	book_complain(audit->book, "the audit could not %s: %s (%d)", what, sqlite3_errmsg(audit->db),
	              sqlite3_extended_errcode(audit->db));
}

static bool each_row(struct audit *audit, const char *sql, on_row see)
{
	sqlite3_stmt *stmt = NULL;
	int rc = sqlite3_prepare_v2(audit->db, sql, -1, &stmt, NULL);

	while (rc == SQLITE_OK || rc == SQLITE_ROW) { /* ends: with the rows */
		rc = sqlite3_step(stmt);
		if (rc == SQLITE_ROW)
			see(audit, stmt);
	}
	if (rc != SQLITE_DONE)
		complain_of(audit, sql);
	(void)sqlite3_finalize(stmt);
	return rc == SQLITE_DONE;
}

static void see_integrity(struct audit *audit, sqlite3_stmt *row)
{
	const char *const text = (const char *)sqlite3_column_text(row, 0);

	if (text == NULL || strcmp(text, "ok") != 0)
		book_complain(audit->book, "the file is damaged: %s", text != NULL ? text : "(no text)");
}

static void see_entry(struct audit *audit, sqlite3_stmt *row)
{
	static struct kill_content content;
	const int64_t n = sqlite3_column_int64(row, 0);
	const void *const bytes = sqlite3_column_blob(row, 2);
	struct book_found *found;

	if (n < 1 || n > audit->book->count) {
		book_complain(audit->book, "there is a write %" PRId64 ", which nobody did", n);
		return;
	}
	found = &audit->found[n];
	kill_fill(&content, 0, (uint64_t)n);
	found->rows++;
	found->garbled |= sqlite3_column_int64(row, 1) != (int64_t)content.checksum ||
	                  sqlite3_column_bytes(row, 2) != (int)content.length || bytes == NULL ||
	                  memcmp(bytes, content.bytes, content.length) != 0;
	audit->rows++;
	audit->total = kill_add(audit->total, content.checksum);
}

static void see_pads(struct audit *audit, sqlite3_stmt *row)
{
	const int64_t n = sqlite3_column_int64(row, 0);

	if (n < 1 || n > audit->book->count)
		book_complain(audit->book, "there are rows of a write %" PRId64 ", which nobody did", n);
	else
		audit->found[n].pads = (uint32_t)sqlite3_column_int(row, 1);
}

static void see_tally(struct audit *audit, sqlite3_stmt *row)
{
	const int64_t count = sqlite3_column_int64(row, 0);
	const int64_t total = sqlite3_column_int64(row, 1);

	if (count != (int64_t)audit->rows || total != (int64_t)audit->total)
		book_complain(audit->book,
		              "the tally has %" PRId64 " writes, and there are %" PRIu64
		              " rows%s: half a write is there",
		              count, audit->rows, count == (int64_t)audit->rows ? " with other sums" : "");
}

static void see_schema(struct audit *audit, sqlite3_stmt *row)
{
	audit->rows = (uint64_t)sqlite3_column_int64(row, 0);
}

/* The three tables are made in one transaction. */
static bool has_schema(struct audit *audit)
{
	struct book *const book = audit->book;
	uint64_t tables;

	audit->rows = 0;
	if (!each_row(audit, "SELECT count(*) FROM sqlite_schema WHERE type = 'table'", see_schema))
		return false;
	tables = audit->rows;
	audit->rows = 0;
	if (tables != 0 && tables != 3)
		book_complain(book, "half of the schema is there: %" PRIu64 " tables", tables);
	if (tables == 0 && book->schema == BOOK_THERE)
		book_complain(book, "the schema was acknowledged, and is lost");
	if (tables != 0 && book->schema == BOOK_ABSENT)
		book_complain(book, "the schema was reported as failed, and is there");
	book->schema = tables == 3 ? BOOK_THERE : BOOK_ABSENT;
	return tables == 3;
}

static bool open_plain(struct audit *audit, const char *path)
{
	if (sqlite3_open_v2(path, &audit->db, SQLITE_OPEN_READWRITE, shim_plain_name()) == SQLITE_OK &&
	    sqlite3_db_config(audit->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL) == SQLITE_OK &&
	    sqlite3_wal_autocheckpoint(audit->db, 0) == SQLITE_OK)
		return true;
	complain_of(audit, "open the database");
	return false;
}

static void look(struct audit *audit)
{
	if (!each_row(audit, "PRAGMA integrity_check", see_integrity) || !has_schema(audit))
		return;
	(void)each_row(audit, "SELECT n, checksum, bytes FROM entry", see_entry);
	(void)each_row(audit, "SELECT n, count(*) FROM pad GROUP BY n", see_pads);
	(void)each_row(audit, "SELECT count, total FROM tally WHERE id = 0", see_tally);
}

void book_audit(struct book *book, const char *path, bool in_order)
{
	static struct audit audit;

	memset(&audit, 0, sizeof audit);
	audit.book = book;
	/* An open that failed for good leaves no file, and needs none. */
	if (access(path, F_OK) == 0 || errno != ENOENT) {
		if (open_plain(&audit, path))
			look(&audit);
		(void)sqlite3_close(audit.db);
	} else if (book->schema == BOOK_THERE) {
		book_complain(book, "the schema was acknowledged, and there is no file");
	}
	book_settle(book, audit.found, in_order);
}
