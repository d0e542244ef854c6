/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A file that appears whole or not at all. See output_file.h.
 */
#include "output_file.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool complain(const struct bench_output_file *output, const char *what)
{
	(void)fprintf(stderr, "weir-bench: cannot %s \"%.200s\": %s\n", what, output->path,
	              strerror(errno));
	return false;
}

bool bench_output_is_stdout(const char *path)
{
	return strcmp(path, "-") == 0;
}

bool bench_output_open(struct bench_output_file *output, const char *path)
{
	struct stat there;
	int length;

	*output = (struct bench_output_file){0};
	if (bench_output_is_stdout(path)) {
		output->file = stdout;
		(void)snprintf(output->path, sizeof(output->path), "standard output");
		return true;
	}
	(void)snprintf(output->path, sizeof(output->path), "%s", path);
	length = snprintf(output->temporary, sizeof(output->temporary), "%s.tmp", path);
	if (length >= (int)sizeof(output->temporary)) {
		errno = ENAMETOOLONG;
		return complain(output, "write");
	}
	if (stat(path, &there) == 0 && S_ISDIR(there.st_mode)) {
		errno = EISDIR;
		return complain(output, "write");
	}
	output->file = fopen(output->temporary, "we");
	return output->file != NULL || complain(output, "write");
}

bool bench_output_commit(struct bench_output_file *output)
{
	FILE *file = output->file;
	bool written;

	if (file == NULL)
		return true;
	output->file = NULL;
	written = fflush(file) == 0 && ferror(file) == 0;
	if (file == stdout)
		return written || complain(output, "write");
	written = fclose(file) == 0 && written;
	if (!written || rename(output->temporary, output->path) != 0) {
		(void)complain(output, "write");
		(void)unlink(output->temporary);
		return false;
	}
	return true;
}

void bench_output_abandon(struct bench_output_file *output)
{
	FILE *const file = output->file;

	output->file = NULL;
	if (file == NULL || file == stdout)
		return;
	(void)fclose(file);
	(void)unlink(output->temporary);
}

bool bench_make_dirs(const char *path)
{
	char part[BENCH_PATH_MAX];
	struct stat there;

	if (snprintf(part, sizeof(part), "%s", path) >= (int)sizeof(part)) {
		errno = ENAMETOOLONG;
		return false;
	}
	for (char *at = part + 1; *at != '\0'; at++) {
		if (*at != '/')
			continue;
		*at = '\0';
		if (mkdir(part, 0777) != 0 && errno != EEXIST)
			return false;
		*at = '/';
	}
	if (mkdir(part, 0777) != 0 && errno != EEXIST)
		return false;
	if (stat(part, &there) != 0)
		return false;
	errno = ENOTDIR;
	return S_ISDIR(there.st_mode);
}
