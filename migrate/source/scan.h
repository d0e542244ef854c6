/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What the formats share: lines and markers of a script, and what is made of them.
 */
#ifndef WEIR_MIGRATE_SCAN_H
#define WEIR_MIGRATE_SCAN_H

#include "set.h"

/* A line of a text. It ends at LF; a CR before that belongs to the end. */
struct weir__line {
	const char *bytes; /* of the text: not ended by NUL */
	size_t length;     /* without its end */
	size_t begin;      /* where it is in the text */
	size_t next;       /* where the line after it is */
	uint32_t number;   /* from 1 */
};

/* = {0} is before the first. False: there is no other. */
bool weir__line_next(const char *text, size_t length, struct weir__line *line);

/* Space, or one of the control characters that count as such. */
bool weir__is_space(char byte);

/* Whether there is nothing but white space. */
bool weir__is_blank(const char *text, size_t length);

/* Whether line is blank, or a comment of its own. */
bool weir__is_remark(const struct weir__line *line);

/* How many digits text begins with. */
size_t weir__digits(const char *text);

bool weir__ends_with(const char *text, const char *end);

/* Words between white space. False: there is no other. */
struct weir__word {
	const char *bytes;
	size_t length;
};
bool weir__word_next(const char **rest, const char *end, struct weir__word *word);

/* What follows mark ("weir:") on a line that is `--`, white space or none, and mark;
 * NULL: it is another line. indented: white space stands before it; NULL: then it is
 * another line. */
const char *weir__marker(const struct weir__line *line, const char *mark, bool *indented);

/* MIGRATE_SOURCE at a line of file; 0: of all of it. */
__attribute__((format(printf, 4, 5))) enum weir_code weir__source_fault(
	const struct weir__file *file, uint32_t line, struct weir_error *err, const char *format, ...);

/* NO_MEMORY. */
enum weir_code weir__no_memory(struct weir_error *err);

/* Set a version, without leading zeros if number; false: it is too long. */
bool weir__take_version(struct weir__migration *migration, const char *digits, size_t length,
                        bool number);

/* Set a name; of one that is too long the beginning is taken, by whole characters. */
void weir__take_name(struct weir__migration *migration, const char *name, size_t length);

/* Copy bytes begin to end of file, which begin on line, to step. False: no memory. */
bool weir__take_section(struct weir__step *step, const struct weir__file *file, size_t begin,
                        size_t end, uint32_t line);

/* A migration in the place of a file without text: both directions do nothing. */
bool weir__take_nothing(struct weir__migration *migration, const struct weir__file *file);

/* Whether a tag can be told from a version and a number of steps. */
bool weir__tag_fits(const char *tag, size_t length);
#define WEIR__TAG_RULE                                                                             \
	"a tag begins with a letter; letters, digits, '.', '-' and '_' follow, 63 bytes at most"

/* The line of the first byte that is no UTF-8, or is NUL; 0: there is none. */
uint32_t weir__bad_text_line(const char *text, size_t length);

/* NULL: there is none (folder.c). */
const struct weir__format *weir__format_of(enum weir_migrate_format format);

/* Name and text of a file to be made, for blank; false: no memory. */
__attribute__((format(printf, 3, 4))) bool weir__file_make(struct weir__file *file,
                                                           const char *text, const char *name, ...);
void weir__file_free(struct weir__file *file);

#endif
