/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The pools that are built in: weir, the baselines, and no pool at all. They are
 * called through the table that everybody's pool is called through
 * (pool_under_test.h), on connections that the same source opened, so that the
 * harness costs every side the same.
 *
 * A baseline is what a good engineer would write by hand for that idea: it
 * reads a clock only when it is about to wait, keeps words that different
 * threads write on different cache lines, and wakes nobody who is not there.
 */
#ifndef BENCH_VARIANT_H
#define BENCH_VARIANT_H

#include "pool_under_test.h"

#ifdef __cplusplus
extern "C" { /* weir-micro runs them too */
#endif

extern const struct pool_under_test bench_variant_weir;
extern const struct pool_under_test bench_variant_mutex_lifo;
extern const struct pool_under_test bench_variant_fifo_handoff;
extern const struct pool_under_test bench_variant_sem_cas;
extern const struct pool_under_test bench_variant_ck_ring;

/* For scenarios in which a pool has to grow or to heal. */
extern const struct pool_under_test bench_variant_mutex_grow;

/* Not a pool: each thread owns a connection. What is left is the load itself
 * and the harness, so it is the limit that no pool can pass. */
extern const struct pool_under_test bench_variant_none;

#ifdef __cplusplus
}
#endif

#endif
