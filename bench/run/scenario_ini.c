/* SPDX-License-Identifier: BSD-2-Clause
 *
 * An INI file, line by line. See scenario_ini.h.
 */
#include "scenario_ini.h"

#include <assert.h>
#include <ini.h>
#include <string.h>

/* What libinih's buffer holds beside the end of line and of text. */
#define LINE_LENGTH_MAX 197
static_assert(LINE_LENGTH_MAX <= INI_MAX_LINE - 3, "libinih would cut the longest line");

struct ini_reading {
	const struct bench_ini_sink *sink;
	const char *at;
	const char *end;
	unsigned line;
	char header[LINE_LENGTH_MAX + 2]; /* the last one, as it was written */
	bool header_ends;                 /* a marker for it comes next */
	bool marker;                      /* a marker is what libinih has just been given */
	bool judged;                      /* the line needs no further verdict */
	bool indented;                    /* it may be more of the value above */
	bool continuable;                 /* the value above may go on */
};

/* libinih says nothing of a line that it does not understand until the end, and of
 * the first one only: a line that reached no handler is one. */
static void judge_last(struct ini_reading *reading)
{
	if (!reading->judged)
		bench_fault_add(reading->sink->faults, reading->line,
		                "neither [section], nor name = value, nor a comment");
	reading->judged = true;
}

static void copy_line(char *into, const char *from, size_t length)
{
	memcpy(into, from, length);
	into[length] = '\n';
	into[length + 1] = '\0';
}

/* Look at a line and put into text what libinih is to read in its place. */
static void take_line(struct ini_reading *reading, const char *from, size_t length, char *text)
{
	const char *start = from;

	while (length > 0 && (from[length - 1] == '\r' || from[length - 1] == ' '))
		length--;
	while (start < from + length && (*start == ' ' || *start == '\t'))
		start++;
	reading->indented = reading->continuable && start > from;
	if (length > LINE_LENGTH_MAX) {
		bench_fault_add(reading->sink->faults, reading->line,
		                "longer than %d bytes; doc and sql go on in indented lines below, and "
		                "long SQL can have a file of its own",
		                LINE_LENGTH_MAX);
		length = 0;
		start = from;
	}
	if (!reading->indented) {
		length -= (size_t)(start - from);
		from = start;
	}
	reading->judged = length == 0 || *start == ';' || *start == '#';
	if (length > 0 && *from == '[') {
		copy_line(reading->header, from, length);
		reading->header[length] = '\0';
		reading->header_ends = true;
		reading->judged = true;
		reading->continuable = false;
	}
	copy_line(text, from, length);
}

/*
 * libinih's source of lines, as fgets. Behind a header it gets a setting without
 * name and value: its handler is told nothing of sections, but of that one, and in
 * which section it is.
 */
static char *next_line(char *text, int size, void *stream)
{
	struct ini_reading *const reading = stream;
	const size_t left = (size_t)(reading->end - reading->at);
	const char *newline;
	size_t length;

	judge_last(reading);
	if (size < LINE_LENGTH_MAX + 3)
		return NULL;
	reading->marker = reading->header_ends;
	if (reading->marker) {
		reading->header_ends = false;
		return strcpy(text, "=\n");
	}
	if (left == 0)
		return NULL;
	reading->line++;
	newline = memchr(reading->at, '\n', left);
	length = newline != NULL ? (size_t)(newline - reading->at) : left;
	if (memchr(reading->at, '\0', length) != NULL) {
		bench_fault_add(reading->sink->faults, reading->line, "a NUL byte: this is no text file");
		reading->at = reading->end;
		return NULL;
	}
	take_line(reading, reading->at, length, text);
	reading->at += length + (newline != NULL);
	return text;
}

/* The header has to say what libinih understood: it cuts names, and takes a header
 * without an end for nothing at all. */
static void end_header(struct ini_reading *reading, const char *section)
{
	const size_t length = strlen(section);
	const char *const rest = reading->header + 1 + length + 1;

	if (strncmp(reading->header + 1, section, length) != 0 || rest[-1] != ']') {
		bench_fault_add(reading->sink->faults, reading->line,
		                "a section is written [name], with a name of at most 49 bytes");
		reading->sink->section(reading->sink->self, reading->line, NULL);
		return;
	}
	if (rest[strspn(rest, " \t")] != '\0' && strchr(";#", rest[strspn(rest, " \t")]) == NULL)
		bench_fault_add(reading->sink->faults, reading->line,
		                "\"%s\" behind the section's ] belongs to nothing", rest);
	reading->sink->section(reading->sink->self, reading->line, section);
}

static int take_setting(void *user, const char *section, const char *name, const char *value)
{
	struct ini_reading *const reading = user;
	const struct bench_ini_sink *const sink = reading->sink;

	if (reading->marker) {
		end_header(reading, section);
		return 1;
	}
	reading->judged = value != NULL && *name != '\0';
	if (!reading->judged)
		return 1;
	if (reading->indented)
		sink->more(sink->self, reading->line, value);
	else
		reading->continuable = sink->setting(sink->self, reading->line, name, value);
	return 1;
}

void bench_ini_read(const char *text, size_t length, const struct bench_ini_sink *sink)
{
	static const char mark[] = "\xEF\xBB\xBF"; /* what some editors begin files with */
	struct ini_reading reading = {.sink = sink, .at = text, .end = text + length, .judged = true};

	if (length >= strlen(mark) && memcmp(text, mark, strlen(mark)) == 0)
		reading.at += strlen(mark);
	(void)ini_parse_stream(next_line, &reading, take_setting, &reading);
	judge_last(&reading);
}
