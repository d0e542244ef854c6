/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Memory whose parts different threads write: on cache lines of its own.
 */
#ifndef BENCH_ALIGNED_H
#define BENCH_ALIGNED_H

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define BENCH_CACHE_LINE 64

/* Zeroed memory aligned to a cache line, or NULL; free() takes it back. */
static inline void *bench_alloc(size_t bytes)
{
	const size_t rounded = (bytes + BENCH_CACHE_LINE - 1) / BENCH_CACHE_LINE * BENCH_CACHE_LINE;
	void *memory = aligned_alloc(BENCH_CACHE_LINE, rounded);

	if (memory != NULL)
		memset(memory, 0, rounded);
	return memory;
}

#endif
