/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Whether a pool does what pool_under_test.h asks of it: a few checks, each on a
 * pool of its own, over connections that know who has them. They find the
 * mistakes that people make, in a second; they prove nothing.
 */
#ifndef BENCH_CONFORMANCE_H
#define BENCH_CONFORMANCE_H

#include <stddef.h>
#include <stdint.h>

#include "pool_under_test.h"

#define BENCH_CONFORMANCE_PROBLEM_MAX 400

enum bench_conformance_result {
	BENCH_CONFORMS = 0,
	BENCH_CONFORMS_NOT = 1,
	BENCH_CONFORMANCE_SKIPPED = 2, /* an ability that the pool does not claim */
	BENCH_CONFORMANCE_HANGS = 3,   /* the check's threads are still in the pool */
};

struct conformance_subject;

struct bench_conformance_check {
	const char *name;
	const char *doc;    /* what holds if it passes */
	unsigned abilities; /* of the pool, all of which it must claim */
	void (*run)(struct conformance_subject *subject);
};

const struct bench_conformance_check *bench_conformance_checks(size_t *count);

/* Run one check on a pool that has acquire and release. On NOT and HANGS problem
 * ([BENCH_CONFORMANCE_PROBLEM_MAX]) says what was seen. After a hang, which takes
 * patience_ns to be called one, only the end of the process ends the threads. */
enum bench_conformance_result bench_conformance_run(const struct pool_under_test *pool,
                                                    const struct bench_conformance_check *check,
                                                    int64_t patience_ns, char *problem);

#endif
