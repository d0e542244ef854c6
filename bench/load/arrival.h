/* SPDX-License-Identifier: BSD-2-Clause
 *
 * When callers begin their operations.
 *
 *   closed          the next one as soon as the last has ended
 *   every:1ms       the same, but no sooner than 1 ms after the last began
 *   steady:500/s    so many a second, evenly spaced, all threads of a role together
 *   poisson:500/s   so many a second on average, as independent callers come
 *   once            one for each thread, at the beginning of each phase
 *
 * steady, poisson and once are open loops: an operation is due whether or not the
 * one before it has ended, and its wait begins when it was due. Measured from when
 * its thread got round to it, a pool that stalls would look better the longer it
 * stalls, because nothing would be asked of it meanwhile.
 */
#ifndef BENCH_ARRIVAL_H
#define BENCH_ARRIVAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "random.h"

enum bench_arrival_kind {
	BENCH_ARRIVAL_CLOSED = 0,
	BENCH_ARRIVAL_EVERY,
	BENCH_ARRIVAL_STEADY,
	BENCH_ARRIVAL_POISSON,
	BENCH_ARRIVAL_ONCE,
};

#define BENCH_ARRIVAL_TEXT_MAX 32

struct bench_arrival {
	enum bench_arrival_kind kind;
	double per_s;   /* STEADY, POISSON: of all threads of the role */
	int64_t gap_ns; /* EVERY */
	char text[BENCH_ARRIVAL_TEXT_MAX];
};

/* Read text; on failure *arrival is untouched and problem says what is allowed. */
bool bench_arrival_parse(struct bench_arrival *arrival, const char *text, char *problem,
                         size_t problem_size);

/* Whether operations are due at times of their own. */
bool bench_arrival_open(const struct bench_arrival *arrival);

/*
 * The due times of one thread in one stretch of time, during which the rate goes
 * from one factor to another in a straight line.
 */
struct bench_dues {
	enum bench_arrival_kind kind; /* STEADY or POISSON */
	struct bench_random random;
	int64_t begin_ns;
	double length_s;
	double from_per_s; /* this thread's, at the beginning and at the end */
	double to_per_s;
	double sum; /* operations, by the rate, from the beginning to the next one due */
};

/* The first due time is behind begin_ns. index of count: threads of a steady role
 * take turns. */
void bench_dues_begin(struct bench_dues *dues, const struct bench_arrival *arrival,
                      struct bench_random random, unsigned index, unsigned count);

/* The next due time, or INT64_MAX if there is none in this stretch. */
int64_t bench_dues_next(struct bench_dues *dues);

#endif
