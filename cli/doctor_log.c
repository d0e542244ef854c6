/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Checks of the write-ahead log and of the index that its readers share.
 */
#include <inttypes.h>
#include <string.h>

#include "doctor_subject.h"

#define LARGE_LOG (INT64_C(64) << 20)

static bool is_wal(const struct subject *subject)
{
	return subject->effective.write_version == 2 || subject->wal.fd != -1;
}

/* What is wrong with a log that has no frames to read; NULL: nothing. */
static const char *log_fault(const struct subject *subject)
{
	static const char *const texts[] = {
		[WAL_SHORT] = "it ends inside its header: SQLite ignores it",
		[WAL_FOREIGN] = "something else is in the file: SQLite ignores it",
		[WAL_DAMAGED] = "its header is damaged: SQLite ignores it, and what it holds is lost",
		[WAL_NEWER] = "it is of a newer format than is known here",
	};

	return subject->wal_state > WAL_EMPTY ? texts[subject->wal_state] : NULL;
}

static void log_facts(const struct subject *subject, struct report *report)
{
	report_fact(report, "log", "bytes", json_integer(subject->wal.status.st_size));
	report_fact(report, "log", "valid", json_integer(subject->walk.valid));
	report_fact(report, "log", "committed", json_integer(subject->walk.committed));
	report_fact(report, "log", "commits", json_integer(subject->walk.commits));
	report_fact(report, "log", "backfilled",
	            json_integer(subject->walk.committed > subject_remaining(subject)
	                             ? subject->walk.committed - subject_remaining(subject)
	                             : 0));
	report_fact(report, "log", "remaining", json_integer(subject_remaining(subject)));
}

/* A log whose frames were walked. */
static void check_frames(const struct subject *subject, struct report *report)
{
	const uint32_t remaining = subject_remaining(subject);
	const bool large = subject->wal.status.st_size > LARGE_LOG;

	if (subject->header_state == DB_HEADER_GOOD &&
	    subject->wal_header.page_size != subject->header.page_size)
		report_add(report, FINDING_FAIL, "log", "it belongs to another database: find out how",
		           "its pages have %" PRIu32 " bytes, those of the database %" PRIu32,
		           subject->wal_header.page_size, subject->header.page_size);
	else if (!subject_is_connected(subject) && subject->walk.committed > 0)
		report_add(report, FINDING_WARN, "log",
		           "never delete it: the next program that opens the database takes it up",
		           "left behind by a process that ended without closing: %" PRIu32
		           " frames of %" PRIu32 " commits",
		           subject->walk.committed, subject->walk.commits);
	else
		report_add(report, large ? FINDING_WARN : FINDING_OK, "log",
		           large ? "look at the readers below; if there are none, raise checkpoints or "
		                   "lower wal_ceiling"
		                 : NULL,
		           "%" PRId64 " bytes, %" PRIu32 " frames valid%s, %" PRIu32
		           " not yet in the database",
		           (int64_t)subject->wal.status.st_size, subject->walk.valid,
		           subject->walk.bounded ? " (and more that were not read)" : "", remaining);
}

void check_log(const struct subject *subject, struct report *report)
{
	const char *fault = log_fault(subject);

	if (!is_wal(subject))
		return;
	log_facts(subject, report);
	if (subject->wal.error != 0)
		report_add(report, FINDING_UNKNOWN, "log", "run this as who owns the database",
		           "it cannot be read: %s", strerror(subject->wal.error));
	else if (subject->wal.fd == -1 && subject_is_connected(subject))
		report_add(report, FINDING_FAIL, "log",
		           "stop those programs; what they commit is lost when they end",
		           "somebody deleted the -wal file under programs that use it");
	else if (subject->wal.fd == -1)
		report_add(report, FINDING_OK, "log", NULL, "none: the database was closed cleanly");
	else if (subject->moving)
		report_add(report, FINDING_UNKNOWN, "log", "run it again at a quieter moment",
		           "it changed whenever it was read");
	else if (subject->walk_failed)
		report_add(report, FINDING_UNKNOWN, "log", "look at the disk", "reading it failed");
	else if (fault != NULL)
		report_add(report, subject->wal_state == WAL_NEWER ? FINDING_WARN : FINDING_FAIL, "log",
		           "copy all files of the database before anything opens it", "%s", fault);
	else if (subject->wal_state == WAL_EMPTY)
		report_add(report, FINDING_OK, "log", NULL, "it is empty");
	else
		check_frames(subject, report);
}

/* An index that connections share now: it must fit the log. */
static void check_live_index(const struct subject *subject, struct report *report)
{
	const struct shm_index *index = &subject->index;
	const bool written = subject->shm_locks[0].count > 0;
	/* A log that begins anew has its salt in the index before it is in the file. */
	const bool salts = subject->wal_state == WAL_GOOD &&
	                   memcmp(index->salt, subject->wal_header.salt, sizeof(index->salt)) == 0;

	if (subject->shm_state == SHM_TORN && (written || subject->moving))
		report_add(report, FINDING_OK, "index", NULL, "a commit is being written into it");
	else if (subject->shm_state != SHM_GOOD)
		report_add(report, FINDING_WARN, "index", "the next access builds it again",
		           "its two headers differ, or it is blank");
	else if (!salts && index->frames > 0 && !subject->moving)
		report_add(report, FINDING_FAIL, "index",
		           "the -wal was replaced under programs that use it: stop them, keep copies",
		           "its salt is not the log's");
	else if (salts && index->frames > subject->walk.valid && !subject->walk.bounded &&
	         !subject->moving)
		report_add(report, FINDING_FAIL, "index",
		           "commits are damaged: stop the programs, copy all files, check the disk",
		           "it counts %" PRIu32 " frames, but only %" PRIu32 " in the log are valid",
		           index->frames, subject->walk.valid);
	else
		report_add(report, FINDING_OK, "index", NULL,
		           "%" PRIu32 " frames, %" PRIu32 " of them copied into the database",
		           index->frames, index->backfilled);
}

void check_index(const struct subject *subject, struct report *report)
{
	if (!is_wal(subject) && subject->shm.fd == -1)
		return;
	report_fact(report, "index", "connected", json_boolean(subject_is_connected(subject)));
	if (subject->shm.error != 0)
		report_add(report, FINDING_UNKNOWN, "index", "run this as who owns the database",
		           "it cannot be read: %s", strerror(subject->shm.error));
	else if (subject->shm.fd == -1)
		report_add(report, FINDING_OK, "index", NULL, "none: nobody has the database open");
	else if (subject->shm_state == SHM_NEWER)
		report_add(report, FINDING_WARN, "index", "use a newer weir",
		           "it is of a newer format (%" PRIu32 ") than is known here",
		           subject->index.version);
	else if (subject_is_connected(subject))
		check_live_index(subject, report);
	else
		report_add(report, FINDING_WARN, "index",
		           "leave it: the next program that opens the database makes it anew",
		           subject->wal.fd == -1
		               ? "stale: -shm is there without a log, and nobody uses it"
		               : "stale: nobody uses it; a process ended without closing");
}

/* Mark 0 is of readers that need nothing from the log. */
static bool mark_is_held(const struct subject *subject, size_t mark)
{
	return subject->shm_locks[SHM_BYTE_READ - SHM_BYTE_WRITE + mark].count > 0;
}

static json_t *mark_json(const struct subject *subject, size_t mark, const char *who)
{
	const uint32_t frame = subject->index.marks[mark];

	return json_pack("{s:i,s:o,s:b,s:s}", "mark", (int)mark, "frame",
	                 frame == SHM_MARK_UNUSED ? json_null() : json_integer(frame), "held",
	                 (int)mark_is_held(subject, mark), "by", who);
}

void check_readers(const struct subject *subject, struct report *report)
{
	const struct shm_index *index = &subject->index;
	json_t *marks = json_array();
	uint32_t oldest = UINT32_MAX;
	size_t held = 0;
	char who[256];

	if (subject->shm.fd == -1 || !subject_is_connected(subject)) {
		json_decref(marks);
		return;
	}
	for (size_t i = 0; i < SHM_MARKS; i++) {
		const uint32_t frame = index->marks[i];

		lock_holders_text(&subject->shm_locks[SHM_BYTE_READ - SHM_BYTE_WRITE + i], who,
		                  sizeof(who));
		(void)json_array_append_new(marks, mark_json(subject, i, who));
		if (!mark_is_held(subject, i))
			continue;
		held++;
		oldest = frame < oldest ? frame : oldest;
		report_add(report, FINDING_OK, "reader", NULL, "read mark %zu at frame %" PRIu32 ": %s", i,
		           frame, who);
	}
	report_fact(report, "readers", "marks", marks);
	report_fact(report, "readers", "held", json_integer((json_int_t)held));
	if (held == 0 || subject->shm_state != SHM_GOOD)
		return;
	report_fact(report, "readers", "oldest_frame", json_integer(oldest));
	if (index->frames > oldest && index->frames - oldest > 1000)
		report_add(report, FINDING_WARN, "readers",
		           "end that read: until then the log only grows (snapshot_age, snapshot_policy)",
		           "the oldest read began %" PRIu32 " frames ago", index->frames - oldest);
}
