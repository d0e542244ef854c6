/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Files that verbs of `weir migrate` read and write whole.
 */
#ifndef WEIR_CLI_MIGRATE_FILES_H
#define WEIR_CLI_MIGRATE_FILES_H

#include "migrate_command.h"

/* Text that grows; zeroed to begin with. text is malloc'ed, and the caller's. */
struct migrate_memory {
	char *text; /* ended by NUL; NULL: nothing was written */
	size_t length;
	size_t room;
};

/* A writer into memory, which outlives it; it has had enough when there is no memory. */
struct weir_writer migrate_memory_writer(struct migrate_memory *memory);

/* Read a file (- is standard input); *text is malloc'ed, NULL on failure. Errors: IO,
 * NO_MEMORY, BAD_ARGUMENT (empty, or not a text). */
enum weir_code migrate_read_file(const char *path, char **text, struct weir_error *err);

/* Write text to a file, over what is there. Errors: IO. */
enum weir_code migrate_write_file(const char *path, const char *text, struct weir_error *err);

#endif
