/* SPDX-License-Identifier: BSD-2-Clause
 *
 * See log_sink.h.
 */
#include "log_sink.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool open_file(struct weir__log_file *file)
{
	if (file->fd < 0)
		file->fd = open(file->path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640);
	return file->fd >= 0;
}

enum weir_code weir__log_file_open(struct weir__log_file *file, const char *path,
                                   struct weir_error *err)
{
	file->fd = path == NULL ? STDERR_FILENO : -1;
	file->path = NULL;
	if (path == NULL)
		return WEIR_OK;
	file->path = strdup(path);
	if (file->path == NULL)
		return weir_fail(err, WEIR_ERR_NO_MEMORY, "log.create", 0, "no memory for the log");
	if (open_file(file))
		return WEIR_OK;
	const int number = errno;

	free(file->path);
	return weir_fail(err, WEIR_ERR_IO, "log.create", number, "%.160s: %s", path, strerror(number));
}

void weir__log_file_close(struct weir__log_file *file)
{
	if (file->path == NULL)
		return;
	if (file->fd >= 0)
		(void)close(file->fd);
	free(file->path);
}

bool weir__log_file_write(void *arg, enum weir_log_level level, const char *line, size_t length)
{
	struct weir__log_file *file = (struct weir__log_file *)arg;
	size_t done = 0;

	(void)level;
	if (!open_file(file))
		return false;
	while (done < length) {
		const ssize_t written = write(file->fd, line + done, length - done);

		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0)
			break;
		done += (size_t)written;
	}
	if (done < length && file->path != NULL) {
		(void)close(file->fd);
		file->fd = -1;
	}
	return done == length;
}
