/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The connections behind a baseline. See conn_set.h.
 */
#include "conn_set.h"

#include <stdio.h>
#include <stdlib.h>

#include "monotonic.h"

int bench_alloc_pool(void **memory, size_t bytes, char *problem, size_t problem_size)
{
	*memory = bench_alloc(bytes);
	if (*memory != NULL)
		return 0;
	(void)snprintf(problem, problem_size, "no memory for a pool");
	return -1;
}

int bench_conn_set_open(struct bench_conn_set *set, const struct pool_setup *setup, unsigned count,
                        char *problem, size_t problem_size)
{
	set->source = setup->source;
	set->count = 0;
	set->conns = bench_alloc(count * sizeof(*set->conns));
	if (set->conns == NULL) {
		(void)snprintf(problem, problem_size, "no memory for %u connections", count);
		return -1;
	}
	for (unsigned i = 0; i < count; i++) {
		const int64_t deadline_ns = bench_now() + setup->open_timeout_ns;

		if (set->source->open(set->source->self, deadline_ns, &set->conns[i]) != 0) {
			(void)snprintf(problem, problem_size, "connection %u of %u did not open", i + 1, count);
			bench_conn_set_close(set);
			return -1;
		}
		set->count++;
	}
	return 0;
}

void bench_conn_set_close(struct bench_conn_set *set)
{
	for (unsigned i = 0; i < set->count; i++)
		set->source->close(set->conns[i]);
	free(set->conns);
	*set = (struct bench_conn_set){0};
}
