/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The folder of a command's databases, and whole files in it.
 */
#ifndef STRESS_FOLDER_H
#define STRESS_FOLDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FOLDER_PATH 4096

/* Where temporary files go: $TMPDIR, or else what is memory, or else /tmp. */
const char *folder_default(void);

/* A new folder in dir, so that nothing else is ever removed; false, and said why. */
bool folder_make(const char *dir, const char *command, char folder[FOLDER_PATH]);

/* With the files in it. */
void folder_remove(const char *folder);

/* Only the files in it. */
void folder_empty(const char *folder);

/* Bytes of a file. */
struct folder_bytes {
	uint8_t *bytes;
	size_t length;
	bool there;
};

/* A file that is not there has no bytes; false without memory, or if it cannot be
 * read. The caller frees bytes. */
bool folder_read(const char *path, struct folder_bytes *file);

/* False if it cannot be written. What is not there is removed. */
bool folder_write(const char *path, const struct folder_bytes *file);

/* Descriptors that the process has open. */
uint32_t folder_descriptors(void);

#endif
