/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The database that `weir doctor` looks at: its files, opened for reading only, and
 * what their bytes say at one moment.
 *
 * Closing a descriptor gives up the locks that the closing process has on the file.
 * This one has none, so others lose nothing.
 */
#ifndef WEIR_CLI_DOCTOR_SUBJECT_H
#define WEIR_CLI_DOCTOR_SUBJECT_H

#include <limits.h>
#include <sys/stat.h>

#include "doctor_header.h"
#include "doctor_locks.h"
#include "doctor_report.h"
#include "doctor_shm.h"
#include "doctor_wal.h"

#define SUBJECT_PATH_MAX (PATH_MAX + 16)

struct subject_file {
	char path[SUBJECT_PATH_MAX];
	int fd; /* -1: not there, or it cannot be read (then error is set) */
	int error;
	struct stat status; /* zero if it is not there */
};

struct subject {
	struct subject_file db;
	struct subject_file wal;
	struct subject_file shm;
	struct subject_file journal;
	struct subject_file sidecar;
	bool was_link; /* the name given leads to another */

	enum db_header_state header_state;
	struct db_header header;    /* as in the file */
	struct db_header effective; /* as in the log, if that has a newer page 1 */
	enum wal_state wal_state;
	struct wal_header wal_header;
	struct wal_walk walk;
	bool walk_failed;
	enum shm_state shm_state;
	struct shm_index index;
	bool moving; /* the log changed during each try to read it */

	bool journal_has_content; /* that SQLite would roll back, if nobody writes */

	/* Holders of the bytes of -shm, from SHM_BYTE_WRITE on; and of the database. */
	struct lock_holders shm_locks[SHM_BYTE_PRESENT - SHM_BYTE_WRITE + 1];
	struct lock_holders pending;
	struct lock_holders reserved;
	struct lock_holders shared;
	bool locks_known;
};

/* Open the files and read them. Not DONE: the reason has been printed under title. */
enum exit_code subject_open(struct subject *subject, const char *title, const char *path);
void subject_close(struct subject *subject);

/* Whether the -shm belongs to connections that are there. */
bool subject_is_connected(const struct subject *subject);

/* Committed frames that are not yet in the database file. */
uint32_t subject_remaining(const struct subject *subject);

/* The checks, each for its part of the report. */
void check_library(const struct subject *subject, struct report *report);
void check_header(const struct subject *subject, struct report *report);
void check_log(const struct subject *subject, struct report *report);
void check_index(const struct subject *subject, struct report *report);
void check_readers(const struct subject *subject, struct report *report);
void check_locks(const struct subject *subject, struct report *report);
void check_journal(const struct subject *subject, struct report *report);
void check_place(const struct subject *subject, struct report *report);
void check_sidecar(const struct subject *subject, struct report *report);

#endif
