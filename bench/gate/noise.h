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

/* Read such a file; false, with a problem. Figures that the choice leaves out are
 * not read. */
bool bench_noise_read(struct bench_pairs *pairs, const char *path,
                      const struct bench_choice *choice, char problem[BENCH_PROBLEM_MAX]);

#endif
