/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What a caller does while it holds a lease: the --hold of weir-bench.
 *
 *   none                             nothing
 *   work:2us                         processor work
 *   sleep:200us                      sleep, as a caller that waits for a server
 *   mix:95%work:1us,5%sleep:1ms      one of them, drawn for each lease
 *
 * Durations take ns, us, ms or s; the shares of a mix add up to 100 %.
 */
#ifndef BENCH_HOLD_SPEC_H
#define BENCH_HOLD_SPEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "random.h"

#define BENCH_HOLD_PARTS_MAX 8
#define BENCH_HOLD_TEXT_MAX 128

enum bench_hold_kind { BENCH_HOLD_WORK = 0, BENCH_HOLD_SLEEP = 1 };

struct bench_hold_part {
	enum bench_hold_kind kind;
	uint32_t below; /* drawn when the draw is below this (and no earlier part was) */
	int64_t ns;
	uint64_t links; /* WORK: length of the chain; bench_hold_calibrate sets it */
};

struct bench_hold {
	unsigned parts_count; /* 0: hold nothing */
	struct bench_hold_part parts[BENCH_HOLD_PARTS_MAX];
	char text[BENCH_HOLD_TEXT_MAX]; /* as it was written */
};

/* Read text; on failure *hold is untouched and problem says what is wrong. */
bool bench_hold_parse(struct bench_hold *hold, const char *text, char *problem,
                      size_t problem_size);

/* Turn durations of work into lengths of the chain. */
void bench_hold_calibrate(struct bench_hold *hold, double links_per_us);

/* Whether callers leave the processor while they hold a lease. */
bool bench_hold_sleeps(const struct bench_hold *hold);

/* Carry one part out. */
void bench_hold_part_run(const struct bench_hold_part *part);

/* The part that the next lease holds; there must be one. A single part draws
 * nothing: the draw would be part of the cost. */
static inline const struct bench_hold_part *bench_hold_draw(const struct bench_hold *hold,
                                                            struct bench_random *random)
{
	const struct bench_hold_part *part = hold->parts;

	if (hold->parts_count > 1) {
		const uint32_t draw = bench_random_u32(random);

		while (draw >= part->below && part < &hold->parts[hold->parts_count - 1])
			part++;
	}
	return part;
}

/* Hold once. */
static inline void bench_hold_run(const struct bench_hold *hold, struct bench_random *random)
{
	if (hold->parts_count > 0)
		bench_hold_part_run(bench_hold_draw(hold, random));
}

#endif
