/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Where gate and compare write their verdict, and what they exit with.
 */
#ifndef BENCH_GATE_OUTPUT_H
#define BENCH_GATE_OUTPUT_H

#include "gate_options.h"
#include "gate_report.h"
#include "output_file.h"

struct bench_gate_output {
	struct bench_output_file json;
	struct bench_output_file markdown;
	struct bench_output_file junit;
	struct bench_output_file record;
};

/* Open what the options name; false, with a message, if something cannot be. */
bool bench_gate_output_open(struct bench_gate_output *output,
                            const struct bench_gate_options *options);

/* Write the verdict everywhere; the exit code. */
int bench_gate_output_write(struct bench_gate_output *output,
                            const struct bench_gate_report *report);

/* Forget what has not been written. */
void bench_gate_output_abandon(struct bench_gate_output *output);

/* `weir-bench gate --simulate`; the exit code. */
int bench_gate_simulate(const struct bench_gate_options *options);

#endif
