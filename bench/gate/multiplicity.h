/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What it costs to look more than once: at several figures, and several times.
 */
#ifndef BENCH_MULTIPLICITY_H
#define BENCH_MULTIPLICITY_H

#include <stddef.h>

/* Holm's step-down procedure: adjusted[i] may be held against the chance of a
 * false alarm for the whole family, whatever the figures have in common. */
void bench_holm(const double *p, double *adjusted, size_t count);

/*
 * What a look may use of a total chance of error, when it comes at fraction done
 * of the planned pairs and the look before came at fraction before: the increase
 * of total * ln(1 + (e - 1) * fraction), Lan and DeMets' spending function of
 * Pocock's kind. The increases add up to total, and errors of a union are at most
 * the sum: this needs no assumption of how looks hang together, and holds for
 * exact distributions as well.
 */
double bench_spend(double total, double before, double done);

#endif
