/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The options that add pools. See pool_options.h.
 */
#include "pool_options.h"

#include <stdio.h>

#include "entrants.h"
#include "peers.h"

bool bench_pool_options_add(struct bench_pool_options *options, const char *path)
{
	if (options->objects_count < BENCH_POOL_OBJECTS_MAX) {
		options->objects[options->objects_count++] = path;
		return true;
	}
	(void)fprintf(stderr, "weir-bench: --pool-so \"%s\": at most %d pools at a time\n", path,
	              BENCH_POOL_OBJECTS_MAX);
	return false;
}

bool bench_pool_options_apply(struct bench_pool_options *options)
{
	char problem[1024];

	for (unsigned i = 0; i < options->objects_count; i++) {
		const char *const path = options->objects[i];

		if (bench_entrants_load(path, BENCH_STANDING_USER, problem, sizeof(problem)))
			continue;
		(void)fprintf(stderr, "weir-bench: \"%s\": %s\n", path, problem);
		return false;
	}
	return !options->peers || bench_peers_add(options->peers_dir, &options->notes);
}
