/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Opening and reading the files of a database.
 *
 * Others may write meanwhile. What is taken from log and index together is read
 * between two looks at their headers, and again if those differ.
 */
#include "doctor_subject.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define TRIES 8
#define WALK_BYTES_MAX (INT64_C(4) << 30)

static void open_one(struct subject_file *file)
{
	file->fd = -1;
	if (lstat(file->path, &file->status) != 0) {
		if (errno != ENOENT)
			file->error = errno;
		memset(&file->status, 0, sizeof(file->status));
		return;
	}
	/* A pipe or a device must not be opened. */
	if (!S_ISREG(file->status.st_mode)) {
		file->error = EINVAL;
		return;
	}
	file->fd = open(file->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	if (file->fd == -1)
		file->error = errno;
	else if (fstat(file->fd, &file->status) != 0)
		file->error = errno;
}

static void open_sibling(struct subject_file *file, const char *path, const char *suffix)
{
	(void)snprintf(file->path, sizeof(file->path), "%s%s", path, suffix);
	open_one(file);
}

static size_t read_prefix(const struct subject_file *file, uint8_t *bytes, size_t length)
{
	const ssize_t got = file->fd == -1 ? 0 : pread(file->fd, bytes, length, 0);

	return got < 0 ? 0 : (size_t)got;
}

static void walk_log(struct subject *subject)
{
	const int64_t size = WAL_FRAME_HEADER_SIZE + (int64_t)subject->wal_header.page_size;

	subject->walk_failed = !wal_walk(subject->wal.fd, &subject->wal_header,
	                                 (uint32_t)(WALK_BYTES_MAX / size), &subject->walk);
}

/* Read log and index once; false if they changed meanwhile. */
static bool read_log(struct subject *subject)
{
	uint8_t shm[SHM_PREFIX_SIZE];
	uint8_t shm_after[SHM_PREFIX_SIZE];
	uint8_t wal[WAL_HEADER_SIZE];
	uint8_t wal_after[WAL_HEADER_SIZE];
	const size_t shm_length = read_prefix(&subject->shm, shm, sizeof(shm));
	const size_t wal_length = read_prefix(&subject->wal, wal, sizeof(wal));

	memset(&subject->walk, 0, sizeof(subject->walk));
	subject->shm_state = shm_parse(shm, shm_length, &subject->index);
	subject->wal_state = wal_header_parse(wal, wal_length, &subject->wal_header);
	if (subject->wal_state == WAL_GOOD)
		walk_log(subject);
	return read_prefix(&subject->shm, shm_after, sizeof(shm_after)) == shm_length &&
	       read_prefix(&subject->wal, wal_after, sizeof(wal_after)) == wal_length &&
	       memcmp(shm, shm_after, shm_length) == 0 && memcmp(wal, wal_after, wal_length) == 0;
}

/* The header that a reader would see: the log may have a newer first page. */
static void read_effective(struct subject *subject)
{
	uint8_t bytes[DB_HEADER_SIZE];
	struct db_header header;

	subject->effective = subject->header;
	if (subject->wal_state != WAL_GOOD || subject->walk.first_page == 0)
		return;
	if (pread(subject->wal.fd, bytes, sizeof(bytes),
	          wal_page_offset(&subject->wal_header, subject->walk.first_page)) ==
	        (ssize_t)sizeof(bytes) &&
	    db_header_parse(bytes, sizeof(bytes), &header) == DB_HEADER_GOOD)
		subject->effective = header;
}

static void read_locks(struct subject *subject)
{
	const size_t count = sizeof(subject->shm_locks) / sizeof(subject->shm_locks[0]);

	subject->locks_known =
		lock_holders_of(subject->db.fd, DB_BYTE_PENDING, 1, &subject->pending) &&
		lock_holders_of(subject->db.fd, DB_BYTE_RESERVED, 1, &subject->reserved) &&
		lock_holders_of(subject->db.fd, DB_BYTE_SHARED, DB_SHARED_BYTES, &subject->shared);
	for (size_t i = 0; i < count; i++)
		subject->locks_known = lock_holders_of(subject->shm.fd, SHM_BYTE_WRITE + (int64_t)i, 1,
		                                       &subject->shm_locks[i]) &&
		                       subject->locks_known;
}

/* Whether there is something in the journal that SQLite would roll back. */
static bool journal_has_content(const struct subject_file *journal)
{
	static const uint8_t magic[] = {0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7};
	uint8_t bytes[sizeof(magic)];

	return journal->fd != -1 &&
	       pread(journal->fd, bytes, sizeof(bytes), 0) == (ssize_t)sizeof(bytes) &&
	       memcmp(bytes, magic, sizeof(magic)) == 0;
}

static void read_all(struct subject *subject)
{
	const struct timespec pause = {.tv_nsec = 20000000};
	uint8_t bytes[DB_HEADER_SIZE];
	const size_t length = read_prefix(&subject->db, bytes, sizeof(bytes));

	subject->header_state = db_header_parse(bytes, length, &subject->header);
	subject->journal_has_content = journal_has_content(&subject->journal);
	subject->moving = true;
	for (int i = 0; i < TRIES && subject->moving; i++) {
		if (i > 0)
			(void)nanosleep(&pause, NULL);
		subject->moving = !read_log(subject);
	}
	read_effective(subject);
	read_locks(subject);
}

static enum exit_code refuse(const char *title, const char *path, const char *reason)
{
	(void)fprintf(stderr, "%s: %s: %s\n", title, path, reason);
	return EXIT_USAGE;
}

/* Whether it is a database, or an empty file, which SQLite takes for one. */
static enum exit_code judge(struct subject *subject, const char *title)
{
	if (subject->header_state == DB_HEADER_FOREIGN && subject->db.status.st_size > 0)
		return refuse(title, subject->db.path,
		              "this is not an SQLite database, or it is an encrypted one");
	return EXIT_DONE;
}

enum exit_code subject_open(struct subject *subject, const char *title, const char *path)
{
	char resolved[PATH_MAX];
	struct stat status;

	memset(subject, 0, sizeof(*subject));
	subject->db.fd = subject->wal.fd = subject->shm.fd = -1;
	subject->journal.fd = subject->sidecar.fd = -1;
	if (realpath(path, resolved) == NULL)
		return refuse(title, path, strerror(errno));
	subject->was_link = lstat(path, &status) == 0 && S_ISLNK(status.st_mode);
	open_sibling(&subject->db, resolved, "");
	if (S_ISDIR(subject->db.status.st_mode))
		return refuse(title, path, "it is a directory; name the database file");
	if (subject->db.error == EINVAL)
		return refuse(title, path, "it is not a regular file");
	if (subject->db.fd == -1)
		return refuse(title, path, strerror(subject->db.error));
	open_sibling(&subject->wal, resolved, "-wal");
	open_sibling(&subject->shm, resolved, "-shm");
	open_sibling(&subject->journal, resolved, "-journal");
	open_sibling(&subject->sidecar, resolved, "-weir");
	read_all(subject);
	return judge(subject, title);
}

static void close_one(struct subject_file *file)
{
	if (file->fd != -1)
		(void)close(file->fd);
	file->fd = -1;
}

void subject_close(struct subject *subject)
{
	close_one(&subject->db);
	close_one(&subject->wal);
	close_one(&subject->shm);
	close_one(&subject->journal);
	close_one(&subject->sidecar);
}

bool subject_is_connected(const struct subject *subject)
{
	return subject->shm_locks[SHM_BYTE_PRESENT - SHM_BYTE_WRITE].count > 0;
}

uint32_t subject_remaining(const struct subject *subject)
{
	const uint32_t committed = subject->walk.committed;

	/* Without connections what is in the index is made anew, from the first frame. */
	if (!subject_is_connected(subject) || subject->shm_state != SHM_GOOD)
		return committed;
	return subject->index.frames > subject->index.backfilled
	           ? subject->index.frames - subject->index.backfilled
	           : 0;
}
