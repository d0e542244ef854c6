/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The gate's own error rates: its whole decision procedure on pairs drawn from
 * recorded noise.
 *
 * Drawn are blocks of neighbouring pairs, all figures together, so that drift,
 * autocorrelation and what figures have in common stay in. A block is turned
 * around (base for new) with chance 1/2: of one build it cannot matter which run
 * was called which, and so nothing differs but what is planted.
 */
#ifndef BENCH_SIMULATE_H
#define BENCH_SIMULATE_H

#include "verdict.h"

struct bench_trials {
	unsigned count;
	double slowdown; /* 0.1: one scenario, chosen by lot, is 10 % worse */
	uint64_t seed;
};

struct bench_error_rates {
	unsigned trials;
	unsigned passed;
	unsigned regressions;
	unsigned misnamed; /* of them: none is of the scenario that is worse */
	unsigned unsure;
	double pairs;   /* that a trial took, on average */
	bool cancelled; /* SIGINT or SIGTERM came before the end; the counts are too low */
};

/* false without memory. Stops at signals that bench_cancel_prepare holds back. */
bool bench_simulate(const struct bench_rules *rules, const struct bench_pairs *noise,
                    const struct bench_trials *trials, struct bench_error_rates *rates);

#endif
