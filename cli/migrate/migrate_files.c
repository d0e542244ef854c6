/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Files that verbs read and write whole.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "migrate_files.h"

static const char where[] = "weir migrate";

#define PIECE_BYTES 65536

static enum weir_code failed(struct weir_error *err, const char *what, const char *path)
{
	const int error = errno;
	char text[128];

	return weir_fail(err, WEIR_ERR_IO, where, error, "cannot %s %s: %s", what, path,
	                 strerror_r(error, text, sizeof(text)));
}

/* ---- text in memory ---- */

static bool memory_write(void *arg, const char *bytes, size_t length)
{
	struct migrate_memory *const memory = arg;

	if (memory->length + length + 1 > memory->room) {
		const size_t room = 2 * (memory->length + length) + PIECE_BYTES;
		char *const text = realloc(memory->text, room);

		if (text == NULL)
			return false;
		memory->text = text;
		memory->room = room;
	}
	memcpy(memory->text + memory->length, bytes, length);
	memory->length += length;
	memory->text[memory->length] = '\0';
	return true;
}

struct weir_writer migrate_memory_writer(struct migrate_memory *memory)
{
	return (struct weir_writer){.write = memory_write, .arg = memory};
}

/* ---- files ---- */

static enum weir_code read_stream(FILE *file, struct migrate_memory *memory, struct weir_error *err)
{
	char piece[4096];
	size_t length;

	while ((length = fread(piece, 1, sizeof(piece), file)) > 0) {
		if (!memory_write(memory, piece, length))
			return weir_fail(err, WEIR_ERR_NO_MEMORY, where, 0, "no memory for a file");
	}
	return WEIR_OK;
}

enum weir_code migrate_read_file(const char *path, char **text, struct weir_error *err)
{
	struct migrate_memory memory = {0};
	const bool standard = strcmp(path, "-") == 0;
	FILE *const file = standard ? stdin : fopen(path, "re");
	enum weir_code code;

	*text = NULL;
	if (file == NULL)
		return failed(err, "read", path);
	code = read_stream(file, &memory, err);
	if (code == WEIR_OK && ferror(file) != 0)
		code = failed(err, "read", path);
	if (!standard)
		(void)fclose(file);
	if (code == WEIR_OK && (memory.length == 0 || strlen(memory.text) != memory.length))
		code = weir_fail(err, WEIR_ERR_BAD_ARGUMENT, where, 0, "%s: %s", path,
		                 memory.length == 0 ? "is empty" : "has a NUL byte: it is no text");
	if (code != WEIR_OK) {
		free(memory.text);
		return code;
	}
	*text = memory.text;
	return WEIR_OK;
}

enum weir_code migrate_write_file(const char *path, const char *text, struct weir_error *err)
{
	FILE *const file = fopen(path, "we");

	if (file == NULL)
		return failed(err, "write", path);

	const bool written = fputs(text, file) != EOF;

	if (fclose(file) != 0 || !written)
		return failed(err, "write", path);
	return WEIR_OK;
}
