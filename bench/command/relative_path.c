/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A directory as a link from a file. See relative_path.h.
 */
#include "relative_path.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* How many characters two paths share, up to the end of a name. */
static size_t shared_length(const char *one, const char *other)
{
	size_t shared = 0;
	size_t i;

	for (i = 0; one[i] != '\0' && one[i] == other[i]; i++)
		if (one[i] == '/')
			shared = i;
	if ((one[i] == '\0' || one[i] == '/') && (other[i] == '\0' || other[i] == '/'))
		shared = i;
	return shared;
}

static bool write_path(char *path, size_t path_size, const char *from, const char *to)
{
	const size_t shared = shared_length(from, to);
	size_t used = 0;

	path[0] = '\0';
	for (const char *at = from + shared; *at != '\0'; at++)
		if (*at == '/' && at[1] != '\0' && used + 4 < path_size) {
			memcpy(path + used, "../", 4);
			used += 3;
		}
	to += shared;
	to += *to == '/';
	if (snprintf(path + used, path_size - used, "%s", to) >= (int)(path_size - used)) {
		errno = ENAMETOOLONG;
		return false;
	}
	used = strlen(path);
	if (used == 0)
		(void)snprintf(path, path_size, ".");
	else if (path[used - 1] == '/')
		path[used - 1] = '\0';
	return true;
}

bool bench_relative_path(char *path, size_t path_size, const char *file, const char *directory)
{
	const char *const slash = strrchr(file, '/');
	char *const folder = slash != NULL ? strndup(file, (size_t)(slash - file) + 1) : strdup(".");
	char *const from = folder != NULL ? realpath(folder, NULL) : NULL;
	char *const to = realpath(directory, NULL);
	const bool written = from != NULL && to != NULL && write_path(path, path_size, from, to);

	free(to);
	free(from);
	free(folder);
	return written;
}
