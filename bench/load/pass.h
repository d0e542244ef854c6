/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A pass: threads that run one loop at the same time, and what they got done.
 *
 * Every measurement takes two. A throughput pass reads no clock inside the loop:
 * each thread counts on a cache line of its own, and the main thread reads all
 * counters at two moments of a run that began before the first and ends after
 * the second, so that neither starting nor stopping threads is measured. A wait
 * pass, of the same loop with clock readings around the wait, fills histograms.
 */
#ifndef BENCH_PASS_H
#define BENCH_PASS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <weir/error.h>

#include "aligned.h"
#include "bench_histogram.h"
#include "random.h"

/* Operations are counted by role; leases of the stub scenarios have only one. */
enum bench_role { BENCH_ROLE_READ = 0, BENCH_ROLE_WRITE = 1, BENCH_ROLES };
#define BENCH_ROLE_LEASE BENCH_ROLE_READ

enum bench_phase { BENCH_PHASE_WARM = 0, BENCH_PHASE_MEASURE = 1, BENCH_PHASE_STOP = 2 };

struct bench_pass;

struct bench_worker {
	/* Written by this thread, read by the main thread twice. */
	_Alignas(BENCH_CACHE_LINE) _Atomic uint64_t ops[BENCH_ROLES];
	_Atomic uint64_t timeouts;
	_Atomic uint64_t busy_errors;

	/* This thread's own. */
	_Alignas(BENCH_CACHE_LINE) struct bench_random random;
	struct bench_histogram *waits; /* [BENCH_ROLES]; NULL in a throughput pass */
	unsigned index;
	struct bench_pass *pass;
	void *context; /* of the load */
};

/* What to run. body returns soon after the phase has become STOP. */
struct bench_pass_spec {
	void (*body)(struct bench_worker *worker);
	void *context;
	unsigned threads;
	unsigned companions; /* of these, the last: they only keep the others company,
	                        and no share of theirs counts as fair or unfair */
	bool timed;          /* a wait pass */
	double seconds;
	uint64_t seed;
	/* Called on the main thread some ten times a second while it waits; may be
	 * NULL. */
	void (*tick)(void *tick_context);
	void *tick_context;
	/* Called with context on the main thread as the measured part begins and
	 * ends; may be NULL. */
	void (*window)(void *context, bool begins);
	/* Receives the waits of each role, [BENCH_ROLES]; may be NULL. */
	struct bench_histogram *merged;
};

struct bench_pass {
	_Alignas(BENCH_CACHE_LINE) _Atomic int phase;                  /* enum bench_phase */
	_Alignas(BENCH_CACHE_LINE) const struct bench_pass_spec *spec; /* constant from here on */
	struct bench_worker *workers;
};

struct bench_waits {
	double p50;
	double p99;
	double p999;
	double max;
};

/* What came of it. In a wait pass ops and so on are those with clock readings
 * in the loop: for the record only. */
struct bench_sample {
	double seconds;
	uint64_t ops[BENCH_ROLES];
	uint64_t slowest[BENCH_ROLES]; /* ops of the thread that got least, and most, done */
	uint64_t fastest[BENCH_ROLES];
	double fairness[BENCH_ROLES]; /* slowest over fastest; NAN: no ops */
	uint64_t timeouts;
	uint64_t busy_errors;
	double cpu_s;
	uint64_t ctx_switches;
	bool ctx_switches_unknown;
	struct bench_waits waits[BENCH_ROLES]; /* nanoseconds; NAN where nothing was timed */
	struct bench_waits waits_all;
};

enum bench_outcome {
	BENCH_DONE = 0,
	BENCH_FAILED = 1,
	BENCH_CANCELLED = 2,
	BENCH_DROPPED = 3, /* this contender can go on no longer; the others can */
};

/* How long a pass takes whose measured part is that long: it warms up first. */
double bench_pass_seconds(double seconds);

/* The quantiles of recorded waits; NAN if there are none. */
struct bench_waits bench_waits_of(const struct bench_histogram *histogram);

/* Run a pass. FAILED fills err; CANCELLED means that the user asked to stop. */
enum bench_outcome bench_pass_run(const struct bench_pass_spec *spec, struct bench_sample *sample,
                                  struct weir_error *err);

static inline int bench_phase(const struct bench_worker *worker)
{
	return atomic_load_explicit(&worker->pass->phase, memory_order_relaxed);
}

/* Only this thread writes the counter, so it needs no locked instruction. */
static inline void bench_count_many(_Atomic uint64_t *counter, uint64_t count)
{
	atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + count,
	                      memory_order_relaxed);
}

static inline void bench_count(_Atomic uint64_t *counter)
{
	bench_count_many(counter, 1);
}

/* A wait that is under way when the pass ends counts with the time it took:
 * dropping it would hide exactly the longest ones. */
static inline void bench_record_wait(struct bench_worker *worker, enum bench_role role, int64_t ns)
{
	if (bench_phase(worker) != BENCH_PHASE_WARM)
		bench_histogram_record(&worker->waits[role], ns);
}

#endif
