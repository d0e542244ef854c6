/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What a run ran on: figures without it mean nothing. No path and no host name
 * is among it, so that a report can be published as it is.
 */
#ifndef BENCH_MACHINE_H
#define BENCH_MACHINE_H

#include <stdbool.h>
#include <stdint.h>

#define BENCH_TEXT_MAX 128

struct bench_machine {
	char cpu[BENCH_TEXT_MAX];
	char arch[BENCH_TEXT_MAX];
	unsigned processors; /* that this process may use */
	double memory_gib;
	char kernel[BENCH_TEXT_MAX];
	char governor[BENCH_TEXT_MAX];    /* "none": the system does not say */
	char idle_driver[BENCH_TEXT_MAX]; /* the same */
	bool virtual_machine;
	double load_before; /* runnable threads of others, averaged over the last minute */

	char compiler[BENCH_TEXT_MAX];
	const char *build; /* "optimised", "not optimised" or "sanitizer" */
	char libc[BENCH_TEXT_MAX];
	char commit[BENCH_TEXT_MAX]; /* of the source tree around; "-dirty" if changed; "unknown" */
	char date[32];               /* UTC, YYYY-MM-DD */
	char time[32];               /* UTC, HH:MM:SS */
};

void bench_machine_read(struct bench_machine *machine);

/* How many processors this process may use. */
unsigned bench_processors(void);

#endif
