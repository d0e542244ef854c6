/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The command line of `weir-bench run`.
 */
#ifndef BENCH_OPTIONS_H
#define BENCH_OPTIONS_H

#include <stdbool.h>

#include "outputs.h"
#include "pool_options.h"
#include "runner.h"

#define BENCH_COMMAND_MAX 512

struct bench_options {
	struct bench_run run;
	struct bench_output_paths paths; /* NULL in it: as the kind of run says */
	struct bench_pool_options pools;
	bool quick;
	bool full;    /* every scenario, or every one for peers; nothing changed */
	bool as_made; /* threads, connections and holds are the scenarios' own */
	bool short_;  /* too few or too short repetitions to decide anything */
	bool help;
	char command[BENCH_COMMAND_MAX]; /* how to do it again; no paths in it */
};

/* Read the arguments that follow "run". false, with a message on stderr, when
 * something is wrong with them. */
bool bench_options_read(struct bench_options *options, int argc, char **argv);

/* The help text of "run". */
extern const char bench_options_help[];

#endif
