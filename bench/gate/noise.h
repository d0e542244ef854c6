/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Noise: pairs of runs of one build, kept in a file, from which the gate's error
 * rates are measured. `weir-bench gate --record` writes such files; those of the
 * tree are in bench/gate/noise/.
 */
#ifndef BENCH_NOISE_H
#define BENCH_NOISE_H

#include <stdio.h>

#include "pairs.h"

/* Write the figures that decide. command: what was run. */
bool bench_noise_write(FILE *out, const struct bench_pairs *pairs, const char *command);

/* Read such a file; false, with a problem. Every figure decides, from min_effect on. */
bool bench_noise_read(struct bench_pairs *pairs, const char *path, double min_effect,
                      char problem[BENCH_PROBLEM_MAX]);

#endif
