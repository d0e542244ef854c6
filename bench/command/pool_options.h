/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The options that add pools: --pool-so, --peers and --peers-dir, of every command
 * that has them.
 */
#ifndef BENCH_POOL_OPTIONS_H
#define BENCH_POOL_OPTIONS_H

#include <stdbool.h>

#include "peer_notes.h"

#define BENCH_POOL_OBJECTS_MAX 8

struct bench_pool_options {
	unsigned objects_count;
	const char *objects[BENCH_POOL_OBJECTS_MAX]; /* paths, by --pool-so */
	bool peers;                                  /* --peers */
	const char *peers_dir;                       /* NULL: where the build puts them */
	struct bench_peer_notes notes;               /* who is missing among them */
};

/* Take a --pool-so; false, with a message on stderr, if it is one too many. */
bool bench_pool_options_add(struct bench_pool_options *options, const char *path);

/* Add the pools (entrants.h), once all options are read; false, with a message,
 * if one is no good. */
bool bench_pool_options_apply(struct bench_pool_options *options);

#endif
