/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What the commands that audit a file have in common: values of options, exit
 * codes, figures as JSON.
 */
#ifndef STRESS_FLAGS_H
#define STRESS_FLAGS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "stress_fault_book.h"

enum flags_exit {
	FLAGS_PASSED = 0,
	FLAGS_BROKEN = 1,
	FLAGS_USAGE = 2,
	FLAGS_CANNOT_TELL = 3,
	FLAGS_INTERRUPTED = 8,
};

/* A command: argv[0] is what messages begin with; returns the exit code. */
typedef int (*flags_command)(int argc, char **argv);

/* NULL: not one of these. */
flags_command flags_find_command(const char *name);

const char *flags_exit_name(enum flags_exit code);

/* Say what a value must be; always false. */
bool flags_complain(const char *flag, const char *value, const char *allowed);

/* Read a whole number; false, and said why, if it is none from min to max. */
bool flags_number(const char *flag, const char *value, uint64_t min, uint64_t max,
                  uint64_t *number);

struct flags_figure {
	const char *name;
	uint64_t value;
};

void flags_json(json_t *object, const struct flags_figure *figures, size_t count);

/* The seed is a text: not every reader of JSON keeps 64 bits of a number. */
void flags_json_seed(json_t *object, uint64_t seed);

/* What the book found wrong. */
void flags_json_found(json_t *object, const struct book *book);

#endif
