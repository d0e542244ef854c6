/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Bootstrap intervals (bias-corrected and accelerated) of the shift of
 * rank_test.h. Of pairs whole blocks of neighbours are drawn, so that what
 * neighbours have in common stays together: this is the interval that does not
 * rest on pairs being independent. With few values it is narrower than it should
 * be; the intervals of rank_test.h are not.
 */
#ifndef BENCH_BOOTSTRAP_H
#define BENCH_BOOTSTRAP_H

#include <stddef.h>
#include <stdint.h>

#include "rank_test.h"

#define BENCH_BOOTSTRAP_DRAWS 1000

/* chance: that a limit is wrong, each. block: how many neighbours are drawn
 * together; a last block may have fewer. The same seed gives the same limits. */
struct bench_interval bench_bootstrap_paired(const double *differences, size_t count, size_t block,
                                             double chance, uint64_t seed);

struct bench_interval bench_bootstrap_unpaired(const double *base, size_t base_count,
                                               const double *new_, size_t new_count, double chance,
                                               uint64_t seed);

#endif
