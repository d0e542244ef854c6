/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The lock of migrations outside a transaction: one byte of the turnstile's sidecar file.
 *
 * An OFD lock goes with the process that holds it, and so leaves nothing behind. A forked
 * child has the descriptor, too: hence the byte is given back by name. Where the sidecar
 * cannot be made weir runs without it, and so does this.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "sqlite_catalog.h"
#include "turnstile.h"

#define WHERE "sqlite.lock"
#define SIDECAR_MAX (PATH_MAX + sizeof WEIR__PASS_SUFFIX)

struct held {
	int fd;
};

/* ---- the sidecar ---- */

/* That of the database's file, as the turnstile names it: links are followed. */
static enum weir_code find_sidecar(const char *path, char file[PATH_MAX], char sidecar[SIDECAR_MAX],
                                   struct weir_error *err)
{
	if (realpath(path, file) == NULL)
		return weir_fail(err, WEIR_ERR_IO, WHERE, errno, "%s: %s", weir__sqlite_show(path).text,
		                 strerror(errno));
	(void)snprintf(sidecar, SIDECAR_MAX, "%s" WEIR__PASS_SUFFIX, file);
	return WEIR_OK;
}

/* -1, with errno. It could be another name of the database, which must not be opened:
 * closing it would drop its locks. */
static int open_sidecar(const char *sidecar)
{
	struct stat there;

	if (lstat(sidecar, &there) == 0 && (!S_ISREG(there.st_mode) || there.st_nlink > 1)) {
		errno = ELOOP;
		return -1;
	}
	return open(sidecar, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
}

/* The turnstile makes it, when first somebody writes: that may be still to come. */
static int open_or_make(const char *file, const char *sidecar)
{
	struct weir__turnstile *turnstile = NULL;
	const int fd = open_sidecar(sidecar);

	if (fd != -1 || errno != ENOENT)
		return fd;
	if (weir__turnstile_open(&turnstile, file, NULL) == WEIR_ERR_NO_MEMORY) {
		errno = ENOMEM;
		return -1;
	}
	weir__turnstile_close(turnstile);
	return open_sidecar(sidecar);
}

/* ---- the byte ---- */

/* false: somebody else has it, or (errno) it cannot be had. */
static bool set_byte(int fd, short type)
{
	const struct flock lock = {
		.l_type = type, .l_whence = SEEK_SET, .l_start = WEIR__PASS_BYTE_MIGRATE, .l_len = 1};

	errno = 0;
	return fcntl(fd, F_OFD_SETLK, &lock) == 0;
}

static enum weir_code wait_for_byte(int fd, struct weir_time deadline, struct weir_error *err)
{
	const struct timespec nap = {0, 5000000};

	while (!set_byte(fd, F_WRLCK)) { /* ends: at deadline */
		if (errno != EAGAIN && errno != EACCES && errno != EINTR)
			return weir_fail(err, WEIR_ERR_IO, WHERE, errno,
			                 "the sidecar file cannot be locked: %s", strerror(errno));
		if (weir_now().ns >= deadline.ns)
			return weir_fail(err, WEIR_ERR_DRIVER_BUSY, WHERE, 0,
			                 "another process runs a migration outside a transaction");
		(void)nanosleep(&nap, NULL);
	}
	return WEIR_OK;
}

/* ---- the lock ---- */

static enum weir_code take(int fd, struct weir_time deadline, void **held, struct weir_error *err)
{
	struct held *const lock = malloc(sizeof *lock);
	const enum weir_code code =
		lock == NULL ? weir_fail(err, WEIR_ERR_NO_MEMORY, WHERE, 0, "no memory for a lock")
					 : wait_for_byte(fd, deadline, err);

	if (code != WEIR_OK || lock == NULL) {
		free(lock);
		(void)close(fd);
		return code;
	}
	lock->fd = fd;
	*held = lock;
	return WEIR_OK;
}

enum weir_code weir__sqlite_migrate_lock(const struct weir_config *config,
                                         struct weir_time deadline, void **held,
                                         struct weir_error *err)
{
	char path[WEIR_PATH_MAX];
	char file[PATH_MAX];
	char sidecar[SIDECAR_MAX];
	enum weir_code code = weir__sqlite_path(config, WEIR_ROLE_WRITER, path, err);
	int fd;

	*held = NULL;
	if (code != WEIR_OK || strcmp(path, ":memory:") == 0)
		return code;
	code = find_sidecar(path, file, sidecar, err);
	if (code != WEIR_OK)
		return code;
	fd = open_or_make(file, sidecar);
	if (fd != -1)
		return take(fd, deadline, held, err);
	if (errno != EMFILE && errno != ENFILE && errno != ENOMEM)
		return WEIR_OK;
	return weir_fail(err, errno == ENOMEM ? WEIR_ERR_NO_MEMORY : WEIR_ERR_IO, WHERE, errno,
	                 "%s: %s", weir__sqlite_show(sidecar).text, strerror(errno));
}

void weir__sqlite_migrate_unlock(void *held)
{
	struct held *const lock = held;

	if (lock == NULL)
		return;
	(void)set_byte(lock->fd, F_UNLCK);
	(void)close(lock->fd);
	free(lock);
}
