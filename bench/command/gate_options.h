/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The command lines of `weir-bench gate` and `weir-bench compare`, which have most
 * of their options in common.
 */
#ifndef BENCH_GATE_OPTIONS_H
#define BENCH_GATE_OPTIONS_H

#include "gate_run.h"

#define BENCH_NOISE_FILES_MAX 16

enum bench_gate_command { BENCH_COMMAND_COMPARE = 1, BENCH_COMMAND_GATE = 2 };

struct bench_gate_options {
	struct bench_gate_plan plan;
	const char *files[2]; /* of compare: base, new */
	const char *json;     /* NULL: not written; also the next three */
	const char *markdown;
	const char *junit;
	const char *record;
	const char *noise[BENCH_NOISE_FILES_MAX]; /* to simulate on */
	size_t noise_count;
	unsigned long trials;           /* 0: no simulation */
	bool instructions;              /* count them */
	const char *base_callgrind_cmd; /* NULL: base_cmd */
	const char *new_callgrind_cmd;
	double instructions_effect;
	bool help;
};

/* Read the arguments that follow the command's name. false, with a message on
 * stderr, when something is wrong with them. */
bool bench_gate_options_read(struct bench_gate_options *options, enum bench_gate_command command,
                             int argc, char **argv);

/* "5%" or "0.05"; false if it is neither, or not between 0 and 1000 %. */
bool bench_percent_read(const char *text, double *share);

extern const char bench_gate_help[];
extern const char bench_compare_help[];

#endif
