/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Text that grows, and lists that do.
 */
#ifndef WEIR_MIGRATE_TEXT_H
#define WEIR_MIGRATE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* = {0} is empty. bytes is NULL until something is added, then ended by NUL. */
struct weir__text {
	char *bytes;
	size_t length;
	size_t room;
	bool failed; /* no memory at some time: nothing is added any more */
};
void weir__text_add(struct weir__text *text, const char *bytes, size_t length);
void weir__text_put(struct weir__text *text, const char *string);
__attribute__((format(printf, 2, 3))) void weir__text_printf(struct weir__text *text,
                                                             const char *format, ...);
void weir__text_free(struct weir__text *text);

/* Make room for one more item of size bytes behind count of them; false: no memory. */
bool weir__grow(void **items, size_t size, size_t count, size_t *room);

#endif
