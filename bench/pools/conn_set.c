/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The connections behind a baseline. See conn_set.h.
 */
#include "conn_set.h"

#include <stdlib.h>
#include <string.h>

void *bench_alloc(size_t bytes)
{
	const size_t rounded = (bytes + BENCH_CACHE_LINE - 1) / BENCH_CACHE_LINE * BENCH_CACHE_LINE;
	void *memory = aligned_alloc(BENCH_CACHE_LINE, rounded);

	if (memory != NULL)
		memset(memory, 0, rounded);
	return memory;
}

enum weir_code bench_alloc_pool(void **memory, size_t bytes, struct weir_error *err)
{
	*memory = bench_alloc(bytes);
	if (*memory == NULL)
		return weir_fail(err, WEIR_ERR_NO_MEMORY, "bench.create", 0, "no memory for a pool");
	return WEIR_OK;
}

enum weir_code bench_conn_set_open(struct bench_conn_set *set, const struct bench_setup *setup,
                                   unsigned count, struct weir_error *err)
{
	set->driver = setup->driver;
	set->count = 0;
	set->conns = bench_alloc(count * sizeof(*set->conns));
	if (set->conns == NULL)
		return weir_fail(err, WEIR_ERR_NO_MEMORY, "bench.open", 0, "no memory for %u connections",
		                 count);
	for (unsigned i = 0; i < count; i++) {
		const struct weir_open_request request = {
			.size = sizeof(request),
			.slot = i,
			.config = setup->config,
			.deadline = weir_deadline_in(setup->config->open_timeout),
		};
		const enum weir_code code = setup->driver->open(&request, &set->conns[i], err);

		if (code != WEIR_OK) {
			bench_conn_set_close(set);
			return code;
		}
		set->count++;
	}
	return WEIR_OK;
}

void bench_conn_set_close(struct bench_conn_set *set)
{
	for (unsigned i = 0; i < set->count; i++)
		set->driver->close(set->conns[i]);
	free(set->conns);
	*set = (struct bench_conn_set){0};
}
