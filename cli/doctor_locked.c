/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Checks of the locks, and of the rollback journal, whose meaning hangs on them.
 */
#include <inttypes.h>
#include <string.h>

#include "doctor_subject.h"

struct lock_row {
	const struct lock_holders *holders;
	const char *name;
	const char *meaning;
};

static json_t *holders_json(const struct lock_holders *holders)
{
	json_t *array = json_array();

	for (size_t i = 0; i < holders->count && i < LOCK_HOLDERS_MAX; i++)
		(void)json_array_append_new(array,
		                            json_pack("{s:i,s:o,s:b}", "pid", (int)holders->list[i].pid,
		                                      "command", json_text(holders->list[i].command),
		                                      "exclusive", (int)holders->list[i].exclusive));
	return array;
}

void check_locks(const struct subject *subject, struct report *report)
{
	const struct lock_holders *shm = subject->shm_locks;
	const struct lock_row rows[] = {
		{&shm[SHM_BYTE_WRITE - SHM_BYTE_WRITE], "WRITE", "is writing"},
		{&shm[SHM_BYTE_CHECKPOINT - SHM_BYTE_WRITE], "CHECKPOINT", "is copying the log"},
		{&shm[SHM_BYTE_RECOVER - SHM_BYTE_WRITE], "RECOVER", "is reading the log after a crash"},
		{&shm[SHM_BYTE_PRESENT - SHM_BYTE_WRITE], "PRESENT", "has it open in WAL mode"},
		{&subject->pending, "PENDING", "waits for readers to leave, to write"},
		{&subject->reserved, "RESERVED", "is preparing to write"},
		{&subject->shared, "SHARED", "reads, or has it open in WAL mode"},
	};
	size_t held = 0;
	char who[256];

	if (!subject->locks_known) {
		report_add(report, FINDING_UNKNOWN, "locks", "the file system may not know locks",
		           "the kernel does not say who holds which");
		return;
	}
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		report_fact(report, "locks", rows[i].name, holders_json(rows[i].holders));
		if (rows[i].holders->count == 0)
			continue;
		held++;
		lock_holders_text(rows[i].holders, who, sizeof(who));
		report_add(report, FINDING_OK, "lock", NULL, "%s %s: %s", rows[i].name, rows[i].meaning,
		           who);
	}
	if (held == 0)
		report_add(report, FINDING_OK, "locks", NULL, "nobody holds any");
}

void check_journal(const struct subject *subject, struct report *report)
{
	if (subject->journal.error != 0) {
		report_add(report, FINDING_UNKNOWN, "journal", "run this as who owns the database",
		           "it cannot be read: %s", strerror(subject->journal.error));
		return;
	}
	if (!subject->journal_has_content)
		return;
	if (subject->reserved.count > 0 || subject->pending.count > 0)
		report_add(report, FINDING_OK, "journal", NULL, "a transaction is under way");
	else
		report_add(report, FINDING_WARN, "journal",
		           "never delete it: the next program that opens the database rolls back with it",
		           "hot: a process ended inside a transaction; %" PRId64 " bytes",
		           (int64_t)subject->journal.status.st_size);
	report_fact(report, "journal", "hot",
	            json_boolean(subject->reserved.count == 0 && subject->pending.count == 0));
}
