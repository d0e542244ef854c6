/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The loads of the stub scenarios: what the threads of a pass do to a pool.
 */
#ifndef BENCH_LOAD_H
#define BENCH_LOAD_H

#include "hold_spec.h"
#include "pass.h"
#include "pool_under_test.h"

/* One pool under load, made by its create. */
struct bench_load {
	const struct pool_under_test *variant;
	void *pool;
	const struct bench_hold *hold;
	unsigned conns;
	struct bench_pass_spec pass; /* but for body and context, which the load sets */
};

/* Every thread acquires, holds and releases, in a loop. */
enum bench_outcome bench_load_leases(const struct bench_load *load, struct bench_sample *sample,
                                     struct weir_error *err);

/*
 * All slots are leased; one thread returns a lease chosen at random, then
 * another acquires it, and so on in strict turns. An operation is one such
 * step. It shows what finding the one idle slot among many costs.
 */
enum bench_outcome bench_load_sparse(const struct bench_load *load, struct bench_sample *sample,
                                     struct weir_error *err);

#endif
