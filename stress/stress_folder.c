/* SPDX-License-Identifier: BSD-2-Clause
 *
 * See stress_folder.h.
 */
#include "stress_folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

const char *folder_default(void)
{
	const char *const temporary = getenv("TMPDIR");

	if (temporary != NULL && temporary[0] != '\0')
		return temporary;
	return access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
}

bool folder_make(const char *dir, const char *command, char folder[FOLDER_PATH])
{
	const int length = snprintf(folder, FOLDER_PATH, "%s/weir-%s-XXXXXX", dir, command);

	if (length < FOLDER_PATH - 64 && mkdtemp(folder) != NULL)
		return true;
	(void)fprintf(stderr, "weir-stress: --dir \"%s\": no folder can be made there: %s\n", dir,
	              strerror(errno));
	return false;
}

void folder_empty(const char *folder)
{
	DIR *const open = opendir(folder);
	const struct dirent *entry;

	if (open == NULL)
		return;
	while ((entry = readdir(open)) != NULL)
		(void)unlinkat(dirfd(open), entry->d_name, 0); /* but for . and .. */
	(void)closedir(open);
}

void folder_remove(const char *folder)
{
	folder_empty(folder);
	(void)rmdir(folder);
}

static bool read_open(int fd, struct folder_bytes *file)
{
	struct stat status;

	if (fstat(fd, &status) != 0)
		return false;
	file->there = true;
	file->length = (size_t)status.st_size;
	file->bytes = malloc(file->length + 1);
	return file->bytes != NULL && pread(fd, file->bytes, file->length, 0) == (ssize_t)file->length;
}

bool folder_read(const char *path, struct folder_bytes *file)
{
	const int fd = open(path, O_RDONLY | O_CLOEXEC);
	bool whole;

	*file = (struct folder_bytes){0};
	if (fd < 0)
		return errno == ENOENT;
	whole = read_open(fd, file);
	(void)close(fd);
	return whole;
}

bool folder_write(const char *path, const struct folder_bytes *file)
{
	int fd;
	bool whole;

	(void)unlink(path);
	if (!file->there)
		return access(path, F_OK) != 0;
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return false;
	whole = pwrite(fd, file->bytes, file->length, 0) == (ssize_t)file->length;
	(void)close(fd);
	return whole;
}

uint32_t folder_descriptors(void)
{
	DIR *const open = opendir("/proc/self/fd");
	uint32_t count = 0;

	if (open == NULL)
		return 0;
	while (readdir(open) != NULL)
		count++;
	(void)closedir(open);
	return count;
}
