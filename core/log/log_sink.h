/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Where lines go when the user has no sink of their own: a file, or stderr.
 */
#ifndef WEIR_CORE_LOG_SINK_H
#define WEIR_CORE_LOG_SINK_H

#include <weir/log.h>

/* A file that is appended to; opened anew with the next line after a failure, and so
 * also after it was moved away and its disk was full. */
struct weir__log_file {
	int fd;     /* -1: to be opened */
	char *path; /* NULL: stderr */
};

/* path NULL: stderr. Errors: IO, NO_MEMORY. */
enum weir_code weir__log_file_open(struct weir__log_file *file, const char *path,
                                   struct weir_error *err);
void weir__log_file_close(struct weir__log_file *file);

/* A weir_log_sink; arg is a struct weir__log_file. */
bool weir__log_file_write(void *arg, enum weir_log_level level, const char *line, size_t length);

#endif
