/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Numbers and durations as people write them, for flags and for scenario files.
 */
#ifndef BENCH_QUANTITY_H
#define BENCH_QUANTITY_H

#include <stdint.h>

/* Read a number ≥ 0 written in plain digits; where it ends, or NULL if there is
 * none. */
const char *bench_read_number(const char *at, double *number);

/* Read "2us" up to the end of text or a comma; where it ends, or NULL if it is no
 * duration of 1 ns up to max_ns. */
const char *bench_read_duration(const char *at, int64_t max_ns, int64_t *ns);

#endif
