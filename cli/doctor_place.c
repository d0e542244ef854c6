/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Checks of where the files lie and of who may use them, and of weir's own sidecar.
 */
#include <inttypes.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "doctor_subject.h"

struct file_system {
	uint32_t magic;
	const char *name;
	bool shared; /* its files live on another machine: WAL cannot work */
};

static const struct file_system file_systems[] = {
	{0x6969, "NFS", true},      {0x517b, "SMB", true},      {0xfe534d42, "SMB2", true},
	{0xff534d42, "CIFS", true}, {0x5346414f, "AFS", true},  {0x564c, "NCP", true},
	{0x73757245, "Coda", true}, {0x00c36400, "Ceph", true}, {0x0bd00bd0, "Lustre", true},
	{0x47504653, "GPFS", true}, {0x01021997, "9p", false},  {0x65735546, "FUSE", false},
};

static void check_file_system(const struct subject *subject, struct report *report)
{
	const struct file_system *found = NULL;
	struct statfs status;

	if (fstatfs(subject->db.fd, &status) != 0)
		return;
	/* The kernel's field is signed on some machines: compare 32 bits. */
	for (size_t i = 0; i < sizeof(file_systems) / sizeof(file_systems[0]); i++) {
		if (file_systems[i].magic == (uint32_t)status.f_type)
			found = &file_systems[i];
	}
	report_fact(report, "place", "file_system",
	            found != NULL ? json_string(found->name) : json_string("local"));
	if (found == NULL)
		report_add(report, FINDING_OK, "place", NULL, "a local file system");
	else
		report_add(report, found->shared ? FINDING_FAIL : FINDING_WARN, "place",
		           found->shared ? "move it to a local disk: locks and shared memory do not work"
		                         : "make sure that locks and shared memory work there",
		           "the file system is %s", found->name);
}

static void check_space(const struct subject *subject, struct report *report)
{
	const int64_t low = INT64_C(64) << 20;
	const int64_t needed = (int64_t)subject_remaining(subject) * subject->header.page_size;
	struct statvfs status;

	if (fstatvfs(subject->db.fd, &status) != 0)
		return;

	const int64_t available = (int64_t)status.f_bavail * (int64_t)status.f_frsize;

	report_fact(report, "space", "available", json_integer(available));
	if (available < needed || available < low)
		report_add(report, FINDING_WARN, "space",
		           "make room: a full disk stops writers, and checkpoints with them",
		           "%" PRId64 " bytes are free on the disk; the log may need %" PRId64, available,
		           needed);
	else
		report_add(report, FINDING_OK, "space", NULL, "%" PRId64 " MiB free", available >> 20);
}

static void check_names(const struct subject *subject, struct report *report)
{
	if (subject->was_link)
		report_add(report, FINDING_OK, "name", NULL,
		           "the name given is a link to this file; log and index lie beside the file");
	if (subject->db.status.st_nlink > 1)
		report_add(report, FINDING_FAIL, "name",
		           "keep one name: programs that use different ones do not share log and locks, "
		           "and damage the database",
		           "the file has %ju names (hard links)", (uintmax_t)subject->db.status.st_nlink);
}

/* Bits of who may write the database but not this. */
static bool rights_differ(const struct stat *db, const struct stat *sibling)
{
	const mode_t missing = (db->st_mode & 0666U) & ~sibling->st_mode;

	return missing != 0 || db->st_uid != sibling->st_uid || db->st_gid != sibling->st_gid;
}

static void check_rights(const struct subject *subject, struct report *report)
{
	const struct subject_file *const siblings[] = {&subject->wal, &subject->shm, &subject->journal,
	                                               &subject->sidecar};
	const struct stat *db = &subject->db.status;
	size_t bad = 0;

	for (size_t i = 0; i < sizeof(siblings) / sizeof(siblings[0]); i++) {
		const struct stat *status = &siblings[i]->status;

		if (status->st_mode == 0 || !rights_differ(db, status))
			continue;
		bad++;
		report_add(report, FINDING_WARN, "rights",
		           "give it the owner and mode of the database, or others cannot join",
		           "%s: owner %u:%u, mode %03o; the database: %u:%u, %03o",
		           strrchr(siblings[i]->path, '/') + 1, (unsigned)status->st_uid,
		           (unsigned)status->st_gid, (unsigned)status->st_mode & 0777U,
		           (unsigned)db->st_uid, (unsigned)db->st_gid, (unsigned)db->st_mode & 0777U);
	}
	if (bad == 0)
		report_add(report, FINDING_OK, "rights", NULL, "owner %u:%u, mode %03o",
		           (unsigned)db->st_uid, (unsigned)db->st_gid, (unsigned)db->st_mode & 0777U);
}

void check_place(const struct subject *subject, struct report *report)
{
	check_file_system(subject, report);
	check_space(subject, report);
	check_names(subject, report);
	check_rights(subject, report);
}

/* The sidecar's layout, which is fixed by its version. */
#define SIDECAR_VERSION 1
#define SIDECAR_SLOTS 48
#define SIDECAR_BYTE_PROCESS 4224

void check_sidecar(const struct subject *subject, struct report *report)
{
	const struct subject_file *file = &subject->sidecar;
	struct lock_holders holders;
	uint8_t bytes[16];
	uint32_t version;
	char who[256];

	if (file->status.st_mode == 0)
		return;
	if (file->fd == -1 || pread(file->fd, bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes) ||
	    memcmp(bytes, "weirpass", 8) != 0) {
		report_add(
			report, FINDING_WARN, "sidecar",
			"with every program stopped, delete it: weir makes it again",
			"the -weir file is not weir's, or cannot be read: processes do not queue fairly");
		return;
	}
	memcpy(&version, bytes + 8, sizeof(version));
	report_fact(report, "sidecar", "version", json_integer(version));
	if (version != SIDECAR_VERSION) {
		report_add(report, FINDING_WARN, "sidecar", "run one version of weir on a database",
		           "it is of layout %" PRIu32 "; this weir knows %d", version, SIDECAR_VERSION);
		return;
	}
	(void)lock_holders_of(file->fd, SIDECAR_BYTE_PROCESS, SIDECAR_SLOTS, &holders);
	lock_holders_text(&holders, who, sizeof(who));
	report_fact(report, "sidecar", "processes", json_integer((json_int_t)holders.count));
	report_add(report, FINDING_OK, "sidecar", NULL, "weir processes on it: %s",
	           holders.count > 0 ? who : "none now");
}
