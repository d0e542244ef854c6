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

/* A device, a FIFO or a socket would be gone if a file were moved into its place. */
static bool open_in_place(struct bench_output_file *output)
{
	output->temporary[0] = '\0';
	output->file = fopen(output->path, "we");
	return output->file != NULL || complain(output, "write");
}

bool bench_output_open(struct bench_output_file *output, const char *path)
{
	struct stat there;
	bool is_there;
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
	is_there = stat(path, &there) == 0;
	if (is_there && S_ISDIR(there.st_mode)) {
		errno = EISDIR;
		return complain(output, "write");
	}
	if (is_there && !S_ISREG(there.st_mode))
		return open_in_place(output);
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
	if (written && output->temporary[0] != '\0')
		written = rename(output->temporary, output->path) == 0;
	if (written)
		return true;
	(void)complain(output, "write");
	if (output->temporary[0] != '\0')
		(void)unlink(output->temporary);
	return false;
}

void bench_output_abandon(struct bench_output_file *output)
{
	FILE *const file = output->file;

	output->file = NULL;
	if (file == NULL || file == stdout)
		return;
	(void)fclose(file);
	if (output->temporary[0] != '\0')
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
