/* SPDX-License-Identifier: BSD-2-Clause
 *
 * See private_folder.h.
 */
#include "private_folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* 0: it is locked, and still what path names. Whoever swept it before may have had the
 * lock in between: then path names another, or none. */
static int lock_opened(int parent, const char *path, int folder)
{
	struct stat held;
	struct stat there;

	if (flock(folder, LOCK_EX | LOCK_NB) != 0 || fstat(folder, &held) != 0 ||
	    fstatat(parent, path, &there, AT_SYMLINK_NOFOLLOW) != 0)
		return errno;
	return held.st_ino == there.st_ino && held.st_dev == there.st_dev ? 0 : ENOENT;
}

/* Open and lock a folder; -1, with errno: it is gone (ENOENT), somebody has it
 * (EWOULDBLOCK), or it cannot be. */
static int lock_folder(int parent, const char *path)
{
	const int folder = openat(parent, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	int problem;

	if (folder < 0)
		return -1;
	problem = lock_opened(parent, path, folder);
	if (problem == 0)
		return folder;
	(void)close(folder);
	errno = problem;
	return -1;
}

enum weir__folder_made weir__folder_make(const char *path, int *lock)
{
	*lock = -1;
	if (mkdir(path, 0700) != 0)
		return errno == EEXIST ? WEIR__FOLDER_TAKEN : WEIR__FOLDER_FAILED;
	*lock = lock_folder(AT_FDCWD, path);
	if (*lock >= 0)
		return WEIR__FOLDER_MADE;
	if (errno == ENOENT || errno == EWOULDBLOCK)
		return WEIR__FOLDER_TAKEN;

	const int problem = errno;

	(void)rmdir(path);
	errno = problem;
	return WEIR__FOLDER_FAILED;
}

static bool remove_files(int folder, const char *const *names)
{
	for (; *names != NULL; names++) {
		if (unlinkat(folder, *names, 0) != 0 && errno != ENOENT)
			return false;
	}
	return true;
}

bool weir__folder_remove(const char *path, const char *const *names)
{
	const int folder = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	bool removed;
	int problem;

	if (folder < 0)
		return false;
	removed = remove_files(folder, names) && rmdir(path) == 0;
	problem = errno;
	(void)close(folder);
	errno = problem;
	return removed;
}

void weir__folder_sweep(const char *parent, bool (*is)(const void *arg, const char *name),
                        const void *arg, const char *const *names)
{
	DIR *const all = opendir(parent);

	if (all == NULL)
		return;
	for (const struct dirent *entry = readdir(all); entry != NULL; entry = readdir(all)) {
		int folder;

		if (!is(arg, entry->d_name))
			continue;
		folder = lock_folder(dirfd(all), entry->d_name);
		if (folder < 0)
			continue;
		if (remove_files(folder, names))
			(void)unlinkat(dirfd(all), entry->d_name, AT_REMOVEDIR);
		(void)close(folder);
	}
	(void)closedir(all);
}
