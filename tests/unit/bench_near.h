/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Comparing doubles: cmocka's own assertion rounds them to floats.
 */
#ifndef WEIR_TESTS_BENCH_NEAR_H
#define WEIR_TESTS_BENCH_NEAR_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static inline void assert_near(double left, double right, double slack)
{
	if (!(fabs(left - right) <= slack))
		fail_msg("%.12g is not %.12g, give or take %g", left, right, slack);
}

#endif
