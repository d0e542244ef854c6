/* SPDX-License-Identifier: BSD-2-Clause
 *
 * See fuzz_folder.h.
 */
#include "fuzz_folder.h"

#include "fuzz_check.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char folder[64];

static void remove_folder(void)
{
	fuzz_folder_empty();
	(void)rmdir(folder);
}

const char *fuzz_folder_file(const char *name)
{
	static char path[128];

	if (folder[0] == '\0') {
		(void)snprintf(folder, sizeof(folder), "%s/weir-fuzz.XXXXXX",
		               access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
		FUZZ_CHECK(mkdtemp(folder) != NULL);
		FUZZ_CHECK(atexit(remove_folder) == 0);
	}
	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

void fuzz_folder_empty(void)
{
	DIR *stream = folder[0] != '\0' ? opendir(folder) : NULL;
	const struct dirent *entry;

	if (stream == NULL)
		return;
	while ((entry = readdir(stream)) != NULL) {
		if (entry->d_name[0] != '.')
			(void)unlinkat(dirfd(stream), entry->d_name, 0);
	}
	(void)closedir(stream);
}
