/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Several figures, several looks. See multiplicity.h.
 */
#include "multiplicity.h"

#include <math.h>
#include <stdbool.h>

/* The next one in rising order after those already adjusted; of equal ones the
 * first. adjusted[i] is NAN until then. */
static size_t next_smallest(const double *p, const double *adjusted, size_t count)
{
	size_t smallest = count;

	for (size_t i = 0; i < count; i++)
		if (isnan(adjusted[i]) && (smallest == count || p[i] < p[smallest]))
			smallest = i;
	return smallest;
}

void bench_holm(const double *p, double *adjusted, size_t count)
{
	double highest = 0.0;

	for (size_t i = 0; i < count; i++)
		adjusted[i] = NAN;
	for (size_t done = 0; done < count; done++) {
		const size_t i = next_smallest(p, adjusted, count);

		highest = fmax(highest, fmin(1.0, p[i] * (double)(count - done)));
		adjusted[i] = highest;
	}
}

static double spent(double total, double fraction)
{
	return total * log1p((M_E - 1.0) * fmin(fraction, 1.0));
}

double bench_spend(double total, double before, double done)
{
	return spent(total, done) - spent(total, before);
}
