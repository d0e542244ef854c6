/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The connections behind a baseline, opened by the source that weir uses too.
 */
#ifndef BENCH_CONN_SET_H
#define BENCH_CONN_SET_H

#include "aligned.h"
#include "pool_under_test.h"

struct bench_conn_set {
	const struct pool_source *source;
	unsigned count;
	void **conns;
};

/* Open count connections. 0; else nothing stays open, and problem says why. */
int bench_conn_set_open(struct bench_conn_set *set, const struct pool_setup *setup, unsigned count,
                        char *problem, size_t problem_size);

/* Close them. A zeroed set is accepted. */
void bench_conn_set_close(struct bench_conn_set *set);

/* bench_alloc for a pool that could not be made without it: 0, or problem says
 * so. */
int bench_alloc_pool(void **memory, size_t bytes, char *problem, size_t problem_size);

#endif
