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

/*
 * One repetition, as a field's run: open, both passes, close. A selection that it
 * has not run yet warms up as long as its greeting says. DROPPED, with err: it
 * died, hangs, or talks nonsense; it has been ended, and is DROPPED from then on.
 */
enum bench_outcome bench_peer_child_run(struct bench_peer_child *child,
                                        const struct bench_rep_spec *spec,
                                        int64_t acquire_timeout_ns, int64_t open_timeout_ns,
                                        struct bench_rep *rep, struct weir_error *err);

/* ---- order by order, for what is no repetition of two passes ---- */

/* What a pool in it is made for. */
struct bench_peer_setup {
	unsigned threads;
	unsigned conns_min;
	unsigned conns_max;
	int64_t acquire_timeout_ns;
	int64_t open_timeout_ns;
	int64_t open_ns; /* that an open takes */
	int64_t ping_ns;
	const struct bench_hold *hold;
};

/* Called some ten times a second while it works; call may be NULL. */
struct bench_peer_tick {
	void (*call)(void *context);
	void *context;
};

/* DROPPED: bench_peer_child_drop says why, and has to be called. */
enum bench_outcome bench_peer_child_open(struct bench_peer_child *child,
                                         const struct bench_peer_setup *setup,
                                         const struct bench_peer_tick *tick);
enum bench_outcome bench_peer_child_close(struct bench_peer_child *child,
                                          const struct bench_peer_tick *tick);

/* Give an order, which is taken over, and hear its reply to what may take so many
 * seconds. NULL: outcome says what happened. */
json_t *bench_peer_child_ask(struct bench_peer_child *child, json_t *order, double seconds,
                             const struct bench_peer_tick *tick, enum bench_outcome *outcome);

/* End it; it is out from then on, for that problem, or the one that an order met with
 * (NULL). Returns DROPPED, with err. */
enum bench_outcome bench_peer_child_drop(struct bench_peer_child *child, const char *problem,
                                         struct weir_error *err);

#endif
