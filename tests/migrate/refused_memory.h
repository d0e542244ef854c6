/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Memory that is refused: the linker puts the allocators of refused_memory.c in the place
 * of the real ones (--wrap, tests/migrate/CMakeLists.txt).
 */
#ifndef WEIR_TESTS_REFUSED_MEMORY_H
#define WEIR_TESTS_REFUSED_MEMORY_H

#include <stddef.h>

/* Allocations of this thread until one fails, which sets it to 0; 0: none fails. */
extern _Thread_local size_t until_failure;

#endif
