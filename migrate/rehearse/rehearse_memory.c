/* SPDX-License-Identifier: BSD-2-Clause
 *
 * See rehearse_memory.h. Only what was written by this file is read: a strict reader of
 * one member after the other.
 */
#include "rehearse_memory.h"

#include "database_copy.h"
#include "text.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define SUFFIX "-weir-rehearsal"
#define FORMAT 1
#define HEAD_MAX 1024 /* all members but the steps fit */

/* false: the database has no place for such a file. */
static bool place_of(struct weir_db *db, char place[WEIR__PATH_MAX])
{
	return !weir__database_is_private(db) &&
	       snprintf(place, WEIR__PATH_MAX, "%s" SUFFIX, weir_db_config(db)->path) < WEIR__PATH_MAX;
}

/* ---- reading ---- */

/* Step over white space and text; false: it is not there. */
static bool skip(const char **at, const char *text)
{
	const size_t length = strlen(text);

	*at += strspn(*at, " \n");
	if (strncmp(*at, text, length) != 0)
		return false;
	*at += length;
	return true;
}

static bool read_number(const char **at, const char *name, int64_t *number)
{
	char *end;

	if (!skip(at, "\"") || !skip(at, name) || !skip(at, "\":"))
		return false;
	errno = 0;
	*number = strtoll(*at, &end, 10);
	if (errno != 0 || end == *at || *number < 0)
		return false;
	*at = end;
	return skip(at, ",");
}

static bool read_version(const char **at, const char *name, char version[WEIR_MIGRATE_VERSION_MAX])
{
	size_t length;

	if (!skip(at, "\"") || !skip(at, name) || !skip(at, "\":") || !skip(at, "\""))
		return false;
	length = strcspn(*at, "\"");
	if (length >= WEIR_MIGRATE_VERSION_MAX || (*at)[length] == '\0')
		return false;
	memcpy(version, *at, length);
	version[length] = '\0';
	*at += length;
	return skip(at, "\"") && skip(at, ",");
}

static enum weir__memory_state parse(const char *text, struct weir__memory *memory, int64_t *format)
{
	const char *at = text;

	if (!skip(&at, "{") || !read_number(&at, "format", format))
		return WEIR__MEMORY_BROKEN;
	if (*format != FORMAT)
		return WEIR__MEMORY_FOREIGN;
	if (!read_version(&at, "from", memory->from) || !read_version(&at, "to", memory->to) ||
	    !read_number(&at, "blocked_ns", &memory->blocked_ns) ||
	    !read_number(&at, "duration_ns", &memory->duration_ns))
		return WEIR__MEMORY_BROKEN;
	return WEIR__MEMORY_THERE;
}

enum weir__memory_state weir__memory_read(struct weir_db *db, struct weir__memory *memory,
                                          int64_t *format)
{
	char place[WEIR__PATH_MAX];
	char text[HEAD_MAX];
	FILE *file;
	size_t length;

	memset(memory, 0, sizeof *memory);
	*format = 0;
	if (!place_of(db, place))
		return WEIR__MEMORY_NONE;
	file = fopen(place, "re");
	if (file == NULL)
		return errno == ENOENT ? WEIR__MEMORY_NONE : WEIR__MEMORY_BROKEN;
	length = fread(text, 1, sizeof text - 1, file);
	text[length] = '\0';
	if (ferror(file) != 0)
		text[0] = '\0';
	(void)fclose(file);
	return parse(text, memory, format);
}

int64_t weir__rehearsed_ns(struct weir_db *db, const char *from, const char *to)
{
	struct weir__memory memory;
	int64_t format;

	if (weir__memory_read(db, &memory, &format) != WEIR__MEMORY_THERE)
		return 0;
	return strcmp(memory.from, from) == 0 && strcmp(memory.to, to) == 0 ? memory.blocked_ns : 0;
}

/* ---- writing ---- */

/* Whether version can be written as it is: all but quotes, backslashes and controls. */
static bool is_plain(const char *version)
{
	for (const char *at = version; *at != '\0'; at++) {
		if (*at == '"' || *at == '\\' || (unsigned char)*at < ' ')
			return false;
	}
	return true;
}

static void write_text(struct weir__text *text, const struct weir__memory *memory,
                       const struct weir_migrate_report *report)
{
	const char *between = "";

	weir__text_printf(text, "{\n\"format\": %d,\n\"from\": \"%s\",\n\"to\": \"%s\",\n", FORMAT,
	                  memory->from, memory->to);
	weir__text_printf(text, "\"blocked_ns\": %" PRId64 ",\n\"duration_ns\": %" PRId64 ",\n",
	                  memory->blocked_ns, memory->duration_ns);
	weir__text_printf(text, "\"rehearsed_at\": %" PRId64 ",\n\"steps\": [", (int64_t)time(NULL));
	for (size_t i = 0; i < report->rows_count; i++) {
		const struct weir_migrate_row *const row = &report->rows[i];

		if (!row->done || !is_plain(row->version))
			continue;
		weir__text_printf(text,
		                  "%s\n{\"version\": \"%s\", \"duration_ns\": %" PRId64
		                  ", \"blocked_ns\": %" PRId64 "}",
		                  between, row->version, row->duration_ns, row->blocked_ns);
		between = ",";
	}
	weir__text_put(text, "\n]\n}\n");
}

/* Write text to temporary and move it to place; false, with errno. */
static bool put_file(int file, const struct weir__text *text, const char *temporary,
                     const char *place)
{
	const ssize_t written = write(file, text->bytes, text->length);
	bool done = written >= 0 && (size_t)written == text->length;

	if (written >= 0 && !done)
		errno = ENOSPC;
	done = done && fsync(file) == 0;
	done = close(file) == 0 && done;
	return done && rename(temporary, place) == 0;
}

static bool put(const struct weir__text *text, const char *place)
{
	char temporary[WEIR__PATH_MAX + 8];
	int file;
	int problem;

	(void)snprintf(temporary, sizeof temporary, "%s.XXXXXX", place);
	file = mkostemp(temporary, O_CLOEXEC);
	if (file < 0)
		return false;
	if (put_file(file, text, temporary, place))
		return true;
	problem = errno;
	(void)unlink(temporary);
	errno = problem;
	return false;
}

bool weir__memory_write(struct weir_db *db, const struct weir__memory *memory,
                        struct weir_migrate_report *report)
{
	struct weir__memory old;
	struct weir__text text = {0};
	char place[WEIR__PATH_MAX];
	int64_t format;
	bool found = true;

	if (!place_of(db, place) || !is_plain(memory->from) || !is_plain(memory->to))
		return true;
	if (weir__memory_read(db, &old, &format) == WEIR__MEMORY_FOREIGN)
		return weir__report_find(report, WEIR_MIGRATE_NOTE, "memory", "", "",
		                         "%s is of format %" PRId64
		                         ", which this weir does not know: it stays as it is, and this "
		                         "rehearsal is not remembered; delete it to have it written anew",
		                         place, format);
	write_text(&text, memory, report);
	if (text.failed)
		found = false;
	else if (!put(&text, place))
		found = weir__report_find(report, WEIR_MIGRATE_WARNING, "memory", "", "",
		                          "%s: the rehearsal is not remembered: %s", place,
		                          strerror(errno));
	weir__text_free(&text);
	return found;
}
