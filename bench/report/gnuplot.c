/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Runs gnuplot. See gnuplot.h.
 */
#include "gnuplot.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static bool write_all(int fd, const char *text, size_t size)
{
	while (size > 0) {
		const ssize_t written = write(fd, text, size);

		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0)
			return false;
		text += written;
		size -= (size_t)written;
	}
	return lseek(fd, 0, SEEK_SET) == 0;
}

static char *read_all(int fd)
{
	struct stat there;
	size_t used = 0;
	char *text;

	if (fstat(fd, &there) != 0)
		return NULL;
	text = malloc((size_t)there.st_size + 1);
	while (text != NULL && used < (size_t)there.st_size) {
		const ssize_t got = pread(fd, text + used, (size_t)there.st_size - used, (off_t)used);

		if (got <= 0)
			break;
		used += (size_t)got;
	}
	if (text != NULL)
		text[used] = '\0';
	return text;
}

/* The default settings: a picture is the same whatever its user likes. */
static enum bench_gnuplot_outcome run(int in, int out)
{
	char name[] = "gnuplot";
	char defaults[] = "-d";
	char input[] = "-";
	char *const argv[] = {name, defaults, input, NULL};
	posix_spawn_file_actions_t actions;
	pid_t child;
	int status = 0;
	int rc;

	if (posix_spawn_file_actions_init(&actions) != 0)
		return BENCH_GNUPLOT_FAILED;
	(void)posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
	(void)posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
	(void)posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	rc = posix_spawnp(&child, name, &actions, NULL, argv, environ);
	(void)posix_spawn_file_actions_destroy(&actions);
	if (rc != 0)
		return rc == ENOENT || rc == EACCES ? BENCH_GNUPLOT_MISSING : BENCH_GNUPLOT_FAILED;
	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return BENCH_GNUPLOT_FAILED;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? BENCH_GNUPLOT_DRAWN
	                                                     : BENCH_GNUPLOT_FAILED;
}

/* Files in memory and not pipes: neither side can then wait for the other. */
enum bench_gnuplot_outcome bench_gnuplot_run(const char *script, size_t script_size, char **output)
{
	const int in = memfd_create("script", MFD_CLOEXEC);
	const int out = memfd_create("picture", MFD_CLOEXEC);
	enum bench_gnuplot_outcome outcome = BENCH_GNUPLOT_FAILED;

	*output = NULL;
	if (in >= 0 && out >= 0 && write_all(in, script, script_size))
		outcome = run(in, out);
	if (outcome == BENCH_GNUPLOT_DRAWN)
		*output = read_all(out);
	if (in >= 0)
		(void)close(in);
	if (out >= 0)
		(void)close(out);
	return outcome == BENCH_GNUPLOT_DRAWN && *output == NULL ? BENCH_GNUPLOT_FAILED : outcome;
}
