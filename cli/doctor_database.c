/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Checks of the library and of the database file.
 */
#include <inttypes.h>
#include <sqlite3.h>

#include <weir/sqlite.h>

#include "doctor_subject.h"

static void version_text(uint32_t version, char text[32])
{
	(void)snprintf(text, 32, "%" PRIu32 ".%" PRIu32 ".%" PRIu32, version / 1000000,
	               version / 1000 % 1000, version % 1000);
}

void check_library(const struct subject *subject, struct report *report)
{
	const uint32_t writer = subject->effective.library_version;
	char text[32];

	if (weir_sqlite_is_vulnerable(0))
		report_add(report, FINDING_WARN, "library",
		           "weir_db is safe with it; other programs must not checkpoint beside it. "
		           "Corrected in 3.44.6, 3.50.7 and 3.51.3",
		           "SQLite %s, with which weir is linked, can lose commits when a checkpoint "
		           "meets a restart of the log",
		           sqlite3_libversion());
	else
		report_add(report, FINDING_OK, "library", NULL, "SQLite %s", sqlite3_libversion());
	report_fact(report, "library", "version", json_string(sqlite3_libversion()));
	report_fact(report, "library", "vulnerable", json_boolean(weir_sqlite_is_vulnerable(0)));
	if (writer == 0)
		return;
	version_text(writer, text);
	report_fact(report, "library", "last_writer", json_string(text));
	if (writer != (uint32_t)sqlite3_libversion_number())
		report_add(report, weir_sqlite_is_vulnerable((int)writer) ? FINDING_WARN : FINDING_OK,
		           "writer",
		           weir_sqlite_is_vulnerable((int)writer)
		               ? "if that program checkpoints by itself, give it a corrected SQLite"
		               : NULL,
		           "written last by SQLite %s%s", text,
		           weir_sqlite_is_vulnerable((int)writer) ? ", which can lose commits" : "");
}

static void check_mode(const struct subject *subject, struct report *report)
{
	static const char *const modes[] = {"none", "rollback journal", "WAL"};
	const struct db_header *header = &subject->effective;
	const uint8_t read = header->read_version;
	const uint8_t write = header->write_version;

	report_fact(report, "mode", "read_version", json_integer(read));
	report_fact(report, "mode", "write_version", json_integer(write));
	if (read > 2 || write > 2 || header->schema_format > 4)
		report_add(report, FINDING_WARN, "mode",
		           "use a newer SQLite for it; what follows may be incomplete",
		           "the file is of a newer format than is known here (read %u, write %u, schema "
		           "%" PRIu32 ")",
		           read, write, header->schema_format);
	else if (write == 2)
		report_add(report, FINDING_OK, "mode", NULL, "journal mode WAL");
	else
		report_add(report, FINDING_WARN, "mode",
		           "weir changes it to WAL when it opens the database",
		           "journal mode is %s, not WAL: readers and the writer wait for each other",
		           modes[write]);
}

/* Whether the size of the file must fit the header now. */
static bool is_settled(const struct subject *subject)
{
	return subject_remaining(subject) == 0 && !subject->moving && subject->reserved.count == 0 &&
	       !subject->journal_has_content &&
	       subject->shm_locks[SHM_BYTE_CHECKPOINT - SHM_BYTE_WRITE].count == 0 &&
	       subject->shm_locks[0].count == 0;
}

static void check_size(const struct subject *subject, struct report *report)
{
	const struct db_header *header = &subject->effective;
	const int64_t size = subject->db.status.st_size;
	const int64_t expected = (int64_t)header->pages * header->page_size;

	report_fact(report, "size", "bytes", json_integer(size));
	report_fact(report, "size", "page_size", json_integer(header->page_size));
	report_fact(report, "size", "pages", json_integer(header->pages));
	report_fact(report, "size", "change_counter", json_integer(header->change_counter));
	report_fact(report, "size", "version_valid_for", json_integer(header->version_valid_for));
	if (!header->counters_agree)
		report_add(report, FINDING_WARN, "size",
		           "written by an SQLite before 3.7.0, or by something else: check it with "
		           "--integrity",
		           "the page count cannot be trusted: change counter %" PRIu32
		           ", valid for %" PRIu32,
		           header->change_counter, header->version_valid_for);
	else if (size < expected && is_settled(subject))
		report_add(report, FINDING_FAIL, "size",
		           "the file was cut short: restore it from a backup, or save what is left with "
		           "sqlite3's .recover on a copy",
		           "%" PRId64 " bytes, but %" PRIu32 " pages of %" PRIu32 " are %" PRId64, size,
		           header->pages, header->page_size, expected);
	else if (size % header->page_size != 0 && is_settled(subject))
		report_add(report, FINDING_WARN, "size", "check it with --integrity",
		           "%" PRId64 " bytes are no multiple of the page size, %" PRIu32, size,
		           header->page_size);
	else
		report_add(report, FINDING_OK, "size", NULL,
		           "%" PRIu32 " pages of %" PRIu32 " bytes, change counter %" PRIu32, header->pages,
		           header->page_size, header->change_counter);
}

static void check_free_pages(const struct subject *subject, struct report *report)
{
	const struct db_header *header = &subject->effective;
	const unsigned share =
		header->pages > 0 ? (unsigned)((uint64_t)header->free_pages * 100 / header->pages) : 0;
	const bool much = share >= 50 && (int64_t)header->free_pages * header->page_size >= 16 << 20;

	report_fact(report, "free_pages", "pages", json_integer(header->free_pages));
	report_fact(report, "free_pages", "percent", json_integer(share));
	if (header->counters_agree && header->free_pages >= header->pages)
		report_add(report, FINDING_FAIL, "free_pages", "check it with --integrity",
		           "%" PRIu32 " free pages of %" PRIu32 ": that cannot be", header->free_pages,
		           header->pages);
	else
		report_add(report, much ? FINDING_WARN : FINDING_OK, "free_pages",
		           much ? "they are used again; VACUUM, at a quiet time, gives them back" : NULL,
		           "%" PRIu32 " free pages, %u %%", header->free_pages, share);
}

void check_header(const struct subject *subject, struct report *report)
{
	if (subject->db.status.st_size == 0) {
		const bool loss = subject->walk.committed > 0;

		report_add(report, loss ? FINDING_FAIL : FINDING_WARN, "header",
		           loss ? "do not open it: SQLite deletes the log of an empty database. Copy the "
		                  "log first, then restore the database file"
		                : "SQLite takes it for a new database; is it the right file?",
		           loss ? "the file is empty, and its log has committed frames"
		                : "the file is empty");
		return;
	}
	if (subject->header_state != DB_HEADER_GOOD) {
		report_add(report, FINDING_FAIL, "header", "restore the file from a backup",
		           subject->header_state == DB_HEADER_SHORT
		               ? "the file ends inside its header"
		               : "the header is damaged: its page size is none");
		return;
	}
	check_mode(subject, report);
	check_size(subject, report);
	check_free_pages(subject, report);
}
