/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The connections behind a baseline, opened by the driver that weir uses too.
 */
#ifndef BENCH_CONN_SET_H
#define BENCH_CONN_SET_H

#include "variant.h"

struct bench_conn_set {
	const struct weir_driver *driver;
	unsigned count;
	void **conns;
};

/* Open count connections; on failure nothing stays open. */
enum weir_code bench_conn_set_open(struct bench_conn_set *set, const struct bench_setup *setup,
                                   unsigned count, struct weir_error *err);

/* Close them. A zeroed set is accepted. */
void bench_conn_set_close(struct bench_conn_set *set);

/* Zeroed memory aligned to a cache line, or NULL; free() takes it back. */
void *bench_alloc(size_t bytes);

/* The same, for a pool that could not be made without it: fills err. */
enum weir_code bench_alloc_pool(void **memory, size_t bytes, struct weir_error *err);

#endif
