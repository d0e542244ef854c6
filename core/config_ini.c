/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Configuration from one section of an INI file.
 *
 * libinih decides what a line means, and gets one line at a time. Handed a whole
 * file it would tell neither the line of a setting (its handler gets none in the
 * usual build) nor more than the first malformed one; it would cut long lines in
 * two and take an indented setting for more of the value above. Sections other
 * than the one asked for may belong to other programs: their lines are not
 * judged, only their headers are.
 */
#include <assert.h>
#include <errno.h>
#include <ini.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "config_internal.h"
#include "text_buffer.h"
#include "thread_end.h"

/* What libinih's buffer holds beside the end of line and of text. */
#define LINE_LENGTH_MAX 197
static_assert(LINE_LENGTH_MAX <= INI_MAX_LINE - 3, "libinih would cut the longest line");

/* A file of settings is small; this ends the reading of a device or a log. */
#define FILE_SIZE_MAX (1024 * 1024)
#define SECTION_SIZE 64
#define LISTED_MAX 32

struct ini_reading {
	struct weir__edit *edit;
	FILE *file;
	const struct weir__ini_visitor *visitor; /* NULL: one section is read */
	const char *section;                     /* the one that is wanted */
	bool inside;                             /* the current line belongs to it */
	bool found;                              /* it is there; "" is if it has a setting */
	size_t bytes;
	size_t listed;
	char sections[LISTED_MAX][SECTION_SIZE]; /* those that there are, for the hint */
};

static void line_fault(struct weir__edit *edit, enum weir_code code, const char *value,
                       const char *allowed, const char *what)
{
	weir__fault(&edit->faults,
	            &(struct weir__finding){.code = code, .value = value, .allowed = allowed}, "%s",
	            what);
}

enum line_kind {
	LINE_WHOLE,
	LINE_LONG,   /* cut; the rest was read and dropped */
	LINE_BINARY, /* a NUL byte, or more bytes than a file of settings has */
	LINE_NONE,   /* the end of the file */
};

/* Read one line without its end, and without white space in front. */
static enum line_kind read_line(struct ini_reading *reading, char line[LINE_LENGTH_MAX + 1])
{
	enum line_kind kind = LINE_WHOLE;
	size_t length = 0;
	int c = getc(reading->file);

	if (c == EOF)
		return LINE_NONE;
	if (++reading->bytes > FILE_SIZE_MAX)
		return LINE_BINARY;
	for (; c != EOF && c != '\n'; c = getc(reading->file)) {
		if (c == '\0' || ++reading->bytes > FILE_SIZE_MAX)
			return LINE_BINARY;
		if (length == 0 && (c == ' ' || c == '\t'))
			continue;
		if (length < LINE_LENGTH_MAX)
			line[length++] = (char)c;
		else if (c != '\r')
			kind = LINE_LONG;
	}
	line[length] = '\0';
	return kind;
}

static int note_section(void *user, const char *section, const char *name, const char *value)
{
	char *text = user;

	(void)name;
	(void)value;
	(void)snprintf(text, SECTION_SIZE, "%s", section);
	return 1;
}

static void list_section(struct ini_reading *reading, const char *name)
{
	for (size_t i = 0; i < reading->listed; i++) {
		if (strcmp(reading->sections[i], name) == 0)
			return;
	}
	if (reading->listed < LISTED_MAX)
		(void)snprintf(reading->sections[reading->listed++], SECTION_SIZE, "%s", name);
}

/* A header means something only with what follows it: libinih gets a setting
 * without name and value, and tells in which section that is. */
static void read_header(struct ini_reading *reading, const char *line)
{
	char text[LINE_LENGTH_MAX + sizeof("\n=\n")];
	char name[SECTION_SIZE] = "";

	(void)snprintf(text, sizeof(text), "%s\n=\n", line);
	reading->inside = false;
	if (ini_parse_string(text, note_section, name) != 0) {
		line_fault(reading->edit, WEIR_ERR_CONFIG_SYNTAX, line, "[name]",
		           "the section header has no end");
		return;
	}

	const size_t length = strlen(name);

	if (strncmp(line + 1, name, length) != 0 || line[1 + length] != ']') {
		line_fault(reading->edit, WEIR_ERR_CONFIG_SYNTAX, line, "at most 49 bytes",
		           "the name of the section is too long");
		return;
	}
	if (reading->visitor != NULL) {
		reading->inside = true;
		reading->found = true;
		reading->visitor->section(reading->visitor->user, reading->edit, name);
		return;
	}
	list_section(reading, name);
	reading->inside = strcmp(name, reading->section) == 0;
	reading->found = reading->found || reading->inside;
}

static int set_line(void *user, const char *section, const char *name, const char *value)
{
	struct ini_reading *reading = user;

	(void)section;
	/* A program can switch libinih to accept a name alone; it is still no setting. */
	if (value == NULL || *name == '\0')
		return 0;
	reading->found = true;
	if (reading->visitor != NULL)
		reading->visitor->setting(reading->visitor->user, reading->edit, name, value);
	else
		weir__edit_set(reading->edit, name, name, value);
	return 1;
}

/* A line of the section that is wanted. */
static void read_setting(struct ini_reading *reading, enum line_kind kind, const char *line)
{
	if (kind == LINE_LONG)
		line_fault(reading->edit, WEIR_ERR_CONFIG_SYNTAX, NULL,
		           "at most 197 bytes; settings of a long URL can have lines of their own",
		           "the line is too long");
	else if (ini_parse_string(line, set_line, reading) != 0)
		line_fault(reading->edit, WEIR_ERR_CONFIG_SYNTAX, line,
		           "name = value, [section], or a comment after ; or #", "the line is no setting");
}

/* False if the file was given up. */
static bool read_lines(struct ini_reading *reading)
{
	static const char byte_order_mark[] = "\xef\xbb\xbf";
	const size_t mark_length = sizeof(byte_order_mark) - 1;
	struct weir__edit *edit = reading->edit;
	char buffer[LINE_LENGTH_MAX + 1];
	enum line_kind kind;

	while ((kind = read_line(reading, buffer)) != LINE_NONE) {
		const char *line = buffer;

		edit->faults.line++;
		if (kind == LINE_BINARY) {
			line_fault(edit, WEIR_ERR_CONFIG_SYNTAX, NULL, "text, at most 1 MiB",
			           "this is not a file of settings");
			return false;
		}
		if (edit->faults.line == 1 && strncmp(line, byte_order_mark, mark_length) == 0)
			line += mark_length;
		if (*line == '[')
			read_header(reading, line);
		else if (reading->inside)
			read_setting(reading, kind, line);
	}
	return true;
}

static void missing_section(struct ini_reading *reading)
{
	struct weir__edit *edit = reading->edit;
	const char *names[LISTED_MAX];
	char listed[LISTED_MAX * SECTION_SIZE];
	struct weir__text out = weir__text_make(listed, sizeof(listed));

	for (size_t i = 0; i < reading->listed; i++) {
		names[i] = reading->sections[i];
		weir__text_add(&out, "%s[%s]", i > 0 ? ", " : "", names[i]);
	}
	edit->faults.line = 0;
	weir__fault(&edit->faults,
	            &(struct weir__finding){
					.code = WEIR_ERR_CONFIG_UNKNOWN,
					.value = reading->section,
					.allowed = reading->listed > 0 ? listed : "none, the file has no section",
					.near = weir_nearest(reading->section, names, reading->listed),
				},
	            *reading->section != '\0' ? "there is no section [%.80s]"
	                                      : "there is no setting before the first section%s",
	            reading->section);
}

static void io_fault(struct weir__edit *edit, const char *what)
{
	edit->faults.line = 0;
	line_fault(edit, WEIR_ERR_IO, NULL, NULL, what);
}

static FILE *open_file(struct weir__edit *edit, const char *path)
{
	FILE *file = fopen(path, "re");
	struct stat status;

	if (file == NULL) {
		io_fault(edit, strerror(errno));
		return NULL;
	}
	/* A directory opens; only reading it fails, with a less clear error. */
	if (fstat(fileno(file), &status) == 0 && S_ISDIR(status.st_mode)) {
		io_fault(edit, "it is a directory; name a file");
		(void)fclose(file);
		return NULL;
	}
	return file;
}

static void read_file(struct weir__edit *edit, const char *path, const char *section)
{
	WEIR__CANCEL_DEFERRED;
	struct ini_reading reading = {
		.edit = edit,
		.section = section,
		.inside = *section == '\0',
		.file = open_file(edit, path),
	};

	if (reading.file == NULL)
		return;
	if (*section != '\0')
		(void)snprintf(edit->work.name, sizeof(edit->work.name), "%s", section);

	const bool whole = read_lines(&reading);

	if (ferror(reading.file) != 0)
		io_fault(edit, "reading failed");
	else if (whole && !reading.found && (*section != '\0' || reading.listed > 0))
		missing_section(&reading);
	(void)fclose(reading.file);
}

void weir__ini_walk(struct weir__edit *edit, const char *path,
                    const struct weir__ini_visitor *visitor)
{
	WEIR__CANCEL_DEFERRED;
	struct ini_reading reading = {
		.edit = edit,
		.visitor = visitor,
		.section = "",
		.inside = true,
		.file = open_file(edit, path),
	};

	if (reading.file == NULL)
		return;
	(void)read_lines(&reading);
	if (ferror(reading.file) != 0)
		io_fault(edit, "reading failed");
	(void)fclose(reading.file);
}

enum weir_code weir_config_apply_ini(struct weir_config *config, const struct weir_driver *driver,
                                     const char *path, const char *section,
                                     const struct weir_fault_sink *sink, struct weir_error *err)
{
	const struct weir__source source = {
		.where = "config.ini",
		.name = path,
		.origin = WEIR_ORIGIN_INI,
	};
	struct weir__edit edit;
	const enum weir_code code = weir__edit_begin(&edit, config, driver, &source, sink, err);

	if (code != WEIR_OK)
		return code;
	if (path == NULL || section == NULL)
		return weir_fail(err, WEIR_ERR_BAD_ARGUMENT, source.where, 0, "path or section is NULL");
	read_file(&edit, path, section);
	return weir__edit_commit(&edit, config, err);
}
