/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The options that add pools. See pool_options.h.
 */
#include "pool_options.h"

#include <stdio.h>

#include "entrants.h"

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

bool bench_pool_options_apply(const struct bench_pool_options *options)
{
	for (unsigned i = 0; i < options->objects_count; i++)
		if (!bench_entrants_load(options->objects[i], BENCH_STANDING_USER))
			return false;
	return true;
}
