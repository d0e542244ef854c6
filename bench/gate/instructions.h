/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Instruction counts through valgrind's callgrind: what no other process on the
 * machine can change. They mean something of commands that do a fixed amount of
 * work, not of those that run for a fixed time.
 */
#ifndef BENCH_INSTRUCTIONS_H
#define BENCH_INSTRUCTIONS_H

#include "gate_run.h"

#define BENCH_INSTRUCTIONS_EFFECT 0.01
#define BENCH_INSTRUCTIONS_RUNS 2

/* Count base and new twice each, and judge: the limits are the ratios furthest
 * apart, so counts that do not repeat cannot pass, nor fail. */
enum bench_gate_end bench_instructions_run(const char *base_cmd, const char *new_cmd,
                                           double min_effect, double timeout_s,
                                           struct bench_judgement *judgement,
                                           char message[BENCH_GATE_MESSAGE_MAX]);

/* Judge counts. */
void bench_instructions_judge(const double base[BENCH_INSTRUCTIONS_RUNS],
                              const double new_[BENCH_INSTRUCTIONS_RUNS], double min_effect,
                              struct bench_judgement *judgement);

/* The count of a file that callgrind wrote; false if it is not one. */
bool bench_instructions_read(FILE *file, double *count);

#endif
