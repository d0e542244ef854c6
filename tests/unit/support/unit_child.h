/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Work in a forked child: for what must abort, and for what a fork changes. The
 * child may not assert; it leaves its findings in shared memory.
 */
#ifndef WEIR_UNIT_CHILD_H
#define WEIR_UNIT_CHILD_H

#include <stdbool.h>
#include <stddef.h>

/* Memory that a child shares with its parent, zeroed; NULL without memory. */
void *unit_shared(size_t bytes);
void unit_shared_free(void *memory, size_t bytes);

/* Run body in a child; true if it came to its end. */
bool unit_child_ends(void (*body)(void *argument), void *argument);

/* Run body in a child that says nothing; true if it aborted. */
bool unit_child_aborts(void (*body)(void *argument), void *argument);

#endif
