/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A build that can be made slower on purpose, so that the gate can be shown a
 * regression: configured with -DWEIR_BENCH_DELAY=ON, weir-bench reads the
 * environment variable WEIR_BENCH_DELAY, either "10%" or "150ns", and lengthens
 * every hold by that much. A share is of the processor time that the thread spends
 * on an operation, as it measures while it runs, and of every sleep.
 *
 * In any other build nothing of this is in the loops, and `weir-bench run` refuses
 * to start while the variable is set: whoever sets it counts on it.
 */
#ifndef BENCH_INJECTED_DELAY_H
#define BENCH_INJECTED_DELAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hold_spec.h"

struct bench_delay {
	uint64_t links;  /* of work to add to each operation */
	uint64_t ops;    /* since the clock was read */
	uint64_t window; /* after so many it is read again */
	int64_t cpu_ns;  /* what it said */
};

/* Read the variable; false, with a problem, if it is wrong or this build cannot. Call
 * before any thread is started. */
bool bench_delay_prepare(double links_per_us, char *problem, size_t problem_size);

/* Whether operations are to be slower; false in other builds. */
bool bench_delay_is_set(void);

/* Lengthen the sleeps of a hold. */
void bench_delay_stretch(struct bench_hold *hold);

#ifdef WEIR_BENCH_DELAY

struct bench_delay bench_delay_begin(void);

/* Once for each operation, while it holds its lease. */
void bench_delay_run(struct bench_delay *delay);

#else

static inline struct bench_delay bench_delay_begin(void)
{
	return (struct bench_delay){0};
}

static inline void bench_delay_run(struct bench_delay *delay)
{
	(void)delay;
}

#endif

#endif
