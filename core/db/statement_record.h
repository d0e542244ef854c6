/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The distinct texts of the statements that were prepared on a db: what a program asks
 * of it, for whoever is about to change its schema.
 *
 * It is full after capacity of them, and from then on costs one load. Texts are added and
 * never taken away, so that those which are counted can be read without the lock.
 */
#ifndef WEIR_CORE_STATEMENT_RECORD_H
#define WEIR_CORE_STATEMENT_RECORD_H

#include <stddef.h>
#include <stdint.h>

/* Longer texts are put together by a program, with the values in them. */
#define WEIR__RECORD_TEXT_MAX ((size_t)4 << 10)

struct weir__record;

/* NULL: no memory. capacity is above 0. */
struct weir__record *weir__record_make(uint32_t capacity);
void weir__record_free(struct weir__record *record); /* NULL is accepted */

/* Add a text, unless it is there, too long, or one too many; without memory it is not
 * added. Any thread; record may be NULL. */
void weir__record_add(struct weir__record *record, const char *text, size_t length);

/* How many there are, and each of those: it stays as long as record. Any thread. */
uint32_t weir__record_count(struct weir__record *record);
const char *weir__record_at(const struct weir__record *record, uint32_t index);

#endif
