/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Another project's pool in a process of its own: a program that runs the passes
 * itself and says what came of them, in JSON, an object a line. One process serves
 * a whole run, so that a just-in-time compiler stays warm. What is said is listed in
 * docs/reference/benchmarks.md.
 */
#ifndef BENCH_PEER_CHILD_H
#define BENCH_PEER_CHILD_H

#include "field.h"
#include "peer_reply.h"

struct bench_peer_child;

/* How long it may take to answer, beyond what it was asked to do. */
#define BENCH_PEER_PATIENCE_NS INT64_C(15000000000)

/* Start program and hear its greeting. NULL: problem says why not; "" if the user
 * asked to stop. */
struct bench_peer_child *bench_peer_child_start(const char *program, int64_t patience_ns,
                                                char *problem, size_t problem_size);

/* End it and forget it. NULL is accepted. */
void bench_peer_child_end(struct bench_peer_child *child);

const struct bench_peer_hello *bench_peer_child_hello(const struct bench_peer_child *child);

/* One line: its version, its runtime, and that it is a process. */
const char *bench_peer_child_doc(const struct bench_peer_child *child);

/* What a pool in it is made for; the rest is in the selection. */
struct bench_peer_limits {
	int64_t acquire_timeout_ns;
	int64_t open_timeout_ns;
};

/*
 * One repetition, as a field's run: open, both passes, close. A selection that it
 * has not run yet warms up as long as its greeting says. DROPPED, with err: it
 * died, hangs, or talks nonsense; it has been ended, and is DROPPED from then on.
 */
enum bench_outcome bench_peer_child_run(struct bench_peer_child *child,
                                        const struct bench_rep_spec *spec,
                                        const struct bench_peer_limits *limits,
                                        struct bench_rep *rep, struct weir_error *err);

#endif
