/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Which scenarios run, at which sizes, with what the command line changes of them.
 */
#ifndef BENCH_SELECTING_H
#define BENCH_SELECTING_H

#include "runner.h"

#define BENCH_THREADS_MAX 1024
#define BENCH_SECONDS_MAX 600.0

/* What was asked for; 0: as the scenario says. */
struct bench_asked {
	struct bench_run *run; /* receives the selections */
	unsigned long threads;
	unsigned long conns;
	double seconds;
	bool hold_given;
	struct bench_hold hold;
	bool seed_given;
	bool quick;
	bool peers;    /* without a name: those for peers */
	bool reshaped; /* set: a size that no target speaks of */
};

/* Select the scenarios of those names, or of those files, or all of a run; false,
 * with a message on stderr. */
bool bench_select(struct bench_asked *asked, char *const *names, int names_count);

#endif
