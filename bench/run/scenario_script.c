/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Files as a whole. See scenario_script.h.
 */
#include "scenario_script.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "scenario_keys.h"

#define FILE_SIZE_MAX (4u * 1024 * 1024)
#define PATH_SIZE 4096

static char *read_stream(FILE *stream, size_t *length, char *problem, size_t problem_size)
{
	char *text = NULL;
	size_t room = 0;
	size_t got;

	*length = 0;
	do {
		char *longer;

		room = room == 0 ? 16384 : 2 * room;
		longer = room <= 2 * FILE_SIZE_MAX ? realloc(text, room) : NULL;
		if (longer == NULL) {
			(void)snprintf(problem, problem_size, "larger than %u bytes", FILE_SIZE_MAX);
			free(text);
			return NULL;
		}
		text = longer;
		got = fread(text + *length, 1, room - 1 - *length, stream);
		*length += got;
	} while (got > 0);
	text[*length] = '\0';
	if (!ferror(stream))
		return text;
	(void)snprintf(problem, problem_size, "cannot be read: %s", strerror(errno));
	free(text);
	return NULL;
}

char *bench_file_read(const char *path, size_t *length, char *problem, size_t problem_size)
{
	const bool input = strcmp(path, "-") == 0;
	FILE *const stream = input ? stdin : fopen(path, "re");
	char *text;

	if (stream == NULL) {
		(void)snprintf(problem, problem_size, "cannot be opened: %s", strerror(errno));
		return NULL;
	}
	text = read_stream(stream, length, problem, problem_size);
	if (!input)
		(void)fclose(stream);
	return text;
}

bool bench_script_add_file(struct bench_scenario *scenario, const char *name, char *problem,
                           size_t problem_size)
{
	const char *const slash = strrchr(scenario->path, '/');
	const int folder = slash != NULL && name[0] != '/' ? (int)(slash + 1 - scenario->path) : 0;
	char path[PATH_SIZE];
	size_t length;
	char *text;
	bool added;

	if (name[0] == '\0' || strcmp(name, "-") == 0 ||
	    snprintf(path, sizeof(path), "%.*s%s", folder, scenario->path, name) >= (int)sizeof(path)) {
		(void)snprintf(problem, problem_size, "the path of a file with SQL");
		return false;
	}
	text = bench_file_read(path, &length, problem, problem_size);
	if (text == NULL)
		return false;
	added = strlen(text) == length && bench_text_append(&scenario->script, "\n", text);
	if (!added)
		(void)snprintf(problem, problem_size, "a NUL byte: this is no text file");
	free(text);
	return added;
}
