/* SPDX-License-Identifier: BSD-2-Clause
 *
 * See stress_flags.h.
 */
#include "stress_flags.h"

#include <inttypes.h>
#include <stdio.h>

const char *flags_exit_name(enum exit_code code)
{
	switch (code) {
	case EXIT_PASSED:
		return "passed";
	case EXIT_BROKEN:
		return "failed";
	case EXIT_INTERRUPTED:
		return "interrupted";
	default:
		return "cannot tell";
	}
}

void flags_json(json_t *object, const struct flags_figure *figures, size_t count)
{
	for (size_t i = 0; i < count; i++)
		(void)json_object_set_new(object, figures[i].name,
		                          json_integer((json_int_t)figures[i].value));
}

void flags_json_seed(json_t *object, uint64_t seed)
{
	char text[24];

	(void)snprintf(text, sizeof text, "%" PRIu64, seed);
	(void)json_object_set_new(object, "seed", json_string(text));
}

void flags_json_found(json_t *object, const struct book *book)
{
	const uint32_t known = book->complaints < BOOK_COMPLAINTS ? book->complaints : BOOK_COMPLAINTS;
	json_t *const found = json_array();

	for (uint32_t i = 0; i < known; i++)
		(void)json_array_append_new(found, json_string(book->complaint[i]));
	(void)json_object_set_new(object, "found", found);
}
