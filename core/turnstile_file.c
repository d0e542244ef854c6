/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The sidecar file of the turnstile: open, make, map, and who is alive. How it is
 * made, and what its bytes mean, is in turnstile_file.h.
 */
#include "turnstile_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdalign.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static const char where[] = "turnstile.open";

/* Tries, a millisecond apart, while another process makes the file. */
#define MAKE_TRIES 1000

/* Tries to open a file that others make and, against the rules, delete. */
#define OPEN_TRIES 8

enum file_state {
	FILE_WHOLE = 0,
	FILE_UNMADE = 1, /* empty, or its maker did not come to the header */
	FILE_SHORT = 2,
	FILE_FOREIGN = 3, /* something else is in it */
	FILE_VERSION = 4, /* of another layout */
	FILE_UNREADABLE = 5,
};

static const char *const file_texts[] = {
	[FILE_WHOLE] = "whole",
	[FILE_UNMADE] = "another process began to make it, and does not come to an end",
	[FILE_SHORT] = "it is too short",
	[FILE_FOREIGN] = "it is no turnstile",
	[FILE_VERSION] = "it is of another version of weir",
	[FILE_UNREADABLE] = "it cannot be read",
};

static enum weir_code refuse(const char *path, const char *reason, struct weir_error *err)
{
	return weir_fail(err, WEIR_ERR_IO, where, 0, "%.160s: %s", path, reason);
}

static enum weir_code refuse_errno(const char *path, const char *what, int error,
                                   struct weir_error *err)
{
	char text[64];

	return weir_fail(err, WEIR_ERR_IO, where, error, "%.140s: %s: %s", path, what,
	                 strerror_r(error, text, sizeof(text)));
}

static struct flock one_byte(short type, off_t byte)
{
	const struct flock lock = {.l_type = type, .l_whence = SEEK_SET, .l_start = byte, .l_len = 1};

	return lock;
}

static int set_byte(int fd, int command, short type, off_t byte)
{
	struct flock lock = one_byte(type, byte);
	int rc;

	do {
		rc = fcntl(fd, command, &lock);
	} while (rc == -1 && errno == EINTR);
	return rc;
}

/* Whether anybody else has locked the byte; true also if the system does not say. */
static bool byte_is_held(int fd, off_t byte)
{
	struct flock lock = one_byte(F_WRLCK, byte);

	return fcntl(fd, F_OFD_GETLK, &lock) == -1 || lock.l_type != F_UNLCK;
}

enum weir__pass_life weir__pass_take_life(const struct weir__turnstile *turnstile, uint32_t slot)
{
	/* Locking one's own byte always works, and giving it back would end one's life. */
	if (slot == turnstile->slot)
		return WEIR__PASS_ALIVE;
	if (set_byte(turnstile->fd, F_OFD_SETLK, F_WRLCK, WEIR__PASS_BYTE_LIFE + (off_t)slot) == 0)
		return WEIR__PASS_DEAD;
	/* Short of memory for locks, the system may answer the next time. */
	if (errno == EAGAIN || errno == EACCES || errno == ENOLCK || errno == ENOMEM)
		return WEIR__PASS_ALIVE;
	return WEIR__PASS_UNKNOWN;
}

void weir__pass_give_life(const struct weir__turnstile *turnstile, uint32_t slot)
{
	(void)set_byte(turnstile->fd, F_OFD_SETLK, F_UNLCK, WEIR__PASS_BYTE_LIFE + (off_t)slot);
}

void weir__pass_mark_process(const struct weir__turnstile *turnstile)
{
	(void)set_byte(turnstile->fd, F_SETLK, F_WRLCK,
	               WEIR__PASS_BYTE_PROCESS + (off_t)turnstile->slot);
}

bool weir__pass_process_lives(const struct weir__turnstile *turnstile, uint32_t slot)
{
	return byte_is_held(turnstile->fd, WEIR__PASS_BYTE_PROCESS + (off_t)slot);
}

uint32_t weir__turnstile_processes(struct weir__turnstile *turnstile)
{
	uint32_t count = 0;

	if (wp_load_rlx_32(turnstile->here) == 0)
		return 0;
	for (uint32_t slot = 0; slot < WEIR__PASS_SLOTS; slot++)
		count += slot == turnstile->slot ||
		         byte_is_held(turnstile->fd, WEIR__PASS_BYTE_LIFE + (off_t)slot);
	return count;
}

static enum file_state judge(int fd)
{
	struct weir__pass_header header;
	const char none[sizeof(header.magic)] = {0};
	struct stat status;

	if (fstat(fd, &status) != 0)
		return FILE_UNREADABLE;
	if (status.st_size == 0)
		return FILE_UNMADE;
	if (pread(fd, &header, sizeof(header), 0) != (ssize_t)sizeof(header))
		return FILE_SHORT;
	if (memcmp(header.magic, none, sizeof(none)) == 0 && status.st_size == WEIR__PASS_LENGTH)
		return FILE_UNMADE;
	if (memcmp(header.magic, WEIR__PASS_MAGIC, sizeof(header.magic)) != 0)
		return FILE_FOREIGN;
	if (header.version != WEIR__PASS_VERSION || header.slots != WEIR__PASS_SLOTS ||
	    header.length != WEIR__PASS_LENGTH)
		return FILE_VERSION;
	return status.st_size < WEIR__PASS_LENGTH ? FILE_SHORT : FILE_WHOLE;
}

/* Under the making byte. The umask has narrowed the mode, and the owner is who came
 * first: whoever may write the database must be able to join. Best effort. */
static void adopt_rights(int fd, const struct stat *database)
{
	if (fchown(fd, database->st_uid, database->st_gid) != 0)
		(void)!fchown(fd, (uid_t)-1, database->st_gid);
	(void)fchmod(fd, database->st_mode & 0777);
}

/* Under the making byte; 0 or an errno. Written and not only sized: a hole that the
 * disk has no room for would kill whoever touches it in memory. */
static int make(int fd, const struct stat *database)
{
	static const char zeroes[WEIR__PASS_LENGTH] = {0};
	const struct weir__pass_header header = {
		.magic = WEIR__PASS_MAGIC,
		.version = WEIR__PASS_VERSION,
		.slots = WEIR__PASS_SLOTS,
		.length = WEIR__PASS_LENGTH,
	};

	adopt_rights(fd, database);
	errno = ENOSPC; /* what a short write means */
	if (pwrite(fd, zeroes, sizeof(zeroes), 0) != (ssize_t)sizeof(zeroes)) {
		const int failed = errno;

		(void)!ftruncate(fd, 0); /* a part of it would be refused for ever */
		return failed;
	}
	return pwrite(fd, &header, sizeof(header), 0) == (ssize_t)sizeof(header) ? 0 : errno;
}

/* Bring the file to a whole state, or say why that cannot be. */
static enum weir_code complete(int fd, const char *path, const struct stat *database,
                               struct weir_error *err)
{
	const struct timespec pause = {.tv_sec = 0, .tv_nsec = 1000000};
	enum file_state state = judge(fd);

	for (int i = 0; i < MAKE_TRIES && state != FILE_WHOLE; i++) {
		int failed = 0;

		if (set_byte(fd, F_OFD_SETLK, F_WRLCK, WEIR__PASS_BYTE_MAKE) != 0) {
			if (errno != EAGAIN && errno != EACCES)
				return refuse_errno(path, "lock", errno, err);
			(void)nanosleep(&pause, NULL);
			state = judge(fd);
			continue;
		}
		state = judge(fd);
		if (state == FILE_UNMADE)
			failed = make(fd, database);
		(void)set_byte(fd, F_OFD_SETLK, F_UNLCK, WEIR__PASS_BYTE_MAKE);
		if (failed != 0)
			return refuse_errno(path, "write", failed, err);
		state = judge(fd);
		break;
	}
	return state == FILE_WHOLE ? WEIR_OK : refuse(path, file_texts[state], err);
}

/* A descriptor of the sidecar, which may be new and empty; or -1 and errno. */
static int open_file(const char *path, mode_t mode)
{
	const int flags = O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
	int fd = -1;

	for (int i = 0; i < OPEN_TRIES && fd == -1; i++) {
		fd = open(path, flags);
		if (fd == -1 && errno == ENOENT)
			fd = open(path, flags | O_CREAT | O_EXCL, mode & 0777);
		if (fd == -1 && errno != EEXIST && errno != ENOENT && errno != EINTR)
			break;
	}
	return fd;
}

static enum weir_code open_whole(int *fd, const char *path, const struct stat *database,
                                 struct weir_error *err)
{
	struct stat status;

	/* Looked at by name: it could be another name of the database, which must not be
	 * opened, since closing it again would drop its locks. */
	if (lstat(path, &status) == 0 && (!S_ISREG(status.st_mode) || status.st_nlink > 1))
		return refuse(path, "it is not a file of one name", err);
	*fd = open_file(path, database->st_mode);
	if (*fd == -1)
		return refuse_errno(path, "open", errno, err);
	return complete(*fd, path, database, err);
}

static enum weir_code map(struct weir__turnstile *turnstile, const char *path,
                          struct weir_error *err)
{
	void *page =
		mmap(NULL, WEIR__PASS_LENGTH, PROT_READ | PROT_WRITE, MAP_SHARED, turnstile->fd, 0);

	if (page == MAP_FAILED)
		return refuse_errno(path, "map", errno, err);
	turnstile->page = page;
	/* The mapping of a child would keep the locks alive as its descriptor does. */
	if (madvise(page, WEIR__PASS_LENGTH, MADV_DONTFORK) != 0)
		return refuse_errno(path, "madvise", errno, err);
	return WEIR_OK;
}

/* Take the first slot that no living process has. */
static enum weir_code take_slot(struct weir__turnstile *turnstile, const char *path,
                                struct weir_error *err)
{
	for (uint32_t slot = 0; slot < WEIR__PASS_SLOTS; slot++) {
		const enum weir__pass_life life = weir__pass_take_life(turnstile, slot);

		if (life == WEIR__PASS_UNKNOWN)
			return refuse_errno(path, "lock", errno, err);
		if (life != WEIR__PASS_DEAD)
			continue;
		turnstile->slot = slot;
		weir__pass_mark_process(turnstile);
		weir__pass_clear(turnstile, slot);
		return WEIR_OK;
	}
	return refuse(path, "as many processes as it has room for have it open", err);
}

static enum weir_code open_all(struct weir__turnstile *turnstile, const char *db_path,
                               struct weir_error *err)
{
	char path[PATH_MAX + sizeof(WEIR__PASS_SUFFIX)];
	struct stat database;
	enum weir_code code;

	if (stat(db_path, &database) != 0)
		return refuse_errno(db_path, "stat", errno, err);
	(void)snprintf(path, sizeof(path), "%s" WEIR__PASS_SUFFIX, db_path);
	code = open_whole(&turnstile->fd, path, &database, err);
	if (code == WEIR_OK)
		code = map(turnstile, path, err);
	if (code == WEIR_OK)
		code = take_slot(turnstile, path, err);
	return code;
}

/* Give back what open_all got. Closing the descriptor ends the life of the slot, but
 * for a child that has it too; hence the byte is given back by name. */
static void shut(struct weir__turnstile *turnstile)
{
	if (wp_load_rlx_32(turnstile->here) != 0) {
		if (turnstile->slot < WEIR__PASS_SLOTS) {
			weir__pass_clear(turnstile, turnstile->slot);
			weir__pass_give_life(turnstile, turnstile->slot);
		}
		if (turnstile->page != NULL)
			(void)munmap(turnstile->page, WEIR__PASS_LENGTH);
	}
	if (turnstile->fd != -1)
		(void)close(turnstile->fd);
	wp_free_wiped(turnstile->here, sizeof(*turnstile->here));
	wp_free(turnstile);
}

enum weir_code weir__turnstile_open(struct weir__turnstile **turnstile, const char *db_path,
                                    struct weir_error *err)
{
	struct weir__turnstile *made = wp_alloc(alignof(struct weir__turnstile), sizeof(*made));
	enum weir_code code;

	*turnstile = NULL;
	if (made == NULL)
		return weir_fail(err, WEIR_ERR_NO_MEMORY, where, 0, "no memory for the turnstile");
	made->here = wp_alloc_wiped(sizeof(*made->here));
	if (made->here == NULL) {
		wp_free(made);
		return weir_fail(err, WEIR_ERR_NO_MEMORY, where, 0, "no memory that a fork wipes");
	}
	wp_store_rlx_32(made->here, 1);
	made->fd = -1;
	made->slot = WEIR__PASS_SLOTS;
	made->look_ns = WEIR__PASS_LOOK_NS;
	made->stall_ns = WEIR__PASS_STALL_NS;
	code = open_all(made, db_path, err);
	if (code != WEIR_OK) {
		shut(made);
		return code;
	}
	*turnstile = made;
	return WEIR_OK;
}

void weir__turnstile_close(struct weir__turnstile *turnstile)
{
	if (turnstile != NULL)
		shut(turnstile);
}
