/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The monotonic clock in the forms that the harness and the baselines need.
 */
#ifndef BENCH_MONOTONIC_H
#define BENCH_MONOTONIC_H

#include <pthread.h>
#include <stdint.h>
#include <time.h>

#define BENCH_NS_PER_S INT64_C(1000000000)

static inline int64_t bench_now(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * BENCH_NS_PER_S + now.tv_nsec;
}

static inline struct timespec bench_timespec(int64_t ns)
{
	return (struct timespec){
		.tv_sec = (time_t)(ns / BENCH_NS_PER_S),
		.tv_nsec = (long)(ns % BENCH_NS_PER_S),
	};
}

static inline struct timespec bench_deadline_in(int64_t timeout_ns)
{
	return bench_timespec(bench_now() + timeout_ns);
}

/* A condition variable whose deadlines are on the monotonic clock: a step of
 * the wall clock must not end or stretch a wait. */
static inline void bench_cond_init(pthread_cond_t *cond)
{
	pthread_condattr_t attr;

	(void)pthread_condattr_init(&attr);
	(void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	(void)pthread_cond_init(cond, &attr);
	(void)pthread_condattr_destroy(&attr);
}

#endif
