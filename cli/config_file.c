/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Finding the sections of an INI file and their drivers. What the settings of a
 * section mean, and which lines are none, is left to weir_config_apply_ini.
 */
#include "config_file.h"

#include <stdlib.h>
#include <string.h>

#define LINE_MAX_BYTES 512

/* The next line without white space in front and behind; false at the end. */
static bool next_line(FILE *in, char line[LINE_MAX_BYTES])
{
	size_t length = 0;
	int c = getc(in);

	if (c == EOF)
		return false;
	for (; c != EOF && c != '\n'; c = getc(in)) {
		if (length == 0 && (c == ' ' || c == '\t'))
			continue;
		if (length + 1 < LINE_MAX_BYTES)
			line[length++] = (char)c;
	}
	while (length > 0 && strchr(" \t\r", line[length - 1]) != NULL)
		length--;
	line[length] = '\0';
	return true;
}

/* The line past a byte order mark. */
static const char *past_mark(const char *line)
{
	return strncmp(line, "\xef\xbb\xbf", 3) == 0 ? line + 3 : line;
}

bool config_file_has_sections(const char *path)
{
	FILE *in = fopen(path, "re");
	char line[LINE_MAX_BYTES];
	bool found = false;

	if (in == NULL)
		return false;
	while (!found && next_line(in, line))
		found = *past_mark(line) == '[';
	(void)fclose(in);
	return found;
}

static const struct file_database *find_section(const struct config_file *file, const char *name)
{
	for (size_t i = 0; i < file->count; i++) {
		if (strcmp(file->list[i].name, name) == 0)
			return &file->list[i];
	}
	return NULL;
}

/* A fault of the file itself, at the log's line. */
static void say(struct fault_log *log, const char *what, const char *name)
{
	char message[CONFIG_WHERE_MAX + 128];

	(void)snprintf(message, sizeof(message), "%s:%d: [%.60s] %s", log->file, log->line, name, what);
	fault_log_say(log, message);
}

static struct file_database *add_section(struct config_file *file, const char *header,
                                         struct fault_log *log)
{
	const size_t length = strcspn(header + 1, "]");
	struct file_database *section = &file->list[file->count];
	const bool ends = header[1 + length] == ']';
	char name[WEIR_NAME_MAX];
	char what[64];

	if (!ends) /* said by weir_config_apply_ini */
		return NULL;
	(void)snprintf(name, sizeof(name), "%.*s", (int)length, header + 1);
	if (find_section(file, name) != NULL) {
		(void)snprintf(what, sizeof(what), "is there before, in line %d: names are unique",
		               find_section(file, name)->line);
		say(log, what, name);
		return NULL;
	}
	if (*name == '\0' || file->count == FILE_SECTIONS_MAX) {
		say(log, *name == '\0' ? "the section has no name" : "there are more than 256 sections",
		    name);
		return NULL;
	}
	(void)snprintf(section->name, sizeof(section->name), "%s", name);
	section->scheme[0] = '\0';
	section->line = log->line;
	file->count++;
	return section;
}

/* Keep the scheme if the line is the section's url. */
static void note_url(struct file_database *section, const char *line)
{
	const size_t name_length = strcspn(line, " \t=:");
	const char *value = line + strcspn(line, "=:");

	if (name_length != 3 || strncmp(line, "url", 3) != 0 || *value == '\0')
		return;
	value += 1 + strspn(value + 1, " \t");
	(void)snprintf(section->scheme, sizeof(section->scheme), "%.*s", (int)strcspn(value, ":"),
	               value);
}

static void find_sections(struct config_file *file, FILE *in, struct fault_log *log)
{
	char buffer[LINE_MAX_BYTES];
	struct file_database *section = NULL;
	bool before = true;

	for (log->line = 1; next_line(in, buffer); log->line++) {
		const char *line = past_mark(buffer);

		if (*line == '[') {
			before = false;
			section = add_section(file, line, log);
		} else if (*line == '\0' || *line == ';' || *line == '#') {
			continue;
		} else if (before) {
			say(log, "stands before it: a line above the first section belongs to no database",
			    line);
		} else if (section != NULL) {
			note_url(section, line);
		}
	}
}

/* Read one section; its faults go to log. */
static void read_section(struct file_database *section, const char *path,
                         const struct weir_driver *const *drivers, struct fault_log *log)
{
	const struct weir_fault_sink sink = {fault_log_take, log};
	struct weir_error err = WEIR_ERROR_INIT;

	log->line = section->line;
	section->driver = find_driver(drivers, section->scheme, strlen(section->scheme));
	if (section->driver == NULL) {
		say(log,
		    section->scheme[0] == '\0' ? "has no url"
		                               : "has a url whose scheme no driver has; allowed: "
		                                 "sqlite:, stub:",
		    section->name);
		section->driver = drivers[0];
		weir_config_init(&section->config, section->driver);
		return;
	}
	log->section = section->name;
	weir_config_init(&section->config, section->driver);
	if (weir_config_apply_ini(&section->config, section->driver, path, section->name, &sink,
	                          &err) == WEIR_OK)
		(void)!weir_config_check(&section->config, section->driver, &sink, &err);
	log->section = NULL;
}

bool config_file_read(struct config_file *file, const char *path,
                      const struct weir_driver *const *drivers, struct fault_log *log)
{
	const size_t before = log->count;
	FILE *in = fopen(path, "re");

	file->count = 0;
	file->list = calloc(FILE_SECTIONS_MAX + 1, sizeof(*file->list));
	log->file = path;
	if (in == NULL || file->list == NULL) {
		log->line = 0;
		fault_log_say(log, in == NULL ? "the file cannot be read" : "out of memory");
		if (in != NULL)
			(void)fclose(in);
		return false;
	}
	find_sections(file, in, log);
	(void)fclose(in);
	for (size_t i = 0; i < file->count; i++)
		read_section(&file->list[i], path, drivers, log);
	if (file->count == 0 && log->count == before)
		say(log, "no section can be read", "");
	log->file = NULL;
	return log->count == before;
}

void config_file_free(struct config_file *file)
{
	free(file->list);
	file->list = NULL;
	file->count = 0;
}
