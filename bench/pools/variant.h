/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A variant: one way to share a fixed set of connections, weir's or a baseline's.
 *
 * All of them hand out connections that the same driver opened, are called
 * through the same table, and fill the same struct weir_lease (baselines use
 * conn and slot only), so that the harness costs every side the same.
 *
 * A baseline is what a good engineer would write by hand for that idea: it
 * reads a clock only when it is about to wait, keeps words that different
 * threads write on different cache lines, and wakes nobody who is not there.
 */
#ifndef BENCH_VARIANT_H
#define BENCH_VARIANT_H

#include <weir/base.h>
#include <weir/driver.h>
#include <weir/error.h>
#include <weir/lease.h>

#define BENCH_CACHE_LINE 64

/* What a pool is made for. driver and config outlive the pool. */
struct bench_setup {
	const struct weir_driver *driver;
	const struct weir_config *config; /* max_size, acquire_timeout, path, … */
	unsigned threads;                 /* callers, numbered from 0 */
	unsigned conns;
};

struct bench_variant {
	const char *name;
	const char *doc; /* one line, for `weir-bench list` */

	/* Make a pool with every connection open. *pool is NULL on failure. */
	enum weir_code (*create)(void **pool, const struct bench_setup *setup, struct weir_error *err);

	/* Close the connections. Nobody uses the pool. NULL is accepted. */
	void (*destroy)(void *pool);

	/* Acquire for thread number thread, waiting acquire_timeout at most; false
	 * when that passes. */
	bool (*acquire)(void *pool, unsigned thread, struct weir_lease *lease);

	/* Return a lease, acquired by this thread or another. */
	void (*release)(void *pool, unsigned thread, struct weir_lease *lease);
};

#ifdef __cplusplus
extern "C" { /* weir-micro runs them too */
#endif

extern const struct bench_variant bench_variant_weir;
extern const struct bench_variant bench_variant_mutex_lifo;
extern const struct bench_variant bench_variant_fifo_handoff;
extern const struct bench_variant bench_variant_sem_cas;
extern const struct bench_variant bench_variant_ck_ring;

/* Not a pool: each thread owns a connection. What is left is the load itself
 * and the harness, so it is the limit that no pool can pass. */
extern const struct bench_variant bench_variant_none;

#ifdef __cplusplus
}
#endif

#endif
