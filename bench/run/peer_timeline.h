/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Phases in a child: the order `timeline`, for peers that claim to grow.
 */
#ifndef BENCH_PEER_TIMELINE_H
#define BENCH_PEER_TIMELINE_H

#include "peer_child.h"
#include "timeline.h"

/* When operations are due: as soon as the last is over; one of each thread at the
 * phase's beginning; evenly spaced; or at random, with the rate as their mean. */
enum bench_peer_arrival {
	BENCH_PEER_CLOSED = 0,
	BENCH_PEER_ONCE = 1,
	BENCH_PEER_EVEN = 2,
	BENCH_PEER_POISSON = 3,
};

struct bench_peer_phase {
	const char *name;
	int64_t ns;
	bool down; /* the server is */
	enum bench_peer_arrival arrival;
	double rate; /* operations a second of each thread; EVEN and POISSON */
};

struct bench_peer_plan {
	struct bench_peer_setup setup;
	int64_t sample_ns;
	uint64_t seed;
	unsigned phases_count; /* at most BENCH_TIMELINE_PHASES_MAX */
	const struct bench_peer_phase *phases;
};

/* Open, run the phases, close. On DONE timeline has samples to free, and merged the
 * waits of all phases (it may be NULL); else nothing of timeline is set. DROPPED,
 * with err, as bench_peer_child_run. */
enum bench_outcome bench_peer_child_timeline(struct bench_peer_child *child,
                                             const struct bench_peer_plan *plan,
                                             const struct bench_peer_tick *tick,
                                             struct bench_timeline *timeline,
                                             struct bench_histogram *merged,
                                             struct weir_error *err);

#endif
