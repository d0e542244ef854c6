/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The options that add pools: --pool-so, of every command that has it.
 */
#ifndef BENCH_POOL_OPTIONS_H
#define BENCH_POOL_OPTIONS_H

#include <stdbool.h>

#define BENCH_POOL_OBJECTS_MAX 8

struct bench_pool_options {
	unsigned objects_count;
	const char *objects[BENCH_POOL_OBJECTS_MAX]; /* paths, by --pool-so */
};

/* Take a --pool-so; false, with a message on stderr, if it is one too many. */
bool bench_pool_options_add(struct bench_pool_options *options, const char *path);

/* Add the pools (entrants.h), once all options are read; false, with a message,
 * if one is no good. */
bool bench_pool_options_apply(const struct bench_pool_options *options);

#endif
