/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What the commands that audit a file have in common: figures as JSON.
 */
#ifndef STRESS_FLAGS_H
#define STRESS_FLAGS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "stress_command.h"
#include "stress_fault_book.h"

const char *flags_exit_name(enum exit_code code);

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
