/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Ranks of values, and the exact distribution of sums of ranks. Values that are
 * equal share the mean of their ranks, which may end in a half: everything here
 * counts in halves, so that ranks are whole numbers.
 */
#ifndef BENCH_RANKS_H
#define BENCH_RANKS_H

#include <stddef.h>

/* Ranks (times two) of count values, the smallest first. Values closer than a
 * part in 10^12 are equal: logarithms of equal ratios differ in the last bit.
 * order: room for count indices. */
void bench_ranks(const double *values, size_t count, unsigned *halves, size_t *order);

/* What is added up: each rank with chance 1/2 (signs), or a given number of
 * them, every choice alike (groups). */
enum bench_draw { BENCH_DRAW_SIGNS, BENCH_DRAW_GROUP };

/* The chance that the sum of the ranks drawn is at least sum (in halves), by
 * counting every case. group: how many are drawn, for BENCH_DRAW_GROUP. NAN
 * without memory. */
double bench_ranks_chance(const unsigned *halves, size_t count, enum bench_draw draw, size_t group,
                          unsigned long sum);

/* Without ties: the largest k for which a sum below k (counted from the least
 * possible one) has less than that chance; 0: not even the least has. It is the
 * place of the confidence limit among the sorted averages or differences. */
size_t bench_ranks_limit(size_t count, enum bench_draw draw, size_t group, double chance);

#endif
